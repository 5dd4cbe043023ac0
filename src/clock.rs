//! [`Clock`], the time of day as a setting, so that a test or a simulation decides what time it is.
//!
//! [`SystemClock`] is the default everywhere. Waiting does not use it: waits go through tokio's timer, which
//! tests pause.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::{Duration, OffsetDateTime};

/// Where the time of day comes from. Waiting does not use it: waits go through tokio's timer.
pub trait Clock: Debug + Send + Sync {
    /// The present moment in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that stands still, for tests and for reproducible runs.
///
/// ```
/// use cmg_onboarding::clock::{Clock, FixedClock};
/// use time::macros::datetime;
///
/// let noon = datetime!(2026-11-24 12:00 UTC);
/// assert_eq!(FixedClock(noon).now(), noon);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub OffsetDateTime);

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

/// A clock that stands still until it is moved, for tests of what happens a day or a year later. Clones share one time.
///
/// ```
/// use cmg_onboarding::clock::{Clock, ManualClock};
/// use time::{Duration, macros::datetime};
///
/// let clock = ManualClock::new(datetime!(2026-11-24 12:00 UTC));
/// let shared = clock.clone();
/// clock.advance(Duration::days(365));
/// assert_eq!(shared.now(), datetime!(2027-11-24 12:00 UTC));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<OffsetDateTime>>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(start: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves the clock, back if the duration is negative.
    pub fn advance(&self, duration: Duration) {
        *self.time() += duration;
    }

    fn time(&self) -> MutexGuard<'_, OffsetDateTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.time()
    }
}
