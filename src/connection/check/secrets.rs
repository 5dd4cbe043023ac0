//! What is worth knowing of the server app's secrets.

use crate::{
    connection::{
        plan::{change::Change, operation::Operation, own_secret::OwnSecret},
        read::snapshot::Snapshot,
        report::{
            finding::{Finding, FindingCode},
            step::Step,
        },
    },
    site::SiteIdentity,
};

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
