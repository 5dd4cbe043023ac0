//! What is worth knowing of the server app's secrets.

use crate::{
    connection::{
        plan::{
            change::{Change, Operation},
            own_secret::OwnSecret,
        },
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
            let message = "The server app is there from an earlier run, but the site did not get its secret: a new one is issued and the lost one removed.";
            findings.push(Finding::note(FindingCode::SecretReplaced, message, "Nothing to do."));
        }
        Some(Operation::Keep { .. }) if snapshot.site.is_none() => {
            let message = "The server app has a secret from an earlier run; its text cannot be read again.";
            let remedy = "If it is lost, run with reissue_secret(true): that issues a new one and keeps the old one; a later run with remove_superseded_secrets(true) removes the old one.";
            findings.push(Finding::note(FindingCode::SecretKept, message, remedy));
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
        let message = format!("The server app has {others} secret(s) that were issued for another site; they stay.");
        let remedy = "Nothing to do if two sites share this specification. Otherwise give one of them another key.";
        findings.push(Finding::note(FindingCode::SecretOfAnotherSite, message, remedy));
    }
}
