//! The Summary page: what an administrator approves, in words.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::{fmt::Display, sync::Arc};

use cmg_onboarding::{
    AdoptedClientApp, AdoptedServerApp, ApplicationId, AzureServicesConnection, ClientAppSpec, ClientSecret, ConnectionSpec, DiscoverySpec,
    ImportedClientApp, ImportedServerApp, ReusedApp, ServerAppSpec, clock::FixedClock, connection::AppRole, spec::Schedule,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::json;
use time::macros::datetime;

const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
const CLIENT: &str = "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02";
const CANARY: &str = "canary-7Q~secret";

/// The ids that are the same in every tenant stay; the others are numbered in their order.
fn numbered(text: impl Display) -> String {
    const KEPT: [&str; 4] = [
        SERVER,
        CLIENT,
        "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
        "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    ];
    let text = text.to_string();
    let mut seen: Vec<String> = Vec::new();
    let is_of_guid = |character: char| character.is_ascii_hexdigit() || character == '-';
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(is_of_guid) {
        let length = rest[start..].find(|character| !is_of_guid(character)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        shown.push_str(&rest[..start]);
        if word.len() == 36 && !KEPT.contains(&word) {
            let index = seen.iter().position(|id| id == word).unwrap_or_else(|| {
                seen.push(word.to_owned());
                seen.len() - 1
            });
            shown.push_str(&format!("{{id {}}}", index + 1));
        } else {
            shown.push_str(word);
        }
        rest = &rest[start + length..];
    }
    shown + rest
}

fn discovery() -> DiscoverySpec {
    let weekly = Schedule::every_days(7)
        .starting(datetime!(2026-03-15 02:30))
        .in_utc()
        .build()
        .unwrap();
    let builder = DiscoverySpec::builder().user_schedule(weekly).user_delta_minutes(5);
    builder.groups(["CMG users", "CMG admins"]).build().unwrap()
}

fn importing(tenant: &EmulatedTenant) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .description("Gateway of the hierarchy")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id(tenant.tenant_id().to_string())
                .name("ConfigMgr Server")
                .client_id(SERVER)
                .secret_key(ClientSecret::new(CANARY))
                .secret_key_expiry(datetime!(2027-11-23 00:00 UTC))
                .app_id_uri(format!("api://{}/ConfigMgrService", tenant.tenant_id())),
        )
        .client_app(ImportedClientApp::builder().name("ConfigMgr Client").client_id(CLIENT))
        .discovery(discovery())
        .build()
        .unwrap()
}

fn job(spec: ConnectionSpec, tenant: &EmulatedTenant, site: Option<&EmulatedSite>) -> AzureServicesConnection {
    let mut builder = AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .clock(Arc::new(FixedClock(datetime!(2026-11-24 12:00 UTC))));
    if let Some(site) = site {
        builder = builder.site(site.clone());
    }
    builder.build().unwrap()
}

fn creating() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .description("Gateway of the hierarchy")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(discovery())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_plan_that_imports_shows_every_value_that_the_site_gets_but_the_secret() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = AzureServicesConnection::builder(importing(&tenant)).site(site).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    let text = plan.to_string();
    for value in [
        "Contoso CMG",
        "Gateway of the hierarchy",
        "contoso.onmicrosoft.com",
        &tenant.tenant_id().to_string(),
        "ConfigMgr Server",
        "ConfigMgr Client",
        SERVER,
        CLIENT,
        "/ConfigMgrService",
        "2027-11-23",
        "every 7 days from 02:30 UTC",
        "every 5 minutes",
        "CMG users, CMG admins",
    ] {
        assert!(text.contains(value), "{value} is not shown: {text}");
    }
    assert!(!text.contains(CANARY) && !serde_json::to_string(&plan).unwrap().contains(CANARY));
    insta::assert_snapshot!("import", numbered(&plan));
}

#[tokio::test]
async fn a_plan_that_creates_shows_what_is_registered_consented_to_and_imported() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let plan = job(creating(), &tenant, Some(&site)).plan(|_| ()).await.unwrap();
    insta::assert_snapshot!("create", numbered(&plan));
}

