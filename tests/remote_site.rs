//! The emulated site from another process: the same site each time, whoever asks.

mod support;

use cmg_onboarding::{Call, Diagnostic, OnboardingError, Site, error::SiteRefused, site::SiteItem};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};
use support::{over_http, spec_with_discovery};

#[tokio::test]
async fn a_second_run_against_one_emulator_changes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    let run = || {
        over_http(spec_with_discovery(), &server, &tenant)
            .site(RemoteSite::builder(server.url().clone()).build())
            .build()
            .unwrap()
    };
    let first = run().onboard(|_| ()).await.unwrap();
    assert!(site.holds_secret(first.server_app.unwrap().application_id, first.secret.unwrap().value.expose()));
    let before = (tenant.state(), site.state());
    assert!(!run().onboard(|_| ()).await.unwrap().changed);
    assert_eq!((tenant.state(), site.state()), before);
    assert!(run().remove(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn a_refusal_arrives_with_what_was_done_before_it() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    site.fail_at(SiteItem::Connection, SiteRefused::new("create the connection", "no", "Look there."));
    let remote = RemoteSite::builder(server.url().clone()).build();
    let job = over_http(spec_with_discovery(), &server, &tenant).site(remote).build().unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the site refuses the connection");
    };
    assert!(error.help().contains("Look there."));
    assert!(error.report().step(SiteItem::ClientApp.into()).is_some());
}

#[tokio::test]
async fn a_server_without_a_site_is_not_taken_for_one() {
    let server = EmulatorServer::builder(EmulatedTenant::new()).start().await.unwrap();
    let error = RemoteSite::builder(server.url().clone())
        .build()
        .snapshot(Call::quiet())
        .await
        .unwrap_err();
    assert!(error.help().contains("started with a site"), "{error:?}");
}
