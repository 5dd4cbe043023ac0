//! On behalf of: an API exchanges the token that a person's client sent it for one to the next API.
//!
//! Source: *Microsoft identity platform and OAuth 2.0 On-Behalf-Of flow*.

use serde_json::Value;

use super::{OAuthError, asked::Asked, clients::Client, user_session::Wanted};
use crate::{
    signed_token::SignedToken,
    signing::key_set,
    texts::{self, Message},
};

/// What the token in the request lets its audience ask for: a person's, signed here, still valid, and meant for this client.
pub(super) fn redeem(asked: Asked<'_>) -> Result<Wanted, OAuthError> {
    for parameter in ["requested_token_use", "assertion"] {
        if asked.field(parameter).is_empty() {
            let message = texts::PARAMETER_MISSING.with(&[("parameter", parameter)]);
            return Err(OAuthError::new("invalid_request", 900_144, message));
        }
    }
    if asked.field("requested_token_use") != "on_behalf_of" {
        return Err(OAuthError::new("invalid_request", 900_144, texts::TOKEN_USE));
    }
    let token = SignedToken::read(asked.field("assertion")).ok_or_else(|| refused(50_027, texts::ASSERTION_MALFORMED))?;
    let keys = key_set(None);
    if !token.is_signed_by_one_of(keys["keys"].as_array().map_or(&[], Vec::as_slice)) {
        return Err(refused(50_013, texts::USER_ASSERTION_SIGNATURE));
    }
    let now = asked.tenant.settings().clock.now().unix_timestamp();
    if token.moment("exp").is_none_or(|end| end <= now) {
        return Err(refused(500_133, texts::USER_ASSERTION_TIME));
    }
    let client = Client::find(asked.tenant, asked.field("client_id"))?;
    if !is_meant_for(&client, token.claim("aud")) {
        let values = [("audience", token.claim("aud")), ("appId", client.id.as_str())];
        return Err(refused(500_131, texts::USER_ASSERTION_AUDIENCE.with(&values)));
    }
    let account = ["upn", "preferred_username"]
        .map(|name| token.claim(name))
        .into_iter()
        .find(|name| !name.is_empty());
    let account = account.ok_or_else(|| refused(50_027, texts::ASSERTION_WITHOUT_PERSON))?;
    Ok(Wanted {
        scope: asked.field("scope").to_owned(),
        claims: asked.form.get("claims").cloned(),
        // An API shows a credential, even if its registration lets people sign in without.
        is_public: Some(false),
        account: Some(account.to_owned()),
        nonce: None,
    })
}

fn is_meant_for(client: &Client, audience: &str) -> bool {
    let uris = client
        .application
        .as_ref()
        .and_then(|application| application.get("identifierUris")?.as_array());
    let mut names = uris.into_iter().flatten().filter_map(Value::as_str).chain([client.id.as_str()]);
    names.any(|name| name.trim_end_matches('/').eq_ignore_ascii_case(audience.trim_end_matches('/')))
}

fn refused(number: u32, message: impl Into<Message>) -> OAuthError {
    OAuthError::new("invalid_grant", number, message)
}
