//! The seam to the operating system's Kerberos tickets.

use std::fmt::Debug;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::TokenError;

/// The seam to the operating system's tickets.
#[async_trait]
pub(super) trait Tickets: Debug + Send + Sync {
    /// A ticket for one attempt, in base64, as a `Negotiate` header carries it.
    async fn ticket(&self, host: &str) -> Result<SecretString, TokenError>;
}
