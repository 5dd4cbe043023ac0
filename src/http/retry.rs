//! Decides whether an attempt is repeated, and when.
//!
//! [`RetryPolicy`] is the setting; [`Schedule`] is its use in one call. A request that is not safe to repeat
//! is repeated only if it provably did nothing: when no connection was made, and when the service refused it
//! before carrying it out (401, 429, a concurrency violation).

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::transport::TransportFailure;
use crate::{
    backoff::{Delays, Growth},
    call::RetryReason,
    error::TransportKind,
};

/// Attempts without a connection are fewer: a person waits to be told to check the proxy.
const CONNECT_ATTEMPTS: u32 = 5;

/// They end within this time: a host that drops what is sent to it takes the whole connect time-out each time.
pub(crate) const UNREACHED_AT_MOST: Duration = Duration::from_secs(30);

/// What the caller of the pipeline knows about an answer that its status does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// The service refused the request before doing anything.
    RepeatAlways(RetryReason),
    /// A passing trouble, perhaps after the service has carried the request out.
    RepeatIfSafe(RetryReason),
    /// Another attempt would get the same answer, even if the status suggests otherwise.
    Final,
}

/// How long and how often a request is sent again, if that does no harm and may help.
///
/// What a service asks for with `Retry-After` comes first: a policy never waits less. A request that is not safe to
/// repeat is sent again only if it provably did nothing, under every policy.
///
/// | Setting | Default |
/// |---|---|
/// | [`attempts`](Self::attempts) | 12 |
/// | [`first_delay`](Self::first_delay) | 250 ms |
/// | [`longest_delay`](Self::longest_delay) | 8 s |
/// | [`deadline`](Self::deadline) | 2 min |
///
/// If no connection is made at all, there are 5 attempts at most, and none begins that would end more than half a
/// minute after the first. A host that takes connections and has never answered any request of this client gets no attempt
/// after that time either.
///
/// ```
/// use std::time::Duration;
/// use cmg_onboarding::{HttpOptions, http::RetryPolicy};
///
/// let options = HttpOptions::new().retry(RetryPolicy::default().attempts(3).deadline(Duration::from_secs(20)));
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct RetryPolicy {
    pub(crate) first_delay: Duration,
    pub(crate) longest_delay: Duration,
    pub(crate) deadline: Duration,
    pub(crate) attempts: u32,
    /// Makes the randomness repeatable.
    pub(crate) seed: Option<u64>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_millis(250),
            longest_delay: Duration::from_secs(8),
            deadline: Duration::from_secs(120),
            attempts: 12,
            seed: None,
        }
    }
}

impl RetryPolicy {
    /// The most attempts, the first one counted; 0 counts as 1.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The first wait. Each one is twice the one before, with up to as much again at random.
    pub const fn first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// The longest wait before randomness.
    pub const fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest_delay = delay;
        self
    }

    /// No attempt begins later than this after the first. The time that signing in takes does not count.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same with no later deadline than this.
    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// Starts the clock of one call.
    pub(crate) fn begin(&self) -> Schedule {
        let seed = self.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
        Schedule {
            delays: Delays::new(self.first_delay, self.longest_delay, Growth::DoubledAtRandom { seed }),
            attempts: self.attempts,
            started: Instant::now(),
            deadline: self.deadline,
        }
    }
}

/// The clock of one call.
#[derive(Debug)]
pub(crate) struct Schedule {
    delays: Delays,
    attempts: u32,
    started: Instant,
    deadline: Duration,
}

impl Schedule {
    /// Adds the time that signing in took: it does not count against the deadline.
    pub(crate) fn extend_by(&mut self, spent: Duration) {
        self.deadline = self.deadline.saturating_add(spent);
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_sub(self.started.elapsed())
    }

    /// The wait before the next attempt; `None` when it is time to give up.
    pub(crate) fn next_delay(&mut self, attempt: u32, most: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.attempts.min(most) {
            return None;
        }
        let delay = self.delays.next().max(asked.unwrap_or_default());
        (delay < self.remaining()).then_some(delay)
    }
}

/// Why an answer is worth another attempt, if it is.
pub(crate) const fn after_answer(status: u16, repeatable: bool, advice: Option<Advice>) -> Option<RetryReason> {
    match (advice, status) {
        (Some(Advice::Final), _) => None,
        (Some(Advice::RepeatAlways(reason)), _) => Some(reason),
        (_, 429) => Some(RetryReason::Throttled),
        _ if !repeatable => None,
        (Some(Advice::RepeatIfSafe(reason)), _) => Some(reason),
        (None, 408 | 500 | 502..=504 | 506..=599) => Some(RetryReason::ServiceUnavailable),
        (None, _) => None,
    }
}

