//! The secrets that this crate has made: how they are described, told apart, and when one may be removed.
//!
//! A secret is removed only if nothing can be using it. The site tells which secret it holds, either in the
//! answer to an onboarding or by the expiry date of its row; a secret's description tells which site it was
//! issued for. What cannot be told stays.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    connection::plan::{operation::PlannedSecret, registration::SECRET_MARKER},
    directory::{Application, PasswordCredential},
    ids::KeyId,
    site::{SiteApplication, SiteIdentity},
};

/// How far apart the ends of two own secrets of one app are, so that the expiry date in the site tells which
/// one the site uses.
pub(crate) const OWN_SECRETS_APART: Duration = Duration::days(3);

/// How far the expiry date that a site shows may be from the end of the secret that it uses. A site that
/// keeps the day only is off by up to 24 hours, one that shows local time as UTC by up to 14. One that does
/// both fits no secret or the right one, since two own secrets are [`OWN_SECRETS_APART`].
pub(crate) const SITE_DATE_TOLERANCE: Duration = Duration::hours(30);

/// What stands between the run's own number and the site in a secret's description.
const SITE_SEPARATOR: &str = ", site ";

/// How many ends an added secret chooses among at random, times the number of the attempt. Two runs at the
/// same time do not know each other's secret and should not choose the same end.
const CHOICES: i32 = 10;

/// A description for the secrets of one run: this crate's own, the run's, and the site's that they are issued
/// for.
pub(crate) fn new_description(site: Option<&SiteIdentity>) -> String {
    let (run, _) = Uuid::new_v4().as_u64_pair();
    let run = run >> 32;
    match site {
        Some(site) => format!("{SECRET_MARKER} {run:08x}{SITE_SEPARATOR}{site}"),
        None => format!("{SECRET_MARKER} {run:08x}"),
    }
}

/// A secret that this crate has made, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnSecret {
    pub(crate) key_id: KeyId,
    pub(crate) description: String,
    pub(crate) starts: Option<OffsetDateTime>,
    pub(crate) ends: Option<OffsetDateTime>,
}

impl OwnSecret {
    /// The secret, if its description says that this crate has made it.
    pub(crate) fn of(password: &PasswordCredential) -> Option<Self> {
        let description = password.display_name.clone()?;
        description.starts_with(SECRET_MARKER).then_some(Self {
            key_id: password.key_id,
            description,
            starts: password.start_date_time,
            ends: password.end_date_time,
        })
    }

    /// The own secrets of an app registration.
    pub(crate) fn all_of(application: &Application) -> Vec<Self> {
        application.password_credentials.iter().filter_map(Self::of).collect()
    }

    /// The site that it was issued for, as its description has it; `None` if it was issued without a site, or
    /// by a version that did not say.
    pub(crate) fn site(&self) -> Option<&str> {
        let (_, site) = self.description.split_once(SITE_SEPARATOR)?;
        Some(site).filter(|site| !site.is_empty())
    }

    /// Whether it was issued for this site. An unknown site is never the same.
    pub(crate) fn is_for(&self, site: Option<&SiteIdentity>) -> bool {
        site.is_some_and(|site| self.site() == Some(site.as_str()))
    }

    /// Whether it was issued for this site, or without one if this one has no identity.
    pub(crate) fn is_of(&self, site: Option<&SiteIdentity>) -> bool {
        match site {
            Some(_) => self.is_for(site),
            None => self.site().is_none(),
        }
    }

    /// Whether it was issued for a site that is known to be another one.
    pub(crate) fn is_for_another_than(&self, site: Option<&SiteIdentity>) -> bool {
        self.site().is_some_and(|held| site.is_none_or(|site| site.as_str() != held))
    }

    /// Whether its end is too close to that of another own secret for a site's date to tell them apart.
    pub(crate) fn is_close_to(&self, other: &Self) -> bool {
        match (self.ends, other.ends) {
            (Some(end), Some(other)) => is_close(end, other),
            _ => true,
        }
    }
}

