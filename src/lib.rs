//! Connects a Configuration Manager site to a Microsoft Entra tenant for a cloud management gateway.

pub mod call;
pub mod clock;
pub mod cloud;
pub mod directory;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod error;
pub mod ids;
pub mod secret;
pub mod site;
pub mod spec;
pub mod token;

pub use async_trait::async_trait;
pub use call::{Call, Retry, RetryReason};
pub use cloud::{CloudEndpoints, CloudEnvironment};
pub use directory::{Directory, DirectoryHandle};
pub use error::{DirectoryError, SiteError, TokenError};
pub use ids::{ApplicationId, ApplicationObjectId, ServicePrincipalId, TenantId};
pub use secret::ClientSecret;
pub use site::{Site, SiteHandle};
pub use spec::{
    ClientAppSpec, ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp, InvalidSpec, ReusedApp, SecretValidity,
    ServerAppSpec,
};
pub use token::{AccessToken, StaticToken, TokenProvider, TokenRequest, token_fn};
