//! The secret that a run has issued, until it is handed over: once, and on purpose.

use cmg_onboarding::{
    ApplicationId, Outcome,
    connection::{IssuedSecret, NewSecret, NextStepCode},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What has become of the secret that the last run issued. It never holds its text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SecretState {
    /// There is none to hand over: none was issued, or the site has it.
    #[default]
    None,
    /// It can be taken.
    Held(SecretHeld),
    /// It was taken.
    HandedOver(SecretHeld),
    /// The service ended before it was taken.
    Lost(SecretHeld),
}

/// Which secret it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretHeld {
    /// *Application (client) ID* of the server app.
    pub application_id: ApplicationId,
    /// *Secret ID*.
    pub key_id: String,
    /// When it expires.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_on: OffsetDateTime,
}

impl SecretHeld {
    fn of(application_id: ApplicationId, secret: &IssuedSecret) -> Self {
        Self {
            application_id,
            key_id: secret.key_id.to_string(),
            expires_on: secret.expires_on,
        }
    }
}

/// The secret itself, in memory alone.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) secret: IssuedSecret,
    /// The outcome that it belongs to, if the run has come to its end.
    pub(super) outcome: Option<Box<Outcome>>,
}

/// What is known of a secret, and the secret.
#[derive(Debug, Default)]
pub(super) struct Secret {
    pub(super) state: SecretState,
    pub(super) held: Option<Held>,
}

impl Secret {
    pub(super) fn issued(&mut self, secret: &NewSecret) {
        self.state = SecretState::Held(SecretHeld::of(secret.application_id, &secret.secret));
        self.held = Some(Held {
            secret: secret.secret.clone(),
            outcome: None,
        });
    }

    /// A run has come to its end: a secret that the site has taken is no longer needed.
    pub(super) fn settle(&mut self, outcome: &Outcome) {
        let Some((secret, app)) = outcome.secret.as_ref().zip(outcome.server_app.as_ref()) else {
            return;
        };
        let is_wanted = |code| {
            matches!(
                code,
                NextStepCode::HandOverSecret | NextStepCode::RenewSecretInSite | NextStepCode::RenewSecretByConsole
            )
        };
        if outcome.connection.is_some() && !outcome.next_steps.iter().any(|next| is_wanted(next.code)) {
            *self = Self::default();
            return;
        }
        self.state = SecretState::Held(SecretHeld::of(app.application_id, secret));
        self.held = Some(Held {
            secret: secret.clone(),
            outcome: Some(Box::new(outcome.clone())),
        });
    }

    pub(super) fn handed_over(&mut self) {
        if let SecretState::Held(which) = &self.state {
            self.state = SecretState::HandedOver(which.clone());
        }
        self.held = None;
    }

    /// The state after the process that held it has ended.
    pub(super) fn after_restart(state: SecretState) -> Self {
        let state = match state {
            SecretState::Held(which) => SecretState::Lost(which),
            other => other,
        };
        Self { state, held: None }
    }
}
