//! What rows are made of: the types of their properties, and rows as JSON.

use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

pub(super) const INT64: &str = "Edm.Int64";
pub(super) const INT32: &str = "Edm.Int32";
pub(super) const TEXT: &str = "Edm.String";
pub(super) const FLAG: &str = "Edm.Boolean";
pub(super) const DATE: &str = "Edm.DateTimeOffset";
pub(super) const INTS: &str = "Collection(Edm.Int64)";
pub(super) const TEXTS: &str = "Collection(Edm.String)";

pub(super) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
