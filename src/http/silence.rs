//! Decides when a host that says nothing is given up, before the deadline of everything else.
//!
//! [`Answered`] knows which origins have answered this client before; [`Silence`] follows the attempts of one
//! call. A host that takes connections and has never answered gets half a minute; one that has answered
//! before is only slow, and gets the whole deadline.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use url::{Origin, Url};

use super::retry::UNREACHED_AT_MOST;
use crate::error::TransportKind;

/// A shorter attempt would be given up before a distant host can answer.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(1);

/// The origins that have answered at least once. Shared by all that share connections.
#[derive(Debug, Default)]
pub(crate) struct Answered(Mutex<HashSet<Origin>>);

impl Answered {
    pub(super) fn remember(&self, url: &Url) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(url.origin());
    }

    fn has(&self, url: &Url) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&url.origin())
    }
}

/// The latest attempts of one call that nothing came back from.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// The beginning of the first of them.
    since: Option<Instant>,
    /// Whether the last one reached a host, which then said nothing.
    was_reached: bool,
}

impl Silence {
    /// The time for the next attempt: a host that has said nothing gets what is left of its half minute.
    pub(super) fn limit(&self, usual: Duration) -> Duration {
        match self.since.filter(|_| self.was_reached) {
            Some(since) => usual.min(UNREACHED_AT_MOST.saturating_sub(since.elapsed()).max(SHORTEST_ATTEMPT)),
            None => usual,
        }
    }

    /// Whether an attempt after this failure and this delay would end in time. A host that has answered before is only
    /// slow, and gets the time of everything else.
    pub(super) fn allows(&mut self, kind: Option<TransportKind>, began: Instant, delay: Duration, host: (&Answered, &Url)) -> bool {
        let next = match kind {
            // The next attempt may take as long as this one.
            Some(TransportKind::Connect) => began.elapsed(),
            Some(TransportKind::TimedOut) if !host.0.has(host.1) => SHORTEST_ATTEMPT,
            _ => {
                self.end();
                return true;
            }
        };
        self.was_reached = kind == Some(TransportKind::TimedOut);
        self.since.get_or_insert(began).elapsed() + delay + next < UNREACHED_AT_MOST
    }

    /// Something came.
    pub(super) const fn end(&mut self) {
        self.since = None;
        self.was_reached = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_attempt_must_end_before_the_half_minute_is_over() {
        let (answered, url) = (Answered::default(), Url::parse("https://one.example/").unwrap());
        for (delay, is_allowed) in [(UNREACHED_AT_MOST - Duration::from_millis(1), true), (UNREACHED_AT_MOST, false)] {
            let mut silence = Silence::default();
            let allowed = silence.allows(Some(TransportKind::Connect), Instant::now(), delay, (&answered, &url));
            assert_eq!(allowed, is_allowed, "{delay:?}");
        }
    }
}
