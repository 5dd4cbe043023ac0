//! One way through the wizard, as a state machine without I/O.
//!
//! [`Session`] is all of it: the caller tells it what happens, and it says what may follow. `draft` and `fields` are the
//! inputs, `pages` and `model` what a page shows, `phase` how far it has come, `settings` what a plan is for, `progress`
//! and `log` the steps and the events of a run, `sign_in` who is signed in, and `stored` the session in a file.
//!
//! What it guarantees: the secret that a run has issued is in `held` alone, until it is handed over once; no file has
//! a secret or a token.

pub(crate) mod bounds;
mod draft;
mod fields;
pub(crate) mod held;
pub(crate) mod log;
mod model;
mod pages;
pub(crate) mod phase;
mod progress;
pub(crate) mod settings;
pub(crate) mod sign_in;
mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod words;

#[cfg(feature = "server")]
pub(crate) use fields::{WAYS, environments, validities};

use cmg_onboarding::{
    CloudEnvironment, ConnectionSpec, Event, OnboardingError, Outcome,
    connection::{Finding, IssuedSecret, PlanDocument, Problem},
    spec::ConnectionDraft,
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::refusal::ServiceError;
use held::Secret;
use log::{Entry, Log};
use phase::{Job, JobKind, Phase};
use progress::StepProgress;
use settings::{JobSettings, JobVerb};
use sign_in::{SignIn, SignInState};

/// How many violations or findings are told at once.
pub(crate) const MOST_VIOLATIONS: usize = 100;

/// One way through the wizard: what is filled in, who is signed in, the plan, its run, and what came of it.
///
/// It does no I/O: the caller tells it what happens, and it says what may follow. The router of this crate drives it over
/// HTTP; a program with windows of its own can do so without.
///
/// ```
/// use cmg_onboarding_web::{JobKind, JobSettings, Phase, Session};
/// use time::OffsetDateTime;
///
/// let now = OffsetDateTime::UNIX_EPOCH;
/// let mut session = Session::new(now);
/// let fields = serde_json::json!({ "name": "Contoso CMG", "serverApp.create.name": "Server", "clientApp.create.name": "Client" });
/// session.edit(0, fields.as_object().unwrap(), now)?;
/// assert!(session.specification().is_ok());
/// assert_eq!(session.begin(JobKind::Apply, JobSettings::default(), now).unwrap_err().to_string(), "this does not fit what the session has come to");
/// # Ok::<(), cmg_onboarding_web::ServiceError>(())
/// ```
#[derive(Debug)]
pub struct Session {
    id: Uuid,
    revision: u64,
    draft_revision: u64,
    changed_at: OffsetDateTime,
    draft: ConnectionDraft,
    phase: Phase,
    job: Option<Job>,
    notice: Option<String>,
    sign_in: SignIn,
    settings: JobSettings,
    problem: Option<Problem>,
    preflight: Option<Value>,
    preflight_findings: Vec<Finding>,
    plan: Option<Planned>,
    steps: Vec<StepProgress>,
    outcome: Option<Outcome>,
    secret: Secret,
    log: Log,
}

/// The plan, and the name by which it is approved.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Planned {
    id: Uuid,
    document: PlanDocument,
}

impl Session {
    /// An empty one.
    #[must_use]
    pub fn new(now: OffsetDateTime) -> Self {
        Self {
            id: Uuid::new_v4(),
            revision: 0,
            draft_revision: 0,
            changed_at: now,
            draft: ConnectionDraft::default(),
            phase: Phase::Draft,
            job: None,
            notice: None,
            sign_in: SignIn::default(),
            settings: JobSettings::default(),
            problem: None,
            preflight: None,
            preflight_findings: Vec::new(),
            plan: None,
            steps: Vec::new(),
            outcome: None,
            secret: Secret::default(),
            log: Log::default(),
        }
    }

    /// Its name in addresses.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// How far it has come.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// What it is busy with.
    #[must_use]
    pub const fn job(&self) -> Option<Job> {
        self.job
    }

    /// When it changed last.
    #[must_use]
    pub const fn changed_at(&self) -> OffsetDateTime {
        self.changed_at
    }

