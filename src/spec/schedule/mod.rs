//! Recurrence schedules as Configuration Manager stores them: [`Schedule`], made by a [`ScheduleBuilder`].
//!
//! `recurrence` says how a schedule recurs and `runs` when it runs next. `token` reads and writes the product's 16
//! hexadecimal digits, `english` reads words and `words` writes them, and `invalid` says why a schedule cannot be.
//!
//! What it guarantees: a schedule that exists fits into a token, and the token reads back as the same schedule.

mod english;
mod invalid;
mod recurrence;
mod runs;
mod token;
mod words;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{PrimitiveDateTime, Weekday};

pub use invalid::InvalidSchedule;
pub use recurrence::{DayOfMonth, Recurrence, WeekOrder};

const MINUTE: u64 = 60;
const LONGEST_DURATION_MINUTES: u64 = 31 * 24 * 60 + 23 * 60 + 59;

/// When something is done again: a schedule token of the product.
///
/// In text and JSON it is the product's own 16 hexadecimal digits. A site's own tools read and write the same form:
/// `Convert-CMSchedule`, and `New-CMSchedule -ScheduleString`. It is read from English words, too, as
/// [`in_words`](Self::in_words) prints them:
///
/// - `every 7 days from 02:30 UTC, first on 2026-03-15`; `minutes` and `hours` likewise
/// - `every Monday at 02:30 UTC`, `every 2 weeks on Monday at 02:30 local, not before 2026-03-16`
/// - `on the second Saturday of every month at 01:00 UTC`, `on day 15 of every 3 months at 01:00 UTC`,
///   `on the last day of every month at 01:00 UTC`
/// - `once on 2027-01-01 at 23:05 UTC`
///
/// `local` is the site's local time. The first day may be left out: then it is 2001-01-01, a Monday, so that the same words
/// are the same schedule on every day. `, lasting 2 hours 30 minutes` may follow.
///
/// Source: *ReadFromString Method in Class SMS_ScheduleMethods*, and the pages of the `SMS_ST_*` classes for the ranges.
///
/// ```
/// use cmg_onboarding::spec::Schedule;
/// use time::macros::datetime;
///
/// let weekly = Schedule::every_days(7).starting(datetime!(2026-03-15 02:30)).in_utc().build()?;
/// assert_eq!(weekly.to_string(), "784F3E0000100039");
/// assert_eq!("784F3E0000100039".parse::<Schedule>()?, weekly);
/// assert_eq!("every 7 days from 02:30 UTC, first on 2026-03-15".parse::<Schedule>()?, weekly);
/// # Ok::<(), cmg_onboarding::spec::InvalidSchedule>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule(Form);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Form {
    Described(Description),
    /// Of a type whose bits are not documented; kept as it was read.
    Opaque(u64),
}

/// A checked schedule, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Description {
    recurrence: Recurrence,
    start: Option<PrimitiveDateTime>,
    duration_minutes: u32,
    is_utc: bool,
}

impl Schedule {
    /// Once, at this moment.
    pub const fn once(moment: PrimitiveDateTime) -> ScheduleBuilder {
        Self::recurring(Recurrence::Once).starting(moment)
    }

    /// Every so many minutes: 1 to 59.
    pub const fn every_minutes(minutes: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::EveryMinutes(minutes))
    }

    /// Every so many hours: 1 to 23.
    pub const fn every_hours(hours: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::EveryHours(hours))
    }

    /// Every so many days: 1 to 31.
    pub const fn every_days(days: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::EveryDays(days))
    }

    /// On this day of every so many weeks: 1 to 4.
    pub const fn weekly(weekday: Weekday, every_weeks: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::Weekly { weekday, every_weeks })
    }

    /// On this weekday of every so many months: 1 to 12. For instance the second Saturday.
    pub const fn monthly_by_weekday(order: WeekOrder, weekday: Weekday, every_months: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::MonthlyByWeekday {
            order,
            weekday,
            every_months,
        })
    }

    /// On this day of every so many months: 1 to 12.
    pub const fn monthly_by_date(day: DayOfMonth, every_months: u8) -> ScheduleBuilder {
        Self::recurring(Recurrence::MonthlyByDate { day, every_months })
    }

    /// With this recurrence, for a caller that has it as a value.
    pub const fn recurring(recurrence: Recurrence) -> ScheduleBuilder {
        ScheduleBuilder {
            recurrence,
            start: None,
            duration: Duration::ZERO,
            is_utc: false,
        }
    }

    /// How it recurs. `None` for a token of the one type whose bits are not documented
    /// (`SMS_ST_RecurMonthlyByWeekdayBase`), which is kept and printed as it was read.
    #[must_use]
    pub const fn recurrence(&self) -> Option<&Recurrence> {
        match &self.0 {
            Form::Described(description) => Some(&description.recurrence),
            Form::Opaque(_) => None,
        }
    }

    /// The first time, to the minute, in the site's local time unless [`Schedule::is_utc`]. `None` for no start.
    #[must_use]
    pub const fn start(&self) -> Option<PrimitiveDateTime> {
        match &self.0 {
            Form::Described(description) => description.start,
            Form::Opaque(_) => None,
        }
    }

    /// How long each time lasts, in whole minutes; zero where no duration is set.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        match &self.0 {
            Form::Described(description) => Duration::from_secs(description.duration_minutes as u64 * MINUTE),
            Form::Opaque(_) => Duration::ZERO,
        }
    }

    /// Whether times are in UTC rather than local. False for a token whose bits are not documented.
    #[must_use]
    pub const fn is_utc(&self) -> bool {
        match &self.0 {
            Form::Described(description) => description.is_utc,
            Form::Opaque(_) => false,
        }
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = match &self.0 {
            Form::Described(description) => token::encode(description),
            Form::Opaque(bits) => *bits,
        };
        write!(formatter, "{bits:016X}")
    }
}

