//! Finds beforehand what can go wrong on the site side.

use crate::{
    connection::{
        check::{apps, rules::Rules},
        read::snapshot::{Snapshot, uses_server},
        report::finding::{Finding, FindingCode},
    },
    ids::{ApplicationId, TenantId},
    site::{SiteConnection, SiteSnapshot, UnreadRow},
    spec::ConnectionSpec,
};

/// The build of version 2010, the first with the cmdlets that import apps.
const OLDEST_BUILD: u32 = 9040;

/// Checks the site's version and rights, and that the connection fits in.
pub(crate) fn check_site(rules: &Rules<'_>, found: &Snapshot, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    if site.info.build().is_some_and(|build| build < OLDEST_BUILD) {
        findings.push(Finding::blocker(FindingCode::SiteTooOld).with("version", &site.info.version));
    }
    if site.info.may_write == Some(false) {
        findings.push(Finding::blocker(FindingCode::SiteRightsMissing));
    }
    findings.extend(site.unread.iter().map(unread_row));
    check_imported(rules, findings);
    check_reused(rules.spec, site, findings);
    if let Some(tenant) = found.tenant_of(rules.spec) {
        check_connections(rules.spec, found, site, tenant, findings);
    }
}

/// A row that could not be read may be anything of its class.
pub(crate) fn unread_row(unread: &UnreadRow) -> Finding {
    let finding = Finding::warning(FindingCode::SiteRowUnread)
        .with("class", &unread.class)
        .with("property", &unread.property);
    match unread.row {
        Some(row) => finding.with("row", row.0),
        None => finding,
    }
}

fn check_imported(rules: &Rules<'_>, findings: &mut Vec<Finding>) {
    let Some(app) = rules.spec.server_app().imported() else {
        return;
    };
    apps::check_secret_to_import(app, rules.now, rules.thresholds, findings);
    if let Some(expected) = rules.expected_tenant.filter(|tenant| *tenant != app.tenant_id()) {
        let mismatch = Finding::blocker(FindingCode::TenantMismatch);
        findings.push(mismatch.with("imported", app.tenant_id()).with("expected", expected));
    }
}

fn check_reused(spec: &ConnectionSpec, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    let (server_app, client_app) = (spec.server_app(), spec.client_app());
    let server = server_app.client_id().filter(|_| server_app.is_reused()).map(|id| (id, false));
    let client = client_app.client_id().filter(|_| client_app.is_reused()).map(|id| (id, true));
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

fn check_connections(spec: &ConnectionSpec, found: &Snapshot, site: &SiteSnapshot, tenant: TenantId, findings: &mut Vec<Finding>) {
    let server = found.server_id(spec);
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
    for connection in site.unread_connections() {
        let unread = match connection.name == spec.name() {
            true => Finding::blocker(FindingCode::ConnectionUnread),
            false => Finding::warning(FindingCode::ConnectionUnread),
        };
        findings.push(unread.with("connection", &connection.name));
    }
    let of_tenant: Vec<_> = site.connections_of(tenant).map(|connection| connection.id).collect();
    let same_name = site.connections.iter().find(|connection| connection.name == spec.name());
    if let Some(connection) = same_name.filter(|connection| connection.is_read() && !of_tenant.contains(&connection.id)) {
        findings.push(Finding::blocker(FindingCode::ConnectionNameTaken).with("connection", &connection.name));
    }
}
