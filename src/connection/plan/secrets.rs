//! What becomes of the server app's secrets.

use crate::{
    connection::{
        check::rules::Rules,
        plan::{
            change::Change,
            operation::{Operation, PlannedSecret},
            own_secret::{OwnSecret, never_held, superseded},
            target::Target,
        },
        read::snapshot::Snapshot,
        report::step::Step,
    },
    ids::KeyId,
    spec::SecretValidity,
};

/// Until when a secret that is issued now is valid.
pub(crate) fn planned_secret(rules: &Rules<'_>, target: &Target, snapshot: &Snapshot) -> PlannedSecret {
    let policy = snapshot.directory.as_ref().and_then(|directory| directory.policy.as_ref());
    let longest = policy.and_then(|policy| policy.longest_secret).filter(|_| !rules.policy_exempt);
    PlannedSecret::new(target.server.validity, longest, rules.now)
}

/// The shorter secrets that are asked for one after the other, if the longest one that is allowed is asked for, and no
/// policy says how long that is.
fn shorter_secrets(rules: &Rules<'_>, target: &Target, snapshot: &Snapshot, of: Step) -> Option<Change> {
    let may_be_refused = snapshot.directory.as_ref().is_some_and(|directory| rules.may_be_refused(directory));
    let is_asked_for = target.server.validity == SecretValidity::LongestAllowed;
    let secrets = SecretValidity::SHORTER.map(|validity| PlannedSecret::new(validity, None, rules.now));
    let change = || Change::new(Step::ShortenSecret, Operation::ShortenSecret { secrets: secrets.to_vec() });
    (may_be_refused && is_asked_for).then(|| change().if_refused(of))
}

/// Issues one more secret, and asks for a shorter one if a policy refuses it.
pub(crate) fn issue_changes(rules: &Rules<'_>, target: &Target, snapshot: &Snapshot, secret: PlannedSecret) -> Vec<Change> {
    let app = target.server.reference(Step::RegisterServerApp);
    let issue = Change::new(Step::IssueSecret, Operation::IssueSecret { app, secret });
    let shorter = shorter_secrets(rules, target, snapshot, Step::IssueSecret);
    std::iter::once(issue).chain(shorter).collect()
}

/// Removes these secrets once the new one is handed over, and those that the run itself loses.
pub(crate) fn retire_change(target: &Target, keys: Vec<KeyId>) -> Change {
    let is_empty = keys.is_empty();
    let operation = Operation::RemoveSecrets {
        app: target.server.reference(Step::RegisterServerApp),
        keys,
        shown_since: None,
    };
    let change = Change::new(Step::RetireSecrets, operation).after(Step::IssueSecret);
    if is_empty { change.if_needed() } else { change }
}

/// Whether a secret is issued, and which are removed.
///
/// A secret that was issued for this site, while this site does not know the app, reached nothing: it is
/// lost. One that was issued for another site, or for one that is not known, may be in use there and stays.
pub(crate) fn secret_changes(rules: &Rules<'_>, target: &Target, snapshot: &Snapshot, secret: PlannedSecret) -> Vec<Change> {
    if target.server.shape.is_none() {
        return Vec::new();
    }
    let site = rules.site_identity(snapshot);
    let app = target.server.reference(Step::RegisterServerApp);
    let issue = || Change::new(Step::IssueSecret, Operation::IssueSecret { app, secret });
    let Some(found) = snapshot.server() else {
        // It is made together with the app; a restored one comes without the text of a secret, and with the secret that the
        // site uses if the site knows the app.
        let is_in_site = |id| snapshot.site.as_ref().is_some_and(|site| site.application(id).is_some());
        let (issue, of) = match &target.server.deleted {
            Some(deleted) if deleted.app_id.is_some_and(is_in_site) && !rules.reissue_secret => {
                return vec![Change::keep(Step::IssueSecret, None, None::<&str>)];
            }
            Some(_) => (issue(), Step::IssueSecret),
            None => (issue().if_needed(), Step::RegisterServerApp),
        };
        let shorter = shorter_secrets(rules, target, snapshot, of);
        return [issue, retire_change(target, Vec::new())].into_iter().chain(shorter).collect();
    };
    let known = OwnSecret::all_of(&found.application);
    let (keeps, unused): (bool, Vec<KeyId>) = match &snapshot.site {
        None => {
            let unused = if rules.remove_superseded { superseded(&known) } else { Vec::new() };
            (!known.is_empty() && !rules.reissue_secret, unused)
        }
        Some(snapshot) => match snapshot.application(found.application.app_id) {
            // The site holds the old one until it has the new one.
            Some(_) if rules.reissue_secret => (false, Vec::new()),
            Some(row) => (true, never_held(&found.application, row, site)),
            None => {
                let lost = known.iter().filter(|secret| secret.is_for(site));
                (false, lost.map(|secret| secret.key_id).collect())
            }
        },
    };
    let mut changes = Vec::new();
    if keeps {
        changes.push(Change::keep(Step::IssueSecret, None, None::<&str>));
    } else {
        changes.extend(issue_changes(rules, target, snapshot, secret));
    }
    if !(keeps && unused.is_empty()) {
        changes.push(retire_change(target, unused));
    }
    changes
}
