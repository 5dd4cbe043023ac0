//! Another caller writes beside this run: what is lost is made again or told, and what others have lost is told.

use std::sync::{Arc, atomic::Ordering};

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, Directory, OnboardingError, Outcome, ServerAppSpec, Step, WaitPolicy,
    connection::{Finding, FindingCode, StepAction, StepError},
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
    adopted_with(beside, WaitPolicy::default()).await
}

async fn adopted_with(beside: &[Beside], policy: WaitPolicy) -> (Result<Outcome, OnboardingError>, usize, Value) {
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
    let outcome = job.wait_policy(policy).build().unwrap().onboard(|_| ()).await;
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
async fn a_change_is_waited_for_no_longer_than_the_caller_lets_it_wait() {
    let short = WaitPolicy::default().with_deadline(std::time::Duration::from_secs(2));
    let started = tokio::time::Instant::now();
    let (outcome, changes, _) = adopted_with(&[Beside::TakenBack(usize::MAX)], short).await;
    assert_eq!(told(&outcome.unwrap().findings).len(), 1);
    assert_eq!(changes, 3);
    assert!(started.elapsed() <= std::time::Duration::from_secs(6), "{:?}", started.elapsed());
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

/// At which look after it a change shows: more than there are until it is made again.
const LOOKS: std::ops::RangeInclusive<usize> = 1..=16;

/// Of the changes that were made once, the last two were seen at the same moment: by the last look of the wait, and by the
/// one right before the change would be made again.
fn assert_seen_at_the_last_moment(waits: &[(usize, std::time::Duration)]) {
    let once: Vec<_> = waits.iter().take_while(|(changes, _)| *changes == 1).collect();
    let [.., last_of_wait, before_repeating] = once.as_slice() else {
        panic!("{waits:?}")
    };
    assert!(last_of_wait == before_repeating && once.len() < waits.len(), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_app_that_shows_late_counts_as_made_however_late_it_shows() {
    let mut waits = Vec::new();
    for look in LOOKS {
        let started = tokio::time::Instant::now();
        let (outcome, changes, redirects) = adopted(&[Beside::ShownFrom(look)]).await;
        let outcome = outcome.unwrap();
        let action = outcome.report.step(Step::RegisterServerApp).unwrap().action;
        assert_eq!(action, StepAction::Updated, "{look}");
        assert_eq!(
            (told(&outcome.findings), redirects),
            (vec![], json!([THEIRS, "http://localhost"])),
            "{look}"
        );
        waits.push((changes, started.elapsed()));
    }
    assert_seen_at_the_last_moment(&waits);
}

#[tokio::test(start_paused = true)]
async fn what_another_run_has_given_an_app_since_the_plan_was_made_is_not_written_again() {
    let tenant = EmulatedTenant::new();
    let server: ApplicationId = tenant
        .add_application(json!({"displayName": "Made by hand", "signInAudience": "AzureADMyOrg"}))
        .into();
    let directory = Overtaken::new(&tenant, &[]);
    let job = || {
        let job = AzureServicesConnection::builder(spec(AdoptedServerApp::builder(server)));
        job.directory(directory.clone()).build().unwrap()
    };
    let plan = job().plan(|_| ()).await.unwrap();
    job().onboard(|_| ()).await.unwrap();
    let changes = directory.changes.load(Ordering::SeqCst);
    let outcome = plan.apply(|_| ()).await.unwrap();
    let report = outcome.report.step(Step::RegisterServerApp).unwrap();
    assert_eq!(report.action, StepAction::Unchanged, "{}", outcome.report);
    assert_eq!(report.ids["applicationId"], server.to_string());
    assert_eq!(directory.changes.load(Ordering::SeqCst), changes);
}

/// Consents again to `User.Read`, in whose grant an administrator has put something else.
async fn consented(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, usize, String) {
    consented_after(beside, None).await
}

/// The same, with what an administrator puts in the grant once the plan is made.
async fn consented_after(beside: &[Beside], since: Option<&str>) -> (Result<Outcome, OnboardingError>, usize, String) {
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
    let plan = job(directory.clone()).build().unwrap().plan(|_| ()).await.unwrap();
    if let Some(scopes) = since {
        administrator.update_permission_grant(Call::quiet(), &id, scopes).await.unwrap();
    }
    let outcome = plan.apply(|_| ()).await;
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
async fn a_consent_that_shows_late_counts_as_given_however_late_it_shows() {
    let mut waits = Vec::new();
    for look in LOOKS {
        let started = tokio::time::Instant::now();
        let (outcome, changes, held) = consented(&[Beside::ShownFrom(look)]).await;
        let outcome = outcome.unwrap();
        let action = outcome.report.step(Step::ConsentUserRead).unwrap().action;
        assert_eq!(
            (action, held.as_str()),
            (StepAction::Updated, "Mail.Read Files.Read User.Read"),
            "{look}"
        );
        assert_eq!(told(&outcome.findings), [], "{look}");
        waits.push((changes, started.elapsed()));
    }
    assert_seen_at_the_last_moment(&waits);
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_an_administrator_has_given_since_the_plan_was_made_is_not_given_again() {
    let (outcome, changes, held) = consented_after(&[], Some("Mail.Read User.Read")).await;
    let action = outcome.unwrap().report.step(Step::ConsentUserRead).unwrap().action;
    assert_eq!((action, changes, held.as_str()), (StepAction::Unchanged, 0, "Mail.Read User.Read"));
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
            let extended = if changes > 0 { StepAction::Updated } else { StepAction::Found };
            assert_eq!(outcome.report.step(step).unwrap().action, extended);
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
async fn an_app_that_refuses_the_proof_is_gone_only_if_it_is_not_found() {
    for refusal in [RefusalReason::NotFound, RefusalReason::PermissionMissing] {
        let tenant = EmulatedTenant::new();
        let job = |beside: &[Beside]| AzureServicesConnection::builder(crate::support::spec()).directory(Overtaken::new(&tenant, beside));
        job(&[]).build().unwrap().onboard(|_| ()).await.unwrap();
        let proving = job(&[Beside::ProofRefused(refusal)]).verify_alive(true).build().unwrap();
        let OnboardingError::Apply(error) = proving.onboard(|_| ()).await.unwrap_err() else {
            panic!("the proof is refused")
        };
        let is_gone = matches!(error.error(), StepError::ApplicationGone { .. });
        assert_eq!(is_gone, refusal == RefusalReason::NotFound, "{error:?}");
        assert!(is_gone || reason(&error.into()) == Some(refusal));
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_principal_of_an_app_that_is_gone_is_not_waited_for() {
    let tenant = EmulatedTenant::new();
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(tenant.directory());
    let job = job.build().unwrap();
    let server = job.onboard(|_| ()).await.unwrap().server_app.unwrap().application_id;
    let administrator = tenant.directory();
    let principal = administrator.service_principal(Call::quiet(), server).await.unwrap().unwrap().id;
    administrator.delete_service_principal(Call::quiet(), principal).await.unwrap();
    administrator.purge_service_principal(Call::quiet(), principal).await.unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(tenant.soft_delete(server));
    let started = tokio::time::Instant::now();
    let error = plan.apply(|_| ()).await.unwrap_err();
    assert_eq!(reason(&error), Some(RefusalReason::ReferenceNotFound));
    assert_eq!(
        started.elapsed(),
        std::time::Duration::ZERO,
        "it was there before this run, and does not come back"
    );
}

#[tokio::test(start_paused = true)]
async fn an_app_whose_creation_was_answered_with_its_ids_alone_has_what_it_was_made_with() {
    let tenant = EmulatedTenant::new();
    let directory = Overtaken::new(&tenant, &[Beside::CreationTellsIds]);
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory);
    job.build().unwrap().onboard(|_| ()).await.unwrap();
    let changes = tenant.requests().into_iter();
    let changes = changes.filter(|request| request.method == "PATCH" && request.path.contains("/applications"));
    let changed: Vec<Vec<String>> = changes
        .map(|request| request.body.unwrap().as_object().unwrap().keys().cloned().collect())
        .collect();
    assert_eq!(
        changed,
        [["publicClient", "requiredResourceAccess"]],
        "the client app needs the two ids"
    );
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