impl FromStr for Schedule {
    type Err = InvalidSchedule;

    /// Reads one token of 16 hexadecimal digits, or words; in capitals or not.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if english::is_words(text) {
            return english::read(text);
        }
        token::decode(text).map(Self)
    }
}

/// Puts a [`Schedule`] together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ScheduleBuilder {
    recurrence: Recurrence,
    start: Option<PrimitiveDateTime>,
    duration: Duration,
    is_utc: bool,
}

impl ScheduleBuilder {
    /// The first time, in whole minutes from 1970 to 2033. Default: no start.
    ///
    /// 1970-02-01 00:00 is refused: it is how a token writes that there is no start.
    pub const fn starting(mut self, moment: PrimitiveDateTime) -> Self {
        self.start = Some(moment);
        self
    }

    /// Takes all times as UTC. Default: the site's local time.
    pub const fn in_utc(mut self) -> Self {
        self.is_utc = true;
        self
    }

    /// How long each time lasts: whole minutes, at most 31 days, 23 hours and 59 minutes. Default: no duration.
    pub const fn lasting(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Checks every part.
    ///
    /// # Errors
    ///
    /// With the first part that a token cannot carry.
    pub fn build(self) -> Result<Schedule, InvalidSchedule> {
        self.check().map(Form::Described).map(Schedule)
    }

    fn check(self) -> Result<Description, InvalidSchedule> {
        self.recurrence.check()?;
        if let Some(start) = self.start {
            token::check_start(start)?;
        }
        let minutes = self.duration.as_secs() / MINUTE;
        if self.duration != Duration::from_secs(minutes * MINUTE) {
            return Err(InvalidSchedule::PartOfAMinute);
        }
        let duration_minutes = u32::try_from(minutes)
            .ok()
            .filter(|minutes| u64::from(*minutes) <= LONGEST_DURATION_MINUTES)
            .ok_or_else(|| InvalidSchedule::out_of_range("the duration in minutes", minutes, 0, LONGEST_DURATION_MINUTES))?;
        Ok(Description {
            recurrence: self.recurrence,
            start: self.start,
            duration_minutes,
            is_utc: self.is_utc,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_schedule_has_no_start_no_duration_and_local_time_by_default() {
        let schedule = Schedule::every_minutes(10).build().unwrap();
        assert_eq!(schedule.to_string(), "0001200000114000");
        assert_eq!(
            (schedule.start(), schedule.duration(), schedule.is_utc()),
            (None, Duration::ZERO, false)
        );
    }

    #[test]
    fn what_a_token_cannot_carry_is_refused() {
        let refused = |builder: ScheduleBuilder| builder.build().unwrap_err();
        for builder in [
            Schedule::every_minutes(0),
            Schedule::every_minutes(60),
            Schedule::every_hours(0),
            Schedule::every_hours(24),
            Schedule::every_days(0),
            Schedule::every_days(32),
            Schedule::weekly(Weekday::Monday, 0),
            Schedule::weekly(Weekday::Monday, 5),
            Schedule::monthly_by_weekday(WeekOrder::Last, Weekday::Friday, 13),
            Schedule::monthly_by_date(DayOfMonth::Last, 0),
            Schedule::monthly_by_date(DayOfMonth::Day(0), 1),
            Schedule::monthly_by_date(DayOfMonth::Day(32), 1),
            Schedule::every_days(1).lasting(Duration::from_secs(32 * 24 * 3600)),
            Schedule::every_days(1).lasting(Duration::MAX - Duration::from_nanos(999_999_999) - Duration::from_secs(15)),
        ] {
            assert!(
                matches!(refused(builder.clone()), InvalidSchedule::OutOfRange { .. }),
                "{builder:?}"
            );
        }
        let year = |given| InvalidSchedule::StartYear { given };
        assert_eq!(refused(Schedule::once(datetime!(1969-12-31 23:59))), year(1969));
        assert_eq!(refused(Schedule::once(datetime!(2034-01-01 00:00))), year(2034));
        assert_eq!(
            refused(Schedule::once(datetime!(2026-01-01 00:00:30))),
            InvalidSchedule::PartOfAMinute
        );
        let half = Schedule::every_days(1).lasting(Duration::from_millis(500));
        assert_eq!(refused(half), InvalidSchedule::PartOfAMinute);
        assert_eq!(refused(Schedule::once(datetime!(1970-02-01 00:00))), InvalidSchedule::MeansNoStart);
    }

    #[test]
    fn the_longest_duration_fits() {
        let longest = Duration::from_secs(LONGEST_DURATION_MINUTES * MINUTE);
        let schedule = Schedule::every_days(31).lasting(longest).build().unwrap();
        assert_eq!(schedule.to_string().parse::<Schedule>().unwrap().duration(), longest);
    }

    #[test]
    fn json_holds_the_token() {
        let schedule = Schedule::every_days(7).build().unwrap();
        let json = serde_json::to_string(&schedule).unwrap();
        assert_eq!(json, "\"0001200000100038\"");
        assert_eq!(serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
        assert!(serde_json::from_str::<Schedule>("\"daily\"").is_err());
    }
}
