//! The Configuration Manager site: [`Site`] is the trait, with the operations `snapshot`, `onboard` and `remove`.
//!
//! [`power_shell`] writes and reads a site through the product's own cmdlets. [`admin_service`] (feature `http`)
//! reads one over its administration service and writes nothing. [`SplitSite`] puts a reader and a writer together,
//! and [`SiteHandle`] shares one site. The other types are what goes through the trait.
//! [`manual::sites`](crate::manual::sites) says how to reach a real site, and
//! [`manual::mocking`](crate::manual::mocking) has a complete mock for tests.
//!
//! What it guarantees: a [`SiteSnapshot`] tells what could not be read as unknown, never as absent. No secret is ever
//! read back: a site tells when a secret ends, and not its text.

#[cfg(feature = "http")]
pub mod admin_service;
mod api;
mod identity;
mod info;
mod known_app;
mod objects;
pub mod power_shell;
mod split;
mod work;

pub use api::{Site, SiteHandle};
pub use identity::SiteIdentity;
pub use info::{SiteGateway, SiteHierarchy, SiteInfo};
pub use known_app::KnownApp;
pub use objects::{SiteApplication, SiteConnection, SiteDiscovery, SiteSnapshot, SiteTenant, UnreadRow};
pub use split::SplitSite;
pub use work::{
    ClientAppImport, NamedConnection, SecretHeld, ServerAppImport, SiteFailure, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved,
};

pub use crate::call::progress::{SiteAction, SiteItem, SiteProgress, SiteRowId};
