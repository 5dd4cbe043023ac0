//! What a removal takes away, and what stays.

use std::collections::BTreeSet;

use crate::{
    connection::{
        check::{
            apps,
            directory::check_token,
            rights::check_permissions,
            rules::Rules,
            site::{check_info, gateway_uses, unread_row},
            used_secret::fitting,
        },
        plan::{
            change::{Change, needed_uses},
            operation::{Operation, Reference},
            own_secret::OwnSecret,
            target::{AppSource, AppTarget, Target},
        },
        read::snapshot::{RegisteredApp, Snapshot, needs_directory, uses_server},
        report::{
            finding::{Finding, FindingCode},
            step::{AppRole, Step},
        },
    },
    directory::{DeletedApplication, PasswordCredential},
    ids::{ApplicationId, KeyId},
    site::{SiteConnection, SiteSnapshot, UnreadRow},
};

/// The connection goes first, then both apps side by side, for good, so that their unique names are free
/// again.
pub(crate) fn removal_changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> (Vec<Change>, Vec<Finding>) {
    let (mut changes, mut findings) = (Vec::new(), Vec::new());
    let apps = own_apps(rules, snapshot, target);
    if let Some(site) = &snapshot.site {
        let connection = own_connection(rules, target, site, &apps);
        if let Some(connection) = connection {
            changes.push(remove_connection(connection, rules.no_gateway_stated));
            check_info(&site.info, &mut findings);
            check_gateways(rules, site, connection, &mut findings);
        }
        let orphan = orphaned_connection(rules, snapshot, target, site, &apps).filter(|_| connection.is_none());
        findings.extend(orphan.map(|orphan| of_removed_app(site, orphan)));
        let rows = rows_that_stay(target, site, &apps, connection.or(orphan));
        note_rows(site, target, &rows, &mut findings);
    }
    if rules.removal_scope.takes_apps() {
        remove_apps(rules, snapshot, target, &apps, &mut changes, &mut findings);
    }
    note_adopted(rules, snapshot, target, &mut findings);
    if let Some(directory) = snapshot.directory.as_ref().filter(|_| needs_directory(rules.spec)) {
        if directory.deleted.is_none() && rules.removal_scope.takes_apps() {
            findings.push(Finding::note(FindingCode::DeletedAppsUnread));
        }
        check_token(rules, directory, &mut findings);
        check_permissions(directory, &needed_uses(&changes), &mut findings);
    }
    changes.sort_by_key(|change| change.step);
    (changes, findings)
}

/// The apps that this crate has made, and the secrets that it has made for an adopted one, unless something that stays uses
/// them.
fn remove_apps(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    target: &Target,
    apps: &[Change],
    changes: &mut Vec<Change>,
    findings: &mut Vec<Finding>,
) {
    let is_for_server = rules.only != Some(AppRole::Client);
    let is_adopted = is_for_server && target.server.app.source == AppSource::Adopt;
    let adopted = snapshot.server().filter(|_| is_adopted);
    let mut ids: Vec<ApplicationId> = apps.iter().flat_map(ids_of).collect();
    ids.extend(adopted.map(|server| server.application.app_id));
    let uses = uses_that_stay(rules, snapshot, &ids, changes, !apps.is_empty());
    let stated = uses.iter().all(|finding| finding.code() == FindingCode::AppsStatedUnused);
    if stated {
        let is_connected = !changes.is_empty();
        let takes_secrets = is_for_server && (!apps.is_empty() || adopted.is_some());
        findings.extend(handed_over(rules, snapshot).filter(|_| takes_secrets));
        // Without its apps the connection would be of no use, and no later removal could tell whose it is.
        let after_connection = |app: Change| if is_connected { app.after(Step::RemoveConnection) } else { app };
        changes.extend(apps.iter().cloned().map(after_connection));
        changes.extend(adopted.and_then(remove_own_secrets));
    }
    findings.extend(uses);
}

