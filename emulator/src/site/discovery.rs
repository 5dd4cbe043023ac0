//! Discovery of a connection.

use cmg_onboarding::{
    site::{SiteConnection, SiteDiscovery},
    spec::{DiscoverySpec, GroupDiscovery},
};

/// What is not said stays as it is.
pub(super) fn set_discovery(connection: &mut SiteConnection, wanted: &DiscoverySpec) {
    if wanted.users_are_off() {
        connection.user_discovery = None;
    }
    if wanted.groups_are_off() {
        connection.group_discovery = None;
    }
    if let Some(users) = wanted.users() {
        let discovery = connection.user_discovery.get_or_insert_with(SiteDiscovery::default);
        set(&mut discovery.full_schedule, users.full_schedule.as_ref());
        set(&mut discovery.delta_minutes, users.delta_minutes.as_ref());
    }
    // Groups that are only taken out switch nothing on.
    let switches = |groups: &&GroupDiscovery| !groups.names.is_empty() || connection.group_discovery.is_some();
    if let Some(groups) = wanted.groups().filter(switches) {
        let discovery = connection.group_discovery.get_or_insert_with(SiteDiscovery::default);
        discovery.group_names.retain(|name| !has(&groups.removed_names, name));
        set(&mut discovery.full_schedule, groups.full_schedule.as_ref());
        set(&mut discovery.delta_minutes, groups.delta_minutes.as_ref());
        for name in &groups.names {
            if !has(&discovery.group_names, name) {
                discovery.group_names.push(name.clone());
            }
        }
    }
}

fn set<T: Clone>(kept: &mut Option<T>, wanted: Option<&T>) {
    if let Some(wanted) = wanted {
        *kept = Some(wanted.clone());
    }
}

/// Names of groups are told apart without their case, as the product's script does.
fn has(names: &[String], name: &str) -> bool {
    let wanted = name.to_lowercase();
    names.iter().any(|name| name.to_lowercase() == wanted)
}
