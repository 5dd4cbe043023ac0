//! Which secrets may be removed once the site has said which one it holds.

use crate::{connection::run::context::State, ids::KeyId, site::SecretHeld};

impl State {
    /// Tells what is unused, now that the site has said which secret it holds.
    ///
    /// `item_is_new` says that the site did not know the app when the run began: its item cannot have held
    /// any secret but the one that it was made with. Gives this run's own secret if that is the unused one.
    pub(crate) fn settle_unused(&mut self, held: SecretHeld, item_is_new: bool) -> Option<KeyId> {
        let unless_held = std::mem::take(&mut self.unused_unless_held);
        match held {
            SecretHeld::This if item_is_new => {
                self.unused.extend(unless_held);
                None
            }
            // Another run was faster: the site has that run's secret, which may be one of those that looked lost, and
            // nothing uses this run's own.
            SecretHeld::Another if item_is_new => {
                let own = self.issued.take().map(|issued| issued.key_id);
                self.unused.extend(own);
                own
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::report::outcome::IssuedSecret, ids::KeyId, secret::ClientSecret};
    use time::OffsetDateTime;
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
            let mut state = State::default();
            (state.unused, state.unused_unless_held) = (vec![certain], vec![perhaps]);
            state.issued = Some(IssuedSecret {
                value: ClientSecret::new("text"),
                key_id: own,
                expires_on: OffsetDateTime::UNIX_EPOCH,
            });
            let unused = state.settle_unused(held, item_is_new);
            assert_eq!(state.unused, may_go, "{held:?}, {item_is_new}");
            let is_of_no_use = held == SecretHeld::Another && item_is_new;
            assert_eq!(state.issued.is_none(), is_of_no_use, "{held:?}, {item_is_new}");
            assert_eq!(unused, is_of_no_use.then_some(own), "{held:?}, {item_is_new}");
        }
    }

    #[test]
    fn a_run_that_issued_no_secret_has_none_of_its_own_to_remove() {
        let mut state = State::default();
        assert_eq!(state.settle_unused(SecretHeld::Another, true), None);
        assert_eq!(state.unused, []);
    }
}