/// The removal of each app that this specification has made, as far as it is still there: registered, or deleted and holding
/// its unique name.
fn own_apps(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> Vec<Change> {
    let Some(there) = &snapshot.directory else {
        return Vec::new();
    };
    let removal = |step: Step, found: Option<&RegisteredApp>, wanted: &AppTarget| {
        let mut deleted = there.deleted.iter().flatten();
        let deleted = deleted.find(|deleted| deleted.unique_name.as_deref() == Some(&wanted.unique_name));
        let is_meant = wanted.app.source == AppSource::Create && rules.only.is_none_or(|only| Some(only) == step.app());
        (is_meant && (found.is_some() || deleted.is_some())).then(|| remove_app(step, found, deleted))
    };
    let server = removal(Step::RemoveServerApp, there.server.as_ref(), &target.server);
    let client = removal(Step::RemoveClientApp, there.client.as_ref(), &target.client);
    server.into_iter().chain(client).collect()
}

/// The ids of an app that is removed: of the registration, and of one deleted before.
fn ids_of(removal: &Change) -> impl Iterator<Item = ApplicationId> + use<> {
    let ids = match removal.operation {
        Operation::RemoveApp {
            application_id,
            deleted_application_id,
            ..
        } => [application_id, deleted_application_id],
        _ => [None, None],
    };
    ids.into_iter().flatten()
}

/// The connection of this name whose server app is this specification's. A deleted server app still tells
/// which it is.
fn own_connection<'a>(rules: &Rules<'_>, target: &Target, site: &'a SiteSnapshot, apps: &[Change]) -> Option<&'a SiteConnection> {
    let own = apps.iter().find(|app| app.step == Step::RemoveServerApp);
    let servers: Vec<ApplicationId> = match own {
        Some(own) => ids_of(own).collect(),
        None => target.server.app.application_id.into_iter().collect(),
    };
    let is_own = |connection: &&SiteConnection| {
        connection.name == rules.spec.name() && servers.iter().any(|server| uses_server(site, connection, *server))
    };
    site.connections_of(target.tenant_id).find(is_own)
}

/// The connection of this name if the directory knows no server app of this specification any more: nothing tells
/// for certain that it is this specification's, so it is named and stays.
fn orphaned_connection<'a>(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    target: &Target,
    site: &'a SiteSnapshot,
    apps: &[Change],
) -> Option<&'a SiteConnection> {
    let is_gone = target.server.app.source == AppSource::Create && !apps.iter().any(|app| app.step == Step::RemoveServerApp);
    // Without the directory, not seeing the app is not having looked.
    snapshot.directory.as_ref().filter(|_| is_gone && rules.only.is_none())?;
    site.connections_of(target.tenant_id)
        .find(|connection| connection.name == rules.spec.name())
}

fn of_removed_app(site: &SiteSnapshot, connection: &SiteConnection) -> Finding {
    let row = site.applications.iter().find(|row| connection.web_applications.contains(&row.id));
    Finding::warning(FindingCode::ConnectionOfRemovedServerApp)
        .with("connection", &connection.name)
        .with("name", row.map(|row| row.name.as_str()))
        .with("clientId", row.map(|row| row.client_id))
}

/// The apps whose rows stay in the site. If one of the two is registered no longer, its id is known to the site alone:
/// then every app of the tenant may be it.
fn rows_that_stay(target: &Target, site: &SiteSnapshot, apps: &[Change], connection: Option<&SiteConnection>) -> Vec<ApplicationId> {
    let given = [target.server.app.application_id, target.client.app.application_id];
    let known: Vec<ApplicationId> = apps.iter().flat_map(ids_of).chain(given.into_iter().flatten()).collect();
    if connection.is_none() {
        return apps.iter().flat_map(ids_of).collect();
    }
    let rows = site.applications.iter().filter(|row| known.contains(&row.client_id));
    let (clients, servers): (Vec<_>, Vec<_>) = rows.partition(|row| row.is_client_app);
    if !clients.is_empty() && !servers.is_empty() {
        return known;
    }
    let tenant = site.tenant(target.tenant_id).map(|row| row.id);
    let of_tenant = site.applications.iter().filter(|row| Some(row.tenant) == tenant);
    of_tenant.map(|row| row.client_id).collect()
}

