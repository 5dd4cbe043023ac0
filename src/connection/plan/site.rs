//! What becomes of the connection in the site.

use crate::{
    connection::{
        plan::{
            change::Change,
            operation::{Operation, Reference},
            target::Target,
        },
        read::snapshot::uses_server,
        report::step::Step,
    },
    site::{SiteConnection, SiteDiscovery, SiteSnapshot},
    spec::{ConnectionSpec, DiscoverySpec, ImportedServerApp, Schedule},
};

/// The tenant, both apps, the connection and its discovery.
pub(crate) fn site_changes(spec: &ConnectionSpec, target: &Target, site: &SiteSnapshot) -> Vec<Change> {
    let mut changes = vec![tenant(target, site), server_app(spec, target, site), client_app(target, site)];
    let server = target.server.id_in_site();
    let held = site
        .connections_of(target.tenant_id)
        .find(|connection| server.is_some_and(|server| uses_server(site, connection, server)));
    changes.push(connection(spec, held));
    if let Some(wanted) = spec.discovery() {
        changes.push(discovery(wanted, held));
    }
    changes
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

fn server_app(spec: &ConnectionSpec, target: &Target, site: &SiteSnapshot) -> Change {
    let step = Step::ImportServerApp;
    let row = target.server.id_in_site().and_then(|id| site.application(id));
    if let Some(row) = row {
        return Change::keep(step, None, Some(row.id));
    }
    let change = Change::new(
        step,
        Operation::ImportServerApp {
            name: target.server.name().to_owned(),
            app: target.server.reference(Step::RegisterServerApp),
            app_id_uri: target.app_id_uri.clone(),
            secret_key_expiry: spec.server_app().imported().map(ImportedServerApp::secret_key_expiry),
        },
    );
    if target.server.shape.is_some() {
        change.after(Step::IssueSecret)
    } else {
        change
    }
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
    if description.is_none() || held.description == description {
        return Change::keep(step, Some(&held.name), Some(held.id));
    }
    let operation = Operation::UpdateConnection {
        row: held.id,
        name: held.name.clone(),
        from: held.description.clone(),
        to: description,
    };
    Change::new(step, operation)
}

fn discovery(wanted: &DiscoverySpec, held: Option<&SiteConnection>) -> Change {
    let step = Step::ConfigureDiscovery;
    match held {
        Some(held) if is_in_place(held, wanted) => Change::keep(step, None, None::<&str>),
        held => Change::new(
            step,
            Operation::ConfigureDiscovery {
                connection: Reference::to(held.map(|held| held.id), Step::CreateConnection),
                discovery: wanted.clone(),
            },
        ),
    }
}

fn is_in_place(connection: &SiteConnection, wanted: &DiscoverySpec) -> bool {
    let matches = |held: Option<&SiteDiscovery>, schedule: &Option<Schedule>, minutes: Option<u32>| {
        held.is_some_and(|held| {
            (schedule.is_none() || held.full_schedule == *schedule) && (minutes.is_none() || held.delta_minutes == minutes)
        })
    };
    let users = wanted
        .users()
        .is_none_or(|users| matches(connection.user_discovery.as_ref(), &users.full_schedule, users.delta_minutes));
    let groups = wanted.groups().is_none_or(|groups| {
        let held = connection.group_discovery.as_ref();
        let has_names = held.is_some_and(|held| groups.names.iter().all(|name| held.group_names.contains(name)));
        has_names && matches(held, &groups.full_schedule, groups.delta_minutes)
    });
    users && groups
}
