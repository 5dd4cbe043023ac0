//! How long a secret is valid yet, and from when on its end is told.

use time::{Date, Duration, OffsetDateTime, UtcOffset};

use crate::connection::report::finding::{Finding, FindingCode, Severity};

/// How many days before its end a secret is told of, unless the caller says otherwise.
pub(crate) const DEFAULT_DAYS: [u16; 3] = [90, 30, 7];

/// How many days before its end a secret is told of, the longest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretThresholds(Vec<u16>);

impl Default for SecretThresholds {
    fn default() -> Self {
        Self::new(DEFAULT_DAYS)
    }
}

impl SecretThresholds {
    /// These days, in any order. None at all means that only a secret that has expired is told.
    pub(crate) fn new(days: impl IntoIterator<Item = u16>) -> Self {
        let mut days: Vec<u16> = days.into_iter().collect();
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        Self(days)
    }

    /// The last threshold, after which there is little time left; `None` if there is none.
    pub(crate) fn last(&self) -> Option<u16> {
        self.0.last().copied()
    }

    /// How long before its end a secret is told of first; `None` if only its end is told.
    pub(crate) fn longest(&self) -> Option<Duration> {
        self.0.first().map(|days| Duration::days(i64::from(*days)))
    }

    /// How long a secret with this end is valid yet.
    pub(crate) fn term(&self, end: OffsetDateTime, now: OffsetDateTime) -> Term {
        let date = end.checked_to_offset(UtcOffset::UTC).unwrap_or(end).date();
        if end <= now {
            return Term::Over(date);
        }
        let passed = self.0.iter().rev().find(|days| end - now < Duration::days(i64::from(**days)));
        let Some(&within_days) = passed else {
            return Term::Long;
        };
        // The longest of several thresholds is there to plan with, the others are there to act.
        let is_first = self.0.len() > 1 && self.0.first() == Some(&within_days);
        Term::Soon {
            date,
            within_days,
            severity: if is_first { Severity::Note } else { Severity::Warning },
        }
    }
}

/// How long a secret is valid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Term {
    /// It has expired.
    Over(Date),
    /// It expires soon: a threshold has been passed.
    Soon { date: Date, within_days: u16, severity: Severity },
    /// It is valid for longer.
    Long,
}

impl Term {
    /// What there is to tell of it: `over` if it has expired, as grave as given, and `soon` if it will.
    pub(crate) fn finding(self, over: (Severity, FindingCode), soon: FindingCode) -> Option<Finding> {
        match self {
            Self::Over(date) => Some(Finding::new(over.0, over.1).with("expiredOn", date.to_string())),
            Self::Soon {
                date,
                within_days,
                severity,
            } => {
                let soon = Finding::new(severity, soon).with("expiresOn", date.to_string());
                Some(soon.with("withinDays", within_days))
            }
            Self::Long => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    const END: OffsetDateTime = datetime!(2026-12-24 12:00 UTC);

    fn soon(within_days: u16, severity: Severity) -> Term {
        Term::Soon {
            date: date!(2026 - 12 - 24),
            within_days,
            severity,
        }
    }

    #[test]
    fn the_end_of_a_secret_is_told_at_each_threshold_and_graver_after_the_first() {
        let at = |left: Duration| SecretThresholds::default().term(END, END - left);
        let just_within = |days| at(Duration::days(days) - Duration::SECOND);
        assert_eq!(at(Duration::days(90)), Term::Long);
        assert_eq!(just_within(90), soon(90, Severity::Note));
        assert_eq!(at(Duration::days(30)), soon(90, Severity::Note));
        assert_eq!(just_within(30), soon(30, Severity::Warning));
        assert_eq!(just_within(7), soon(7, Severity::Warning));
        assert_eq!(at(Duration::ZERO), Term::Over(date!(2026 - 12 - 24)));
    }

    #[test]
    fn a_single_threshold_warns_and_without_any_only_the_end_is_told() {
        let a_day_before = END - Duration::DAY;
        let single = SecretThresholds::new([14, 14]);
        assert_eq!(single.term(END, a_day_before), soon(14, Severity::Warning));
        assert_eq!(SecretThresholds::new([]).term(END, a_day_before), Term::Long);
        assert_eq!(SecretThresholds::new([]).term(END, END), Term::Over(date!(2026 - 12 - 24)));
    }
}
