//! The token endpoint.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    AuthorityRequest, OAuthError, SignInTrouble, authorize, check_tenant, client_assertion,
    clients::{check_client, granted_roles},
    device_code,
    resources::{check_disabled_resource, check_resource},
    user_session::{self, Wanted},
};
use crate::{
    Caller, EmulatedTenant,
    caller::{graph_resource, write_token},
    graph::decode,
    ids::well_known::MICROSOFT_GRAPH,
    store::SecretState,
    texts,
};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Issues a token. The older form of the endpoint names a resource where the newer one names scopes.
pub(super) fn token(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str, is_v2: bool) -> Result<Value, OAuthError> {
    check_tenant(tenant, named)?;
    let mut form = request.form();
    if let Some((id, secret)) = request.authorization.as_deref().and_then(basic) {
        form.entry("client_id".to_owned()).or_insert(id);
        form.entry("client_secret".to_owned()).or_insert(secret);
    }
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    match field("grant_type") {
        "client_credentials" => {
            let wanted = if is_v2 { field("scope") } else { field("resource") };
            let resource = if is_v2 { resource_of_scopes(wanted).0 } else { wanted.to_owned() };
            let caller = sign_in_application(tenant, request, named, &form, &resource)?;
            if tenant
                .sign_in_troubles()
                .take(&[SignInTrouble::BlockedByConditionalAccess])
                .is_some()
            {
                return Err(OAuthError::blocked("invalid_grant"));
            }
            Ok(issue(tenant, caller, &resource, Vec::new(), is_v2))
        }
        "authorization_code" => {
            let (code, redirect_uri) = (field("code"), field("redirect_uri"));
            let wanted = authorize::redeem(tenant, code, field("client_id"), redirect_uri, field("code_verifier"))?;
            signed_in(tenant, request, &form, &wanted, true)
        }
        DEVICE_CODE | "device_code" => {
            let code = if field("device_code").is_empty() {
                field("code")
            } else {
                field("device_code")
            };
            let wanted = device_code::finish(tenant, code, field("client_id"))?;
            signed_in(tenant, request, &form, &wanted, is_v2)
        }
        "refresh_token" if is_v2 => {
            let wanted = user_session::renew(tenant, field("refresh_token"), field("client_id"), field("scope"))?;
            signed_in(tenant, request, &form, &wanted, true)
        }
        other => {
            let message = texts::GRANT_TYPE.with(&[("grantType", other)]);
            Err(OAuthError::new("unsupported_grant_type", 70003, message))
        }
    }
}

fn sign_in_application(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    named: &str,
    form: &BTreeMap<String, String>,
    resource: &str,
) -> Result<Caller, OAuthError> {
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let assertion = field("client_assertion");
    let of_assertion = client_assertion::client_of(assertion).unwrap_or_default();
    let client_id = if field("client_id").is_empty() {
        &of_assertion
    } else {
        field("client_id")
    };
    if assertion.is_empty() {
        check_secret(tenant, client_id, field("client_secret"))?;
    } else if field("client_assertion_type") == client_assertion::JWT_BEARER {
        let proof = client_assertion::check(tenant, request, named, client_id, assertion);
        proof.unwrap_or_else(|| Err(unknown_client(tenant, client_id)))?;
    } else {
        return Err(OAuthError::new(
            "invalid_request",
            900_144,
            texts::PARAMETER_MISSING.with(&[("parameter", "client_assertion_type")]),
        ));
    }
    check_client(tenant, client_id, true)?;
    let automation = tenant.automation_client();
    // It is there to be pointed at the emulator, under whatever addresses its Microsoft Graph goes by.
    if client_id.eq_ignore_ascii_case(&automation.id().to_string()) {
        return Ok(Caller::application(automation.id(), automation.permissions().iter().cloned()));
    }
    check_resource(tenant, request, resource)?;
    let id = client_id.parse().unwrap_or(MICROSOFT_GRAPH);
    Ok(Caller::application(id, granted_roles(tenant, client_id)))
}

fn check_secret(tenant: &EmulatedTenant, client_id: &str, secret: &str) -> Result<(), OAuthError> {
    if secret.is_empty() {
        return Err(OAuthError::new("invalid_client", 7_000_218, texts::CREDENTIAL_MISSING));
    }
    let automation = tenant.automation_client();
    let state = if client_id.eq_ignore_ascii_case(&automation.id().to_string()) {
        let is_it = secret == automation.secret();
        Some(if is_it { SecretState::Live } else { SecretState::Unknown })
    } else {
        tenant.secret_state(client_id, secret)
    };
    match state {
        Some(SecretState::Live) => Ok(()),
        Some(SecretState::Expired) => {
            let message = texts::SECRET_EXPIRED.with(&[("appId", client_id)]);
            Err(OAuthError::new("invalid_client", 7_000_222, message))
        }
        Some(SecretState::Unknown) => {
            let message = texts::SECRET_WRONG.with(&[("appId", client_id)]);
            Err(OAuthError::new("invalid_client", 7_000_215, message))
        }
        None => Err(unknown_client(tenant, client_id)),
    }
}

