//! The trait that gives the pipeline its tokens, so that the pipeline does not know how to sign in.
//!
//! The pipeline asks [`Authorize::bearer`] once for each attempt that needs a token; after the service has
//! refused one, it asks once more with the [`Rejection`]. What it gets lives in an [`Authorization`], which
//! `Debug` does not show.

use std::fmt;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::error::TokenError;

/// Gives the token of one attempt.
#[async_trait]
pub(crate) trait Authorize: Send + Sync {
    /// A token; after a rejection a fresh one.
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError>;

    /// What kind of token it is.
    fn scheme(&self) -> Scheme {
        Scheme::Bearer
    }
}

/// How the `Authorization` header begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// A token that holds for many requests, and may have been withdrawn in the meantime.
    Bearer,
    /// A ticket of the logged-on identity, for one attempt. Another one would be refused for the same reason.
    Negotiate,
}

/// The value of one attempt's `Authorization` header.
pub(crate) struct Authorization {
    pub(crate) scheme: Scheme,
    pub(crate) token: SecretString,
}

impl Authorization {
    pub(crate) fn header(&self) -> SecretString {
        let scheme = match self.scheme {
            Scheme::Bearer => "Bearer",
            Scheme::Negotiate => "Negotiate",
        };
        let text = Zeroizing::new(format!("{scheme} {}", self.token.expose_secret()));
        SecretString::from(text.as_str())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authorization")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// The service refused the last token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The claims that the next token must carry, as JSON, if the service asked for some.
    pub(crate) claims: Option<String>,
}
