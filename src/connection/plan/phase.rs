//! How far a renewal of the server app's secret has come, as far as site and registration tell.
//!
//! There is no record of a renewal but the secrets themselves: each one's description names the site that it was issued
//! for, each one ends on a day of its own, and the site shows the day on which the secret ends that it has. A person types
//! value and date apart, so a date proves no value.

use time::{Duration, OffsetDateTime};

use crate::{
    connection::plan::own_secret::{OwnSecret, is_site_date_of},
    directory::{Application, PasswordCredential},
    ids::KeyId,
    site::{SiteApplication, SiteIdentity},
};

/// How far a renewal has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No renewal is under way.
    Issue,
    /// A secret was issued for the site, and the site does not show its end.
    Waiting(OwnSecret),
    /// The site shows the end of the newest secret, and an older one is still valid.
    Shown(Shown),
}

/// The site shows the end of the newest secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) newest: OwnSecret,
    /// Whether no other secret of the app has an end that the site's date may mean.
    pub(crate) is_certain: bool,
    /// The secrets of this crate for this site that the newest one has replaced.
    pub(crate) replaced: Vec<OwnSecret>,
    /// When the last secret ends that the site may have held before, of this crate or not; `None` if one does not tell
    /// its end.
    pub(crate) older_until: Option<OffsetDateTime>,
    pub(crate) has_older: bool,
}

/// How far the renewal of a secret has come that the site has. `due_before` is how long before its end a secret is due for
/// renewal; `None` if only its end counts.
pub(crate) fn phase(
    application: &Application,
    row: &SiteApplication,
    site: Option<&SiteIdentity>,
    now: OffsetDateTime,
    due_before: Option<Duration>,
) -> Phase {
    let Some(newest) = newest_for(application, site, now) else {
        return Phase::Issue;
    };
    let Some(date) = row.secret_expiry else {
        return unread(application, row, site, newest, now);
    };
    match shown(application, row, site, now) {
        Some(shown) if shown.has_older && !is_due(&shown.newest, now, due_before) => Phase::Shown(shown),
        Some(_) => Phase::Issue,
        None if is_superseded(application, &newest, date) => Phase::Issue,
        None => Phase::Waiting(newest),
    }
}

fn is_live(end: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    end.is_none_or(|end| end > now)
}

/// Whether a secret should be renewed: its end is near. A short-lived one is not due before half of its life is over.
fn is_due(secret: &OwnSecret, now: OffsetDateTime, due_before: Option<Duration>) -> bool {
    let Some(end) = secret.ends else { return false };
    let half: Option<Duration> = secret.starts.map(|start| (end - start) / 2);
    let before = due_before.unwrap_or_default();
    end - now <= half.map_or(before, |half| half.min(before))
}

/// The newest secret for the site, if the site shows its end.
pub(crate) fn shown(application: &Application, row: &SiteApplication, site: Option<&SiteIdentity>, now: OffsetDateTime) -> Option<Shown> {
    let (newest, date) = (newest_for(application, site, now)?, row.secret_expiry?);
    newest.ends.filter(|end| is_site_date_of(date, *end))?;
    let is_other = |password: &&PasswordCredential| password.key_id != newest.key_id;
    let may_be_meant = |password: &PasswordCredential| password.end_date_time.is_none_or(|end| is_site_date_of(date, end));
    let passwords = || application.password_credentials.iter().filter(is_other);
    let began_before = |start: Option<OffsetDateTime>| match (start, newest.starts) {
        (Some(start), Some(newest)) => start < newest,
        _ => true,
    };
    let is_of_another_site = |password: &PasswordCredential| OwnSecret::of(password).is_some_and(|own| own.is_for_another_than(site));
    let older: Vec<&PasswordCredential> = passwords()
        .filter(|password| is_live(password.end_date_time, now) && began_before(password.start_date_time))
        .filter(|password| !is_of_another_site(password))
        .collect();
    let ends: Option<Vec<OffsetDateTime>> = older.iter().map(|password| password.end_date_time).collect();
    let is_replaced = |secret: &OwnSecret| {
        let is_known_to_be_older = matches!((secret.starts, newest.starts), (Some(start), Some(newest)) if start < newest);
        secret.is_for(site) && is_known_to_be_older && !secret.is_close_to(&newest)
    };
    Some(Shown {
        is_certain: !passwords().any(may_be_meant),
        replaced: older
            .iter()
            .filter_map(|password| OwnSecret::of(password))
            .filter(is_replaced)
            .collect(),
        older_until: ends.and_then(|ends| ends.into_iter().max()),
        has_older: !older.is_empty(),
        newest,
    })
}

/// The valid secret of this crate that was issued last for the site. One that does not tell its beginning may be the last.
pub(crate) fn newest_for(application: &Application, site: Option<&SiteIdentity>, now: OffsetDateTime) -> Option<OwnSecret> {
    let own = OwnSecret::all_of(application).into_iter();
    let own = own.filter(|secret| secret.is_of(site) && is_live(secret.ends, now));
    own.max_by_key(|secret| (secret.starts.is_none(), secret.starts))
}

/// Whether the site has moved on to a secret that began after this one, as if a person has added it by hand.
fn is_superseded(application: &Application, newest: &OwnSecret, date: OffsetDateTime) -> bool {
    let meant = |password: &&PasswordCredential| password.end_date_time.is_some_and(|end| is_site_date_of(date, end));
    let mut meant = application.password_credentials.iter().filter(meant).peekable();
    let began_later =
        |password: &PasswordCredential| matches!((password.start_date_time, newest.starts), (Some(start), Some(newest)) if start > newest);
    meant.peek().is_some() && meant.all(began_later)
}

/// The site does not show when its secret ends: a secret that is younger than the site's item may be one that it lacks.
fn unread(application: &Application, row: &SiteApplication, site: Option<&SiteIdentity>, newest: OwnSecret, now: OffsetDateTime) -> Phase {
    let is_younger = match (row.created, newest.starts) {
        (Some(item), Some(secret)) => secret > item,
        _ => {
            let own = OwnSecret::all_of(application).into_iter();
            own.filter(|secret| secret.is_of(site) && is_live(secret.ends, now)).count() > 1
        }
    };
    if is_younger { Phase::Waiting(newest) } else { Phase::Issue }
}

impl Shown {
    /// Since when the site has shown the end, as its own item tells. A time before the secret's beginning is that of another
    /// change.
    pub(crate) fn since(&self, row: &SiteApplication) -> Option<OffsetDateTime> {
        let told = row.updated.max(row.secret_created);
        told.filter(|told| self.newest.starts.is_none_or(|start| *told >= start))
    }

    pub(crate) fn replaced_keys(&self) -> Vec<KeyId> {
        self.replaced.iter().map(|secret| secret.key_id).collect()
    }
}

#[cfg(test)]
mod tests;
