//! The events of a session, numbered and kept, so that a page that reloads catches up.

use std::collections::VecDeque;

use cmg_onboarding::Event;
use serde::Serialize;
use serde_json::Value;

/// How many are kept.
const KEPT: usize = 10_000;

/// One thing that happened in a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Entry {
    /// A run tells something.
    #[non_exhaustive]
    Progress {
        /// Its place among the entries of the session, from 1. Only a restart of the service leaves a gap.
        sequence: u64,
        /// What.
        event: Box<Event>,
    },
    /// The session has changed: a page shows it anew.
    #[non_exhaustive]
    Session {
        /// Its place among the entries of the session, from 1. Only a restart of the service leaves a gap.
        sequence: u64,
        /// The session's revision.
        revision: u64,
        /// How far it has come.
        phase: super::phase::Phase,
        /// What it is busy with.
        job: Option<super::phase::Job>,
    },
}

impl Entry {
    /// Its place among the entries of the session.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        match self {
            Self::Progress { sequence, .. } | Self::Session { sequence, .. } => *sequence,
        }
    }

    /// The name that a stream of server-sent events gives it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Progress { .. } => "progress",
            Self::Session { .. } => "session",
        }
    }

    /// It as JSON.
    #[must_use]
    pub fn data(&self) -> Value {
        let mut data = serde_json::to_value(self).unwrap_or_default();
        super::words::put_right(&mut data);
        data
    }
}

/// How far the numbers of another life of the service are from those of this one. Entries of a run are in no file: the last
/// number that is kept may be lower than the last one that a page has seen.
const APART: u64 = 1_000_000;

/// The entries that are kept.
#[derive(Debug, Default)]
pub(super) struct Log {
    kept: VecDeque<Entry>,
    last: u64,
}

impl Log {
    /// That of another life of the service, which goes on behind every number that a page has seen.
    pub(super) const fn after_restart(last: u64) -> Self {
        Self {
            kept: VecDeque::new(),
            last: last.saturating_add(APART),
        }
    }

    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Adds an entry, by its number.
    pub(super) fn add(&mut self, entry: impl FnOnce(u64) -> Entry) {
        self.last += 1;
        self.kept.push_back(entry(self.last));
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// At most so many entries after a number. If that number is unknown, or what follows it is no longer kept: the number of
    /// the first one that is kept.
    pub(super) fn after(&self, number: u64, most: usize) -> Result<Vec<Entry>, u64> {
        let first = self.last + 1 - self.kept.len() as u64;
        if number > self.last || number + 1 < first {
            return Err(first);
        }
        let skipped = usize::try_from(number + 1 - first).unwrap_or(usize::MAX);
        Ok(self.kept.iter().skip(skipped).take(most).cloned().collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    fn entry(sequence: u64) -> Entry {
        Entry::Session {
            sequence,
            revision: sequence,
            phase: super::super::phase::Phase::Draft,
            job: None,
        }
    }

    #[test]
    fn a_page_catches_up_from_any_number_that_is_kept() {
        let mut log = Log::default();
        assert_eq!(log.after(0, 9).unwrap(), []);
        (0..5).for_each(|_| log.add(entry));
        let numbers = |after| log.after(after, 2).unwrap().iter().map(Entry::sequence).collect::<Vec<_>>();
        assert_eq!(numbers(0), [1, 2]);
        assert_eq!(numbers(4), [5]);
        assert_eq!(numbers(5), [0_u64; 0]);
        assert_eq!(log.after(6, 2).unwrap_err(), 1, "of another life of the service");
    }

    #[test]
    fn numbers_of_another_life_are_never_used_again() {
        let mut log = Log::after_restart(7);
        assert!(log.after(7, 9).is_err() && log.after(0, 9).is_err() && log.after(40, 9).is_err());
        let last = log.last();
        log.add(entry);
        assert_eq!(log.after(last, 9).unwrap()[0].sequence(), last + 1);
    }

    #[test]
    fn what_is_no_longer_kept_is_told() {
        let mut log = Log::default();
        (0..KEPT + 3).for_each(|_| log.add(entry));
        assert_eq!(log.after(2, 9).unwrap_err(), 4);
        assert_eq!(log.after(3, 1).unwrap()[0].sequence(), 4);
    }
}