/// Whether two ends are too close for a site's date to tell them apart. A minute of slack for what a service
/// rounds.
fn is_close(one: OffsetDateTime, other: OffsetDateTime) -> bool {
    (one - other).abs() < OWN_SECRETS_APART - Duration::MINUTE
}

/// Whether the date that a site shows may be the one of a secret with this end.
pub(crate) fn is_site_date_of(date: OffsetDateTime, end: OffsetDateTime) -> bool {
    (end - date).abs() <= SITE_DATE_TOLERANCE
}

/// The own secrets for this site that the site has never held, as far as its row tells.
///
/// The site tells its secret's end. Exactly one secret of the app may fit it, the site's item must be younger
/// than that secret, so that it cannot have held an older one, and what is removed must end far enough from
/// it.
pub(crate) fn never_held(application: &Application, row: &SiteApplication, site: Option<&SiteIdentity>) -> Vec<KeyId> {
    let Some(date) = row.secret_expiry else {
        return Vec::new();
    };
    let fits = |password: &&PasswordCredential| password.end_date_time.is_none_or(|end| is_site_date_of(date, end));
    let fitting: Vec<&PasswordCredential> = application.password_credentials.iter().filter(fits).collect();
    let [used] = fitting.as_slice() else {
        return Vec::new();
    };
    let Some(used) = OwnSecret::of(used) else {
        return Vec::new();
    };
    let is_younger = matches!((row.created, used.starts), (Some(item), Some(secret)) if item >= secret);
    if !is_younger {
        return Vec::new();
    }
    let own = OwnSecret::all_of(application);
    let unused = own
        .iter()
        .filter(|secret| secret.key_id != used.key_id && secret.is_for(site) && !secret.is_close_to(&used));
    unused.map(|secret| secret.key_id).collect()
}

/// The own secrets that name no site and have a successor: all but the newest of all own ones. None, if the
/// directory does not tell when each of them begins.
pub(crate) fn superseded(own: &[OwnSecret]) -> Vec<KeyId> {
    let begins: Option<Vec<OffsetDateTime>> = own.iter().map(|secret| secret.starts).collect();
    let Some(newest) = begins.and_then(|begins| begins.into_iter().max()) else {
        return Vec::new();
    };
    own.iter()
        .filter(|secret| secret.site().is_none() && secret.starts.is_some_and(|start| start < newest))
        .map(|secret| secret.key_id)
        .collect()
}

/// The end of an added secret: as long as asked for, less what keeps it apart from the app's other own
/// secrets.
///
/// `attempt` counts from 1; each attempt chooses among more ends, in case other runs choose at the same time.
pub(crate) fn distinct_end(secret: &PlannedSecret, now: OffsetDateTime, known: &[OwnSecret], attempt: i32) -> OffsetDateTime {
    let (chance, _) = Uuid::new_v4().as_u64_pair();
    let choices = CHOICES.saturating_mul(attempt.max(1));
    let chosen = chance % u64::from(choices.unsigned_abs());
    free_end(secret, now, known, usize::try_from(chosen).unwrap_or_default())
}

/// The earliest end that an added secret may get at the first attempt.
pub(crate) fn earliest_end(secret: &PlannedSecret, now: OffsetDateTime, known: &[OwnSecret]) -> OffsetDateTime {
    free_end(secret, now, known, CHOICES.unsigned_abs() as usize - 1)
}

/// One of the ends that are free, counted from the latest one.
fn free_end(secret: &PlannedSecret, now: OffsetDateTime, known: &[OwnSecret], chosen: usize) -> OffsetDateTime {
    let longest = secret.end_after(now);
    let is_free = |end: &OffsetDateTime| !known.iter().filter_map(|secret| secret.ends).any(|other| is_close(other, *end));
    let free = (1_i32..).map(|steps| longest - OWN_SECRETS_APART * steps).filter(is_free);
    // Half of the validity is left in any case: with so many secrets on one app, telling them apart is given
    // up.
    let earliest = now + (longest - now) / 2;
    free.take_while(|end| *end > earliest)
        .take(chosen + 1)
        .last()
        .unwrap_or_else(|| (longest - OWN_SECRETS_APART).max(earliest))
}

#[cfg(test)]
mod tests {
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
}
