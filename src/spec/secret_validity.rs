//! How long a secret is to be valid.

use serde::Serialize;
use time::{Date, Month, OffsetDateTime};

/// How long the server app's secret is valid, counted from the moment it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
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

impl std::str::FromStr for SecretValidity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "oneYear" => Ok(Self::OneYear),
            "twoYears" => Ok(Self::TwoYears),
            _ => Err(()),
        }
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
}
