//! How long is waited between two attempts: one engine for repeated requests and for waiting until the
//! directory shows an object.
//!
//! Both let their waits grow, for different reasons. A repeated *request* spares a service in trouble: its
//! waits double, and randomness on top keeps many clients from coming back at the same time. *Waiting for
//! replication* asks a healthy service about one object, and what it costs is the time between the moment at
//! which the object shows and the next question. That is kept small in proportion; see [`WaitPolicy`].

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long and how often a run waits until the directory sees everywhere what the run has just made.
///
/// The n-th question goes out `t(n)` after the first. Each wait is [`growth`](Self::with_growth) times what was waited
/// so far, but at least [`shortest_delay`](Self::with_shortest_delay):
///
/// ```text
/// t(n + 1) = t(n) + max(shortest, growth x t(n))
/// ```
///
/// An object that shows `lag` after the first question was missed by the question before, so `t(n) < lag`, and it is
/// seen at `t(n + 1) <= lag + max(shortest, growth x lag)`. With the defaults of 0.5 s and 0.3 that is
/// `max(lag + 0.5 s, 1.3 x lag)`, and one request. No two questions are closer than 0.5 s, so at most two go out in any
/// second. In the two minutes of the default deadline these are 21 questions, at 0, 0.5, 1, 1.5, 2, 2.6, 3.38 s and so
/// on. Doubling waits, by comparison, cost up to the whole lag once more.
///
/// There is no randomness: every wait is about one object of one run, so there is no crowd to spread, and a wait made
/// longer by chance would break the bound above.
///
/// ```
/// use std::time::Duration;
/// use cmg_onboarding::WaitPolicy;
///
/// let wizard = WaitPolicy::default().with_deadline(Duration::from_secs(20));
/// assert_eq!(wizard.deadline(), Duration::from_secs(20));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitPolicy {
    shortest_delay: Duration,
    growth: f64,
    deadline: Duration,
}

impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            shortest_delay: Duration::from_millis(500),
            growth: 0.3,
            deadline: Duration::from_secs(120),
        }
    }
}

impl WaitPolicy {
    /// The same with another shortest wait, and so with another limit to the requests per second. At least a
    /// millisecond. Default: half a second.
    #[must_use]
    pub const fn with_shortest_delay(mut self, delay: Duration) -> Self {
        self.shortest_delay = if delay.is_zero() { Duration::from_millis(1) } else { delay };
        self
    }

    /// The same with another share of the time waited so far as the next wait, from 0 (every wait is the shortest) to
    /// 1 (waits double); anything outside counts as the nearer end. Default: 0.3.
    #[must_use]
    pub const fn with_growth(mut self, growth: f64) -> Self {
        // A comparison that is false for what is not a number, too.
        self.growth = if growth > 0.0 { growth.min(1.0) } else { 0.0 };
        self
    }

    /// The same with another end: no question goes out later than this after the first. Default: two minutes.
    #[must_use]
    pub const fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The shortest wait.
    #[must_use]
    pub const fn shortest_delay(&self) -> Duration {
        self.shortest_delay
    }

    /// The next wait as a share of the time waited so far.
    #[must_use]
    pub const fn growth(&self) -> f64 {
        self.growth
    }

    /// No question goes out later than this after the first.
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The waits, from the first.
    pub(crate) fn waits(self) -> Waits {
        Waits {
            policy: self,
            delays: self.delays(),
            started: Instant::now(),
            count: 0,
            before: None,
            last: None,
        }
    }

    const fn delays(&self) -> Delays {
        Delays::new(self.shortest_delay, Duration::MAX, Growth::OfWaited(self.growth))
    }
}

/// The waits between the requests about one object or one tenant, up to the deadline of their policy.
#[derive(Debug)]
pub(crate) struct Waits {
    policy: WaitPolicy,
    delays: Delays,
    started: Instant,
    count: u32,
    /// When the request before the last one went out.
    before: Option<Instant>,
    last: Option<Instant>,
}

impl Waits {
    /// Lets one request go out. Two may follow each other at once, as a try and the look after it; a third
    /// one waits, so that no more than two go out within twice the shortest wait.
    pub(crate) async fn admit(&mut self) {
        let pace = self.pace();
        // Even a wait of no time takes up to a millisecond: timers count in milliseconds.
        if !pace.is_zero() {
            sleep(pace).await;
        }
        self.before = self.last.replace(Instant::now());
    }

    /// How long the next request has to wait for the sake of the two before it.
    fn pace(&self) -> Duration {
        let spacing = self.policy.shortest_delay.saturating_mul(2);
        self.before
            .map_or(Duration::ZERO, |before| spacing.saturating_sub(before.elapsed()))
    }

