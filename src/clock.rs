//! The wall clock, injected, so that a test or a simulation decides what time it is.

use std::fmt::Debug;

use time::OffsetDateTime;

/// Where the time of day comes from. Waiting does not use it: waits go through tokio's timer.
pub trait Clock: Debug + Send + Sync {
    /// The present moment in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// A clock that stands still, for tests and for reproducible runs.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub OffsetDateTime);

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}
