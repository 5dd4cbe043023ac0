//! What a removal takes away, and what stays.

use crate::{
    connection::{
        check::{apps, directory::check_token, rights::check_permissions, rules::Rules, site::unread_row},
        plan::{
            change::{Change, needed_uses},
            operation::{Operation, Reference},
            own_secret::OwnSecret,
            target::{AppSource, Target},
        },
        read::snapshot::{RegisteredApp, Snapshot, needs_directory, uses_server},
        report::{
            finding::{Finding, FindingCode},
            step::{AppRole, Step},
        },
    },
    directory::DeletedApplication,
    ids::ApplicationId,
    site::{SiteConnection, SiteSnapshot, UnreadRow},
};

/// An app that this specification has made, as far as it is still there.
struct OwnApp<'a> {
    role: AppRole,
    found: Option<&'a RegisteredApp>,
    /// Its deleted registration, which holds its unique name.
    deleted: Option<&'a DeletedApplication>,
}

impl OwnApp<'_> {
    fn ids(&self) -> impl Iterator<Item = ApplicationId> {
        let live = self.found.map(|found| found.application.app_id);
        live.into_iter().chain(self.deleted.and_then(|deleted| deleted.app_id))
    }
}

/// The connection goes first, then both apps side by side, for good, so that their unique names are free
/// again.
pub(crate) fn removal_changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> (Vec<Change>, Vec<Finding>) {
    let (mut changes, mut findings) = (Vec::new(), Vec::new());
    let apps = own_apps(rules, snapshot, target);
    if let Some(site) = &snapshot.site {
        let connection = own_connection(rules, target, site, &apps);
        changes.extend(connection.map(|connection| remove_connection(connection, rules.no_gateway_stated)));
        let ids: Vec<ApplicationId> = if connection.is_some() && apps.is_empty() {
            let given = [target.server.app.application_id, target.client.app.application_id];
            given.into_iter().flatten().collect()
        } else {
            apps.iter().flat_map(OwnApp::ids).collect()
        };
        note_rows(site, target, &ids, &mut findings);
    }
    let adopted = snapshot.server().filter(|_| target.server.app.source == AppSource::Adopt);
    let mut ids: Vec<ApplicationId> = apps.iter().flat_map(OwnApp::ids).collect();
    ids.extend(adopted.map(|server| server.application.app_id));
    let uses = uses_that_stay(rules, snapshot, &ids, &changes);
    if uses.is_empty() {
        let is_connected = !changes.is_empty();
        changes.extend(apps.iter().map(|app| remove_app(app, is_connected)));
        changes.extend(adopted.and_then(remove_own_secrets));
    }
    findings.extend(uses);
    note_adopted(snapshot, target, &mut findings);
    if let Some(directory) = snapshot.directory.as_ref().filter(|_| needs_directory(rules.spec)) {
        if directory.deleted.is_none() {
            findings.push(Finding::note(FindingCode::DeletedAppsUnread));
        }
        check_token(rules, directory, &mut findings);
        check_permissions(directory, &needed_uses(&changes), &mut findings);
    }
    changes.sort_by_key(|change| change.step);
    (changes, findings)
}

fn own_apps<'a>(rules: &Rules<'_>, snapshot: &'a Snapshot, target: &Target) -> Vec<OwnApp<'a>> {
    let Some(there) = &snapshot.directory else {
        return Vec::new();
    };
    let twin = |name: &str| {
        there
            .deleted
            .iter()
            .flatten()
            .find(|deleted| deleted.unique_name.as_deref() == Some(name))
    };
    let server = OwnApp {
        role: AppRole::Server,
        found: there.server.as_ref(),
        deleted: twin(&target.server.unique_name),
    };
    let client = OwnApp {
        role: AppRole::Client,
        found: there.client.as_ref(),
        deleted: twin(&target.client.unique_name),
    };
    [(server, &target.server), (client, &target.client)]
        .into_iter()
        .filter(|(app, wanted)| wanted.app.source == AppSource::Create && rules.only.is_none_or(|only| only == app.role))
        .map(|(app, _)| app)
        .filter(|app| app.found.is_some() || app.deleted.is_some())
        .collect()
}

/// The connection of this name whose server app is this specification's. A deleted server app still tells
/// which it is.
fn own_connection<'a>(rules: &Rules<'_>, target: &Target, site: &'a SiteSnapshot, apps: &[OwnApp<'_>]) -> Option<&'a SiteConnection> {
    let own = apps.iter().find(|app| app.role == AppRole::Server);
    let servers: Vec<ApplicationId> = match own {
        Some(own) => own.ids().collect(),
        None => target.server.app.application_id.into_iter().collect(),
    };
    let is_own = |connection: &&SiteConnection| {
        connection.name == rules.spec.name() && servers.iter().any(|server| uses_server(site, connection, *server))
    };
    site.connections_of(target.tenant_id).find(is_own)
}

fn remove_connection(connection: &SiteConnection, no_gateway_stated: bool) -> Change {
    let operation = Operation::RemoveConnection {
        row: connection.id,
        name: connection.name.clone(),
        no_gateway_stated,
    };
    Change::new(Step::RemoveConnection, operation)
}

