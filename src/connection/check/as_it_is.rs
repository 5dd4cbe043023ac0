//! A connection as it is: the checks that planning runs, for a caller that writes nothing.
//!
//! A plan mends what differs and does not complain of it. A check tells it: what a run would change is a finding here, and
//! what only a run needs, such as the right to write, is none.

use time::OffsetDateTime;

use crate::connection::{
    check::{
        adopted::check_adopted,
        directory::check_directory,
        expiries::tell_expiries,
        registrations::{check_as_they_are, check_registrations},
        renewal,
        rows::check_rows,
        rules::Rules,
        secrets::note_secrets_of_others,
        site::{check_site, note_renewal},
        term::DEFAULT_DAYS,
        weight::Weight,
    },
    plan::{
        change::{Change, When},
        consents::open_consents,
        draft,
        operation::{Operation, PlannedAction},
        target::Target,
    },
    read::snapshot::Snapshot,
    report::{
        check::Check,
        check_status::CheckStatus,
        finding::{Finding, FindingCode},
        finding_place::choices_of,
        step::Step,
    },
};

/// Checks a connection. `rules` ask for nothing that a run would do on a wish of the caller.
pub(crate) fn check_as_it_is(rules: &Rules<'_>, snapshot: &Snapshot) -> Check {
    let mut check = Check::new(snapshot.read_at);
    check.name = Some(rules.spec.name().to_owned());
    check.tenant_id = snapshot.tenant_of(rules.spec).or(rules.expected_tenant);
    check.application_id = snapshot.server_id(rules.spec);
    let mut findings = Vec::new();
    if let Some((_, told)) = snapshot.unusable_token() {
        findings.extend_from_slice(told);
    }
    if let Some(directory) = &snapshot.directory {
        check_directory(rules, directory, &mut findings);
    } else if snapshot.unread.is_none() {
        findings.push(Finding::warning(FindingCode::DirectoryNotGiven));
    }
    check_registrations(rules, snapshot, &mut findings);
    if let Some(site) = &snapshot.site {
        check_site(rules, snapshot, site, &mut findings);
    }
    let row = check.application_id.and_then(|id| snapshot.site.as_ref()?.application(id));
    findings.extend(row.and_then(|row| renewal::pending(rules, snapshot, row)));
    let registered = snapshot.server().map(|server| &server.application);
    findings.extend(tell_expiries(&mut check, registered, row, rules.thresholds));
    // Without a readable token the target would be that of a tenant without the apps.
    if let Some(target) = Target::resolve(rules, snapshot).filter(|_| snapshot.unusable_token().is_none()) {
        check_target(rules, snapshot, &target, &mut findings);
    }
    conclude(
        &mut check,
        findings,
        |finding| Weight::status_of(finding, rules.thresholds),
        Some(rules),
    );
    check
}

/// A connection that was made of a view, to be removed, has no specification to be held against.
pub(crate) fn for_removal_only(now: OffsetDateTime) -> Check {
    let mut check = Check::new(now);
    let findings = vec![Finding::blocker(FindingCode::RemovalOnly)];
    conclude(&mut check, findings, |finding| Weight::status_of(finding, &DEFAULT_DAYS), None);
    check
}

/// Sets the status and the findings that a check tells, those that decide first.
pub(crate) fn conclude(
    check: &mut Check,
    findings: Vec<Finding>,
    status_of: impl Fn(&Finding) -> Option<CheckStatus>,
    rules: Option<&Rules<'_>>,
) {
    // One that this specification has no field for keeps the field of the others, which reads back the same.
    let place = |finding: Finding| match rules.map(|rules| finding.clone().placed(choices_of(rules.spec))) {
        Some(placed) if placed.field().is_some() => placed,
        _ => finding,
    };
    let told = findings
        .into_iter()
        .filter_map(|finding| Some((status_of(&finding)?, place(finding))));
    let mut told: Vec<(CheckStatus, Finding)> = told.collect();
    told.sort_by_key(|(status, finding)| std::cmp::Reverse((*status, finding.severity())));
    let unread = check.problem.as_ref().map(|_| CheckStatus::Unknown);
    let worst = told.first().map(|(status, _)| *status);
    check.status = worst.max(unread).unwrap_or(CheckStatus::Ok);
    check.findings = told.into_iter().map(|(_, finding)| finding).collect();
}

