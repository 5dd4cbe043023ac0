//! Apps made by hand are adopted by their ids: only what is missing is added, and nothing of anybody else's is lost.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, ClientAppSpec, ConnectionSpec, OnboardingError, Plan, Step,
    connection::{AppRole, FindingCode, PlannedAction, Severity, StepAction},
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

/// A pair of apps that accounts of other tenants may sign in to, and whose tokens are of version 2.
fn open_to_others(tenant: &EmulatedTenant) -> (ApplicationId, ApplicationId) {
    let app = |name: &str| {
        tenant.add_application(json!({
            "displayName": name,
            "signInAudience": "AzureADMultipleOrgs",
            "api": {"requestedAccessTokenVersion": 2},
        }))
    };
    (app("Theirs").into(), app("Their client").into())
}

fn told(plan: &Plan) -> Vec<(FindingCode, Severity)> {
    plan.findings().iter().for_each(support::assert_documented);
    let told = plan.findings().iter().map(|finding| (finding.code(), finding.severity()));
    let others = [FindingCode::AppIdUriResolved, FindingCode::PolicyNotRead];
    told.filter(|(code, _)| !others.contains(code)).collect()
}

#[tokio::test]
async fn what_adopting_takes_away_from_an_app_is_a_warning() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = open_to_others(&tenant);
    let job = connection(adopting(server, client), &tenant, &site);
    let plan = job.plan(|_| ()).await.unwrap();
    assert_eq!(
        told(&plan),
        [
            (FindingCode::AudienceNarrowed, Severity::Warning),
            (FindingCode::TokenVersionLowered, Severity::Warning),
            (FindingCode::AudienceNarrowed, Severity::Warning),
        ]
    );
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(application(&tenant, server)["signInAudience"], "AzureADMyOrg");
    assert_eq!(application(&tenant, server)["api"]["requestedAccessTokenVersion"], 1);
    assert_eq!(told(&job.plan(|_| ()).await.unwrap()), []);
}

#[tokio::test]
async fn what_adopting_takes_away_can_be_left_and_is_told_as_it_is() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, client) = open_to_others(&tenant);
    let keeping = ConnectionSpec::builder("Contoso CMG")
        .server_app(
            AdoptedServerApp::builder(server)
                .keep_sign_in_audience(true)
                .keep_token_version(true),
        )
        .client_app(AdoptedClientApp::new(client).keep_sign_in_audience(true))
        .build()
        .unwrap();
    // The wish survives being written and read.
    let written = serde_json::to_string(&keeping).unwrap();
    let keeping: ConnectionSpec = serde_json::from_str(&written).unwrap();
    let job = connection(keeping, &tenant, &site);
    job.onboard(|_| ()).await.unwrap();
    assert_eq!(application(&tenant, server)["signInAudience"], "AzureADMultipleOrgs");
    assert_eq!(application(&tenant, server)["api"]["requestedAccessTokenVersion"], 2);
    assert_eq!(application(&tenant, client)["signInAudience"], "AzureADMultipleOrgs");
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    assert_eq!(
        told(&plan),
        [
            (FindingCode::TokenVersion, Severity::Warning),
            (FindingCode::SignInAudience, Severity::Note),
            (FindingCode::SignInAudience, Severity::Note),
        ]
    );
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
async fn an_adopted_app_keeps_what_was_added_before_a_hidden_policy_refused_its_secret_and_the_error_says_so() {
    let policy = json!({"applicationRestrictions": {"passwordCredentials": [{
        "restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": null,
    }]}});
    let tenant = EmulatedTenant::builder().app_management_policy(policy).build();
    let (server, client) = by_hand(&tenant);
    let job = connection(adopting(server, client), &tenant, &EmulatedSite::new());
    let plan = job.plan(|_| ()).await.unwrap();
    let planned = plan.step(Step::RegisterServerApp).unwrap().clone();
    assert_eq!(planned.action, PlannedAction::Update);
    let OnboardingError::Apply(error) = plan.apply(|_| ()).await.unwrap_err() else {
        panic!("the policy forbids secrets, and nothing has shown it")
    };
    let keeps: Vec<_> = error
        .findings()
        .iter()
        .filter(|finding| finding.code() == FindingCode::AdoptedAppKeeps && finding.parameters()["app"] == "server")
        .collect();
    let [keeps] = keeps.as_slice() else {
        panic!("{:?}", error.findings())
    };
    support::assert_documented(keeps);
    let properties: Vec<&str> = planned.properties().iter().map(|change| change.property.as_str()).collect();
    assert_eq!(keeps.parameters()["properties"], json!(properties));
    assert_eq!(keeps.parameters()["clientId"], json!(server));
    let scopes = &application(&tenant, server)["api"]["oauth2PermissionScopes"];
    assert_eq!(scopes.as_array().unwrap().len(), 1, "it is true");
}

#[tokio::test]
async fn an_app_that_is_not_there_cannot_be_adopted() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, _) = by_hand(&tenant);
    let absent = ApplicationId::new(uuid::uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"));
    for (server, client) in [(server, absent), (absent, server)] {
        let OnboardingError::Blocked(blocked) = connection(adopting(server, client), &tenant, &site).plan(|_| ()).await.unwrap_err() else {
            panic!("one of the apps is not there");
        };
        assert!(blocked.blockers().any(|finding| finding.code() == FindingCode::AppNotFound));
    }
}

#[tokio::test]
async fn a_removal_of_the_client_app_alone_takes_no_secret_of_an_adopted_server_app() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let (server, _) = by_hand(&tenant);
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(server))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap();
    let only = |app| {
        let builder = AzureServicesConnection::builder(spec.clone()).directory(tenant.directory());
        builder.site(site.clone()).only(app).build().unwrap()
    };
    let secret = only(AppRole::Server).onboard(|_| ()).await.unwrap().secret.unwrap();
    only(AppRole::Client).onboard(|_| ()).await.unwrap();
    let plan = only(AppRole::Client).plan_removal(|_| ()).await.unwrap();
    assert!(
        plan.changes().iter().all(|change| change.step == Step::RemoveClientApp),
        "the plan is for the client app alone: {plan}"
    );
    let told = [FindingCode::SecretsHandedOver, FindingCode::AdoptedAppStays];
    assert!(plan.findings().iter().all(|finding| !told.contains(&finding.code())), "{plan}");
    plan.apply(|_| ()).await.unwrap();
    assert!(tenant.secret_is_live(server, secret.value.expose()));
}
