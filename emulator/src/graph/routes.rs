//! Which request does what.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    GraphAnswer, GraphRequest,
    path::address,
    policy_routes::{conditional_access, policies},
};
use crate::{
    refusal::Refusal,
    store::{Collection, Context, Entry, Key, Kind, Object, Store, Upserted},
    texts,
};

pub(super) type Answer = Result<GraphAnswer, Refusal>;

/// Answers one request.
pub(crate) fn answer(store: &mut Store, context: Context<'_>, request: &GraphRequest) -> Answer {
    request.query.check()?;
    let segments = &request.segments;
    let first = segments.first().map(String::as_str).unwrap_or_default();
    let below: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    match (first, below.as_slice()) {
        ("organization", _) => organization(context, request),
        ("me", _) => me(context, request, &below),
        ("policies", [policy]) => policies(store, context, request, policy),
        ("identity", ["conditionalAccess", "policies", rest @ ..]) => conditional_access(context, request, rest),
        ("directory", ["deletedItems", rest @ ..]) => deleted_items(store, context, request, rest),
        ("directory.deletedItems", rest) => deleted_items(store, context, request, rest),
        ("directoryObjects", [id]) if request.method == "GET" => directory_object(store, context, request, id),
        _ => {
            let (collection, key, rest) = address(segments).ok_or_else(|| Refusal::no_such_route(first))?;
            let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
            match collection {
                "applications" => applications(store, context, request, key, &rest),
                "servicePrincipals" => service_principals(store, context, request, key, &rest),
                "oauth2PermissionGrants" | "oauth2permissiongrants" => grants(store, context, request, key, &rest),
                _ => Err(Refusal::no_such_route(collection)),
            }
        }
    }
}

fn organization(context: Context<'_>, request: &GraphRequest) -> Answer {
    only(request, "GET")?;
    context.access.may_read_organization()?;
    let organization = Store::organization(context.settings);
    let object = organization.as_object().cloned().unwrap_or_default();
    if request.segments.len() > 1 {
        return Ok(GraphAnswer::Found(request.query.selected(&object)));
    }
    let value = request.query.selected(&object);
    Ok(GraphAnswer::Found(
        json!({"@odata.context": format!("{}/$metadata#organization", request.root), "value": [value]}),
    ))
}

