//! A session in a file: everything but secrets, tokens and the events of its life.

use cmg_onboarding::{
    Outcome,
    connection::{Finding, Problem},
    spec::ConnectionDraft,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Planned, Session,
    held::{HandedOver, Secret, SecretState},
    log::Log,
    phase::Phase,
    progress::StepProgress,
    settings::JobSettings,
    sign_in::SignIn,
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored<D, P, S, O> {
    version: u32,
    id: Uuid,
    revision: u64,
    draft_revision: u64,
    /// The number of the last entry. Files of earlier versions do not have it.
    #[serde(default)]
    last_sequence: u64,
    #[serde(with = "time::serde::rfc3339")]
    changed_at: OffsetDateTime,
    draft: D,
    phase: Phase,
    settings: JobSettings,
    problem: Option<Problem>,
    preflight: Option<Value>,
    preflight_findings: Vec<Finding>,
    plan: P,
    steps: S,
    outcome: O,
    secret: SecretState,
}

const VERSION: u32 = 1;
const INTERRUPTED: &str = "The service ended in the middle of this run. Nothing in the tenant or the site is lost: make the plan again, and its \
                           run goes on from what is there.";
const LOST: &str = "The secret that was issued was not handed over before the service ended, and is lost. If it is needed, make a plan that \
                    issues another one.";
const PERHAPS_LOST: &str = "The service ended while it held the secret that was issued, and no note says that it was handed over. Unless it \
                            was, it is lost. If it is needed, make a plan that issues another one.";

impl Session {
    /// The session as JSON for a file, without any secret or token.
    #[must_use]
    pub fn stored(&self) -> Value {
        let stored = Stored {
            version: VERSION,
            id: self.id,
            revision: self.revision,
            draft_revision: self.draft_revision,
            last_sequence: self.log.last(),
            changed_at: self.changed_at,
            draft: &self.draft,
            phase: self.phase,
            settings: self.settings.clone(),
            problem: self.problem.clone(),
            preflight: self.preflight.clone(),
            preflight_findings: self.preflight_findings.clone(),
            plan: &self.plan,
            steps: &self.steps,
            outcome: &self.outcome,
            secret: self.secret.state.clone(),
        };
        serde_json::to_value(&stored).unwrap_or_default()
    }

    /// The session of a file, in another life of the service: a run that was under way is told as interrupted, and a secret
    /// that was held as lost, with what is known of its hand-over. No account is signed in.
    ///
    /// # Errors
    ///
    /// If it is not the JSON of a session.
    pub fn restore(stored: Value) -> Result<Self, serde_json::Error> {
        let stored: Stored<ConnectionDraft, Option<Planned>, Vec<StepProgress>, Option<Outcome>> = serde_json::from_value(stored)?;
        let was_running = stored.phase == Phase::Running;
        let secret = Secret::after_restart(stored.secret);
        let of_secret = match &secret.state {
            SecretState::Lost(lost) if lost.handed_over == HandedOver::No => Some(LOST),
            SecretState::Lost(_) => Some(PERHAPS_LOST),
            _ => None,
        };
        let notices: Vec<&str> = was_running.then_some(INTERRUPTED).into_iter().chain(of_secret).collect();
        let notice = (!notices.is_empty()).then(|| notices.join(" "));
        let mut steps = stored.steps;
        super::progress::stop(&mut steps);
        Ok(Self {
            id: stored.id,
            revision: stored.revision,
            draft_revision: stored.draft_revision,
            changed_at: stored.changed_at,
            draft: stored.draft,
            phase: if was_running { Phase::Interrupted } else { stored.phase },
            job: None,
            notice,
            sign_in: SignIn::default(),
            settings: stored.settings,
            problem: stored.problem,
            preflight: stored.preflight,
            preflight_findings: stored.preflight_findings,
            plan: stored.plan,
            steps,
            outcome: stored.outcome,
            secret,
            log: Log::after_restart(stored.last_sequence),
        })
    }
}
