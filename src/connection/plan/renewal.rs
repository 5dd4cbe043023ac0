//! What a renewal of the server app's secret does, and what the early removal of an old one does.
//!
//! A renewal has three phases, which [`phase`](super::phase) tells apart. Only the first one writes: nothing that is in use
//! is cut. Removing an old secret before its end is a plan of its own.

use time::OffsetDateTime;

use crate::{
    connection::{
        check::{
            apps,
            directory::{check_policies, check_token},
            registrations::{tell_uncertain, tell_unread},
            renewal as check,
            rights::{check_ownership, check_permissions},
            rules::Rules,
            secrets::{check_secrets, note_secrets_of_others},
            site::{check_info, note_renewal, unread_row},
            term::longest,
            verify::server_app::check_secret_end,
        },
        plan::{
            change::{Change, needed_uses},
            operation::{Operation, Reference},
            own_secret::{OwnSecret, is_site_date_of},
            phase::{Phase, Shown, phase, shown},
            secrets::{issue_changes, planned_secret, retire_change},
            site::{held_connection, renewal, renewed, renewed_by_console},
            target::{AppSource, Target},
        },
        read::snapshot::{RegisteredApp, Snapshot, uses_server},
        report::{
            finding::{Finding, FindingCode, Severity},
            step::{AppRole, Step},
        },
    },
    directory::PasswordCredential,
    site::{SiteApplication, SiteConnection, SiteSnapshot},
    spec::ImportedServerApp,
};

/// The changes of a renewal, and what is worth knowing of it.
pub(crate) fn renewal_changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> (Vec<Change>, Vec<Finding>) {
    let mut findings = Vec::new();
    let Some(row) = row_to_renew(rules, snapshot, target, &mut findings) else {
        return (Vec::new(), findings);
    };
    let changes = match (row, created_by_console(rules, snapshot, target, row)) {
        (Some(row), None) => {
            findings.push(check::origin_unknown(row));
            Vec::new()
        }
        (Some(row), Some(true)) => {
            let changes = vec![renewed_by_console(row)];
            findings.push(check::console_renews(row));
            check_secrets(rules, snapshot, target, &changes, &mut findings);
            changes
        }
        (Some(row), Some(false)) if target.given_secret_end.is_some() => given_secret(rules, target, row, snapshot, &mut findings),
        (row, _) => issued_secret(rules, snapshot, target, row, &mut findings),
    };
    if let (Some(site), Some(row)) = (&snapshot.site, row) {
        let by_hand = !hands_over(&changes);
        check_site(site, by_hand, &mut findings);
        if changes.iter().any(|change| gives_new_secret(change, &changes)) {
            note_renewal(rules, target, site, &changes, &mut findings);
        }
        if changes.iter().any(renews) {
            let is_made_by_console = created_by_console(rules, snapshot, target, Some(row)) == Some(true);
            findings.extend(check::refused_by_age(rules, &site.info, row, is_made_by_console));
        }
    }
    check_directory(rules, snapshot, target, &changes, &mut findings);
    (sorted(changes), findings)
}

/// The changes of an early removal of old secrets, and what stands in its way.
pub(crate) fn secret_removal_changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> (Vec<Change>, Vec<Finding>) {
    let mut findings = Vec::new();
    let Some(row) = row_to_renew(rules, snapshot, target, &mut findings) else {
        return (Vec::new(), findings);
    };
    let (Some(row), Some(server)) = (row, snapshot.server()) else {
        // Without the site's word on which secret it has, none is removed.
        findings.push(match row {
            None => Finding::blocker(FindingCode::RenewedSecretNotShown),
            Some(_) => check::without_registration(),
        });
        return (Vec::new(), findings);
    };
    let changes = match old_secrets(rules, snapshot, server, row) {
        Ok((shown, since)) if !shown.replaced.is_empty() => {
            findings.push(check::old_secret_may_be_in_use(&shown, since));
            vec![remove_old(rules, row, &shown)]
        }
        Ok(_) => Vec::new(),
        Err(stands_in_the_way) => {
            findings.push(*stands_in_the_way);
            Vec::new()
        }
    };
    if let Some(site) = &snapshot.site {
        check_site(site, true, &mut findings);
    }
    check_directory(rules, snapshot, target, &changes, &mut findings);
    (changes, findings)
}

/// The site's row of the server app; without a site there is none. `None` if nothing can be renewed, which a finding says.
#[expect(clippy::option_option, reason = "no row is an answer, and not knowing the app is another one")]
fn row_to_renew<'a>(
    rules: &Rules<'_>,
    snapshot: &'a Snapshot,
    target: &Target,
    findings: &mut Vec<Finding>,
) -> Option<Option<&'a SiteApplication>> {
    if rules.only == Some(AppRole::Client) {
        findings.push(check::without_registration());
        return None;
    }
    let Some(site) = &snapshot.site else { return Some(None) };
    let Some(id) = target.server.app.application_id else {
        findings.push(check::without_registration());
        return None;
    };
    let row = site.application(id).filter(|row| !row.is_client_app);
    if row.is_none() {
        findings.extend(site.unread.iter().map(unread_row));
        let unknown = Finding::blocker(FindingCode::AppNotInSite);
        findings.push(unknown.with("app", apps::SERVER).with("clientId", id));
        return None;
    }
    Some(row)
}

