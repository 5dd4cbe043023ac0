//! Requests that cross each other, folders that fail, accounts that change: nothing is lost, and no page is told another state
//! than the jobs work with.

use std::{fs, path::Path};

use cmg_onboarding::hand_over::{RecipientKey, SealedHandOver};
use cmg_onboarding_emulator::Caller;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    client::{Options, Served, draft, folder},
    later::recipient,
};

fn without_site() -> Options {
    Options {
        with_site: false,
        ..Options::default()
    }
}

fn without_tokens() -> Options {
    Options {
        is_provided: false,
        ..Options::default()
    }
}

/// From now on nothing can be written for the user: a file stands where the folder has to be.
fn block(folder: &Path) {
    let own = folder.join("6c6f63616c");
    if own.exists() {
        fs::remove_dir_all(&own).unwrap();
    }
    fs::write(own, "").unwrap();
}

#[tokio::test]
async fn a_secret_is_handed_over_although_the_folder_fails_at_that_moment() {
    let folder = folder("full");
    let served = Served::with(Options {
        folder: Some(folder.clone()),
        ..without_site()
    })
    .await;
    let (taken, sealed) = (served.session().await, served.session().await);
    served.carry_out(&taken, json!({})).await;
    served.carry_out(&sealed, json!({ "reissueSecret": true })).await;
    block(&folder);

    let secret = served.post(&format!("/api/sessions/{taken}/secret"), json!({})).await.expect(200);
    assert!(!secret["value"].as_str().unwrap().is_empty());
    let (certificate, _) = recipient();
    let path = format!("/api/sessions/{sealed}/hand-over");
    let asked = json!({ "recipientCertificate": certificate, "days": 7 });
    assert!(!served.post(&path, asked).await.expect(200)["text"].as_str().unwrap().is_empty());
    for id in [taken, sealed] {
        let after = served.read(&id).await;
        assert_eq!(after["secret"]["state"], "handedOver");
        assert!(
            after["notice"].as_str().unwrap().contains("cannot be written"),
            "{}",
            after["notice"]
        );
    }
    fs::remove_dir_all(folder).unwrap();
}

/// From now on the file of this session cannot be written, and what it says stays: a folder stands where its successor is written.
fn block_file(folder: &Path, session: &str) -> std::path::PathBuf {
    let in_the_way = folder.join("6c6f63616c").join(format!(".{session}.part"));
    fs::create_dir(&in_the_way).unwrap();
    in_the_way
}

