//! Tokens from the Azure SDK for Rust.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    credentials::TokenCredential,
    error::{Error, ErrorKind},
};

use super::{AccessToken, TokenProvider, TokenRequest};
use crate::error::{TokenError, TokenFailure};

/// Any credential of the Azure SDK for Rust: the Azure CLI, a managed identity, a workload identity, a certificate, a
/// pipeline's service connection.
///
/// The credential has been told its tenant when it was made; a tenant in the request is compared with the token, where
/// the token can be read. These credentials take one resource and no claims: whichever scopes are asked for, they are
/// asked for everything the signed-in application was granted on that resource (`.default`).
///
/// They keep tokens in memory themselves, and give the same one again after it was refused as long as it is valid. A
/// claims challenge ends the job with that refusal, because there is no way to hand the claims on.
///
/// ```no_run
/// use azure_identity::AzureCliCredential;
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, token::AzureIdentity};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = AzureIdentity::new(AzureCliCredential::new(None)?);
/// let directory = GraphDirectory::new(CloudEndpoints::default(), tokens);
/// # let _ = directory;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AzureIdentity {
    credential: Arc<dyn TokenCredential>,
}

impl AzureIdentity {
    /// Signs in with this credential.
    #[must_use]
    pub fn new(credential: Arc<dyn TokenCredential>) -> Self {
        Self { credential }
    }
}

impl fmt::Debug for AzureIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AzureIdentity").finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for AzureIdentity {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let scope = super::scopes::default_scope_of(&request.scopes)?;
        let given = self.credential.get_token(&[&scope], None).await.map_err(failure)?;
        let token = AccessToken::new(given.token.secret()).expiring_on(given.expires_on);
        let is_refused = request.fresh && request.refused_token().is_none_or(|refused| refused.is_same_as(&token));
        if is_refused {
            return Err(TokenError::new(
                TokenFailure::Expired,
                "the token was refused, and the Azure credential has no other",
                "Sign in again where the credential takes its tokens from, as with az login, then repeat the run.",
            ));
        }
        let of = token.claims().and_then(|claims| claims.tenant_id);
        match (request.tenant, of) {
            (Some(wanted), Some(other)) if wanted != other => Err(TokenError::new(
                TokenFailure::WrongTenant,
                format!("the Azure credential is signed in to tenant {other}, not to {wanted}"),
                "Name the tenant when making the credential, or sign in to it, as with az login --tenant.",
            )),
            _ => Ok(token),
        }
    }
}

/// A credential that is not set up is a way that is not available here; the next one in a chain may be.
fn failure(error: Error) -> TokenError {
    match error.kind() {
        ErrorKind::Credential => TokenError::new(
            TokenFailure::NotAvailable,
            "the Azure credential gave no token",
            "See the source of this error; for the Azure CLI: install it and sign in with az login.",
        ),
        ErrorKind::Io | ErrorKind::Connection => TokenError::new(
            TokenFailure::Unreachable,
            "the Azure credential could not reach the sign-in service",
            "See the source of this error, then repeat the run.",
        ),
        _ => TokenError::new(
            TokenFailure::Provider,
            "the Azure credential failed",
            "See the source of this error: it comes from the Azure SDK.",
        ),
    }
    // Its text alone: its debug output may hold a whole answer.
    .with_source(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TenantId;
    use azure_core::credentials::{AccessToken as Given, TokenRequestOptions};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use std::sync::Mutex;
    use time::macros::datetime;

    #[derive(Debug)]
    struct Fake {
        asked: Mutex<Vec<String>>,
        answer: Result<String, ErrorKind>,
    }

    #[async_trait]
    impl TokenCredential for Fake {
        async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<Given> {
            self.asked.lock().unwrap().extend(scopes.iter().map(|&scope| scope.to_owned()));
            match &self.answer {
                Ok(text) => Ok(Given::new(text.clone(), datetime!(2099-01-01 00:00 UTC))),
                Err(kind) => Err(Error::with_message(kind.clone(), "no az on this machine")),
            }
        }
    }

    fn fake(answer: Result<String, ErrorKind>) -> (Arc<Fake>, AzureIdentity) {
        let fake = Arc::new(Fake {
            asked: Mutex::default(),
            answer,
        });
        (fake.clone(), AzureIdentity::new(fake))
    }

    #[tokio::test]
    async fn everything_granted_on_the_resource_is_asked_for() {
        let (fake, provider) = fake(Ok("abc".to_owned()));
        let request = TokenRequest::new(["https://graph.microsoft.com/User.Read", "openid"]);
        let token = provider.token(&request).await.unwrap();
        assert_eq!(token.expose(), "abc");
        assert_eq!(token.expires_on(), Some(datetime!(2099-01-01 00:00 UTC)));
        assert_eq!(*fake.asked.lock().unwrap(), ["https://graph.microsoft.com/.default"]);
        let error = provider.token(&request.after_refusal_of(&token)).await.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::Expired);
    }

    #[tokio::test]
    async fn a_credential_that_is_not_set_up_leaves_the_next_way_open() {
        let (_, provider) = fake(Err(ErrorKind::Credential));
        let error = provider.token(&TokenRequest::new(["https://a/.default"])).await.unwrap_err();
        assert!(error.failure().concerns_this_provider_only());
        assert!(crate::error::chain(&error).contains("no az on this machine"));
    }

    #[tokio::test]
    async fn a_token_of_another_tenant_is_not_used() {
        let claims = URL_SAFE_NO_PAD.encode(r#"{"tid": "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"}"#);
        let (_, provider) = fake(Ok(format!("e30.{claims}.x")));
        let request = TokenRequest::new(["https://a/.default"]).in_tenant(TenantId::new(uuid::Uuid::from_u128(7)));
        let error = provider.token(&request).await.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::WrongTenant);
    }
}
