//! Update Application Settings: what the console's button of this name writes to app registrations, this crate's own and
//! those of other people.
//!
//! Source: *Configure Azure services*; the redirect URI came with version 2309 (*What's new in version 2309*). The client
//! app has no such button: of it, the two settings are written that *Manually register Microsoft Entra apps for the CMG*
//! asks for.

use crate::{
    connection::{
        check::{
            apps,
            directory::check_token,
            registrations::unread,
            rights::{check_ownership, check_permissions, check_roles},
            rows::check_reply_url,
            rules::{Consents, Rules},
            site::unread_row,
            verify::{client_app, server_app},
        },
        plan::{
            change::{Change, needed_uses},
            consents::{DIRECTORY_READ_ALL, directory_read},
            difference::lacking,
            operation::{Operation, PlannedAction},
            registration::{SERVER_REDIRECT, broker_redirect, read_directory_data},
            target::Target,
        },
        read::snapshot::{RegisteredApp, Snapshot, TenantSnapshot, uses_server},
        report::{
            finding::{Finding, FindingCode, Severity},
            step::{AppRole, Step},
        },
    },
    directory::{ApplicationProperties, PublicClientApplication, WebApplication},
    site::{SiteConnection, SiteSnapshot},
};

/// What the settings of both apps lack, as changes, and what else was found. Nothing is written to the site.
pub(crate) fn settings_changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> (Vec<Change>, Vec<Finding>) {
    let (mut changes, mut findings) = (Vec::new(), Vec::new());
    let Some(directory) = &snapshot.directory else {
        return (changes, findings);
    };
    check_token(rules, directory, &mut findings);
    if let Some(wrong) = other_tenant(rules, snapshot, directory) {
        findings.push(wrong);
        return (changes, findings);
    }
    if rules.only != Some(AppRole::Client) {
        match &directory.server {
            Some(app) => {
                server(rules, snapshot, target, (app, directory), (&mut changes, &mut findings));
                check_site(snapshot, target, &mut findings);
            }
            None => findings.push(apps::not_found(apps::SERVER, target.server.app.application_id, directory.tenant.id)),
        }
    }
    if rules.only != Some(AppRole::Server) {
        match &directory.client {
            Some(app) => client(app, &mut changes, &mut findings),
            None => findings.push(apps::not_found(apps::CLIENT, target.client.app.application_id, directory.tenant.id)),
        }
    }
    let needed = needed_uses(&changes);
    check_permissions(directory, &needed, &mut findings);
    check_ownership(directory, &changes, &mut findings);
    check_roles(&needed, directory, &mut findings);
    changes.sort_by_key(|change| change.step);
    (changes, findings)
}

/// An id may be registered in the tenant that is signed in to, and belong to another one in the site.
fn other_tenant(rules: &Rules<'_>, snapshot: &Snapshot, directory: &TenantSnapshot) -> Option<Finding> {
    let ids = [rules.spec.server_app().client_id(), rules.spec.client_app().client_id()];
    let tenants = ids.into_iter().flatten().filter_map(|id| snapshot.tenant_of_row(id));
    let other = tenants.into_iter().find(|tenant| *tenant != directory.tenant.id)?;
    Some(apps::wrong_tenant(other, directory.tenant.id, Some(&directory.tenant.display_name)))
}

fn server(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    target: &Target,
    (app, directory): (&RegisteredApp, &TenantSnapshot),
    (changes, findings): (&mut Vec<Change>, &mut Vec<Finding>),
) {
    let is_discovered = target.discovers || discovers_in_site(snapshot, app, findings);
    let shape = ApplicationProperties {
        is_device_only_auth_supported: Some(true),
        web: Some(WebApplication {
            redirect_uris: Some(vec![SERVER_REDIRECT.to_owned()]),
            ..WebApplication::default()
        }),
        required_resource_access: is_discovered.then(read_directory_data),
        ..ApplicationProperties::default()
    };
    changes.push(update(Step::RegisterServerApp, app, &shape));
    let mut told = Vec::new();
    server_app::check_shape(app, &mut told);
    if is_discovered {
        consent(rules, snapshot, (app, directory), changes, &mut told);
    }
    tell(told, findings);
}

