//! Another caller is at work while this run removes apps: what is gone already is told, and what stays is an error.

use cmg_onboarding::{
    AzureServicesConnection, OnboardingError, Outcome, Step,
    connection::{FindingCode, StepAction},
    error::RefusalReason,
};
use cmg_onboarding_emulator::EmulatedTenant;

use crate::{
    beside::{Beside, Overtaken, reason},
    support::is_told,
    tenant::list,
};

/// Removes both apps that a run has made.
async fn removed(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, EmulatedTenant) {
    let tenant = EmulatedTenant::new();
    let job = |directory| {
        AzureServicesConnection::builder(crate::support::spec())
            .directory(directory)
            .build()
            .unwrap()
    };
    job(Overtaken::new(&tenant, &[])).onboard(|_| ()).await.unwrap();
    (job(Overtaken::new(&tenant, beside)).remove(|_| ()).await, tenant)
}

#[tokio::test(start_paused = true)]
async fn an_app_that_another_run_removes_for_good_at_the_same_time_is_told() {
    let (outcome, tenant) = removed(&[Beside::PurgedByAnother]).await;
    let outcome = outcome.unwrap();
    for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
        let report = outcome.report.step(step).unwrap();
        assert_eq!(report.action, StepAction::Removed);
        assert!(
            is_told(&outcome.findings, FindingCode::RemovalUnconfirmed, step),
            "{:?}",
            outcome.findings
        );
    }
    assert_eq!(list(&tenant.state(), "deletedApplications").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_still_registered_or_that_may_not_be_removed_for_good_is_an_error() {
    let (outcome, tenant) = removed(&[Beside::DeletionIgnored]).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::NotFound));
    assert_eq!(list(&tenant.state(), "applications").len(), 2);
    let (outcome, _) = removed(&[Beside::PurgingRefused]).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
}

#[tokio::test(start_paused = true)]
async fn a_service_principal_that_is_gone_already_is_passed_over_and_another_refusal_is_an_error() {
    for beside in [Beside::PrincipalStays, Beside::PrincipalHeld] {
        let started = tokio::time::Instant::now();
        let (outcome, tenant) = removed(&[beside(RefusalReason::NotFound)]).await;
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "it may never show");
        assert!(outcome.unwrap().changed);
        assert_eq!(list(&tenant.state(), "deletedApplications").len(), 0);
        let (outcome, _) = removed(&[beside(RefusalReason::PermissionMissing)]).await;
        assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
    }
}

#[tokio::test(start_paused = true)]
async fn deleted_service_principals_that_cannot_be_listed_now_may_be_listed_in_the_next_run() {
    use RefusalReason::{ClaimsChallenge, Other, PermissionMissing, ServiceUnavailable, Throttled, TokenRejected};
    for passing in [ClaimsChallenge, ServiceUnavailable, Throttled, TokenRejected] {
        let (outcome, _) = removed(&[Beside::PrincipalsUnlisted(passing)]).await;
        assert_eq!(reason(&outcome.unwrap_err()), Some(passing));
    }
    for (refusal, is_expected) in [(Other, true), (PermissionMissing, false)] {
        let (outcome, tenant) = removed(&[Beside::PrincipalsUnlisted(refusal)]).await;
        let outcome = outcome.unwrap();
        for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
            let unread = is_told(&outcome.findings, FindingCode::DeletedPrincipalsUnread, step);
            assert_eq!(unread, is_expected, "{:?}", outcome.findings);
        }
        assert_eq!(list(&tenant.state(), "deletedApplications").len(), 0, "the unique names are free");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_listed_is_told_of_a_removal_that_then_fails_too() {
    let beside = [Beside::PrincipalsUnlisted(RefusalReason::Other), Beside::PurgingRefused];
    let (outcome, _) = removed(&beside).await;
    let Err(OnboardingError::Apply(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        is_told(error.findings(), FindingCode::DeletedPrincipalsUnread, error.step()),
        "{error:?}"
    );
}
