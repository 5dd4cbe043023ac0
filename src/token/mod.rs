//! Signing in: where tokens come from, and what can be read in them.

mod access_token;
mod cache;
mod chain;
mod claims;
mod discovery;
mod explain;
mod provider;

pub use access_token::AccessToken;
pub use cache::CachedTokens;
pub use chain::{BlockedWay, TokenChain};
pub use claims::TokenClaims;
pub use discovery::{DiscoveredTenant, TenantDiscovery, TenantDiscoveryError};
pub use explain::{Explanation, error_codes, explain};
pub use provider::{FnTokenProvider, StaticToken, TokenProvider, TokenRequest, token_fn};
