//! Signing in: where tokens come from, and what can be read in them.

mod access_token;
mod claims;
mod discovery;
mod provider;

pub use access_token::AccessToken;
pub use claims::TokenClaims;
pub use discovery::{DiscoveredTenant, TenantDiscovery, TenantDiscoveryError};
pub use provider::{FnTokenProvider, StaticToken, TokenProvider, TokenRequest, token_fn};
