//! What becomes of the connection in the site.

use serde_json::{Value, json};
use time::{Date, OffsetDateTime};

use crate::{
    connection::{
        check::rules::Rules,
        plan::{
            change::Change,
            difference::PropertyChange,
            operation::{Operation, Reference},
            own_secret::SITE_DATE_TOLERANCE,
            target::Target,
        },
        read::snapshot::uses_server,
        report::step::Step,
    },
    ids::{ApplicationId, TenantId},
    site::{SiteApplication, SiteConnection, SiteDiscovery, SiteSnapshot},
    spec::{ConnectionSpec, DiscoverySpec, GroupNames, Schedule},
};

/// The tenant, both apps, the connection and its discovery.
pub(crate) fn site_changes(rules: &Rules<'_>, target: &Target, site: &SiteSnapshot) -> Vec<Change> {
    let spec = rules.spec;
    let mut changes = vec![tenant(target, site), server_app(rules, target, site), client_app(target, site)];
    let server = target.server.id_in_site();
    let held = held_connection(spec, site, target.tenant_id, server);
    changes.push(connection(spec, held));
    if let Some(wanted) = spec.discovery() {
        changes.push(discovery(wanted, held));
    }
    changes
}

/// The connection that is this specification's: the one of its name with its server app, else the one that is
/// renamed to it.
pub(crate) fn held_connection<'a>(
    spec: &ConnectionSpec,
    site: &'a SiteSnapshot,
    tenant: TenantId,
    server: Option<ApplicationId>,
) -> Option<&'a SiteConnection> {
    let uses_it = |connection: &&SiteConnection| server.is_some_and(|server| uses_server(site, connection, server));
    let named = site
        .connections_of(tenant)
        .filter(|connection| connection.name == spec.name())
        .find(uses_it);
    named.or_else(|| renamed_connection(spec, site, tenant, server))
}

/// The connection of another name that is renamed: the one whose name is the key, or else the only one with the specification's server app that may be of
/// the type Cloud Management. The key is what the caller says that a renamed connection is found by, so without
/// one nothing is renamed.
pub(crate) fn renamed_connection<'a>(
    spec: &ConnectionSpec,
    site: &'a SiteSnapshot,
    tenant: TenantId,
    server: Option<ApplicationId>,
) -> Option<&'a SiteConnection> {
    let server = server.filter(|_| spec.has_key())?;
    if site.connections.iter().any(|connection| connection.name == spec.name()) {
        return None;
    }
    let uses_it = |connection: &&SiteConnection| uses_server(site, connection, server);
    let candidates: Vec<&SiteConnection> = site.connections_of(tenant).filter(uses_it).collect();
    let is_former = |connection: &&SiteConnection| connection.name == spec.key() && site.is_cloud_management(connection) != Some(false);
    if let Some(former) = candidates.iter().copied().find(is_former) {
        return Some(former);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for connection in candidates {
        match site.is_cloud_management(connection) {
            Some(true) => known.push(connection),
            Some(false) => {}
            None => unknown.push(connection),
        }
    }
    match (known.as_slice(), unknown.as_slice()) {
        ([one], _) | ([], [one]) => Some(one),
        _ => None,
    }
}

fn tenant(target: &Target, site: &SiteSnapshot) -> Change {
    let step = Step::ImportTenant;
    match site.tenant(target.tenant_id) {
        Some(row) => Change::keep(step, None, Some(row.id)),
        None => Change::new(
            step,
            Operation::ImportTenant {
                tenant_id: target.tenant_id,
                name: target.tenant_name.clone(),
            },
        ),
    }
}

