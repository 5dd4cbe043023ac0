//! Apps that came to be moments ago and not by this run alone, which has restored them or found another run's: their lists are
//! read right before they are written, and read back.

use std::{sync::atomic::Ordering, time::Duration as Wait};

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Diagnostic, OnboardingError, Outcome, SecretValidity, Step,
    clock::FixedClock,
    connection::{EventKind, FindingCode, StepAction},
};
use cmg_onboarding_emulator::EmulatedTenant;
use serde_json::{Value, json};

use crate::{
    beside::{Beside, Overtaken},
    tenant::{NOW, OPEN, Policy, app, creating, job, list},
};

const COLLEAGUES: &str = "https://contoso.com/colleague";

/// The unique name that a run gives the client app.
async fn unique_name_of_client() -> Value {
    let other = OPEN.tenant(false, Wait::ZERO);
    let job = job(&creating(SecretValidity::OneYear), &other, None).build().unwrap();
    let client = job.onboard(|_| ()).await.unwrap().client_app.unwrap().application_id;
    app(&other.state(), client)["uniqueName"].clone()
}

/// A tenant in which both apps are deleted, and lack what is given.
async fn deleted(tenant: &EmulatedTenant, lacks: [Value; 2]) -> [ApplicationId; 2] {
    let job = job(&creating(SecretValidity::OneYear), tenant, None).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    let ids = [outcome.server_app, outcome.client_app].map(|app| app.unwrap().application_id);
    for (id, lacks) in ids.into_iter().zip(lacks) {
        assert!(tenant.change_object(id, lacks) && tenant.soft_delete(id));
    }
    ids
}

/// Onboards; a colleague changes the app of a step the moment the step is done.
async fn onboarded(tenant: &EmulatedTenant, done: Step, colleague: impl Fn() + Send + Sync) -> Outcome {
    let job = job(&creating(SecretValidity::OneYear), tenant, None).build().unwrap();
    let outcome = job.onboard(|event| {
        if matches!(event.kind, EventKind::StepDone { step, .. } if step == done) {
            colleague();
        }
    });
    outcome.await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_gives_a_restored_client_app_stays_when_the_run_completes_it() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let lacks = json!({"publicClient": {"redirectUris": []}});
    let [_, client] = deleted(&tenant, [json!({}), lacks]).await;
    let outcome = onboarded(&tenant, Step::RegisterClientApp, || {
        assert!(tenant.change_object(client, json!({"publicClient": {"redirectUris": [COLLEAGUES]}})));
    });
    assert_eq!(
        outcome.await.report.step(Step::CompleteClientApp).unwrap().action,
        StepAction::Updated
    );
    let redirects = app(&tenant.state(), client)["publicClient"]["redirectUris"].clone();
    let redirects: Vec<&str> = redirects.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(redirects.len() > 1 && redirects.contains(&COLLEAGUES), "{redirects:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_gives_a_restored_server_app_stays_when_it_gets_its_app_id_uri() {
    let policy = Policy {
        only_default_uris: true,
        ..OPEN
    };
    let tenant = policy.tenant(true, Wait::ZERO);
    let [server, _] = deleted(&tenant, [json!({"identifierUris": []}), json!({})]).await;
    let theirs = format!("api://{server}");
    onboarded(&tenant, Step::RegisterServerApp, || {
        assert!(tenant.change_object(server, json!({"identifierUris": [theirs]})));
    })
    .await;
    let of_both_ids = format!("api://{}/{server}", tenant.tenant_id());
    assert_eq!(app(&tenant.state(), server)["identifierUris"], json!([theirs, of_both_ids]));
}

#[tokio::test(start_paused = true)]
async fn what_a_colleague_gives_the_client_app_of_another_run_stays_when_this_run_completes_it() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let unique_name = unique_name_of_client().await;
    let client = std::sync::OnceLock::new();
    let job = job(&creating(SecretValidity::OneYear), &tenant, None).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    let outcome = plan.apply(|event| match event.kind {
        EventKind::StepStarted {
            step: Step::RegisterClientApp,
            ..
        } => {
            let app = json!({"displayName": "ConfigMgr Client", "uniqueName": unique_name, "signInAudience": "AzureADMyOrg"});
            client.set(tenant.add_application(app)).unwrap();
        }
        EventKind::StepDone {
            step: Step::RegisterClientApp,
            ..
        } => {
            assert!(tenant.change_object(*client.get().unwrap(), json!({"publicClient": {"redirectUris": [COLLEAGUES]}})));
        }
        _ => {}
    });
    let outcome = outcome.await.unwrap();
    let report = |step| outcome.report.step(step).unwrap().action;
    assert_eq!(
        (report(Step::RegisterClientApp), report(Step::CompleteClientApp)),
        (StepAction::Found, StepAction::Updated)
    );
    let client = ApplicationId::from(*client.get().unwrap());
    let redirects = app(&tenant.state(), client)["publicClient"]["redirectUris"].clone();
    let redirects: Vec<&str> = redirects.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(redirects.len() > 1 && redirects.contains(&COLLEAGUES), "{redirects:?}");
}

