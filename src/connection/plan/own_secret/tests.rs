use super::*;
use crate::{
    directory::ApplicationProperties,
    ids::{ApplicationId, ApplicationObjectId},
    site::SiteRowId,
    spec::SecretValidity,
};
use proptest::prelude::*;
use time::macros::datetime;

const ISSUED: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

fn one_year() -> PlannedSecret {
    PlannedSecret::new(SecretValidity::OneYear, None, ISSUED)
}

fn here() -> SiteIdentity {
    SiteIdentity::of("P01", "cm01.contoso.com")
}

fn elsewhere() -> SiteIdentity {
    SiteIdentity::of("LAB", "lab01.contoso.com")
}

fn secret(site: Option<&SiteIdentity>, starts: OffsetDateTime, ends: OffsetDateTime) -> PasswordCredential {
    PasswordCredential::new(KeyId::new(Uuid::new_v4()), new_description(site), Some(ends)).starting(starts)
}

fn app(passwords: &[&PasswordCredential]) -> Application {
    let ids = (ApplicationObjectId::new(Uuid::nil()), ApplicationId::new(Uuid::nil()));
    Application::new(ids.0, ids.1, ApplicationProperties::default()).with_passwords(passwords.iter().copied().cloned().collect())
}

fn row(expiry: OffsetDateTime, created: Option<OffsetDateTime>) -> SiteApplication {
    let mut row = SiteApplication::new(SiteRowId(1), ApplicationId::new(Uuid::nil()), "Server", SiteRowId(2), false);
    (row.secret_expiry, row.created) = (Some(expiry), created);
    row
}

#[test]
fn a_description_names_the_run_and_the_site_and_fits_into_the_directory() {
    let with_site = new_description(Some(&here()));
    assert!(with_site.starts_with(SECRET_MARKER) && with_site.len() < 120, "{with_site}");
    assert_ne!(with_site, new_description(Some(&here())), "two runs have two descriptions");
    let read = OwnSecret::of(&secret(Some(&here()), ISSUED, ISSUED)).unwrap();
    assert!(read.is_for(Some(&here())) && !read.is_for(Some(&elsewhere())) && !read.is_for(None));
    assert!(read.is_for_another_than(Some(&elsewhere())) && read.is_for_another_than(None));
    let without = OwnSecret::of(&secret(None, ISSUED, ISSUED)).unwrap();
    assert!(!without.is_for(Some(&here())) && !without.is_for_another_than(Some(&here())));
}

#[test]
fn the_number_of_a_run_has_eight_hexadecimal_digits_and_is_another_for_each_run() {
    let numbers: std::collections::BTreeSet<String> = (0..20)
        .map(|_| {
            let description = new_description(None);
            let number = description
                .strip_prefix(SECRET_MARKER)
                .and_then(|rest| rest.strip_prefix(' '))
                .unwrap();
            assert!(
                number.len() == 8 && number.bytes().all(|digit| digit.is_ascii_hexdigit()),
                "{description}"
            );
            number.to_owned()
        })
        .collect();
    assert_eq!(numbers.len(), 20);
}

#[test]
fn a_lost_secret_goes_if_the_item_is_younger_than_the_used_one() {
    let lost = secret(Some(&here()), ISSUED, datetime!(2027-11-24 12:00 UTC));
    let used = secret(Some(&here()), ISSUED + Duration::HOUR, datetime!(2027-11-15 12:00 UTC));
    let ends = used.end_date_time.unwrap();
    let young = row(ends, Some(ISSUED + Duration::HOUR * 2));
    assert_eq!(never_held(&app(&[&lost, &used]), &young, Some(&here())), [lost.key_id]);
    let renewed = row(ends, Some(ISSUED - Duration::DAY));
    assert_eq!(
        never_held(&app(&[&lost, &used]), &renewed, Some(&here())),
        [],
        "the item may have held the older one"
    );
    let unknown_age = row(ends, None);
    assert_eq!(never_held(&app(&[&lost, &used]), &unknown_age, Some(&here())), []);
    assert_eq!(never_held(&app(&[&lost, &used]), &young, None), [], "the site is not known");
}

#[test]
fn secrets_of_another_or_an_unknown_site_stay() {
    let other = secret(Some(&elsewhere()), ISSUED, datetime!(2027-10-01 12:00 UTC));
    let unknown = secret(None, ISSUED, datetime!(2027-09-01 12:00 UTC));
    let used = secret(Some(&here()), ISSUED, datetime!(2027-11-24 12:00 UTC));
    let row = row(used.end_date_time.unwrap(), Some(ISSUED + Duration::HOUR));
    assert_eq!(never_held(&app(&[&other, &unknown, &used]), &row, Some(&here())), []);
}

