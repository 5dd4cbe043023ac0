//! The access token, and the answer that it comes in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{asked::Asked, resources::Resource};
use crate::{Caller, object::Object, signing::write_token};

/// How long a token is good for, in seconds.
const SECONDS: i64 = 3599;

/// When the tenant was created, in seconds since 1970: 2020-01-01.
const TENANT_CREATED: i64 = 1_577_836_800;

/// What stands in the place of directory roles in an application's token.
const WIDS_OF_APPLICATIONS: &str = "0997a1d0-0d1d-4acb-b408-d5ca73121e90";

/// The answer with the access token. An application's names no scopes: its permissions are in the token, as `roles`.
pub(super) fn answer(asked: Asked<'_>, caller: &Caller, resource: &Resource, granted: &[String]) -> Value {
    let audience = resource.audience(asked.tenant);
    let mut claims = asked.tenant.claims_of(&caller.clone().or_audience(&audience));
    add_what_the_service_keeps_for_itself(&mut claims, asked.proof());
    if resource.takes_version_2 {
        claims = of_version_2(claims, &asked.request.address);
    }
    let token = write_token(&claims);
    if asked.is_v2 {
        let mut answer = json!({
            "token_type": "Bearer", "expires_in": SECONDS, "ext_expires_in": SECONDS, "access_token": token,
        });
        if !granted.is_empty() {
            answer["scope"] = json!(granted.join(" "));
        }
        return answer;
    }
    let now = asked.tenant.settings().clock.now().unix_timestamp();
    json!({
        "token_type": "Bearer", "expires_in": SECONDS.to_string(), "ext_expires_in": SECONDS.to_string(),
        "expires_on": (now + SECONDS).to_string(), "not_before": now.to_string(), "resource": resource.name, "access_token": token,
    })
}

/// What resources are told not to read, and dumps of tokens show all the same: opaque here as there.
///
/// Source: *Access token claims reference*; `wids` of an application is the id that its tokens have in every tenant.
fn add_what_the_service_keeps_for_itself(claims: &mut Object, proof: &str) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (issuer, is_application) = (text("iss"), text("idtyp") == "app");
    let opaque = || URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes());
    let mut added = vec![
        ("aio", json!(opaque())),
        ("appidacr", json!(proof)),
        ("rh", json!(format!("1.{}.", opaque()))),
        ("uti", json!(opaque())),
        ("xms_tcdt", json!(TENANT_CREATED)),
    ];
    if is_application {
        added.push(("idp", json!(issuer)));
        added.push(("wids", json!([WIDS_OF_APPLICATIONS])));
    }
    for (name, value) in added {
        claims.entry(name).or_insert(value);
    }
}

/// The same claims as version 2 of the token has them: another issuer, and other names for the client and the account.
///
/// Source: *Access token claims reference*.
fn of_version_2(mut claims: Object, address: &str) -> Object {
    let tenant = claims.get("tid").and_then(Value::as_str).unwrap_or_default().to_owned();
    claims.insert("ver".to_owned(), json!("2.0"));
    claims.insert("iss".to_owned(), json!(format!("{address}/{tenant}/v2.0")));
    for (old, new) in [("appid", "azp"), ("appidacr", "azpacr"), ("upn", "preferred_username")] {
        if let Some(value) = claims.remove(old) {
            claims.insert(new.to_owned(), value);
        }
    }
    for only_in_version_1 in ["unique_name", "app_displayname", "idp", "wids", "xms_tcdt"] {
        claims.remove(only_in_version_1);
    }
    claims
}
