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

/// Every schedule that can be built.
pub(in crate::spec::schedule) fn schedules() -> impl Strategy<Value = Schedule> {
    // Minutes from 1970 to the end of 2033, which has 64 years with 16 leap days.
    let starts = proptest::option::of(0_i64..(64 * 365 + 16) * 24 * 60);
    let parts = (recurrences(), starts, 0_u64..=31 * 24 * 60 + 23 * 60 + 59, any::<bool>());
    parts.prop_filter_map(
        "no single time without a start, and none that means no start",
        |(recurrence, start, duration, is_utc)| {
            let mut builder = Schedule::recurring(recurrence).lasting(Duration::from_secs(duration * 60));
            if let Some(start) = start {
                builder = builder.starting(datetime!(1970-01-01 00:00) + time::Duration::minutes(start));
            }
            let schedule = if is_utc { builder.in_utc() } else { builder }.build().ok()?;
            (recurrence != Recurrence::Once || start.is_some()).then_some(schedule)
        },
    )
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
