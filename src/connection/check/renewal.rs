//! What is worth knowing of a renewal, and of the early removal of an old secret.

use time::OffsetDateTime;

use crate::{
    connection::{
        check::{
            rows::{last_day_near, renewed_until},
            rules::Rules,
            term::longest,
        },
        plan::{
            operation::PlannedSecret,
            own_secret::{OwnSecret, earliest_end},
            phase::{Phase, Shown, newest_for, phase},
        },
        read::snapshot::Snapshot,
        report::{
            finding::{Finding, FindingCode, Severity},
            reading::Reading,
        },
    },
    directory::Application,
    site::{SiteApplication, SiteIdentity, SiteInfo},
    spec::SecretValidity,
};

/// The site's number for where an app came from is not documented, and writing is not tried out.
pub(crate) fn origin_unknown(row: &SiteApplication) -> Finding {
    let unknown = Finding::blocker(FindingCode::AppOriginUnknown);
    unknown.with("clientId", row.client_id).with("source", row.source)
}

/// The console renews what it has created.
pub(crate) fn console_renews(row: &SiteApplication) -> Finding {
    let renews = Finding::note(FindingCode::ConsoleRenewsSecret);
    renews.with("clientId", row.client_id).with("heldUntil", row.secret_expiry.map(day))
}

/// There is no registration to add a secret to.
pub(crate) fn without_registration() -> Finding {
    Finding::blocker(FindingCode::RenewalWithoutRegistration)
}

/// A secret was issued, and the site does not show it.
pub(crate) fn waiting(secret: &OwnSecret, row: &SiteApplication) -> Finding {
    Finding::warning(FindingCode::RenewalWaiting)
        .with("keyId", secret.key_id)
        .with("since", secret.starts.map(day))
        .with("expiresOn", secret.ends.map(day))
        .with("heldUntil", row.secret_expiry.map(day))
}

/// A renewal that is under way: waiting for the site, or shown by it and not proven.
pub(crate) fn pending(rules: &Rules<'_>, snapshot: &Snapshot, row: &SiteApplication) -> Option<Finding> {
    let server = snapshot.server()?;
    let (identity, due_before) = (rules.site_identity(snapshot), longest(rules.thresholds));
    match phase(&server.application, row, identity, rules.now, due_before) {
        Phase::Waiting(secret) => Some(waiting(&secret, row)),
        Phase::Shown(shown) => Some(shown_unproven(&shown, row)),
        Phase::Issue => None,
    }
}

/// A new secret, which is told from the others by its end, may end before the one that the site has, which was issued not long
/// ago.
pub(crate) fn may_end_earlier(
    rules: &Rules<'_>,
    row: &SiteApplication,
    secret: &PlannedSecret,
    application: &Application,
) -> Option<Finding> {
    let held = row.secret_expiry?;
    let longest = secret.end_after(rules.now);
    let over = held - earliest_end(secret, rules.now, &OwnSecret::all_of(application));
    // A day that the specification names does not move.
    let moves = !matches!(secret.validity, SecretValidity::Until(_));
    let from = rules.now.checked_add(over).filter(|_| moves);
    over.is_positive().then(|| {
        Finding::warning(FindingCode::RenewedSecretMayEndEarlier)
            .with("heldUntil", day(held))
            .with("expiresAbout", day(longest))
            .with("from", from.map(day))
    })
}

/// The site shows the new date, which proves no value.
pub(crate) fn shown_unproven(shown: &Shown, row: &SiteApplication) -> Finding {
    Finding::note(FindingCode::RenewedSecretUnproven)
        .with("keyId", shown.newest.key_id)
        .with("expiresOn", shown.newest.ends.map(day))
        .with("shownSince", shown.since(row).map(day))
        .with("oldUntil", shown.older_until.map(day))
}

/// The 800 days: from version 2409 on the console refuses to renew. What is near is told, too, and what is not known.
pub(crate) fn refused_by_age(rules: &Rules<'_>, site: &SiteInfo, row: &SiteApplication, made_by_console: bool) -> Option<Finding> {
    let severity = match renewed_until(site, row) {
        Reading::Present(until) if until >= rules.now => return last_day_near(rules, until),
        // Whether the console refuses a typed value, too, is not documented.
        Reading::Present(_) if made_by_console => Severity::Blocker,
        Reading::Present(_) => Severity::Warning,
        Reading::Unknown => Severity::Note,
        Reading::Absent => return None,
    };
    let refused = Finding::new(severity, FindingCode::RenewalRefusedByAge).with("clientId", row.client_id);
    Some(
        refused
            .with("createdOn", row.created.map(day))
            .with("heldUntil", row.secret_expiry.map(day)),
    )
}

/// The site does not show the end of the newest secret, or another secret ends then, too.
pub(crate) fn not_shown(application: &Application, row: &SiteApplication, site: Option<&SiteIdentity>, now: OffsetDateTime) -> Finding {
    let newest = newest_for(application, site, now);
    Finding::blocker(FindingCode::RenewedSecretNotShown)
        .with("keyId", newest.as_ref().map(|secret| secret.key_id))
        .with("expiresOn", newest.and_then(|secret| secret.ends).map(day))
        .with("heldUntil", row.secret_expiry.map(day))
}

pub(crate) fn shown_since_unknown(shown: &Shown) -> Finding {
    let unknown = Finding::blocker(FindingCode::ShownSinceUnknown);
    unknown
        .with("keyId", shown.newest.key_id)
        .with("expiresOn", shown.newest.ends.map(day))
}

pub(crate) fn removal_too_early(rules: &Rules<'_>, since: OffsetDateTime, earliest: Option<OffsetDateTime>) -> Finding {
    Finding::blocker(FindingCode::SecretRemovalTooEarly)
        .with("since", moment(since))
        .with("hours", rules.removal_wait.whole_hours())
        .with("earliest", earliest.map(moment))
}

/// The date is shown and no value is: an instance of the gateway may still use the old one.
pub(crate) fn old_secret_may_be_in_use(shown: &Shown, since: OffsetDateTime) -> Finding {
    Finding::warning(FindingCode::OldSecretMayBeInUse)
        .with("keyIds", shown.replaced_keys())
        .with("since", moment(since))
        .with("oldUntil", shown.older_until.map(day))
}

fn day(moment: OffsetDateTime) -> String {
    moment.date().to_string()
}

/// A moment in UTC, to the minute.
fn moment(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(time::UtcOffset::UTC).unwrap_or(moment);
    format!("{} {:02}:{:02} UTC", utc.date(), utc.hour(), utc.minute())
}