#[test]
fn close_ends_are_unknown_and_stay() {
    let one = secret(Some(&here()), ISSUED, datetime!(2027-11-24 12:00 UTC));
    let other = secret(Some(&here()), ISSUED, datetime!(2027-11-23 12:00 UTC));
    let row_of = |end: OffsetDateTime| row(end, Some(ISSUED + Duration::HOUR));
    for end in [one.end_date_time, other.end_date_time] {
        assert_eq!(never_held(&app(&[&one, &other]), &row_of(end.unwrap()), Some(&here())), []);
    }
}

#[test]
fn a_foreign_secret_that_fits_the_date_leaves_everything_in_place() {
    let own = secret(Some(&here()), ISSUED, datetime!(2027-06-24 12:00 UTC));
    let foreign = PasswordCredential::new(KeyId::new(Uuid::new_v4()), "by hand", Some(datetime!(2027-11-24 12:00 UTC)));
    let row = row(datetime!(2027-11-24 12:00 UTC), Some(ISSUED + Duration::HOUR));
    assert_eq!(never_held(&app(&[&own, &foreign]), &row, Some(&here())), []);
}

#[test]
fn a_short_secret_beside_another_one_still_ends_in_the_future() {
    let known = OwnSecret::all_of(&app(&[&secret(None, ISSUED, ISSUED + Duration::DAY)]));
    for days in 1..=6 {
        let short = PlannedSecret::new(SecretValidity::Days(days), None, ISSUED);
        let (longest, end) = (short.end_after(ISSUED), earliest_end(&short, ISSUED, &known));
        assert!(end >= ISSUED + (longest - ISSUED) / 2 && end <= longest, "{days} days: {end}");
    }
}

#[test]
fn without_a_site_only_what_has_a_successor_and_names_no_site_is_superseded() {
    let first = secret(None, ISSUED, ISSUED + Duration::days(365));
    let for_site = secret(Some(&here()), ISSUED + Duration::DAY, ISSUED + Duration::days(360));
    let newest = secret(None, ISSUED + Duration::DAY * 2, ISSUED + Duration::days(350));
    let own = OwnSecret::all_of(&app(&[&first, &for_site, &newest]));
    assert_eq!(superseded(&own), [first.key_id]);
    let mut unknown = own;
    unknown[2].starts = None;
    assert_eq!(superseded(&unknown), []);
}

#[test]
fn of_two_secrets_that_begin_at_the_same_moment_neither_is_superseded() {
    let (one, other) = (secret(None, ISSUED, ISSUED), secret(None, ISSUED, ISSUED + Duration::DAY));
    assert_eq!(superseded(&OwnSecret::all_of(&app(&[&one, &other]))), []);
}

#[test]
fn a_secret_is_of_the_site_that_it_names_and_of_none_if_it_names_none() {
    let named = OwnSecret::of(&secret(Some(&here()), ISSUED, ISSUED)).unwrap();
    assert!(named.is_of(Some(&here())) && !named.is_of(Some(&elsewhere())) && !named.is_of(None));
    assert!(!named.is_for_another_than(Some(&here())));
    let without = OwnSecret::of(&secret(None, ISSUED, ISSUED)).unwrap();
    assert!(without.is_of(None) && !without.is_of(Some(&here())));
    assert_eq!((named.site(), without.site()), (Some(here().as_str()), None));
    let by_hand = PasswordCredential::new(KeyId::new(Uuid::nil()), "by hand", Some(ISSUED));
    assert_eq!(OwnSecret::of(&by_hand), None);
}

#[test]
fn ends_are_told_apart_from_three_days_less_a_minute_on_and_unknown_ends_never() {
    let apart = Duration::days(3) - Duration::MINUTE;
    for (between, expected) in [
        (Duration::ZERO, true),
        (apart - Duration::SECOND, true),
        (apart, false),
        (Duration::days(300), false),
    ] {
        let one = OwnSecret::of(&secret(None, ISSUED, ISSUED)).unwrap();
        let mut other = OwnSecret::of(&secret(None, ISSUED, ISSUED + between)).unwrap();
        assert_eq!(
            (one.is_close_to(&other), other.is_close_to(&one)),
            (expected, expected),
            "{between}"
        );
        other.ends = None;
        assert!(one.is_close_to(&other) && other.is_close_to(&one));
    }
}

#[test]
fn the_date_of_a_site_may_be_thirty_hours_off_either_way() {
    let tolerance = Duration::hours(30);
    for (off, expected) in [
        (tolerance, true),
        (-tolerance, true),
        (tolerance + Duration::SECOND, false),
        (-tolerance - Duration::SECOND, false),
    ] {
        assert_eq!(is_site_date_of(ISSUED + off, ISSUED), expected, "{off}");
    }
}

