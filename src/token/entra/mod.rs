//! Signing in at Microsoft Entra: the ways that need nothing but an application id.
//!
//! `oauth2` speaks the grants. What Entra adds is here: the tenant's own endpoints, the errors with their numbers, the
//! answers to a claims challenge. And `oauth2` never sees a secret: its types are not wiped, so [`exchange`] gives it
//! placeholders and puts the real values in on the way.

mod browser;
mod client_secret;
mod device_code;
mod exchange;
mod places;
mod refusal;
mod secret_probe;
mod service;

pub use browser::BrowserSignIn;
pub use client_secret::ClientSecretSignIn;
pub use device_code::{DeviceCode, DeviceCodeSignIn};
pub use secret_probe::EntraSecretProbe;
pub use service::DEFAULT_SIGN_IN_CLIENT;
