//! Reads a schedule in words, as a person writes it and as [`Schedule::in_words`] prints it.

use time::{Date, Month, PrimitiveDateTime, Time, Weekday, macros::date};

use super::{DayOfMonth, InvalidSchedule, MINUTE, Recurrence, Schedule, ScheduleBuilder, WeekOrder};

/// The first day of a schedule whose words give a time of day and no day. A fixed one, so that the same words are the same
/// schedule on every day: a Monday, and the first day of a year.
const FIRST_DAY: Date = date!(2001 - 01 - 01);

const RECURRENCE: &str = "\"minutes\", \"hours\", \"days\", \"weeks on\" with a weekday, or a weekday";
const TIME: &str = "a time of day, as 02:30";
const ZONE: &str = "\"UTC\" or \"local\"";
const DATE: &str = "a day, as 2026-03-15";
const NUMBER: &str = "a whole number from 0 to 255";

const WEEKDAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Whether a text is words rather than a token.
pub(super) fn is_words(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    matches!(first.as_str(), "every" | "once" | "on")
}

pub(super) fn read(text: &str) -> Result<Schedule, InvalidSchedule> {
    let text = text.to_ascii_lowercase().replace(',', " , ");
    let mut words = Words(text.split_whitespace().collect());
    let mut builder = if words.take("once") {
        once(&mut words)?
    } else if words.take("on") {
        let recurrence = of_month(&mut words)?;
        timed(recurrence, "at", ["not", "before"], &mut words)?
    } else {
        words.expect("every", "\"every\", \"once on\" or \"on\"")?;
        repeated(&mut words)?
    };
    if words.take(",") {
        words.expect("lasting", "\"lasting\"")?;
        builder = builder.lasting(std::time::Duration::from_secs(length(&mut words)? * MINUTE));
    }
    if words.next().is_some() {
        return Err(unclear("\", lasting\" or the end of the schedule"));
    }
    builder.build()
}

const fn unclear(expected: &'static str) -> InvalidSchedule {
    InvalidSchedule::WordsUnclear { expected }
}

/// The words that have not been read yet.
struct Words<'a>(std::collections::VecDeque<&'a str>);

impl<'a> Words<'a> {
    fn next(&self) -> Option<&'a str> {
        self.0.front().copied()
    }

    /// Whether the next words are these, which are read then.
    fn take_all(&mut self, words: &[&str]) -> bool {
        let is_next = self.0.len() >= words.len() && self.0.iter().zip(words).all(|(next, word)| next == word);
        if is_next {
            self.0.drain(..words.len());
        }
        is_next
    }

    fn take(&mut self, word: &str) -> bool {
        self.take_all(&[word])
    }

    fn expect(&mut self, word: &str, expected: &'static str) -> Result<(), InvalidSchedule> {
        self.take(word).then_some(()).ok_or_else(|| unclear(expected))
    }

    /// The next word as `read` understands it.
    fn read<T>(&mut self, expected: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, InvalidSchedule> {
        let value = self.next().and_then(read).ok_or_else(|| unclear(expected))?;
        self.0.pop_front();
        Ok(value)
    }

    fn number(&mut self) -> Result<u8, InvalidSchedule> {
        self.read(NUMBER, number)
    }

    fn weekday(&mut self) -> Result<Weekday, InvalidSchedule> {
        self.read("a weekday", weekday)
    }
}

fn number(word: &str) -> Option<u8> {
    word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok()).flatten()
}

fn weekday(word: &str) -> Option<Weekday> {
    WEEKDAYS.into_iter().find(|day| day.to_string().eq_ignore_ascii_case(word))
}

/// `once on 2027-01-01 at 23:05 UTC`.
fn once(words: &mut Words<'_>) -> Result<ScheduleBuilder, InvalidSchedule> {
    words.expect("on", "\"on\" with a day")?;
    let day = words.read(DATE, day)?;
    words.expect("at", "\"at\" with a time of day")?;
    let time = words.read(TIME, time_of_day)?;
    let is_utc = zone(words)?;
    Ok(in_zone(Schedule::once(PrimitiveDateTime::new(day, time)), is_utc))
}

