//! Which request does what.

use serde_json::json;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, one, only, page, wrong_method},
    application_routes::applications,
    directory_object_routes::{deleted_items, directory_object},
    group_routes::groups,
    path::address,
    people_routes::{directory_roles, domains, person, users},
    policy_routes::{conditional_access, policies},
    service_principal_routes::service_principals,
};
use crate::{
    refusal::Refusal,
    store::{Collection, Context, Key, Store},
};

/// Answers one request.
pub(crate) fn answer(store: &mut Store, context: Context<'_>, request: &GraphRequest) -> Answer {
    request.query.check()?;
    let segments = &request.segments;
    let first = segments.first().map(String::as_str).unwrap_or_default();
    let below: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let expands = request.query.expanded().next().is_some();
    if expands && !first.starts_with("applications") && !first.starts_with("servicePrincipals") {
        return Err(Refusal::not_emulated(&format!("$expand of '{first}'")));
    }
    if let Some(function) = below.first().filter(|name| is_function_of_a_collection(name)) {
        return Err(Refusal::not_emulated(&format!("the function '{function}'")));
    }
    match (first, below.as_slice()) {
        ("users", rest) => users(store, context, request, rest),
        ("domains", rest) => domains(context, request, rest),
        ("directoryRoles", rest) => directory_roles(store, context, request, rest),
        ("organization", _) => organization(context, request),
        ("me", _) => me(store, context, request, &below),
        ("policies", [policy]) => policies(store, context, request, policy),
        ("identity", ["conditionalAccess", "policies", rest @ ..]) => conditional_access(store, context, request, rest),
        ("groups", rest) => groups(context, request, rest),
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

/// Functions and actions that stand where an object's id may stand, too.
fn is_function_of_a_collection(segment: &str) -> bool {
    let name = segment.split('(').next().unwrap_or_default();
    let name = name.strip_prefix("microsoft.graph.").unwrap_or(name);
    matches!(
        name,
        "delta" | "getByIds" | "validateProperties" | "getAvailableExtensionProperties" | "getUserOwnedObjects"
    )
}

fn organization(context: Context<'_>, request: &GraphRequest) -> Answer {
    only(request, "GET")?;
    context.access.may_read_organization()?;
    let organization = Store::organization(context.settings);
    let object = organization.as_object().cloned().unwrap_or_default();
    if request.segments.len() > 1 {
        return Ok(GraphAnswer::Found(request.query.selected("organization", &object)));
    }
    let value = request.query.selected("organization", &object);
    Ok(GraphAnswer::Found(
        json!({"@odata.context": format!("{}/$metadata#organization", request.root), "value": [value]}),
    ))
}

fn me(store: &Store, context: Context<'_>, request: &GraphRequest, below: &[&str]) -> Answer {
    context.access.may_read_me()?;
    match (request.method.as_str(), below) {
        ("GET", []) => {
            let me = Store::me(context)?;
            let mut value = request.query.selected("user", &me.as_object().cloned().unwrap_or_default());
            value["@odata.context"] = json!(format!("{}/$metadata#users/$entity", request.root));
            Ok(GraphAnswer::Found(value))
        }
        ("POST", ["checkMemberObjects" | "microsoft.graph.checkMemberObjects"]) => {
            let held = Store::check_member_objects(context, &request.object()?)?;
            Ok(GraphAnswer::Found(
                json!({"@odata.context": format!("{}/$metadata#Collection(Edm.String)", request.root), "value": held}),
            ))
        }
        ("PATCH" | "DELETE", []) => Err(wrong_method(request)),
        _ => {
            let me = Store::me(context)?.as_object().cloned().unwrap_or_default();
            person(store, context, request, (context.access.object_id, &me), below)
        }
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
            let (_, object) = store.read(Collection::Grants, &key, context.instant)?;
            one(request, ("oauth2PermissionGrants", "oAuth2PermissionGrant"), object)
        }
        ("POST", None, []) => store.create_grant(context, &request.object()?).map(GraphAnswer::Created),
        ("PATCH", Some(key), []) => store.change_grant(context, &key, &request.object()?).map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), []) => store.delete_grant(context, &key).map(|()| GraphAnswer::Done),
        (_, _, [other, ..]) => Err(Refusal::no_such_route(other)),
        _ => Err(wrong_method(request)),
    }
}
