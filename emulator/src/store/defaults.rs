//! What a new object looks like before a caller has said anything: every property that Microsoft Graph shows by default.
//!
//! Objects at rest keep only what differs from it: of ten thousand app registrations most properties say nothing.

use std::sync::LazyLock;

use serde_json::Value;

use super::Object;

static APPLICATION: LazyLock<Object> = LazyLock::new(|| parsed(include_str!("new_application.json")));
static SERVICE_PRINCIPAL: LazyLock<Object> = LazyLock::new(|| parsed(include_str!("new_service_principal.json")));

/// What an object is of, which decides what it shows by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Application,
    ServicePrincipal,
    /// Anything else: it shows what it was given.
    Plain,
}

impl Shape {
    pub(crate) fn of(type_name: &str) -> Self {
        match type_name {
            "application" => Self::Application,
            "servicePrincipal" => Self::ServicePrincipal,
            _ => Self::Plain,
        }
    }

    /// A new object of this shape.
    pub(crate) fn defaults(self) -> Option<&'static Object> {
        match self {
            Self::Application => Some(&APPLICATION),
            Self::ServicePrincipal => Some(&SERVICE_PRINCIPAL),
            Self::Plain => None,
        }
    }

    /// The object as it is kept: without what says nothing. What decides something, as flags and names do, stays.
    pub(super) fn at_rest(self, object: Object) -> Object {
        match self.defaults() {
            Some(defaults) => without(object, defaults),
            None => object,
        }
    }

    /// The object as it is shown.
    pub(crate) fn whole(self, object: &Object) -> Object {
        match self.defaults() {
            Some(defaults) => with(object, defaults),
            None => object.clone(),
        }
    }
}

fn without(object: Object, defaults: &Object) -> Object {
    let kept = object.into_iter().filter_map(|(name, value)| {
        let Some(default) = defaults.get(&name) else {
            return Some((name, value));
        };
        let says_nothing = matches!(default, Value::Null | Value::Array(_) | Value::Object(_));
        match (value, default) {
            (value, _) if says_nothing && value == *default => None,
            (Value::Object(inner), Value::Object(default)) => Some((name, Value::Object(without(inner, default)))),
            (value, _) => Some((name, value)),
        }
    });
    kept.collect()
}

fn with(object: &Object, defaults: &Object) -> Object {
    let mut whole = Object::new();
    for (name, default) in defaults {
        let value = match (object.get(name), default) {
            (Some(Value::Object(inner)), Value::Object(default)) => Value::Object(with(inner, default)),
            (Some(value), _) => value.clone(),
            (None, default) => default.clone(),
        };
        whole.insert(name.clone(), value);
    }
    for (name, value) in object {
        if !defaults.contains_key(name) {
            whole.insert(name.clone(), value.clone());
        }
    }
    whole
}

/// An app registration.
pub(super) fn application() -> Object {
    APPLICATION.clone()
}

/// A service principal.
pub(super) fn service_principal() -> Object {
    SERVICE_PRINCIPAL.clone()
}

pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

fn parsed(text: &str) -> Object {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{graph_types, object::merge};

    #[test]
    fn the_defaults_are_what_microsoft_graph_knows() {
        for (name, object) in [("application", application()), ("servicePrincipal", service_principal())] {
            assert!(object.len() > 20, "{name}");
            assert!(graph_types::check(name, &object).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_is_kept_is_little_and_what_is_shown_is_all() {
        for change in [
            json!({}),
            json!({"displayName": "Server", "web": {"redirectUris": ["http://localhost"]}, "api": {"requestedAccessTokenVersion": 2}}),
            json!({"web": null, "info": {"logoUrl": "https://x"}, "tags": ["a"], "isDisabled": null, "signInAudience": "AzureADMultipleOrgs"}),
        ] {
            let mut object = application();
            merge(&mut object, change.as_object().unwrap());
            let kept = Shape::Application.at_rest(object.clone());
            assert!(kept.len() < 8, "{kept:?}");
            assert!(kept.contains_key("signInAudience"));
            assert_eq!(Shape::Application.whole(&kept), object);
        }
        assert_eq!(Shape::of("user"), Shape::Plain);
    }
}
