//! One object of a collection: what filters ask of it, and how readers see it.

use serde_json::Value;
use uuid::Uuid;

use crate::{object::Object, store::Shape};

/// Collections that come back in another order than they were sent; here in the reverse one.
///
/// Source: recordings of the Azure CLI, April 2025.
const IN_ANOTHER_ORDER: [&str; 7] = [
    "appRoles",
    "requiredResourceAccess",
    "servicePrincipalNames",
    "replyUrls",
    "web",
    "spa",
    "publicClient",
];

/// One object of a collection, with what a filter may ask beside its properties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a> {
    pub(super) object: &'a Object,
    owners: Option<usize>,
}

impl<'a> From<&'a Object> for Listed<'a> {
    fn from(object: &'a Object) -> Self {
        Self { object, owners: None }
    }
}

impl<'a> From<(&'a [Uuid], &'a Object)> for Listed<'a> {
    fn from((owners, object): (&'a [Uuid], &'a Object)) -> Self {
        let owners = Some(owners.len());
        Self { object, owners }
    }
}

impl Listed<'_> {
    /// What stands at a path: `web/homePageUrl`, `owners/$count`. What was never set is as in a new object.
    pub(super) fn value(&self, shape: Shape, path: &str) -> Option<Value> {
        if let Some(collection) = path.strip_suffix("/$count") {
            let counted = self.owners.filter(|_| collection == "owners");
            let inside = || self.value(shape, collection)?.as_array().map(Vec::len);
            return counted.or_else(inside).map(Value::from);
        }
        let new = || shape.defaults().and_then(|defaults| value_at(defaults, path));
        value_at(self.object, path).or_else(new).cloned()
    }
}

fn value_at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('/');
    let mut value = object.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

/// The object as a reader is given it.
pub(super) fn as_read(mut object: Object) -> Object {
    for name in IN_ANOTHER_ORDER {
        match object.get_mut(name) {
            Some(Value::Array(items)) => items.reverse(),
            Some(Value::Object(platform)) => {
                for name in ["redirectUris", "redirectUriSettings"] {
                    if let Some(Value::Array(items)) = platform.get_mut(name) {
                        items.reverse();
                    }
                }
            }
            _ => {}
        }
    }
    object
}
