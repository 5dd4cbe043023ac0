//! A token that something else put into an environment variable.

use std::{env, ffi::OsString};

use async_trait::async_trait;
use secrecy::zeroize::Zeroize;

use super::{AccessToken, StaticToken, TokenProvider, TokenRequest};
use crate::error::{TokenError, TokenFailure};

/// Takes the access token from an environment variable, anew each time it is asked: at first, and if a token nears its
/// end or was refused.
///
/// For pipelines, and for people who got a token elsewhere (`az account get-access-token --resource-type ms-graph`).
/// The copy that is read here is wiped; the variable itself stays where it is, for every program that can read this process's
/// environment.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, EnvironmentToken, GraphDirectory};
///
/// let directory = GraphDirectory::new(CloudEndpoints::default(), EnvironmentToken::new("CMG_TOKEN"));
/// # let _ = directory;
/// ```
#[derive(Debug, Clone)]
pub struct EnvironmentToken {
    variable: OsString,
}

impl EnvironmentToken {
    /// Reads this variable. It need not be set yet.
    #[must_use]
    pub fn new(variable: impl Into<OsString>) -> Self {
        Self { variable: variable.into() }
    }
}

#[async_trait]
impl TokenProvider for EnvironmentToken {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let name = self.variable.to_string_lossy();
        // Asked with a name that no system allows, the standard library would panic.
        let is_name = !name.is_empty() && !name.contains(['=', '\0']);
        let text = is_name.then(|| env::var_os(&self.variable)).flatten().ok_or_else(|| {
            TokenError::new(
                TokenFailure::NotAvailable,
                format!("the environment variable {name} is not set"),
                format!("Put an access token for Microsoft Graph into {name}, or choose another way of signing in."),
            )
        })?;
        let token = AccessToken::new(text.to_string_lossy());
        text.into_encoded_bytes().zeroize();
        // The variable may hold another token by now: only the one that was refused is refused again.
        let another = request.refused_token().is_some_and(|refused| !refused.is_same_as(&token));
        let mut asked = request.clone();
        asked.fresh &= !another;
        StaticToken::from(token).token(&asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_variable_that_is_not_set_is_named() {
        for name in ["CMG_ONBOARDING_TEST_UNSET", "", "a=b"] {
            let error = EnvironmentToken::new(name).token(&TokenRequest::default()).await.unwrap_err();
            assert_eq!(error.failure(), TokenFailure::NotAvailable);
            assert!(error.to_string().contains(name));
        }
    }

    #[tokio::test]
    async fn the_token_is_taken_from_the_variable_until_it_is_refused() {
        // Cargo sets it for every test, and it looks like a token as far as characters go.
        let provider = EnvironmentToken::new("CARGO_PKG_VERSION");
        let request = TokenRequest::default();
        let token = provider.token(&request).await.unwrap();
        assert_eq!(token.expose(), env!("CARGO_PKG_VERSION"));
        let error = provider.token(&request.clone().after_refusal_of(&token)).await.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::Expired);
        let other = AccessToken::new("0ther");
        assert!(provider.token(&request.after_refusal_of(&other)).await.is_ok());
    }
}
