//! How long a secret is valid.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{Date, Duration, Month, OffsetDateTime, macros::format_description};

use crate::error::{InvalidValue, ValueKind};

/// What stays free below a limit that counts in days, since the clocks of this computer and of the directory differ.
const MARGIN: Duration = Duration::MINUTE;

/// How long the server app's secret is valid, counted from the moment it is made.
///
/// A secret that is added to an app that is there already ends some days earlier, so that its end tells it from others.
///
/// In JSON it is a text: `oneYear`, `twoYears`, a number of days as an ISO 8601 duration such as `P180D`, a date such as
/// `2027-05-31`, or `longestAllowed`.
///
/// ```
/// use cmg_onboarding::SecretValidity;
/// use time::macros::datetime;
///
/// let end = SecretValidity::default().end_after(datetime!(2026-11-24 12:00 UTC));
/// assert_eq!(end, datetime!(2027-11-24 12:00 UTC));
/// assert_eq!("P180D".parse(), Ok(SecretValidity::Days(180)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum SecretValidity {
    /// One calendar year, the wizard's default.
    #[default]
    OneYear,
    /// Two calendar years.
    TwoYears,
    /// This number of days, at least one, less a minute: a policy that allows as many days then allows it even if the
    /// clocks differ.
    Days(u16),
    /// Until the end of this day in UTC.
    Until(Date),
    /// As long as the tenant's app management policy allows, and two calendar years at most.
    ///
    /// If the policy cannot be read, two years are asked for, and each time that the directory refuses, 365, 180, 90 and
    /// 30 days.
    LongestAllowed,
}

impl SecretValidity {
    /// The validities that are asked for one after the other, if the directory refuses longer ones and the policy cannot
    /// be read.
    pub(crate) const SHORTER: [Self; 4] = [Self::Days(365), Self::Days(180), Self::Days(90), Self::Days(30)];

    /// The end of the validity, in UTC and whole seconds.
    ///
    /// One or two years later it is the same day and time; 29 February becomes 28 February. For
    /// [`LongestAllowed`](Self::LongestAllowed) it is the end that is asked for if no policy is known: two years.
    #[must_use]
    pub fn end_after(self, start: OffsetDateTime) -> OffsetDateTime {
        let start = start.checked_to_offset(time::UtcOffset::UTC).unwrap_or(start);
        let end = match self {
            Self::OneYear => years_after(start, 1),
            Self::TwoYears | Self::LongestAllowed => years_after(start, 2),
            Self::Days(days) => start.saturating_add(Duration::days(days.into()) - MARGIN),
            Self::Until(day) => day.midnight().assume_utc().saturating_add(Duration::DAY - Duration::SECOND),
        };
        end.replace_nanosecond(0).unwrap_or(end)
    }

    /// The end of the validity under a policy that allows no more than `longest`. Only
    /// [`LongestAllowed`](Self::LongestAllowed) gives way to it.
    pub(crate) fn end_below(self, start: OffsetDateTime, longest: Option<Duration>) -> OffsetDateTime {
        let end = self.end_after(start);
        match longest {
            Some(longest) if self == Self::LongestAllowed => {
                let start = start.checked_to_offset(time::UtcOffset::UTC).unwrap_or(start);
                let allowed = start.saturating_add(longest.saturating_sub(MARGIN));
                end.min(allowed.replace_nanosecond(0).unwrap_or(allowed))
            }
            _ => end,
        }
    }

    /// Whether it can be asked for at all: not if it has no days.
    pub(crate) const fn is_possible(self) -> bool {
        !matches!(self, Self::Days(0))
    }
}

fn years_after(start: OffsetDateTime, years: i32) -> OffsetDateTime {
    let year = start.year().saturating_add(years);
    let same_day = Date::from_calendar_date(year, start.month(), start.day());
    let day = same_day.or_else(|_| Date::from_calendar_date(year, Month::February, 28));
    day.map_or(start, |day| start.replace_date(day))
}

impl fmt::Display for SecretValidity {
    /// As in JSON.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneYear => formatter.write_str("oneYear"),
            Self::TwoYears => formatter.write_str("twoYears"),
            Self::Days(days) => write!(formatter, "P{days}D"),
            Self::Until(day) => write!(formatter, "{day}"),
            Self::LongestAllowed => formatter.write_str("longestAllowed"),
        }
    }
}