fn unknown_client(tenant: &EmulatedTenant, client_id: &str) -> OAuthError {
    let message = texts::CLIENT_UNKNOWN.with(&[("appId", client_id), ("tenant", &tenant.settings().display_name)]);
    OAuthError::new("unauthorized_client", 700_016, message)
}

/// A user signs in as the tenant's caller, through the client that asks.
fn sign_in_user(tenant: &EmulatedTenant, client_id: &str, wanted: &[String]) -> Caller {
    let mut caller = tenant.caller().clone();
    if let Ok(id) = client_id.parse::<Uuid>() {
        caller = caller.with_sign_in_application(id);
    }
    // `.default` asks for all that was consented to; anything else for these alone.
    let everything = wanted.is_empty() || wanted.iter().any(|scope| scope == ".default");
    if !everything {
        let consented: Vec<String> = caller.scopes().iter().filter(|scope| wanted.contains(scope)).cloned().collect();
        caller = caller.with_scopes(consented);
    }
    caller
}

/// The answer for a user: an access token, and what else the scopes ask for. The older endpoint names a resource.
fn signed_in(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    form: &BTreeMap<String, String>,
    wanted: &Wanted,
    is_v2: bool,
) -> Result<Value, OAuthError> {
    let client_id = form.get("client_id").map(String::as_str).unwrap_or_default();
    check_client(tenant, client_id, false)?;
    if !is_v2 {
        check_disabled_resource(tenant, &wanted.scope)?;
        return Ok(issue(
            tenant,
            stepped_up(sign_in_user(tenant, client_id, &[]), form, wanted),
            &wanted.scope,
            Vec::new(),
            is_v2,
        ));
    }
    let (resource, names) = resource_of_scopes(&wanted.scope);
    check_disabled_resource(tenant, &resource)?;
    let caller = stepped_up(sign_in_user(tenant, client_id, &names), form, wanted);
    // Granted scopes are written as they were asked for, so that libraries find them again in their caches.
    let prefix = if resource.is_empty() {
        String::new()
    } else {
        format!("{resource}/")
    };
    let mut granted: Vec<String> = caller.scopes().iter().map(|scope| format!("{prefix}{scope}")).collect();
    if names.iter().any(|name| name == ".default") {
        granted.push(format!("{prefix}.default"));
    }
    let mut answer = issue(tenant, caller.clone(), &resource, granted, is_v2);
    user_session::add(tenant, request, form, (&caller, wanted), &mut answer);
    Ok(answer)
}

/// The person signs in once more, as strongly as the claims of a challenge ask. They may come with either request.
fn stepped_up(caller: Caller, form: &BTreeMap<String, String>, wanted: &Wanted) -> Caller {
    let claims = form.get("claims").or(wanted.claims.as_ref());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_str(claims).ok());
    match claims.as_ref().and_then(|claims| claims["access_token"]["acrs"]["value"].as_str()) {
        Some(context) => caller.with_authentication_context(context),
        None => caller,
    }
}

/// The access token. An application's answer names no scopes: its permissions are in the token, as `roles`.
fn issue(tenant: &EmulatedTenant, caller: Caller, resource: &str, granted: Vec<String>, is_v2: bool) -> Value {
    const SECONDS: i64 = 3599;
    let audience = if resource.is_empty() {
        graph_resource(tenant.environment())
    } else {
        resource
    };
    let claims = tenant.claims_of(&caller.or_audience(audience));
    let token = write_token(&claims);
    if is_v2 {
        let mut answer = json!({
            "token_type": "Bearer", "expires_in": SECONDS, "ext_expires_in": SECONDS, "access_token": token,
        });
        if !granted.is_empty() {
            answer["scope"] = json!(granted.join(" "));
        }
        return answer;
    }
    let now = tenant.settings().clock.now().unix_timestamp();
    json!({
        "token_type": "Bearer", "expires_in": SECONDS.to_string(), "ext_expires_in": SECONDS.to_string(),
        "expires_on": (now + SECONDS).to_string(), "not_before": now.to_string(), "resource": resource, "access_token": token,
    })
}

/// Splits scopes into the resource they share and their bare names: `https://host/User.Read`.
fn resource_of_scopes(scopes: &str) -> (String, Vec<String>) {
    let mut resource = String::new();
    let mut names = Vec::new();
    for scope in scopes.split_whitespace() {
        match scope.rsplit_once('/') {
            Some((before, name)) if before.contains(':') => {
                before.clone_into(&mut resource);
                names.push(name.to_owned());
            }
            _ if matches!(scope, "openid" | "profile" | "email" | "offline_access") => {}
            _ => names.push(scope.to_owned()),
        }
    }
    (resource, names)
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let encoded = authorization.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decode(id), decode(secret)))
}
