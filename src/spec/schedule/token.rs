//! The bits of a schedule token: two double words, printed as 16 hexadecimal digits.
//!
//! Numbered from the lowest bit of the whole token, so that the first double word has the bits 63 to 32.

use std::time::Duration;

use time::{Date, Month, PrimitiveDateTime, Time, Weekday};

use super::{DayOfMonth, Description, Form, InvalidSchedule, MINUTE, Recurrence, Schedule, WeekOrder};

/// A run of bits within a token: the lowest one, and how many.
#[derive(Debug, Clone, Copy)]
struct Field(u32, u32);

const START_MINUTE: Field = Field(58, 6);
const START_HOUR: Field = Field(53, 5);
const START_DAY: Field = Field(48, 5);
const START_MONTH: Field = Field(44, 4);
const START_YEAR: Field = Field(38, 6);
const DURATION_MINUTES: Field = Field(32, 6);
const DURATION_HOURS: Field = Field(27, 5);
const DURATION_DAYS: Field = Field(22, 5);
const TYPE: Field = Field(19, 3);
const INTERVAL_MINUTES: Field = Field(13, 6);
const INTERVAL_HOURS: Field = Field(8, 5);
const INTERVAL_DAYS: Field = Field(3, 5);
const WEEKDAY: Field = Field(16, 3);
const WEEKS: Field = Field(13, 3);
const MONTHS_BY_WEEKDAY: Field = Field(12, 4);
const WEEK_ORDER: Field = Field(9, 3);
const DAY_OF_MONTH: Field = Field(14, 5);
const MONTHS_BY_DATE: Field = Field(10, 4);
const UTC: Field = Field(0, 1);

const NON_RECURRING: u8 = 1;
const INTERVAL: u8 = 2;
const WEEKLY: u8 = 3;
const MONTHLY_BY_WEEKDAY: u8 = 4;
const MONTHLY_BY_DATE: u8 = 5;
/// `SMS_ST_RecurMonthlyByWeekdayBase`. Its bits are not documented, so a token of this type stays as it is.
const MONTHLY_BY_WEEKDAY_BASE: u8 = 6;

/// How many hexadecimal digits a token has.
const DIGITS: usize = 16;

const FIRST_YEAR: i32 = 1970;
const LAST_YEAR: i32 = 2033;

/// The moment that stands for "no start": the first double word is 00012000.
const NO_START: (u8, u8, u8, u8, u8) = (0, 2, 1, 0, 0);

impl Field {
    const fn read(self, bits: u64) -> u8 {
        (bits >> self.0 & self.mask()) as u8
    }

    const fn with(self, value: u8) -> u64 {
        (value as u64 & self.mask()) << self.0
    }

    const fn mask(self) -> u64 {
        (1 << self.1) - 1
    }
}

pub(super) fn encode(description: &Description) -> u64 {
    let (year, month, day, hour, minute) = description.start.map_or(NO_START, parts);
    let duration = description.duration_minutes;
    // The description was checked, so none of these is ever cut off.
    let [days, hours, minutes] = [duration / (24 * 60), duration / 60 % 24, duration % 60].map(|part| part as u8);
    token_of([
        START_YEAR.with(year),
        START_MONTH.with(month),
        START_DAY.with(day),
        START_HOUR.with(hour),
        START_MINUTE.with(minute),
        DURATION_DAYS.with(days),
        DURATION_HOURS.with(hours),
        DURATION_MINUTES.with(minutes),
        encode_recurrence(description.recurrence),
        UTC.with(description.is_utc.into()),
    ])
}

/// Fields of one token have no bit in common, so that their sum has the bits of all.
fn token_of<const N: usize>(fields: [u64; N]) -> u64 {
    fields.into_iter().sum()
}

pub(super) fn decode(text: &str) -> Result<Form, InvalidSchedule> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(InvalidSchedule::NotAToken);
    }
    let bits = u64::from_str_radix(text, 16).map_err(|_| InvalidSchedule::NotAToken)?;
    if TYPE.read(bits) == MONTHLY_BY_WEEKDAY_BASE {
        return Ok(Form::Opaque(bits));
    }
    let recurrence = decode_recurrence(bits)?;
    let mut builder = Schedule::recurring(recurrence).lasting(decode_duration(bits)?);
    if let Some(start) = decode_start(bits)? {
        builder = builder.starting(start);
    }
    if UTC.read(bits) == 1 {
        builder = builder.in_utc();
    }
    let description = builder.check()?;
    if encode(&description) != bits {
        return Err(InvalidSchedule::MeaninglessBits);
    }
    Ok(Form::Described(description))
}

pub(super) fn decode_all(text: &str) -> Result<Vec<Schedule>, InvalidSchedule> {
    if text.is_empty() || !text.is_ascii() {
        return Err(InvalidSchedule::NotAToken);
    }
    let tokens = text
        .as_bytes()
        .chunks(DIGITS)
        .map(|token| std::str::from_utf8(token).unwrap_or_default());
    tokens.map(|token| decode(token).map(Schedule)).collect()
}

/// Whether a token can carry this start.
pub(super) fn check_start(start: PrimitiveDateTime) -> Result<(), InvalidSchedule> {
    if !(FIRST_YEAR..=LAST_YEAR).contains(&start.year()) {
        return Err(InvalidSchedule::StartYear { given: start.year() });
    }
    if start.second() != 0 || start.nanosecond() != 0 {
        return Err(InvalidSchedule::PartOfAMinute);
    }
    if parts(start) == NO_START {
        return Err(InvalidSchedule::MeansNoStart);
    }
    Ok(())
}

