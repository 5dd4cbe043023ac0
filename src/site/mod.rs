//! The Configuration Manager side: one trait, and what goes through it.

#[cfg(feature = "http")]
pub mod admin_service;
mod api;
mod objects;
pub mod power_shell;
mod split;
mod work;

pub use api::{Site, SiteHandle};
pub use objects::{SiteApplication, SiteConnection, SiteDiscovery, SiteInfo, SiteRowId, SiteSnapshot, SiteTenant};
pub use split::SplitSite;
pub use work::{
    ClientAppImport, ServerAppImport, SiteAction, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRemoval,
    SiteRemoved,
};
