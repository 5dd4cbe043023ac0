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
    START_YEAR.with(year)
        | START_MONTH.with(month)
        | START_DAY.with(day)
        | START_HOUR.with(hour)
        | START_MINUTE.with(minute)
        | DURATION_DAYS.with(days)
        | DURATION_HOURS.with(hours)
        | DURATION_MINUTES.with(minutes)
        | encode_recurrence(description.recurrence)
        | UTC.with(description.is_utc.into())
}

pub(super) fn decode(text: &str) -> Result<Form, InvalidSchedule> {
    if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
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
        Recurrence::EveryMinutes(minutes) => TYPE.with(INTERVAL) | INTERVAL_MINUTES.with(minutes),
        Recurrence::EveryHours(hours) => TYPE.with(INTERVAL) | INTERVAL_HOURS.with(hours),
        Recurrence::EveryDays(days) => TYPE.with(INTERVAL) | INTERVAL_DAYS.with(days),
        Recurrence::Weekly { weekday, every_weeks } => {
            TYPE.with(WEEKLY) | WEEKDAY.with(weekday.number_from_sunday()) | WEEKS.with(every_weeks)
        }
        Recurrence::MonthlyByWeekday {
            order,
            weekday,
            every_months,
        } => {
            TYPE.with(MONTHLY_BY_WEEKDAY)
                | WEEKDAY.with(weekday.number_from_sunday())
                | MONTHS_BY_WEEKDAY.with(every_months)
                | WEEK_ORDER.with(order as u8)
        }
        Recurrence::MonthlyByDate { day, every_months } => {
            let day = match day {
                DayOfMonth::Last => 0,
                DayOfMonth::Day(day) => day,
            };
            TYPE.with(MONTHLY_BY_DATE) | DAY_OF_MONTH.with(day) | MONTHS_BY_DATE.with(every_months)
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn read(text: &str) -> Schedule {
        text.parse().unwrap()
    }

    #[test]
    fn worked_examples_from_the_field_read_and_print_alike() {
        let every_week = Schedule::every_days(7);
        let examples = [
            ("0001170000100038", every_week.clone().starting(datetime!(1998-01-01 00:00))),
            ("0001200000114000", Schedule::every_minutes(10)),
            (
                "1033BC7B10100010",
                Schedule::every_days(2)
                    .starting(datetime!(2019-11-19 01:04))
                    .lasting(Duration::from_secs(179 * 60)),
            ),
            (
                "00811A9E081A2000",
                Schedule::weekly(Weekday::Monday, 1)
                    .starting(datetime!(2012-01-01 04:00))
                    .lasting(Duration::from_secs(90 * 60)),
            ),
            ("784F3E0000100038", every_week.clone().starting(datetime!(2026-03-15 02:30))),
            ("784F3E0000100039", every_week.starting(datetime!(2026-03-15 02:30)).in_utc()),
        ];
        for (token, builder) in examples {
            let schedule = builder.build().unwrap();
            assert_eq!(read(token), schedule, "{token}");
            assert_eq!(schedule.to_string(), token);
        }
    }

    #[test]
    fn the_first_and_the_last_moment_fit() {
        for moment in [datetime!(1970-01-01 00:00), datetime!(2033-12-31 23:59)] {
            let schedule = Schedule::once(moment).build().unwrap();
            assert_eq!(read(&schedule.to_string()).start(), Some(moment));
        }
    }

    #[test]
    fn zero_is_the_last_week_and_the_last_day() {
        // Type 4 with Friday (6), every month; type 5 with every second month.
        let by_weekday = (4 << 19) | (6 << 16) | (1 << 12);
        let by_date = (5 << 19) | (2 << 10);
        assert_eq!(
            read(&format!("00012000{by_weekday:08X}")).recurrence(),
            Some(&Recurrence::MonthlyByWeekday {
                order: WeekOrder::Last,
                weekday: Weekday::Friday,
                every_months: 1
            })
        );
        assert_eq!(
            read(&format!("00012000{by_date:08X}")).recurrence(),
            Some(&Recurrence::MonthlyByDate {
                day: DayOfMonth::Last,
                every_months: 2
            })
        );
    }

    #[test]
    fn a_token_whose_bits_are_not_documented_stays_as_it_is() {
        let schedule = read("784F3E00FFF7FFFF");
        assert_eq!(schedule.to_string(), "784F3E00FFF7FFFF");
        assert_eq!((schedule.recurrence(), schedule.start(), schedule.is_utc()), (None, None, false));
        assert_eq!(schedule.duration(), Duration::ZERO);
    }

    #[test]
    fn small_letters_are_read_and_capitals_are_written() {
        assert_eq!(read("1033bc7b10100010").to_string(), "1033BC7B10100010");
    }

    #[test]
    fn each_fault_of_a_token_is_named() {
        let refused = |text: &str| text.parse::<Schedule>().unwrap_err();
        for text in [
            "",
            "daily",
            "+001170000100038",
            "00011700001000380001170000100038",
            "000117000010003é",
        ] {
            assert_eq!(refused(text), InvalidSchedule::NotAToken, "{text}");
        }
        assert_eq!(refused("0001200000000000"), InvalidSchedule::UnknownType { number: 0 });
        assert_eq!(refused("0001200000380000"), InvalidSchedule::UnknownType { number: 7 });
        assert_eq!(refused("0001200000100000"), InvalidSchedule::MixedInterval);
        assert_eq!(refused("0001200000100138"), InvalidSchedule::MixedInterval);
        assert_eq!(refused("0001200000100002"), InvalidSchedule::MixedInterval);
        assert_eq!(refused("000120000010003A"), InvalidSchedule::MeaninglessBits);
        assert_eq!(refused("001E200000100038"), InvalidSchedule::NoSuchDay);
        for text in [
            "0000000000100038",
            "000120000018A000",
            "00012000001B0000",
            "0001203C00100038",
            "00012000C0100038",
        ] {
            assert!(
                matches!(refused(text), InvalidSchedule::OutOfRange { .. }),
                "{text}: {:?}",
                refused(text)
            );
        }
    }

    fn recurrences() -> impl Strategy<Value = Recurrence> {
        let weekdays = || (0_u8..7).prop_map(|days| Weekday::Sunday.nth_next(days));
        prop_oneof![
            Just(Recurrence::Once),
            (1_u8..=59).prop_map(Recurrence::EveryMinutes),
            (1_u8..=23).prop_map(Recurrence::EveryHours),
            (1_u8..=31).prop_map(Recurrence::EveryDays),
            (weekdays(), 1_u8..=4).prop_map(|(weekday, every_weeks)| Recurrence::Weekly { weekday, every_weeks }),
            (proptest::sample::select(&WeekOrder::ALL[..]), weekdays(), 1_u8..=12).prop_map(|(order, weekday, every_months)| {
                Recurrence::MonthlyByWeekday {
                    order,
                    weekday,
                    every_months,
                }
            }),
            (0_u8..=31, 1_u8..=12).prop_map(|(day, every_months)| Recurrence::MonthlyByDate {
                day: if day == 0 { DayOfMonth::Last } else { DayOfMonth::Day(day) },
                every_months,
            }),
        ]
    }

    proptest! {
        #[test]
        fn every_schedule_that_can_be_built_is_read_back_the_same(
            recurrence in recurrences(),
            // Minutes from 1970 to the end of 2033, which has 64 years with 16 leap days.
            start in proptest::option::of(0_i64..(64 * 365 + 16) * 24 * 60),
            duration in 0_u64..=31 * 24 * 60 + 23 * 60 + 59,
            is_utc: bool,
        ) {
            let mut builder = Schedule::recurring(recurrence).lasting(Duration::from_secs(duration * 60));
            if let Some(start) = start {
                builder = builder.starting(datetime!(1970-01-01 00:00) + time::Duration::minutes(start));
            }
            if is_utc {
                builder = builder.in_utc();
            }
            if start == Some(31 * 24 * 60) {
                prop_assert_eq!(builder.build(), Err(InvalidSchedule::MeansNoStart));
                return Ok(());
            }
            let schedule = builder.build().unwrap();
            let token = schedule.to_string();
            prop_assert_eq!(token.len(), 16);
            prop_assert_eq!(token.parse::<Schedule>(), Ok(schedule));
        }

        #[test]
        fn every_token_that_is_read_is_printed_as_it_was(bits: u64) {
            let token = format!("{bits:016X}");
            if let Ok(schedule) = token.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string(), token);
            }
        }

        #[test]
        fn reading_any_text_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Schedule>();
        }
    }
}
