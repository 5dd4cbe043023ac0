//! How a schedule recurs.

use time::Weekday;

use super::InvalidSchedule;

/// How a schedule recurs: the product's documented recurrence types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Recurrence {
    /// Not at all (`SMS_ST_NonRecurring`).
    Once,
    /// Every 1 to 59 minutes (`SMS_ST_RecurInterval`).
    EveryMinutes(u8),
    /// Every 1 to 23 hours (`SMS_ST_RecurInterval`).
    EveryHours(u8),
    /// Every 1 to 31 days (`SMS_ST_RecurInterval`).
    EveryDays(u8),
    /// On one day of the week (`SMS_ST_RecurWeekly`).
    Weekly {
        /// The day.
        weekday: Weekday,
        /// Every so many weeks: 1 to 4.
        every_weeks: u8,
    },
    /// On one weekday of the month, as the second Saturday (`SMS_ST_RecurMonthlyByWeekday`).
    MonthlyByWeekday {
        /// Which of the month's weeks.
        order: WeekOrder,
        /// The day.
        weekday: Weekday,
        /// Every so many months: 1 to 12.
        every_months: u8,
    },
    /// On one day of the month (`SMS_ST_RecurMonthlyByDate`).
    MonthlyByDate {
        /// The day.
        day: DayOfMonth,
        /// Every so many months: 1 to 12.
        every_months: u8,
    },
}

impl Recurrence {
    pub(super) fn check(self) -> Result<(), InvalidSchedule> {
        match self {
            Self::Once => Ok(()),
            Self::EveryMinutes(minutes) => InvalidSchedule::check("the interval in minutes", minutes, 1, 59),
            Self::EveryHours(hours) => InvalidSchedule::check("the interval in hours", hours, 1, 23),
            Self::EveryDays(days) => InvalidSchedule::check("the interval in days", days, 1, 31),
            Self::Weekly { every_weeks, .. } => InvalidSchedule::check("the number of weeks", every_weeks, 1, 4),
            Self::MonthlyByWeekday { every_months, .. } => check_months(every_months),
            Self::MonthlyByDate { day, every_months } => {
                if let DayOfMonth::Day(day) = day {
                    InvalidSchedule::check("the day of the month", day, 1, 31)?;
                }
                check_months(every_months)
            }
        }
    }
}

/// Which week of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeekOrder {
    /// The last one.
    Last,
    /// The first one.
    First,
    /// The second one.
    Second,
    /// The third one.
    Third,
    /// The fourth one.
    Fourth,
}

impl WeekOrder {
    /// In the order of the numbers that tokens use.
    pub(super) const ALL: [Self; 5] = [Self::Last, Self::First, Self::Second, Self::Third, Self::Fourth];
}

/// A day of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayOfMonth {
    /// The last one, whichever it is.
    Last,
    /// This one: 1 to 31.
    Day(u8),
}

fn check_months(every_months: u8) -> Result<(), InvalidSchedule> {
    InvalidSchedule::check("the number of months", every_months, 1, 12)
}