/// Whether the console has created the app; `None` if that is not known. A secret of this crate that the site shows was
/// typed in or imported, which only an app that a person has imported takes.
fn created_by_console(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, row: Option<&SiteApplication>) -> Option<bool> {
    if rules.created_by_console.is_some() {
        return rules.created_by_console;
    }
    if matches!(target.server.app.source, AppSource::Create | AppSource::Import) {
        return Some(false);
    }
    let date = row?.secret_expiry?;
    let meant = |password: &&PasswordCredential| password.end_date_time.is_none_or(|end| is_site_date_of(date, end));
    let passwords = &snapshot.server()?.application.password_credentials;
    let meant: Vec<&PasswordCredential> = passwords.iter().filter(meant).collect();
    let is_own = !meant.is_empty() && meant.iter().all(|password| OwnSecret::of(password).is_some());
    is_own.then_some(false)
}

/// The specification gives the secret: a person has added it in Microsoft Entra.
fn given_secret(
    rules: &Rules<'_>,
    target: &Target,
    row: &SiteApplication,
    snapshot: &Snapshot,
    findings: &mut Vec<Finding>,
) -> Vec<Change> {
    if let Some(app) = rules.spec.server_app().imported() {
        apps::check_secret_to_import(app, rules.now, rules.thresholds, findings);
        check_given_secret(app, snapshot, findings);
    }
    let site = snapshot.site.as_ref();
    let way = site.and_then(|site| way_into_site(rules, target, site));
    let keep = || Change::keep(Step::ImportServerApp, None, Some(row.id));
    let change = renewal(rules, target, row, way.is_none()).unwrap_or_else(keep);
    if renews(&change) && !rules.tries_secrets {
        findings.push(Finding::note(FindingCode::NewSecretNotTried));
    }
    with_connection(vec![change], way)
}

/// What is known of the secret that replaces one that works: a secret that was tried out and not accepted stays out of the
/// site, as one that a renewal has issued does.
fn check_given_secret(app: &ImportedServerApp, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if let Some(server) = snapshot.server() {
        check_secret_end(app, server, findings);
    }
    let Some(tried) = &snapshot.tried else { return };
    let before = findings.len();
    tried.add_to(findings);
    if tried.is_secret_accepted.is_none() {
        for finding in &mut findings[before..] {
            *finding = finding.clone().blocking();
        }
    }
}

/// The secret is issued here.
fn issued_secret(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    target: &Target,
    row: Option<&SiteApplication>,
    findings: &mut Vec<Finding>,
) -> Vec<Change> {
    let Some(server) = snapshot.server() else {
        tell_unread(rules, snapshot, findings);
        findings.push(check::without_registration());
        return Vec::new();
    };
    let identity = rules.site_identity(snapshot);
    let phase = match row {
        Some(row) if !rules.reissue_secret => phase(&server.application, row, identity, rules.now, longest(rules.thresholds)),
        _ => Phase::Issue,
    };
    let keep = |step| Change::keep(step, None, None::<&str>);
    match (phase, row) {
        (Phase::Waiting(secret), Some(row)) => {
            findings.push(check::waiting(&secret, row));
            let end = secret.ends.map(OffsetDateTime::date);
            vec![keep(Step::IssueSecret), renewed(row, end, true)]
        }
        (Phase::Shown(shown), Some(row)) => {
            findings.push(check::shown_unproven(&shown, row));
            vec![keep(Step::IssueSecret), Change::keep(Step::ImportServerApp, None, Some(row.id))]
        }
        _ => {
            note_secrets_of_others(snapshot, identity, findings);
            issue(rules, snapshot, target, row, findings)
        }
    }
}

fn issue(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    target: &Target,
    row: Option<&SiteApplication>,
    findings: &mut Vec<Finding>,
) -> Vec<Change> {
    if !rules.tries_secrets {
        findings.push(Finding::note(FindingCode::NewSecretNotTried));
    }
    let secret = planned_secret(rules, target, snapshot);
    if let (Some(row), Some(server)) = (row, snapshot.server()) {
        findings.extend(check::may_end_earlier(rules, row, &secret, &server.application));
    }
    let mut changes = issue_changes(rules, target, snapshot, secret);
    changes.push(retire_change(target, Vec::new()));
    let (Some(row), Some(site)) = (row, &snapshot.site) else {
        return changes;
    };
    let way = way_into_site(rules, target, site);
    changes.push(renewed(row, None, way.is_none()).after(Step::IssueSecret));
    with_connection(changes, way)
}

