//! What every sign-in of an application does alike: the client credentials grant, with a secret or an assertion.

use async_trait::async_trait;
use futures_util::future::join;
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::{
    endpoints::SignInEndpoints,
    exchange::{Repeat, TokenAnswer},
    service::SignInService,
};
use crate::{
    error::{TokenError, TokenFailure},
    secret::ClientSecret,
    token::{AccessToken, TokenRequest, scopes::default_scope_of},
};

/// `client_assertion_type` of an assertion that is a JWT (RFC 7523, section 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// One field of a form.
pub(super) type Field = (&'static str, Zeroizing<String>);

/// By what an application proves to the sign-in service that it is the one it says it is.
#[async_trait]
pub(super) trait Proof: Send + Sync {
    /// The fields that prove it at this token endpoint.
    async fn fields(&self, service: &SignInService, token_endpoint: &Url) -> Result<Vec<Field>, TokenError>;
}

#[async_trait]
impl Proof for ClientSecret {
    async fn fields(&self, _: &SignInService, _: &Url) -> Result<Vec<Field>, TokenError> {
        if self.expose().is_empty() {
            return Err(TokenError::new(
                TokenFailure::BadCredentials,
                "the client secret is empty",
                "Give the secret's Value, not its Secret ID.",
            ));
        }
        Ok(vec![("client_secret", Zeroizing::new(self.expose().to_owned()))])
    }
}

/// The fields of an assertion.
pub(super) fn assertion(assertion: Zeroizing<String>) -> Vec<Field> {
    vec![
        ("client_assertion_type", Zeroizing::new(JWT_BEARER.to_owned())),
        ("client_assertion", assertion),
    ]
}

/// Signs the application in to the tenant of the request, or else to its own.
///
/// Source: *OAuth 2.0 client credentials flow on the Microsoft identity platform*.
pub(super) async fn sign_in(service: &SignInService, proof: &impl Proof, request: &TokenRequest) -> Result<AccessToken, TokenError> {
    let scope = default_scope_of(&request.scopes)?;
    let Some(tenant) = request.tenant.or(service.tenant) else {
        let endpoints = service.sign_in_endpoints(request).await?;
        return redeem(service, proof, &endpoints, &scope, request).await;
    };
    // The document only confirms tenant and cloud here, so it is read beside the token request, not before it.
    let known = SignInEndpoints::known(&service.endpoints, tenant);
    let (checked, token) = join(service.sign_in_endpoints(request), redeem(service, proof, &known, &scope, request)).await;
    checked?;
    token
}

async fn redeem(
    service: &SignInService,
    proof: &impl Proof,
    endpoints: &SignInEndpoints,
    scope: &str,
    request: &TokenRequest,
) -> Result<AccessToken, TokenError> {
    let fields = proof.fields(service, &endpoints.token).await?;
    let mut form = vec![("grant_type", "client_credentials"), ("scope", scope)];
    form.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
    form.extend(request.claims.as_deref().map(|claims| ("claims", claims)));
    let answer: TokenAnswer = service.post(&endpoints.token, &form, Repeat::Allowed).await?;
    answer.token(service.clock.now())
}
