//! Which App ID URI the server app gets, by the specification and by the tenant's policy.

use crate::{
    connection::{check::rules::Rules, read::snapshot::TenantSnapshot},
    spec::AppIdUri,
};

/// The App ID URI of a server app that this crate writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedUri {
    /// With placeholders as long as the app is not registered, if it contains the app's own id.
    pub(crate) uri: AppIdUri,
    /// Whether the tenant's policy, and not the specification, asks for it.
    pub(crate) is_by_policy: bool,
    /// What the app gets instead if a policy refuses it that no check has found.
    pub(crate) if_refused: Option<AppIdUri>,
}

/// The App ID URI that was chosen, or else the default. A tenant whose policy allows only App ID URIs of both ids gets one
/// of them in the place of the default.
pub(crate) fn planned_uri(rules: &Rules<'_>, found: &TenantSnapshot) -> Option<PlannedUri> {
    let tenant = found.tenant.id;
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    let resolved = |uri: AppIdUri| own_id.map_or_else(|| uri.clone(), |app| uri.resolved(tenant, app));
    let held = found
        .server
        .iter()
        .flat_map(|app| app.application.properties.identifier_uris.iter().flatten());
    let held: Vec<&str> = held.map(String::as_str).collect();
    let plain = |uri| PlannedUri {
        uri,
        is_by_policy: false,
        if_refused: None,
    };
    let uri = resolved(found.uri.clone()?);
    let is_default = rules.spec.server_app().chosen_uri().is_none() && uri == AppIdUri::default_of(tenant);
    if !is_default || held.contains(&uri.as_str()) {
        return Some(plain(uri));
    }
    let of_both_ids = resolved(AppIdUri::of_both_ids());
    if held.contains(&of_both_ids.as_str()) {
        return Some(plain(of_both_ids));
    }
    Some(match &found.policy {
        Some(policy) if policy.only_default_uris && !rules.policy_exempt => PlannedUri {
            is_by_policy: true,
            ..plain(of_both_ids)
        },
        _ if rules.may_be_refused(found) => PlannedUri {
            if_refused: Some(of_both_ids),
            ..plain(uri)
        },
        _ => plain(uri),
    })
}
