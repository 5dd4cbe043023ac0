//! Both seams replaced as every caller can do it: with `mockall`, and by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

use std::collections::BTreeSet;

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, AzureServicesConnection, Call, ClientAppSpec, ClientSecret, ConnectionSpec, Directory,
    DirectoryError, Event, Outcome, ServerAppSpec, ServicePrincipalId, Site, SiteError, Step, TenantId, async_trait,
    connection::{EventKind, StepAction},
    directory::{
        Application, ApplicationKey, ApplicationProperties, NewApplication, NewPermissionGrant, PasswordCredential, PermissionGrant,
        ServicePrincipal, Tenant,
    },
    ids::{KeyId, PermissionGrantId, well_known::MICROSOFT_GRAPH},
    site::{
        SecretHeld, ServerAppImport, SiteAction, SiteConnection, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress,
        SiteRowId, SiteSnapshot,
    },
};
use mockall::mock;
use uuid::Uuid;

#[path = "../examples/mocking.rs"]
#[allow(dead_code, reason = "the example's own main is run by the documentation test")]
mod by_hand;

mock! {
    #[derive(Debug)]
    Dir {}

    #[async_trait]
    impl Directory for Dir {
        async fn tenant(&self, call: Call) -> Result<Tenant, DirectoryError>;
        async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError>;
        async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError>;
        async fn service_principal(&self, call: Call, application: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError>;
        async fn create_application(&self, call: Call, new: &NewApplication) -> Result<Application, DirectoryError>;
        async fn update_application(
            &self,
            call: Call,
            application: ApplicationObjectId,
            change: &ApplicationProperties,
        ) -> Result<(), DirectoryError>;
        async fn create_service_principal(&self, call: Call, application: ApplicationId) -> Result<ServicePrincipal, DirectoryError>;
        async fn create_permission_grant(&self, call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError>;
    }
}

mock! {
    #[derive(Debug)]
    ConfigMgr {}

    #[async_trait]
    impl Site for ConfigMgr {
        async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError>;
        async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure>;
    }
}

/// A tenant in which nothing is registered yet. Each expectation is checked when the mock is dropped.
fn empty_tenant() -> MockDir {
    let mut directory = MockDir::new();
    let tenant = Tenant::new(TenantId::new(Uuid::from_u128(1)), "Contoso".to_owned(), Vec::new());
    directory.expect_tenant().returning(move |_| Ok(tenant.clone()));
    directory.expect_application().returning(|_, _| Ok(None));
    directory.expect_application_with_uri().returning(|_, _| Ok(None));
    directory.expect_service_principal().returning(|_, application| {
        let graph = ServicePrincipal::new(ServicePrincipalId::new(Uuid::from_u128(2)), MICROSOFT_GRAPH);
        Ok(Some(graph).filter(|_| application == MICROSOFT_GRAPH))
    });
    directory.expect_create_application().times(2).returning(|_, new| {
        let id = Uuid::new_v4();
        let secrets = new.password.iter().map(|new| {
            let secret = PasswordCredential::new(KeyId::new(id), &new.display_name, Some(new.end_date_time));
            secret.with_secret(ClientSecret::new("canary-of-the-mock"))
        });
        let app = Application::new(ApplicationObjectId::new(id), ApplicationId::new(id), new.properties.clone());
        Ok(app.with_passwords(secrets.collect()))
    });
    directory.expect_update_application().returning(|_, _, _| Ok(()));
    directory
        .expect_create_service_principal()
        .times(2)
        .returning(|_, application| Ok(ServicePrincipal::new(ServicePrincipalId::new(application.as_uuid()), application)));
    directory.expect_create_permission_grant().returning(|_, new| {
        let id = PermissionGrantId::new("grant");
        Ok(PermissionGrant::new(id, new.client_id, new.resource_id, &new.scope))
    });
    directory
}

fn spec() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap()
}

fn is_registered(outcome: &Outcome) -> bool {
    let steps = [Step::RegisterServerApp, Step::RegisterClientApp];
    steps
        .iter()
        .all(|step| outcome.report.step(*step).unwrap().action == StepAction::Created)
}

#[tokio::test]
async fn a_mockall_directory_carries_a_whole_run_without_a_site() {
    let job = AzureServicesConnection::builder(spec()).directory(empty_tenant()).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert!(is_registered(&outcome));
    assert_eq!(outcome.secret.unwrap().value.expose(), "canary-of-the-mock");
}

#[tokio::test]
async fn a_mockall_site_takes_what_a_mockall_directory_registered() {
    let mut site = MockConfigMgr::new();
    site.expect_snapshot().times(1).returning(|_| Ok(SiteSnapshot::default()));
    site.expect_onboard().times(1).returning(|call, wanted| {
        assert!(matches!(&wanted.server_app, ServerAppImport::Import { secret_key, .. } if secret_key.expose() == "canary-of-the-mock"));
        call.progress(SiteProgress::new(SiteItem::Tenant, SiteAction::Created, Some(SiteRowId(7))));
        let connection = SiteConnection::new(SiteRowId(1), &wanted.name, None, vec![SiteRowId(2)]);
        let late = [SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection];
        let late = late.map(|item| SiteProgress::new(item, SiteAction::Created, None));
        Ok(SiteOnboarded::new(late.to_vec(), connection).holding(SecretHeld::This))
    });
    let job = AzureServicesConnection::builder(spec()).directory(empty_tenant()).site(site);
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(is_registered(&outcome));
    for step in [
        Step::ImportTenant,
        Step::ImportServerApp,
        Step::ImportClientApp,
        Step::CreateConnection,
    ] {
        assert_eq!(outcome.report.step(step).unwrap().action, StepAction::Created, "{step}");
    }
}

#[tokio::test]
async fn a_mock_that_refuses_ends_the_run_with_its_own_words() {
    let mut site = MockConfigMgr::new();
    site.expect_snapshot().returning(|_| {
        let refused = cmg_onboarding::error::SiteRefused::new("read the site", "the mock is closed", "Open the mock.");
        Err(refused.into())
    });
    let job = AzureServicesConnection::builder(spec()).site(site).directory(by_hand::EmptyTenant);
    let error = job.build().unwrap().onboard(|_| ()).await.unwrap_err();
    assert!(chain(&error).contains("the mock is closed"), "{}", chain(&error));
}

#[tokio::test]
async fn a_mock_written_by_hand_carries_a_whole_run_with_and_without_a_site() {
    let job = AzureServicesConnection::builder(spec())
        .directory(by_hand::EmptyTenant)
        .build()
        .unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert!(is_registered(&outcome));
    assert!(outcome.secret.is_some());

    let heard = std::sync::Mutex::new(Vec::new());
    let job = AzureServicesConnection::builder(spec())
        .directory(by_hand::EmptyTenant)
        .site(by_hand::EmptySite);
    let listen = |event: &Event| heard.lock().unwrap().push(event.clone());
    let outcome = job.build().unwrap().onboard(listen).await.unwrap();
    assert!(is_registered(&outcome));
    let is_tenant_done = |event: &Event| {
        matches!(
            &event.kind,
            EventKind::StepDone {
                step: Step::ImportTenant,
                ..
            }
        )
    };
    assert!(heard.lock().unwrap().iter().any(is_tenant_done));
}

/// What a test of one's own costs is a promise of the chapter `manual::mocking`.
#[test]
fn a_mock_written_by_hand_takes_at_most_40_lines_and_20_types() {
    let source = include_str!("../examples/mocking.rs");
    for name in ["EmptyTenant", "EmptySite"] {
        let start = source.find(&format!("#[derive(Debug)]\npub(crate) struct {name};")).unwrap();
        let end = source[start..].find("\n}\n").unwrap() + start + 2;
        let mock = &source[start..end];
        let lines = mock.lines().count();
        assert!((10..=40).contains(&lines), "{name} has {lines} lines");
        let words = mock.split(|character: char| !character.is_alphanumeric() && character != '_');
        let is_type = |word: &&str| word.starts_with(char::is_uppercase) && !word.contains('_');
        let language = ["Debug", "None", "Ok", "Option", "Result", "Some", "Vec"];
        let types: BTreeSet<&str> = words
            .filter(is_type)
            .filter(|word| *word != name && !language.contains(word))
            .collect();
        assert!((8..=20).contains(&types.len()), "{name} names {} types: {types:?}", types.len());
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