#[tokio::test]
async fn a_secret_that_was_handed_over_while_the_folder_failed_is_told_as_handed_over_after_a_restart() {
    let folder = folder("noted");
    let mut served = Served::with(Options {
        folder: Some(folder.clone()),
        ..without_site()
    })
    .await;
    let id = served.session().await;
    let secret = format!("/api/sessions/{id}/secret");
    served.carry_out(&id, json!({})).await;
    let in_the_way = block_file(&folder, &id);
    served.post(&secret, json!({})).await.expect(200);
    served.restart().await;
    let after = served.read(&id).await;
    assert_eq!((&after["secret"]["state"], &after["notice"]), (&json!("handedOver"), &json!(null)));
    assert_eq!(served.post(&secret, json!({})).await.code(), "secretHandedOver");

    // Once the folder can be written again, the session has one file, and it is gone with it.
    fs::remove_dir(in_the_way).unwrap();
    let sign_out = format!("/api/sessions/{id}/sign-out");
    served.post(&sign_out, json!({})).await.expect(200);
    served.restart().await;
    assert_eq!(served.read(&id).await["secret"]["state"], "handedOver");
    let files = || fs::read_dir(folder.join("6c6f63616c")).unwrap().count();
    assert_eq!(files(), 1);
    assert_eq!(served.ask("DELETE", &format!("/api/sessions/{id}"), None).await.status, 204);
    assert_eq!(files(), 0);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_secret_of_which_nothing_could_be_noted_is_told_as_unknown_and_one_that_was_not_taken_as_lost() {
    let folder = folder("unknown");
    let mut served = Served::with(Options {
        folder: Some(folder.clone()),
        ..without_site()
    })
    .await;
    let id = served.session().await;
    served.carry_out(&id, json!({})).await;
    let file = folder.join("6c6f63616c").join(format!("{id}.json"));
    let of_held = fs::read(&file).unwrap();
    served.restart().await;
    let lost = served.read(&id).await;
    assert_eq!(
        (&lost["secret"]["state"], &lost["secret"]["handedOver"]),
        (&json!("lost"), &json!("no"))
    );
    assert!(
        lost["notice"].as_str().unwrap().contains("was not handed over"),
        "{}",
        lost["notice"]
    );
    served.restart().await;
    assert_eq!(served.read(&id).await["secret"]["handedOver"], "no", "it stays known");

    // As a service leaves it whose end could not be noted: a crash, or a folder that failed.
    served.crash_with(|| fs::write(&file, &of_held).unwrap()).await;
    let unknown = served.read(&id).await;
    assert_eq!(
        (&unknown["secret"]["state"], &unknown["secret"]["handedOver"]),
        (&json!("lost"), &json!("unknown"))
    );
    assert!(
        unknown["notice"].as_str().unwrap().contains("no note says that it was handed over"),
        "{unknown}"
    );
    let refused = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (410, "secretLost"));
    assert!(refused.json()["help"].as_str().unwrap().contains("handedOver"), "{}", refused.text);
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_session_that_cannot_be_kept_is_not_begun_and_one_that_cannot_be_removed_stays() {
    let folder = folder("unwritable");
    let served = Served::with(Options {
        folder: Some(folder.clone()),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    block(&folder);
    let refused = served.post("/api/sessions", json!({ "draft": draft() })).await;
    assert_eq!((refused.status, refused.code().as_str()), (500, "folderUnwritable"));
    let listed = served.get("/api/sessions").await.expect(200);
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1, "{listed}");

    let refused = served.post(&format!("/api/sessions/{id}/apply"), json!({ "planId": plan })).await;
    assert_eq!(refused.code(), "folderUnwritable");
    let after = served.read(&id).await;
    assert_eq!((&after["phase"], &after["job"]), (&json!("failed"), &json!(null)));
    assert_eq!(after["problem"]["code"], "folderUnwritable");

    let kept = served.ask("DELETE", &format!("/api/sessions/{id}"), None).await;
    assert_eq!(kept.code(), "folderUnwritable");
    assert_eq!(served.read(&id).await["id"], json!(id));
    fs::remove_dir_all(folder).unwrap();
}

/// Sends the head of a request, whose body the service then waits for.
async fn begin(served: &Served, path: &str, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nconnection: close\r\nhost: 127.0.0.1:{}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n",
        served.port,
        served.key(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // The service asks for the body once it has found the session.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100"), "{go_on:?}");
    stream
}

#[tokio::test]
async fn a_session_that_is_deleted_while_a_request_comes_in_begins_nothing() {
    let served = Served::start().await;
    let id = served.session().await;
    let body = "{\"verb\":\"onboard\"}";
    let mut late = begin(&served, &format!("/api/sessions/{id}/plan?wait=60"), body.len()).await;
    assert_eq!(served.ask("DELETE", &format!("/api/sessions/{id}"), None).await.status, 204);
    late.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404") && answer.contains("notFound"), "{answer}");
}

#[tokio::test]
async fn a_request_that_waits_is_answered_if_the_session_is_deleted() {
    let served = Served::with(Options {
        latency: std::time::Duration::from_secs(30),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let mut events = served.events(&id, 0).await;
    let path = format!("/api/sessions/{id}/plan?wait=60");
    let waiting = served.post(&path, json!({}));
    let deleting = async {
        while events.next().await.unwrap().1["job"]["kind"] != "plan" {}
        served.ask("DELETE", &format!("/api/sessions/{id}"), None).await
    };
    let (waited, deleted) = tokio::join!(waiting, deleting);
    assert_eq!((waited.status, deleted.status), (404, 204));
}

#[tokio::test]
async fn a_sign_in_that_begins_ends_the_one_before() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    let path = format!("/api/sessions/{id}/sign-in");
    let token = served.tenant.token_for(&Caller::global_administrator());
    served.post(&path, json!({ "way": "token", "token": token })).await.expect(200);
    served.post(&path, json!({ "way": "deviceCode" })).await.expect(202);
    let cancelled = served
        .post(&format!("/api/sessions/{id}/cancel?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!(cancelled["signIn"]["state"], "signedOut");
    let plan = served.post(&format!("/api/sessions/{id}/plan"), json!({})).await;
    assert_eq!(plan.code(), "signInNeeded", "no job works with the account of before");
}

#[tokio::test]
async fn an_account_of_one_cloud_is_none_of_another() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    let token = served.tenant.token_for(&Caller::global_administrator());
    let sign_in = json!({ "way": "token", "token": token });
    served.post(&format!("/api/sessions/{id}/sign-in"), sign_in).await.expect(200);
    let path = format!("/api/sessions/{id}/draft");
    let edit = |revision: u64, cloud: &str| json!({ "revision": revision, "fields": { "environment": cloud } });
    let same = served.ask("PATCH", &path, Some(&edit(1, "azurePublicCloud"))).await.expect(200);
    assert_eq!(same["signIn"]["state"], "signedIn");
    let other = served
        .ask("PATCH", &path, Some(&edit(2, "azureUsGovernmentCloud")))
        .await
        .expect(200);
    assert_eq!(other["signIn"]["state"], "signedOut");
    assert!(other["notice"].as_str().unwrap().contains("signed out"));
    let plan = served.post(&format!("/api/sessions/{id}/plan"), json!({})).await;
    assert_eq!(plan.code(), "signInNeeded");
}

#[tokio::test]
async fn a_wait_that_is_no_number_begins_nothing() {
    let served = Served::start().await;
    let id = served.session().await;
    for job in ["plan", "preflight"] {
        let refused = served.post(&format!("/api/sessions/{id}/{job}?wait=soon"), json!({})).await;
        assert_eq!(refused.code(), "bodyUnreadable");
    }
    let session = served.read(&id).await;
    assert_eq!((&session["job"], &session["revision"]), (&json!(null), &json!(1 + 1)), "{session}");
}

#[tokio::test]
async fn a_secret_that_was_not_taken_before_the_next_one_is_told_as_lost() {
    let served = Served::with(without_site()).await;
    let id = served.session().await;
    let first = served.carry_out(&id, json!({})).await;
    assert_eq!(first["notice"], json!(null));
    let second = served.carry_out(&id, json!({ "reissueSecret": true })).await;
    assert_eq!(second["secret"]["state"], "held", "{}", second["problem"]);
    let (lost, held) = (
        first["secret"]["keyId"].as_str().unwrap(),
        second["secret"]["keyId"].as_str().unwrap(),
    );
    assert_ne!(lost, held);
    let notice = second["notice"].as_str().unwrap();
    assert!(notice.contains(lost) && notice.contains("was not taken, and is lost"), "{notice}");
}

#[tokio::test]
async fn what_is_sealed_is_what_the_run_was_about_and_not_the_draft_of_now() {
    let served = Served::with(without_site()).await;
    let id = served.session().await;
    served.carry_out(&id, json!({})).await;
    let edit = json!({ "revision": 1, "fields": { "name": "Another one" } });
    served
        .ask("PATCH", &format!("/api/sessions/{id}/draft"), Some(&edit))
        .await
        .expect(200);
    let (certificate, key) = recipient();
    let asked = json!({ "recipientCertificate": certificate, "days": 7 });
    let sealed = served.post(&format!("/api/sessions/{id}/hand-over"), asked).await.expect(200);
    let sealed = SealedHandOver::from_text(sealed["text"].as_str().unwrap()).unwrap();
    let key = RecipientKey::from_pem(key.as_bytes()).unwrap();
    let opened = sealed.open(&key, time::OffsetDateTime::UNIX_EPOCH).unwrap();
    assert_eq!(opened.spec().name(), "Contoso CMG");
}

#[tokio::test]
async fn a_draft_does_not_grow_without_end() {
    let served = Served::start().await;
    let id = served.session().await;
    let path = format!("/api/sessions/{id}/draft");
    let edit = |revision: u64, field: &str| json!({ "revision": revision, "fields": { field: "a".repeat(700_000) } });
    served.ask("PATCH", &path, Some(&edit(1, "description"))).await.expect(200);
    let refused = served.ask("PATCH", &path, Some(&edit(2, "another"))).await;
    assert_eq!((refused.status, refused.code().as_str()), (413, "draftTooLarge"));
    let session = served.read(&id).await;
    assert_eq!(
        (&session["draftRevision"], session["draft"].get("another")),
        (&json!(2), None),
        "it stays as it was"
    );
}

#[tokio::test]
async fn one_input_shows_the_first_of_a_thousand_violations() {
    let served = Served::start().await;
    let mut draft = draft();
    draft["discovery"] = json!({ "groups": { "names": vec![""; 1000] } });
    let session = served.post("/api/sessions", json!({ "draft": draft })).await.expect(201);
    let fields = session["pages"][2]["fields"].as_array().unwrap();
    let groups = fields.iter().find(|field| field["path"] == "discovery.groups.names").unwrap();
    assert_eq!(groups["violations"].as_array().unwrap().len(), 20, "{}", groups["violations"]);
}
