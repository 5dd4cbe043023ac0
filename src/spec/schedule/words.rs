//! A schedule in words, for a person who approves it.

use std::time::Duration;

use time::PrimitiveDateTime;

use super::{DayOfMonth, MINUTE, Recurrence, Schedule, WeekOrder};

impl Schedule {
    /// The schedule in English words, for a person who approves it: when it runs, in which time, and how long it lasts.
    ///
    /// A token whose bits are not documented is told as such, with its digits.
    ///
    /// ```
    /// use cmg_onboarding::spec::Schedule;
    ///
    /// let schedule: Schedule = "784F3E0000100039".parse()?;
    /// assert_eq!(schedule.in_words(), "every 7 days from 02:30 UTC, first on 2026-03-15");
    /// # Ok::<(), cmg_onboarding::spec::InvalidSchedule>(())
    /// ```
    #[must_use]
    pub fn in_words(&self) -> String {
        let Some(recurrence) = self.recurrence() else {
            return format!("as the token {self} says, whose form Microsoft does not document");
        };
        let mut text = recurrence.in_words();
        if let Some(start) = self.start() {
            text.push_str(&match recurrence {
                Recurrence::Once => format!(" on {} at {}", start.date(), self.time_of_day(start)),
                Recurrence::EveryMinutes(_) | Recurrence::EveryHours(_) | Recurrence::EveryDays(_) => {
                    format!(" from {}, first on {}", self.time_of_day(start), start.date())
                }
                _ => format!(" at {}, not before {}", self.time_of_day(start), start.date()),
            });
        } else if self.is_utc() {
            text.push_str(", in UTC");
        }
        if !self.duration().is_zero() {
            text.push_str(", lasting ");
            text.push_str(&length(self.duration()));
        }
        text
    }

    fn time_of_day(&self, moment: PrimitiveDateTime) -> String {
        let zone = if self.is_utc() { "UTC" } else { "in the site's local time" };
        format!("{:02}:{:02} {zone}", moment.hour(), moment.minute())
    }
}

impl Recurrence {
    fn in_words(&self) -> String {
        match self {
            Self::Once => "once".to_owned(),
            Self::EveryMinutes(count) => every(*count, "minute"),
            Self::EveryHours(count) => every(*count, "hour"),
            Self::EveryDays(count) => every(*count, "day"),
            Self::Weekly { weekday, every_weeks: 1 } => format!("every {weekday}"),
            Self::Weekly { weekday, every_weeks } => format!("every {every_weeks} weeks on {weekday}"),
            Self::MonthlyByWeekday {
                order,
                weekday,
                every_months,
            } => format!("on the {} {weekday} of {}", order.in_words(), every(*every_months, "month")),
            Self::MonthlyByDate { day, every_months } => format!("on {} of {}", day.in_words(), every(*every_months, "month")),
        }
    }
}

impl WeekOrder {
    pub(super) const fn in_words(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Fourth => "fourth",
        }
    }
}

impl DayOfMonth {
    fn in_words(self) -> String {
        match self {
            Self::Last => "the last day".to_owned(),
            Self::Day(day) => format!("day {day}"),
        }
    }
}

fn every(count: u8, unit: &str) -> String {
    match count {
        1 => format!("every {unit}"),
        _ => format!("every {count} {unit}s"),
    }
}

/// A duration of whole minutes, as `1 day 2 hours 59 minutes`.
fn length(duration: Duration) -> String {
    let minutes = duration.as_secs() / MINUTE;
    let parts = [(minutes / (24 * 60), "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let told = parts.iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told
        .map(|(count, unit)| match count {
            1 => format!("1 {unit}"),
            _ => format!("{count} {unit}s"),
        })
        .collect();
    told.join(" ")
}

#[cfg(test)]
mod tests {
    use time::{Weekday, macros::datetime};

    use super::{super::ScheduleBuilder, *};

    fn words(builder: ScheduleBuilder) -> String {
        builder.build().unwrap().in_words()
    }

    #[test]
    fn an_interval_is_told_with_its_unit_its_first_time_and_its_zone() {
        let start = datetime!(2026-03-15 02:30);
        assert_eq!(
            words(Schedule::every_days(7).starting(start).in_utc()),
            "every 7 days from 02:30 UTC, first on 2026-03-15"
        );
        assert_eq!(
            words(Schedule::every_days(1).starting(start)),
            "every day from 02:30 in the site's local time, first on 2026-03-15"
        );
        assert_eq!(
            words(Schedule::every_hours(1).starting(start).in_utc()),
            "every hour from 02:30 UTC, first on 2026-03-15"
        );
        assert_eq!(words(Schedule::every_hours(12)), "every 12 hours");
        assert_eq!(words(Schedule::every_minutes(10)), "every 10 minutes");
        assert_eq!(words(Schedule::every_minutes(1).in_utc()), "every minute, in UTC");
    }

    #[test]
    fn a_single_time_is_told_by_its_date() {
        assert_eq!(
            words(Schedule::once(datetime!(2027-01-01 23:05)).in_utc()),
            "once on 2027-01-01 at 23:05 UTC"
        );
    }

    #[test]
    fn a_week_is_told_by_its_day() {
        let start = datetime!(2012-01-01 04:00);
        assert_eq!(
            words(
                Schedule::weekly(Weekday::Monday, 1)
                    .starting(start)
                    .lasting(Duration::from_secs(90 * 60))
            ),
            "every Monday at 04:00 in the site's local time, not before 2012-01-01, lasting 1 hour 30 minutes"
        );
        assert_eq!(words(Schedule::weekly(Weekday::Sunday, 3)), "every 3 weeks on Sunday");
    }

    #[test]
    fn a_month_is_told_by_weekday_or_by_date() {
        let second = Schedule::monthly_by_weekday(WeekOrder::Second, Weekday::Saturday, 1);
        assert_eq!(
            words(second.starting(datetime!(2026-01-10 01:00)).in_utc()),
            "on the second Saturday of every month at 01:00 UTC, not before 2026-01-10"
        );
        for (order, word) in WeekOrder::ALL.into_iter().zip(["last", "first", "second", "third", "fourth"]) {
            let text = words(Schedule::monthly_by_weekday(order, Weekday::Friday, 3));
            assert_eq!(text, format!("on the {word} Friday of every 3 months"));
        }
        assert_eq!(
            words(Schedule::monthly_by_date(DayOfMonth::Last, 1)),
            "on the last day of every month"
        );
        assert_eq!(
            words(Schedule::monthly_by_date(DayOfMonth::Day(15), 6)),
            "on day 15 of every 6 months"
        );
    }

    #[test]
    fn a_duration_leaves_out_what_is_none() {
        let lasting = |minutes| words(Schedule::every_days(2).lasting(Duration::from_secs(minutes * MINUTE)));
        assert_eq!(lasting(24 * 60), "every 2 days, lasting 1 day");
        assert_eq!(lasting(2 * 60 + 59), "every 2 days, lasting 2 hours 59 minutes");
        assert_eq!(lasting(31 * 24 * 60 + 1), "every 2 days, lasting 31 days 1 minute");
    }

    #[test]
    fn a_token_of_an_undocumented_type_is_told_by_its_digits() {
        // Type 6, SMS_ST_RecurMonthlyByWeekdayBase.
        let opaque: Schedule = "0001200000300000".parse().unwrap();
        assert_eq!(opaque.recurrence(), None);
        assert!(opaque.in_words().contains("0001200000300000"), "{}", opaque.in_words());
    }
}