/// What follows on `every`: `7 days`, `2 weeks on Monday`, `Monday`.
fn repeated(words: &mut Words<'_>) -> Result<ScheduleBuilder, InvalidSchedule> {
    if let Some(weekday) = words.next().and_then(weekday) {
        words.0.pop_front();
        return timed(Recurrence::Weekly { weekday, every_weeks: 1 }, "at", ["not", "before"], words);
    }
    let count = match words.next().and_then(number) {
        Some(_) => words.number()?,
        None => 1,
    };
    let unit = words.read(RECURRENCE, |word| Some(word.strip_suffix('s').unwrap_or(word).to_owned()))?;
    let recurrence = match unit.as_str() {
        "minute" => Recurrence::EveryMinutes(count),
        "hour" => Recurrence::EveryHours(count),
        "day" => Recurrence::EveryDays(count),
        "week" => {
            words.expect("on", "\"on\" with a weekday")?;
            let weekday = words.weekday()?;
            let weekly = Recurrence::Weekly {
                weekday,
                every_weeks: count,
            };
            return timed(weekly, "at", ["not", "before"], words);
        }
        _ => return Err(unclear(RECURRENCE)),
    };
    timed(recurrence, "from", ["first", "on"], words)
}

/// What follows on `on`: `the last day of every month`, `the second Saturday of every month`, `day 15 of every 6 months`.
fn of_month(words: &mut Words<'_>) -> Result<Recurrence, InvalidSchedule> {
    if words.take("day") {
        let day = DayOfMonth::Day(words.number()?);
        let every_months = months(words)?;
        return Ok(Recurrence::MonthlyByDate { day, every_months });
    }
    words.expect("the", "\"the\" with a day of the month, or \"day\" with its number")?;
    if words.take_all(&["last", "day"]) {
        let every_months = months(words)?;
        return Ok(Recurrence::MonthlyByDate {
            day: DayOfMonth::Last,
            every_months,
        });
    }
    let order = words.read("\"first\", \"second\", \"third\", \"fourth\" or \"last\"", |word| {
        WeekOrder::ALL.into_iter().find(|order| order.in_words() == word)
    })?;
    let weekday = words.weekday()?;
    let every_months = months(words)?;
    Ok(Recurrence::MonthlyByWeekday {
        order,
        weekday,
        every_months,
    })
}

fn months(words: &mut Words<'_>) -> Result<u8, InvalidSchedule> {
    let expected = "\"of every month\", or \"of every\" with a number of months";
    if !words.take_all(&["of", "every"]) {
        return Err(unclear(expected));
    }
    if words.take("month") {
        return Ok(1);
    }
    let count = words.number()?;
    match words.take("months") || words.take("month") {
        true => Ok(count),
        false => Err(unclear(expected)),
    }
}

/// The time of day and the first day, each behind its words; without them there is no start.
fn timed(recurrence: Recurrence, at: &str, from_day: [&str; 2], words: &mut Words<'_>) -> Result<ScheduleBuilder, InvalidSchedule> {
    let builder = Schedule::recurring(recurrence);
    if !words.take(at) {
        let is_utc = words.take_all(&[",", "in", "utc"]);
        return Ok(in_zone(builder, is_utc));
    }
    let time = words.read(TIME, time_of_day)?;
    let is_utc = zone(words)?;
    let [first, second] = from_day;
    let day = match words.take_all(&[",", first, second]) {
        true => words.read(DATE, day)?,
        false => FIRST_DAY,
    };
    Ok(in_zone(builder.starting(PrimitiveDateTime::new(day, time)), is_utc))
}

const fn in_zone(builder: ScheduleBuilder, is_utc: bool) -> ScheduleBuilder {
    if is_utc { builder.in_utc() } else { builder }
}

/// Whether times are in UTC. It has to be said: a night in UTC is a working day elsewhere.
fn zone(words: &mut Words<'_>) -> Result<bool, InvalidSchedule> {
    if words.take("utc") {
        return Ok(true);
    }
    let is_local = words.take_all(&["in", "the", "site's", "local", "time"]) || words.take_all(&["local", "time"]) || words.take("local");
    if is_local { Ok(false) } else { Err(unclear(ZONE)) }
}

fn time_of_day(word: &str) -> Option<Time> {
    let (hour, minute) = word.split_once(':').filter(|(_, minute)| minute.len() == 2)?;
    Time::from_hms(number(hour)?, number(minute)?, 0).ok()
}

fn day(word: &str) -> Option<Date> {
    let mut parts = word.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let month = Month::try_from(number(month)?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, number(day)?).ok()?;
    is_whole.then_some(date)
}

/// `1 day 2 hours 59 minutes`, in minutes.
fn length(words: &mut Words<'_>) -> Result<u64, InvalidSchedule> {
    let mut minutes = 0;
    loop {
        let count = u64::from(words.number()?);
        minutes += count
            * words.read("\"days\", \"hours\" or \"minutes\"", |word| {
                match word.strip_suffix('s').unwrap_or(word) {
                    "day" => Some(24 * 60),
                    "hour" => Some(60),
                    "minute" => Some(1),
                    _ => None,
                }
            })?;
        if words.next().and_then(number).is_none() {
            return Ok(minutes);
        }
    }
}

#[cfg(test)]
mod tests;
