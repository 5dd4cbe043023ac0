use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::{
    connection::plan::own_secret::new_description,
    directory::ApplicationProperties,
    ids::{ApplicationId, ApplicationObjectId},
    site::SiteRowId,
};

const ISSUED: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);
const RENEWED: OffsetDateTime = datetime!(2027-10-24 12:00 UTC);
const OLD_END: OffsetDateTime = datetime!(2027-11-24 12:00 UTC);
const NEW_END: OffsetDateTime = datetime!(2028-10-18 12:00 UTC);

fn here() -> SiteIdentity {
    SiteIdentity::of("P01", "cm01.contoso.com")
}

fn secret(site: Option<&SiteIdentity>, starts: OffsetDateTime, ends: OffsetDateTime) -> PasswordCredential {
    PasswordCredential::new(KeyId::new(Uuid::new_v4()), new_description(site), Some(ends)).starting(starts)
}

fn foreign(starts: OffsetDateTime, ends: OffsetDateTime) -> PasswordCredential {
    PasswordCredential::new(KeyId::new(Uuid::new_v4()), "by hand", Some(ends)).starting(starts)
}

fn app(passwords: &[&PasswordCredential]) -> Application {
    let ids = (ApplicationObjectId::new(Uuid::nil()), ApplicationId::new(Uuid::nil()));
    Application::new(ids.0, ids.1, ApplicationProperties::default()).with_passwords(passwords.iter().copied().cloned().collect())
}

fn row(expiry: Option<OffsetDateTime>) -> SiteApplication {
    let mut row = SiteApplication::new(SiteRowId(1), ApplicationId::new(Uuid::nil()), "Server", SiteRowId(2), false);
    row.secret_expiry = expiry;
    row.created = Some(ISSUED + Duration::MINUTE);
    row
}

const DUE_BEFORE: Option<Duration> = Some(Duration::days(90));

fn told(passwords: &[&PasswordCredential], expiry: Option<OffsetDateTime>, now: OffsetDateTime) -> Phase {
    phase(&app(passwords), &row(expiry), Some(&here()), now, DUE_BEFORE)
}

fn is_waiting_for(phase: &Phase, secret: &PasswordCredential) -> bool {
    matches!(phase, Phase::Waiting(waited) if waited.key_id == secret.key_id)
}

#[test]
fn a_renewal_goes_from_issue_to_waiting_to_shown_and_begins_again_when_the_old_secret_is_gone() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let new = secret(Some(&here()), RENEWED, NEW_END);
    let soon = RENEWED + Duration::HOUR;
    assert_eq!(told(&[&old], Some(OLD_END), RENEWED), Phase::Issue);
    assert!(is_waiting_for(&told(&[&old, &new], Some(OLD_END), soon), &new));
    let Phase::Shown(shown) = told(&[&old, &new], Some(NEW_END), soon) else {
        panic!("the site shows the new date")
    };
    assert_eq!((shown.newest.key_id, shown.replaced_keys()), (new.key_id, vec![old.key_id]));
    assert_eq!((shown.is_certain, shown.older_until), (true, Some(OLD_END)));
    let after = OLD_END + Duration::SECOND;
    assert_eq!(told(&[&old, &new], Some(NEW_END), after), Phase::Issue, "the next renewal");
}

#[test]
fn a_site_that_keeps_the_day_only_or_shifts_it_is_understood() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let new = secret(Some(&here()), RENEWED, NEW_END);
    for shift in [Duration::hours(-14), Duration::hours(-12), Duration::ZERO, Duration::hours(14)] {
        let now = RENEWED + Duration::HOUR;
        assert!(
            matches!(told(&[&old, &new], Some(NEW_END + shift), now), Phase::Shown(_)),
            "{shift}"
        );
        assert!(is_waiting_for(&told(&[&old, &new], Some(OLD_END + shift), now), &new), "{shift}");
    }
}

