//! An application that signs in by itself.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join;

use super::{
    endpoints::SignInEndpoints,
    exchange::{Repeat, TokenAnswer},
    service::{SignInService, common_settings},
};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::{TokenError, TokenFailure},
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    token::{AccessToken, TokenProvider, TokenRequest, scopes::default_scope_of},
};

/// Signs an application in with its secret (client credentials), for services and pipelines.
///
/// An application gets what an administrator has granted it, all or nothing: whatever scopes are asked for, `.default`
/// of their resource is sent. It has no directory roles to look up, and it takes application permissions, not delegated
/// ones. Directory and site keep its tokens
/// in memory; [`crate::CachedTokens`] shares them among several.
///
/// The tenant is known, so the token is asked for at once: that the tenant is in this cloud is confirmed beside it.
///
/// Source: *OAuth 2.0 client credentials flow on the Microsoft identity platform*.
///
/// ```
/// use cmg_onboarding::{ApplicationId, ClientSecret, CloudEndpoints, GraphDirectory, TenantId, token::ClientSecretSignIn};
///
/// # fn example(tenant: TenantId, application: ApplicationId, secret: ClientSecret) {
/// let endpoints = CloudEndpoints::default();
/// let sign_in = ClientSecretSignIn::new(endpoints.clone(), tenant, application, secret);
/// let directory = GraphDirectory::new(endpoints, sign_in);
/// # let _ = directory;
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientSecretSignIn {
    service: SignInService,
    secret: ClientSecret,
}

impl ClientSecretSignIn {
    /// Signs this application in to its tenant.
    pub fn new(endpoints: CloudEndpoints, tenant: TenantId, application: ApplicationId, secret: ClientSecret) -> Self {
        let mut service = SignInService::new(endpoints, application);
        service.tenant = Some(tenant);
        Self { service, secret }
    }

    pub(super) const fn over(service: SignInService, secret: ClientSecret) -> Self {
        Self { service, secret }
    }

    common_settings!();
}

#[async_trait]
impl TokenProvider for ClientSecretSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let scope = default_scope_of(&request.scopes)?;
        if self.secret.expose().is_empty() {
            return Err(TokenError::new(
                TokenFailure::BadCredentials,
                "the client secret is empty",
                "Give the secret's Value, not its Secret ID.",
            ));
        }
        let Some(tenant) = request.tenant.or(self.service.tenant) else {
            let endpoints = self.service.sign_in_endpoints(request).await?;
            return self.redeem(&endpoints, &scope, request).await;
        };
        // The document only confirms tenant and cloud here, so it is read beside the token request, not before it.
        let known = SignInEndpoints::known(&self.service.endpoints, tenant);
        let (checked, token) = join(self.service.sign_in_endpoints(request), self.redeem(&known, &scope, request)).await;
        checked?;
        token
    }
}

impl ClientSecretSignIn {
    async fn redeem(&self, endpoints: &SignInEndpoints, scope: &str, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("scope", scope),
            ("client_secret", self.secret.expose()),
        ];
        form.extend(request.claims.as_deref().map(|claims| ("claims", claims)));
        let answer: TokenAnswer = self.service.post(&endpoints.token, &form, Repeat::Allowed).await?;
        answer.token(self.service.clock.now())
    }
}
