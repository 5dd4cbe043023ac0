//! One site out of two implementations.

use async_trait::async_trait;

use super::{Site, SiteFailure, SiteHandle, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved, SiteSnapshot};
use crate::{call::Call, error::SiteError};

/// A site that one implementation reads and another one writes.
///
/// Reading over the administration service takes a fraction of a second and no PowerShell; writing takes the product's
/// own cmdlets. Both must be the same site: nothing here can tell. What the snapshot says of the site itself, such as
/// [`SiteInfo::takes_renewed_secrets`](super::SiteInfo::takes_renewed_secrets), is the reader's word.
///
/// ```
/// use cmg_onboarding::site::SplitSite;
/// use cmg_onboarding_emulator::EmulatedSite;
///
/// # fn example(reader: EmulatedSite, writer: EmulatedSite) {
/// let site = SplitSite::new(reader, writer);
/// # let _ = site;
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SplitSite {
    reader: SiteHandle,
    writer: SiteHandle,
}

impl SplitSite {
    /// Asks `reader` what is there, and `writer` to change it.
    #[must_use]
    pub fn new(reader: impl Into<SiteHandle>, writer: impl Into<SiteHandle>) -> Self {
        Self {
            reader: reader.into(),
            writer: writer.into(),
        }
    }
}

#[async_trait]
impl Site for SplitSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        self.reader.as_site().snapshot(call).await
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        self.writer.as_site().onboard(call, wanted).await
    }

    async fn remove(&self, call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        self.writer.as_site().remove(call, removal).await
    }
}
