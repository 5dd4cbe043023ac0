//! Signing in: where tokens come from, and what can be read in them.
//!
//! The trait is [`TokenProvider`]: it gives a token for the scopes and the tenant of a [`TokenRequest`]. The crate has
//! providers for a browser, a device code, a client secret, a certificate, a federated identity, the Azure SDK, an environment variable and a given token;
//! [`token_fn`] makes one of a closure, and [`TokenChain`] tries several in order. The directory and the reader of the
//! administration service keep tokens in memory by themselves; [`CachedTokens`] shares one sign-in among several of them.
//!
//! Tokens are wiped on drop, never stored, never in `Debug` and never in JSON.

mod access_token;
#[cfg(feature = "azure-identity")]
mod azure_identity;
mod cache;
mod chain;
mod claims;
#[cfg(feature = "http")]
mod discovery;
#[cfg(feature = "sign-in")]
mod entra;
mod environment;
mod explain;
#[cfg(all(any(fuzzing, test), feature = "http"))]
pub(crate) mod fuzzing;
#[cfg(feature = "http")]
mod openid;
mod probe;
mod provider;
mod scopes;
#[cfg(feature = "http")]
mod service_tokens;

pub use access_token::AccessToken;
#[cfg(feature = "azure-identity")]
pub use azure_identity::AzureIdentity;
pub use cache::CachedTokens;
pub use chain::{BlockedProvider, TokenChain};
pub use claims::TokenClaims;
#[cfg(feature = "http")]
pub use discovery::{DiscoveredTenant, TenantDiscovery, TenantDiscoveryError};
#[cfg(feature = "sign-in")]
pub use entra::{
    BrowserSignIn, ClientAssertionSignIn, ClientSecretSignIn, DEFAULT_SIGN_IN_CLIENT, DeviceCode, DeviceCodeSignIn, EntraSecretProbe,
};
#[cfg(all(feature = "sign-in", feature = "rustls"))]
pub use entra::{ClientCertificate, ClientCertificateSignIn};
pub use environment::EnvironmentToken;
pub use explain::{Explanation, error_codes, explain};
pub use probe::{ProbedResource, SecretProbe};
pub use provider::{FnTokenProvider, StaticToken, TokenProvider, TokenRequest, token_fn};
pub use scopes::{all_sign_in_scopes, optional_sign_in_scopes, read_only_scopes, registering_scopes, sign_in_scopes};
#[cfg(feature = "http")]
pub(crate) use service_tokens::{Bearer, ServiceTokens};