/// The connection by which a site takes a renewed secret: an onboarding that changes nothing else. `None` if a person types
/// the secret in.
fn way_into_site<'a>(rules: &Rules<'_>, target: &Target, site: &'a SiteSnapshot) -> Option<&'a SiteConnection> {
    let server = target.server.app.application_id.filter(|_| site.info.takes_renewed_secrets)?;
    let client = target.client.app.application_id.and_then(|id| site.application(id));
    client.filter(|row| row.is_client_app)?;
    let held = held_connection(rules.spec, site, target.tenant_id, Some(server));
    held.or_else(|| {
        let mut used = site
            .connections_of(target.tenant_id)
            .filter(|connection| uses_server(site, connection, server));
        used.next().filter(|_| used.next().is_none())
    })
}

fn with_connection(mut changes: Vec<Change>, way: Option<&SiteConnection>) -> Vec<Change> {
    changes.extend(way.map(|held| Change::keep(Step::CreateConnection, Some(&held.name), Some(held.id))));
    changes
}

/// The secrets that the newest one has replaced, and since when the site shows that one.
fn old_secrets(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    server: &RegisteredApp,
    row: &SiteApplication,
) -> Result<(Shown, OffsetDateTime), Box<Finding>> {
    let identity = rules.site_identity(snapshot);
    let Some(shown) = shown(&server.application, row, identity, rules.now).filter(|shown| shown.is_certain) else {
        return Err(Box::new(check::not_shown(&server.application, row, identity, rules.now)));
    };
    // Two sites that are not known may be two: what was issued without a site is left to both.
    if identity.is_none() && shown.has_older {
        return Err(Box::new(Finding::blocker(FindingCode::SiteIdentityUnknown)));
    }
    let Some(since) = shown.since(row).or(rules.shown_since) else {
        return Err(Box::new(check::shown_since_unknown(&shown)));
    };
    // The caller cannot have seen the end of a secret before it was issued.
    let since = shown.newest.starts.map_or(since, |start| start.max(since));
    let earliest = since.checked_add(rules.removal_wait);
    match earliest {
        Some(earliest) if earliest <= rules.now => Ok((shown, since)),
        _ => Err(Box::new(check::removal_too_early(rules, since, earliest))),
    }
}

fn remove_old(rules: &Rules<'_>, row: &SiteApplication, shown: &Shown) -> Change {
    let stated = rules.shown_since.filter(|_| shown.since(row).is_none());
    let operation = Operation::RemoveSecrets {
        app: Reference::Known(row.client_id),
        keys: shown.replaced_keys(),
        shown_since: stated,
    };
    Change::new(Step::RetireSecrets, operation)
}

/// What the directory's side of such a plan takes.
fn check_directory(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, changes: &[Change], findings: &mut Vec<Finding>) {
    tell_uncertain(snapshot, findings);
    let Some(directory) = &snapshot.directory else { return };
    if let Some(server) = snapshot.server() {
        let mut told = Vec::new();
        apps::check_enabled(apps::SERVER, server, &mut told);
        findings.extend(told.into_iter().map(|finding| finding.at_most(Severity::Warning)));
    }
    check_token(rules, directory, findings);
    check_permissions(directory, &needed_uses(changes), findings);
    check_ownership(directory, changes, findings);
    check_policies(rules, changes, target.server.validity, directory, findings);
}

/// A site that is only read, and that a person writes to, stands in no plan's way.
fn check_site(site: &SiteSnapshot, by_hand: bool, findings: &mut Vec<Finding>) {
    let mut told = Vec::new();
    check_info(&site.info, &mut told);
    let gravest = if by_hand { Severity::Warning } else { Severity::Blocker };
    findings.extend(told.into_iter().map(|finding| finding.at_most(gravest)));
    findings.extend(site.unread.iter().map(unread_row));
}

fn renews(change: &Change) -> bool {
    matches!(change.operation, Operation::RenewSecret { .. })
}

/// Whether the site is to have a secret that this run has in its hands.
fn gives_new_secret(change: &Change, all: &[Change]) -> bool {
    let is_issued = |change: &Change| matches!(change.operation, Operation::IssueSecret { .. });
    let keeps = |change: &Change| change.step == Step::IssueSecret && !is_issued(change);
    match change.operation {
        Operation::RenewSecret { made_by_console, .. } => !made_by_console && !all.iter().any(keeps),
        _ => false,
    }
}

fn hands_over(changes: &[Change]) -> bool {
    let by_program = |change: &Change| matches!(change.operation, Operation::RenewSecret { by_hand: false, .. });
    changes.iter().any(by_program)
}

fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| change.step);
    changes
}
