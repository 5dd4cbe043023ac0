//! Which connection a view is of, and which apps it uses, as far as the site tells.

use crate::{
    cloud::CloudEnvironment,
    connection::read::snapshot::uses_server,
    directory::ApplicationKey,
    ids::{ApplicationId, TenantId},
    site::{SiteApplication, SiteConnection, SiteSnapshot, SiteTenant},
    spec::{ConnectionSpec, DiscoverySpec, ReusedApp},
};

/// One connection of a site with the rows that belong to it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Subject<'a> {
    pub(super) connection: Option<&'a SiteConnection>,
    pub(super) server: Option<&'a SiteApplication>,
    pub(super) client: Option<&'a SiteApplication>,
    pub(super) tenant: Option<&'a SiteTenant>,
    /// Whether rows that belong to it may not have been read, so that what was not found is unknown.
    pub(super) server_unread: bool,
    pub(super) client_unread: bool,
}

/// Every connection that is or may be of the type Cloud Management.
pub(super) fn all(site: &SiteSnapshot) -> Vec<Subject<'_>> {
    let listed = site.connections.iter();
    let listed = listed.filter(|connection| site.is_cloud_management(connection) != Some(false));
    listed.map(|connection| Subject::of(site, connection)).collect()
}

impl<'a> Subject<'a> {
    fn of(site: &'a SiteSnapshot, connection: &'a SiteConnection) -> Self {
        let row_of = |id| site.applications.iter().find(move |row| row.id == id);
        let server = connection.web_applications.iter().copied().find_map(row_of);
        let tenant = server.and_then(|row| site.tenant_of(row));
        let client = server.and_then(|server| client_of(site, server));
        Self {
            connection: Some(connection),
            server,
            client: client.flatten(),
            tenant,
            server_unread: server.is_none(),
            client_unread: client.is_none(),
        }
    }

    /// The connection of a specification: the one of its name among those that use its server app, else another one that
    /// does; if the server app is not known, the one of its name.
    pub(super) fn of_spec(
        site: &'a SiteSnapshot,
        spec: &ConnectionSpec,
        server: Option<ApplicationId>,
        client: Option<ApplicationId>,
        tenant: Option<TenantId>,
    ) -> Self {
        let named = |connection: &&SiteConnection| connection.name == spec.name();
        let is_listed = |connection: &&SiteConnection| site.is_cloud_management(connection) != Some(false);
        let using = || {
            let uses = move |connection: &&SiteConnection| server.is_some_and(|server| uses_server(site, connection, server));
            site.connections.iter().filter(is_listed).filter(uses)
        };
        // Which apps one uses that could not be read, nothing tells.
        let may_be = |connection: &&SiteConnection| server.is_none() || !connection.is_read();
        let by_name = || site.connections.iter().filter(is_listed).filter(named).find(may_be);
        let found = using().find(named).or_else(|| using().next()).or_else(by_name);
        let mut subject = found.map(|connection| Self::of(site, connection)).unwrap_or_default();
        if let Some(row) = server.and_then(|id| site.application(id)) {
            subject.server = Some(row);
        }
        if let Some(row) = client.and_then(|id| site.application(id)) {
            subject.client = Some(row);
        } else if client.is_some() {
            subject.client = None;
        }
        let of_app = subject.server.and_then(|row| site.tenant_of(row));
        subject.tenant = of_app.or_else(|| site.tenant(tenant?));
        subject.server_unread = subject.server.is_none() && (server.is_none() && found.is_some() || site.has_unread_application());
        subject.client_unread = subject.client.is_none() && (client.is_none() && found.is_some() || site.has_unread_application());
        subject
    }

    /// What is looked up in the directory.
    pub(super) fn wanted(&self) -> (Option<ApplicationKey>, Option<ApplicationKey>) {
        let key = |row: Option<&SiteApplication>| row.map(|row| ApplicationKey::ApplicationId(row.client_id));
        (key(self.server), key(self.client))
    }
}

/// The native app that belongs to a server app. `None` if that cannot be told, `Some(None)` if there is none.
fn client_of<'a>(site: &'a SiteSnapshot, server: &SiteApplication) -> Option<Option<&'a SiteApplication>> {
    match site.client_apps_of(server)?.as_slice() {
        [] => Some(None),
        [only] => Some(Some(*only)),
        _ => None,
    }
}

/// The specification that reuses what is there, by which the checks go; `None` if an app is not known, or if a specification
/// cannot have these values.
pub(super) fn as_it_is(
    name: &str,
    environment: CloudEnvironment,
    server: Option<ApplicationId>,
    client: Option<ApplicationId>,
    discovers: bool,
) -> Option<ConnectionSpec> {
    let builder = ConnectionSpec::builder(name)
        .environment(environment)
        .server_app(ReusedApp::new(server?))
        .client_app(ReusedApp::new(client?));
    let builder = match discovers {
        true => builder.discovery(DiscoverySpec::builder().users()),
        false => builder,
    };
    builder.build().ok()
}
