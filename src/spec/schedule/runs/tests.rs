use super::*;
use proptest::prelude::*;
use time::macros::{datetime, offset};

fn schedule(text: &str) -> Schedule {
    text.parse().unwrap()
}

#[test]
fn an_interval_counts_from_its_start_and_a_run_that_begins_now_is_not_the_next_one() {
    let weekly = schedule("every 7 days from 02:30 UTC, first on 2026-03-15");
    let after = |now| weekly.next_runs(now, 2).unwrap();
    let (first, second, third) = (
        datetime!(2026-03-15 02:30 UTC),
        datetime!(2026-03-22 02:30 UTC),
        datetime!(2026-03-29 02:30 UTC),
    );
    assert_eq!(after(datetime!(2020-01-01 00:00 UTC)), [first, second]);
    assert_eq!(after(datetime!(2026-03-15 02:29:59 UTC)), [first, second]);
    assert_eq!(after(first), [second, third]);
    assert_eq!(
        after(datetime!(2026-03-15 04:00 +2)),
        [first, second],
        "the moment counts, and not its clock"
    );
    assert_eq!(weekly.next_runs(first, 0), Some(Vec::new()));
}

#[test]
fn local_time_is_that_of_the_offset_given() {
    let daily = schedule("every day from 02:30 local, first on 2026-03-15");
    let now = datetime!(2026-03-20 01:00).assume_offset(offset!(-5));
    assert_eq!(daily.next_runs(now, 1).unwrap(), [datetime!(2026-03-20 02:30 -5)]);
    let utc = schedule("every day from 02:30 UTC, first on 2026-03-15");
    assert_eq!(utc.next_runs(now, 1).unwrap(), [datetime!(2026-03-21 02:30 UTC)]);
}

#[test]
fn a_single_time_runs_once() {
    let once = schedule("once on 2027-01-01 at 23:05 UTC");
    assert_eq!(
        once.next_runs(datetime!(2026-01-01 00:00 UTC), 3).unwrap(),
        [datetime!(2027-01-01 23:05 UTC)]
    );
    assert_eq!(once.next_runs(datetime!(2027-01-01 23:05 UTC), 3), Some(Vec::new()));
}

#[test]
fn months_are_told_by_weekday_and_by_date() {
    let now = datetime!(2026-11-15 00:00 UTC);
    let days = |text: &str| {
        let runs = schedule(text).next_runs(now, 3).unwrap();
        runs.iter().map(|run| run.date().to_string()).collect::<Vec<_>>()
    };
    let second = "on the second Saturday of every month at 01:00 UTC";
    assert_eq!(days(second), ["2026-12-12", "2027-01-09", "2027-02-13"]);
    assert_eq!(
        days("on the last Friday of every 3 months at 01:00 UTC"),
        ["2027-01-29", "2027-04-30", "2027-07-30"]
    );
    assert_eq!(
        days("on the last day of every month at 01:00 UTC"),
        ["2026-11-30", "2026-12-31", "2027-01-31"]
    );
    assert_eq!(
        days("on day 28 of every 2 months at 01:00 UTC"),
        ["2026-11-28", "2027-01-28", "2027-03-28"]
    );
}

#[test]
fn what_is_not_documented_is_not_known() {
    let now = datetime!(2026-11-15 00:00 UTC);
    for text in [
        // No start, and a type without documented bits.
        "every 7 days",
        "0001200000300000",
        // The start, a Monday, is no Sunday; the first month's day has passed; a month may be shorter.
        "every 2 weeks on Sunday at 01:00 UTC",
        "on day 1 of every 2 months at 01:00 UTC, not before 2026-01-15",
        "on day 31 of every month at 01:00 UTC",
    ] {
        assert_eq!(schedule(text).next_runs(now, 3), None, "{text}");
    }
    assert!(schedule("every 2 weeks on Monday at 01:00 UTC").next_runs(now, 3).is_some());
    let known = schedule("every day from 02:30 UTC");
    assert_eq!(Schedule::next_runs_of(&[known, schedule("every 7 days")], now, 3), None);
}