impl FromStr for SecretValidity {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "oneYear" => return Ok(Self::OneYear),
            "twoYears" => return Ok(Self::TwoYears),
            "longestAllowed" => return Ok(Self::LongestAllowed),
            _ => {}
        }
        let is_number = |digits: &&str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let days = text.strip_prefix('P').and_then(|rest| rest.strip_suffix('D')).filter(is_number);
        if let Some(days) = days.and_then(|days| days.parse().ok()) {
            return Ok(Self::Days(days));
        }
        let is_date = text.len() == "2027-05-31".len();
        let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
        day.ok()
            .filter(|_| is_date)
            .map(Self::Until)
            .ok_or(InvalidValue::new(ValueKind::SecretValidity))
    }
}

impl Serialize for SecretValidity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SecretValidity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnostic;
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00.7 UTC);

    #[test]
    fn validity_counts_calendar_years() {
        let start = datetime!(2028-02-29 10:20:30.5 UTC);
        assert_eq!(SecretValidity::OneYear.end_after(start), datetime!(2029-02-28 10:20:30 UTC));
        assert_eq!(SecretValidity::TwoYears.end_after(start), datetime!(2030-02-28 10:20:30 UTC));
        let plain = datetime!(2026-11-23 02:30 +2);
        assert_eq!(SecretValidity::OneYear.end_after(plain), datetime!(2027-11-23 00:30 UTC));
    }

    #[test]
    fn days_end_a_minute_early_and_a_date_lasts_to_its_end() {
        assert_eq!(SecretValidity::Days(180).end_after(NOW), datetime!(2027-05-23 11:59:00 UTC));
        let until = SecretValidity::Until(date!(2027 - 05 - 31));
        assert_eq!(until.end_after(NOW), datetime!(2027-05-31 23:59:59 UTC));
        assert_eq!(
            until.end_after(NOW.to_offset(time::macros::offset!(+14))),
            datetime!(2027-05-31 23:59:59 UTC)
        );
    }

    #[test]
    fn the_longest_allowed_is_the_policys_with_a_margin_and_two_years_without_one() {
        let longest = SecretValidity::LongestAllowed;
        assert_eq!(longest.end_below(NOW, None), datetime!(2028-11-24 12:00:00 UTC));
        assert_eq!(
            longest.end_below(NOW, Some(Duration::days(180))),
            datetime!(2027-05-23 11:59:00 UTC)
        );
        assert_eq!(
            longest.end_below(NOW, Some(Duration::days(3650))),
            datetime!(2028-11-24 12:00:00 UTC)
        );
        assert_eq!(
            SecretValidity::OneYear.end_below(NOW, Some(Duration::days(180))),
            SecretValidity::OneYear.end_after(NOW),
            "what was asked for is not changed without a word"
        );
    }

    #[test]
    fn a_validity_reads_what_it_shows_and_shows_what_json_has() {
        for (validity, text) in [
            (SecretValidity::OneYear, "oneYear"),
            (SecretValidity::TwoYears, "twoYears"),
            (SecretValidity::Days(180), "P180D"),
            (SecretValidity::Until(date!(2027 - 05 - 31)), "2027-05-31"),
            (SecretValidity::LongestAllowed, "longestAllowed"),
        ] {
            assert_eq!(validity.to_string(), text);
            assert_eq!(text.parse(), Ok(validity));
            assert_eq!(serde_json::to_value(validity).unwrap(), text);
            assert_eq!(serde_json::from_value::<SecretValidity>(text.into()).unwrap(), validity);
        }
    }

    #[test]
    fn another_text_is_refused_with_a_remedy_and_not_repeated() {
        let error = "three-canary-years".parse::<SecretValidity>().unwrap_err();
        assert!(error.to_string().contains("oneYear or twoYears"));
        assert!(error.help().contains("longestAllowed"));
        assert!(!format!("{error} {error:?} {}", error.help()).contains("canary"));
        for text in [
            "P",
            "PD",
            "P-1D",
            "P+1D",
            "P1.5D",
            "P65536D",
            "P6M",
            "p180d",
            "2027-02-30",
            "2027-5-31",
            "31.05.2027",
            "",
        ] {
            assert!(text.parse::<SecretValidity>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_shown_again(text in ".{0,30}", days in any::<u16>(), start in 0_i64..4_000_000_000) {
            if let Ok(validity) = text.parse::<SecretValidity>() {
                prop_assert_eq!(validity.to_string().parse(), Ok(validity));
            }
            let start = OffsetDateTime::from_unix_timestamp(start).unwrap();
            let days = SecretValidity::Days(days);
            prop_assert_eq!(days.to_string().parse(), Ok(days));
            prop_assert!(days.end_after(start) <= start + Duration::days(65_535));
        }
    }
}
