//! From when on the end of a secret is told.

use time::{Duration, OffsetDateTime, UtcOffset};

use crate::connection::report::finding::{Finding, FindingCode, Severity};

/// How many days before its end a secret is told of, unless the caller says otherwise.
pub(crate) const DEFAULT_DAYS: [u16; 3] = [90, 30, 7];

/// How long before its end a secret is told of first; `None` if only its end is told.
pub(crate) fn longest(thresholds: &[u16]) -> Option<Duration> {
    thresholds.iter().max().map(|days| Duration::days(i64::from(*days)))
}

/// What there is to tell of a secret with this end: `over` if it has expired, as grave as given, and `soon` if a threshold has
/// been passed. The thresholds are in days and in any order; without any, only a secret that has expired is told.
pub(crate) fn finding(
    thresholds: &[u16],
    end: OffsetDateTime,
    now: OffsetDateTime,
    over: (Severity, FindingCode),
    soon: FindingCode,
) -> Option<Finding> {
    let date = end.checked_to_offset(UtcOffset::UTC).unwrap_or(end).date().to_string();
    if end <= now {
        return Some(Finding::new(over.0, over.1).with("expiredOn", date));
    }
    let passed = thresholds.iter().filter(|days| end - now < Duration::days(i64::from(**days)));
    let within_days = passed.min()?;
    // The longest of several thresholds is there to plan with, the others are there to act.
    let is_first = thresholds.iter().max() == Some(within_days) && thresholds.iter().min() != Some(within_days);
    let severity = if is_first { Severity::Note } else { Severity::Warning };
    let soon = Finding::new(severity, soon).with("expiresOn", date);
    Some(soon.with("withinDays", within_days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const END: OffsetDateTime = datetime!(2026-12-24 12:00 UTC);
    const SOON: FindingCode = FindingCode::SecretExpiresSoon;

    fn told(thresholds: &[u16], now: OffsetDateTime) -> Option<Finding> {
        finding(thresholds, END, now, (Severity::Blocker, FindingCode::SecretExpired), SOON)
    }

    fn soon(within_days: u16, severity: Severity) -> Option<Finding> {
        let soon = Finding::new(severity, SOON).with("expiresOn", "2026-12-24");
        Some(soon.with("withinDays", within_days))
    }

    fn over() -> Option<Finding> {
        Some(Finding::blocker(FindingCode::SecretExpired).with("expiredOn", "2026-12-24"))
    }

    #[test]
    fn the_end_of_a_secret_is_told_at_each_threshold_and_graver_after_the_first() {
        let at = |left: Duration| told(&DEFAULT_DAYS, END - left);
        let just_within = |days| at(Duration::days(days) - Duration::SECOND);
        assert_eq!(at(Duration::days(90)), None);
        assert_eq!(just_within(90), soon(90, Severity::Note));
        assert_eq!(at(Duration::days(30)), soon(90, Severity::Note));
        assert_eq!(just_within(30), soon(30, Severity::Warning));
        assert_eq!(just_within(7), soon(7, Severity::Warning));
        assert_eq!(at(Duration::ZERO), over());
    }

    #[test]
    fn a_single_threshold_warns_and_without_any_only_the_end_is_told() {
        let a_day_before = END - Duration::DAY;
        assert_eq!(told(&[14, 14], a_day_before), soon(14, Severity::Warning));
        assert_eq!(told(&[], a_day_before), None);
        assert_eq!(told(&[], END), over());
    }
}