fn check_target(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    findings.extend(open_consents(rules, snapshot, target));
    check_adopted(rules, snapshot, target, findings);
    if let Some(directory) = &snapshot.directory {
        check_as_they_are(rules, snapshot, directory, findings);
    }
    check_rows(rules, snapshot, target, findings);
    check_uri_of_site(snapshot, target, findings);
    let changes = draft::changes(rules, snapshot, target);
    if let Some(site) = &snapshot.site {
        note_renewal(rules, target, site, &changes, findings);
    }
    if target.server.shape.is_some() {
        note_secrets_of_others(snapshot, rules.site_identity(snapshot), findings);
    }
    check_changes(rules, snapshot, &changes, findings);
}

/// What a run would register is not registered yet: clients ask for the App ID URI that the site has.
fn check_uri_of_site(snapshot: &Snapshot, target: &Target, findings: &mut Vec<Finding>) {
    let row = target.server.id_in_site().and_then(|id| snapshot.site.as_ref()?.application(id));
    let (Some(held), Some(app)) = (row.and_then(|row| row.identifier_uri.as_deref()), snapshot.server()) else {
        return;
    };
    let registered = app.application.properties.identifier_uris.as_deref().unwrap_or_default();
    let is_told = findings.iter().any(|finding| finding.code() == FindingCode::SiteUriNotRegistered);
    if !is_told && !registered.iter().any(|uri| uri == held) {
        let unknown = Finding::warning(FindingCode::SiteUriNotRegistered).with("site", held);
        findings.push(unknown.with("registered", Some(registered).filter(|registered| !registered.is_empty())));
    }
}

/// What a run of the specification would change, unless a finding tells of that step already.
fn check_changes(rules: &Rules<'_>, snapshot: &Snapshot, changes: &[Change], findings: &mut Vec<Finding>) {
    for change in changes {
        let Some((status, finding)) = finding_of(snapshot, change) else {
            continue;
        };
        let is_told = |known: &Finding| {
            let counts = Weight::status_of(known, rules.thresholds);
            // The connection is there by another name, or what is there could not be read.
            let is_elsewhere = known.code() == FindingCode::ConnectionNamedOtherwise
                || known.code() == FindingCode::ConnectionUnread && counts == Some(CheckStatus::Unknown);
            counts.is_some_and(|known| known >= status) && known.step() == Some(change.step)
                || is_elsewhere && matches!(change.step, Step::CreateConnection | Step::ConfigureDiscovery)
                // Discovery belongs to the connection, which is told to be missing.
                || change.step == Step::ConfigureDiscovery
                    && known.code() == FindingCode::StepNotDone
                    && known.step() == Some(Step::CreateConnection)
        };
        if !findings.iter().any(is_told) {
            findings.push(finding);
        }
    }
}

fn finding_of(snapshot: &Snapshot, change: &Change) -> Option<(CheckStatus, Finding)> {
    if change.when != When::Always || matches!(change.step, Step::ShortenSecret | Step::RetireSecrets) {
        return None;
    }
    // A run issues a secret of its own; a check asks only whether there is one.
    let has_secret = snapshot
        .server()
        .is_some_and(|app| !app.application.password_credentials.is_empty());
    if change.step == Step::IssueSecret && has_secret {
        return None;
    }
    // The date of the specification is that of the import, and the site may have been given another secret since.
    if matches!(change.operation, Operation::RenewSecret { .. }) {
        return None;
    }
    let code = match change.action {
        PlannedAction::Create | PlannedAction::Restore => FindingCode::StepNotDone,
        PlannedAction::Update => FindingCode::StepDiffers,
        PlannedAction::Remove | PlannedAction::Confirm | PlannedAction::Keep | PlannedAction::ByHand => return None,
    };
    if code == FindingCode::StepNotDone {
        let missing = Finding::blocker(code).with("step", change.step);
        return Some((CheckStatus::Critical, missing));
    }
    let properties: Vec<&str> = change.properties().iter().map(|change| change.property.as_str()).collect();
    let differs = Finding::warning(code).with("step", change.step);
    let properties = Some(properties).filter(|properties| !properties.is_empty());
    Some((CheckStatus::Warning, differs.with("properties", properties)))
}