#[test]
fn several_tokens_of_one_text_are_told_together_in_their_order() {
    let daily = schedule("every 2 days from 02:30 UTC, first on 2026-03-01");
    let monthly = schedule("on day 3 of every month at 02:30 UTC, not before 2026-03-01");
    let text = format!("{daily}{monthly}");
    let both = Schedule::tokens(&text).unwrap();
    assert_eq!(both, [daily, monthly]);
    let runs = Schedule::next_runs_of(&both, datetime!(2026-03-31 12:00 UTC), 3).unwrap();
    let days: Vec<u8> = runs.iter().map(|run| run.day()).collect();
    assert_eq!(days, [2, 3, 4], "the second of April, then the third, then the fourth");
    assert!(Schedule::tokens("").is_err() && Schedule::tokens(&text[1..]).is_err() && Schedule::tokens("é").is_err());
}

#[test]
fn the_calendars_last_day_ends_the_list() {
    let daily = schedule("every day from 02:30 UTC");
    let runs = daily.next_runs(datetime!(9999-12-30 12:00 UTC), 3).unwrap();
    assert_eq!(runs, [datetime!(9999-12-31 02:30 UTC)]);
    let monthly = schedule("on the last day of every month at 01:00 UTC");
    assert_eq!(monthly.next_runs(datetime!(9999-11-30 12:00 UTC), 3).unwrap().len(), 1);
}

/// Every run in the days from the start on, told day by day, in a way that has nothing in common with the other one.
fn day_by_day(recurrence: Recurrence, start: PrimitiveDateTime, until: PrimitiveDateTime) -> Vec<PrimitiveDateTime> {
    let is_run = |day: Date| {
        let passed = (day - start.date()).whole_days();
        let months = (day.year() - start.year()) * 12 + i32::from(u8::from(day.month())) - i32::from(u8::from(start.month()));
        let is_last = day.next_day().is_none_or(|next| next.month() != day.month());
        match recurrence {
            Recurrence::EveryDays(days) => passed % i64::from(days) == 0,
            Recurrence::Weekly { weekday, every_weeks } => day.weekday() == weekday && (passed / 7) % i64::from(every_weeks) == 0,
            Recurrence::MonthlyByDate {
                day: DayOfMonth::Last,
                every_months,
            } => is_last && months % i32::from(every_months) == 0,
            Recurrence::MonthlyByDate {
                day: DayOfMonth::Day(wanted),
                every_months,
            } => day.day() == wanted && months % i32::from(every_months) == 0,
            Recurrence::MonthlyByWeekday {
                order,
                weekday,
                every_months,
            } => {
                let is_order = match order {
                    WeekOrder::First => (1..=7).contains(&day.day()),
                    WeekOrder::Second => (8..=14).contains(&day.day()),
                    WeekOrder::Third => (15..=21).contains(&day.day()),
                    WeekOrder::Fourth => (22..=28).contains(&day.day()),
                    WeekOrder::Last => day.day() + 7 > days_in_month(day.month(), day.year()),
                };
                day.weekday() == weekday && is_order && months % i32::from(every_months) == 0
            }
            _ => unreachable!("told minute by minute"),
        }
    };
    let days = std::iter::successors(Some(start.date()), |day| day.next_day());
    let runs = days.take_while(|day| *day <= until.date()).filter(|day| is_run(*day));
    runs.map(|day| PrimitiveDateTime::new(day, start.time())).collect()
}

/// The same of minutes and hours, told minute by minute.
fn minute_by_minute(step: i64, start: PrimitiveDateTime, until: PrimitiveDateTime) -> Vec<PrimitiveDateTime> {
    let minutes = std::iter::successors(Some((0, start)), |(index, minute)| {
        Some((index + 1, *minute + Duration::minutes(1)))
    });
    let runs = minutes
        .take_while(|(_, minute)| *minute <= until)
        .filter(|(index, _)| index % step == 0);
    runs.map(|(_, minute)| minute).collect()
}