/// Restores both apps in a directory in which another caller is at work, the server app without its redirect URI.
async fn restoring(beside: Beside) -> (Result<Outcome, OnboardingError>, usize, Value) {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let [server, _] = deleted(&tenant, [json!({"web": {"redirectUris": []}}), json!({})]).await;
    let directory = Overtaken::new(&tenant, &[beside]);
    let again = AzureServicesConnection::builder(creating(SecretValidity::OneYear)).directory(directory.clone());
    let again = again.clock(std::sync::Arc::new(FixedClock(NOW))).build().unwrap();
    let outcome = again.onboard(|_| ()).await;
    let redirects = app(&tenant.state(), server)["web"]["redirectUris"].clone();
    (outcome, directory.changes.load(Ordering::SeqCst), redirects)
}

async fn restored(beside: Beside) -> (Outcome, usize, Value) {
    let (outcome, changes, redirects) = restoring(beside).await;
    (outcome.unwrap(), changes, redirects)
}

fn told(outcome: &Outcome) -> Vec<FindingCode> {
    let codes = outcome.findings.iter().map(cmg_onboarding::connection::Finding::code);
    codes.filter(|code| *code == FindingCode::ChangeOverwritten).collect()
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_restored_app_that_is_taken_back_is_made_again_and_then_told() {
    // The first change is looked for as long as an app may take to show; each after it for ten seconds.
    for (times, changes, is_lost, seconds) in [(1, 2, false, 110..=120), (usize::MAX, 3, true, 120..=140)] {
        let began = tokio::time::Instant::now();
        let (outcome, sent, redirects) = restored(Beside::TakenBack(times)).await;
        assert!(seconds.contains(&began.elapsed().as_secs()), "{times}: {:?}", began.elapsed());
        let action = outcome.report.step(Step::RegisterServerApp).unwrap().action;
        let expected = if is_lost { StepAction::Unconfirmed } else { StepAction::Restored };
        assert_eq!(action, expected, "{times}");
        let expected = if is_lost { json!([]) } else { json!(["http://localhost"]) };
        assert_eq!((sent, redirects), (changes, expected), "{times}");
        assert_eq!(told(&outcome).len(), usize::from(is_lost), "{times}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restored_app_that_is_not_seen_after_its_change_is_not_called_gone() {
    let (outcome, ..) = restoring(Beside::GoneAfterChange).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), ("exceededMaxWait", true), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_restored_app_that_shows_late_is_not_called_overwritten() {
    // The last look that the two minutes have room for; an app of long ago is looked at for ten seconds.
    for look in [1, 12, 20] {
        let (outcome, sent, redirects) = restored(Beside::ShownFrom(look)).await;
        assert_eq!((sent, redirects), (1, json!(["http://localhost"])), "{look}");
        assert_eq!(told(&outcome), [], "{look}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_another_run_gives_at_the_same_time_is_read_back_once_it_is_extended() {
    let tenant = EmulatedTenant::new();
    let directory = Overtaken::new(&tenant, &[Beside::AnotherConsents("Mail.Read"), Beside::TakenBack(1)]);
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory.clone());
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    for step in [Step::ConsentServerApp, Step::ConsentUserRead] {
        assert_eq!(outcome.report.step(step).unwrap().action, StepAction::Updated);
    }
    let state = tenant.state();
    let scopes = list(&state, "oauth2PermissionGrants")
        .iter()
        .filter_map(|grant| grant["scope"].as_str());
    for scope in ["Mail.Read user_impersonation", "Mail.Read User.Read"] {
        assert!(scopes.clone().any(|held| held == scope), "{state}");
    }
    assert_eq!(directory.changes.load(Ordering::SeqCst), 3);
}