#[tokio::test]
async fn a_plan_that_reuses_names_the_apps_as_the_site_knows_them() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = job(creating(), &tenant, Some(&site)).onboard(|_| ()).await.unwrap();
    site.change(|rows| rows.connections.clear());
    let id = |app: &Option<cmg_onboarding::connection::AppOutcome>| app.as_ref().unwrap().application_id;
    let spec = ConnectionSpec::builder("Another name")
        .server_app(ReusedApp::new(id(&outcome.server_app)))
        .client_app(ReusedApp::new(id(&outcome.client_app)))
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(spec).site(site).build().unwrap();
    insta::assert_snapshot!("reuse", numbered(job.plan(|_| ()).await.unwrap()));
}

#[tokio::test]
async fn a_plan_that_adopts_shows_each_change_with_its_old_and_its_new_value() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server: ApplicationId = tenant
        .add_application(json!({
            "displayName": "Made by hand",
            "signInAudience": "AzureADMultipleOrgs",
            "identifierUris": ["https://contoso.com/byhand"],
            "web": {"redirectUris": ["https://contoso.com/callback"]},
            "api": {"requestedAccessTokenVersion": 2},
            "requiredResourceAccess": [{"resourceAppId": "00000003-0000-0000-c000-000000000000",
                "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]}],
        }))
        .into();
    let client: ApplicationId = tenant
        .add_application(json!({"displayName": "Client\u{1b}[2J by hand", "signInAudience": "AzureADMyOrg"}))
        .into();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(server))
        .client_app(AdoptedClientApp::new(client))
        .discovery(discovery())
        .build()
        .unwrap();
    let plan = job(spec, &tenant, Some(&site)).plan(|_| ()).await.unwrap();
    assert!(!plan.to_string().contains('\u{1b}'));
    insta::assert_snapshot!("adopt", numbered(&plan));
}

#[tokio::test]
async fn a_change_of_discovery_is_told_in_words_with_its_old_and_its_new_value() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    job(creating(), &tenant, Some(&site)).onboard(|_| ()).await.unwrap();
    let monthly = Schedule::monthly_by_date(cmg_onboarding::spec::DayOfMonth::Last, 1);
    let monthly = monthly.starting(datetime!(2027-01-31 01:00)).build().unwrap();
    let spec = creating()
        .to_builder()
        .discovery(DiscoverySpec::builder().user_schedule(monthly).user_delta_minutes(10))
        .build()
        .unwrap();
    let text = job(spec, &tenant, Some(&site)).plan(|_| ()).await.unwrap().to_string();
    for line in [
        "Full user discovery: every 7 days from 02:30 UTC, first on 2026-03-15 -> \
         on the last day of every month at 01:00 in the site's local time, not before 2027-01-31",
        "Delta user discovery: every 5 minutes -> every 10 minutes",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert!(!text.contains("User discovery"), "what stays is not told as if it were new: {text}");
}

#[tokio::test]
async fn a_plan_without_a_site_and_one_for_a_single_app_say_so() {
    let tenant = EmulatedTenant::new();
    let plan = job(creating(), &tenant, None).plan(|_| ()).await.unwrap();
    assert!(plan.to_string().contains("no connection is set up"), "{plan}");
    let one = AzureServicesConnection::builder(creating())
        .directory(tenant.directory())
        .only(AppRole::Server)
        .build()
        .unwrap();
    let plan = one.plan(|_| ()).await.unwrap();
    assert!(plan.to_string().contains("this plan is for the server app only"), "{plan}");
}

#[tokio::test]
async fn another_expiry_of_an_imported_secret_is_another_plan() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = AzureServicesConnection::builder(importing(&tenant)).site(site).build().unwrap();
    let mut written = serde_json::to_value(job.plan(|_| ()).await.unwrap().document()).unwrap();
    let changes = written["changes"].as_array_mut().unwrap();
    let import = changes.iter_mut().find(|change| change["step"] == "importServerApp").unwrap();
    assert_eq!(import["operation"]["secretKeyExpiry"], "2027-11-23T00:00:00Z");
    import["operation"]["secretKeyExpiry"] = json!("2028-11-23T00:00:00Z");
    let approved = serde_json::from_value(written).unwrap();
    assert!(job.plan_from(&approved, |_| ()).await.is_err());
}
