//! What becomes of the server app's secrets.

use time::OffsetDateTime;

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
};

/// Until when a secret that is issued now is valid.
pub(crate) fn planned_secret(target: &Target, now: OffsetDateTime) -> PlannedSecret {
    let validity = target.server.validity;
    PlannedSecret {
        validity,
        expires_about: validity.end_after(now).date(),
    }
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
    let remove = |keys| Change::new(Step::RetireSecrets, Operation::RemoveSecrets { app, keys }).after(Step::IssueSecret);
    let Some(found) = snapshot.server() else {
        // It is made together with the app.
        return vec![issue().if_needed(), remove(Vec::new()).if_needed()];
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
        changes.push(issue());
    }
    match unused {
        keys if !keys.is_empty() => changes.push(remove(keys)),
        _ if keeps => {}
        _ => changes.push(remove(Vec::new()).if_needed()),
    }
    changes
}