fn server_app(rules: &Rules<'_>, target: &Target, site: &SiteSnapshot) -> Change {
    let step = Step::ImportServerApp;
    let row = target.server.id_in_site().and_then(|id| site.application(id));
    if let Some(row) = row {
        return renewal(rules, target, row, !site.info.takes_renewed_secrets).unwrap_or_else(|| Change::keep(step, None, Some(row.id)));
    }
    let change = Change::new(
        step,
        Operation::ImportServerApp {
            name: target.server.name().to_owned(),
            app: target.server.reference(Step::RegisterServerApp),
            app_id_uri: target.app_id_uri.clone(),
            secret_key_expiry: target.given_secret_end,
        },
    );
    if target.server.shape.is_some() {
        change.after(Step::IssueSecret)
    } else {
        change
    }
}

/// A secret that the site is to have in the place of the one that it has: the specification's, if it ends on another
/// day, or the one that the caller wants to be issued.
pub(crate) fn renewal(rules: &Rules<'_>, target: &Target, row: &SiteApplication, by_hand: bool) -> Option<Change> {
    let held = row.secret_expiry;
    let given = target.given_secret_end;
    let issues = target.server.shape.is_some();
    let is_another = match (given, held) {
        (Some(given), Some(held)) => (given - held).abs() > SITE_DATE_TOLERANCE,
        _ => false,
    };
    if !(is_another || rules.reissue_secret && (issues || given.is_some())) {
        return None;
    }
    let change = renewed(row, given.map(OffsetDateTime::date), by_hand);
    Some(if issues { change.after(Step::IssueSecret) } else { change })
}

/// Another secret for a server app that the site knows.
pub(crate) fn renewed(row: &SiteApplication, to: Option<Date>, by_hand: bool) -> Change {
    let operation = Operation::RenewSecret {
        app: Reference::Known(row.client_id),
        from: row.secret_expiry.map(OffsetDateTime::date),
        to,
        by_hand,
        made_by_console: false,
    };
    Change::new(Step::ImportServerApp, operation)
}

/// The console's own renewal of an app that the console has created.
pub(crate) fn renewed_by_console(row: &SiteApplication) -> Change {
    let operation = Operation::RenewSecret {
        app: Reference::Known(row.client_id),
        from: row.secret_expiry.map(OffsetDateTime::date),
        to: None,
        by_hand: true,
        made_by_console: true,
    };
    Change::new(Step::ImportServerApp, operation)
}

fn client_app(target: &Target, site: &SiteSnapshot) -> Change {
    let step = Step::ImportClientApp;
    let row = target.client.id_in_site().and_then(|id| site.application(id));
    match row {
        Some(row) => Change::keep(step, None, Some(row.id)),
        None => Change::new(
            step,
            Operation::ImportClientApp {
                name: target.client.name().to_owned(),
                app: target.client.reference(Step::RegisterClientApp),
            },
        ),
    }
}

fn connection(spec: &ConnectionSpec, held: Option<&SiteConnection>) -> Change {
    let step = Step::CreateConnection;
    let description = spec.description().map(str::to_owned);
    let Some(held) = held else {
        let operation = Operation::CreateConnection {
            name: spec.name().to_owned(),
            description,
        };
        return Change::new(step, operation);
    };
    // A description that the specification does not give is left as it is.
    let to = description.or_else(|| held.description.clone());
    let new_name = (held.name != spec.name()).then(|| spec.name().to_owned());
    if new_name.is_none() && held.description == to {
        return Change::keep(step, Some(&held.name), Some(held.id));
    }
    let operation = Operation::UpdateConnection {
        row: held.id,
        name: held.name.clone(),
        new_name,
        from: held.description.clone(),
        to,
    };
    Change::new(step, operation)
}

fn discovery(wanted: &DiscoverySpec, held: Option<&SiteConnection>) -> Change {
    let step = Step::ConfigureDiscovery;
    let properties = held.map(|held| discovery_changes(wanted, held));
    if properties.as_ref().is_some_and(Vec::is_empty) {
        return Change::keep(step, None, None::<&str>);
    }
    Change::new(
        step,
        Operation::ConfigureDiscovery {
            connection: Reference::to(held.map(|held| held.id), Step::CreateConnection),
            discovery: wanted.clone(),
            properties: properties.unwrap_or_default(),
        },
    )
}