    /// The next wait; `None` if no time is left.
    pub(crate) fn next(&mut self) -> Option<Duration> {
        self.count += 1;
        let shortest = self.policy.shortest_delay.max(self.pace());
        let left = self.policy.deadline.saturating_sub(self.started.elapsed());
        // The last question goes out at the deadline, and not one long wait before it.
        (left >= shortest).then(|| self.delays.next().max(shortest).min(left))
    }

    /// How often a wait was asked for.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// How long it has taken so far.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// How a wait follows from the ones before.
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only requests are repeated at random"))]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Growth {
    /// Twice the one before, and as much again at random. The seed makes the randomness repeatable.
    DoubledAtRandom { seed: u64 },
    /// This share of the time waited so far, and nothing at random.
    OfWaited(f64),
}

/// The waits of one call, each longer than or as long as the one before. They never end; the caller does.
#[derive(Debug)]
pub(crate) struct Delays {
    growth: Growth,
    shortest: Duration,
    longest: Duration,
    last: Duration,
    waited: Duration,
}

impl Delays {
    pub(crate) const fn new(shortest: Duration, longest: Duration, growth: Growth) -> Self {
        Self {
            growth,
            shortest,
            longest,
            last: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    pub(crate) fn next(&mut self) -> Duration {
        let grown = match self.growth {
            Growth::DoubledAtRandom { .. } => self.last.saturating_mul(2),
            Growth::OfWaited(share) => share_of(self.waited, share),
        };
        self.last = grown.max(self.shortest).min(self.longest);
        self.waited = self.waited.saturating_add(self.last);
        match &mut self.growth {
            Growth::DoubledAtRandom { seed } => self.last.saturating_add(share_of(self.last, next_random(seed))),
            Growth::OfWaited(_) => self.last,
        }
    }
}

/// A share from 0 to 1. The longest durations round up beyond what fits, which must not end in a panic.
fn share_of(duration: Duration, share: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * share).unwrap_or(duration)
}

/// A number from 0 to 1, by SplitMix64: good enough to keep clients from coming back at the same moment.
#[expect(clippy::cast_precision_loss, reason = "32 bits fit into a float")]
fn next_random(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_questions_of_the_default_policy_are_these_and_the_last_one_is_at_the_deadline() {
        let started = Instant::now();
        let mut waits = WaitPolicy::default().waits();
        let mut times = vec![0];
        while let Some(delay) = waits.next() {
            tokio::time::advance(delay).await;
            times.push(started.elapsed().as_millis());
        }
        assert_eq!(times[..9], [0, 500, 1_000, 1_500, 2_000, 2_600, 3_380, 4_394, 5_712]);
        assert_eq!((times.len(), times.last()), (21, Some(&120_000)));
        assert_eq!((waits.count(), waits.elapsed()), (21, WaitPolicy::default().deadline()));
    }

    #[test]
    fn a_growth_outside_of_its_range_is_the_nearer_end() {
        let growth = |growth| WaitPolicy::default().with_growth(growth).growth();
        assert_eq!([growth(-1.0), growth(f64::NAN), growth(7.0), growth(0.5)], [0.0, 0.0, 1.0, 0.5]);
        assert!(!WaitPolicy::default().with_shortest_delay(Duration::ZERO).shortest_delay().is_zero());
    }

    #[test]
    fn the_longest_durations_do_not_panic() {
        for growth in [Growth::DoubledAtRandom { seed: 1 }, Growth::OfWaited(1.0)] {
            let mut delays = Delays::new(Duration::MAX, Duration::MAX, growth);
            assert_eq!([delays.next(), delays.next()], [Duration::MAX; 2]);
        }
    }

    proptest! {
        #[test]
        fn no_wait_costs_more_than_its_share_beyond_the_lag(
            lag in 1_u64..110_000, shortest in 1_u64..5_000, growth in 0.0..1.0_f64,
        ) {
            let policy = WaitPolicy::default().with_shortest_delay(Duration::from_millis(shortest)).with_growth(growth);
            let policy = policy.with_deadline(Duration::from_secs(3_600));
            let lag = Duration::from_millis(lag);
            let mut delays = policy.delays();
            let mut now = Duration::ZERO;
            while now < lag {
                now += delays.next();
            }
            let most = lag + policy.shortest_delay().max(lag.mul_f64(growth));
            prop_assert!(now <= most + Duration::from_micros(1), "{now:?} of {most:?}");
        }

        #[test]
        fn randomness_lengthens_a_wait_and_at_most_doubles_it(seed in any::<u64>()) {
            let mut delays = Delays::new(Duration::from_millis(250), Duration::from_secs(8), Growth::DoubledAtRandom { seed });
            for base in [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000] {
                let (delay, base) = (delays.next(), Duration::from_millis(base));
                prop_assert!(delay >= base && delay <= base * 2, "{delay:?}");
            }
        }
    }
}
