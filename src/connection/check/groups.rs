//! Whether the groups that discovery names are there.

use std::collections::HashMap;

use crate::{
    connection::{
        check::rules::Rules,
        plan::{site::held_connection, target::Target},
        read::snapshot::{Snapshot, TenantSnapshot},
        report::finding::{Finding, FindingCode},
    },
    permissions::{PermissionType, Use},
    spec::GroupNames,
};

/// Compares the groups that are to be added with those of the directory. A group that the site has is left alone: the site
/// keeps its id beside its name.
///
/// The cmdlets take names, and what a site makes of one that no group has, or that two groups have, is not documented: so
/// both warn, and stop nothing.
pub(crate) fn check_groups(rules: &Rules<'_>, snapshot: &Snapshot, found: &TenantSnapshot, target: &Target, findings: &mut Vec<Finding>) {
    let site = snapshot.site.as_ref();
    let held = site.and_then(|site| held_connection(rules.spec, site, target.tenant_id, target.server.id_in_site()));
    let held = held.and_then(|held| held.group_discovery.as_ref());
    let held = held.map(|held| GroupNames::of(&held.group_names)).unwrap_or_default();
    let added: Vec<&String> = rules.group_names().iter().filter(|name| !held.has(name)).collect();
    if added.is_empty() {
        return;
    }
    let Some(groups) = &found.groups else {
        let permission = Use::ReadGroups.permissions(PermissionType::Delegated);
        let permission = permission.first().and_then(|any_of| any_of.first());
        let unread = Finding::note(FindingCode::GroupsUnread).with("groups", added);
        findings.push(unread.with("permission", permission));
        return;
    };
    let mut counted: HashMap<String, usize> = HashMap::new();
    for group in groups {
        *counted.entry(group.to_lowercase()).or_default() += 1;
    }
    let count = |name: &str| counted.get(&name.to_lowercase()).copied().unwrap_or_default();
    let absent: Vec<&String> = added.iter().copied().filter(|name| count(name) == 0).collect();
    let ambiguous: Vec<&String> = added.into_iter().filter(|name| count(name) > 1).collect();
    for (code, names) in [(FindingCode::GroupNotFound, absent), (FindingCode::GroupNameAmbiguous, ambiguous)] {
        if !names.is_empty() {
            findings.push(Finding::warning(code).with("groups", names));
        }
    }
}
