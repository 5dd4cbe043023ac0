//! Reads the claims of an access token, leniently and without trusting them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use time::OffsetDateTime;

use crate::ids::{ApplicationId, DirectoryObjectId, RoleTemplateId, TenantId};

/// Tokens longer than this are not read. Those of Microsoft Entra have a few kilobytes.
const LONGEST: usize = 64 * 1024;

/// What an access token says about itself.
///
/// Source: *Access token claims reference*. Microsoft Graph's tokens are opaque by contract, so every field may be
/// missing, and nothing here decides more than a warning beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenClaims {
    /// `tid`: the tenant that issued the token.
    pub tenant_id: Option<TenantId>,
    /// `aud`: the resource the token is for.
    pub audience: Option<String>,
    /// `iss`: who issued the token.
    pub issuer: Option<String>,
    /// `appid` or `azp`: the application that asked.
    pub application_id: Option<ApplicationId>,
    /// `oid`: the user or the service principal that the token was issued for.
    pub object_id: Option<DirectoryObjectId>,
    /// `scp`: the delegated permissions.
    pub scopes: Vec<String>,
    /// `roles`: the application permissions.
    pub app_roles: Vec<String>,
    /// `wids`: the directory roles of the account. Missing in many tokens: absence proves nothing.
    pub directory_roles: Option<Vec<RoleTemplateId>>,
    /// `upn`, `preferred_username` or `unique_name`: the account.
    pub account: Option<String>,
    /// `exp`: the end of validity.
    pub expires_on: Option<OffsetDateTime>,
    /// `ver`: `1.0` or `2.0`.
    pub version: Option<String>,
    /// Whether the token is an application's own, without a user.
    pub is_application: bool,
}

impl TokenClaims {
    /// Reads a compact JWT. `None` for anything else.
    #[must_use]
    pub fn read(token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let mut parts = token.split('.');
        let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let Value::Object(claims) = serde_json::from_slice(&bytes).ok()? else {
            return None;
        };
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| -> Option<Vec<String>> {
            let items = claims.get(name)?.as_array()?;
            Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        let scopes = text("scp").map(|scopes| scopes.split_whitespace().map(str::to_owned).collect());
        let app_roles = list("roles");
        let is_application = text("idtyp").as_deref() == Some("app") || (scopes.is_none() && app_roles.is_some());
        Some(Self {
            tenant_id: text("tid").and_then(|id| id.parse().ok()),
            audience: text("aud"),
            issuer: text("iss"),
            application_id: text("appid").or_else(|| text("azp")).and_then(|id| id.parse().ok()),
            object_id: text("oid").and_then(|id| id.parse().ok()),
            scopes: scopes.unwrap_or_default(),
            app_roles: app_roles.unwrap_or_default(),
            directory_roles: list("wids").map(|ids| ids.iter().filter_map(|id| id.parse().ok()).collect()),
            account: text("upn").or_else(|| text("preferred_username")).or_else(|| text("unique_name")),
            expires_on: claims.get("exp").and_then(seconds),
            version: text("ver"),
            is_application,
        })
    }
}

fn seconds(value: &Value) -> Option<OffsetDateTime> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    OffsetDateTime::from_unix_timestamp(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn token(payload: &Value) -> String {
        format!("e30.{}.x", URL_SAFE_NO_PAD.encode(payload.to_string()))
    }

    #[test]
    fn the_claims_of_a_user_token_are_read() {
        let claims = TokenClaims::read(&token(&json!({
            "tid": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "aud": "https://graph.microsoft.com", "scp": "User.Read  Application.ReadWrite.All",
            "wids": ["62e90394-69f5-4237-9190-012177145e10", "not a guid"], "exp": 1_900_000_000, "upn": "admin@contoso.com",
        })))
        .unwrap();
        assert_eq!(claims.scopes, ["User.Read", "Application.ReadWrite.All"]);
        assert_eq!(claims.directory_roles.unwrap().len(), 1);
        assert_eq!(claims.expires_on.unwrap().unix_timestamp(), 1_900_000_000);
        assert!(!claims.is_application);
    }

    #[test]
    fn a_token_with_roles_and_no_scopes_is_an_applications() {
        assert!(
            TokenClaims::read(&token(&json!({"roles": ["Directory.Read.All"]})))
                .unwrap()
                .is_application
        );
    }

    #[test]
    fn wrong_types_are_taken_as_missing() {
        let claims = TokenClaims::read(&token(&json!({"tid": 7, "aud": ["x"], "scp": null, "exp": "soon", "wids": "none"}))).unwrap();
        assert_eq!(claims, TokenClaims::default());
    }

    proptest! {
        #[test]
        fn reading_any_text_never_panics(text in ".{0,400}") {
            let _ = TokenClaims::read(&text);
        }

        #[test]
        fn reading_any_payload_never_panics(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = TokenClaims::read(&format!("a.{}.b", URL_SAFE_NO_PAD.encode(payload)));
        }
    }
}
