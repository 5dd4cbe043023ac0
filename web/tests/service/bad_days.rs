//! Connections that break, services that die, secrets that get lost.

use std::time::Duration;

use serde_json::json;

use crate::client::{Options, Served, folder};

#[tokio::test]
async fn a_run_goes_on_without_the_tab_that_started_it() {
    let served = Served::with(Options {
        latency: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    // The request that starts it, and the stream that watches it, are both closed at once.
    let apply = format!("/api/sessions/{id}/apply?wait=60");
    let started = served.post(&apply, json!({ "planId": plan }));
    let _ = tokio::time::timeout(Duration::from_millis(50), started).await;
    drop(served.events(&id, 0).await);
    let mut events = served.events(&id, 0).await;
    events.until_phase(&["done", "failed"]).await;
    assert_eq!(served.read(&id).await["phase"], "done");
}

#[tokio::test]
async fn a_client_that_stops_reading_holds_nothing_up() {
    let served = Served::start().await;
    let id = served.session().await;
    let mut stalled = Vec::new();
    for _ in 0..8 {
        stalled.push(served.events(&id, 0).await);
    }
    // Each has begun, and no other one is let in.
    for events in &mut stalled {
        events.next().await.unwrap();
    }
    let ninth = served.get(&format!("/api/sessions/{id}/events")).await;
    assert_eq!((ninth.status, ninth.code().as_str()), (429, "tooManyStreams"));
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done");
    // A client that reads again finds everything.
    let all = stalled[0].until_phase(&["done"]).await;
    assert_eq!(all.last().unwrap().1["phase"], "done");
}

#[tokio::test]
async fn a_service_that_is_killed_in_mid_run_says_so_and_goes_on() {
    let folder = folder("killed");
    let mut served = Served::with(Options {
        latency: Duration::from_millis(60),
        folder: Some(folder.clone()),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    let mut events = served.events(&id, 0).await;
    served
        .post(&format!("/api/sessions/{id}/apply"), json!({ "planId": plan }))
        .await
        .expect(202);
    while events.next().await.unwrap().1["event"]["event"] != "stepDone" {}
    drop(events);
    served.restart().await;

    let session = served.read(&id).await;
    assert_eq!((&session["phase"], &session["page"]), (&json!("interrupted"), &json!("progress")));
    assert!(
        session["notice"]
            .as_str()
            .unwrap()
            .starts_with("The service ended in the middle of this run."),
        "{session}"
    );
    assert_eq!(session["draft"]["name"], "Contoso CMG");
    let (name, _) = served.events(&id, 40).await.next().await.unwrap();
    assert_eq!(name, "reset", "its events are those of another life");
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
    assert_eq!(done["notice"], json!(null));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_plan_that_was_approved_is_carried_out_by_another_life_of_the_service() {
    let folder = folder("approved");
    let mut served = Served::with(Options {
        folder: Some(folder.clone()),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    served.restart().await;
    let done = served
        .post(&format!("/api/sessions/{id}/apply?wait=60"), json!({ "planId": plan }))
        .await
        .expect(200);
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
    served.restart().await;
    let kept = served.read(&id).await;
    assert_eq!((&kept["phase"], &kept["pages"][5]["changed"]), (&json!("done"), &json!(true)));
    assert_eq!(served.ask("DELETE", &format!("/api/sessions/{id}"), None).await.status, 204);
    served.restart().await;
    assert_eq!(served.get("/api/sessions").await.expect(200)["sessions"], json!([]));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_secret_that_was_not_taken_is_lost_with_the_service_and_issued_again() {
    let folder = folder("lost");
    let mut served = Served::with(Options {
        folder: Some(folder.clone()),
        with_site: false,
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(
        (&done["phase"], &done["secret"]["state"]),
        (&json!("done"), &json!("held")),
        "{}",
        done["problem"]
    );
    served.restart().await;
    let session = served.read(&id).await;
    assert_eq!(session["secret"]["state"], "lost");
    assert!(session["notice"].as_str().unwrap().contains("is lost"), "{session}");
    let lost = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await;
    assert_eq!((lost.status, lost.code().as_str()), (410, "secretLost"));

    let again = served.carry_out(&id, json!({ "reissueSecret": true })).await;
    assert_eq!(again["secret"]["state"], "held", "{}", again["problem"]);
    let secret = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await.expect(200);
    assert!(!secret["value"].as_str().unwrap().is_empty());
    assert_ne!(secret["keyId"], done["secret"]["keyId"]);
    let second = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await;
    assert_eq!((second.status, second.code().as_str()), (410, "secretHandedOver"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_session_is_left_alone_and_told() {
    let folder = folder("foreign");
    let own = folder.join("6c6f63616c");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("torn.json"), "{\"version\":1,").unwrap();
    // A file that is named like the folder of a user is none.
    std::fs::write(folder.join("616263"), "").unwrap();
    let served = Served::with(Options {
        folder: Some(folder.clone()),
        ..Options::default()
    })
    .await;
    let service = served.get("/api/service").await.expect(200);
    assert!(service["notices"][0].as_str().unwrap().contains("torn.json"), "{service}");
    assert!(own.join("torn.json").exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_copy_of_a_session_under_another_name_is_left_alone_and_told() {
    let folder = folder("copied");
    let mut served = Served::with(Options {
        folder: Some(folder.clone()),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let own = folder.join("6c6f63616c");
    let copy = own.join("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11.json");
    std::fs::copy(own.join(format!("{id}.json")), &copy).unwrap();
    // What another life has left halfway is in nothing's way.
    std::fs::write(own.join(format!(".{id}.part")), "half").unwrap();
    let before = served.read(&id).await["lastSequence"].as_u64().unwrap();
    served.restart().await;
    let service = served.get("/api/service").await.expect(200);
    assert!(service["notices"][0].as_str().unwrap().contains("6f0c1a52"), "{service}");
    assert_eq!(
        served.get("/api/sessions").await.expect(200)["sessions"].as_array().unwrap().len(),
        1
    );
    let after = served.read(&id).await["lastSequence"].as_u64().unwrap();
    assert!(after > before + 1000, "numbers are not used again: {after}");
    let edit = json!({ "revision": 1, "fields": { "name": "Kept" } });
    served
        .ask("PATCH", &format!("/api/sessions/{id}/draft"), Some(&edit))
        .await
        .expect(200);
    assert!(copy.exists() && !own.join(format!(".{id}.part")).exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn no_secret_is_in_any_answer_event_or_file() {
    let folder = folder("canary");
    let served = Served::with(Options {
        folder: Some(folder.clone()),
        with_site: false,
        ..Options::default()
    })
    .await;
    // One that is typed in, and one that is issued.
    let typed = "canary-7Q";
    let import = json!({ "draft": { "name": "Import", "serverApp": { "import": { "name": "Server", "secretKey": typed } } } });
    let mut texts = vec![served.post("/api/sessions", import).await.text];
    let check = json!({ "path": "serverApp.import.secretKey", "value": typed });
    texts.push(served.post("/api/validate", check).await.text);
    let id = served.session().await;
    let done = served.carry_out(&id, json!({})).await;
    texts.extend([done.to_string(), served.read(&id).await.to_string()]);
    for path in ["view", "check"] {
        texts.push(served.get(&format!("/api/sessions/{id}/{path}")).await.text);
    }
    let mut events = served.events(&id, 0).await;
    texts.extend(events.until_phase(&["done"]).await.iter().map(|(_, data)| data.to_string()));
    let secret = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await.expect(200);
    let issued = secret["value"].as_str().unwrap();
    texts.extend([served.read(&id).await.to_string(), served.get("/api/sessions").await.text]);
    for user in std::fs::read_dir(&folder).unwrap() {
        for file in std::fs::read_dir(user.unwrap().path()).unwrap() {
            texts.push(std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    assert!(texts.len() > 20);
    for text in texts {
        assert!(!text.contains(typed) && !text.contains(issued), "{text}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
