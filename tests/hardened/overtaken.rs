//! Another caller writes beside this run: what is lost is made again or told, and what others have lost is told.

use std::sync::{Arc, atomic::Ordering};

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, Directory, OnboardingError, Outcome, ServerAppSpec, Step,
    connection::{Finding, FindingCode, StepAction},
    error::RefusalReason,
    ids::PermissionGrantId,
    spec::AdoptedServerApp,
};
use cmg_onboarding_emulator::EmulatedTenant;
use serde_json::{Value, json};

use crate::{
    beside::{Beside, Overtaken, THEIRS, reason},
    tenant::{list, spec},
};

fn told(findings: &[Finding]) -> Vec<(FindingCode, Value)> {
    let codes = [FindingCode::ConcurrentChange, FindingCode::ChangeOverwritten];
    let told = findings.iter().filter(|finding| codes.contains(&finding.code()));
    told.map(|finding| {
        crate::support::assert_documented(finding);
        (finding.code(), json!(finding.parameters()))
    })
    .collect()
}

/// Adopts a server app that has a redirect URI of its own.
async fn adopted(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, usize, Value) {
    let tenant = EmulatedTenant::new();
    let server: ApplicationId = tenant
        .add_application(json!({
            "displayName": "Made by hand",
            "signInAudience": "AzureADMyOrg",
            "identifierUris": ["https://contoso.com/byhand"],
            "web": {"redirectUris": [THEIRS]},
        }))
        .into();
    let directory = Overtaken::new(&tenant, beside);
    let job = AzureServicesConnection::builder(spec(AdoptedServerApp::builder(server))).directory(directory.clone());
    let outcome = job.build().unwrap().onboard(|_| ()).await;
    let state = tenant.state();
    let redirects = crate::tenant::app(&state, server)["web"]["redirectUris"].clone();
    (outcome, directory.changes.load(Ordering::SeqCst), redirects)
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_app_that_is_taken_back_is_made_again_up_to_three_times_and_then_told() {
    let step = Step::RegisterServerApp;
    for (times, action, sent) in [
        (0, StepAction::Updated, 1),
        (1, StepAction::Updated, 2),
        (2, StepAction::Updated, 3),
        (usize::MAX, StepAction::Unconfirmed, 3),
    ] {
        let started = tokio::time::Instant::now();
        let (outcome, changes, redirects) = adopted(&[Beside::TakenBack(times)]).await;
        let outcome = outcome.unwrap();
        assert!(
            started.elapsed() <= std::time::Duration::from_secs(30),
            "each is waited for at most 10 seconds"
        );
        assert_eq!((outcome.report.step(step).unwrap().action, changes), (action, sent), "{times}");
        let is_lost = action == StepAction::Unconfirmed;
        let expected = is_lost.then(|| (FindingCode::ChangeOverwritten, json!({"step": step})));
        assert_eq!(told(&outcome.findings), Vec::from_iter(expected), "{times}");
        let expected = if is_lost {
            json!([THEIRS])
        } else {
            json!([THEIRS, "http://localhost"])
        };
        assert_eq!(redirects, expected, "{times}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_refused_is_an_error_and_not_repeated() {
    for refusal in [RefusalReason::PermissionMissing, RefusalReason::UriNotOnVerifiedDomain] {
        let (outcome, changes, _) = adopted(&[Beside::ChangesRefused(refusal)]).await;
        assert_eq!((reason(&outcome.unwrap_err()), changes), (Some(refusal), 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_caller_has_taken_out_of_a_list_of_an_app_is_told() {
    let (outcome, changes, redirects) = adopted(&[Beside::OthersLost]).await;
    let outcome = outcome.unwrap();
    let lost = json!({"step": Step::RegisterServerApp, "lost": [format!("web.redirectUris {THEIRS}")]});
    assert_eq!(told(&outcome.findings), [(FindingCode::ConcurrentChange, lost)]);
    assert_eq!((changes, redirects), (1, json!(["http://localhost"])));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_read_back_is_not_written_again() {
    for unreadable in [Beside::Unreadable, Beside::UnreadableOnce] {
        let (outcome, changes, _) = adopted(&[unreadable]).await;
        assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
        assert_eq!(changes, 1);
    }
}

/// Consents again to `User.Read`, in whose grant an administrator has put something else.
async fn consented(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, usize, String) {
    let tenant = EmulatedTenant::new();
    let job = |directory: Arc<Overtaken>| AzureServicesConnection::builder(crate::support::spec()).directory(directory);
    job(Overtaken::new(&tenant, &[])).build().unwrap().onboard(|_| ()).await.unwrap();
    let grant = |scope: &str| {
        let state = tenant.state();
        let grants = list(&state, "oauth2PermissionGrants").iter();
        let found = grants
            .clone()
            .find(|grant| grant["scope"].as_str().is_some_and(|held| held.contains(scope)));
        found.map(|grant| {
            (
                grant["id"].as_str().unwrap().to_owned(),
                grant["scope"].as_str().unwrap().to_owned(),
            )
        })
    };
    let (id, _) = grant("User.Read").unwrap();
    let (administrator, id) = (tenant.directory(), PermissionGrantId::new(id));
    let changed = administrator.update_permission_grant(Call::quiet(), &id, "Mail.Read Files.Read");
    changed.await.unwrap();
    let directory = Overtaken::new(&tenant, beside);
    let outcome = job(directory.clone()).build().unwrap().onboard(|_| ()).await;
    let held = grant("Mail.Read").or_else(|| grant("User.Read")).unwrap().1;
    (outcome, directory.changes.load(Ordering::SeqCst), held)
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_is_taken_back_is_given_again_up_to_three_times_and_then_told() {
    let step = Step::ConsentUserRead;
    for (times, action, sent) in [
        (0, StepAction::Updated, 1),
        (1, StepAction::Updated, 2),
        (usize::MAX, StepAction::Unconfirmed, 3),
    ] {
        let (outcome, changes, held) = consented(&[Beside::TakenBack(times)]).await;
        let outcome = outcome.unwrap();
        assert_eq!((outcome.report.step(step).unwrap().action, changes), (action, sent), "{times}");
        let is_lost = action == StepAction::Unconfirmed;
        let lost = is_lost.then(|| (FindingCode::ConcurrentChange, json!({"step": step, "lost": ["User.Read"]})));
        assert_eq!(told(&outcome.findings), Vec::from_iter(lost), "{times}");
        let expected = if is_lost {
            "Mail.Read Files.Read"
        } else {
            "Mail.Read Files.Read User.Read"
        };
        assert_eq!(held, expected, "{times}");
    }
}

#[tokio::test(start_paused = true)]
async fn permissions_that_another_caller_has_taken_out_of_a_consent_are_told() {
    let (outcome, changes, held) = consented(&[Beside::OthersLost]).await;
    let outcome = outcome.unwrap();
    let lost = json!({"step": Step::ConsentUserRead, "lost": ["Mail.Read", "Files.Read"]});
    assert_eq!(told(&outcome.findings), [(FindingCode::ConcurrentChange, lost)]);
    assert_eq!((changes, held.as_str()), (1, "User.Read"));
    assert_eq!(outcome.report.step(Step::ConsentUserRead).unwrap().action, StepAction::Updated);
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_cannot_be_read_back_is_not_given_again() {
    for unreadable in [Beside::Unreadable, Beside::UnreadableOnce] {
        let (outcome, changes, _) = consented(&[unreadable]).await;
        assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
        assert_eq!(changes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_another_caller_gives_at_the_same_time_is_extended_only_if_it_lacks_something() {
    for (others, changes) in [("Mail.Read", 2), ("User.Read user_impersonation", 0)] {
        let tenant = EmulatedTenant::new();
        let directory = Overtaken::new(&tenant, &[Beside::AnotherConsents(others)]);
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory.clone());
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        for (step, scope) in [(Step::ConsentServerApp, "user_impersonation"), (Step::ConsentUserRead, "User.Read")] {
            assert_eq!(outcome.report.step(step).unwrap().action, StepAction::Found);
            let state = tenant.state();
            let grants = list(&state, "oauth2PermissionGrants").iter();
            let held: Vec<&str> = grants
                .filter_map(|grant| grant["scope"].as_str())
                .filter(|held| held.contains(scope))
                .collect();
            assert!(!held.is_empty() && held.iter().all(|held| held.contains(others)), "{state}");
        }
        assert_eq!(list(&tenant.state(), "oauth2PermissionGrants").len(), 2);
        assert_eq!(directory.changes.load(Ordering::SeqCst), changes);
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_assignment_was_not_answered_is_told_apart_from_another_role() {
    let tenant = EmulatedTenant::new();
    let directory = Overtaken::new(&tenant, &[Beside::AnotherAssigns]);
    let job = AzureServicesConnection::builder(crate::support::spec_with_discovery()).directory(directory);
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    let report = outcome.report.step(Step::ConsentDirectoryRead).unwrap();
    assert_eq!(report.action, StepAction::Found);
    let state = tenant.state();
    let read = json!(cmg_onboarding::ids::well_known::DIRECTORY_READ_ALL_ROLE);
    let assigned = list(&state, "appRoleAssignments").iter().find(|held| held["appRoleId"] == read);
    assert_eq!(json!(report.ids["assignmentId"]), assigned.unwrap()["id"]);
}

#[tokio::test(start_paused = true)]
async fn an_app_id_uri_of_another_app_is_noticed_although_the_token_does_not_name_the_tenant() {
    let tenant = EmulatedTenant::new();
    let job = |spec| {
        let directory = Overtaken::new(&tenant, &[Beside::NamelessToken]);
        AzureServicesConnection::builder(spec).directory(directory).build().unwrap()
    };
    let of_its_own_id = ServerAppSpec::builder("Server").app_id_uri("api://{tenantId}/{appId}");
    job(spec(of_its_own_id)).plan(|_| ()).await.unwrap();
    let job = || job(crate::support::spec());
    let plan = job().plan(|_| ()).await.unwrap();
    let uri = plan.app_id_uri().unwrap().to_string();
    assert!(uri.contains(&tenant.tenant_id().to_string()), "{uri}");
    tenant.add_application(json!({"displayName": "Theirs", "identifierUris": [uri]}));
    let OnboardingError::Blocked(blocked) = job().plan(|_| ()).await.unwrap_err() else {
        panic!("another app has the App ID URI")
    };
    let codes: Vec<FindingCode> = blocked.blockers().map(Finding::code).collect();
    assert_eq!(codes, [FindingCode::AppIdUriInUse]);
}
