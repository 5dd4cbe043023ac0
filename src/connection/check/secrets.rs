//! What is worth knowing of the server app's secrets.

use time::{Duration, OffsetDateTime};

use crate::{
    connection::{
        check::{rules::Rules, term, used_secret::fitting},
        plan::{change::Change, operation::Operation, own_secret::OwnSecret, target::Target},
        read::snapshot::Snapshot,
        report::{
            finding::{Finding, FindingCode, Severity},
            step::Step,
        },
    },
    directory::PasswordCredential,
    site::{SiteApplication, SiteIdentity},
};

/// How much earlier than asked for a secret may end without a word: one that is added to others ends up to a month
/// earlier, so that its end tells it from them.
const ENDS_EARLIER: Duration = Duration::days(31);

/// What is told of the last secret of a registration.
const REGISTERED: ((Severity, FindingCode), FindingCode) = (
    (Severity::Warning, FindingCode::RegisteredSecretExpired),
    FindingCode::RegisteredSecretExpiresSoon,
);

/// Tells what becomes of a secret of an earlier run.
pub(crate) fn note_secret(changes: &[Change], snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let operation = |step| changes.iter().find(|change| change.step == step).map(|change| &change.operation);
    let is_replaced = matches!(operation(Step::RetireSecrets), Some(Operation::RemoveSecrets { keys, .. }) if !keys.is_empty());
    match operation(Step::IssueSecret) {
        Some(Operation::IssueSecret { .. }) if is_replaced && snapshot.site.is_some() => {
            findings.push(Finding::note(FindingCode::SecretReplaced));
        }
        Some(Operation::Keep { .. }) if snapshot.site.is_none() => {
            findings.push(Finding::note(FindingCode::SecretKept));
        }
        _ => {}
    }
}

/// Tells of own secrets that stay because another site may be using them.
pub(crate) fn note_secrets_of_others(snapshot: &Snapshot, site: Option<&SiteIdentity>, findings: &mut Vec<Finding>) {
    let (Some(found), Some(_)) = (snapshot.server(), &snapshot.site) else {
        return;
    };
    let own = OwnSecret::all_of(&found.application);
    let others = own.iter().filter(|secret| secret.is_for_another_than(site)).count();
    if others > 0 {
        findings.push(Finding::note(FindingCode::SecretOfAnotherSite).with("count", others));
    }
}

/// Judges the secret that the connection lives on: the one that the site's row names by its end. Without a site, the
/// registration's last one, if it is kept.
pub(crate) fn check_secrets(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, changes: &[Change], findings: &mut Vec<Finding>) {
    let registered = snapshot.server().map(|app| app.application.password_credentials.as_slice());
    let row = target.server.id_in_site().and_then(|id| snapshot.site.as_ref()?.application(id));
    let kept = match (row, registered) {
        (Some(row), _) => check_secret_of_site(rules.thresholds, rules.now, row, registered, findings),
        (None, Some(registered)) if keeps_secret(changes) => check_last_secret(rules, registered, findings),
        _ => None,
    };
    if let Some(kept) = kept.filter(|_| target.server.shape.is_some()) {
        check_length(target, kept, findings);
    }
}

fn keeps_secret(changes: &[Change]) -> bool {
    let issue = changes.iter().find(|change| change.step == Step::IssueSecret);
    issue.is_some_and(|change| matches!(change.operation, Operation::Keep { .. }))
}

/// The secret that the site uses, if it is found in the registration. Another one that is valid does not help it.
pub(crate) fn check_secret_of_site<'a>(
    thresholds: &[u16],
    now: OffsetDateTime,
    row: &SiteApplication,
    registered: Option<&'a [PasswordCredential]>,
    findings: &mut Vec<Finding>,
) -> Option<&'a PasswordCredential> {
    if registered.is_some_and(<[PasswordCredential]>::is_empty) {
        findings.push(Finding::warning(FindingCode::ServerAppWithoutSecret));
        return None;
    }
    let Some(date) = row.secret_expiry else {
        findings.push(Finding::note(FindingCode::SiteSecretUnknown));
        // If the last one has expired, so has the site's, whichever it is.
        let last = registered.and_then(last_end).filter(|end| *end <= now);
        findings.extend(last.and_then(|end| term::finding(thresholds, end, now, REGISTERED.0, REGISTERED.1)));
        return None;
    };
    let used = registered.and_then(|secrets| fitting(secrets, Some(date)).first().copied());
    let end = used.and_then(|used| used.end_date_time).unwrap_or(date);
    let of_site = (Severity::Warning, FindingCode::SiteSecretExpired);
    let told = term::finding(thresholds, end, now, of_site, FindingCode::SiteSecretExpiresSoon);
    if let (None, Some(secrets)) = (used, registered)
        && end > now
    {
        findings.push(unmatched(secrets, date));
    }
    findings.extend(told);
    used
}

/// No secret has the end that the site tells: it is gone, unless one does not tell its end.
fn unmatched(secrets: &[PasswordCredential], date: OffsetDateTime) -> Finding {
    let ends: Option<Vec<String>> = secrets
        .iter()
        .map(|secret| Some(secret.end_date_time?.date().to_string()))
        .collect();
    match ends {
        Some(ends) => Finding::warning(FindingCode::SiteSecretNotRegistered)
            .with("expiresOn", date.date().to_string())
            .with("registered", ends),
        None => Finding::note(FindingCode::SiteSecretUnknown),
    }
}

/// Without a site it is not known which secret is in use: as long as one is valid, it may be that one.
pub(crate) fn check_last_secret<'a>(
    rules: &Rules<'_>,
    registered: &'a [PasswordCredential],
    findings: &mut Vec<Finding>,
) -> Option<&'a PasswordCredential> {
    let last = last_end(registered)?;
    let (over, soon) = REGISTERED;
    findings.extend(term::finding(rules.thresholds, last, rules.now, over, soon));
    registered.iter().find(|secret| secret.end_date_time == Some(last))
}

fn last_end(secrets: &[PasswordCredential]) -> Option<OffsetDateTime> {
    secrets.iter().filter_map(|secret| secret.end_date_time).max()
}

/// A longer validity that is asked for counts for the next secret only.
fn check_length(target: &Target, kept: &PasswordCredential, findings: &mut Vec<Finding>) {
    let (Some(start), Some(end)) = (kept.start_date_time, kept.end_date_time) else {
        return;
    };
    let asked = target.server.validity.end_after(start);
    if asked - end > ENDS_EARLIER {
        let shorter = Finding::note(FindingCode::SecretShorterThanAsked);
        let shorter = shorter.with("expiresOn", end.date().to_string());
        findings.push(shorter.with("askedUntil", asked.date().to_string()));
    }
}