/// A connection that a gateway uses is not removed, and one that a gateway may be using only by the caller's word.
fn check_gateways(rules: &Rules<'_>, site: &SiteSnapshot, connection: &SiteConnection, findings: &mut Vec<Finding>) {
    let used = site.gateways_of(connection.id);
    findings.extend(used.map(|gateway| gateway_uses(Finding::blocker, &gateway.name, connection)));
    if rules.no_gateway_stated {
        return;
    }
    let Some(gateways) = &site.gateways else {
        // The site that removes may be able to tell, and refuses if it is not.
        findings.push(Finding::warning(FindingCode::GatewayUseUnknown).with("connection", &connection.name));
        return;
    };
    let unknown = gateways.iter().filter(|gateway| gateway.connection.is_none());
    findings.extend(unknown.map(|gateway| {
        let blocker = Finding::blocker(FindingCode::GatewayUseUnknown);
        blocker.with("gateway", &gateway.name).with("connection", &connection.name)
    }));
}

fn remove_connection(connection: &SiteConnection, no_gateway_stated: bool) -> Change {
    let operation = Operation::RemoveConnection {
        row: connection.id,
        name: connection.name.clone(),
        no_gateway_stated,
    };
    Change::new(Step::RemoveConnection, operation)
}

fn remove_app(step: Step, found: Option<&RegisteredApp>, deleted: Option<&DeletedApplication>) -> Change {
    let application = found.map(|found| &found.application);
    let principal = found.and_then(|found| found.service_principal.as_ref());
    let operation = Operation::RemoveApp {
        name: application.and_then(|app| app.properties.display_name.clone()),
        application_id: application.map(|app| app.app_id),
        object_id: application.map(|app| app.object_id),
        service_principal_id: principal.map(|principal| principal.id),
        deleted_application_id: deleted.and_then(|deleted| deleted.app_id),
        deleted_object_id: deleted.map(|deleted| deleted.object_id),
    };
    Change::new(step, operation)
}

/// An adopted app is another administrator's: only the secrets that this crate has made go.
fn remove_own_secrets(server: &RegisteredApp) -> Option<Change> {
    let own = OwnSecret::all_of(&server.application);
    let operation = Operation::RemoveSecrets {
        app: Reference::Known(server.application.app_id),
        keys: own.iter().map(|secret| secret.key_id).collect(),
        shown_since: None,
    };
    (!own.is_empty()).then(|| Change::new(Step::RetireSecrets, operation))
}