/// What of a connection that was read back is not as the specification wants it, by the specification's names.
pub(crate) fn not_as_wanted(spec: &ConnectionSpec, read_back: &SiteConnection) -> Vec<String> {
    let name = (read_back.name != spec.name()).then(|| "name".to_owned());
    let is_described = spec
        .description()
        .is_none_or(|wanted| read_back.description.as_deref() == Some(wanted));
    let description = (!is_described).then(|| "description".to_owned());
    // Not having read it is told by itself.
    let discovery = spec.discovery().filter(|_| !read_back.is_discovery_unread);
    let changes = discovery.map(|wanted| discovery_changes(wanted, read_back)).unwrap_or_default();
    let properties = changes.into_iter().map(|change| change.property);
    name.into_iter().chain(description).chain(properties).collect()
}

/// What of discovery becomes another than it is. What the specification does not give is left as it is.
fn discovery_changes(wanted: &DiscoverySpec, held: &SiteConnection) -> Vec<PropertyChange> {
    let mut changes = Vec::new();
    let (users, groups) = (held.user_discovery.as_ref(), held.group_discovery.as_ref());
    if wanted.users_are_off() {
        changes.push(switch("users", users, false));
    }
    if let Some(wanted) = wanted.users() {
        changes.push(switch("users", users, true));
        changes.extend(settings("users", users, wanted.full_schedule.as_ref(), wanted.delta_minutes));
    }
    if wanted.groups_are_off() {
        changes.push(switch("groups", groups, false));
    }
    if let Some(wanted) = wanted.groups() {
        if !wanted.names.is_empty() {
            changes.push(switch("groups", groups, true));
        }
        changes.push(names(groups, &wanted.names, &wanted.removed_names));
        // Taking groups out does not switch discovery on, so that it has no schedule then.
        if !wanted.names.is_empty() || groups.is_some() {
            changes.extend(settings("groups", groups, wanted.full_schedule.as_ref(), wanted.delta_minutes));
        }
    }
    if held.is_discovery_unread {
        changes.iter_mut().for_each(|change| change.from = Value::Null);
    } else {
        changes.retain(|change| change.from != change.to);
    }
    changes
}

fn switch(kind: &str, held: Option<&SiteDiscovery>, is_on: bool) -> PropertyChange {
    let word = |is_on| Value::from(if is_on { "on" } else { "off" });
    PropertyChange {
        property: kind.to_owned(),
        from: word(held.is_some()),
        to: word(is_on),
    }
}

fn settings(
    kind: &str,
    held: Option<&SiteDiscovery>,
    schedule: Option<&Schedule>,
    minutes: Option<u32>,
) -> impl Iterator<Item = PropertyChange> {
    let schedule = schedule.map(|schedule| PropertyChange {
        property: format!("{kind}.fullSchedule"),
        // A schedule that is not understood is told as the site wrote it.
        from: Value::from(held.and_then(|held| {
            let understood = held.full_schedule.as_ref().map(Schedule::to_string);
            understood.or_else(|| held.full_schedule_text.clone())
        })),
        to: Value::from(schedule.to_string()),
    });
    let minutes = minutes.map(|minutes| PropertyChange {
        property: format!("{kind}.deltaMinutes"),
        from: Value::from(held.and_then(|held| held.delta_minutes)),
        to: Value::from(minutes),
    });
    schedule.into_iter().chain(minutes)
}

fn names(held: Option<&SiteDiscovery>, added: &[String], removed: &[String]) -> PropertyChange {
    let held: Vec<String> = held.map(|held| held.group_names.clone()).unwrap_or_default();
    let (known, gone) = (GroupNames::of(&held), GroupNames::of(removed));
    let new = added.iter().filter(|name| !known.has(name));
    let kept = held.iter().filter(|name| !gone.has(name));
    let becomes: Vec<&String> = kept.chain(new).collect();
    PropertyChange {
        property: "groups.names".to_owned(),
        from: Value::from(held.clone()),
        to: json!(becomes),
    }
}

#[cfg(test)]
mod tests;
