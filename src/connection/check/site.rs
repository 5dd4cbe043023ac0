//! What can go wrong on the site side, told beforehand.

use crate::connection::{
    check::{apps, directory::Rules},
    read::snapshot::Found,
    report::finding::{Finding, FindingCode},
};
use crate::{
    ids::{ApplicationId, TenantId},
    site::{SiteConnection, SiteSnapshot},
    spec::{ClientApp, ConnectionSpec, ServerApp},
};

/// The build of version 2010, the first with the cmdlets that import apps.
const OLDEST_BUILD: u32 = 9040;

/// Checks the site's version and rights, and that the connection fits in.
pub(crate) fn check_site(rules: &Rules<'_>, found: &Found, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    if site.info.build().is_some_and(|build| build < OLDEST_BUILD) {
        findings.push(Finding::blocker(FindingCode::SiteTooOld).with("version", &site.info.version));
    }
    if site.info.may_write == Some(false) {
        findings.push(Finding::blocker(FindingCode::SiteRightsMissing));
    }
    check_imported(rules, findings);
    check_reused(rules.spec, site, findings);
    if let Some(tenant) = tenant_of(rules.spec, found) {
        check_connections(rules.spec, found, site, tenant, findings);
    }
}

/// The tenant that the connection is for.
pub(crate) fn tenant_of(spec: &ConnectionSpec, found: &Found) -> Option<TenantId> {
    if let Some(directory) = &found.directory {
        return Some(directory.tenant.id);
    }
    match spec.server_app() {
        ServerApp::Import(app) => Some(app.tenant_id()),
        ServerApp::Create(_) | ServerApp::Adopt(_) => None,
        ServerApp::Reuse(app) => {
            let site = found.site.as_ref()?;
            let row = site.application(app.client_id())?;
            site.tenant_of(row).map(|tenant| tenant.tenant_id)
        }
    }
}

/// The client id of the server app, where it is known by now.
pub(crate) fn server_id(spec: &ConnectionSpec, found: &Found) -> Option<ApplicationId> {
    let registered = || Some(found.directory.as_ref()?.server.as_ref()?.application.app_id);
    spec.server_app().client_id().or_else(registered)
}

/// Whether a connection's web app is the one with this client id.
pub(crate) fn uses_server(site: &SiteSnapshot, connection: &SiteConnection, server: ApplicationId) -> bool {
    site.application(server)
        .is_some_and(|row| connection.web_applications.contains(&row.id))
}

/// Whether tenant and site may have been seen at different times: the site has a connection of this name, and the
/// directory did not know the server app yet that another run has made meanwhile.
pub(crate) fn may_be_torn(spec: &ConnectionSpec, found: &Found) -> bool {
    let (Some(directory), Some(site)) = (&found.directory, &found.site) else {
        return false;
    };
    let is_unknown = matches!(spec.server_app(), ServerApp::Create(_)) && directory.server.is_none();
    is_unknown
        && site
            .connections_of(directory.tenant.id)
            .any(|connection| connection.name == spec.name())
}

fn check_imported(rules: &Rules<'_>, findings: &mut Vec<Finding>) {
    let ServerApp::Import(app) = rules.spec.server_app() else {
        return;
    };
    apps::check_secret_to_import(app, rules.now, findings);
    if let Some(expected) = rules.expected_tenant.filter(|tenant| *tenant != app.tenant_id()) {
        let mismatch = Finding::blocker(FindingCode::TenantMismatch);
        findings.push(mismatch.with("imported", app.tenant_id()).with("expected", expected));
    }
}

fn check_reused(spec: &ConnectionSpec, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    let server = match spec.server_app() {
        ServerApp::Reuse(app) => Some((app.client_id(), false)),
        ServerApp::Create(_) | ServerApp::Import(_) | ServerApp::Adopt(_) => None,
    };
    let client = match spec.client_app() {
        ClientApp::Reuse(app) => Some((app.client_id(), true)),
        ClientApp::Create(_) | ClientApp::Import(_) | ClientApp::Adopt(_) => None,
    };
    for (id, is_client_app) in [server, client].into_iter().flatten() {
        let fits = site.application(id).is_some_and(|row| row.is_client_app == is_client_app);
        if !fits {
            let app = if is_client_app { apps::CLIENT } else { apps::SERVER };
            findings.push(Finding::blocker(FindingCode::AppNotInSite).with("app", app).with("clientId", id));
        }
    }
    let row = |choice: Option<(ApplicationId, bool)>| site.application(choice?.0);
    if let (Some(server), Some(client)) = (row(server), row(client))
        && server.tenant != client.tenant
    {
        findings.push(Finding::blocker(FindingCode::ReusedAppsOfDifferentTenants));
    }
}

fn check_connections(spec: &ConnectionSpec, found: &Found, site: &SiteSnapshot, tenant: TenantId, findings: &mut Vec<Finding>) {
    let server = server_id(spec, found);
    let is_ours = |connection: &SiteConnection| server.is_some_and(|server| uses_server(site, connection, server));
    for connection in site.connections_of(tenant) {
        let has_name = connection.name == spec.name();
        if has_name && is_ours(connection) {
            continue;
        }
        let code = match is_ours(connection) {
            true => FindingCode::ConnectionNamedOtherwise,
            false => FindingCode::ConnectionOfAnotherServerApp,
        };
        findings.push(Finding::blocker(code).with("connection", &connection.name));
    }
    let of_tenant: Vec<_> = site.connections_of(tenant).map(|connection| connection.id).collect();
    let same_name = site.connections.iter().find(|connection| connection.name == spec.name());
    if let Some(connection) = same_name.filter(|connection| !of_tenant.contains(&connection.id)) {
        findings.push(Finding::blocker(FindingCode::ConnectionNameTaken).with("connection", &connection.name));
    }
}
