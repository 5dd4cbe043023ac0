//! The time of day, which a test may decide.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use time::{Duration, OffsetDateTime, macros::datetime};

use crate::locked::lock;

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

/// Between these a clock can be set: what is counted from there, such as the end of a secret, is a moment still.
const EARLIEST: OffsetDateTime = datetime!(1970-01-01 0:00 UTC);
const LATEST: OffsetDateTime = datetime!(2500-01-01 0:00 UTC);

/// A clock that is moved and stopped while others read it. Clones share one.
#[derive(Debug, Clone)]
pub(crate) struct MovableClock {
    system: Clock,
    position: Arc<Mutex<Position>>,
}

/// Where a clock stands: away from the system's time, or still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    Away(Duration),
    Still(OffsetDateTime),
}

impl MovableClock {
    pub(crate) fn new() -> Self {
        Self {
            system: Clock::of_the_system(),
            position: Arc::new(Mutex::new(Position::Away(Duration::ZERO))),
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        let moment = match *lock(&self.position) {
            Position::Away(distance) => self.system.now().saturating_add(distance),
            Position::Still(moment) => moment,
        };
        moment.clamp(EARLIEST, LATEST)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        matches!(*lock(&self.position), Position::Still(_))
    }

    pub(crate) fn follow_the_system(&self) {
        self.put_back(Position::Away(Duration::ZERO));
    }

    pub(crate) fn freeze_at(&self, moment: OffsetDateTime) {
        self.put_back(Position::Still(moment));
    }

    /// Lets it run on from where it stands.
    pub(crate) fn run(&self) {
        let distance = self.now() - self.system.now();
        self.put_back(Position::Away(distance));
    }

    /// Sets it, standing or running as it was.
    pub(crate) fn set(&self, moment: OffsetDateTime) {
        let position = match self.position() {
            Position::Away(_) => Position::Away(moment - self.system.now()),
            Position::Still(_) => Position::Still(moment),
        };
        self.put_back(position);
    }

    pub(crate) fn move_by(&self, distance: Duration) {
        self.set(self.now().saturating_add(distance));
    }

    pub(crate) fn position(&self) -> Position {
        *lock(&self.position)
    }

    pub(crate) fn put_back(&self, position: Position) {
        *lock(&self.position) = position;
    }
}

#[cfg(feature = "onboarding")]
impl cmg_onboarding::clock::Clock for MovableClock {
    fn now(&self) -> OffsetDateTime {
        self.now()
    }
}
