//! The token endpoint.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use uuid::Uuid;

use super::{
    AuthorityRequest, OAuthError, SignInTrouble, authorize, check_tenant, client_assertion,
    clients::{Client, check_client, unknown_client},
    consent, device_code, issue, on_behalf_of,
    resources::Resource,
    scopes::{DEFAULT, Scopes},
    user_session::{self, Wanted},
};
use crate::{Caller, EmulatedTenant, graph::decode, ids::well_known::MICROSOFT_GRAPH, store::SecretState, texts};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The fields of a request for a token.
pub(super) type Form = BTreeMap<String, String>;

/// A request for a token, and the tenant that it is sent to.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) tenant: &'a EmulatedTenant,
    pub(super) request: &'a AuthorityRequest,
    /// The tenant's name in the path.
    named: &'a str,
    pub(super) form: &'a Form,
    /// Whether it is the newer form of the endpoint, which names scopes and not a resource.
    pub(super) is_v2: bool,
}

impl Asked<'_> {
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).map(String::as_str).unwrap_or_default()
    }

    fn has_credential(&self) -> bool {
        !self.field("client_secret").is_empty() || !self.field("client_assertion").is_empty()
    }
}

/// Issues a token. The older form of the endpoint names a resource where the newer one names scopes.
pub(super) fn token(tenant: &EmulatedTenant, request: &AuthorityRequest, named: &str, is_v2: bool) -> Result<Value, OAuthError> {
    check_tenant(tenant, named)?;
    let mut form = request.form();
    if let Some((id, secret)) = request.authorization.as_deref().and_then(basic) {
        form.entry("client_id".to_owned()).or_insert(id);
        form.entry("client_secret".to_owned()).or_insert(secret);
    }
    let asked = Asked {
        tenant,
        request,
        named,
        form: &form,
        is_v2,
    };
    match asked.field("grant_type") {
        "client_credentials" => sign_in_application(asked),
        "authorization_code" => {
            let (code, redirect_uri) = (asked.field("code"), asked.field("redirect_uri"));
            let mut wanted = authorize::redeem(asked, code, redirect_uri)?;
            if is_v2 && !asked.field("scope").is_empty() {
                asked.field("scope").clone_into(&mut wanted.scope);
            }
            sign_in_user(asked, &wanted)
        }
        DEVICE_CODE | "device_code" => {
            let names = ["device_code", "code"];
            let code = names.into_iter().map(|name| asked.field(name)).find(|code| !code.is_empty());
            let wanted = device_code::finish(tenant, code.unwrap_or_default(), asked.field("client_id"))?;
            sign_in_user(asked, &wanted)
        }
        "refresh_token" if is_v2 => {
            let wanted = user_session::renew(tenant, asked.field("refresh_token"), asked.field("client_id"), asked.field("scope"))?;
            sign_in_user(asked, &wanted)
        }
        client_assertion::GRANT_TYPE if is_v2 => {
            let wanted = on_behalf_of::redeem(asked)?;
            sign_in_user(asked, &wanted)
        }
        // Users of the emulator have no passwords, so that none is right.
        "password" => Err(OAuthError::new("invalid_grant", 50126, texts::PASSWORD_WRONG)),
        other => {
            let message = texts::GRANT_TYPE.with(&[("grantType", other)]);
            Err(OAuthError::new("unsupported_grant_type", 70003, message))
        }
    }
}

fn sign_in_application(asked: Asked<'_>) -> Result<Value, OAuthError> {
    let tenant = asked.tenant;
    let name = if asked.is_v2 {
        Scopes::of_an_application(asked.field("scope"), asked.request)?.resource
    } else {
        asked.field("resource").to_owned()
    };
    let client_id = prove_client(asked)?;
    check_client(tenant, &client_id, true)?;
    let automation = tenant.automation_client();
    let resource = Resource::find(tenant, asked.request, &name);
    let is_automation = client_id.eq_ignore_ascii_case(&automation.id().to_string());
    // It is there to be pointed at the emulator, under every address that its Microsoft Graph goes by.
    let (caller, resource) = if is_automation && !resource.as_ref().is_ok_and(|found| !found.is_graph) {
        let caller = Caller::application(automation.id(), automation.permissions().iter().cloned());
        (caller, Resource::graph(&name, crate::object::Object::new()))
    } else {
        let resource = resource?;
        let client = Client::find(tenant, &client_id)?;
        let roles = consent::roles(tenant, &client, &resource)?;
        (Caller::application(client_id.parse().unwrap_or(MICROSOFT_GRAPH), roles), resource)
    };
    let trouble = tenant.sign_in_troubles().take(&[SignInTrouble::BlockedByConditionalAccess]);
    if trouble.is_some() {
        return Err(OAuthError::blocked("invalid_grant"));
    }
    Ok(issue::answer(asked, &caller, &resource, &[]))
}

