//! What can go wrong on the site side, told beforehand.

use time::Duration;

use crate::connection::{
    check::rules::Rules,
    read::snapshot::{Snapshot, uses_server},
    report::finding::{Finding, FindingCode},
};
use crate::{
    ids::{ApplicationId, TenantId},
    site::{SiteConnection, SiteSnapshot},
    spec::ConnectionSpec,
};

/// The build of version 2010, the first with the cmdlets that import apps.
const OLDEST_BUILD: u32 = 9040;

/// Checks the site's version and rights, and that the connection fits in.
pub(crate) fn check_site(rules: &Rules<'_>, found: &Snapshot, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    if site.info.build().is_some_and(|build| build < OLDEST_BUILD) {
        let message = format!(
            "The site has version {}; importing apps takes 2010 (5.00.9040) or later.",
            site.info.version
        );
        findings.push(Finding::blocker(FindingCode::SiteTooOld, message, "Update the site."));
    }
    if site.info.may_write == Some(false) {
        findings.push(Finding::blocker(
            FindingCode::SiteRightsMissing,
            "The account may not change Azure services in the site.",
            "Give it the security role Infrastructure Administrator or Full Administrator (console > Administration > Security > Administrative Users).",
        ));
    }
    check_imported(rules, findings);
    check_reused(rules.spec, site, findings);
    if let Some(tenant) = found.tenant_of(rules.spec) {
        check_connections(rules.spec, found, site, tenant, findings);
    }
}

fn check_imported(rules: &Rules<'_>, findings: &mut Vec<Finding>) {
    let Some(app) = rules.spec.server_app().imported() else {
        return;
    };
    let expiry = app.secret_key_expiry();
    if expiry <= rules.now {
        let message = format!("The secret to import expired on {}.", expiry.date());
        let remedy = "Add a new client secret to the server app (Entra admin center > App registrations > Certificates & secrets) and give its Value and expiry.";
        findings.push(Finding::blocker(FindingCode::SecretExpired, message, remedy));
    } else if expiry - rules.now < Duration::days(30) {
        let message = format!("The secret to import expires on {}.", expiry.date());
        findings.push(Finding::warning(
            FindingCode::SecretExpiresSoon,
            message,
            "Renew it in good time: the site raises no notification for imported apps.",
        ));
    }
    if rules.expected_tenant.is_some_and(|tenant| tenant != app.tenant_id()) {
        findings.push(Finding::blocker(
            FindingCode::TenantMismatch,
            format!(
                "The server app to import belongs to tenant {}, and another one was named.",
                app.tenant_id()
            ),
            "Correct the Tenant ID of the server app, or name no other tenant.",
        ));
    }
}

fn check_reused(spec: &ConnectionSpec, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    let (server_app, client_app) = (spec.server_app(), spec.client_app());
    let server = server_app.client_id().filter(|_| server_app.is_reused()).map(|id| (id, false));
    let client = client_app.client_id().filter(|_| client_app.is_reused()).map(|id| (id, true));
    for (id, is_client_app) in [server, client].into_iter().flatten() {
        let wanted = if is_client_app { "native (client)" } else { "web (server)" };
        let fits = site.application(id).is_some_and(|row| row.is_client_app == is_client_app);
        if !fits {
            findings.push(Finding::blocker(
                FindingCode::AppNotFound,
                format!("The site knows no {wanted} app with client id {id}."),
                "Import the app instead of reusing it, or see which apps the site knows (console > Cloud Services > Microsoft Entra tenants).",
            ));
        }
    }
    let row = |choice: Option<(ApplicationId, bool)>| site.application(choice?.0);
    if let (Some(server), Some(client)) = (row(server), row(client))
        && server.tenant != client.tenant
    {
        findings.push(Finding::blocker(
            FindingCode::TenantMismatch,
            "The two reused apps belong to different tenants.",
            "Choose a server app and a client app of one tenant.",
        ));
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
        let message = format!(
            "The site has the connection {:?} for this tenant already, with {}; the product allows one per tenant.",
            connection.name,
            if is_ours(connection) {
                "the same server app"
            } else {
                "another server app"
            }
        );
        let remedy = "Give the specification that connection's name and apps, or delete the connection first (console > Cloud Services > Azure Services).";
        findings.push(Finding::blocker(FindingCode::ConnectionConflict, message, remedy));
    }
    let of_tenant: Vec<_> = site.connections_of(tenant).map(|connection| connection.id).collect();
    let same_name = site.connections.iter().find(|connection| connection.name == spec.name());
    if let Some(connection) = same_name.filter(|connection| !of_tenant.contains(&connection.id)) {
        let message = format!("The site has a connection named {:?} for something else already.", connection.name);
        findings.push(Finding::blocker(FindingCode::ConnectionConflict, message, "Choose another name."));
    }
}
