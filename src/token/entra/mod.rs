//! Signing in at Microsoft Entra: the ways that need nothing but an application id.
//!
//! Three grants of OAuth 2.0, each a form post or two over this crate's own pipeline: authorization code with PKCE
//! (RFC 6749, 7636, 8252), device code (RFC 8628), client credentials with a secret or an assertion (RFC 7523). What
//! Entra adds is here, too: the tenant's own endpoints, the errors with their numbers, the answers to a claims challenge.

mod application;
mod browser;
#[cfg(feature = "rustls")]
mod certificate;
mod client_assertion;
#[cfg(feature = "rustls")]
mod client_certificate;
mod client_secret;
mod device_code;
mod endpoints;
mod exchange;
#[cfg(any(fuzzing, test))]
pub(super) mod fuzzing;
mod kept;
mod optional;
mod proof;
mod refusal;
mod secret_probe;
mod service;

pub use browser::BrowserSignIn;
#[cfg(feature = "rustls")]
pub use certificate::ClientCertificate;
pub use client_assertion::ClientAssertionSignIn;
#[cfg(feature = "rustls")]
pub use client_certificate::ClientCertificateSignIn;
pub use client_secret::ClientSecretSignIn;
pub use device_code::{DeviceCode, DeviceCodeSignIn};
pub use secret_probe::EntraSecretProbe;
pub use service::DEFAULT_SIGN_IN_CLIENT;
