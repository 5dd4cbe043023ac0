//! The seam to the Configuration Manager site.

use std::{any::type_name, fmt::Debug, sync::Arc};

use async_trait::async_trait;

use super::{SiteFailure, SiteOnboarded, SiteOnboarding, SiteRemoval, SiteRemoved, SiteSnapshot};
use crate::{
    call::Call,
    error::{NotSupported, SiteError},
};

/// A Configuration Manager site, with the operations this job needs.
///
/// Writing is one operation, not four, because the product's own writer is a PowerShell module whose start costs
/// seconds: one run ensures tenant, server app, client app, connection and discovery in this order, and reads all of
/// it back. It is an ensure: what exists is kept and compared. A connection can be renamed, and discovery switched off;
/// what [`SiteOnboarding`] does not give stays as it is.
///
/// Every method has a default body that answers [`NotSupported`].
///
/// # Which operations which verb needs
///
/// | verb | operations |
/// | --- | --- |
/// | [`preflight`](crate::AzureServicesConnection::preflight), [`plan`](crate::AzureServicesConnection::plan), [`plan_from`](crate::AzureServicesConnection::plan_from) | `snapshot` |
/// | [`check`](crate::AzureServicesConnection::check), [`expiring`](crate::connection::expiring) | `snapshot` |
/// | [`onboard`](crate::AzureServicesConnection::onboard), [`Plan::apply`](crate::Plan::apply) | `snapshot`, `onboard` |
/// | [`renew_secret`](crate::AzureServicesConnection::renew_secret) | `snapshot`; `onboard` if the site takes renewed secrets |
/// | [`remove_old_secrets`](crate::AzureServicesConnection::remove_old_secrets) | `snapshot` |
/// | [`remove`](crate::AzureServicesConnection::remove) | `snapshot`, `remove` |
/// | [`view`](crate::AzureServicesConnection::view), [`connections`](crate::connection::connections) | `snapshot` |
/// | [`ImportVerifier::verify`](crate::connection::ImportVerifier::verify) | none |
///
/// [`manual::mocking`](crate::manual::mocking) has complete mocks. The feature `contract` holds an implementation to what is
/// promised here.
///
/// ```
/// use cmg_onboarding::{Call, Site, SiteError, async_trait, site::{SiteInfo, SiteSnapshot}};
///
/// #[derive(Debug)]
/// struct EmptySite;
///
/// #[async_trait]
/// impl Site for EmptySite {
///     async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
///         let mut snapshot = SiteSnapshot::default();
///         snapshot.info = SiteInfo::new("P01", "5.00.9128.1000");
///         Ok(snapshot)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), SiteError> {
/// assert_eq!(EmptySite.snapshot(Call::quiet()).await?.info.build(), Some(9128));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Site: Debug + Send + Sync {
    /// What the site knows now.
    ///
    /// # Errors
    ///
    /// When the site is not reached, or refuses.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    async fn snapshot(&self, _call: Call) -> Result<SiteSnapshot, SiteError> {
        Err(NotSupported::new("snapshot", type_name::<Self>()).into())
    }

    /// Ensures one connection, and tells the call of every item as it is done. The answer lists the same items again;
    /// one that was not told before is told then.
    ///
    /// [`SiteOnboarded::secret`] says which secret the site holds afterwards, apart from what became of the row. Asking a
    /// second time with the same secret must answer [`SecretHeld::This`](super::SecretHeld::This) again, or
    /// [`SecretHeld::NotSaid`](super::SecretHeld::NotSaid); on `Another` the caller removes the given secret.
    ///
    /// # Errors
    ///
    /// With everything that was done before; running the same again goes on from there.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; what was under way may then have been carried out.
    async fn onboard(&self, _call: Call, _wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        Err(SiteError::from(NotSupported::new("onboard", type_name::<Self>())).into())
    }

    /// Removes one connection. A connection that is not there is not an error.
    ///
    /// # Errors
    ///
    /// When the site is not reached, or refuses.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; the connection may then be gone or not, and removing it again
    /// is not an error.
    async fn remove(&self, _call: Call, _removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        Err(NotSupported::new("remove", type_name::<Self>()).into())
    }
}

/// A shared [`Site`]. Everything that takes one takes an implementation or an `Arc` of one.
///
/// ```
/// use cmg_onboarding::SiteHandle;
/// use cmg_onboarding_emulator::EmulatedSite;
///
/// let site = SiteHandle::from(EmulatedSite::new());
/// let same = site.clone(); // cheap: both are the same site
/// # let _ = same;
/// ```
#[derive(Debug, Clone)]
pub struct SiteHandle(Arc<dyn Site>);

impl SiteHandle {
    /// The site itself.
    #[must_use]
    pub fn as_site(&self) -> &dyn Site {
        self.0.as_ref()
    }
}

impl<S: Site + 'static> From<S> for SiteHandle {
    fn from(site: S) -> Self {
        Self(Arc::new(site))
    }
}

impl<S: Site + 'static> From<Arc<S>> for SiteHandle {
    fn from(site: Arc<S>) -> Self {
        Self(site)
    }
}

impl From<Arc<dyn Site>> for SiteHandle {
    fn from(site: Arc<dyn Site>) -> Self {
        Self(site)
    }
}
