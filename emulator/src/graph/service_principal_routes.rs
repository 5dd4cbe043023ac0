//! The requests to service principals, and to what was granted and assigned to them.

use serde_json::json;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, check_key, one, only, page, wrong_method},
    directory_object_routes::owners,
    expand::{expanded, property},
    people_routes::owned_objects,
};
use crate::{
    object::Object,
    refusal::Refusal,
    store::{Collection, Context, Key, Store},
};

pub(super) fn service_principals(
    store: &mut Store,
    context: Context<'_>,
    request: &GraphRequest,
    key: Option<Key>,
    rest: &[&str],
) -> Answer {
    if let Some(key) = &key {
        check_key(key, &["id", "appId"], "servicePrincipal")?;
    }
    match (request.method.as_str(), key, rest) {
        ("GET", None, []) => {
            context.access.may_read_applications()?;
            let seen = store.seen_with_owners(Collection::ServicePrincipals, context.instant);
            if request.query.expanded().next().is_none() {
                return page(request, "servicePrincipal", "servicePrincipals", seen);
            }
            let seen: Result<Vec<Object>, Refusal> = seen
                .map(|(_, object)| expanded(store, context, request, Collection::ServicePrincipals, object))
                .collect();
            page(request, "servicePrincipal", "servicePrincipals", seen?.iter())
        }
        ("GET", None, ["$count"]) => {
            context.access.may_read_applications()?;
            let objects = store.seen_with_owners(Collection::ServicePrincipals, context.instant);
            request
                .query
                .count("servicePrincipal", objects, request.is_advanced)
                .map(GraphAnswer::Count)
        }
        ("GET", Some(key), []) => {
            context.access.may_read_applications()?;
            request.query.check_selection("servicePrincipal")?;
            let (_, object) = store.read(Collection::ServicePrincipals, &key, context.instant)?;
            let object = expanded(store, context, request, Collection::ServicePrincipals, object)?;
            one(request, ("servicePrincipals", "servicePrincipal"), &object)
        }
        ("GET", Some(key), ["owners", rest @ ..]) => {
            context.access.may_read_applications()?;
            let (entry, _) = store.read(Collection::ServicePrincipals, &key, context.instant)?;
            owners(store, context, request, entry, rest)
        }
        ("POST", None, []) => store
            .create_service_principal(context, &request.object()?)
            .map(GraphAnswer::Created),
        ("PATCH", Some(key), []) => {
            let body = request.object()?;
            let exists = store.service_principals.iter().any(|entry| entry.is_named(&key));
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
        ("POST", Some(key), ["owners", "$ref"]) => store
            .add_owner(context, Collection::ServicePrincipals, &key, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), ["owners", id, "$ref"]) => store
            .remove_owner(context, Collection::ServicePrincipals, &key, id)
            .map(|()| GraphAnswer::Done),
        ("POST", Some(key), ["addPassword" | "microsoft.graph.addPassword"]) => store
            .add_password(context, Collection::ServicePrincipals, &key, &request.object()?)
            .map(GraphAnswer::Found),
        ("POST", Some(key), ["removePassword" | "microsoft.graph.removePassword"]) => store
            .remove_password(context, Collection::ServicePrincipals, &key, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("GET", Some(key), ["memberOf" | "transitiveMemberOf"]) => {
            context.access.may_read_applications()?;
            store.read(Collection::ServicePrincipals, &key, context.instant)?;
            // The emulator has no groups, and no roles of applications.
            page(request, "directoryObject", "directoryObjects", std::iter::empty::<&Object>())
        }
        ("GET", Some(key), ["ownedObjects", rest @ ..]) => {
            let (entry, _) = store.read(Collection::ServicePrincipals, &key, context.instant)?;
            let id = entry.text("id").parse().unwrap_or_default();
            owned_objects(store, context, request, id, rest)
        }
        ("GET", Some(key), path @ [_, ..]) => {
            context.access.may_read_applications()?;
            let (_, object) = store.read(Collection::ServicePrincipals, &key, context.instant)?;
            property(request, "servicePrincipals", "servicePrincipal", object, path)
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
            let (_, object) = store.read(Collection::Assignments, &Key::id(*id), context.instant)?;
            one(request, ("appRoleAssignments", "appRoleAssignment"), object)
        }
        ("POST", []) => store
            .create_assignment(context, owner, side, &request.object()?)
            .map(GraphAnswer::Created),
        ("DELETE", [id]) => store.delete_assignment(context, &Key::id(*id)).map(|()| GraphAnswer::Done),
        _ => Err(wrong_method(request)),
    }
}
