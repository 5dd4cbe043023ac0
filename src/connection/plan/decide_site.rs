//! What happens in the site.

use crate::connection::{
    check::site::uses_server,
    plan::planned::{PlannedAction, PlannedStep},
    plan::work::SiteWork,
    report::step::Step,
};
use crate::{
    ids::{ApplicationId, TenantId},
    site::{SiteConnection, SiteDiscovery, SiteSnapshot},
    spec::{ConnectionSpec, DiscoverySpec, Schedule},
};

pub(crate) fn decide_site(
    spec: &ConnectionSpec,
    site: &SiteSnapshot,
    tenant: TenantId,
    server: Option<ApplicationId>,
    client: Option<ApplicationId>,
) -> SiteWork {
    let knows = |id: Option<ApplicationId>| id.is_some_and(|id| site.application(id).is_some());
    let (server_known, client_known) = (knows(server), knows(client));
    let connection = site
        .connections_of(tenant)
        .find(|connection| server.is_some_and(|server| uses_server(site, connection, server)));
    let in_place = connection
        .filter(|connection| client_known && has_wanted_description(connection, spec))
        .filter(|connection| discovery_is_in_place(connection, spec.discovery()));
    SiteWork {
        server_known,
        client_known,
        in_place: in_place.cloned(),
    }
}

/// A description that the specification does not give is left as it is: no run would change it.
fn has_wanted_description(connection: &SiteConnection, spec: &ConnectionSpec) -> bool {
    let wanted = spec.description();
    wanted.is_none() || connection.description.as_deref() == wanted
}

fn discovery_is_in_place(connection: &SiteConnection, wanted: Option<&DiscoverySpec>) -> bool {
    let Some(wanted) = wanted else {
        return true;
    };
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

pub(crate) fn plan_site(spec: &ConnectionSpec, site: &SiteSnapshot, tenant: TenantId, work: &SiteWork, steps: &mut Vec<PlannedStep>) {
    let action = |is_there: bool| if is_there { PlannedAction::Keep } else { PlannedAction::Create };
    steps.push(PlannedStep::new(Step::ImportTenant, action(site.tenant(tenant).is_some())));
    steps.push(PlannedStep::new(Step::ImportServerApp, action(work.server_known)));
    steps.push(PlannedStep::new(Step::ImportClientApp, action(work.client_known)));
    let existing = site.connections_of(tenant).next();
    let (connection, discovery) = match (&work.in_place, existing) {
        (Some(_), _) => (PlannedAction::Keep, PlannedAction::Keep),
        (None, Some(existing)) => {
            let same_text = has_wanted_description(existing, spec);
            let discovers = discovery_is_in_place(existing, spec.discovery());
            (
                if same_text { PlannedAction::Keep } else { PlannedAction::Update },
                if discovers { PlannedAction::Keep } else { PlannedAction::Update },
            )
        }
        (None, None) => (PlannedAction::Create, PlannedAction::Create),
    };
    steps.push(PlannedStep::new(Step::CreateConnection, connection).with("Name", spec.name()));
    if let Some(wanted) = spec.discovery() {
        let mut planned = PlannedStep::new(Step::ConfigureDiscovery, discovery);
        if let Some(users) = wanted.users() {
            planned = planned.with("Users", settings(users.full_schedule.as_ref(), users.delta_minutes));
        }
        if let Some(groups) = wanted.groups() {
            planned = planned
                .with("Groups", groups.names.join(", "))
                .with("Group schedule", settings(groups.full_schedule.as_ref(), groups.delta_minutes));
        }
        steps.push(planned);
    }
}

fn settings(schedule: Option<&Schedule>, minutes: Option<u32>) -> String {
    let schedule = schedule.map_or_else(
        || "full discovery as the product sets it".to_owned(),
        |schedule| format!("full discovery {schedule}"),
    );
    let minutes = minutes.map_or_else(
        || "delta discovery as the product sets it".to_owned(),
        |minutes| format!("delta discovery every {minutes} minutes"),
    );
    format!("{schedule}, {minutes}")
}
