//! Finds beforehand what can go wrong on the site side.

use crate::{
    connection::{
        check::{apps, rules::Rules},
        plan::{
            change::Change,
            operation::Operation,
            site::{held_connection, renamed_connection},
            target::Target,
        },
        read::snapshot::{Snapshot, uses_server},
        report::{
            finding::{Finding, FindingCode},
            step::Step,
        },
    },
    ids::{ApplicationId, TenantId},
    site::{SiteConnection, SiteHierarchy, SiteInfo, SiteSnapshot, UnreadRow},
    spec::ConnectionSpec,
};

/// The build of version 2010, the first with the cmdlets that import apps.
const OLDEST_BUILD: u32 = 9040;

/// Checks the site's version and rights, and that the connection fits in.
pub(crate) fn check_site(rules: &Rules<'_>, found: &Snapshot, site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    check_info(&site.info, findings);
    findings.extend(site.unread.iter().map(unread_row));
    note_unknown_facts(site, findings);
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

/// What the site says of itself.
pub(crate) fn check_info(info: &SiteInfo, findings: &mut Vec<Finding>) {
    if info.build().is_some_and(|build| build < OLDEST_BUILD) {
        findings.push(Finding::blocker(FindingCode::SiteTooOld).with("version", &info.version));
    }
    if info.may_write == Some(false) {
        findings.push(Finding::blocker(FindingCode::SiteRightsMissing));
    }
    // The secret of an app is encrypted for the site at the top, and discovery runs there.
    if let SiteHierarchy::Below { reports_to } = &info.hierarchy {
        let below = Finding::blocker(FindingCode::SiteNotAtTop);
        findings.push(below.with("siteCode", &info.site_code).with("reportsTo", reports_to));
    }
    if info.is_service_connection_point_online == Some(false) {
        findings.push(Finding::warning(FindingCode::ServiceConnectionPointOffline));
    }
}

/// Whether the site holds the secret that it is to have. A site shows no secret, and most sites take a renewed one from
/// a person only.
pub(crate) fn note_renewal(rules: &Rules<'_>, target: &Target, site: &SiteSnapshot, changes: &[Change], findings: &mut Vec<Finding>) {
    let Some(row) = target.server.id_in_site().and_then(|id| site.application(id)) else {
        return;
    };
    let held = row.secret_expiry.map(|end| end.date().to_string());
    let finding = match changes
        .iter()
        .find(|change| change.step == Step::ImportServerApp)
        .map(|change| &change.operation)
    {
        Some(Operation::RenewSecret { by_hand: true, to, .. }) => {
            Finding::warning(FindingCode::SecretNotRenewed).with("expiresOn", to.map(|day| day.to_string()))
        }
        Some(Operation::Keep { .. }) if rules.spec.server_app().imported().is_some() => {
            Finding::note(FindingCode::ImportedSecretUncompared)
        }
        _ => return,
    };
    findings.push(finding.with("clientId", row.client_id).with("heldUntil", held));
}

/// What was not read is told, and never counts as fine.
fn note_unknown_facts(site: &SiteSnapshot, findings: &mut Vec<Finding>) {
    let info = &site.info;
    let unknown = [
        (info.build().is_none(), "version"),
        (info.may_write.is_none(), "rights"),
        (info.hierarchy.is_unknown(), "hierarchy"),
        (info.is_service_connection_point_online.is_none(), "service connection point"),
        (site.gateways.is_none(), "gateways"),
    ];
    let facts: Vec<&str> = unknown
        .into_iter()
        .filter_map(|(is_unknown, fact)| is_unknown.then_some(fact))
        .collect();
    if !facts.is_empty() {
        findings.push(Finding::note(FindingCode::SiteFactsUnknown).with("facts", facts));
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
    let renamed = renamed_connection(spec, site, tenant, server).map(|connection| connection.id);
    for connection in site.connections_of(tenant) {
        let kind = site.is_cloud_management(connection);
        if connection.name == spec.name() {
            findings.extend(check_namesake(connection, is_ours(connection), kind));
        } else if !(renamed == Some(connection.id) && kind == Some(true)) {
            // Without a key nothing is renamed, and the finding says how it would be.
            let is_former = is_ours(connection) && renamed != Some(connection.id);
            findings.push(check_other(connection, is_former, kind));
        }
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
    // To a site both are one name. The connection that is renamed may get a name that differs in case alone.
    let differs_in_case = |connection: &&SiteConnection| {
        let is_like = connection.name != spec.name() && connection.name.to_lowercase() == spec.name().to_lowercase();
        is_like && renamed != Some(connection.id)
    };
    let alike = site.connections.iter().filter(differs_in_case);
    findings.extend(alike.map(|connection| Finding::blocker(FindingCode::ConnectionNameTaken).with("connection", &connection.name)));
    if let Some(held) = held_connection(spec, site, tenant, server) {
        if spec.discovery().is_some() && held.is_discovery_unread {
            findings.push(Finding::warning(FindingCode::DiscoveryUnread).with("connection", &held.name));
        }
        let used = site
            .gateways_of(held.id)
            .map(|gateway| gateway_uses(Finding::note, &gateway.name, held));
        findings.extend(used);
    }
}

/// A connection of the wanted name.
fn check_namesake(connection: &SiteConnection, is_ours: bool, is_cloud_management: Option<bool>) -> Option<Finding> {
    let code = match (is_ours, is_cloud_management) {
        (_, Some(false)) => FindingCode::ConnectionNameTaken,
        (false, _) => FindingCode::ConnectionOfAnotherServerApp,
        (true, _) => return None,
    };
    Some(Finding::blocker(code).with("connection", &connection.name))
}

/// A connection of the same tenant with another name. The product allows one of type Cloud Management for each
/// tenant, and any number of other services beside it.
fn check_other(connection: &SiteConnection, is_former: bool, is_cloud_management: Option<bool>) -> Finding {
    let finding = match is_cloud_management {
        Some(true) if is_former => Finding::blocker(FindingCode::ConnectionNamedOtherwise),
        None if is_former => Finding::warning(FindingCode::ConnectionNamedOtherwise),
        Some(true) => Finding::blocker(FindingCode::ConnectionOfAnotherServerApp),
        Some(false) => Finding::note(FindingCode::OtherAzureService).with("serviceType", connection.service_type),
        None => Finding::warning(FindingCode::ConnectionOfUnknownType).with("serviceType", connection.service_type),
    };
    finding.with("connection", &connection.name)
}

/// A gateway that uses the connection.
pub(crate) fn gateway_uses(severity: fn(FindingCode) -> Finding, gateway: &str, connection: &SiteConnection) -> Finding {
    let used = severity(FindingCode::GatewayUsesConnection);
    used.with("gateway", gateway).with("connection", &connection.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::report::finding::Severity, site::SiteRowId};

    fn codes(info: &SiteInfo) -> Vec<FindingCode> {
        let mut findings = Vec::new();
        check_info(info, &mut findings);
        findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn a_site_is_old_before_the_first_build_that_imports_apps_and_at_no_later_one() {
        for (version, expected) in [
            ("5.00.8790.1000", vec![FindingCode::SiteTooOld]),
            ("5.00.9039.1000", vec![FindingCode::SiteTooOld]),
            ("5.00.9040.1000", Vec::new()),
            ("5.00.9128.1000", Vec::new()),
            ("of another form", Vec::new()),
        ] {
            assert_eq!(codes(&SiteInfo::new("PS1", version)), expected, "{version}");
        }
    }

    #[test]
    fn a_connection_of_another_name_stands_in_the_way_only_if_it_may_be_of_the_same_service() {
        let connection = SiteConnection::new(SiteRowId(1), "Other", None, Vec::new());
        let told = |is_former, of_service| {
            let finding = check_other(&connection, is_former, of_service);
            (finding.severity(), finding.code())
        };
        for is_former in [true, false] {
            assert_eq!(told(is_former, Some(false)), (Severity::Note, FindingCode::OtherAzureService));
        }
        assert_eq!(told(true, Some(true)), (Severity::Blocker, FindingCode::ConnectionNamedOtherwise));
        assert_eq!(told(true, None), (Severity::Warning, FindingCode::ConnectionNamedOtherwise));
        assert_eq!(
            told(false, Some(true)),
            (Severity::Blocker, FindingCode::ConnectionOfAnotherServerApp)
        );
        assert_eq!(told(false, None), (Severity::Warning, FindingCode::ConnectionOfUnknownType));
    }

    #[test]
    fn a_connection_of_the_same_name_is_refused_unless_it_is_this_one() {
        let connection = SiteConnection::new(SiteRowId(1), "Contoso CMG", None, Vec::new());
        let told = |is_ours, of_service| check_namesake(&connection, is_ours, of_service).map(|finding| finding.code());
        for is_ours in [true, false] {
            assert_eq!(told(is_ours, Some(false)), Some(FindingCode::ConnectionNameTaken));
        }
        for of_service in [Some(true), None] {
            assert_eq!(told(true, of_service), None);
            assert_eq!(told(false, of_service), Some(FindingCode::ConnectionOfAnotherServerApp));
        }
    }
}
