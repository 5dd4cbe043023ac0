//! The Configuration Manager side: one trait, and what goes through it.

mod admin_service;
mod api;
mod objects;
mod split;
mod work;

pub use crate::http::{CertificateFingerprint, InvalidFingerprint};
pub use admin_service::{
    AdminServiceAddress, AdminServiceSignIn, AdminServiceSite, AdminServiceSiteBuilder, InvalidAdminServiceAddress, KerberosNeedsAName,
};
pub use api::{Site, SiteHandle};
pub use objects::{SiteApplication, SiteConnection, SiteDiscovery, SiteInfo, SiteRowId, SiteSnapshot, SiteTenant};
pub use split::SplitSite;
pub use work::{
    ClientAppImport, ServerAppImport, SiteAction, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRemoval,
    SiteRemoved,
};
