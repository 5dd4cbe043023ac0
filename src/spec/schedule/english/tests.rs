use super::*;
use proptest::prelude::*;
use time::macros::datetime;

fn parsed(text: &str) -> Schedule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_persons_words_are_a_schedule_with_or_without_a_first_day() {
    let first = datetime!(2001-01-01 02:30);
    let weekly = Schedule::every_days(7).starting(first).in_utc().build().unwrap();
    assert_eq!(parsed("every 7 days from 02:30 UTC"), weekly);
    assert_eq!(parsed("  Every 7 DAYS  from 2:30 utc "), weekly);
    assert_eq!(parsed("every 7 days from 02:30 UTC, first on 2001-01-01"), weekly);
    let built = |builder: ScheduleBuilder| builder.build().unwrap();
    let examples = [
        ("every day from 02:30 local", built(Schedule::every_days(1).starting(first))),
        ("every 1 day from 02:30 local time", built(Schedule::every_days(1).starting(first))),
        ("every 12 hours", built(Schedule::every_hours(12))),
        ("every minute, in UTC", built(Schedule::every_minutes(1).in_utc())),
        (
            "every monday at 02:30 UTC",
            built(Schedule::weekly(Weekday::Monday, 1).starting(first).in_utc()),
        ),
        (
            "every week on Monday at 02:30 UTC",
            built(Schedule::weekly(Weekday::Monday, 1).starting(first).in_utc()),
        ),
        (
            "every 2 weeks on Sunday at 04:00 local, not before 2026-03-15",
            built(Schedule::weekly(Weekday::Sunday, 2).starting(datetime!(2026-03-15 04:00))),
        ),
        (
            "on the second Saturday of every month at 02:30 UTC",
            built(
                Schedule::monthly_by_weekday(WeekOrder::Second, Weekday::Saturday, 1)
                    .starting(first)
                    .in_utc(),
            ),
        ),
        (
            "on the last day of every 3 months at 02:30 local",
            built(Schedule::monthly_by_date(DayOfMonth::Last, 3).starting(first)),
        ),
        (
            "on day 15 of every month at 02:30 UTC, lasting 1 hour 30 minutes",
            built(
                Schedule::monthly_by_date(DayOfMonth::Day(15), 1)
                    .starting(first)
                    .in_utc()
                    .lasting(std::time::Duration::from_secs(90 * MINUTE)),
            ),
        ),
        (
            "once on 2027-01-01 at 23:05 UTC",
            built(Schedule::once(datetime!(2027-01-01 23:05)).in_utc()),
        ),
    ];
    for (text, schedule) in examples {
        assert_eq!(parsed(text), schedule, "{text}");
    }
}

#[test]
fn the_same_words_are_the_same_token_in_json() {
    let schedule: Schedule = serde_json::from_str("\"every 7 days from 02:30 UTC, first on 2026-03-15\"").unwrap();
    assert_eq!(serde_json::to_string(&schedule).unwrap(), "\"784F3E0000100039\"");
}

#[test]
fn what_is_not_understood_is_named_by_what_is_expected() {
    let expected = |text: &str| match text.parse::<Schedule>().unwrap_err() {
        InvalidSchedule::WordsUnclear { expected } => expected,
        other => panic!("{text}: {other}"),
    };
    assert_eq!(expected("every 7 days from 02:30"), ZONE);
    assert_eq!(expected("every 7 days from 02:30 CET"), ZONE);
    assert_eq!(expected("every 7 days from 25:00 UTC"), TIME);
    assert_eq!(expected("every 7 days from 02:3 UTC"), TIME);
    assert_eq!(expected("every fortnight"), RECURRENCE);
    assert_eq!(expected("every"), RECURRENCE);
    assert_eq!(expected("every 7 days from 02:30 UTC, first on 2026-02-30"), DATE);
    assert_eq!(expected("once on tomorrow at 02:30 UTC"), DATE);
    assert_eq!(expected("on day 300 of every month"), NUMBER);
    assert_eq!(
        expected("on the fifth Monday of every month"),
        "\"first\", \"second\", \"third\", \"fourth\" or \"last\""
    );
    assert_eq!(expected("every 2 weeks at 02:30 UTC"), "\"on\" with a weekday");
    assert_eq!(expected("every 7 days at 02:30 UTC"), "\", lasting\" or the end of the schedule");
    assert_eq!(expected("every 7 days, lasting long"), NUMBER);
}

#[test]
fn what_a_token_cannot_carry_is_refused_in_words_too() {
    let refused = |text: &str| text.parse::<Schedule>().unwrap_err();
    for text in [
        "every 90 minutes",
        "every 32 days",
        "every 0 hours",
        "every 5 weeks on Monday",
        "on day 32 of every month",
        "on the last day of every 13 months",
        "every day, lasting 32 days",
    ] {
        assert!(
            matches!(refused(text), InvalidSchedule::OutOfRange { .. }),
            "{text}: {:?}",
            refused(text)
        );
    }
    assert_eq!(
        refused("once on 2034-01-01 at 00:00 UTC"),
        InvalidSchedule::StartYear { given: 2034 }
    );
    assert_eq!(refused("once on 1970-02-01 at 00:00 UTC"), InvalidSchedule::MeansNoStart);
}

proptest! {
    #[test]
    fn what_is_printed_in_words_is_read_back_the_same(schedule in super::super::token::tests::schedules()) {
        let words = schedule.in_words();
        prop_assert_eq!(words.parse::<Schedule>(), Ok(schedule), "{}", words);
    }

    #[test]
    fn reading_any_words_never_panics(text in "(every|on|once) [a-z0-9:,' -]{0,40}") {
        let _ = text.parse::<Schedule>();
    }
}