fn remove_app(app: &OwnApp<'_>, is_connected: bool) -> Change {
    let step = match app.role {
        AppRole::Server => Step::RemoveServerApp,
        AppRole::Client => Step::RemoveClientApp,
    };
    let application = app.found.map(|found| &found.application);
    let principal = app.found.and_then(|found| found.service_principal.as_ref());
    let operation = Operation::RemoveApp {
        name: application.and_then(|app| app.properties.display_name.clone()),
        application_id: application.map(|app| app.app_id),
        object_id: application.map(|app| app.object_id),
        service_principal_id: principal.map(|principal| principal.id),
        deleted_application_id: app.deleted.and_then(|deleted| deleted.app_id),
        deleted_object_id: app.deleted.map(|deleted| deleted.object_id),
    };
    let change = Change::new(step, operation);
    // Without its apps the connection would be of no use, and no later removal could tell whose it is.
    if is_connected {
        change.after(Step::RemoveConnection)
    } else {
        change
    }
}

/// An adopted app is another administrator's: only the secrets that this crate has made go.
fn remove_own_secrets(server: &RegisteredApp) -> Option<Change> {
    let own = OwnSecret::all_of(&server.application);
    let operation = Operation::RemoveSecrets {
        app: Reference::Known(server.application.app_id),
        keys: own.iter().map(|secret| secret.key_id).collect(),
    };
    (!own.is_empty()).then(|| Change::new(Step::RetireSecrets, operation))
}

/// What uses the apps, or may be using them, and is not removed with them: then the apps and their secrets stay.
fn uses_that_stay(rules: &Rules<'_>, snapshot: &Snapshot, ids: &[ApplicationId], changes: &[Change]) -> Vec<Finding> {
    // A tenant has one pair of apps for a specification; removing it would end another site's gateway.
    let elsewhere = used_elsewhere(rules, snapshot);
    let elsewhere = elsewhere.map(|site| Finding::warning(FindingCode::AppsUsedByAnotherSite).with("site", site));
    let mut uses: Vec<Finding> = elsewhere.into_iter().collect();
    let Some(site) = &snapshot.site else { return uses };
    let stays = |connection: &&SiteConnection| {
        let is_removed = |change: &Change| matches!(&change.operation, Operation::RemoveConnection { row, .. } if *row == connection.id);
        !changes.iter().any(is_removed)
    };
    let uses_one = |connection: &&SiteConnection| ids.iter().any(|id| uses_server(site, connection, *id));
    let used = site.connections.iter().filter(stays).filter(uses_one);
    uses.extend(used.map(|connection| Finding::warning(FindingCode::AppsUsedByConnection).with("connection", &connection.name)));
    // Such a row may be one of the apps, or a connection that uses them.
    let may_use = |row: &&UnreadRow| ["SMS_AAD_Application_Ex", "SMS_Azure_CloudService"].contains(&row.class.as_str());
    uses.extend(site.unread.iter().filter(may_use).map(unread_row));
    // A site that knows none of the apps has no connection that could use them.
    if ids.iter().any(|id| site.application(*id).is_some()) {
        let unread = site.unread_connections();
        uses.extend(unread.map(|connection| Finding::warning(FindingCode::ConnectionUnread).with("connection", &connection.name)));
    }
    uses
}

/// The other site that the server app has a secret for that is still valid, as far as the secrets'
/// descriptions tell. Without a site, each site that a secret names is another one: remove with that site,
/// which tells that it is the same.
fn used_elsewhere(rules: &Rules<'_>, snapshot: &Snapshot) -> Option<String> {
    let here = rules.site_identity(snapshot);
    let own = OwnSecret::all_of(&snapshot.server()?.application);
    let is_live = |secret: &&OwnSecret| secret.ends.is_none_or(|end| end > rules.now);
    let other = own.iter().filter(is_live).find(|secret| secret.is_for_another_than(here))?;
    other.site().map(str::to_owned)
}

/// The product has no cmdlet that removes applications or tenants.
fn note_rows(site: &SiteSnapshot, target: &Target, ids: &[ApplicationId], findings: &mut Vec<Finding>) {
    let applications = site.applications.iter().filter(|row| ids.contains(&row.client_id));
    let applications = applications.map(|row| ("application", &row.name));
    let tenant = site.tenant(target.tenant_id).filter(|_| !ids.is_empty());
    for (kind, name) in applications.chain(tenant.map(|row| ("tenant", &row.name))) {
        findings.push(
            Finding::note(FindingCode::SiteRowStays)
                .with("kind", kind)
                .with("name", name.as_str()),
        );
    }
}

fn note_adopted(snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    let roles = [
        (apps::SERVER, snapshot.server(), &target.server),
        (apps::CLIENT, snapshot.client(), &target.client),
    ];
    for (role, found, wanted) in roles {
        let Some(found) = found.filter(|_| wanted.app.source == AppSource::Adopt) else {
            continue;
        };
        let id = found.application.app_id;
        findings.push(Finding::note(FindingCode::AdoptedAppStays).with("app", role).with("clientId", id));
    }
}
