//! When a schedule runs next.

use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset, Weekday, util::days_in_month};

use super::{DayOfMonth, Description, Form, Recurrence, Schedule, WeekOrder, token};

impl Schedule {
    /// Reads every token of a text: a site writes several one after the other.
    ///
    /// ```
    /// use cmg_onboarding::spec::Schedule;
    ///
    /// let two = Schedule::tokens("784F3E000010003900811A9E081A2000")?;
    /// assert_eq!(two.len(), 2);
    /// # Ok::<(), cmg_onboarding::spec::InvalidSchedule>(())
    /// ```
    ///
    /// # Errors
    ///
    /// With the first token that cannot be read, or if there is none.
    pub fn tokens(text: &str) -> Result<Vec<Self>, super::InvalidSchedule> {
        token::decode_all(text)
    }

    /// The next times after `now`, at most so many and in their order; fewer if there are no more. `None` if they are not
    /// known.
    ///
    /// The times of a schedule in UTC are in UTC. Those of one in the site's local time have the offset of `now`, so give
    /// `now` with the site's; the time of day is the one that a clock at the site shows then, with the offset of that day.
    ///
    /// They are not known if the token says no start, or if its bits are not documented. Nor does Microsoft document what
    /// becomes of the 29th to the 31st in a month that is shorter, or from where several weeks or months are counted if the
    /// start is not itself such a day.
    ///
    /// ```
    /// use cmg_onboarding::spec::Schedule;
    /// use time::macros::datetime;
    ///
    /// let weekly: Schedule = "every 7 days from 02:30 UTC, first on 2026-03-15".parse()?;
    /// let next = weekly.next_runs(datetime!(2026-03-20 12:00 UTC), 3);
    /// let expected = [datetime!(2026-03-22 02:30 UTC), datetime!(2026-03-29 02:30 UTC), datetime!(2026-04-05 02:30 UTC)];
    /// assert_eq!(next.as_deref(), Some(&expected[..]));
    /// # Ok::<(), cmg_onboarding::spec::InvalidSchedule>(())
    /// ```
    #[must_use]
    pub fn next_runs(&self, now: OffsetDateTime, count: usize) -> Option<Vec<OffsetDateTime>> {
        let Form::Described(description) = &self.0 else {
            return None;
        };
        let offset = if description.is_utc { UtcOffset::UTC } else { now.offset() };
        let now = now.checked_to_offset(offset)?;
        let now = PrimitiveDateTime::new(now.date(), now.time());
        let runs = description.runs_after(now, count)?;
        Some(runs.into_iter().map(|run| run.assume_offset(offset)).collect())
    }

    /// The same for several schedules that hold together; `None` if those of one are not known.
    #[must_use]
    pub fn next_runs_of(schedules: &[Self], now: OffsetDateTime, count: usize) -> Option<Vec<OffsetDateTime>> {
        let each: Option<Vec<Vec<OffsetDateTime>>> = schedules.iter().map(|schedule| schedule.next_runs(now, count)).collect();
        let mut runs: Vec<OffsetDateTime> = each?.into_iter().flatten().collect();
        runs.sort_unstable();
        runs.dedup();
        runs.truncate(count);
        Some(runs)
    }
}

