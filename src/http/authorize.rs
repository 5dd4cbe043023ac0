//! The seam to whoever has tokens, so that the pipeline knows nothing of signing in.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::TokenError;

/// Gives the bearer token of one attempt.
#[async_trait]
pub(crate) trait Authorize: Send + Sync {
    /// A token; after a rejection a fresh one.
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError>;
}

/// The service refused the last token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The claims that the next token must carry, as JSON, where the service asked for some.
    pub(crate) claims: Option<String>,
}