/// Year after 1970, month, day, hour, minute.
fn parts(start: PrimitiveDateTime) -> (u8, u8, u8, u8, u8) {
    let year = (start.year() - FIRST_YEAR) as u8;
    (year, start.month().into(), start.day(), start.hour(), start.minute())
}

fn decode_start(bits: u64) -> Result<Option<PrimitiveDateTime>, InvalidSchedule> {
    let fields @ (year, month, day, hour, minute) = (
        START_YEAR.read(bits),
        START_MONTH.read(bits),
        START_DAY.read(bits),
        START_HOUR.read(bits),
        START_MINUTE.read(bits),
    );
    if fields == NO_START {
        return Ok(None);
    }
    InvalidSchedule::check("the month of the start", month, 1, 12)?;
    InvalidSchedule::check("the hour of the start", hour, 0, 23)?;
    InvalidSchedule::check("the minute of the start", minute, 0, 59)?;
    let year = FIRST_YEAR + i32::from(year);
    let date = Month::try_from(month).and_then(|month| Date::from_calendar_date(year, month, day));
    let time = Time::from_hms(hour, minute, 0);
    match (date, time) {
        (Ok(date), Ok(time)) => Ok(Some(PrimitiveDateTime::new(date, time))),
        _ => Err(InvalidSchedule::NoSuchDay),
    }
}

fn decode_duration(bits: u64) -> Result<Duration, InvalidSchedule> {
    let (days, hours, minutes) = (DURATION_DAYS.read(bits), DURATION_HOURS.read(bits), DURATION_MINUTES.read(bits));
    InvalidSchedule::check("the hours of the duration", hours, 0, 23)?;
    InvalidSchedule::check("the minutes of the duration", minutes, 0, 59)?;
    let all_minutes = (u64::from(days) * 24 + u64::from(hours)) * 60 + u64::from(minutes);
    Ok(Duration::from_secs(all_minutes * MINUTE))
}

fn encode_recurrence(recurrence: Recurrence) -> u64 {
    match recurrence {
        Recurrence::Once => TYPE.with(NON_RECURRING),
        Recurrence::EveryMinutes(minutes) => token_of([TYPE.with(INTERVAL), INTERVAL_MINUTES.with(minutes)]),
        Recurrence::EveryHours(hours) => token_of([TYPE.with(INTERVAL), INTERVAL_HOURS.with(hours)]),
        Recurrence::EveryDays(days) => token_of([TYPE.with(INTERVAL), INTERVAL_DAYS.with(days)]),
        Recurrence::Weekly { weekday, every_weeks } => token_of([
            TYPE.with(WEEKLY),
            WEEKDAY.with(weekday.number_from_sunday()),
            WEEKS.with(every_weeks),
        ]),
        Recurrence::MonthlyByWeekday {
            order,
            weekday,
            every_months,
        } => token_of([
            TYPE.with(MONTHLY_BY_WEEKDAY),
            WEEKDAY.with(weekday.number_from_sunday()),
            MONTHS_BY_WEEKDAY.with(every_months),
            WEEK_ORDER.with(order as u8),
        ]),
        Recurrence::MonthlyByDate { day, every_months } => {
            let day = match day {
                DayOfMonth::Last => 0,
                DayOfMonth::Day(day) => day,
            };
            token_of([
                TYPE.with(MONTHLY_BY_DATE),
                DAY_OF_MONTH.with(day),
                MONTHS_BY_DATE.with(every_months),
            ])
        }
    }
}

fn decode_recurrence(bits: u64) -> Result<Recurrence, InvalidSchedule> {
    match TYPE.read(bits) {
        NON_RECURRING => Ok(Recurrence::Once),
        INTERVAL => decode_interval(bits),
        WEEKLY => Ok(Recurrence::Weekly {
            weekday: decode_weekday(bits)?,
            every_weeks: WEEKS.read(bits),
        }),
        MONTHLY_BY_WEEKDAY => {
            let number = WEEK_ORDER.read(bits);
            let order = WeekOrder::ALL.get(usize::from(number)).copied();
            Ok(Recurrence::MonthlyByWeekday {
                order: order.ok_or_else(|| InvalidSchedule::out_of_range("the week of the month", number.into(), 0, 4))?,
                weekday: decode_weekday(bits)?,
                every_months: MONTHS_BY_WEEKDAY.read(bits),
            })
        }
        MONTHLY_BY_DATE => Ok(Recurrence::MonthlyByDate {
            day: match DAY_OF_MONTH.read(bits) {
                0 => DayOfMonth::Last,
                day => DayOfMonth::Day(day),
            },
            every_months: MONTHS_BY_DATE.read(bits),
        }),
        number => Err(InvalidSchedule::UnknownType { number }),
    }
}

fn decode_interval(bits: u64) -> Result<Recurrence, InvalidSchedule> {
    match (INTERVAL_MINUTES.read(bits), INTERVAL_HOURS.read(bits), INTERVAL_DAYS.read(bits)) {
        (minutes, 0, 0) if minutes > 0 => Ok(Recurrence::EveryMinutes(minutes)),
        (0, hours, 0) if hours > 0 => Ok(Recurrence::EveryHours(hours)),
        (0, 0, days) if days > 0 => Ok(Recurrence::EveryDays(days)),
        _ => Err(InvalidSchedule::MixedInterval),
    }
}

fn decode_weekday(bits: u64) -> Result<Weekday, InvalidSchedule> {
    let number = WEEKDAY.read(bits);
    InvalidSchedule::check("the day of the week", number, 1, 7)?;
    Ok(Weekday::Saturday.nth_next(number))
}

#[cfg(test)]
pub(super) mod tests;
