//! The Configuration Manager side: one trait, and what goes through it.

#[cfg(feature = "http")]
pub mod admin_service;
mod api;
mod identity;
mod objects;
pub mod power_shell;
mod split;
mod work;

pub use api::{Site, SiteHandle};
pub use identity::{InvalidSiteIdentity, SiteIdentity};
pub use objects::{SiteApplication, SiteConnection, SiteDiscovery, SiteInfo, SiteSnapshot, SiteTenant, UnreadRow};
pub use split::SplitSite;
pub use work::{ClientAppImport, SecretHeld, ServerAppImport, SiteFailure, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved};

pub use crate::call::progress::{SiteAction, SiteItem, SiteProgress, SiteRowId};