/// The client that a request is of, which its secret or its assertion proves.
fn prove_client(asked: Asked<'_>) -> Result<String, OAuthError> {
    let assertion = asked.field("client_assertion");
    let of_assertion = client_assertion::client_of(assertion).unwrap_or_default();
    let client_id = match asked.field("client_id") {
        "" => of_assertion,
        given => given.to_owned(),
    };
    if assertion.is_empty() {
        check_secret(asked.tenant, &client_id, asked.field("client_secret"))?;
    } else if asked.field("client_assertion_type") == client_assertion::JWT_BEARER {
        let proof = client_assertion::check(asked.tenant, asked.request, asked.named, &client_id, assertion);
        proof.unwrap_or_else(|| Err(unknown_client(asked.tenant, &client_id)))?;
    } else {
        let message = texts::PARAMETER_MISSING.with(&[("parameter", "client_assertion_type")]);
        return Err(OAuthError::new("invalid_request", 900_144, message));
    }
    Ok(client_id)
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

/// The answer for a user, who is the tenant's caller: an access token, and what else the scopes ask for.
fn sign_in_user(asked: Asked<'_>, wanted: &Wanted) -> Result<Value, OAuthError> {
    let tenant = asked.tenant;
    let client = Client::find(tenant, asked.field("client_id"))?;
    let scopes = if asked.is_v2 {
        Scopes::read(&wanted.scope, asked.request)?
    } else {
        Scopes {
            resource: wanted.scope.clone(),
            names: vec![DEFAULT.to_owned()],
        }
    };
    let resource = Resource::find(tenant, asked.request, &scopes.resource)?;
    check_kind(asked, &client, wanted.is_public.unwrap_or_else(|| client.is_public()))?;
    let mut caller = tenant.person(wanted.account.as_deref());
    if let Ok(id) = client.id.parse::<Uuid>() {
        caller = caller.with_sign_in_application(id);
    }
    let claims = tenant.claims_of(&caller);
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let held = consent::scopes(tenant, &client, text("oid"), &resource, &scopes)?;
    consent::check_user_assigned(tenant, &client, (text("oid"), text("upn")), &resource)?;
    let caller = stepped_up(caller.with_scopes(held.clone()), asked.form, wanted);
    // Granted scopes are written as they were asked for, so that libraries find them again in their caches.
    let prefix = match scopes.resource.as_str() {
        "" => String::new(),
        resource => format!("{resource}/"),
    };
    let mut granted: Vec<String> = held.iter().map(|scope| format!("{prefix}{scope}")).collect();
    if scopes.names.iter().any(|name| name == DEFAULT) {
        granted.push(format!("{prefix}{DEFAULT}"));
    }
    let mut answer = issue::answer(asked, &caller, &resource, &granted);
    if asked.is_v2 {
        user_session::add(tenant, asked.request, asked.form, (&caller, wanted), &mut answer);
    }
    Ok(answer)
}

/// A public client shows no credential, any other has to.
fn check_kind(asked: Asked<'_>, client: &Client, is_public: bool) -> Result<(), OAuthError> {
    if client.application.is_none() {
        return Ok(());
    }
    if !is_public {
        return prove_client(asked).map(|_| ());
    }
    if asked.has_credential() {
        return Err(OAuthError::new("invalid_client", 700_025, texts::CLIENT_IS_PUBLIC));
    }
    Ok(())
}

/// The person signs in once more, as strongly as the claims of a challenge ask. They may come with either request.
fn stepped_up(caller: Caller, form: &Form, wanted: &Wanted) -> Caller {
    let claims = form.get("claims").or(wanted.claims.as_ref());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_str(claims).ok());
    match claims.as_ref().and_then(|claims| claims["access_token"]["acrs"]["value"].as_str()) {
        Some(context) => caller.with_authentication_context(context),
        None => caller,
    }
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let encoded = authorization.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decode(id), decode(secret)))
}
