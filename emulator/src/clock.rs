//! The time of day, which a test may decide.

use std::{fmt, sync::Arc};

use time::OffsetDateTime;

/// Tells the present moment. Waiting does not use it: waits go through tokio's timer.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> OffsetDateTime + Send + Sync>);

impl Clock {
    pub(crate) fn new(now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where the system is asked")]
    pub(crate) fn of_the_system() -> Self {
        Self::new(OffsetDateTime::now_utc)
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
