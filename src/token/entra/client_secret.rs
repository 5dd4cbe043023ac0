//! An application that signs in by itself.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join;
use oauth2::Scope;
use secrecy::SecretString;

use super::{
    exchange::Exchange,
    places::Places,
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
/// ones. Put it into [`crate::CachedTokens`].
///
/// The tenant is known, so the token is asked for at once: that the tenant is in this cloud is confirmed beside it.
///
/// Source: *OAuth 2.0 client credentials flow on the Microsoft identity platform*.
///
/// ```
/// use cmg_onboarding::{ApplicationId, CachedTokens, ClientSecret, CloudEndpoints, TenantId, token::ClientSecretSignIn};
///
/// # fn example(tenant: TenantId, application: ApplicationId, secret: ClientSecret) {
/// let tokens = CachedTokens::new(ClientSecretSignIn::new(CloudEndpoints::default(), tenant, application, secret));
/// # let _ = tokens;
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
            let places = self.service.places(request).await?;
            return self.redeem(&places, scope, request).await;
        };
        // The document only confirms tenant and cloud here, so it is read beside the token request, not before it.
        let places = Places::known(&self.service.endpoints, tenant);
        let (checked, token) = join(self.service.places(request), self.redeem(&places, scope, request)).await;
        checked?;
        token
    }
}

impl ClientSecretSignIn {
    async fn redeem(&self, places: &Places, scope: String, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let client = self.service.client(places);
        let exchange = Exchange::new(self.service.pipeline(), true).with_field("client_secret", SecretString::from(self.secret.expose()));
        let mut asked = client.exchange_client_credentials().add_scope(Scope::new(scope));
        if let Some(claims) = &request.claims {
            asked = asked.add_extra_param("claims", claims);
        }
        let result = asked.request_async(&exchange).await;
        exchange.token(result, self.service.clock.now())
    }
}
