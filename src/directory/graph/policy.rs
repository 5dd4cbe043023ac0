//! What the tenant's default app management policy means for an app that is created now.
//!
//! A new app has no policy of its own, so the default is the one that counts. A restriction applies if the policy is
//! on, the restriction is on, and apps created now are covered (`restrictForAppsCreatedAfterDateTime`).

use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::duration::iso8601;
use crate::directory::AppManagementPolicy;

/// Evaluates a `tenantAppManagementPolicy` as Microsoft Graph gives it.
pub(super) fn evaluate(policy: &Value, now: OffsetDateTime) -> AppManagementPolicy {
    let mut found = AppManagementPolicy::default();
    if policy.get("isEnabled").and_then(Value::as_bool) != Some(true) {
        return found;
    }
    let restrictions = &policy["applicationRestrictions"];
    let passwords = restrictions["passwordCredentials"].as_array().map_or(&[][..], Vec::as_slice);
    for restriction in passwords.iter().filter(|restriction| is_in_force(restriction, now)) {
        found.may_exempt_caller |= exempts_some(restriction);
        match restriction["restrictionType"].as_str() {
            Some("passwordAddition") => found.secrets_forbidden = true,
            Some("passwordLifetime") => {
                let longest = restriction["maxLifetime"].as_str().and_then(iso8601);
                found.longest_secret = [found.longest_secret, longest].into_iter().flatten().min();
            }
            _ => {}
        }
    }
    let uris = &restrictions["identifierUris"];
    found.uris_need_an_owner = is_in_force(&uris["uriAdditionWithoutUniqueTenantIdentifier"], now);
    found.only_default_uris = is_in_force(&uris["nonDefaultUriAddition"], now);
    let rules = ["uriAdditionWithoutUniqueTenantIdentifier", "nonDefaultUriAddition"].map(|name| &uris[name]);
    found.may_exempt_caller |= rules.into_iter().any(|rule| is_in_force(rule, now) && exempts_some(rule));
    found
}

/// Whether one restriction covers an app that is created now.
///
/// A restriction without `state` counts as on, and an unreadable date as long ago: what follows from it is a warning.
fn is_in_force(restriction: &Value, now: OffsetDateTime) -> bool {
    if !restriction.is_object() || restriction["state"].as_str().is_some_and(|state| state != "enabled") {
        return false;
    }
    let after = restriction["restrictForAppsCreatedAfterDateTime"].as_str();
    let after = after.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    after.is_none_or(|after| now >= after)
}

/// Whether a restriction exempts callers with a custom security attribute. Which attributes a caller has cannot be seen
/// without a permission of its own, so whether this caller is among them is not known.
///
/// Source: *appManagementPolicyActorExemptions resource type*.
fn exempts_some(restriction: &Value) -> bool {
    let attributes = restriction["excludeActors"]["customSecurityAttributes"].as_array();
    attributes.is_some_and(|attributes| !attributes.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-10-01 12:00 UTC);

    fn password(kind: &str, state: &str, after: &str, longest: Option<&str>) -> Value {
        json!({"restrictionType": kind, "state": state, "restrictForAppsCreatedAfterDateTime": after, "maxLifetime": longest})
    }

    #[test]
    fn restrictions_on_secrets_are_understood_and_the_shortest_lifetime_wins() {
        let policy = json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [
            password("passwordAddition", "enabled", "2026-10-01T12:00:00Z", None),
            password("passwordLifetime", "enabled", "0001-01-01T00:00:00Z", Some("P365D")),
            password("passwordLifetime", "enabled", "2019-10-19T10:37:00Z", Some("P180D")),
            password("passwordLifetime", "disabled", "2019-10-19T10:37:00Z", Some("P1D")),
            password("passwordLifetime", "enabled", "2019-10-19T10:37:00Z", Some("nonsense")),
        ]}});
        let found = evaluate(&policy, NOW);
        assert!(found.secrets_forbidden);
        assert_eq!(found.longest_secret, Some(Duration::days(180)));
    }

    #[test]
    fn restrictions_on_uris_are_understood() {
        let policy = json!({"isEnabled": true, "applicationRestrictions": {"identifierUris": {
            "nonDefaultUriAddition": {"state": "disabled"},
            "uriAdditionWithoutUniqueTenantIdentifier": {"state": "enabled", "restrictForAppsCreatedAfterDateTime": null},
        }}});
        let found = evaluate(&policy, NOW);
        assert!(found.uris_need_an_owner && !found.only_default_uris);
    }

    #[test]
    fn an_exemption_of_some_callers_makes_it_unknown_whether_this_one_is_bound() {
        let exempting = |actors: Value| {
            let mut restriction = password("passwordAddition", "enabled", "2020-01-01T00:00:00Z", None);
            restriction["excludeActors"] = actors;
            restriction
        };
        let attribute = json!({"id": "Exemptions_Apps", "operator": "equals", "value": "yes"});
        let is_unknown = |restriction: &Value, rule: &Value| {
            let policy = json!({"isEnabled": true, "applicationRestrictions": {
                "passwordCredentials": [restriction], "identifierUris": {"nonDefaultUriAddition": rule},
            }});
            let found = evaluate(&policy, NOW);
            assert!(found.secrets_forbidden || restriction["state"] == "disabled");
            found.may_exempt_caller
        };
        let exempts = exempting(json!({"customSecurityAttributes": [attribute]}));
        assert!(is_unknown(&exempts, &Value::Null));
        for nothing in [Value::Null, json!({}), json!({"customSecurityAttributes": []})] {
            assert!(!is_unknown(&exempting(nothing), &Value::Null));
        }
        let rule = json!({"state": "enabled", "excludeActors": {"customSecurityAttributes": [attribute]}});
        assert!(is_unknown(&exempting(Value::Null), &rule));
        let mut off = exempts;
        off["state"] = json!("disabled");
        assert!(!is_unknown(&off, &Value::Null), "what is off exempts from nothing");
    }

    #[test]
    fn what_is_off_or_for_later_apps_or_of_another_shape_restricts_nothing() {
        let later = password("passwordAddition", "enabled", "2026-10-01T12:00:01Z", None);
        let now = password("passwordAddition", "enabled", "2020-01-01T00:00:00Z", None);
        for policy in [
            json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [later]}}),
            json!({"isEnabled": false, "applicationRestrictions": {"passwordCredentials": [now]}}),
            json!({"isEnabled": true, "applicationRestrictions": null}),
            json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": {"x": 1}, "identifierUris": [7]}}),
            json!(null),
            json!("x"),
        ] {
            assert_eq!(evaluate(&policy, NOW), AppManagementPolicy::default(), "{policy}");
        }
    }
}
