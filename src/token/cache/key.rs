//! What a token was asked for, and whether it serves a request that asks for something else.
//!
//! A token serves for other scopes only within one tenant and one resource, and only if what it grants is known: from
//! its own claims, from the `scope` of the token endpoint's answer, or else from what the provider was asked for.
//! `.default` stands for permissions that this side does not know, so a set with it serves only for the very same set.

use crate::{
    ids::TenantId,
    token::{AccessToken, TokenRequest},
};

/// Scopes about the account. They belong to no resource, and no token lists them reliably.
const ABOUT_THE_ACCOUNT: [&str; 4] = ["openid", "profile", "email", "offline_access"];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    tenant: Option<TenantId>,
    /// In order and without repetitions.
    scopes: Vec<String>,
    /// What was offered beside them. Whether it was granted, only the token says.
    optional: Vec<String>,
}

impl Key {
    pub(super) fn of(request: &TokenRequest) -> Self {
        let mut scopes = request.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        Self {
            tenant: request.tenant,
            scopes,
            optional: request.optional_scopes.clone(),
        }
    }

    /// The same request for this key's scopes.
    pub(super) fn widened(&self, request: &TokenRequest) -> TokenRequest {
        let mut request = request.clone();
        request.scopes.clone_from(&self.scopes);
        request.optional_scopes.clone_from(&self.optional);
        request
    }

    /// Whether tokens of both are for the same tenant and the same one resource, with permissions that have names.
    pub(super) fn is_akin_to(&self, other: &Self) -> bool {
        self.tenant == other.tenant && self.resource().is_some_and(|resource| other.resource() == Some(resource))
    }

    /// Whether it asks for all that `wanted` asks for, and so would its successors.
    pub(super) fn asks_for(&self, wanted: &Self) -> bool {
        wanted.scopes.iter().all(|scope| self.scopes.binary_search(scope).is_ok())
    }

    /// Whether a token that was asked for with this key has all that `wanted` asks for.
    pub(super) fn grants(&self, token: &AccessToken, wanted: &Self) -> bool {
        if !self.is_akin_to(wanted) {
            return false;
        }
        let granted = match (token.claims().map(|claims| claims.scopes), token.granted_scopes()) {
            (Some(scopes), _) if !scopes.is_empty() => scopes,
            (_, Some(scopes)) => scopes.to_vec(),
            // An application's own token, or one that cannot be read.
            _ => return self.asks_for(wanted),
        };
        let mut permissions = wanted.scopes.iter().filter(|scope| !is_about_the_account(scope));
        permissions.all(|scope| {
            let name = scope.rsplit('/').next().unwrap_or(scope);
            granted.iter().any(|given| given.eq_ignore_ascii_case(name))
        })
    }

    /// The one resource that all permissions belong to; `None` if there are several, or none, or if one is `.default`.
    fn resource(&self) -> Option<&str> {
        let mut resources = self.scopes.iter().filter(|scope| !is_about_the_account(scope)).map(|scope| {
            let (resource, name) = scope.rsplit_once('/')?;
            (name != ".default").then_some(resource)
        });
        let first = resources.next()??;
        resources.all(|resource| resource == Some(first)).then_some(first)
    }
}

fn is_about_the_account(scope: &str) -> bool {
    ABOUT_THE_ACCOUNT.contains(&scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use uuid::Uuid;

    const GRAPH: &str = "https://graph.microsoft.com";

    /// Short names are those of Microsoft Graph.
    fn key(scopes: &[&str]) -> Key {
        let full = |scope: &&str| match *scope {
            scope if scope.contains(':') || is_about_the_account(scope) => scope.to_owned(),
            name => format!("{GRAPH}/{name}"),
        };
        Key::of(&TokenRequest::new(scopes.iter().map(full)))
    }

    fn with_scp(scp: &str) -> AccessToken {
        let claims = serde_json::json!({ "scp": scp }).to_string();
        AccessToken::new(format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn what_a_token_says_of_itself_counts_more_than_what_was_asked() {
        let wide = key(&["A", "B", "openid"]);
        assert!(wide.grants(&with_scp("a b"), &key(&["A", "openid", "profile"])));
        assert!(!wide.grants(&with_scp("A"), &key(&["B"])), "less was granted");
        assert!(wide.grants(&with_scp("A B C"), &key(&["C"])), "more was granted");
        assert!(!wide.grants(&AccessToken::new("opaque").granting("A"), &key(&["B"])));
        assert!(wide.grants(&AccessToken::new("opaque").granting("https://graph.microsoft.com/B"), &key(&["B"])));
        assert!(
            wide.grants(&AccessToken::new("opaque"), &key(&["B"])),
            "what was asked for is all that is known"
        );
        assert!(!wide.grants(&AccessToken::new("opaque"), &key(&["B", "C"])));
    }

    #[test]
    fn no_token_serves_for_another_tenant_or_resource_or_for_an_unknown_set() {
        let all = with_scp("A B user_impersonation .default");
        let wide = key(&["A", "B"]);
        let elsewhere = Key {
            tenant: Some(TenantId::new(Uuid::from_u128(1))),
            ..key(&["A"])
        };
        assert!(!wide.grants(&all, &elsewhere) && !elsewhere.grants(&all, &key(&["A"])));
        for other in [
            &[".default"][..],
            &["A", ".default"],
            &["https://graph.microsoft.us/A"],
            &["A", "https://vault.azure.net/user_impersonation"],
            &["openid"],
            &[],
        ] {
            let other = key(other);
            assert!(!wide.grants(&all, &other), "{other:?}");
            assert!(!other.grants(&all, &key(&["A"])), "{other:?}");
        }
    }
}
