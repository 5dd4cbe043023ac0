#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
pub mod call;
pub mod clock;
pub mod cloud;
pub mod connection;
#[cfg(feature = "contract")]
pub mod contract;
pub mod directory;
pub mod error;
#[cfg(all(test, feature = "http"))]
mod every_error;
#[cfg(all(any(fuzzing, test), feature = "http"))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "hand-over")]
pub mod hand_over;
#[cfg(feature = "http")]
pub mod http;
pub mod ids;
pub mod manual;
mod paper;
pub mod permissions;
#[cfg(feature = "schema")]
pub mod schema;
mod secret;
pub mod site;
pub mod spec;
mod text;
pub mod token;
mod words;

pub use async_trait::async_trait;
pub use backoff::WaitPolicy;
pub use call::{Call, Retry, RetryReason};
pub use cloud::{CloudEndpoints, CloudEnvironment};
pub use connection::{AzureServicesConnection, Event, OnboardingError, Outcome, Plan, Preflight, Report, Step};
#[cfg(feature = "http")]
pub use directory::GraphDirectory;
pub use directory::{Directory, DirectoryHandle};
pub use error::{Diagnostic, DirectoryError, SiteError, TokenError};
#[cfg(feature = "http")]
pub use http::{HttpClient, HttpOptions};
pub use ids::{ApplicationId, ApplicationObjectId, ServicePrincipalId, TenantId};
pub use secret::ClientSecret;
pub use site::{Site, SiteHandle};
pub use spec::{
    AdoptedClientApp, AdoptedServerApp, ClientAppSpec, ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp, InvalidSpec,
    ReusedApp, SecretValidity, ServerAppSpec,
};
#[cfg(feature = "azure-identity")]
pub use token::AzureIdentity;
pub use token::{AccessToken, CachedTokens, EnvironmentToken, StaticToken, TokenChain, TokenProvider, TokenRequest, token_fn};
#[cfg(feature = "sign-in")]
pub use token::{BrowserSignIn, ClientSecretSignIn, DeviceCodeSignIn};
