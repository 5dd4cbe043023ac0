//! The requests to app registrations.

use serde_json::Value;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, check_key, one, page, wrong_method},
    directory_object_routes::owners,
    expand::{expanded, property},
};
use crate::{
    object::Object,
    refusal::Refusal,
    store::{Collection, Context, Key, Store, Upserted},
};

pub(super) fn applications(store: &mut Store, context: Context<'_>, request: &GraphRequest, key: Option<Key>, rest: &[&str]) -> Answer {
    if let Some(key) = &key {
        check_key(key, &["id", "appId", "uniqueName"], "application")?;
    }
    match (request.method.as_str(), key, rest) {
        ("GET", None, []) => {
            context.access.may_read_applications()?;
            let seen = store.seen_with_owners(Collection::Applications, context.instant);
            if request.query.expanded().next().is_none() {
                return page(request, "application", "applications", seen);
            }
            let seen: Result<Vec<Object>, Refusal> = seen
                .map(|(_, object)| expanded(store, context, request, Collection::Applications, object))
                .collect();
            page(request, "application", "applications", seen?.iter())
        }
        ("GET", None, ["$count"]) => {
            context.access.may_read_applications()?;
            let objects = store.seen_with_owners(Collection::Applications, context.instant);
            request
                .query
                .count("application", objects, request.is_advanced)
                .map(GraphAnswer::Count)
        }
        ("GET", Some(key), []) => {
            context.access.may_read_applications()?;
            request.query.check_selection("application")?;
            let (_, object) = store.read(Collection::Applications, &key, context.instant)?;
            let object = expanded(store, context, request, Collection::Applications, object)?;
            one(request, ("applications", "application"), &object)
        }
        ("GET", Some(key), ["owners", rest @ ..]) => {
            context.access.may_read_applications()?;
            let (entry, _) = store.read(Collection::Applications, &key, context.instant)?;
            owners(store, context, request, entry, rest)
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
        ("POST", Some(key), ["addPassword" | "microsoft.graph.addPassword"]) => store
            .add_password(context, Collection::Applications, &key, &request.object()?)
            .map(GraphAnswer::Found),
        ("POST", Some(key), ["removePassword" | "microsoft.graph.removePassword"]) => store
            .remove_password(context, Collection::Applications, &key, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("POST", Some(key), ["owners", "$ref"]) => store
            .add_owner(context, Collection::Applications, &key, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("DELETE", Some(key), ["owners", id, "$ref"]) => store
            .remove_owner(context, Collection::Applications, &key, id)
            .map(|()| GraphAnswer::Done),
        (_, Some(key), ["federatedIdentityCredentials", rest @ ..]) => federated(store, context, request, &key, rest),
        ("GET", Some(key), path @ [_, ..]) => {
            context.access.may_read_applications()?;
            let (_, object) = store.read(Collection::Applications, &key, context.instant)?;
            property(request, "applications", "application", object, path)
        }
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
            one(request, ("federatedIdentityCredentials", "federatedIdentityCredential"), found)
        }
        ("POST", []) => store.add_federated(context, app, &request.object()?).map(GraphAnswer::Created),
        ("PATCH", [id]) => store
            .update_federated(context, app, id, &request.object()?)
            .map(|()| GraphAnswer::Done),
        ("DELETE", [id]) => store.remove_federated(context, app, id).map(|()| GraphAnswer::Done),
        _ => Err(wrong_method(request)),
    }
}
