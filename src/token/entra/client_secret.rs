//! An application that signs in by itself.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    application,
    service::{SignInService, common_settings},
};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::TokenError,
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    token::{AccessToken, TokenProvider, TokenRequest},
};

/// Signs an application in with its secret (client credentials), for services and pipelines.
///
/// An application gets what an administrator has granted it, all or nothing: whichever scopes are asked for, `.default`
/// of their resource is sent. It has no directory roles to look up, and it takes application permissions, not delegated
/// ones. Directory and site keep its tokens
/// in memory; [`CachedTokens`](crate::CachedTokens) shares them among several.
///
/// The tenant is known, so the token is asked for at once: that the tenant is in this cloud is confirmed beside it.
///
/// A tenant that the request names wins over the one given here, so that one provider with a multitenant application
/// serves many tenants.
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
        Self {
            service: SignInService::of_tenant(endpoints, tenant, application),
            secret,
        }
    }

    pub(super) const fn over(service: SignInService, secret: ClientSecret) -> Self {
        Self { service, secret }
    }

    common_settings!();
}

#[async_trait]
impl TokenProvider for ClientSecretSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        application::sign_in(&self.service, &self.secret, request).await
    }
}
