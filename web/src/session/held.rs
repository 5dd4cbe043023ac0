//! The secret that a run has issued, until it is handed over: once, and on purpose.

use cmg_onboarding::{
    ApplicationId, ConnectionSpec, Outcome,
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
    /// The service ended while it held it, and no longer has it.
    Lost(SecretLost),
}

/// A secret that the service held when it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SecretLost {
    /// Which.
    #[serde(flatten)]
    pub secret: SecretHeld,
    /// Whether it was handed over before.
    #[serde(default)]
    pub handed_over: HandedOver,
}

/// Whether a secret that the service no longer has was handed over before. One that certainly was is [`SecretState::HandedOver`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum HandedOver {
    /// It was not: the service has noted so at its end.
    No,
    /// The service came to its end without a note, such as in a crash or with a folder that could not be written. Where it has noted
    /// nothing, it was most likely not.
    #[default]
    Unknown,
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
            SecretState::Held(which) | SecretState::HandedOver(which) => Some(which.application_id),
            SecretState::Lost(lost) => Some(lost.secret.application_id),
            SecretState::None => None,
        }
    }

    /// The run has issued a secret. It is held until it is taken, or until the site turns out to have it. One of an earlier run
    /// that was not taken gives way to it, and a page is told.
    pub fn issued(&mut self, secret: &NewSecret, now: OffsetDateTime) {
        let lost = self.secret.issued(secret);
        self.tell_of_lost(lost);
        self.changed(now);
    }

    pub(super) fn tell_of_lost(&mut self, lost: Option<String>) {
        if let Some(key_id) = lost {
            self.also_notice(format!(
                "The secret {key_id} that an earlier run issued was not taken, and is lost: this run has issued another one. It stays in \
                 the registration until its end."
            ));
        }
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

    /// What the secret's run was about, and its outcome with the secret, to be sealed: the secret counts as taken once
    /// [`handed_over`](Self::handed_over) is called.
    ///
    /// # Errors
    ///
    /// As [`take_secret`](Self::take_secret); or if its run has not come to its end.
    pub fn to_hand_over(&self) -> Result<(ConnectionSpec, Outcome), ServiceError> {
        let held = self.held()?;
        let both = held.spec.as_deref().zip(held.outcome.as_deref());
        let (spec, outcome) = both.ok_or(ServiceError::NotNow)?;
        Ok((spec.clone(), outcome.clone()))
    }

    /// The service ends: a secret that it still holds is not handed over any more.
    pub fn ended(&mut self, now: OffsetDateTime) {
        if self.secret.lose(HandedOver::No) {
            self.changed(now);
        }
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
    /// What its run was about. The draft may be another one by now.
    spec: Option<Box<ConnectionSpec>>,
    /// Whether the run that is under way has issued it.
    is_of_run: bool,
}

/// What is known of a secret, and the secret.
#[derive(Debug, Default)]
pub(super) struct Secret {
    pub(super) state: SecretState,
    pub(super) held: Option<Held>,
    /// What the run that is under way is about.
    spec: Option<Box<ConnectionSpec>>,
}

impl Secret {
    /// A run begins, about this.
    pub(super) fn begin(&mut self, spec: Option<ConnectionSpec>) {
        self.spec = spec.map(Box::new);
        if let Some(held) = &mut self.held {
            held.is_of_run = false;
        }
    }

    /// Holds a secret of the run that is under way. Returns the id of an earlier run's that was not taken.
    pub(super) fn issued(&mut self, secret: &NewSecret) -> Option<String> {
        let which = SecretHeld::of(secret.application_id, &secret.secret);
        self.hold(which, secret.secret.clone(), None)
    }

    fn hold(&mut self, which: SecretHeld, secret: IssuedSecret, outcome: Option<Box<Outcome>>) -> Option<String> {
        let earlier = self
            .held
            .as_ref()
            .filter(|held| !held.is_of_run && held.secret.key_id != secret.key_id);
        let lost = earlier.map(|held| held.secret.key_id.to_string());
        self.state = SecretState::Held(which);
        self.held = Some(Held {
            secret,
            outcome,
            spec: self.spec.clone(),
            is_of_run: true,
        });
        lost
    }

    /// A run has come to its end: a secret that the site has taken is no longer needed, and one that the run has issued but does
    /// not tell of was replaced within the run. One of an earlier run stays. Returns the id of an earlier run's that was not taken.
    pub(super) fn settle(&mut self, outcome: &Outcome) -> Option<String> {
        let Some((secret, app)) = outcome.secret.as_ref().zip(outcome.server_app.as_ref()) else {
            if outcome.secret.is_none() && self.held.as_ref().is_some_and(|held| held.is_of_run) {
                *self = Self::default();
            }
            return None;
        };
        let is_wanted = |code| {
            matches!(
                code,
                NextStepCode::HandOverSecret | NextStepCode::RenewSecretInSite | NextStepCode::RenewSecretByConsole
            )
        };
        if outcome.connection.is_some() && !outcome.next_steps.iter().any(|next| is_wanted(next.code)) {
            *self = Self::default();
            return None;
        }
        let which = SecretHeld::of(app.application_id, secret);
        self.hold(which, secret.clone(), Some(Box::new(outcome.clone())))
    }

    pub(super) fn handed_over(&mut self) {
        if let SecretState::Held(which) = &self.state {
            self.state = SecretState::HandedOver(which.clone());
        }
        self.held = None;
    }

    /// It is no longer to be had, if it was held.
    fn lose(&mut self, handed_over: HandedOver) -> bool {
        self.held = None;
        let SecretState::Held(secret) = &self.state else {
            return false;
        };
        self.state = SecretState::Lost(SecretLost {
            secret: secret.clone(),
            handed_over,
        });
        true
    }

    /// The state after the process that held it has ended. One that has noted its end has noted what became of it.
    pub(super) fn after_restart(state: SecretState) -> Self {
        let mut secret = Self { state, ..Self::default() };
        secret.lose(HandedOver::Unknown);
        secret
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const APP: &str = "78d5a639-7070-4e26-bf93-8463e1bd7678";

    fn issued(key_id: &str) -> Value {
        json!({ "keyId": key_id, "expiresOn": "2027-01-01T00:00:00Z" })
    }

    fn outcome(secret: Option<&str>) -> Outcome {
        let mut outcome = json!({
            "version": 1,
            "changed": true,
            "readAt": "2026-01-01T00:00:00Z",
            "environment": "AzurePublicCloud",
            "tenantId": "60c8a914-88d0-4484-80da-b993aeb25974",
            "tenantName": "Contoso",
            "serverApp": { "applicationId": APP, "objectId": APP, "name": "Server", "servicePrincipalId": APP },
            "report": { "steps": [] },
            "findings": [],
            "nextSteps": [],
        });
        if let Some(key_id) = secret {
            outcome["secret"] = issued(key_id);
        }
        serde_json::from_value(outcome).unwrap()
    }

    const FIRST: &str = "11111111-1111-4111-8111-111111111111";
    const SECOND: &str = "22222222-2222-4222-8222-222222222222";

    /// The run that is under way has issued this one.
    fn issue(secret: &mut Secret, key_id: &str) -> Option<String> {
        let issued: IssuedSecret = serde_json::from_value(issued(key_id)).unwrap();
        secret.hold(SecretHeld::of(APP.parse().unwrap(), &issued), issued, None)
    }

    fn held(secret: &Secret) -> Option<String> {
        secret.held.as_ref().map(|held| held.secret.key_id.to_string())
    }

    #[test]
    fn a_secret_that_its_run_has_replaced_and_does_not_tell_of_is_not_offered() {
        let mut secret = Secret::default();
        secret.begin(None);
        assert_eq!(issue(&mut secret, FIRST), None);
        assert_eq!(secret.settle(&outcome(None)), None);
        assert_eq!((held(&secret), secret.state), (None, SecretState::None));
    }

    #[test]
    fn a_secret_of_an_earlier_run_stays_until_another_one_is_issued_and_is_then_told() {
        let mut secret = Secret::default();
        secret.begin(None);
        issue(&mut secret, FIRST);
        assert_eq!(secret.settle(&outcome(Some(FIRST))), None, "it is the same one");
        secret.begin(None);
        assert_eq!(secret.settle(&outcome(None)), None);
        assert_eq!(held(&secret).as_deref(), Some(FIRST), "the run has issued none");
        secret.begin(None);
        assert_eq!(issue(&mut secret, SECOND).as_deref(), Some(FIRST));
        assert_eq!(secret.settle(&outcome(Some(SECOND))), None, "told once");
        assert_eq!(held(&secret).as_deref(), Some(SECOND));
    }
}
