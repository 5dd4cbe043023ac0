//! Which App ID URI the server app gets, by the specification and by the tenant's policy.

use crate::{
    connection::{check::rules::Rules, read::snapshot::TenantSnapshot},
    spec::AppIdUri,
};

/// The App ID URI that was chosen, or else the default. A tenant whose policy allows only App ID URIs of both ids gets one
/// of them in the place of the default. It has placeholders as long as the app is not registered, if it contains the app's own
/// id.
pub(crate) fn planned_uri(rules: &Rules<'_>, found: &TenantSnapshot) -> Option<AppIdUri> {
    let in_place = in_place_of_default(rules, found).filter(|uri| is_held(found, uri) || is_asked_for(rules, found));
    in_place.or_else(|| wanted(found))
}

/// Whether the tenant's policy, and not the specification, asks for the App ID URI that is planned.
pub(crate) fn is_by_policy(rules: &Rules<'_>, found: &TenantSnapshot) -> bool {
    is_asked_for(rules, found) && in_place_of_default(rules, found).is_some_and(|uri| !is_held(found, &uri))
}

/// What the app gets instead of the default if a policy refuses it that no check has found.
pub(crate) fn uri_if_refused(rules: &Rules<'_>, found: &TenantSnapshot) -> Option<AppIdUri> {
    let may_be_refused = rules.may_be_refused(found) && !is_asked_for(rules, found);
    let in_place = in_place_of_default(rules, found).filter(|_| may_be_refused);
    in_place.filter(|uri| !is_held(found, uri))
}

/// The App ID URI of both ids; `None` if the specification chooses one, or the app has the default.
fn in_place_of_default(rules: &Rules<'_>, found: &TenantSnapshot) -> Option<AppIdUri> {
    let wanted = wanted(found)?;
    let is_default = rules.spec.server_app().chosen_uri().is_none() && wanted == AppIdUri::default_of(found.tenant.id);
    (is_default && !is_held(found, &wanted)).then(|| resolved(found, AppIdUri::of_both_ids()))
}

fn is_asked_for(rules: &Rules<'_>, found: &TenantSnapshot) -> bool {
    let policy = found.policy.as_ref().filter(|_| !rules.policy_exempt);
    policy.is_some_and(|policy| policy.only_default_uris)
}

fn wanted(found: &TenantSnapshot) -> Option<AppIdUri> {
    Some(resolved(found, found.uri.clone()?))
}

fn resolved(found: &TenantSnapshot, uri: AppIdUri) -> AppIdUri {
    match &found.server {
        Some(app) => uri.resolved(found.tenant.id, app.application.app_id),
        None => uri,
    }
}

fn is_held(found: &TenantSnapshot, uri: &AppIdUri) -> bool {
    let held = found.server.iter().flat_map(|app| &app.application.properties.identifier_uris);
    held.flatten().any(|held| held == uri.as_str())
}
