//! Signing in: a token of the host's own sign-in, and a code.

use std::sync::Arc;

use cmg_onboarding::clock::{Clock, ManualClock, SystemClock};
use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use serde_json::json;

use crate::client::{Options, Served};

fn without_tokens() -> Options {
    Options {
        is_provided: false,
        ..Options::default()
    }
}

#[tokio::test]
async fn a_token_of_the_hosts_own_sign_in_does_the_job_and_is_in_no_answer() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    let needed = served.post(&format!("/api/sessions/{id}/plan"), json!({})).await;
    assert_eq!((needed.status, needed.code().as_str()), (409, "signInNeeded"));
    let path = format!("/api/sessions/{id}/sign-in");
    assert_eq!(served.post(&path, json!({ "way": "token" })).await.code(), "signInWayNotOffered");
    let token = served.tenant.token_for(&Caller::global_administrator());
    let signed = served.post(&path, json!({ "way": "token", "token": token })).await;
    assert!(!signed.text.contains(&token));
    let session = signed.expect(200);
    assert_eq!(session["signIn"], json!({ "state": "signedIn", "way": "token" }));
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
    assert!(!done.to_string().contains(&token));
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_for_again() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    served
        .post(
            &format!("/api/sessions/{id}/sign-in"),
            json!({ "way": "token", "token": "not.a.token" }),
        )
        .await
        .expect(200);
    let refused = served
        .post(&format!("/api/sessions/{id}/plan?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!(refused["phase"], "draft");
    assert!(!refused["problem"].is_null(), "{refused}");
}

#[tokio::test]
async fn a_claims_challenge_is_told_as_data_and_answered_with_another_token() {
    let tenant = EmulatedTenant::builder().protected_permanent_deletion("c1").build();
    let served = Served::with(Options {
        tenant,
        ..without_tokens()
    })
    .await;
    let id = served.session().await;
    let path = format!("/api/sessions/{id}/sign-in");
    let caller = Caller::global_administrator();
    let weak = served.tenant.token_for(&caller);
    served.post(&path, json!({ "way": "token", "token": weak })).await.expect(200);
    let set_up = served.carry_out(&id, json!({})).await;
    assert_eq!(set_up["phase"], "done", "{}", set_up["problem"]);
    // In this tenant the permanent deletion of an app takes a stronger sign-in.
    let removal = json!({ "verb": "remove", "removalScope": "connectionAndApps" });
    let asked = served.carry_out(&id, removal).await;
    let claims = asked["signIn"]["claims"].as_str().unwrap_or_else(|| panic!("{asked}"));
    assert!(claims.contains("c1"), "{claims}");
    let strong = served.tenant.token_for(&caller.with_authentication_context("c1"));
    let signed = served.post(&path, json!({ "way": "token", "token": strong })).await.expect(200);
    assert_eq!(signed["signIn"], json!({ "state": "signedIn", "way": "token" }));
    assert!(signed["signIn"].get("claims").is_none());
    let planned = served
        .post(&format!("/api/sessions/{id}/plan?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        planned["phase"], "planned",
        "the new token is the one that is used: {}",
        planned["problem"]
    );
}

/// Signs in with a code.
async fn by_device_code(served: &Served, id: &str) {
    let mut events = served.events(id, 0).await;
    served
        .post(&format!("/api/sessions/{id}/sign-in"), json!({ "way": "deviceCode" }))
        .await
        .expect(202);
    let code = loop {
        events.next().await.unwrap();
        if let Some(code) = served.read(id).await["signIn"]["deviceCode"]["userCode"].as_str() {
            break code.to_owned();
        }
    };
    assert!(served.tenant.approve_device_code(&code));
    while served.read(id).await["signIn"]["state"] == "waiting" {
        events.next().await.unwrap();
    }
    let session = served.read(id).await;
    assert_eq!(session["signIn"], json!({ "state": "signedIn", "way": "deviceCode" }));
}

#[tokio::test]
async fn a_person_who_has_signed_in_once_is_not_asked_again_when_the_token_has_run_out() {
    let clock = ManualClock::new(SystemClock.now());
    let of_tenant = clock.clone();
    let served = Served::with(Options {
        tenant: EmulatedTenant::builder().clock(move || of_tenant.now()).build(),
        clock: Arc::new(clock.clone()),
        ..without_tokens()
    })
    .await;
    let id = served.session().await;
    by_device_code(&served, &id).await;
    let first = served.carry_out(&id, json!({})).await;
    assert_eq!(first["phase"], "done", "{}", first["problem"]);
    let asked = || {
        served
            .tenant
            .requests()
            .iter()
            .filter(|request| request.path.ends_with("/devicecode"))
            .count()
    };
    for _ in 0..3 {
        clock.advance(time::Duration::hours(2));
        let planned = served
            .post(&format!("/api/sessions/{id}/plan?wait=60"), json!({ "verb": "renewSecret" }))
            .await
            .expect(200);
        assert_eq!(planned["phase"], "planned", "{}", planned["problem"]);
        assert_eq!(planned["signIn"], json!({ "state": "signedIn", "way": "deviceCode" }));
    }
    assert_eq!(asked(), 1);
    let shown = format!("{}{}", served.read(&id).await, served.get("/api/service").await.text);
    assert!(!shown.to_lowercase().contains("refresh"), "what renews the sign-in is in no answer");
    // Signing out leaves nothing behind that could renew the sign-in.
    served.post(&format!("/api/sessions/{id}/sign-out"), json!({})).await.expect(200);
    let needed = served.post(&format!("/api/sessions/{id}/plan"), json!({})).await;
    assert_eq!(needed.code(), "signInNeeded");
}

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_does_the_job() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    by_device_code(&served, &id).await;
    let done = served.carry_out(&id, json!({})).await;
    assert_eq!(done["phase"], "done", "{}", done["problem"]);
}

#[tokio::test]
async fn a_device_code_is_shown_and_can_be_given_up() {
    let served = Served::with(without_tokens()).await;
    let id = served.session().await;
    let path = format!("/api/sessions/{id}/sign-in");
    served.post(&path, json!({ "way": "deviceCode" })).await.expect(202);
    let mut events = served.events(&id, 0).await;
    let code = loop {
        events.next().await.unwrap();
        let session = served.read(&id).await;
        if let Some(code) = session["signIn"]["deviceCode"]["userCode"].as_str() {
            break code.to_owned();
        }
    };
    assert!(!code.is_empty());
    assert_eq!(served.post(&path, json!({ "way": "deviceCode" })).await.code(), "busy");
    let cancelled = served
        .post(&format!("/api/sessions/{id}/cancel?wait=60"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&cancelled["signIn"]["state"], &cancelled["job"]),
        (&json!("signedOut"), &json!(null))
    );
}
