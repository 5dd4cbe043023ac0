//! From specification and snapshot to a plan: pure functions, without a request.

use time::OffsetDateTime;
use uuid::{Uuid, uuid};

use crate::{
    connection::{
        check::{
            adopted::check_adopted,
            conditional_access::check_conditional_access,
            directory::{check_directory, check_policies},
            groups::check_groups,
            registrations::check_registrations,
            rights::{check_ownership, check_permissions, check_roles},
            rows::check_rows,
            rules::{Consents, Rules},
            secrets::{check_secrets, note_secret, note_secrets_of_others},
            site::{check_site, note_renewal},
        },
        plan::{
            alive::confirm_apps,
            apps::{client_changes, removals_if_refused, server_changes},
            change::{Change, needed_uses},
            consents::{client_consents, consent_for_another, open_consents, server_consents},
            document::{PlanDocument, PlannedSite},
            operation::PlannedAction,
            removal::removal_changes,
            renewal::{renewal_changes, secret_removal_changes},
            secrets::{planned_secret, secret_changes},
            settings::settings_changes,
            site::site_changes,
            target::Target,
        },
        read::snapshot::Snapshot,
        report::{finding::Finding, finding_place::choices_of, step::AppRole},
    },
    spec::ConnectionSpec,
};

/// Everything that was found, the gravest first, and what an onboarding will do. `None` if the tenant cannot
/// be told, which a finding has reported.
pub(crate) fn onboarding(rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
    if let Some((_, findings)) = snapshot.unusable_token() {
        return (sorted(rules, findings.to_vec()), None);
    }
    let mut findings = Vec::new();
    if let Some(directory) = &snapshot.directory {
        check_directory(rules, directory, &mut findings);
    }
    check_registrations(rules, snapshot, &mut findings);
    if let Some(site) = &snapshot.site {
        check_site(rules, snapshot, site, &mut findings);
    }
    let Some(target) = Target::resolve(rules, snapshot) else {
        return (sorted(rules, findings), None);
    };
    let changes = changes(rules, snapshot, &target);
    let needed = needed_uses(&changes);
    if let Some(directory) = &snapshot.directory {
        check_permissions(directory, &needed, &mut findings);
        check_ownership(directory, &changes, &mut findings);
        check_roles(&needed, directory, &mut findings);
        check_policies(rules, &changes, target.server.validity, directory, &mut findings);
        check_conditional_access(directory, &mut findings);
        check_groups(rules, snapshot, directory, &target, &mut findings);
        findings.extend(open_consents(rules, snapshot, &target));
    }
    check_adopted(rules, snapshot, &target, &mut findings);
    check_rows(rules, snapshot, &target, &mut findings);
    check_secrets(rules, snapshot, &target, &changes, &mut findings);
    note_secret(&changes, snapshot, &mut findings);
    if let Some(site) = &snapshot.site {
        note_renewal(rules, &target, site, &changes, &mut findings);
    }
    if target.server.shape.is_some() {
        note_secrets_of_others(snapshot, rules.site_identity(snapshot), &mut findings);
    }
    let findings = sorted(rules, findings);
    let document = document(rules, snapshot, target, changes, findings.clone());
    (findings, Some(document))
}

/// What was found, and what a removal will do. `None` if the tenant cannot be told, which a finding has
/// reported.
pub(crate) fn removal(rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
    of_what_is_there(rules, snapshot, |target| removal_changes(rules, snapshot, target))
}

/// What was found, and what a renewal of the server app's secret will do. `None` as above.
pub(crate) fn renewal(rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
    of_what_is_there(rules, snapshot, |target| renewal_changes(rules, snapshot, target))
}

/// What was found, and what an early removal of old secrets will do. `None` as above.
pub(crate) fn secret_removal(rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
    of_what_is_there(rules, snapshot, |target| secret_removal_changes(rules, snapshot, target))
}

