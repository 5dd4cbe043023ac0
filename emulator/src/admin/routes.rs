//! Which request of the admin API does what.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Admin, AdminAnswer, AdminRequest, OPENAPI, orders, refused, unusable};
use crate::EmulatorConfiguration;

/// Every route, as `openapi.json` has them below `/_emulator/`.
#[cfg(test)]
const ROUTES: [(&str, &str); 28] = [
    ("GET", "health"),
    ("GET", "ready"),
    ("GET", "openapi.json"),
    ("POST", "reset"),
    ("POST", "seed"),
    ("GET", "state"),
    ("GET", "snapshots"),
    ("POST", "snapshots"),
    ("POST", "snapshots/{name}/restore"),
    ("DELETE", "snapshots/{name}"),
    ("GET", "faults"),
    ("POST", "faults"),
    ("DELETE", "faults"),
    ("GET", "lag"),
    ("PATCH", "lag"),
    ("GET", "policies"),
    ("PATCH", "policies"),
    ("GET", "users"),
    ("PUT", "users"),
    ("GET", "sign-in-troubles"),
    ("POST", "sign-in-troubles"),
    ("DELETE", "sign-in-troubles"),
    ("GET", "clock"),
    ("PATCH", "clock"),
    ("GET", "requests"),
    ("DELETE", "requests"),
    ("POST", "tokens"),
    ("POST", "device-codes/{userCode}/approve"),
];

pub(super) fn answer(admin: &Admin, request: &AdminRequest<'_>) -> Result<AdminAnswer, AdminAnswer> {
    let tenant = || admin.tenant(query(request.query, "tenant").as_deref());
    let done = |()| (204, Value::Null);
    match (request.method, request.path) {
        ("GET", ["health"]) => Ok((200, json!({"status": "ok"}))),
        ("GET", ["ready"]) => Ok((200, json!({"status": "ready", "tenants": admin.0.running.tenants().all().count()}))),
        ("GET", ["openapi.json"]) => serde_json::from_str(OPENAPI)
            .map(|document: Value| (200, document))
            .map_err(unusable),
        ("POST", ["reset"]) => admin.begin(&admin.0.beginning).map(done),
        ("POST", ["seed"]) => {
            let configuration = EmulatorConfiguration::from_json(request.body).map_err(unusable)?;
            admin.begin(&configuration).map(done)
        }
        ("GET", ["state"]) => Ok((200, orders::state(admin))),
        ("GET", ["snapshots"]) => Ok((200, json!({"value": admin.snapshots().names()}))),
        ("POST", ["snapshots"]) => {
            let named: Named = body(request)?;
            admin.take_snapshot(&named.name).map(|()| (201, json!({"name": named.name})))
        }
        ("POST", ["snapshots", name, "restore"]) => admin.restore_snapshot(name).map(done),
        ("DELETE", ["snapshots", name]) => admin.forget_snapshot(name).map(done),
        ("GET", ["faults"]) => Ok((200, json!({"value": tenant()?.waiting_faults()}))),
        ("POST", ["faults"]) => body::<crate::configuration::FaultOrder>(request)?
            .order(&tenant()?)
            .map(done)
            .map_err(unusable),
        ("DELETE", ["faults"]) => {
            tenant()?.clear_faults();
            Ok(done(()))
        }
        ("GET", ["lag"]) => Ok((200, orders::lag(admin, &tenant()?))),
        ("PATCH", ["lag"]) => {
            let tenant = tenant()?;
            orders::set_lag(admin, &tenant, &body(request)?);
            Ok((200, orders::lag(admin, &tenant)))
        }
        ("GET", ["policies"]) => Ok((200, orders::policies(&tenant()?))),
        ("PATCH", ["policies"]) => {
            let tenant = tenant()?;
            orders::set_policies(&tenant, body(request)?)?;
            Ok((200, orders::policies(&tenant)))
        }
        ("GET", ["users"]) => Ok((200, orders::users(&tenant()?))),
        ("PUT", ["users"]) => {
            let tenant = tenant()?;
            orders::set_users(&tenant, &body::<Vec<crate::configuration::User>>(request)?)?;
            Ok((200, orders::users(&tenant)))
        }
        ("GET", ["sign-in-troubles"]) => Ok((200, json!({"value": tenant()?.sign_in_troubles().waiting()}))),
        ("POST", ["sign-in-troubles"]) => orders::trouble_sign_in(&tenant()?, &body(request)?).map(done),
        ("DELETE", ["sign-in-troubles"]) => {
            tenant()?.sign_in_troubles().clear();
            Ok(done(()))
        }
        ("GET", ["clock"]) => Ok((200, orders::clock(&admin.0.clock))),
        ("PATCH", ["clock"]) => {
            orders::set_clock(&admin.0.clock, &body(request)?)?;
            Ok((200, orders::clock(&admin.0.clock)))
        }
        ("GET", ["requests"]) => Ok((200, json!({"value": tenant()?.requests()}))),
        ("DELETE", ["requests"]) => {
            tenant()?.clear_requests();
            Ok(done(()))
        }
        ("POST", ["tokens"]) => orders::token(&tenant()?, body(request)?).map(|token| (201, token)),
        ("POST", ["device-codes", code, "approve"]) => {
            let tenant = tenant()?;
            let account = query(request.query, "account");
            if tenant.approve_device_code_as(code, account.as_deref()) {
                return Ok(done(()));
            }
            Err(refused(404, "codeNotFound", "No sign-in waits for this code."))
        }
        _ => Err(refused(
            404,
            "noSuchRoute",
            "The admin API has no such request; see /_emulator/openapi.json.",
        )),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// The body, of which no key may be unknown. No body is an empty object.
fn body<T: DeserializeOwned>(request: &AdminRequest<'_>) -> Result<T, AdminAnswer> {
    let text = if request.body.is_empty() { b"{}" } else { request.body };
    serde_json::from_slice(text).map_err(|error| refused(400, "bodyUnusable", &error.to_string()))
}

fn query(text: &str, wanted: &str) -> Option<String> {
    let found = form_urlencoded::parse(text.as_bytes()).find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_describes_every_route_and_no_other() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<String> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().unwrap().keys().filter(|method| *method != "parameters");
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let known: BTreeSet<String> = ROUTES.iter().map(|(method, path)| format!("{method} /_emulator/{path}")).collect();
        assert_eq!(described, known);
    }
}