#[test]
fn an_older_secret_that_stays_for_years_does_not_keep_the_next_renewal_from_beginning() {
    let forever = foreign(ISSUED, datetime!(2099-01-01 00:00 UTC));
    let new = secret(Some(&here()), RENEWED, NEW_END);
    let Phase::Shown(shown) = told(&[&forever, &new], Some(NEW_END), RENEWED + Duration::DAY) else {
        panic!("the renewal is not over yet")
    };
    assert_eq!(shown.replaced_keys(), [], "a secret of another administrator stays");
    assert_eq!(told(&[&forever, &new], Some(NEW_END), NEW_END - Duration::days(80)), Phase::Issue);
    let short = secret(Some(&here()), RENEWED, RENEWED + Duration::days(30));
    let at_day = |day: i64| {
        told(
            &[&forever, &short],
            Some(RENEWED + Duration::days(30)),
            RENEWED + Duration::days(day),
        )
    };
    assert!(matches!(at_day(14), Phase::Shown(_)), "a short-lived secret is not due at once");
    assert_eq!(at_day(16), Phase::Issue);
}

#[test]
fn secrets_of_another_site_and_expired_ones_are_not_waited_for() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let other = secret(Some(&SiteIdentity::of("LAB", "lab01.contoso.com")), RENEWED, NEW_END);
    let without = secret(None, RENEWED, NEW_END - Duration::days(9));
    let expired = secret(Some(&here()), RENEWED - Duration::days(30), RENEWED - Duration::days(3));
    assert_eq!(told(&[&old, &other, &without, &expired], Some(OLD_END), RENEWED), Phase::Issue);
}

#[test]
fn what_the_site_shows_by_hand_later_ends_the_waiting() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let lost = secret(Some(&here()), RENEWED, NEW_END);
    let by_hand = foreign(RENEWED + Duration::DAY, datetime!(2029-01-01 00:00 UTC));
    let all = [&old, &lost, &by_hand];
    assert_eq!(told(&all, by_hand.end_date_time, RENEWED + Duration::days(2)), Phase::Issue);
    assert!(
        is_waiting_for(
            &told(&all, Some(datetime!(2035-01-01 00:00 UTC)), RENEWED + Duration::days(2)),
            &lost
        ),
        "a date of no secret is not taken for a later one"
    );
}

#[test]
fn a_site_that_does_not_show_the_date_waits_for_what_is_younger_than_its_item() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let new = secret(Some(&here()), RENEWED, NEW_END);
    assert_eq!(told(&[&old], None, RENEWED), Phase::Issue);
    assert!(is_waiting_for(&told(&[&old, &new], None, RENEWED + Duration::HOUR), &new));
    let mut row = row(None);
    row.created = None;
    let unknown = |passwords: &[&PasswordCredential]| phase(&app(passwords), &row, Some(&here()), RENEWED + Duration::HOUR, DUE_BEFORE);
    assert_eq!(unknown(&[&old]), Phase::Issue);
    assert!(is_waiting_for(&unknown(&[&old, &new]), &new));
}

#[test]
fn another_secret_with_the_same_end_makes_it_uncertain_which_one_the_site_has() {
    let old = secret(Some(&here()), ISSUED, OLD_END);
    let new = secret(Some(&here()), RENEWED, NEW_END);
    let twin = foreign(RENEWED, NEW_END + Duration::HOUR);
    let row = row(Some(NEW_END));
    let shown = shown(&app(&[&old, &new, &twin]), &row, Some(&here()), RENEWED + Duration::HOUR).unwrap();
    assert!(!shown.is_certain);
}

#[test]
fn the_items_own_time_of_change_counts_only_if_it_is_later_than_the_secret() {
    let new = secret(Some(&here()), RENEWED, NEW_END);
    let mut row = row(Some(NEW_END));
    let since = |row: &SiteApplication| {
        let shown = shown(&app(&[&new]), row, Some(&here()), RENEWED + Duration::HOUR).unwrap();
        shown.since(row)
    };
    assert_eq!(since(&row), None);
    row.updated = Some(RENEWED - Duration::DAY);
    assert_eq!(since(&row), None, "it is the time of another change");
    row.secret_created = Some(RENEWED + Duration::HOUR);
    assert_eq!(since(&row), Some(RENEWED + Duration::HOUR));
    row.updated = Some(RENEWED + Duration::HOUR * 3);
    assert_eq!(since(&row), Some(RENEWED + Duration::HOUR * 3), "the later one is the safe one");
}
