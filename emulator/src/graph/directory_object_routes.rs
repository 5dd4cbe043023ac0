//! The requests to objects of any type: deleted ones, owners, and one by its id.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, page, wrong_method},
};
use crate::{
    object::Object,
    refusal::Refusal,
    store::{Collection, Context, Entry, Key, Kind, Store},
};

pub(super) fn deleted_items(store: &mut Store, context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
    let kind = |name: &str| match name {
        "microsoft.graph.application" => Some((Kind::Application, "application")),
        "microsoft.graph.servicePrincipal" => Some((Kind::ServicePrincipal, "servicePrincipal")),
        _ => None,
    };
    match (request.method.as_str(), rest) {
        ("GET", [name]) => {
            context.access.may_read_applications()?;
            if let Some((kind, type_name)) = kind(name) {
                let objects = store.deleted_of(kind, context.instant);
                return page(request, type_name, &format!("directory/deletedItems/{name}"), objects);
            }
            let mut deleted = store.deleted_seen(context.instant);
            let found = deleted.find(|deleted| deleted.entry.text("id").eq_ignore_ascii_case(name));
            let found = found.ok_or_else(|| Refusal::not_found(name))?;
            let mut value = typed(request, &found.entry.object, found.kind.type_name());
            value["@odata.context"] = json!(format!("{}/$metadata#directoryObjects/$entity", request.root));
            Ok(GraphAnswer::Found(value))
        }
        ("POST", [id, "restore" | "microsoft.graph.restore"]) => {
            store.restore(context, id).map(|(kind, object)| restored(request, kind, object))
        }
        ("DELETE", [id]) => store.purge(context, id).map(|()| GraphAnswer::Done),
        (_, [_, other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

/// The object with an id, of any type: clients ask who their own account is.
pub(super) fn directory_object(store: &Store, context: Context<'_>, request: &GraphRequest, id: &str) -> Answer {
    context.access.may_read_applications()?;
    let found = object_of_any_type(store, context, request, id);
    found.map(GraphAnswer::Found).ok_or_else(|| Refusal::not_found(id))
}

fn object_of_any_type(store: &Store, context: Context<'_>, request: &GraphRequest, id: &str) -> Option<Value> {
    let key = Key::id(id);
    if let Ok((_, object)) = store.read(Collection::ServicePrincipals, &key, context.instant) {
        return Some(typed(request, object, "servicePrincipal"));
    }
    if let Ok((_, object)) = store.read(Collection::Applications, &key, context.instant) {
        return Some(typed(request, object, "application"));
    }
    let user = id.parse().ok().and_then(|id| store.users.get(&id))?;
    Some(json!({
        "@odata.type": "#microsoft.graph.user", "id": id, "userPrincipalName": user.account,
    }))
}

/// A restored object names its type, because the address is the same for all types.
fn restored(request: &GraphRequest, kind: Kind, mut object: Value) -> GraphAnswer {
    object["@odata.context"] = json!(format!("{}/$metadata#directoryObjects/$entity", request.root));
    object["@odata.type"] = json!(format!("#microsoft.graph.{}", kind.type_name()));
    GraphAnswer::Found(object)
}

/// Owners are directory objects of any type. Their type is named, because clients decide by it what they read.
pub(super) fn owners(store: &Store, context: Context<'_>, request: &GraphRequest, entry: &Entry) -> GraphAnswer {
    let value = owner_objects(store, context, request, entry);
    GraphAnswer::Found(json!({"@odata.context": format!("{}/$metadata#directoryObjects", request.root), "value": value}))
}

pub(super) fn owner_objects(store: &Store, context: Context<'_>, request: &GraphRequest, entry: &Entry) -> Vec<Value> {
    let owner = |id: &Uuid| object_of_any_type(store, context, request, &id.to_string()).unwrap_or_else(|| json!({"id": id}));
    entry.owners().iter().map(owner).collect()
}

fn typed(request: &GraphRequest, object: &Object, type_name: &str) -> Value {
    let mut value = request.query.selected(object);
    value["@odata.type"] = json!(format!("#microsoft.graph.{type_name}"));
    value
}
