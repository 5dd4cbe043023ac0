//! What Microsoft Graph v1.0 knows of the types that the emulator keeps: every property with its type.
//!
//! `graph_types.json` is an extract of the metadata that Microsoft publishes for Microsoft Graph v1.0, with
//! `createdDateTime` of service principals, which the metadata lacks and recorded answers have.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{refusal::Refusal, texts};

static TYPES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| serde_json::from_str(include_str!("graph_types.json")).unwrap_or_default());

/// Whether the properties of a type are known here.
pub(super) fn is_known(type_name: &str) -> bool {
    TYPES.contains_key(type_name)
}

/// Whether a type has a property. The path may lead into complex types, as `web/homePageUrl`.
pub(super) fn has_property(type_name: &str, path: &str) -> bool {
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(found) = TYPES.get(type_name).and_then(|properties| properties.get(name)) else {
        return false;
    };
    rest.is_none_or(|rest| has_property(element_of(found), rest))
}

/// Whether a property of a type leads to other objects.
pub(super) fn is_relationship(type_name: &str, name: &str) -> bool {
    let found = TYPES.get(type_name).and_then(|properties| properties.get(name));
    found.is_some_and(|found| found == "nav")
}

/// The same for names whose case clients are free in.
pub(super) fn has_property_in_any_case(type_name: &str, name: &str) -> bool {
    let properties = TYPES.get(type_name);
    properties.is_some_and(|properties| properties.keys().any(|known| known.eq_ignore_ascii_case(name)))
}

/// Refuses properties that the type does not have and values that are not of the property's type.
pub(super) fn check(type_name: &str, object: &Map<String, Value>) -> Result<(), Refusal> {
    check_below(type_name, type_name, "", object)
}

fn check_below(root: &str, type_name: &str, path: &str, object: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(properties) = TYPES.get(type_name) else {
        return Ok(());
    };
    for (name, value) in object {
        // Annotations, such as owners@odata.bind, and directory extensions are not part of the metadata.
        if name.contains('@') || name.starts_with("extension_") {
            continue;
        }
        let Some(property_type) = properties.get(name) else {
            let message = texts::NO_SUCH_PROPERTY.with(&[("property", name), ("type", type_name)]);
            return Err(Refusal::bad_request(message));
        };
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        check_value(root, property_type, &path, value)?;
    }
    Ok(())
}

fn check_value(root: &str, property_type: &str, path: &str, value: &Value) -> Result<(), Refusal> {
    let refused = || Err(Refusal::invalid_value(path, &resource_name(root)));
    if value.is_null() {
        return Ok(());
    }
    if let Some(element) = collection_of(property_type) {
        let Some(items) = value.as_array() else { return refused() };
        return items.iter().try_for_each(|item| check_value(root, element, path, item));
    }
    let text = value.as_str();
    let fits = match property_type {
        "Edm.String" | "Edm.Binary" | "Edm.Stream" | "Edm.Duration" => text.is_some(),
        "Edm.Boolean" => value.is_boolean(),
        "Edm.Int32" | "Edm.Int64" => value.is_i64(),
        "Edm.Guid" => text.is_some_and(|text| text.parse::<Uuid>().is_ok()),
        "Edm.DateTimeOffset" => text.is_some_and(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok()),
        "nav" => return Err(Refusal::not_emulated(&format!("relationships inside a body ('{path}')"))),
        complex => {
            if let Some(values) = TYPES.get(complex).and_then(|properties| properties.get("enum")) {
                text.is_some_and(|text| values.split('|').any(|value| value == text))
            } else if let Some(object) = value.as_object() {
                return check_below(root, complex, path, object);
            } else {
                false
            }
        }
    };
    if fits { Ok(()) } else { refused() }
}

fn collection_of(property_type: &str) -> Option<&str> {
    property_type.strip_prefix("Collection(")?.strip_suffix(')')
}

fn element_of(property_type: &str) -> &str {
    collection_of(property_type).unwrap_or(property_type)
}

/// The name of a type as Microsoft Graph's messages write it.
fn resource_name(type_name: &str) -> String {
    let mut letters = type_name.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(value: Value) -> Result<(), Refusal> {
        check("application", value.as_object().unwrap())
    }

    #[test]
    fn the_embedded_types_are_readable() {
        assert!(has_property("application", "displayName"));
        assert!(has_property("application", "web/implicitGrantSettings/enableIdTokenIssuance"));
        assert!(!has_property("application", "web/colour"));
    }

    #[test]
    fn real_properties_of_any_depth_pass() {
        let result = checked(json!({
            "displayName": "x", "notes": null, "tags": ["a"], "owners@odata.bind": [],
            "api": {"oauth2PermissionScopes": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "isEnabled": true}]},
            "passwordCredentials": [{"endDateTime": "2030-01-01T00:00:00Z"}],
        }));
        assert!(result.is_ok(), "{result:?}");
    }

    #[test]
    fn an_unknown_property_is_named_with_its_type() {
        let refusal = checked(json!({"web": {"homepageUrl": "https://x"}})).unwrap_err();
        assert!(
            refusal
                .message
                .contains("'homepageUrl' does not exist on type 'microsoft.graph.webApplication'")
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_its_path() {
        for (body, path) in [
            (json!({"displayName": 7}), "displayName"),
            (
                json!({"api": {"requestedAccessTokenVersion": "2"}}),
                "api.requestedAccessTokenVersion",
            ),
            (json!({"identifierUris": "api://x"}), "identifierUris"),
            (
                json!({"requiredResourceAccess": [{"resourceAccess": [{"id": "x"}]}]}),
                "requiredResourceAccess.resourceAccess.id",
            ),
        ] {
            let refusal = checked(body).unwrap_err();
            assert_eq!(refusal.details[0].target, path);
        }
    }
}