/// The consent to *Read directory data*.
fn consent(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    (app, directory): (&RegisteredApp, &TenantSnapshot),
    changes: &mut Vec<Change>,
    findings: &mut Vec<Finding>,
) {
    if directory.roles_unread && app.service_principal.is_some() {
        findings.push(unread(apps::SERVER, DIRECTORY_READ_ALL));
        return;
    }
    match directory_read(snapshot, directory) {
        Some(change) if change.action != PlannedAction::Keep && rules.consents == Consents::LeaveToAdministrator => {
            let open = Finding::warning(FindingCode::ConsentLeftOpen).with("app", apps::SERVER);
            findings.push(open.with("permissions", [DIRECTORY_READ_ALL]));
        }
        Some(change) => changes.push(change),
        None => server_app::check_discovery(app, &directory.server_roles, findings),
    }
}

/// Whether the server app has to read the directory for a connection of the site that uses it.
fn discovers_in_site(snapshot: &Snapshot, app: &RegisteredApp, findings: &mut Vec<Finding>) -> bool {
    let Some(site) = &snapshot.site else {
        findings.push(Finding::note(FindingCode::DiscoveryStateUnknown));
        return false;
    };
    let id = app.application.app_id;
    let connections: Vec<&SiteConnection> = site.connections.iter().filter(|held| uses_server(site, held, id)).collect();
    let is_on = |held: &&SiteConnection| held.user_discovery.is_some() || held.group_discovery.is_some();
    if connections.iter().any(is_on) {
        return true;
    }
    let told = connections.iter().filter(|held| held.is_discovery_unread);
    findings.extend(told.map(|held| Finding::warning(FindingCode::DiscoveryUnread).with("connection", &held.name)));
    findings.extend(unread_users(site));
    false
}

/// The connections of which nothing tells whether they use the app.
fn unread_users(site: &SiteSnapshot) -> impl Iterator<Item = Finding> {
    let unread = site.unread_connections();
    unread.map(|held| Finding::warning(FindingCode::ConnectionUnread).with("connection", &held.name))
}

fn client(app: &RegisteredApp, changes: &mut Vec<Change>, findings: &mut Vec<Finding>) {
    let wanted = broker_redirect(app.application.app_id);
    let platform = app.application.properties.public_client.as_ref();
    let mut held = platform.iter().flat_map(|platform| platform.redirect_uris.iter().flatten());
    // One that differs in case alone is the same, as for the checks.
    let has_redirect = held.any(|uri| uri.eq_ignore_ascii_case(&wanted));
    let shape = ApplicationProperties {
        is_fallback_public_client: Some(true),
        public_client: (!has_redirect).then(|| PublicClientApplication {
            redirect_uris: Some(vec![wanted]),
        }),
        ..ApplicationProperties::default()
    };
    changes.push(update(Step::CompleteClientApp, app, &shape));
    let mut told = Vec::new();
    // Consents of the client app are the business of an onboarding.
    client_app::check(app, None, &[], &mut told);
    tell(told, findings);
}

fn update(step: Step, app: &RegisteredApp, shape: &ApplicationProperties) -> Change {
    let application = &app.application;
    let name = application.properties.display_name.clone().unwrap_or_default();
    let (adds, properties) = lacking(&application.properties, shape);
    if properties.is_empty() {
        return Change::keep(step, Some(&name), Some(application.app_id));
    }
    let operation = Operation::UpdateApp {
        name,
        application_id: application.app_id,
        adds: Box::new(adds),
        properties,
    };
    Change::new(step, operation)
}

/// Tells what the plan does not mend. Nothing of it is in the way of the settings.
fn tell(told: Vec<Finding>, findings: &mut Vec<Finding>) {
    let stays = told.into_iter().filter(|finding| !is_mended(finding.code()));
    findings.extend(stays.map(|finding| finding.at_most(Severity::Warning)));
}

/// Whether an update of the settings mends it.
const fn is_mended(code: FindingCode) -> bool {
    use FindingCode as Code;
    matches!(
        code,
        Code::DeviceTokensOff
            | Code::ServerRedirectMissing
            | Code::ServerRedirectOnWrongPlatform
            | Code::PublicClientOff
            | Code::BrokerRedirectMissing
            | Code::BrokerRedirectOnWrongPlatform
            | Code::BrokerRedirectOfAnotherApp
    )
}

/// What the site has of the server app in a column of its own.
fn check_site(snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    let Some(site) = &snapshot.site else { return };
    findings.extend(site.unread.iter().map(unread_row));
    let row = target.server.id_in_site().and_then(|id| site.application(id));
    let mut fields = Vec::new();
    if let Some(row) = row {
        check_reply_url(&site.info, row, findings, &mut fields);
    }
    if !fields.is_empty() {
        findings.push(Finding::note(FindingCode::SiteFieldsUnread).with("fields", fields));
    }
}
