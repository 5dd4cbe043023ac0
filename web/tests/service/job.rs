//! The whole job, as a page does it.

use std::time::Duration;

use serde_json::json;

use crate::client::{Options, Served};

#[tokio::test]
async fn the_whole_job_from_the_first_field_to_the_values_for_clients() {
    let served = Served::start().await;
    let service = served.get("/api/service").await.expect(200);
    assert_eq!(
        (&service["against"], &service["site"]["kind"]),
        (&json!("emulator"), &json!("emulated"))
    );
    let session = served.post("/api/sessions", json!({})).await.expect(201);
    let id = session["id"].as_str().unwrap();
    let at = |rest: &str| format!("/api/sessions/{id}/{rest}");
    assert_eq!((&session["phase"], &session["page"]), (&json!("draft"), &json!("azureServices")));

    let fields = json!({ "revision": 0, "fields": { "name": "Contoso CMG", "serverApp": { "create": {} }, "clientApp.create.name": "" } });
    let session = served.ask("PATCH", &at("draft"), Some(&fields)).await.expect(200);
    let app = &session["pages"][1];
    assert_eq!((&session["page"], &app["serverApp"]["way"]), (&json!("app"), &json!("create")));
    let field = |path: &str| {
        app["fields"]
            .as_array()
            .unwrap()
            .iter()
            .find(|field| field["path"] == path)
            .unwrap()
    };
    assert_eq!(field("serverApp.create.name")["violations"][0]["code"], "appNameMissing");
    assert_eq!(field("clientApp.create.name")["violations"][0]["code"], "appNameInvalid");
    assert_eq!(field("serverApp.create.secretValidity")["choices"][0]["value"], "oneYear");

    let fields = json!({ "revision": 1, "fields": { "serverApp.create.name": "ConfigMgr Server", "clientApp.create.name": "ConfigMgr Client", "discovery.users": {} } });
    let session = served.ask("PATCH", &at("draft"), Some(&fields)).await.expect(200);
    assert_eq!(session["page"], "summary");

    let checked = served.post(&at("preflight?wait=60"), json!({})).await.expect(200);
    assert_eq!(
        checked["pages"][3]["preflight"]["signIn"]["tenantName"], "contoso.onmicrosoft.com",
        "{checked}"
    );
    let planned = served.post(&at("plan?wait=60"), json!({})).await.expect(200);
    let plan = &planned["pages"][3]["plan"];
    assert!(plan["changes"].as_array().unwrap().len() > 9 && plan["isEmpty"] == false, "{plan}");
    assert_eq!(
        plan["changes"][0]["lines"][0],
        json!({ "label": "Name", "value": "ConfigMgr Server" })
    );
    assert!(planned["may"].as_array().unwrap().contains(&json!("approve")));

    // Neither before the approval, nor another plan.
    let named = json!({ "planId": plan["id"] });
    assert_eq!(served.post(&at("apply"), named.clone()).await.code(), "notNow");
    let other = json!({ "planId": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11" });
    assert_eq!(served.post(&at("approve"), other).await.code(), "planMovedOn");
    assert_eq!(served.site.state()["connections"], json!([]));

    served.post(&at("approve"), named.clone()).await.expect(200);
    let done = served.post(&at("apply?wait=60"), named).await.expect(200);
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
    let completion = &done["pages"][5];
    assert!(completion["ccmsetupProperties"].as_str().unwrap().starts_with("AADTENANTID="));
    assert!(!completion["nextSteps"].as_array().unwrap().is_empty());
    let steps = done["pages"][4]["steps"].as_array().unwrap();
    assert!(
        steps.iter().all(|step| step["state"] == "done" || step["when"] != "always"),
        "{steps:?}"
    );
    // The site has the secret, so that there is none to hand over.
    assert_eq!(done["secret"], json!({ "state": "none" }));
    assert_eq!(served.post(&at("secret"), json!({})).await.code(), "noSecret");

    let view = served.get(&at("view")).await.expect(200);
    assert!(view["text"].as_str().unwrap().contains("Contoso CMG"));
    let check = served.get(&at("check")).await.expect(200);
    assert_eq!(check["status"], "ok", "{check}");
    let all = served.get(&format!("/api/connections?session={id}")).await.expect(200);
    assert_eq!(all["connections"][0]["name"], "Contoso CMG");
    let known = served.get(&at("known-apps")).await.expect(200);
    assert_eq!(known["serverApps"][0]["name"], "ConfigMgr Server");

    // Again: nothing to do.
    let again = served.post(&at("plan?wait=60"), json!({})).await.expect(200);
    assert_eq!(again["pages"][3]["plan"]["isEmpty"], true);
}

#[tokio::test]
async fn a_page_that_reloads_in_mid_run_misses_no_event() {
    let served = Served::with(Options {
        latency: Duration::from_millis(30),
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    let mut first = served.events(&id, 0).await;
    let begun = served.post(&format!("/api/sessions/{id}/apply"), json!({ "planId": plan })).await;
    assert_eq!(begun.expect(202)["job"]["kind"], "apply");
    let mut seen = Vec::new();
    while seen.len() < 12 {
        seen.push(first.next().await.unwrap());
    }
    drop(first);
    let last = seen.last().unwrap().1["sequence"].as_u64().unwrap();
    let mut second = served.events(&id, last).await;
    seen.extend(second.until_phase(&["done", "failed"]).await);
    let numbers: Vec<u64> = seen.iter().map(|(_, data)| data["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let runs = seen.iter().filter(|(_, data)| data["event"]["event"] == "runFinished");
    assert!(runs.count() >= 1);
    let session = served.read(&id).await;
    assert_eq!(session["phase"], "done");
    // From another life of the service, or of another session.
    let (name, data) = served.events(&id, 99_999).await.next().await.unwrap();
    assert_eq!((name.as_str(), &data), ("reset", &json!({ "first": 1 })));
}

#[tokio::test]
async fn a_fault_in_the_middle_is_told_and_a_new_plan_goes_on_from_there() {
    use cmg_onboarding::{
        error::{SiteRefusalReason, SiteRefused},
        site::SiteItem,
    };
    let served = Served::start().await;
    let id = served.session().await;
    let fault = SiteRefused::new("CreateConnection", "the provider failed", "Run it again.").because(SiteRefusalReason::ProviderFailed);
    served.site.fail_at(SiteItem::Connection, fault);
    let failed = served.carry_out(&id, json!({})).await;
    assert_eq!(
        (&failed["phase"], &failed["problem"]["effect"]),
        (&json!("failed"), &json!("partial"))
    );
    let steps = failed["pages"][4]["steps"].as_array().unwrap();
    assert!(
        steps
            .iter()
            .any(|step| step["step"] == "createConnection" && step["state"] == "failed"),
        "{steps:?}"
    );
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
}

#[tokio::test]
async fn a_run_is_cancelled_with_its_report_and_resumed() {
    let served = Served::with(Options {
        latency: Duration::from_millis(60),
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
    loop {
        let (_, data) = events.next().await.unwrap();
        if data["event"]["event"] == "stepDone" {
            break;
        }
    }
    let cancelled = served
        .post(&format!("/api/sessions/{id}/cancel?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&cancelled["phase"], &cancelled["problem"]["code"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(served.post(&format!("/api/sessions/{id}/cancel"), json!({})).await.code(), "notNow");
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
}

#[tokio::test]
async fn a_plan_that_no_longer_fits_writes_nothing_and_tells_each_difference() {
    let served = Served::start().await;
    let (first, second) = (served.session().await, served.session().await);
    let plan = served.approved(&first, json!({})).await;
    assert_eq!(served.carry_out(&second, json!({})).await["phase"], "done");
    let stale = served
        .post(&format!("/api/sessions/{first}/apply?wait=60"), json!({ "planId": plan }))
        .await
        .expect(200);
    assert_eq!(
        (&stale["phase"], &stale["problem"]["effect"]),
        (&json!("failed"), &json!("nothing")),
        "{}",
        stale["problem"]
    );
    assert!(!stale["problem"]["differences"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_preflight_marks_the_field() {
    let served = Served::start().await;
    let uri = "api://contoso.onmicrosoft.com/ConfigMgrService";
    let with = |name: &str| json!({ "revision": 1, "fields": { "name": name, "serverApp.create.appIdUri": uri } });
    let first = served.session().await;
    served
        .ask("PATCH", &format!("/api/sessions/{first}/draft"), Some(&with("First")))
        .await
        .expect(200);
    assert_eq!(served.carry_out(&first, json!({})).await["phase"], "done");
    let second = served.session().await;
    served
        .ask("PATCH", &format!("/api/sessions/{second}/draft"), Some(&with("Second")))
        .await
        .expect(200);
    let refused = served
        .post(&format!("/api/sessions/{second}/plan?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!((&refused["phase"], &refused["pages"][3]["plan"]), (&json!("draft"), &json!(null)));
    assert!(
        !refused["pages"][3]["preflight"].is_null(),
        "who is signed in is shown all the same"
    );
    let fields = refused["pages"][1]["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["path"] == "serverApp.create.appIdUri").unwrap();
    assert_eq!(
        (&field["findings"][0]["code"], &field["findings"][0]["severity"]),
        (&json!("appIdUriInUse"), &json!("blocker")),
        "{refused}"
    );
}
