//! The secret that a run has issued, until it is handed over: once, and on purpose.

use cmg_onboarding::{
    ApplicationId, Outcome,
    connection::{IssuedSecret, NewSecret, NextStepCode},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Session, phase::JobKind};
use crate::refusal::ServiceError;

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

impl Session {
    /// What has become of the secret that the last run issued.
    #[must_use]
    pub const fn secret(&self) -> &SecretState {
        &self.secret.state
    }

    /// The app that the secret of the last run belongs to.
    #[must_use]
    pub const fn secret_application(&self) -> Option<ApplicationId> {
        match &self.secret.state {
            SecretState::Held(which) | SecretState::HandedOver(which) | SecretState::Lost(which) => Some(which.application_id),
            SecretState::None => None,
        }
    }

    /// The run has issued a secret. It is held until it is taken, or until the site turns out to have it.
    pub fn issued(&mut self, secret: &NewSecret, now: OffsetDateTime) {
        self.secret.issued(secret);
        self.changed(now);
    }

    /// Takes the secret: once.
    ///
    /// # Errors
    ///
    /// If there is none, if it was taken before, or if it is lost.
    pub fn take_secret(&mut self, now: OffsetDateTime) -> Result<IssuedSecret, ServiceError> {
        let secret = self.held()?.secret.clone();
        self.handed_over(now);
        Ok(secret)
    }

    /// The outcome with its secret, to be sealed: the secret counts as taken once [`handed_over`](Self::handed_over) is called.
    ///
    /// # Errors
    ///
    /// As [`take_secret`](Self::take_secret).
    pub fn outcome_with_secret(&self) -> Result<Outcome, ServiceError> {
        let outcome = self.held()?.outcome.as_deref();
        outcome.cloned().ok_or(ServiceError::NotNow)
    }

    /// The secret was handed over.
    pub fn handed_over(&mut self, now: OffsetDateTime) {
        self.secret.handed_over();
        self.changed(now);
    }

    fn held(&self) -> Result<&Held, ServiceError> {
        if self.job.is_some_and(|job| job.kind == JobKind::Apply) {
            return Err(ServiceError::Busy);
        }
        self.secret.held.as_ref().ok_or(match self.secret.state {
            SecretState::HandedOver(_) => ServiceError::SecretHandedOver,
            SecretState::Lost(_) => ServiceError::SecretLost,
            _ => ServiceError::NoSecret,
        })
    }
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