/// What uses the apps, or may be using them, and is not removed with them: then the apps and their secrets stay. What
/// only may be using them gives way to the caller's statement.
fn uses_that_stay(rules: &Rules<'_>, snapshot: &Snapshot, ids: &[ApplicationId], changes: &[Change], removes_apps: bool) -> Vec<Finding> {
    // A tenant has one pair of apps for a specification; removing it would end another site's gateway.
    let sites = used_elsewhere(rules, snapshot);
    let descriptions = if removes_apps {
        secrets_of_others(rules, snapshot)
    } else {
        Vec::new()
    };
    let mut uses = Vec::new();
    if rules.apps_unused_stated && !(sites.is_empty() && descriptions.is_empty()) {
        let list = |values: Vec<String>| (!values.is_empty()).then_some(values);
        let stated = Finding::warning(FindingCode::AppsStatedUnused);
        uses.push(stated.with("sites", list(sites)).with("descriptions", list(descriptions)));
    } else {
        let elsewhere = sites.into_iter();
        uses.extend(elsewhere.map(|site| Finding::warning(FindingCode::AppsUsedByAnotherSite).with("site", site)));
        if !descriptions.is_empty() {
            uses.push(Finding::warning(FindingCode::AppsUsedByAnotherSecret).with("descriptions", descriptions));
        }
    }
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

/// The other sites that the server app has a secret for that is still valid, each once, as far as the secrets'
/// descriptions tell. Without a site, each site that a secret names is another one: remove with that site,
/// which tells that it is the same.
fn used_elsewhere(rules: &Rules<'_>, snapshot: &Snapshot) -> Vec<String> {
    let here = rules.site_identity(snapshot);
    let own = own_secrets(rules, snapshot);
    let others = own.iter().filter(|secret| secret.is_for_another_than(here));
    let sites: BTreeSet<&str> = others.filter_map(OwnSecret::site).collect();
    sites.into_iter().map(str::to_owned).collect()
}

/// The valid secrets that this crate has made for the server app.
fn own_secrets(rules: &Rules<'_>, snapshot: &Snapshot) -> Vec<OwnSecret> {
    let own = snapshot.server().map(|server| OwnSecret::all_of(&server.application));
    let is_live = |secret: &OwnSecret| secret.ends.is_none_or(|end| end > rules.now);
    own.into_iter().flatten().filter(is_live).collect()
}

/// The credentials of both apps that this crate has not made: valid secrets by their descriptions, and certificates. A
/// secret that alone fits the date of this site's own row is none of them: a person has renewed it in the console.
fn secrets_of_others(rules: &Rules<'_>, snapshot: &Snapshot) -> Vec<String> {
    let is_live = |secret: &&PasswordCredential| secret.end_date_time.is_none_or(|end| end > rules.now);
    let held = held_by_site(snapshot);
    let is_foreign = |secret: &&PasswordCredential| OwnSecret::of(secret).is_none() && Some(secret.key_id) != held;
    let shown = |secret: &PasswordCredential| secret.display_name.clone().unwrap_or_else(|| secret.key_id.to_string());
    let apps: Vec<&RegisteredApp> = [snapshot.server(), snapshot.client()].into_iter().flatten().collect();
    let secrets = apps.iter().flat_map(|app| &app.application.password_credentials);
    let secrets = secrets.filter(is_live).filter(is_foreign).map(shown);
    let certificates = apps.iter().flat_map(|app| &app.application.key_credentials);
    let certificates = certificates.map(|key| {
        key.key_id
            .map_or_else(|| "a certificate".to_owned(), |id| format!("the certificate {id}"))
    });
    secrets.chain(certificates).collect()
}

/// The one secret that this site's own row can mean by its date, if there is one.
fn held_by_site(snapshot: &Snapshot) -> Option<KeyId> {
    let server = &snapshot.server()?.application;
    let date = snapshot.site.as_ref()?.application(server.app_id)?.secret_expiry?;
    match fitting(&server.password_credentials, Some(date)).as_slice() {
        [only] => Some(only.key_id),
        _ => None,
    }
}

/// The valid secrets that were issued without a site and may be in a person's hands.
fn handed_over(rules: &Rules<'_>, snapshot: &Snapshot) -> Option<Finding> {
    let own = own_secrets(rules, snapshot);
    let count = own.iter().filter(|secret| secret.site().is_none()).count();
    (count > 0).then(|| Finding::warning(FindingCode::SecretsHandedOver).with("count", count))
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

fn note_adopted(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    let roles = [
        (AppRole::Server, apps::SERVER, snapshot.server(), &target.server),
        (AppRole::Client, apps::CLIENT, snapshot.client(), &target.client),
    ];
    for (app, role, found, wanted) in roles {
        let is_adopted = wanted.app.source == AppSource::Adopt && rules.only.is_none_or(|only| only == app);
        let Some(found) = found.filter(|_| is_adopted) else {
            continue;
        };
        let id = found.application.app_id;
        findings.push(Finding::note(FindingCode::AdoptedAppStays).with("app", role).with("clientId", id));
    }
}
