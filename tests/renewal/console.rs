//! Apps that the console has created, apps of which that is not known, and apps that the specification imports.

use std::sync::Arc;

use cmg_onboarding::{
    AccessToken, ApplicationId, AzureServicesConnection, ClientSecret, ConnectionSpec, ImportedServerApp, Step, TenantId, TokenError,
    async_trait,
    connection::{FindingCode, NextStepCode, Operation, PlannedAction, Severity, StepAction},
    error::TokenFailure,
    site::{SiteApplication, SiteConnection, SiteRowId, SiteTenant},
    spec::{AdoptedClientApp, AdoptedServerApp, ImportedClientApp, ReusedApp},
    token::{ProbedResource, SecretProbe},
};
use cmg_onboarding_emulator::Timeline;
use serde_json::json;
use time::macros::datetime;
use tokio::time::sleep;

use crate::{
    support::assert_documented,
    world::{DAY, HOUR, START, World, blocked, found, next},
};

const VALUE: &str = "made~by~the~console";

/// A pair of apps that the site has, with a secret that this crate has not made.
fn of_unknown_origin(world: &World) -> (ApplicationId, ApplicationId) {
    let end = START + time::Duration::days(90);
    let server: ApplicationId = world
        .tenant
        .add_application(json!({"displayName": "Made somehow", "passwordCredentials": [{
            "displayName": "somehow", "secretText": VALUE, "startDateTime": "2026-10-01T00:00:00Z",
            "endDateTime": end.format(&time::format_description::well_known::Rfc3339).unwrap(),
        }]}))
        .into();
    let client: ApplicationId = world.tenant.add_application(json!({"displayName": "Client"})).into();
    for app in [server, client] {
        world.tenant.add_service_principal(json!({"appId": app}));
    }
    let tenant = world.tenant.tenant_id();
    world.site.change(|rows| {
        let row = SiteRowId(1);
        rows.tenants
            .push(SiteTenant::new(row, tenant.into(), "contoso.onmicrosoft.com", None));
        let mut app = SiteApplication::new(SiteRowId(2), server, "Made somehow", row, false);
        (app.secret_expiry, app.source, app.created) = (Some(end), Some(2), Some(START));
        rows.applications.push(app);
        rows.applications
            .push(SiteApplication::new(SiteRowId(3), client, "Client", row, true));
        rows.connections
            .push(SiteConnection::new(SiteRowId(4), "Contoso CMG", None, vec![SiteRowId(2)]));
    });
    world.site.renew_secret_key(server, Some(ClientSecret::new(VALUE)), None).unwrap();
    (server, client)
}

fn adopting((server, client): (ApplicationId, ApplicationId)) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(server))
        .client_app(AdoptedClientApp::new(client))
        .build()
        .unwrap()
}

fn reusing((server, client): (ApplicationId, ApplicationId)) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ReusedApp::new(server))
        .client_app(ReusedApp::new(client))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_app_of_unknown_origin_is_asked_for_before_anything_is_written() {
    let world = World::new();
    let apps = of_unknown_origin(&world);
    let before = (world.tenant.state(), world.site.state());
    for spec in [adopting(apps), reusing(apps)] {
        let job = world.process(spec, &Timeline::new(), false).build().unwrap();
        let asked = blocked(job.renew_secret(|_| ()).await);
        let asked = found(asked.findings(), FindingCode::AppOriginUnknown).unwrap();
        assert_eq!((asked.severity(), &asked.parameters()["source"]), (Severity::Blocker, &json!(2)));
        assert!(asked.remedy().contains("state_created_by_console"), "{asked}");
        assert_documented(asked);
    }
    assert_eq!((world.tenant.state(), world.site.state()), before);
}

