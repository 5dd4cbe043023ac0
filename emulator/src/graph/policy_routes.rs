//! The tenant's policies: of apps, of authorization, of Conditional Access.

use serde_json::Value;

use super::{
    GraphAnswer, GraphRequest,
    answer::{Answer, only, page},
};
use crate::{
    object::Object,
    refusal::Refusal,
    store::{Context, Store},
};

pub(super) fn policies(store: &mut Store, context: Context<'_>, request: &GraphRequest, policy: &str) -> Answer {
    if !matches!(policy, "defaultAppManagementPolicy" | "authorizationPolicy") {
        return Err(Refusal::no_such_route(policy));
    }
    if request.method == "PATCH" && policy == "defaultAppManagementPolicy" {
        return store.change_policy(context, &request.object()?).map(|()| GraphAnswer::Done);
    }
    only(request, "GET")?;
    context.access.may_read_policies()?;
    let found = match policy {
        "defaultAppManagementPolicy" => store.policy.clone(),
        _ => object_of(Store::authorization_policy(context.settings)),
    };
    Ok(GraphAnswer::Found(request.query.selected("policyBase", &found)))
}

pub(super) fn conditional_access(store: &Store, context: Context<'_>, request: &GraphRequest, rest: &[&str]) -> Answer {
    only(request, "GET")?;
    context.access.may_read_conditional_access()?;
    let policies = &store.conditional_access_policies;
    match rest {
        [] => page(
            request,
            "conditionalAccessPolicy",
            "identity/conditionalAccess/policies",
            policies.iter(),
        ),
        [id] => {
            let found = policies.iter().find(|policy| policy.get("id").and_then(Value::as_str) == Some(id));
            let found = found.ok_or_else(|| Refusal::not_found(id))?;
            Ok(GraphAnswer::Found(request.query.selected("conditionalAccessPolicy", found)))
        }
        [_, other, ..] => Err(Refusal::no_such_route(other)),
    }
}

fn object_of(value: Value) -> Object {
    value.as_object().cloned().unwrap_or_default()
}
