//! The refresh token of a person who stays signed in.
//!
//! It is asked for only if the program says so, lives in memory alone, is wiped when it is replaced or dropped, and goes
//! nowhere but to the token endpoint that gave it.
//!
//! Source: *Refresh tokens in the Microsoft identity platform* and *OAuth 2.0 authorization code flow*, refresh the access token.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::{ExposeSecret, SecretString};

use super::{
    exchange::{Repeat, TokenAnswer},
    optional::with_optional_scopes,
    service::SignInService,
};
use crate::{
    error::TokenError,
    ids::TenantId,
    token::{AccessToken, TokenRequest},
};

/// The scope that a refresh token is given for.
const OFFLINE: &str = "offline_access";

type Held = HashMap<Option<TenantId>, SecretString>;

/// The refresh tokens of one sign-in, one for each tenant; none unless the person stays signed in. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Kept(Option<Arc<Mutex<Held>>>);

impl Kept {
    /// The person stays signed in.
    pub(super) fn on() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether the next token can be got without asking the person.
    pub(super) fn has_any(&self) -> bool {
        self.0.as_ref().is_some_and(|held| !lock(held).is_empty())
    }

    /// The scopes that the person is asked for.
    pub(super) fn scope(&self, request: &TokenRequest) -> String {
        let mut scope = request.scopes.join(" ");
        if self.0.is_some() && !request.scopes.iter().any(|scope| scope == OFFLINE) {
            scope.push(' ');
            scope.push_str(OFFLINE);
        }
        scope
    }

    /// Keeps what came with a token: the newest one is the one that counts.
    pub(super) fn keep(&self, service: &SignInService, request: &TokenRequest, answer: &TokenAnswer) {
        if let (Some(held), Some(token)) = (&self.0, answer.refresh_token()) {
            lock(held).insert(tenant(service, request), SecretString::from(token));
        }
    }

    /// A token without asking the person. `None` if the person has to be asked: nothing is kept, the sign-in service no longer
    /// takes it, or the last token was refused before its end, for which only another sign-in helps.
    pub(super) async fn renew(&self, service: &SignInService, request: &TokenRequest) -> Result<Option<AccessToken>, TokenError> {
        let Some(held) = self.0.as_ref().filter(|_| !request.fresh) else {
            return Ok(None);
        };
        let tenant = tenant(service, request);
        let Some(kept) = lock(held).get(&tenant).cloned() else {
            return Ok(None);
        };
        match with_optional_scopes(request, |request| self.redeem(service, &kept, request)).await {
            Ok(token) => Ok(Some(token)),
            Err(error) => match error.refusal() {
                Some(refusal) => {
                    if refusal.error == "invalid_grant" {
                        forget(held, tenant, &kept);
                    }
                    Ok(None)
                }
                // No answer says nothing about the person: the next attempt may do.
                None => Err(error),
            },
        }
    }

    async fn redeem(&self, service: &SignInService, kept: &SecretString, request: TokenRequest) -> Result<AccessToken, TokenError> {
        let endpoints = service.sign_in_endpoints(&request).await?;
        let scope = self.scope(&request);
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", kept.expose_secret()),
            ("scope", scope.as_str()),
        ];
        form.extend(request.claims.as_deref().map(|claims| ("claims", claims)));
        // A refresh token may be used again: the one that comes in its place does not revoke it.
        let answer: TokenAnswer = service.post(&endpoints.token, &form, Repeat::Allowed).await?;
        let token = answer.token(service.now())?;
        self.keep(service, &request, &answer);
        Ok(token)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Kept([redacted])" } else { "Kept(nothing)" })
    }
}

fn tenant(service: &SignInService, request: &TokenRequest) -> Option<TenantId> {
    request.tenant.or(service.tenant)
}

/// Lets one go, unless another one has taken its place meanwhile.
fn forget(held: &Mutex<Held>, tenant: Option<TenantId>, refused: &SecretString) {
    let mut held = lock(held);
    if held
        .get(&tenant)
        .is_some_and(|kept| kept.expose_secret() == refused.expose_secret())
    {
        held.remove(&tenant);
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_asked_for_only_if_the_person_stays_signed_in() {
        let request = TokenRequest::new(["a/User.Read", "openid"]);
        assert_eq!(Kept::default().scope(&request), "a/User.Read openid");
        assert_eq!(Kept::on().scope(&request), "a/User.Read openid offline_access");
        let asked = TokenRequest::new(["a/User.Read", "offline_access"]);
        assert_eq!(Kept::on().scope(&asked), "a/User.Read offline_access");
    }
}
