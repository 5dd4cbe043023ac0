//! Apps made by hand are adopted by their ids: only what is missing is added, and nothing of anybody else's is lost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use cmg_onboarding::{
    ApplicationId, ConnectionSpec, OnboardingError, Step,
    connection::{FindingCode, PlannedAction, StepAction},
    spec::{AdoptedClientApp, AdoptedServerApp},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};
use support::connection;

fn adopting(server: ApplicationId, client: ApplicationId) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(server))
        .client_app(AdoptedClientApp::new(client))
        .build()
        .unwrap()
}

/// A pair of apps as people make them by hand, with things of their own.
fn by_hand(tenant: &EmulatedTenant) -> (ApplicationId, ApplicationId) {
    let server = tenant.add_application(json!({
        "displayName": "Made by hand",
        "signInAudience": "AzureADMyOrg",
        "identifierUris": ["https://contoso.com/byhand"],
        "web": {"redirectUris": ["https://contoso.com/callback"], "homePageUrl": "https://contoso.com"},
        "tags": ["theirs"],
        "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]}],
    }));
    let client = tenant.add_application(json!({
        "displayName": "Client by hand",
        "signInAudience": "AzureADMyOrg",
        "publicClient": {"redirectUris": ["myapp://auth"]},
    }));
    (server.into(), client.into())
}

fn application(tenant: &EmulatedTenant, id: ApplicationId) -> Value {
    let state = tenant.state();
    let applications = state["applications"].as_array().unwrap();
    let found = applications.iter().find(|application| application["appId"] == json!(id));
    found.unwrap().clone()
}

#[tokio::test]
async fn the_plan_shows_the_differences_and_apply_mends_only_them() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = by_hand(&tenant);
    let job = connection(adopting(server, client), &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    let planned = plan.step(Step::RegisterServerApp).unwrap();
    assert_eq!(planned.action, PlannedAction::Update);
    let changed: Vec<&str> = planned.properties().iter().map(|change| change.property.as_str()).collect();
    assert_eq!(
        changed,
        ["web.redirectUris", "api.oauth2PermissionScopes", "isDeviceOnlyAuthSupported"]
    );
    let outcome = plan.apply(|_| ()).await.unwrap();

    let mended = application(&tenant, server);
    assert_eq!(mended["displayName"], "Made by hand");
    assert_eq!(mended["tags"], json!(["theirs"]));
    assert_eq!(mended["identifierUris"], json!(["https://contoso.com/byhand"]));
    assert_eq!(
        mended["web"]["redirectUris"],
        json!(["https://contoso.com/callback", "http://localhost"])
    );
    assert_eq!(mended["web"]["homePageUrl"], "https://contoso.com");
    assert_eq!(mended["isDeviceOnlyAuthSupported"], true);
    assert_eq!(mended["requiredResourceAccess"][0]["resourceAccess"].as_array().unwrap().len(), 1);
    let mended = application(&tenant, client);
    assert_eq!(mended["displayName"], "Client by hand");
    assert_eq!(
        mended["publicClient"]["redirectUris"],
        json!(["myapp://auth", format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}")])
    );
    assert_eq!(outcome.app_id_uri.as_ref().unwrap().as_str(), "https://contoso.com/byhand");
    assert_eq!(outcome.server_app.as_ref().unwrap().name.as_deref(), Some("Made by hand"));
    assert!(site.holds_secret(server, outcome.secret.unwrap().value.expose()));
}

#[tokio::test]
async fn adopting_again_changes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = by_hand(&tenant);
    let job = connection(adopting(server, client), &tenant, &site);
    job.onboard(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert!(!outcome.changed, "{}", outcome.report);
    assert_eq!((tenant.state(), site.state()), before);
    assert_eq!(outcome.report.step(Step::IssueSecret).unwrap().action, StepAction::Unchanged);
}

#[tokio::test]
async fn an_app_without_a_uri_gets_the_default_one_and_the_plan_says_so() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = tenant.add_application(json!({"displayName": "Bare", "signInAudience": "AzureADMyOrg"}));
    let client = tenant.add_application(json!({"displayName": "Bare client", "signInAudience": "AzureADMyOrg"}));
    let plan = connection(adopting(server.into(), client.into()), &tenant, &site)
        .plan(|_| ())
        .await
        .unwrap();
    let uri = format!("api://{}/ConfigMgrService", tenant.tenant_id());
    assert_eq!(plan.app_id_uri().unwrap().as_str(), uri);
    assert!(
        plan.findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::AppIdUriResolved)
    );
}

#[tokio::test]
async fn a_removal_takes_back_the_secret_and_leaves_the_adopted_apps() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = by_hand(&tenant);
    let job = connection(adopting(server, client), &tenant, &site);
    let secret = job.onboard(|_| ()).await.unwrap().secret.unwrap();
    let outcome = job.remove(|_| ()).await.unwrap();
    assert!(!tenant.secret_is_live(server, secret.value.expose()));
    assert_eq!(application(&tenant, server)["displayName"], "Made by hand");
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.message().contains("adopted client app")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn the_secret_of_an_adopted_app_stays_if_a_connection_of_another_name_uses_it() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = by_hand(&tenant);
    let job = connection(adopting(server, client), &tenant, &site);
    let secret = job.onboard(|_| ()).await.unwrap().secret.unwrap();
    site.change(|rows| rows.connections[0].name = "Renamed in the console".to_owned());
    let outcome = job.remove(|_| ()).await.unwrap();
    assert!(!outcome.changed, "{outcome:?}");
    assert!(tenant.secret_is_live(server, secret.value.expose()));
}

#[tokio::test]
async fn an_app_that_is_not_there_cannot_be_adopted() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, _) = by_hand(&tenant);
    let nobody = ApplicationId::new(uuid::uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"));
    for (server, client) in [(server, nobody), (nobody, server)] {
        let OnboardingError::Blocked(blocked) = connection(adopting(server, client), &tenant, &site).plan(|_| ()).await.unwrap_err() else {
            panic!("one of the apps is not there");
        };
        assert!(blocked.blockers().any(|finding| finding.code() == FindingCode::AppNotFound));
    }
}
