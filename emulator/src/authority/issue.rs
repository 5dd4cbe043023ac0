//! The access token, and the answer that it comes in.

use serde_json::{Value, json};

use super::{resources::Resource, token_endpoint::Asked};
use crate::{Caller, object::Object, signing::write_token};

/// How long a token is good for, in seconds.
const SECONDS: i64 = 3599;

/// The answer with the access token. An application's names no scopes: its permissions are in the token, as `roles`.
pub(super) fn answer(asked: Asked<'_>, caller: &Caller, resource: &Resource, granted: &[String]) -> Value {
    let audience = resource.audience(asked.tenant);
    let mut claims = asked.tenant.claims_of(&caller.clone().or_audience(&audience));
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

/// The same claims as version 2 of the token has them: another issuer, and other names for the client and the account.
///
/// Source: *Access token claims reference*.
fn of_version_2(mut claims: Object, address: &str) -> Object {
    let tenant = claims.get("tid").and_then(Value::as_str).unwrap_or_default().to_owned();
    claims.insert("ver".to_owned(), json!("2.0"));
    claims.insert("iss".to_owned(), json!(format!("{address}/{tenant}/v2.0")));
    for (old, new) in [("appid", "azp"), ("upn", "preferred_username")] {
        if let Some(value) = claims.remove(old) {
            claims.insert(new.to_owned(), value);
        }
    }
    for only_in_version_1 in ["unique_name", "app_displayname"] {
        claims.remove(only_in_version_1);
    }
    claims
}
