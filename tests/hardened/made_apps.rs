//! The first secret of an app that this run has made, or may have made, or that another run has made meanwhile.

use std::sync::atomic::Ordering;

use cmg_onboarding::{AzureServicesConnection, OnboardingError, Step, connection::StepAction, error::SiteRefused, site::SiteItem};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};

use crate::{
    beside::{Beside, Overtaken},
    secrets::secrets_of,
};

fn site_of(code: &str) -> EmulatedSite {
    EmulatedSite::builder().site_code(code).build()
}

#[tokio::test(start_paused = true)]
async fn a_creation_without_an_answer_ends_with_one_secret_that_this_run_has() {
    for site in [None, Some(site_of("PRD"))] {
        let tenant = EmulatedTenant::new();
        let directory = Overtaken::new(&tenant, &[Beside::CreationUnanswered]);
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory);
        let job = match &site {
            Some(site) => job.site(site.clone()),
            None => job,
        };
        let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
        for step in [Step::RegisterServerApp, Step::RegisterClientApp] {
            let action = outcome.report.step(step).unwrap().action;
            assert_eq!(action, StepAction::Found, "it lacks nothing: {}", outcome.report);
        }
        let app = outcome.server_app.as_ref().unwrap().application_id;
        let secret = outcome.secret.as_ref().unwrap().value.expose();
        assert!(tenant.secret_is_live(app, secret), "{}", outcome.report);
        assert_eq!(
            secrets_of(&tenant, app),
            1,
            "the one whose text never arrived is removed: {}",
            outcome.report
        );
        if let Some(site) = &site {
            assert!(site.holds_secret(app, secret));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_site_an_app_that_another_run_may_have_made_keeps_that_runs_secret_alone() {
    let tenant = EmulatedTenant::new();
    let directory = Overtaken::new(&tenant, &[Beside::CreatedByAnother]);
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory);
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(outcome.secret.is_none(), "{}", outcome.report);
    assert_eq!(outcome.report.step(Step::IssueSecret).unwrap().action, StepAction::Found);
    assert_eq!(secrets_of(&tenant, outcome.server_app.unwrap().application_id), 1);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_this_run_has_made_is_waited_for_after_a_secret_was_added() {
    let tenant = EmulatedTenant::new();
    let directory = Overtaken::new(&tenant, &[Beside::CreationUnanswered, Beside::LateAfterAdding]);
    let job = AzureServicesConnection::builder(crate::support::spec()).directory(directory.clone());
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(outcome.secret.is_some());
    assert_eq!(directory.additions.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_another_run_has_made_since_keeps_the_secrets_that_may_be_in_use() {
    let job = |tenant: &EmulatedTenant, site: Option<&EmulatedSite>| {
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(tenant.directory());
        match site {
            Some(site) => job.site(site.clone()).build().unwrap(),
            None => job.build().unwrap(),
        }
    };

    // Without a site the other run has its secret, and may be handing it over.
    let tenant = EmulatedTenant::new();
    let plan = job(&tenant, None).plan(|_| ()).await.unwrap();
    let other = job(&tenant, None).onboard(|_| ()).await.unwrap();
    let app = other.server_app.as_ref().unwrap().application_id;
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(outcome.secret.is_none());
    let report = outcome.report.step(Step::IssueSecret).unwrap();
    assert_eq!(report.action, StepAction::Found);
    assert!(report.note.as_deref().unwrap().contains("another run made the app"), "{report:?}");
    assert_eq!(secrets_of(&tenant, app), 1);
    assert!(tenant.secret_is_live(app, other.secret.unwrap().value.expose()));

    // For another site, or without one: both secrets stay, each where it is used.
    for others in [Some(site_of("LAB")), None] {
        let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
        let plan = job(&tenant, Some(&site)).plan(|_| ()).await.unwrap();
        let other = job(&tenant, others.as_ref()).onboard(|_| ()).await.unwrap();
        let app = other.server_app.as_ref().unwrap().application_id;
        let outcome = plan.apply(|_| ()).await.unwrap();
        let own = outcome.secret.as_ref().unwrap().value.expose();
        assert!(site.holds_secret(app, own) && tenant.secret_is_live(app, own));
        assert!(tenant.secret_is_live(app, other.secret.unwrap().value.expose()));
        assert_eq!(secrets_of(&tenant, app), 2, "{}", outcome.report);
    }

    // For this site, which has the other run's secret by now: this run's is in no one's hands and goes.
    let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
    let plan = job(&tenant, Some(&site)).plan(|_| ()).await.unwrap();
    let other = job(&tenant, Some(&site)).onboard(|_| ()).await.unwrap();
    let app = other.server_app.as_ref().unwrap().application_id;
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(outcome.secret.is_none());
    assert!(tenant.secret_is_live(app, other.secret.unwrap().value.expose()));
    assert_eq!(secrets_of(&tenant, app), 1, "{}", outcome.report);

    // For this site, which refused it: the secret reached nothing and goes.
    let (tenant, site) = (EmulatedTenant::new(), site_of("PRD"));
    let plan = job(&tenant, Some(&site)).plan(|_| ()).await.unwrap();
    site.fail_at(
        SiteItem::ServerApp,
        SiteRefused::new("import the app", "access denied", "Ask an administrator."),
    );
    let OnboardingError::Apply(error) = job(&tenant, Some(&site)).onboard(|_| ()).await.unwrap_err() else {
        panic!("the site refuses")
    };
    let lost = error.secret().unwrap().value.expose().to_owned();
    let outcome = plan.apply(|_| ()).await.unwrap();
    let app = outcome.server_app.as_ref().unwrap().application_id;
    let own = outcome.secret.as_ref().unwrap().value.expose();
    assert!(site.holds_secret(app, own) && tenant.secret_is_live(app, own));
    assert!(!tenant.secret_is_live(app, &lost));
    assert_eq!(secrets_of(&tenant, app), 1, "{}", outcome.report);
}
