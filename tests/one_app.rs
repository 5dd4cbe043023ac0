//! One app at a time: the server app by one administrator today, the client app by another tomorrow, the import by a third.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, OnboardingError, ReusedApp,
    connection::{AppRole, AzureServicesConnectionBuilder, Finding, FindingCode, IncompleteConnection, Severity, Step},
    permissions::DirectoryRole,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use serde_json::json;
use support::{directory, spec, spec_with_discovery};

/// A connection for one app, by a caller of its own.
async fn by(caller: &Caller, tenant: &EmulatedTenant, spec: ConnectionSpec) -> (AzureServicesConnectionBuilder, EmulatorServer) {
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let directory = directory(&server, tenant, caller);
    (AzureServicesConnection::builder(spec).directory(directory), server)
}

/// One who may consent to delegated permissions and not to Microsoft Graph's application permissions.
fn application_administrator() -> Caller {
    Caller::user("app-admin@contoso.com")
        .with_scopes([
            "Application.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "Organization.Read.All",
        ])
        .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()])
}

fn steps_of(plan: &cmg_onboarding::Plan) -> Vec<Step> {
    plan.changes().iter().map(|change| change.step).collect()
}

#[tokio::test]
async fn three_administrators_make_one_connection_and_the_plan_of_the_whole_is_empty() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());

    let (builder, _server) = by(&Caller::global_administrator(), &tenant, spec_with_discovery()).await;
    let plan = builder.only(AppRole::Server).build().unwrap().plan(|_| ()).await.unwrap();
    assert!(steps_of(&plan).iter().all(|step| step.app() == Some(AppRole::Server)), "{plan}");
    let shown = plan.to_string();
    assert!(shown.contains("Web app:           create \"ConfigMgr Server\""), "{shown}");
    assert!(
        shown.contains("Native Client app: by a plan of its own, \"ConfigMgr Client\""),
        "{shown}"
    );
    let today = plan.apply(|_| ()).await.unwrap();
    let server_app = today.imported_server_app().unwrap();
    assert!(today.client_app.is_none() && today.client_settings().is_none());

    let (builder, _server) = by(&application_administrator(), &tenant, spec_with_discovery()).await;
    let plan = builder.only(AppRole::Client).build().unwrap().plan(|_| ()).await.unwrap();
    assert!(steps_of(&plan).iter().all(|step| step.app() == Some(AppRole::Client)), "{plan}");
    let tomorrow = plan.apply(|_| ()).await.unwrap();
    assert!(tomorrow.secret.is_none());

    let import = ConnectionSpec::builder(spec().name())
        .server_app(server_app)
        .client_app(tomorrow.imported_client_app().unwrap())
        .discovery(cmg_onboarding::DiscoverySpec::builder().users())
        .build()
        .unwrap();
    let third = AzureServicesConnection::builder(import).site(site.clone()).build().unwrap();
    third.onboard(|_| ()).await.unwrap();

    let whole = support::connection(spec_with_discovery(), &tenant, &site);
    let plan = whole.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let secret = today.secret.unwrap();
    assert!(tenant.secret_is_live(today.server_app.unwrap().application_id, secret.value.expose()));
}

#[tokio::test]
async fn the_client_app_waits_for_the_server_app() {
    let tenant = EmulatedTenant::new();
    let before = tenant.state();
    let client = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .only(AppRole::Client)
        .build()
        .unwrap();
    let OnboardingError::Blocked(blocked) = client.onboard(|_| ()).await.unwrap_err() else {
        panic!("there is no server app yet");
    };
    assert!(blocked.blockers().any(|finding| finding.code() == FindingCode::AppNotFound));
    assert_eq!(tenant.state(), before);
}

#[tokio::test]
async fn a_plan_for_one_app_leaves_the_site_and_the_other_app_alone_and_removes_only_its_own() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let only = |app| {
        AzureServicesConnection::builder(spec())
            .directory(tenant.directory())
            .site(site.clone())
            .only(app)
            .build()
            .unwrap()
    };
    only(AppRole::Server).onboard(|_| ()).await.unwrap();
    let with_server = tenant.state();
    let untouched = site.state();
    only(AppRole::Client).onboard(|_| ()).await.unwrap();
    only(AppRole::Client).remove(|_| ()).await.unwrap();
    assert_eq!((tenant.state(), site.state()), (with_server, untouched));
}

#[tokio::test]
async fn an_app_that_is_imported_cannot_be_registered_by_itself() {
    let imported = cmg_onboarding::ImportedClientApp::builder()
        .name("Client")
        .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
    let spec = spec().to_builder().client_app(imported).build().unwrap();
    let builder = AzureServicesConnection::builder(spec).directory(EmulatedTenant::new().directory());
    assert_eq!(
        builder.only(AppRole::Client).build().unwrap_err(),
        IncompleteConnection::NothingToDo
    );
}

#[tokio::test]
async fn a_plan_for_the_client_app_is_blocked_if_the_server_app_lacks_what_its_consent_depends_on() {
    let scope = json!({
        "id": "11111111-1111-4111-8111-111111111111", "value": "user_impersonation", "isEnabled": true, "type": "User",
        "adminConsentDisplayName": "Use it", "adminConsentDescription": "Use it.",
    });
    for (scopes, expected) in [
        (vec![scope], vec![FindingCode::ServicePrincipalMissing]),
        (vec![], vec![FindingCode::ScopeMissing, FindingCode::ServicePrincipalMissing]),
    ] {
        let tenant = EmulatedTenant::new();
        let server = tenant.add_application(json!({"displayName": "Theirs", "api": {"oauth2PermissionScopes": scopes}}));
        let spec = spec().to_builder().server_app(ReusedApp::new(server.into())).build().unwrap();
        let job = AzureServicesConnection::builder(spec)
            .directory(tenant.directory())
            .only(AppRole::Client);
        let OnboardingError::Blocked(blocked) = job.build().unwrap().onboard(|_| ()).await.unwrap_err() else {
            panic!("its consent cannot be given")
        };
        let blockers = blocked.findings().iter().filter(|finding| finding.severity() == Severity::Blocker);
        assert_eq!(blockers.map(Finding::code).collect::<Vec<_>>(), expected);
        assert!(
            tenant.requests().iter().all(|request| request.method == "GET"),
            "nothing is written"
        );
    }
}
