//! What a server serves at the moment, which its admin API exchanges as a whole.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::Tenants;
#[cfg(feature = "onboarding")]
use crate::EmulatedSite;
use crate::locked::lock;

/// Clones share one.
#[derive(Clone)]
pub(crate) struct Running(Arc<Inner>);

struct Inner {
    tenants: Mutex<Tenants>,
    #[cfg(feature = "onboarding")]
    site: Mutex<Option<EmulatedSite>>,
    /// How long every answer takes, in milliseconds.
    latency: AtomicU64,
}

impl Running {
    pub(crate) fn new(tenants: Tenants, latency: Duration) -> Self {
        Self(Arc::new(Inner {
            tenants: Mutex::new(tenants),
            #[cfg(feature = "onboarding")]
            site: Mutex::default(),
            latency: AtomicU64::new(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        }))
    }

    pub(crate) fn tenants(&self) -> Tenants {
        lock(&self.0.tenants).clone()
    }

    pub(crate) fn set_tenants(&self, tenants: Tenants) {
        *lock(&self.0.tenants) = tenants;
    }

    #[cfg(feature = "onboarding")]
    pub(crate) fn site(&self) -> Option<EmulatedSite> {
        lock(&self.0.site).clone()
    }

    #[cfg(feature = "onboarding")]
    pub(crate) fn set_site(&self, site: EmulatedSite) {
        *lock(&self.0.site) = Some(site);
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.0.latency.load(Ordering::Relaxed))
    }

    pub(crate) fn set_latency(&self, milliseconds: u64) {
        self.0.latency.store(milliseconds, Ordering::Relaxed);
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Running").finish_non_exhaustive()
    }
}
