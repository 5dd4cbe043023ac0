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
mod tests;