/// How many steps of three days the end of an added secret comes before the longest one.
fn steps_before_the_longest(known: &[OwnSecret], attempt: i32) -> i64 {
    let longest = SecretValidity::OneYear.end_after(ISSUED);
    let early = longest - distinct_end(&one_year(), ISSUED, known, attempt);
    assert_eq!(early.whole_seconds() % OWN_SECRETS_APART.whole_seconds(), 0, "{early}");
    early.whole_seconds() / OWN_SECRETS_APART.whole_seconds()
}

/// Those whose ends are these many steps before the longest one.
fn taken(steps: impl IntoIterator<Item = i64>) -> Vec<OwnSecret> {
    let longest = SecretValidity::OneYear.end_after(ISSUED);
    let ends = steps
        .into_iter()
        .map(|steps| longest - OWN_SECRETS_APART * i32::try_from(steps).unwrap());
    let passwords: Vec<PasswordCredential> = ends.map(|end| secret(None, ISSUED, end)).collect();
    OwnSecret::all_of(&app(&passwords.iter().collect::<Vec<_>>()))
}

#[test]
fn an_added_secret_chooses_among_ten_ends_and_among_ten_more_with_each_attempt() {
    for attempt in 1..=3 {
        let chosen: std::collections::BTreeSet<i64> = (0..2_000).map(|_| steps_before_the_longest(&[], attempt)).collect();
        assert_eq!(chosen, (1..=i64::from(attempt) * 10).collect(), "attempt {attempt}");
    }
}

#[test]
fn an_added_secret_keeps_half_of_the_validity_even_if_that_leaves_no_end_of_its_own() {
    // A year has 121 steps, and 60 of them leave more than half of it.
    for _ in 0..200 {
        assert_eq!(steps_before_the_longest(&taken(0..60), 4), 60);
        assert_eq!(steps_before_the_longest(&taken(0..=60), 1), 1);
    }
}

#[test]
fn an_end_that_leaves_half_of_the_validity_and_not_a_second_more_is_not_chosen() {
    // A validity in days is a minute short, so that no end of it is at exactly half.
    let secret = PlannedSecret::new(SecretValidity::Until(datetime!(2026-12-06 00:00 UTC).date()), None, ISSUED);
    let longest = secret.end_after(ISSUED);
    let now = longest - OWN_SECRETS_APART * 4;
    assert_eq!(earliest_end(&secret, now, &[]), longest - OWN_SECRETS_APART);
    assert_eq!(
        earliest_end(&secret, now - Duration::SECOND * 2, &[]),
        longest - OWN_SECRETS_APART * 2,
        "one second more than half"
    );
}

proptest! {
    /// A site may shift the date or keep the day only: the used secret is never taken for a lost one.
    #[test]
    fn the_used_secret_is_never_taken_for_a_lost_one(
        uses_first in any::<bool>(),
        offset_hours in -14_i64..=14,
        day_only in any::<bool>(),
        attempt in 1..5_i32,
    ) {
        let first = secret(Some(&here()), ISSUED, SecretValidity::OneYear.end_after(ISSUED));
        let known = OwnSecret::all_of(&app(&[&first]));
        let end = distinct_end(&one_year(), ISSUED, &known, attempt);
        let second = secret(Some(&here()), ISSUED, end);
        let used = if uses_first { &first } else { &second };
        let mut shown = used.end_date_time.unwrap() + Duration::hours(offset_hours);
        if day_only {
            shown = shown.replace_time(time::Time::MIDNIGHT);
        }
        let row = row(shown, Some(ISSUED + Duration::HOUR));
        let removed = never_held(&app(&[&first, &second]), &row, Some(&here()));
        prop_assert!(!removed.contains(&used.key_id), "used {used:?}, shown {shown}");
        // A site that does one of both, not both, is understood.
        if !(day_only && offset_hours != 0) {
            prop_assert_eq!(removed.len(), 1);
        }
    }

    #[test]
    fn an_added_secret_ends_inside_the_validity_and_apart_from_every_other(taken in proptest::collection::vec(0..120_i32, 0..20), attempt in 1..5_i32) {
        let longest = SecretValidity::OneYear.end_after(ISSUED);
        let passwords: Vec<PasswordCredential> = taken.iter().map(|days| secret(None, ISSUED, longest - Duration::days((*days).into()))).collect();
        let known = OwnSecret::all_of(&app(&passwords.iter().collect::<Vec<_>>()));
        let end = distinct_end(&one_year(), ISSUED, &known, attempt);
        prop_assert!(end < longest && end > ISSUED + Duration::days(180));
        prop_assert!(known.iter().all(|other| !is_close(other.ends.unwrap(), end)));
    }
}
