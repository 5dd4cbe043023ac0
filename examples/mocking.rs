//! One side replaced in a test: an Entra tenant in eight operations and a site in two, written by hand.
//!
//! `cargo run --example mocking`; the chapter `manual::mocking` explains it.

use std::error::Error;

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, AzureServicesConnection, Call, ClientAppSpec, ClientSecret, ConnectionSpec, Directory,
    DirectoryError, ServerAppSpec, ServicePrincipalId, Site, SiteError, TenantId, async_trait,
    directory::{
        Application, ApplicationKey, ApplicationProperties, NewApplication, NewPermissionGrant, PasswordCredential, PermissionGrant,
        ServicePrincipal, Tenant,
    },
    ids::{KeyId, PermissionGrantId, well_known::MICROSOFT_GRAPH},
    site::{
        SecretHeld, SiteAction, SiteConnection, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRowId, SiteSnapshot,
    },
};
use uuid::Uuid;

/// A tenant in which nothing is registered yet.
#[derive(Debug)]
pub(crate) struct EmptyTenant;

#[async_trait]
impl Directory for EmptyTenant {
    async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
        Ok(Tenant::new(TenantId::new(Uuid::from_u128(1)), "contoso.com".to_owned(), Vec::new()))
    }
    async fn application(&self, _call: Call, _key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        Ok(None)
    }
    async fn application_with_uri(&self, _call: Call, _uri: &str) -> Result<Option<Application>, DirectoryError> {
        Ok(None)
    }
    async fn service_principal(&self, _call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        let graph = ServicePrincipal::new(ServicePrincipalId::new(Uuid::from_u128(2)), MICROSOFT_GRAPH);
        Ok(Some(graph).filter(|_| app == MICROSOFT_GRAPH))
    }
    async fn create_application(&self, _call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let id = Uuid::new_v4();
        let secrets = new.password.iter().map(|new| {
            let secret = PasswordCredential::new(KeyId::new(id), &new.display_name, Some(new.end_date_time));
            secret.with_secret(ClientSecret::new("a secret"))
        });
        let app = Application::new(ApplicationObjectId::new(id), ApplicationId::new(id), new.properties.clone());
        Ok(app.with_passwords(secrets.collect()))
    }
    async fn update_application(&self, _: Call, _: ApplicationObjectId, _: &ApplicationProperties) -> Result<(), DirectoryError> {
        Ok(())
    }
    async fn create_service_principal(&self, _call: Call, app: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        Ok(ServicePrincipal::new(ServicePrincipalId::new(app.as_uuid()), app))
    }
    async fn create_permission_grant(&self, _call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        let id = PermissionGrantId::new("grant");
        Ok(PermissionGrant::new(id, new.client_id, new.resource_id, &new.scope))
    }
}

/// A site that knows nothing yet and stores what it is given.
#[derive(Debug)]
pub(crate) struct EmptySite;

#[async_trait]
impl Site for EmptySite {
    async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
        Ok(SiteSnapshot::default())
    }
    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let items = [SiteItem::Tenant, SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection];
        let done = items.map(|item| SiteProgress::new(item, SiteAction::Created, None));
        done.iter().for_each(|item| call.progress(item.clone()));
        let connection = SiteConnection::new(SiteRowId(1), &wanted.name, None, vec![SiteRowId(2)]);
        Ok(SiteOnboarded::new(done.to_vec(), connection).holding(SecretHeld::This))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    let connection = AzureServicesConnection::builder(spec)
        .directory(EmptyTenant)
        .site(EmptySite)
        .build()?;
    let outcome = connection.onboard(|_| ()).await?;
    assert!(outcome.changed);
    if let Some(settings) = outcome.client_settings() {
        println!("{}", settings.ccmsetup_properties());
    }
    Ok(())
}