    /// The name of the connection, as far as it is filled in.
    #[must_use]
    pub fn name(&self) -> &str {
        self.draft.field("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// What the last plan is for.
    #[must_use]
    pub const fn settings(&self) -> &JobSettings {
        &self.settings
    }

    /// The plan that is shown or was carried out.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanDocument> {
        self.plan.as_ref().map(|plan| &plan.document)
    }

    /// Who is signed in.
    #[must_use]
    pub const fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The specification that is filled in.
    ///
    /// # Errors
    ///
    /// If a field is missing or wrong, with all of them.
    pub fn specification(&self) -> Result<ConnectionSpec, OnboardingError> {
        Ok(self.draft.complete()?)
    }

    /// The cloud that is chosen, as far as it is filled in.
    #[must_use]
    pub fn environment(&self) -> CloudEnvironment {
        let chosen = self.draft.field("environment").and_then(Value::as_str);
        chosen.and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// Begins a job, if it fits.
    ///
    /// # Errors
    ///
    /// If another one is under way, or if it does not fit the phase: a plan is applied once it is approved.
    pub fn begin(&mut self, kind: JobKind, settings: JobSettings, now: OffsetDateTime) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        match kind {
            JobKind::SignIn => {
                self.sign_in = SignIn {
                    state: SignInState::Waiting,
                    ..SignIn::default()
                };
            }
            JobKind::Preflight | JobKind::Plan => {
                if kind == JobKind::Preflight && settings.verb != JobVerb::Onboard {
                    return Err(ServiceError::NotNow);
                }
                self.drop_plan();
                self.settings = settings;
            }
            JobKind::Apply => {
                let Some(plan) = self.plan.as_ref().filter(|_| self.phase == Phase::Approved) else {
                    return Err(ServiceError::NotNow);
                };
                self.steps = progress::planned(&plan.document);
                self.secret.begin(self.draft.complete().ok());
                self.phase = Phase::Running;
                self.problem = None;
                self.outcome = None;
            }
        }
        self.job = Some(Job { kind, started_at: now });
        self.changed(now);
        Ok(())
    }

    /// A run tells something.
    pub fn tell(&mut self, event: &Event) {
        if matches!(self.job, Some(job) if job.kind == JobKind::Apply) {
            progress::learn(&mut self.steps, event);
        }
        self.log.add(|sequence| Entry::Progress {
            sequence,
            event: Box::new(event.clone()),
        });
    }

    /// What the checks beforehand have found: the preflight as JSON, and its findings.
    pub fn checked(&mut self, preflight: Value, findings: Vec<Finding>, now: OffsetDateTime) {
        self.job = None;
        self.preflight = Some(preflight);
        self.preflight_findings = findings;
        self.changed(now);
    }

    /// The same while a plan is being made of it.
    pub fn show_preflight(&mut self, preflight: Value, findings: Vec<Finding>) {
        self.preflight = Some(preflight);
        self.preflight_findings = findings;
    }

    /// The plan is made.
    pub fn planned(&mut self, document: PlanDocument, now: OffsetDateTime) {
        self.job = None;
        self.plan = Some(Planned {
            id: Uuid::new_v4(),
            document,
        });
        self.phase = Phase::Planned;
        self.changed(now);
    }

    /// The plan is approved.
    ///
    /// # Errors
    ///
    /// If the session has another plan, or has no plan that waits for it.
    pub fn approve(&mut self, plan: Uuid, now: OffsetDateTime) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        self.is_plan(plan)?;
        if self.phase != Phase::Planned {
            return Err(ServiceError::NotNow);
        }
        self.phase = Phase::Approved;
        self.changed(now);
        Ok(())
    }

    /// Whether this is the session's plan.
    ///
    /// # Errors
    ///
    /// If it is another one, or if there is none.
    pub fn is_plan(&self, id: Uuid) -> Result<(), ServiceError> {
        match &self.plan {
            Some(plan) if plan.id == id => Ok(()),
            Some(_) => Err(ServiceError::PlanMovedOn),
            None => Err(ServiceError::NotNow),
        }
    }

    /// The run has come to its end.
    pub fn finished(&mut self, outcome: Outcome, now: OffsetDateTime) {
        self.job = None;
        let lost = self.secret.settle(&outcome);
        self.tell_of_lost(lost);
        self.outcome = Some(without_secret(outcome));
        progress::stop(&mut self.steps);
        self.phase = Phase::Done;
        self.changed(now);
    }

    /// The job that is under way has failed, or was cancelled.
    pub fn failed(&mut self, problem: Problem, is_cancelled: bool, now: OffsetDateTime) {
        let Some(job) = self.job.take() else {
            return;
        };
        progress::stop(&mut self.steps);
        match job.kind {
            JobKind::SignIn => {
                self.sign_in = SignIn {
                    state: if is_cancelled {
                        SignInState::SignedOut
                    } else {
                        SignInState::Failed
                    },
                    way: self.sign_in.way.take(),
                    problem: Some(problem),
                    ..SignIn::default()
                };
            }
            JobKind::Apply => {
                self.phase = if is_cancelled { Phase::Cancelled } else { Phase::Failed };
                self.problem = Some(problem);
            }
            JobKind::Preflight | JobKind::Plan => self.problem = Some(problem),
        }
        self.changed(now);
    }

    /// Tells a page something beside everything else.
    pub fn notify(&mut self, notice: impl Into<String>, now: OffsetDateTime) {
        self.notice = Some(notice.into());
        self.changed(now);
    }

    /// The same beside what a page is told already.
    #[cfg_attr(not(feature = "server"), allow(dead_code, reason = "the session writes no file"))]
    pub(crate) fn notify_also(&mut self, notice: &str, now: OffsetDateTime) {
        self.also_notice(notice.to_owned());
        self.changed(now);
    }

    fn also_notice(&mut self, notice: String) {
        self.notice = match self.notice.take() {
            Some(told) if told.contains(&notice) => Some(told),
            Some(told) => Some(format!("{told} {notice}")),
            None => Some(notice),
        };
    }

    /// At most so many entries after a number, for a page that shows progress.
    ///
    /// # Errors
    ///
    /// If what follows that number is not kept, with the number of the first one that is. The page then takes the session
    /// itself.
    pub fn entries_after(&self, number: u64, most: usize) -> Result<Vec<Entry>, u64> {
        self.log.after(number, most)
    }

    fn changed(&mut self, now: OffsetDateTime) {
        self.revision += 1;
        self.changed_at = now;
        let (revision, phase, job) = (self.revision, self.phase, self.job);
        self.log.add(|sequence| Entry::Session {
            sequence,
            revision,
            phase,
            job,
        });
    }
}

/// The outcome as it reads back from JSON, which has no secret.
fn without_secret(outcome: Outcome) -> Outcome {
    let blank = |secret: IssuedSecret| {
        let json = serde_json::to_value(&secret).ok()?;
        serde_json::from_value(json).ok()
    };
    let secret = outcome.secret.clone().and_then(blank);
    let mut outcome = outcome;
    outcome.secret = secret;
    outcome
}