#[tokio::test(start_paused = true)]
async fn an_app_of_the_console_is_renewed_by_its_dialog_and_nothing_is_added_in_the_directory() {
    let world = World::new();
    let apps = of_unknown_origin(&world);
    let before = (world.tenant.state(), world.site.state());
    let job = world
        .process(adopting(apps), &Timeline::new(), false)
        .state_created_by_console(true);
    let job = job.build().unwrap();
    let plan = job.plan_renewal(|_| ()).await.unwrap();
    assert!(plan.is_empty() && plan.permissions().is_empty(), "{plan}");
    let change = plan.step(Step::ImportServerApp).unwrap();
    assert_eq!((change.action, plan.changes().len()), (PlannedAction::ByHand, 1));
    assert!(matches!(change.operation, Operation::RenewSecret { made_by_console: true, .. }));
    assert!(
        plan.to_string().contains("the console's dialog signs an administrator in"),
        "{plan}"
    );
    let role = found(plan.findings(), FindingCode::ConsoleRenewsSecret).unwrap();
    assert!(
        role.remedy().contains("Global Administrator") && role.remedy().contains("Privileged Role Administrator"),
        "{role}"
    );
    assert_eq!(
        found(plan.findings(), FindingCode::SecretNotRenewed),
        None,
        "there is no value to type"
    );
    plan.findings().iter().for_each(assert_documented);
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(!outcome.changed && outcome.secret.is_none());
    assert_eq!(outcome.report.step(Step::ImportServerApp).unwrap().action, StepAction::Differs);
    let task = next(&outcome, NextStepCode::RenewSecretByConsole).unwrap();
    assert_eq!(task.parameters["clientId"], apps.0.to_string());
    assert!(task.how.contains("Then plan the renewal again"), "{task}");
    assert_eq!(next(&outcome, NextStepCode::RenewSecretInSite), None);
    assert_eq!((world.tenant.state(), world.site.state()), before);

    // The check afterwards: a date that no secret of the registration has is told.
    let later = Some(datetime!(2028-01-01 00:00 UTC));
    world.site.renew_secret_key(apps.0, None, later).unwrap();
    let plan = job.plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::SiteSecretNotRegistered).is_some(), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn an_imported_app_is_renewed_with_a_secret_and_is_known_as_imported_from_then_on() {
    let world = World::new();
    let apps = of_unknown_origin(&world);
    let job = world
        .process(reusing(apps), &Timeline::new(), false)
        .state_created_by_console(false);
    let outcome = job.build().unwrap().renew_secret(|_| ()).await.unwrap();
    assert!(world.is_live(apps.0, outcome.secret.as_ref().unwrap().value.expose()) && world.is_live(apps.0, VALUE));
    world.type_in(apps.0, &outcome);
    sleep(HOUR).await;
    for spec in [adopting(apps), reusing(apps)] {
        let plan = world.process(spec, &Timeline::new(), false).build().unwrap();
        let plan = plan.plan_renewal(|_| ()).await.unwrap();
        assert!(found(plan.findings(), FindingCode::RenewedSecretUnproven).is_some(), "{plan}");
    }
    assert!(world.is_live(apps.0, VALUE));
}