/// `changes` gives the changes of the plan, and what is worth knowing of it.
fn of_what_is_there(
    rules: &Rules<'_>,
    snapshot: &Snapshot,
    changes: impl FnOnce(&Target) -> (Vec<Change>, Vec<Finding>),
) -> (Vec<Finding>, Option<PlanDocument>) {
    if let Some((_, findings)) = snapshot.unusable_token() {
        return (sorted(rules, findings.to_vec()), None);
    }
    let Some(target) = Target::resolve(rules, snapshot) else {
        let mut findings = Vec::new();
        if let Some(site) = &snapshot.site {
            check_site(rules, snapshot, site, &mut findings);
        }
        return (sorted(rules, findings), None);
    };
    let (changes, findings) = changes(&target);
    let findings = sorted(rules, findings);
    let document = document(rules, snapshot, target, changes, findings.clone());
    (findings, Some(document))
}

/// What was found, and what an update of the settings will do. `None` if there is no tenant to write to, which a finding
/// has reported.
pub(crate) fn settings_update(rules: &Rules<'_>, snapshot: &Snapshot) -> (Vec<Finding>, Option<PlanDocument>) {
    if let Some((_, findings)) = snapshot.unusable_token() {
        return (sorted(rules, findings.to_vec()), None);
    }
    let Some(target) = Target::resolve(rules, snapshot) else {
        return (Vec::new(), None);
    };
    let (changes, findings) = settings_changes(rules, snapshot, &target);
    let findings = sorted(rules, findings);
    let document = document(rules, snapshot, target, changes, findings.clone());
    (findings, Some(document))
}

/// What a run would do, in the order of the run.
pub(crate) fn changes(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> Vec<Change> {
    let mut changes = Vec::new();
    if rules.only != Some(AppRole::Client) {
        let secret = planned_secret(rules, target, snapshot);
        changes.extend(server_changes(target, snapshot, secret));
        changes.extend(secret_changes(rules, target, snapshot, secret));
        changes.extend(server_consents(target, snapshot));
        changes.extend(consent_for_another(rules, snapshot));
    }
    if rules.only != Some(AppRole::Server) {
        changes.extend(client_changes(target, snapshot));
        changes.extend(client_consents(target, snapshot));
    }
    if let (None, Some(site)) = (rules.only, &snapshot.site) {
        changes.extend(site_changes(rules, target, site));
    }
    if rules.verify_alive {
        confirm_apps(&mut changes, snapshot);
    }
    if snapshot.directory.as_ref().is_some_and(|directory| rules.may_be_refused(directory)) {
        changes.extend(removals_if_refused(&changes));
    }
    if rules.consents == Consents::LeaveToAdministrator {
        changes.retain(|change| !change.step.is_consent() || change.action == PlannedAction::Keep);
    }
    changes.sort_by_key(|change| change.step);
    changes
}

fn sorted(rules: &Rules<'_>, findings: Vec<Finding>) -> Vec<Finding> {
    let ways = choices_of(rules.spec);
    let mut findings: Vec<Finding> = findings.into_iter().map(|finding| finding.placed(ways)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
    findings
}

fn document(rules: &Rules<'_>, snapshot: &Snapshot, target: Target, changes: Vec<Change>, findings: Vec<Finding>) -> PlanDocument {
    let spec = rules.spec;
    let site = snapshot.site.as_ref().filter(|_| rules.only.is_none() || rules.updates_settings());
    let planned = |site_code: &String| PlannedSite::new(site_code.clone(), rules.site_identity(snapshot).cloned());
    PlanDocument {
        version: PlanDocument::current_version(),
        verb: rules.verb,
        only: rules.only,
        removal_scope: rules.removal_scope,
        name: spec.name().to_owned(),
        description: spec.description().map(str::to_owned),
        environment: spec.environment(),
        tenant_id: target.tenant_id,
        tenant_name: target.tenant_name,
        app_id_uri: target.app_id_uri,
        server_app: target.server.app,
        client_app: target.client.app,
        site: site.map(|site| planned(&site.info.site_code)),
        specification: digest(spec),
        made_on: OffsetDateTime::replace_nanosecond(rules.now, 0).unwrap_or(rules.now),
        changes,
        findings,
    }
}

/// A digest of the specification as it is written, which is without its secrets. It tells two specifications
/// apart and guards nothing: what a plan does is compared by itself.
fn digest(spec: &ConnectionSpec) -> String {
    let text = serde_json::to_vec(spec).unwrap_or_default();
    Uuid::new_v5(&SPECIFICATIONS, &text).simple().to_string()
}

/// The namespace of the digests.
const SPECIFICATIONS: Uuid = uuid!("c1a7c1d8-4d0e-5f52-9a55-0b7a0f6f9e01");
