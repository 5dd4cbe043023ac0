//! What a new object looks like before a caller has said anything: every property that Microsoft Graph shows by default.

use std::sync::LazyLock;

use serde_json::Value;

use super::Object;

static APPLICATION: LazyLock<Object> = LazyLock::new(|| parsed(include_str!("new_application.json")));
static SERVICE_PRINCIPAL: LazyLock<Object> = LazyLock::new(|| parsed(include_str!("new_service_principal.json")));

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
    use super::*;
    use crate::graph_types;

    #[test]
    fn the_defaults_are_what_microsoft_graph_knows() {
        for (name, object) in [("application", application()), ("servicePrincipal", service_principal())] {
            assert!(object.len() > 20, "{name}");
            assert!(graph_types::check(name, &object).is_ok(), "{name}");
        }
    }
}
