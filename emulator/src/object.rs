//! JSON objects, and how a change to one is taken over.

use serde_json::{Map, Value};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Takes a change over: complex properties by their parts, everything else as a whole.
pub(super) fn merge(target: &mut Object, change: &Object) {
    for (name, value) in change {
        if name.contains('@') {
            continue;
        }
        match (target.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}
