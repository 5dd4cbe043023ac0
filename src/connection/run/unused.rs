//! Which secrets may be removed once the site has said which one it holds.

use crate::{ids::KeyId, site::SecretHeld};

/// The secrets that may be removed once a run is over, by what has to be known first.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnusedSecrets {
    /// Secrets that are certainly not in use: the plan found them unused, or this run issued them and never
    /// got their text.
    pub(crate) certain: Vec<KeyId>,
    /// Secrets for this site that are in use only if the site's item holds one of them: unused, once the site
    /// has made its item in this run and holds this run's secret.
    pub(crate) unless_held: Vec<KeyId>,
}

impl UnusedSecrets {
    /// What may go, now that the site has said which secret it holds. `own` is this run's secret.
    ///
    /// `item_is_new` says that the site did not know the app when the run began: its item cannot have held
    /// any secret but the one that it was made with.
    pub(crate) fn after_import(self, own: Option<KeyId>, held: SecretHeld, item_is_new: bool) -> Vec<KeyId> {
        let mut unused = self.certain;
        match held {
            SecretHeld::This if item_is_new => unused.extend(self.unless_held),
            // Another run's secret is in the site, and may be one of those that looked lost; this run's own
            // is not.
            SecretHeld::Another if item_is_new => unused.extend(own),
            _ => {}
        }
        unused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(number: u128) -> KeyId {
        KeyId::new(Uuid::from_u128(number))
    }

    #[test]
    fn what_may_be_held_goes_only_if_the_new_item_holds_this_runs_secret() {
        let (certain, perhaps, own) = (key(1), key(2), key(3));
        for (held, item_is_new, may_go) in [
            (SecretHeld::This, true, vec![certain, perhaps]),
            (SecretHeld::This, false, vec![certain]),
            (SecretHeld::Another, true, vec![certain, own]),
            (SecretHeld::Another, false, vec![certain]),
            (SecretHeld::NotSaid, true, vec![certain]),
            (SecretHeld::NotSaid, false, vec![certain]),
        ] {
            let unused = UnusedSecrets {
                certain: vec![certain],
                unless_held: vec![perhaps],
            };
            assert_eq!(unused.after_import(Some(own), held, item_is_new), may_go, "{held:?}, {item_is_new}");
        }
    }

    #[test]
    fn a_run_that_issued_no_secret_has_none_of_its_own_to_remove() {
        let unused = UnusedSecrets::default();
        assert_eq!(unused.after_import(None, SecretHeld::Another, true), []);
    }
}