/// Whether a service that answers like this may have carried the request out all the same.
pub(crate) const fn may_be_done(status: u16, advice: Option<Advice>) -> bool {
    match advice {
        Some(Advice::RepeatAlways(_) | Advice::Final) => false,
        Some(Advice::RepeatIfSafe(_)) => true,
        None => matches!(status, 408 | 500..=599),
    }
}

/// Whether an attempt that fails like this may have been carried out all the same.
pub(crate) const fn may_be_lost(failure: &TransportFailure) -> bool {
    matches!(failure.kind(), Some(TransportKind::TimedOut | TransportKind::Interrupted) | None)
}

/// Whether a failure is worth another attempt, and how many at most.
pub(crate) const fn after_failure(failure: &TransportFailure, repeatable: bool) -> Option<u32> {
    if failure.is_lasting() {
        return None;
    }
    match failure.kind() {
        Some(TransportKind::Connect) => Some(CONNECT_ATTEMPTS),
        Some(TransportKind::TimedOut | TransportKind::Interrupted) if repeatable => Some(u32::MAX),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_not_safe_to_repeat_is_repeated_only_if_it_did_nothing() {
        for status in [408, 500, 502, 503, 504, 507] {
            assert_eq!(after_answer(status, false, None), None, "{status}");
            assert_eq!(after_answer(status, true, None), Some(RetryReason::ServiceUnavailable), "{status}");
        }
        assert_eq!(after_answer(429, false, None), Some(RetryReason::Throttled));
        let conflict = Some(Advice::RepeatAlways(RetryReason::ConcurrentChange));
        assert_eq!(after_answer(409, false, conflict), Some(RetryReason::ConcurrentChange));
        let passing = Some(Advice::RepeatIfSafe(RetryReason::ServiceUnavailable));
        assert_eq!(after_answer(404, false, passing), None);
        assert_eq!(after_answer(500, true, Some(Advice::Final)), None);
        assert_eq!(after_answer(404, true, passing), Some(RetryReason::ServiceUnavailable));
    }

    #[test]
    fn what_will_not_change_is_not_repeated() {
        for status in [200, 204, 301, 400, 401, 403, 404, 409, 501, 505] {
            assert_eq!(after_answer(status, true, None), None, "{status}");
        }
    }

    #[test]
    fn a_lost_connection_is_repeated_if_that_does_no_harm() {
        let failure = |kind| TransportFailure::new(kind, "x");
        assert_eq!(after_failure(&failure(TransportKind::Connect), false), Some(CONNECT_ATTEMPTS));
        for kind in [TransportKind::TimedOut, TransportKind::Interrupted] {
            assert_eq!(after_failure(&failure(kind), false), None);
            assert_eq!(after_failure(&failure(kind), true), Some(u32::MAX));
        }
        assert_eq!(after_failure(&failure(TransportKind::Unusable), true), None);
        assert_eq!(after_failure(&TransportFailure::too_long(), true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_double_up_to_the_longest_with_randomness_on_top() {
        let policy = RetryPolicy {
            deadline: Duration::from_secs(10_000),
            ..RetryPolicy::default()
        };
        let mut schedule = policy.begin();
        for (attempt, base) in (1..).zip([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]) {
            let delay = schedule.next_delay(attempt, u32::MAX, None).unwrap();
            let base = Duration::from_millis(base);
            assert!(delay >= base && delay <= base * 2, "{delay:?}");
        }
        assert_eq!(schedule.next_delay(12, u32::MAX, None), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_makes_the_waits_repeatable_and_no_seed_makes_them_differ() {
        let waits = |seed| {
            let policy = RetryPolicy {
                seed,
                ..RetryPolicy::default()
            };
            let mut schedule = policy.begin();
            (1..5).map(|attempt| schedule.next_delay(attempt, 9, None)).collect::<Vec<_>>()
        };
        assert_eq!(waits(Some(7)), waits(Some(7)));
        assert_ne!(waits(None), waits(None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let mut schedule = RetryPolicy::default().begin();
        assert_eq!(schedule.next_delay(1, 9, Some(Duration::from_secs(121))), None);
        schedule.extend_by(Duration::from_secs(60));
        assert_eq!(
            schedule.next_delay(1, 9, Some(Duration::from_secs(121))),
            Some(Duration::from_secs(121))
        );
    }
}
