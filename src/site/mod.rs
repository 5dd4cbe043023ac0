//! The Configuration Manager side: one trait, and what goes through it.

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
