//! The tokens that the requests to one service carry, kept between requests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;

use super::{AccessToken, CachedTokens, TokenProvider, TokenRequest};
use crate::{
    clock::Clock,
    error::TokenError,
    http::{Authorize, Rejection},
};

/// One kind of token from one provider, cached. Clones share the cache.
#[derive(Debug, Clone)]
pub(crate) struct ServiceTokens {
    tokens: CachedTokens<Arc<dyn TokenProvider>>,
    request: TokenRequest,
}

impl ServiceTokens {
    pub(crate) fn new(provider: Arc<dyn TokenProvider>, request: TokenRequest) -> Self {
        Self {
            tokens: CachedTokens::new(provider),
            request,
        }
    }

    /// The same tokens with another clock for their end.
    pub(crate) fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.tokens = self.tokens.with_clock(clock);
        self
    }

    /// Tokens for the same scopes of another tenant, from another provider. Nothing is shared.
    pub(crate) fn for_tenant(&self, tenant: crate::ids::TenantId, provider: Arc<dyn TokenProvider>) -> Self {
        Self {
            tokens: self.tokens.over(provider),
            request: self.request.clone().in_tenant(tenant),
        }
    }

    /// The token that a request carries now.
    pub(crate) async fn token(&self) -> Result<AccessToken, TokenError> {
        self.tokens.token(&self.request).await
    }

    /// The tokens of one call, with all its attempts.
    pub(crate) fn bearer(&self) -> Bearer<'_> {
        Bearer {
            service: self,
            last: Mutex::default(),
        }
    }
}

/// The tokens of one call. It knows which one was refused, so that calls refused together cause one sign-in.
pub(crate) struct Bearer<'a> {
    service: &'a ServiceTokens,
    last: Mutex<Option<AccessToken>>,
}

impl Bearer<'_> {
    fn last(&self) -> MutexGuard<'_, Option<AccessToken>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Authorize for Bearer<'_> {
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError> {
        let mut request = self.service.request.clone();
        if let Some(rejection) = rejection {
            request = request.renewed(rejection.claims.clone());
            if let Some(refused) = self.last().take() {
                request = request.after_refusal_of(&refused);
            }
        }
        let token = self.service.tokens.token(&request).await?;
        let text = SecretString::from(token.expose());
        *self.last() = Some(token);
        Ok(text)
    }
}
