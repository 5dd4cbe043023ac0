//! What a user's sign-in gives beside the access token: who signed in, and the means to do without the next sign-in.
//!
//! Microsoft's own libraries keep no account, and cannot renew anything silently, without these.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{AuthorityRequest, OAuthError};
use crate::{Caller, EmulatedTenant, object::Object, sign_ins::Renewal, signing::write_token, texts};

/// What a user signed in for.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// The scopes as they were sent.
    pub(super) scope: String,
    /// Comes back in the ID token, to tie it to one request.
    pub(super) nonce: Option<String>,
    /// The claims that a challenge asked for, as JSON.
    pub(super) claims: Option<String>,
    /// Whether the redirect URI is one of a public client; `None` if the app registration alone decides.
    pub(super) is_public: Option<bool>,
    /// Who signed in; the first person of the tenant without one.
    pub(super) account: Option<String>,
}

/// Adds what the scopes ask for: an ID token for `openid`, a refresh token for `offline_access`; and who the account
/// is, for clients that say `client_info=1`.
///
/// Source: *Scopes and permissions in the Microsoft identity platform*, OpenID Connect scopes.
pub(super) fn add(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    form: &BTreeMap<String, String>,
    (caller, wanted): (&Caller, &Wanted),
    answer: &mut Value,
) {
    let client_id = form.get("client_id").cloned().unwrap_or_default();
    let asks_for = |name: &str| wanted.scope.split_whitespace().any(|scope| scope == name);
    let access = tenant.claims_of(caller);
    if asks_for("openid") {
        answer["id_token"] = json!(write_token(&id_claims(request, &access, &client_id, wanted)));
    }
    if asks_for("offline_access") {
        let token = format!("1.{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        answer["refresh_token"] = json!(token);
        let scope = wanted.scope.clone();
        let renewal = Renewal {
            client_id,
            scope,
            is_public: wanted.is_public,
            account: wanted.account.clone(),
        };
        tenant.renewals().keep(token, renewal);
    }
    if form.get("client_info").is_some_and(|value| value == "1") {
        let info = json!({"uid": access.get("oid"), "utid": access.get("tid")});
        answer["client_info"] = json!(URL_SAFE_NO_PAD.encode(info.to_string()));
    }
}

/// What a refresh token is good for: what it was given for, or the scopes that this request names. It stays good.
pub(super) fn renew(tenant: &EmulatedTenant, token: &str, client_id: &str, scope: &str) -> Result<Wanted, OAuthError> {
    let renewals = tenant.renewals();
    let known = renewals.of(token, client_id);
    let known = known.ok_or_else(|| OAuthError::new("invalid_grant", 70000, texts::REFRESH_TOKEN_UNKNOWN))?;
    let scope = if scope.is_empty() { known.scope.clone() } else { scope.to_owned() };
    Ok(Wanted {
        scope,
        is_public: known.is_public,
        account: known.account.clone(),
        ..Wanted::default()
    })
}

/// Source: *ID token claims reference*.
fn id_claims(request: &AuthorityRequest, access: &Object, client_id: &str, wanted: &Wanted) -> Object {
    let copied = ["iat", "nbf", "exp", "oid", "sub", "tid"];
    let mut claims: Object = copied
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), access.get(*name)?.clone())))
        .collect();
    let tenant = access.get("tid").and_then(Value::as_str).unwrap_or_default();
    claims.insert("aud".to_owned(), json!(client_id));
    claims.insert("iss".to_owned(), json!(format!("{}/{tenant}/v2.0", request.address)));
    claims.insert("ver".to_owned(), json!("2.0"));
    if let Some(account) = access.get("upn") {
        claims.insert("preferred_username".to_owned(), account.clone());
        claims.insert("name".to_owned(), account.clone());
    }
    if let Some(nonce) = &wanted.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    claims
}
