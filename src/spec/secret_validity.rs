//! How long a secret is valid.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime};

use crate::error::Diagnostic;

/// How long the server app's secret is valid, counted from the moment it is made.
///
/// ```
/// use cmg_onboarding::SecretValidity;
/// use time::macros::datetime;
///
/// let end = SecretValidity::default().end_after(datetime!(2026-11-24 12:00 UTC));
/// assert_eq!(end, datetime!(2027-11-24 12:00 UTC));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SecretValidity {
    /// One calendar year, the wizard's default.
    #[default]
    OneYear,
    /// Two calendar years.
    TwoYears,
}

impl SecretValidity {
    /// The end of the validity: the same day and time one or two years later, in UTC and whole seconds.
    ///
    /// 29 February becomes 28 February.
    #[must_use]
    pub fn end_after(self, start: OffsetDateTime) -> OffsetDateTime {
        let years = match self {
            Self::OneYear => 1,
            Self::TwoYears => 2,
        };
        let start = start.to_offset(time::UtcOffset::UTC);
        let year = start.year().saturating_add(years);
        let same_day = Date::from_calendar_date(year, start.month(), start.day());
        let day = same_day.or_else(|_| Date::from_calendar_date(year, Month::February, 28));
        let moved = day.map_or(start, |day| start.replace_date(day));
        moved.replace_nanosecond(0).unwrap_or(moved)
    }
}

impl fmt::Display for SecretValidity {
    /// As in JSON: `oneYear` or `twoYears`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OneYear => "oneYear",
            Self::TwoYears => "twoYears",
        })
    }
}

impl FromStr for SecretValidity {
    type Err = InvalidSecretValidity;

    fn from_str(text: &str) -> Result<Self, InvalidSecretValidity> {
        match text {
            "oneYear" => Ok(Self::OneYear),
            "twoYears" => Ok(Self::TwoYears),
            _ => Err(InvalidSecretValidity),
        }
    }
}

/// A text that names no [`SecretValidity`].
///
/// It does not repeat the text, which may be a secret in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is not a valid secret validity, which is oneYear or twoYears")]
#[non_exhaustive]
pub struct InvalidSecretValidity;

impl Diagnostic for InvalidSecretValidity {
    fn code(&self) -> &'static str {
        "invalidSecretValidity"
    }

    fn help(&self) -> Cow<'_, str> {
        "Write oneYear or twoYears, as the console offers them for the secret key validity period.".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn validity_counts_calendar_years() {
        let start = datetime!(2028-02-29 10:20:30.5 UTC);
        assert_eq!(SecretValidity::OneYear.end_after(start), datetime!(2029-02-28 10:20:30 UTC));
        assert_eq!(SecretValidity::TwoYears.end_after(start), datetime!(2030-02-28 10:20:30 UTC));
        let plain = datetime!(2026-11-23 02:30 +2);
        assert_eq!(SecretValidity::OneYear.end_after(plain), datetime!(2027-11-23 00:30 UTC));
    }

    #[test]
    fn a_validity_reads_what_it_shows_and_shows_what_json_has() {
        for validity in [SecretValidity::OneYear, SecretValidity::TwoYears] {
            assert_eq!(validity.to_string().parse(), Ok(validity));
            assert_eq!(serde_json::to_value(validity).unwrap(), validity.to_string());
        }
    }

    #[test]
    fn another_text_is_refused_with_a_remedy_and_not_repeated() {
        let error = "three-canary-years".parse::<SecretValidity>().unwrap_err();
        assert!(error.to_string().contains("oneYear or twoYears"));
        assert!(error.help().contains("twoYears"));
        assert!(!format!("{error} {error:?} {}", error.help()).contains("canary"));
    }
}