impl Description {
    fn runs_after(&self, now: PrimitiveDateTime, count: usize) -> Option<Vec<PrimitiveDateTime>> {
        let start = self.start?;
        match self.recurrence {
            Recurrence::Once => Some([start].into_iter().filter(|run| *run > now).take(count).collect()),
            Recurrence::EveryMinutes(minutes) => Some(every(start, Duration::minutes(minutes.into()), now, count)),
            Recurrence::EveryHours(hours) => Some(every(start, Duration::hours(hours.into()), now, count)),
            Recurrence::EveryDays(days) => Some(every(start, Duration::days(days.into()), now, count)),
            Recurrence::Weekly { weekday, every_weeks } => {
                let first = first_weekday(start, weekday)?;
                // From which week on several are counted is not documented.
                let is_known = every_weeks == 1 || first == start;
                is_known.then(|| every(first, Duration::weeks(every_weeks.into()), now, count))
            }
            Recurrence::MonthlyByWeekday {
                order,
                weekday,
                every_months,
            } => months(start, every_months, now, count, |year, month| {
                weekday_of_month(year, month, order, weekday)
            }),
            Recurrence::MonthlyByDate { day, every_months } => months(start, every_months, now, count, |year, month| {
                let last = days_in_month(month, year);
                match day {
                    DayOfMonth::Last => Date::from_calendar_date(year, month, last).ok(),
                    // What becomes of it in a shorter month is not documented.
                    DayOfMonth::Day(day) => Date::from_calendar_date(year, month, day).ok(),
                }
            }),
        }
    }
}

/// The times after `now` of what is repeated at an even distance. It ends with the calendar.
fn every(first: PrimitiveDateTime, step: Duration, now: PrimitiveDateTime, count: usize) -> Vec<PrimitiveDateTime> {
    // Tokens carry whole minutes.
    let passed = match now < first {
        true => 0,
        false => (now - first).whole_minutes() / step.whole_minutes() + 1,
    };
    let run = |index: i64| first.checked_add(Duration::minutes(step.whole_minutes() * index));
    (passed..).map_while(run).take(count).collect()
}

/// The first time on this weekday, not before `start`.
fn first_weekday(start: PrimitiveDateTime, weekday: Weekday) -> Option<PrimitiveDateTime> {
    let ahead = (weekday.number_days_from_monday() + 7 - start.weekday().number_days_from_monday()) % 7;
    start.checked_add(Duration::days(ahead.into()))
}

/// The times after `now` on one day of every so many months; `None` if a day cannot be told.
fn months(
    start: PrimitiveDateTime,
    every_months: u8,
    now: PrimitiveDateTime,
    count: usize,
    day: impl Fn(i32, Month) -> Option<Date>,
) -> Option<Vec<PrimitiveDateTime>> {
    let step = i32::from(every_months);
    let index_of = |moment: PrimitiveDateTime| moment.year() * 12 + i32::from(u8::from(moment.month())) - 1;
    let on = |index: i32| {
        let month = Month::try_from(u8::try_from(index.rem_euclid(12) + 1).ok()?).ok()?;
        Some(PrimitiveDateTime::new(day(index.div_euclid(12), month)?, start.time()))
    };
    let begin = index_of(start);
    // From which month on several are counted is not documented if the first one has passed.
    if on(begin)? < start && step > 1 {
        return None;
    }
    let skipped = ((index_of(now) - begin) / step).max(0) * step;
    let mut runs = Vec::new();
    let mut index = begin + skipped;
    while runs.len() < count && index.div_euclid(12) <= LAST_YEAR {
        let run = on(index)?;
        if run >= start && run > now {
            runs.push(run);
        }
        index += step;
    }
    Some(runs)
}

/// The last year that the calendar here knows.
const LAST_YEAR: i32 = 9999;

/// The first to fourth, or the last, of a weekday in a month.
fn weekday_of_month(year: i32, month: Month, order: WeekOrder, weekday: Weekday) -> Option<Date> {
    let from_first = |weeks: u8| {
        let first = Date::from_calendar_date(year, month, 1).ok()?;
        let ahead = (weekday.number_days_from_monday() + 7 - first.weekday().number_days_from_monday()) % 7;
        Date::from_calendar_date(year, month, 1 + ahead + weeks * 7).ok()
    };
    match order {
        WeekOrder::First => from_first(0),
        WeekOrder::Second => from_first(1),
        WeekOrder::Third => from_first(2),
        WeekOrder::Fourth => from_first(3),
        WeekOrder::Last => from_first(4).or_else(|| from_first(3)),
    }
}

#[cfg(test)]
mod tests;