#[tokio::test(start_paused = true)]
async fn a_reused_app_without_its_registration_is_not_renewed() {
    let world = World::new();
    let apps = of_unknown_origin(&world);
    let job = AzureServicesConnection::builder(reusing(apps)).site(world.site.clone());
    let job = job.state_created_by_console(false).build().unwrap();
    let none = blocked(job.renew_secret(|_| ()).await);
    assert!(
        found(none.findings(), FindingCode::RenewalWithoutRegistration).is_some(),
        "{none:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_site_that_does_not_know_the_app_is_onboarded_and_not_renewed() {
    let world = World::new();
    let none = blocked(world.job().renew_secret(|_| ()).await);
    assert!(
        found(none.findings(), FindingCode::RenewalWithoutRegistration).is_some(),
        "{none:?}"
    );
    let (app, _) = world.onboard().await;
    world.site.change(|rows| rows.applications.retain(|row| row.client_id != app));
    let none = blocked(world.job().renew_secret(|_| ()).await);
    assert!(found(none.findings(), FindingCode::AppNotInSite).is_some(), "{none:?}");
}

#[tokio::test(start_paused = true)]
async fn an_imported_specification_brings_the_secret_itself() {
    let world = World::taking();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let outcome = world.without_site(crate::world::spec(), &Timeline::new(), false).build().unwrap();
    let outcome = outcome.renew_secret(|_| ()).await.unwrap();
    let secret = outcome.secret.as_ref().unwrap();
    let server = ImportedServerApp::builder()
        .tenant_name("contoso.onmicrosoft.com")
        .tenant_id(outcome.tenant_id)
        .name("ConfigMgr Server")
        .client_id(app)
        .secret_key(secret.value.clone())
        .secret_key_expiry(secret.expires_on)
        .app_id_uri(outcome.app_id_uri.as_ref().unwrap().as_str());
    let client = outcome.client_app.as_ref().unwrap().application_id;
    let client = ImportedClientApp::builder().name("ConfigMgr Client").client_id(client);
    let spec = ConnectionSpec::builder("Contoso CMG").server_app(server).client_app(client);
    let spec = spec.build().unwrap();
    let job = world.process(spec.clone(), &Timeline::new(), false).build().unwrap();
    let plan = job.plan_renewal(|_| ()).await.unwrap();
    assert_eq!(
        found(plan.findings(), FindingCode::NewSecretNotTried),
        None,
        "it is tried out: {plan}"
    );
    let renewed = plan.apply(|_| ()).await.unwrap();
    assert!(renewed.changed && renewed.secret.is_none(), "{renewed:#?}");
    assert!(world.site.holds_secret(app, secret.value.expose()) && world.is_live(app, &old));
    let again = job.plan_renewal(|_| ()).await.unwrap();
    assert!(
        again.is_empty()
            && again
                .to_string()
                .contains("The site shows the end of the given secret; nothing will be changed."),
        "{again}"
    );
    let untried = AzureServicesConnection::builder(spec)
        .site(world.site.clone())
        .clock(Arc::new(world.clock));
    let again = untried.build().unwrap().plan_renewal(|_| ()).await.unwrap();
    assert!(again.is_empty(), "{again}");
    assert_eq!(
        found(again.findings(), FindingCode::NewSecretNotTried),
        None,
        "there is none to try: {again}"
    );
}

/// A sign-in service that does not answer.
#[derive(Debug)]
struct Unreached;

#[async_trait]
impl SecretProbe for Unreached {
    async fn probe(&self, _: TenantId, _: ApplicationId, _: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        Err(TokenError::new(TokenFailure::TimedOut, "no answer", "Check the network."))
    }
}

#[tokio::test(start_paused = true)]
async fn a_given_secret_that_the_sign_in_service_refuses_does_not_replace_one_that_works() {
    let world = World::taking();
    let (app, old) = world.onboard().await;
    sleep(DAY * 60).await;
    let outcome = world.without_site(crate::world::spec(), &Timeline::new(), false).build().unwrap();
    let outcome = outcome.plan(|_| ()).await.unwrap();
    let known = outcome.document();
    let server = ImportedServerApp::builder()
        .tenant_name("contoso.onmicrosoft.com")
        .tenant_id(known.tenant_id)
        .name("ConfigMgr Server")
        .client_id(app)
        .secret_key(ClientSecret::new("not~the~secret~of~this~app"))
        .secret_key_expiry(START + time::Duration::days(200))
        .app_id_uri(known.app_id_uri.as_ref().unwrap().as_str());
    let client = known.client_app.application_id.unwrap();
    let client = ImportedClientApp::builder().name("ConfigMgr Client").client_id(client);
    let spec = ConnectionSpec::builder("Contoso CMG").server_app(server).client_app(client);
    let spec = spec.build().unwrap();
    let job = world.process(spec.clone(), &Timeline::new(), false).build().unwrap();
    let refused = blocked(job.renew_secret(|_| ()).await);
    for (code, severity) in [
        (FindingCode::SecretRejected, Severity::Blocker),
        (FindingCode::SecretEndDiffers, Severity::Warning),
    ] {
        assert_eq!(found(refused.findings(), code).unwrap().severity(), severity, "{refused:?}");
    }
    assert!(world.site.holds_secret(app, &old), "the site keeps what works");
    // Not found out is not accepted.
    let job = world.process(spec.clone(), &Timeline::new(), false).secret_probe(Unreached).build();
    let unproven = blocked(job.unwrap().renew_secret(|_| ()).await);
    let finding = found(unproven.findings(), FindingCode::SecretUnproven).unwrap();
    assert_eq!(finding.severity(), Severity::Blocker);
    // Without a probe nothing tells, and the plan says so.
    let untried = AzureServicesConnection::builder(spec)
        .site(world.site.clone())
        .clock(Arc::new(world.clock));
    let plan = untried.build().unwrap().plan_renewal(|_| ()).await.unwrap();
    assert!(found(plan.findings(), FindingCode::NewSecretNotTried).is_some(), "{plan}");
}