fn me(context: Context<'_>, request: &GraphRequest, below: &[&str]) -> Answer {
    context.access.may_read_me()?;
    match (request.method.as_str(), below) {
        ("GET", []) => {
            let me = Store::me(context)?;
            Ok(GraphAnswer::Found(
                request.query.selected(&me.as_object().cloned().unwrap_or_default()),
            ))
        }
        ("POST", ["checkMemberObjects" | "microsoft.graph.checkMemberObjects"]) => {
            let held = Store::check_member_objects(context, &request.object()?)?;
            Ok(GraphAnswer::Found(
                json!({"@odata.context": format!("{}/$metadata#Collection(Edm.String)", request.root), "value": held}),
            ))
        }
        (_, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

fn applications(store: &mut Store, context: Context<'_>, request: &GraphRequest, key: Option<Key>, rest: &[&str]) -> Answer {
    if let Some(key) = &key {
        check_key(key, &["id", "appId", "uniqueName"], "application")?;
    }
    match (request.method.as_str(), key, rest) {
        ("GET", None, []) => {
            context.access.may_read_applications()?;
            page(
                request,
                "application",
                "applications",
                store.seen(Collection::Applications, context.instant),
            )
        }
        ("GET", None, ["$count"]) => {
            context.access.may_read_applications()?;
            let objects = store.seen(Collection::Applications, context.instant);
            request
                .query
                .count("application", objects, request.is_advanced)
                .map(GraphAnswer::Count)
        }
        ("GET", Some(key), []) => {
            context.access.may_read_applications()?;
            one(
                request,
                "applications",
                store.read(Collection::Applications, &key, context.instant)?,
            )
        }
        ("GET", Some(key), ["owners"]) => {
            context.access.may_read_applications()?;
            let (entry, _) = store.read(Collection::Applications, &key, context.instant)?;
            Ok(owners(store, context, request, entry))
        }
        ("POST", None, []) => store.create_application(context, &request.object()?).map(GraphAnswer::Created),
        ("PATCH", Some(key), []) if request.creates_if_missing => match store.upsert_application(context, &key, &request.object()?)? {
            Upserted::Created(created) => Ok(GraphAnswer::Created(created)),
            Upserted::Changed => Ok(GraphAnswer::Done),
        },
        ("PATCH", Some(key), []) => store
            .change_application(context, &key, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), []) => store.delete_application(context, &key).map(|()| GraphAnswer::Done),
        ("POST", Some(key), ["addPassword" | "microsoft.graph.addPassword"]) => {
            store.add_password(context, &key, &request.object()?).map(GraphAnswer::Found)
        }
        ("POST", Some(key), ["removePassword" | "microsoft.graph.removePassword"]) => {
            store.remove_password(context, &key, &request.object()?).map(|()| GraphAnswer::Done)
        }
        ("POST", Some(key), ["owners", "$ref"]) => store.add_owner(context, &key, &request.object()?).map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), ["owners", id, "$ref"]) => store.remove_owner(context, &key, id).map(|()| GraphAnswer::Done),
        (_, Some(key), ["federatedIdentityCredentials", rest @ ..]) => federated(store, context, request, &key, rest),
        (_, _, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

fn federated(store: &mut Store, context: Context<'_>, request: &GraphRequest, app: &Key, rest: &[&str]) -> Answer {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            context.access.may_read_applications()?;
            let all = store.federated(context, app)?;
            page(request, "federatedIdentityCredential", "federatedIdentityCredentials", all.iter())
        }
        ("GET", [id]) => {
            context.access.may_read_applications()?;
            let is_it = |one: &&Object| ["id", "name"].iter().any(|name| one.get(*name).and_then(Value::as_str) == Some(id));
            let found = store.federated(context, app)?.iter().find(is_it);
            let found = found.ok_or_else(|| Refusal::not_found(id))?;
            Ok(GraphAnswer::Found(request.query.selected(found)))
        }
        ("POST", []) => store.add_federated(context, app, &request.object()?).map(GraphAnswer::Created),
        ("DELETE", [id]) => store.remove_federated(context, app, id).map(|()| GraphAnswer::Done),
        _ => Err(wrong_method(request)),
    }
}

fn service_principals(store: &mut Store, context: Context<'_>, request: &GraphRequest, key: Option<Key>, rest: &[&str]) -> Answer {
    if let Some(key) = &key {
        check_key(key, &["id", "appId"], "servicePrincipal")?;
    }
    match (request.method.as_str(), key, rest) {
        ("GET", None, []) => {
            context.access.may_read_applications()?;
            page(
                request,
                "servicePrincipal",
                "servicePrincipals",
                store.seen(Collection::ServicePrincipals, context.instant),
            )
        }
        ("GET", None, ["$count"]) => {
            context.access.may_read_applications()?;
            let objects = store.seen(Collection::ServicePrincipals, context.instant);
            request
                .query
                .count("servicePrincipal", objects, request.is_advanced)
                .map(GraphAnswer::Count)
        }
        ("GET", Some(key), []) => {
            context.access.may_read_applications()?;
            one(
                request,
                "servicePrincipals",
                store.read(Collection::ServicePrincipals, &key, context.instant)?,
            )
        }
        ("GET", Some(key), ["owners"]) => {
            context.access.may_read_applications()?;
            let (entry, _) = store.read(Collection::ServicePrincipals, &key, context.instant)?;
            Ok(owners(store, context, request, entry))
        }
        ("POST", None, []) => store
            .create_service_principal(context, &request.object()?)
            .map(GraphAnswer::Created),
        ("PATCH", Some(key), []) => {
            let body = request.object()?;
            let exists = store
                .service_principals
                .iter()
                .any(|entry| entry.text(&key.property).eq_ignore_ascii_case(&key.value));
            if request.creates_if_missing && !exists && key.property == "appId" {
                let mut named = body;
                named.insert("appId".to_owned(), json!(key.value));
                return store.create_service_principal(context, &named).map(GraphAnswer::Created);
            }
            store.change_service_principal(context, &key, &body).map(|()| GraphAnswer::Done)
        }
        ("DELETE", Some(key), []) => store.delete_service_principal(context, &key).map(|()| GraphAnswer::Done),
        (_, Some(key), ["oauth2PermissionGrants"]) => {
            only(request, "GET")?;
            context.access.may_read_grants()?;
            let client = store
                .read(Collection::ServicePrincipals, &key, context.instant)?
                .0
                .text("id")
                .to_owned();
            let held = store
                .seen(Collection::Grants, context.instant)
                .filter(move |grant| grant.get("clientId") == Some(&json!(client)));
            page(request, "oAuth2PermissionGrant", "oauth2PermissionGrants", held)
        }
        (method, Some(key), [side @ ("appRoleAssignments" | "appRoleAssignedTo"), rest @ ..]) => {
            let side = if *side == "appRoleAssignments" {
                "principalId"
            } else {
                "resourceId"
            };
            assignments(store, context, request, method, &key, side, rest)
        }
        (_, _, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

fn assignments(
    store: &mut Store,
    context: Context<'_>,
    request: &GraphRequest,
    method: &str,
    owner: &Key,
    side: &str,
    rest: &[&str],
) -> Answer {
    match (method, rest) {
        ("GET", []) => {
            context.access.may_read_assignments()?;
            let id = json!(store.read(Collection::ServicePrincipals, owner, context.instant)?.0.text("id"));
            let held = store
                .seen(Collection::Assignments, context.instant)
                .filter(|assignment| assignment.get(side) == Some(&id));
            page(request, "appRoleAssignment", "appRoleAssignments", held)
        }
        ("GET", [id]) => {
            context.access.may_read_assignments()?;
            one(
                request,
                "appRoleAssignments",
                store.read(Collection::Assignments, &Key::id(*id), context.instant)?,
            )
        }
        ("POST", []) => store
            .create_assignment(context, owner, side, &request.object()?)
            .map(GraphAnswer::Created),
        ("DELETE", [id]) => store.delete_assignment(context, &Key::id(*id)).map(|()| GraphAnswer::Done),
        _ => Err(wrong_method(request)),
    }
}

fn grants(store: &mut Store, context: Context<'_>, request: &GraphRequest, key: Option<Key>, rest: &[&str]) -> Answer {
    match (request.method.as_str(), key, rest) {
        ("GET", None, []) => {
            context.access.may_read_grants()?;
            page(
                request,
                "oAuth2PermissionGrant",
                "oauth2PermissionGrants",
                store.seen(Collection::Grants, context.instant),
            )
        }
        ("GET", Some(key), []) => {
            context.access.may_read_grants()?;
            one(
                request,
                "oauth2PermissionGrants",
                store.read(Collection::Grants, &key, context.instant)?,
            )
        }
        ("POST", None, []) => store.create_grant(context, &request.object()?).map(GraphAnswer::Created),
        ("PATCH", Some(key), []) => store.change_grant(context, &key, &request.object()?).map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), []) => store.delete_grant(context, &key).map(|()| GraphAnswer::Done),
        (_, _, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}

fn deleted_items(store: &mut Store, context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
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

/// The object with an id, of whatever type: clients ask who their own account is.
fn directory_object(store: &Store, context: Context<'_>, request: &GraphRequest, id: &str) -> Answer {
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

fn typed(request: &GraphRequest, object: &Object, type_name: &str) -> Value {
    let mut value = request.query.selected(object);
    value["@odata.type"] = json!(format!("#microsoft.graph.{type_name}"));
    value
}

/// A restored object names its type, because the address is the same for all types.
fn restored(request: &GraphRequest, kind: Kind, mut object: Value) -> GraphAnswer {
    object["@odata.context"] = json!(format!("{}/$metadata#directoryObjects/$entity", request.root));
    object["@odata.type"] = json!(format!("#microsoft.graph.{}", kind.type_name()));
    GraphAnswer::Found(object)
}

/// Owners are directory objects of any type. Their type is named, because clients decide by it what they read.
fn owners(store: &Store, context: Context<'_>, request: &GraphRequest, entry: &Entry) -> GraphAnswer {
    let owner = |id: &Uuid| object_of_any_type(store, context, request, &id.to_string()).unwrap_or_else(|| json!({"id": id}));
    let value: Vec<Value> = entry.owners().iter().map(owner).collect();
    GraphAnswer::Found(json!({"@odata.context": format!("{}/$metadata#directoryObjects", request.root), "value": value}))
}

pub(super) fn page<'a>(request: &GraphRequest, type_name: &str, path: &str, objects: impl Iterator<Item = &'a Object>) -> Answer {
    let path = if request.segments.len() > 1 {
        request.segments.join("/")
    } else {
        path.to_owned()
    };
    let page = request.query.page(type_name, objects, request.is_advanced, &request.root, &path)?;
    Ok(GraphAnswer::Found(page))
}

fn one(request: &GraphRequest, set: &str, (_, object): (&Entry, &Object)) -> Answer {
    let mut value = request.query.selected(object);
    value["@odata.context"] = json!(format!("{}/$metadata#{set}/$entity", request.root));
    Ok(GraphAnswer::Found(value))
}

pub(super) fn only(request: &GraphRequest, method: &str) -> Result<(), Refusal> {
    if request.method == method {
        Ok(())
    } else {
        Err(wrong_method(request))
    }
}

fn check_key(key: &Key, known: &[&str], type_name: &str) -> Result<(), Refusal> {
    if known.contains(&key.property.as_str()) {
        return Ok(());
    }
    Err(Refusal::bad_request(
        texts::NO_SUCH_KEY.with(&[("property", &key.property), ("type", type_name)]),
    ))
}

fn wrong_method(request: &GraphRequest) -> Refusal {
    let message = texts::METHOD_NOT_ALLOWED.with(&[("request", &request.name())]);
    Refusal::new(405, "Request_BadRequest", message)
}
