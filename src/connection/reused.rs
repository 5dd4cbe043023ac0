//! A specification of a connection that is there, for callers that do not have the one by which it was made.

use crate::{
    connection::{
        check::{apps, site::unread_row},
        report::{
            blocked::Blocked,
            error::OnboardingError,
            finding::{Finding, FindingCode},
        },
    },
    site::{SiteApplication, SiteConnection, SiteSnapshot},
    spec::{ConnectionSpec, ReusedApp},
};

/// A specification of a connection that the site has, by its name: it reuses both apps, and leaves everything as it is. Its
/// plan changes nothing until something is set: name, description or discovery.
///
/// The connection's present name is the specification's key, by which a connection that gets another name is found again.
/// The cloud is the one of the tenant's row; if the site does not tell it, `AzurePublicCloud` is taken, and the plan tells
/// that it was not read.
///
/// Which client app belongs to a server app, the site tells by `AssociatedAADApplications`. If it does not, the only client
/// app of the tenant is taken.
///
/// ```
/// use cmg_onboarding::{
///     AzureServicesConnection, Call, ClientAppSpec, ConnectionSpec, DiscoverySpec, ServerAppSpec, Site, connection::reusing,
/// };
/// # use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
/// # let spec = ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let job = AzureServicesConnection::builder(spec).directory(tenant.directory()).site(site.clone()).build()?;
/// # job.onboard(|_| ()).await?;
/// let as_it_is = reusing(&site.snapshot(Call::quiet()).await?, "Contoso CMG")?;
/// let wanted = as_it_is.to_builder().name("Fabrikam CMG").discovery(DiscoverySpec::builder().users()).build()?;
/// let job = AzureServicesConnection::builder(wanted).directory(tenant.directory()).site(site).build()?;
/// println!("{}", job.plan(|_| ()).await?); // name and discovery, each with its old and its new value
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`OnboardingError::Blocked`] if the site has no connection of this name, or does not tell which apps it uses.
/// [`OnboardingError::Spec`] if the name cannot be in a specification.
pub fn reusing(site: &SiteSnapshot, connection: &str) -> Result<ConnectionSpec, OnboardingError> {
    let others = || site.connections.iter().filter(|held| !held.is_tenant_attach());
    let Some(held) = others().find(|held| held.name == connection) else {
        let names: Vec<&str> = others().map(|held| held.name.as_str()).collect();
        let missing = Finding::blocker(FindingCode::ConnectionNotFound).with("connection", connection);
        return Err(blocked(site, missing.with("names", names)));
    };
    let server = server_of(site, held).map_err(|finding| blocked(site, finding))?;
    let clients = site.client_apps_of(server).unwrap_or_default();
    let client = only_one(clients.into_iter(), held, apps::CLIENT).map_err(|finding| blocked(site, finding))?;
    let environment = site.tenant_of(server).and_then(|tenant| tenant.environment);
    let spec = ConnectionSpec::builder(&held.name)
        .key(&held.name)
        .environment(environment.unwrap_or_default())
        .server_app(ReusedApp::new(server.client_id))
        .client_app(ReusedApp::new(client.client_id));
    Ok(spec.build()?)
}

/// The finding, with the rows that could not be read: one of them may be what is missing.
fn blocked(site: &SiteSnapshot, finding: Finding) -> OnboardingError {
    let unread = site.unread.iter().map(unread_row);
    Blocked::new(std::iter::once(finding).chain(unread).collect()).into()
}

fn server_of<'a>(site: &'a SiteSnapshot, connection: &SiteConnection) -> Result<&'a SiteApplication, Finding> {
    if !connection.is_read() {
        return Err(Finding::blocker(FindingCode::ConnectionUnread).with("connection", &connection.name));
    }
    let is_used = |app: &&SiteApplication| !app.is_client_app && connection.web_applications.contains(&app.id);
    only_one(site.applications.iter().filter(is_used), connection, apps::SERVER)
}

fn only_one<'a>(
    apps: impl Iterator<Item = &'a SiteApplication>,
    connection: &SiteConnection,
    role: &str,
) -> Result<&'a SiteApplication, Finding> {
    let apps: Vec<&SiteApplication> = apps.collect();
    if let [app] = apps.as_slice() {
        return Ok(app);
    }
    let ids: Vec<_> = apps.iter().map(|app| app.client_id).collect();
    let unclear = Finding::blocker(FindingCode::ConnectionAppUnclear);
    let unclear = unclear.with("connection", &connection.name).with("app", role);
    Err(unclear.with("clientIds", ids))
}