fn by_days() -> impl Strategy<Value = Recurrence> {
    let weekdays = || (0_u8..7).prop_map(|days| Weekday::Sunday.nth_next(days));
    let orders = proptest::sample::select(&WeekOrder::ALL[..]);
    prop_oneof![
        (1_u8..=31).prop_map(Recurrence::EveryDays),
        (weekdays(), 1_u8..=4).prop_map(|(weekday, every_weeks)| Recurrence::Weekly { weekday, every_weeks }),
        (orders, weekdays(), 1_u8..=12).prop_map(|(order, weekday, every_months)| Recurrence::MonthlyByWeekday {
            order,
            weekday,
            every_months
        }),
        (0_u8..=28, 1_u8..=12).prop_map(|(day, every_months)| Recurrence::MonthlyByDate {
            day: if day == 0 { DayOfMonth::Last } else { DayOfMonth::Day(day) },
            every_months,
        }),
    ]
}

fn moments() -> impl Strategy<Value = PrimitiveDateTime> {
    (0_i64..3 * 365 * 24 * 60).prop_map(|minutes| datetime!(2024-01-01 00:00) + Duration::minutes(minutes))
}

proptest! {
    #[test]
    fn the_next_runs_are_those_that_a_calendar_shows(
        recurrence in by_days(), start in moments(), passed in -200_i64..2_000, seconds in 0_i64..86_400, utc: bool,
    ) {
        let builder = Schedule::recurring(recurrence).starting(start);
        let schedule = if utc { builder.in_utc() } else { builder }.build().unwrap();
        let now = start + Duration::days(passed) + Duration::seconds(seconds);
        let offset = if utc { UtcOffset::UTC } else { offset!(+5:30) };
        let Some(runs) = schedule.next_runs(now.assume_offset(offset), 3) else {
            let is_several = match recurrence {
                Recurrence::Weekly { every_weeks, .. } => every_weeks > 1,
                Recurrence::MonthlyByDate { every_months, .. } | Recurrence::MonthlyByWeekday { every_months, .. } => every_months > 1,
                _ => false,
            };
            prop_assert!(is_several, "only where it is counted from is not known");
            return Ok(());
        };
        let all = day_by_day(recurrence, start, now.max(start) + Duration::days(4 * 366));
        let expected: Vec<OffsetDateTime> =
            all.into_iter().filter(|run| *run > now && *run >= start).take(3).map(|run| run.assume_offset(offset)).collect();
        prop_assert_eq!(runs, expected);
    }

    #[test]
    fn intervals_of_minutes_and_hours_are_those_that_a_clock_shows(
        count in 1_u8..=59, is_hours: bool, start in moments(), passed in -600_i64..6_000, seconds in 0_i64..60,
    ) {
        let (recurrence, step) = match is_hours {
            true => (Recurrence::EveryHours(count % 23 + 1), i64::from(count % 23 + 1) * 60),
            false => (Recurrence::EveryMinutes(count), i64::from(count)),
        };
        let schedule = Schedule::recurring(recurrence).starting(start).in_utc().build().unwrap();
        let now = start + Duration::minutes(passed) + Duration::seconds(seconds);
        let all = minute_by_minute(step, start, now.max(start) + Duration::days(4));
        let expected: Vec<OffsetDateTime> = all.into_iter().filter(|run| *run > now).take(3).map(PrimitiveDateTime::assume_utc).collect();
        prop_assert_eq!(schedule.next_runs(now.assume_utc(), 3).unwrap(), expected);
    }

    #[test]
    fn no_token_and_no_moment_makes_it_panic(bits: u64, seconds in -62_000_000_000_i64..253_000_000_000, hours in -23_i8..=23) {
        let now = OffsetDateTime::from_unix_timestamp(seconds).unwrap().to_offset(UtcOffset::from_hms(hours, 0, 0).unwrap());
        if let Ok(schedule) = format!("{bits:016X}").parse::<Schedule>() {
            let _ = schedule.next_runs(now, 3);
        }
    }
}
