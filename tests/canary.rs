//! One canary through a whole run: secrets and tokens appear in no log line, no `Debug`, no error, event or JSON.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "support/log.rs"]
mod log;
mod support;

use cmg_onboarding::{
    AzureServicesConnection, ClientSecret, ConnectionSpec, Diagnostic, GraphDirectory, ImportedClientApp, ImportedServerApp, StaticToken,
    error::SiteRefused, site::SiteItem,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, Fault};
use log::Log;
use support::{Recorder, spec_with_discovery};
use time::macros::datetime;

/// Fails if one of the canaries is in the text.
fn assert_clean(what: &str, text: &str, canaries: &[&str]) {
    for canary in canaries {
        assert!(!canary.is_empty());
        assert!(!text.contains(canary), "{what} contains a canary");
    }
}

#[tokio::test]
async fn no_secret_and_no_token_is_to_be_found_anywhere() {
    let (log, _guard) = Log::of_this_thread();

    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).tls(true).start().await.unwrap();
    let token = tenant.token_for(&Caller::global_administrator());
    let payload = token.split('.').nth(1).unwrap().to_owned();
    let directory = GraphDirectory::builder(server.endpoints().clone(), StaticToken::new(token.clone()))
        .http(support::client(&server))
        .build();
    let job = AzureServicesConnection::builder(spec_with_discovery())
        .directory(directory)
        .site(site.clone())
        .build()
        .unwrap();

    // A run with every kind of trouble that ends badly, then one that ends well.
    tenant.fail_on("POST /servicePrincipals", Fault::ServiceUnavailable);
    site.fail_at(SiteItem::Connection, SiteRefused::new("create the connection", "no", "help"));
    let recorder = Recorder::default();
    let preflight = job.preflight(|_| ()).await.unwrap();
    let plan = preflight.clone().into_plan().unwrap();
    let error = plan.clone().apply(recorder.listen()).await.unwrap_err();
    let secret = error.secret().unwrap().value.expose().to_owned();
    let second_plan = job.plan(|_| ()).await.unwrap();
    let outcome = second_plan.clone().apply(recorder.listen()).await.unwrap();
    assert!(site.holds_secret(outcome.server_app.as_ref().unwrap().application_id, &secret));

    let canaries = [secret.as_str(), token.as_str(), payload.as_str()];
    assert!(log.text().contains("/v1.0/applications"), "the log must have something to search");
    assert_clean("the log", &log.text(), &canaries);
    for (what, text) in [
        ("the connection", format!("{job:#?}")),
        ("the preflight", format!("{preflight:#?}")),
        ("the plan", format!("{plan:#?} {plan}")),
        (
            "the error",
            format!(
                "{error:#?} {} {} {:?}",
                cmg_onboarding::error::chain(&error),
                error.help(),
                error.problem()
            ),
        ),
        ("the outcome", format!("{outcome:#?}")),
        ("the events", format!("{:#?}", recorder.events())),
        ("the tenant", format!("{tenant:#?} {}", tenant.state())),
        ("the site", format!("{site:#?} {}", site.state())),
        ("the plan's JSON", serde_json::to_string(&plan).unwrap()),
        ("the preflight's JSON", serde_json::to_string(&preflight).unwrap()),
        ("the outcome's JSON", serde_json::to_string(&outcome).unwrap()),
        ("the failure's JSON", serde_json::to_string(error.report().unwrap()).unwrap()),
        ("the events' JSON", serde_json::to_string(&recorder.events()).unwrap()),
    ] {
        assert_clean(what, &text, &canaries);
    }
}

#[tokio::test]
async fn an_imported_secret_is_written_nowhere_but_to_the_site() {
    let canary = "canary-7Q~imported";
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
                .name("Server")
                .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
                .secret_key(ClientSecret::new(canary))
                .secret_key_expiry(datetime!(2099-01-01 00:00 UTC))
                .app_id_uri("https://contoso.com/ConfigMgrService"),
        )
        .client_app(
            ImportedClientApp::builder()
                .name("Client")
                .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"),
        )
        .build()
        .unwrap();
    let (site, recorder) = (EmulatedSite::new(), Recorder::default());
    let job = AzureServicesConnection::builder(spec.clone()).site(site.clone()).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    let outcome = plan.clone().apply(recorder.listen()).await.unwrap();
    assert!(site.holds_secret(outcome.server_app.as_ref().unwrap().application_id, canary));
    let shown = format!(
        "{spec:?} {job:?} {plan:?} {plan} {outcome:?} {:?} {} {} {}",
        recorder.events(),
        serde_json::to_string(&spec).unwrap(),
        serde_json::to_string(&plan).unwrap(),
        serde_json::to_string(&outcome).unwrap()
    );
    assert_clean("an import", &shown, &[canary]);
}

#[tokio::test]
async fn an_update_of_the_settings_tells_no_secret_of_its_specification() {
    let (log, _guard) = Log::of_this_thread();
    let canary = "canary-7Q~settings";
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = support::connection(support::spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let server = ImportedServerApp::builder()
        .tenant_name(&outcome.tenant_name)
        .tenant_id(outcome.tenant_id)
        .name("ConfigMgr Server")
        .client_id(outcome.server_app.as_ref().unwrap().application_id)
        .secret_key(ClientSecret::new(canary))
        .secret_key_expiry(datetime!(2099-01-01 00:00 UTC))
        .app_id_uri(outcome.app_id_uri.as_ref().unwrap().as_str());
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(server)
        .client_app(outcome.imported_client_app().unwrap())
        .discovery(cmg_onboarding::DiscoverySpec::builder().users())
        .build()
        .unwrap();
    let emulator = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let token = tenant.token_for(&Caller::global_administrator());
    let directory = GraphDirectory::builder(emulator.endpoints().clone(), StaticToken::new(token.clone()))
        .http(support::client(&emulator))
        .build();
    let job = AzureServicesConnection::builder(spec)
        .directory(directory)
        .site(site)
        .build()
        .unwrap();
    let recorder = Recorder::default();
    tenant.fail_on("POST /servicePrincipals", Fault::ServiceUnavailable);
    let plan = job.plan_settings_update(None, recorder.listen()).await.unwrap();
    let result = plan.clone().apply(recorder.listen()).await;
    let last = job.update_settings(None, recorder.listen()).await.unwrap();
    assert!(log.text().contains("/v1.0/applications"), "the log must have something to search");
    let shown = format!(
        "{job:?} {plan:?} {plan} {result:?} {last:?} {:?} {} {} {}",
        recorder.events(),
        plan.review(),
        serde_json::to_string(&plan).unwrap(),
        serde_json::to_string(&last).unwrap()
    );
    assert_clean("an update of the settings", &(shown + &log.text()), &[canary, &token]);
}
