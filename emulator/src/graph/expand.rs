//! `$expand`: what an object is related to, inside its answer.

use serde_json::{Value, json};

use super::{GraphRequest, answer::Answer, directory_object_routes::owner_objects, listed::as_read};
use crate::{
    object::Object,
    refusal::Refusal,
    store::{Collection, Context, Key, Shape, Store},
    texts,
};

/// The most objects of one relationship that come along.
///
/// Source: *Use query parameters to customize responses*: at most 20 for directory objects.
const MOST: usize = 20;

/// The object with the relationships that the request expands.
pub(super) fn expanded(
    store: &Store,
    context: Context<'_>,
    request: &GraphRequest,
    collection: Collection,
    object: &Object,
) -> Result<Object, Refusal> {
    let mut shown = Shape::of(type_of(collection)).whole(object);
    for name in request.query.expanded() {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let mut related = related(store, context, request, collection, name, id)?;
        related.truncate(MOST);
        shown.insert(name.to_owned(), Value::Array(related));
    }
    Ok(shown)
}

fn related(
    store: &Store,
    context: Context<'_>,
    request: &GraphRequest,
    collection: Collection,
    name: &str,
    id: &str,
) -> Result<Vec<Value>, Refusal> {
    let is_application = collection == Collection::Applications;
    let type_name = type_of(collection);
    let held = |collection: Collection, side: &str| -> Vec<Value> {
        let all = store.seen(collection, context.instant);
        let held = all.filter(|object| object.get(side).and_then(Value::as_str) == Some(id));
        held.map(|object| json!(object)).collect()
    };
    match name {
        "owners" => {
            let (entry, _) = store.read(collection, &Key::id(id), context.instant)?;
            Ok(owner_objects(store, context, request, entry))
        }
        "federatedIdentityCredentials" if is_application => Ok(store.federated_of(id).iter().map(|one| json!(one)).collect()),
        "appRoleAssignments" if !is_application => Ok(held(Collection::Assignments, "principalId")),
        "appRoleAssignedTo" if !is_application => Ok(held(Collection::Assignments, "resourceId")),
        "oauth2PermissionGrants" if !is_application => {
            context.access.may_read_grants()?;
            Ok(held(Collection::Grants, "clientId"))
        }
        other if crate::graph_types::has_property(type_name, other) => Err(Refusal::not_emulated(&format!("$expand={other}"))),
        other => {
            let message = texts::NO_SUCH_PROPERTY_IN_QUERY.with(&[("property", other), ("type", type_name)]);
            Err(Refusal::new(400, "BadRequest", message))
        }
    }
}

const fn type_of(collection: Collection) -> &'static str {
    match collection {
        Collection::Applications => "application",
        _ => "servicePrincipal",
    }
}

/// One property of an object, by its path: `/applications/{id}/appRoles`.
///
/// Source: OData 4.01, part 2, section 4.7; CLI for Microsoft 365 relies on it.
pub(super) fn property(request: &GraphRequest, set: &str, type_name: &str, object: &Object, path: &[&str]) -> Answer {
    let name = path.first().copied().unwrap_or_default();
    if request.method != "GET" || !crate::graph_types::has_property(type_name, &path.join("/")) {
        return Err(Refusal::no_such_route(name));
    }
    let object = as_read(Shape::of(type_name).whole(object));
    let mut value = object.get(name);
    for below in path.iter().skip(1) {
        value = value.and_then(|value| value.get(*below));
    }
    let Some(value) = value else {
        return Err(Refusal::no_such_route(name));
    };
    // A property without a value is no content.
    if value.is_null() {
        return Ok(super::GraphAnswer::Done);
    }
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let context = format!("{}/$metadata#{set}('{id}')/{}", request.root, path.join("/"));
    let answer = match value {
        Value::Object(value) => {
            let mut answer = value.clone();
            answer.insert("@odata.context".to_owned(), json!(context));
            Value::Object(answer)
        }
        value => json!({"@odata.context": context, "value": value}),
    };
    Ok(super::GraphAnswer::Found(answer))
}
