//! The sign-in authority: discovery, the sign-in page, tokens, device codes.
//!
//! It stands on the same server as Microsoft Graph. Every answer here is plain JSON or a small page, and every refusal
//! has the form of an OAuth error with Microsoft's numbers.

mod accounts;
mod asked;
mod authorize;
mod client_assertion;
mod clients;
mod consent;
mod device_code;
mod discovery;
mod issue;
mod oauth_error;
mod on_behalf_of;
mod resources;
mod scopes;
mod token_endpoint;
mod user_session;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{EmulatedTenant, sign_ins::SignInTrouble, signing::key_set, texts};
use oauth_error::OAuthError;

/// A request to the authority.
#[derive(Debug, Clone, Default)]
pub(super) struct AuthorityRequest {
    pub(super) method: String,
    /// The whole path, decoded, without empty parts.
    pub(super) segments: Vec<String>,
    pub(super) query: String,
    pub(super) body: String,
    pub(super) authorization: Option<String>,
    /// The web page that sends it, if a browser does.
    pub(super) origin: Option<String>,
    /// The client's own id of the request (`client-request-id`).
    pub(super) correlation_id: Option<String>,
    /// The address of the server, without a trailing slash.
    pub(super) address: String,
}

/// An answer of the authority.
#[derive(Debug, Clone)]
pub(super) enum AuthorityAnswer {
    Json(u16, Value),
    Page(u16, String),
    /// Sends the browser on.
    Redirect(String),
}

impl AuthorityAnswer {
    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::Json(status, _) | Self::Page(status, _) => *status,
            Self::Redirect(_) => 302,
        }
    }
}

/// Answers a request to the authority; `None` where it is none.
pub(super) fn answer(tenant: &EmulatedTenant, request: &AuthorityRequest) -> Option<AuthorityAnswer> {
    let parts: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let answered = match (request.method.as_str(), parts.as_slice()) {
        ("GET", [named, ".well-known", "openid-configuration"]) => discovery::openid_configuration(tenant, request, named, false),
        ("GET", [named, "v2.0", ".well-known", "openid-configuration"]) => discovery::openid_configuration(tenant, request, named, true),
        ("GET", [_, "discovery", "instance"]) => Ok(discovery::instances(request)),
        ("GET", [_, "discovery", "keys"]) => Ok(key_set(None)),
        ("GET", [_, "discovery", "v2.0", "keys"]) => Ok(key_set(Some(&format!("{}/{}/v2.0", request.address, tenant.tenant_id())))),
        ("GET", [_, "userrealm", user]) => Ok(discovery::user_realm(tenant, user)),
        ("GET" | "POST", ["oidc", "userinfo"]) => return Some(discovery::user_info(request)),
        ("GET", [named, "oauth2", "logout"] | [named, "oauth2", "v2.0", "logout"]) => {
            return Some(check_tenant(tenant, named).map_or_else(|error| error_page(&error), |()| discovery::logged_out(request)));
        }
        ("GET", [named, "oauth2", "authorize"]) => return Some(authorize::authorize(tenant, request, named)),
        ("GET", [named, "oauth2", "v2.0", "authorize"]) => return Some(authorize::authorize(tenant, request, named)),
        ("POST", [_, "oauth2", "v2.0", "token"]) if tenant.sign_in_troubles().take(&[SignInTrouble::Garbage]).is_some() => {
            return Some(AuthorityAnswer::Page(
                200,
                "<!doctype html><title>Welcome to the guest network</title>".to_owned(),
            ));
        }
        ("POST", [_, "oauth2", "v2.0", "token"] | [_, "oauth2", "token"]) if asks_for_proof(request) => {
            return Some(not_emulated("proof-of-possession tokens (token_type=pop); ask for a bearer token"));
        }
        ("GET", [_, "adminconsent"] | [_, "v2.0", "adminconsent"]) => {
            return Some(not_emulated("the page for admin consent; create an oauth2PermissionGrant instead"));
        }
        ("POST", [named, "oauth2", "v2.0", "token"]) => token_endpoint::token(tenant, request, named, true),
        ("POST", [named, "oauth2", "token"]) => token_endpoint::token(tenant, request, named, false),
        ("POST", [named, "oauth2", "v2.0", "devicecode"] | [named, "oauth2", "devicecode"]) => device_code::begin(tenant, request, named),
        ("GET", ["devicelogin"]) => return Some(device_code::page(tenant, request)),
        _ => return None,
    };
    Some(match answered {
        Ok(value) => AuthorityAnswer::Json(200, value),
        Err(error) => AuthorityAnswer::Json(error.status(), error.to_json(tenant, request)),
    })
}

/// Said plainly, because any other answer would be taken for the service's.
fn not_emulated(what: &str) -> AuthorityAnswer {
    let description = format!("The emulator does not offer {what}.");
    AuthorityAnswer::Json(501, json!({"error": "not_implemented", "error_description": description}))
}

/// Whether a token is to be bound to a key.
fn asks_for_proof(request: &AuthorityRequest) -> bool {
    let form = request.form();
    form.contains_key("req_cnf") || form.get("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("pop"))
}

impl AuthorityRequest {
    /// The fields of a form.
    fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    fn option(&self, name: &str) -> Option<String> {
        let found = form_urlencoded::parse(self.query.as_bytes()).find(|(given, _)| given == name);
        found.map(|(_, value)| value.into_owned())
    }
}

/// What a browser is shown if it cannot be sent back. Nothing of the request is repeated, as on any page.
fn error_page(error: &OAuthError) -> AuthorityAnswer {
    let text = format!(
        "<!doctype html><title>Emulator sign-in</title><h1>Sorry</h1><p>AADSTS{}</p>",
        error.number()
    );
    AuthorityAnswer::Page(error.status(), text)
}

/// Refuses names of tenants that are not this one.
fn check_tenant(tenant: &EmulatedTenant, named: &str) -> Result<(), OAuthError> {
    let is_any = matches!(named, "common" | "organizations");
    if is_any || tenant.settings().is_named(named) {
        return Ok(());
    }
    Err(OAuthError::new(
        "invalid_tenant",
        90002,
        texts::TENANT_NOT_FOUND.with(&[("tenant", named)]),
    ))
}
