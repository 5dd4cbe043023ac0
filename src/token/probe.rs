//! The trait for trying out an application's secret, as *Verify* in the *Import apps* dialog does.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use async_trait::async_trait;

use super::AccessToken;
use crate::{
    error::TokenError,
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    spec::AppIdUri,
};

/// Tries out whether an application can sign in with its secret (client credentials). Nothing is kept and nothing is
/// changed.
///
/// `EntraSecretProbe`, behind the feature `sign-in`, asks Microsoft Entra; implement it to ask through something else.
#[async_trait]
pub trait SecretProbe: Debug + Send + Sync {
    /// A token for the resource, with this id and this secret.
    ///
    /// # Errors
    ///
    /// When the sign-in service refuses, with what it said in [`TokenError::refusal`], or is not reached.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is changed.
    async fn probe(
        &self,
        tenant: TenantId,
        application: ApplicationId,
        secret: &ClientSecret,
        resource: &ProbedResource,
    ) -> Result<AccessToken, TokenError>;
}

#[async_trait]
impl<P: SecretProbe + ?Sized> SecretProbe for Arc<P> {
    async fn probe(
        &self,
        tenant: TenantId,
        application: ApplicationId,
        secret: &ClientSecret,
        resource: &ProbedResource,
    ) -> Result<AccessToken, TokenError> {
        self.as_ref().probe(tenant, application, secret, resource).await
    }
}

/// What a probe asks a token for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbedResource {
    /// Microsoft Graph, whose application permissions then stand in the token.
    MicrosoftGraph,
    /// The application itself by its App ID URI, as the product's clients know it.
    AppIdUri(AppIdUri),
}

impl fmt::Display for ProbedResource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MicrosoftGraph => formatter.write_str("Microsoft Graph"),
            Self::AppIdUri(uri) => fmt::Display::fmt(uri, formatter),
        }
    }
}
