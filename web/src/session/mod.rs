//! One way through the wizard, as a state machine without I/O.

mod fields;
pub(crate) mod held;
pub(crate) mod log;
mod pages;
pub(crate) mod phase;
mod progress;
pub(crate) mod settings;
pub(crate) mod sign_in;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use fields::{WAYS, environments, validities};

use cmg_onboarding::{
    ApplicationId, CloudEnvironment, ConnectionSpec, Event, OnboardingError, Outcome,
    connection::{Finding, IssuedSecret, NewSecret, PlanDocument, Problem},
    spec::{ClientApp, ConnectionDraft, ServerApp, Violation},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::refusal::ServiceError;
use held::{Secret, SecretState};
use log::{Entry, Log};
use phase::{Job, JobKind, Phase};
use progress::StepProgress;
use settings::{JobSettings, JobVerb};
use sign_in::{SignIn, SignInState};

/// How many violations are told at once.
pub(crate) const MOST_VIOLATIONS: usize = 100;

/// One way through the wizard: what is filled in, who is signed in, the plan, its run, and what came of it.
///
/// It does no I/O: whoever drives it tells it what happens, and it says what may follow. The router of this crate drives it over
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

    /// What has become of the secret that the last run issued.
    #[must_use]
    pub const fn secret(&self) -> &SecretState {
        &self.secret.state
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

    /// The app that the secret of the last run belongs to.
    #[must_use]
    pub const fn secret_application(&self) -> Option<ApplicationId> {
        match &self.secret.state {
            SecretState::Held(which) | SecretState::HandedOver(which) | SecretState::Lost(which) => Some(which.application_id),
            SecretState::None => None,
        }
    }

    /// The account is signed out.
    ///
    /// # Errors
    ///
    /// If a job is under way.
    pub fn signed_out(&mut self, now: OffsetDateTime) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        self.sign_in = SignIn::default();
        self.changed(now);
        Ok(())
    }

    /// Sets fields of the draft, by their paths; `null` takes a field out. A plan that was made is dropped.
    ///
    /// # Errors
    ///
    /// If the draft has another revision than the caller has seen, or if a job is under way.
    pub fn edit(&mut self, revision: u64, fields: &serde_json::Map<String, Value>, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        for (path, value) in fields {
            self.draft.set(path, value.clone());
        }
        // The wizard has no way to say "discovery, but of nothing".
        if self
            .draft
            .field("discovery")
            .and_then(Value::as_object)
            .is_some_and(serde_json::Map::is_empty)
        {
            self.draft.set("discovery", Value::Null);
        }
        self.edited(now);
        Ok(())
    }

    /// Takes another draft.
    ///
    /// # Errors
    ///
    /// As [`edit`](Self::edit).
    pub fn replace_draft(&mut self, revision: u64, draft: ConnectionDraft, now: OffsetDateTime) -> Result<(), ServiceError> {
        self.editable(revision)?;
        self.draft = draft;
        self.edited(now);
        Ok(())
    }

    fn editable(&self, revision: u64) -> Result<(), ServiceError> {
        if self.job.is_some() {
            return Err(ServiceError::Busy);
        }
        if revision != self.draft_revision {
            return Err(ServiceError::DraftMovedOn);
        }
        Ok(())
    }

    fn edited(&mut self, now: OffsetDateTime) {
        self.draft_revision += 1;
        self.drop_plan();
        self.changed(now);
    }

    fn drop_plan(&mut self) {
        self.phase = Phase::Draft;
        self.problem = None;
        self.preflight = None;
        self.preflight_findings.clear();
        self.plan = None;
        self.steps.clear();
        self.outcome = None;
        self.notice = None;
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
                self.phase = Phase::Running;
                self.problem = None;
                self.outcome = None;
            }
        }
        self.job = Some(Job { kind, started_at: now });
        self.changed(now);
        Ok(())
    }

    /// Where the person who signs in has to go, or that the sign-in has come to its end.
    pub fn signing_in(&mut self, sign_in: SignIn, now: OffsetDateTime) {
        let is_own_job = self.job.is_some_and(|job| job.kind == JobKind::SignIn);
        if sign_in.state != SignInState::Waiting && is_own_job {
            self.job = None;
        }
        self.sign_in = sign_in;
        self.changed(now);
    }

    /// The directory asks for more than the token has: the host's own sign-in has to answer this claims challenge.
    pub fn challenged(&mut self, claims: String, now: OffsetDateTime) {
        self.sign_in.state = SignInState::SignedOut;
        self.sign_in.claims = Some(claims);
        self.changed(now);
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

    /// The run has issued a secret. It is held until it is taken, or until the site turns out to have it.
    pub fn issued(&mut self, secret: &NewSecret, now: OffsetDateTime) {
        self.secret.issued(secret);
        self.changed(now);
    }

    /// The run has come to its end.
    pub fn finished(&mut self, outcome: Outcome, now: OffsetDateTime) {
        self.job = None;
        self.secret.settle(&outcome);
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

    fn held(&self) -> Result<&held::Held, ServiceError> {
        if self.job.is_some_and(|job| job.kind == JobKind::Apply) {
            return Err(ServiceError::Busy);
        }
        self.secret.held.as_ref().ok_or(match self.secret.state {
            SecretState::HandedOver(_) => ServiceError::SecretHandedOver,
            SecretState::Lost(_) => ServiceError::SecretLost,
            _ => ServiceError::NoSecret,
        })
    }

    /// Tells a page something beside everything else.
    pub fn notify(&mut self, notice: impl Into<String>, now: OffsetDateTime) {
        self.notice = Some(notice.into());
        self.changed(now);
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

    /// Everything that a page shows, as JSON. It never holds a secret or a token.
    #[must_use]
    pub fn model(&self) -> Value {
        let (pages, page) = pages::pages(self);
        json!({
            "version": 1,
            "id": self.id,
            "revision": self.revision,
            "draftRevision": self.draft_revision,
            "lastSequence": self.log.last(),
            "changedAt": self.changed_at.format(&Rfc3339).unwrap_or_default(),
            "phase": self.phase,
            "job": self.job,
            "may": self.may(),
            "notice": self.notice,
            "signIn": self.sign_in,
            "settings": self.settings,
            "draft": self.draft,
            "needsSecret": self.draft.needs_secret(),
            "problem": self.problem,
            "secret": self.secret.state,
            "page": page,
            "pages": pages,
        })
    }

    /// What may follow now.
    #[must_use]
    pub fn may(&self) -> Vec<&'static str> {
        let mut may = Vec::new();
        if let Some(job) = self.job {
            may.push("cancel");
            if job.kind != JobKind::Apply {
                may.push("delete");
            }
            return may;
        }
        may.extend(["editDraft", "signIn", "delete"]);
        if self.sign_in.state == SignInState::SignedIn {
            may.push("signOut");
        }
        if self.draft.complete().is_ok() {
            may.extend(["preflight", "plan"]);
        }
        match self.phase {
            Phase::Planned => may.push("approve"),
            Phase::Approved => may.push("apply"),
            _ => {}
        }
        if let Some(held) = &self.secret.held {
            may.push("takeSecret");
            if held.outcome.is_some() {
                may.push("handOver");
            }
        }
        may
    }

    fn findings(&self) -> Vec<Finding> {
        let of_plan = self.plan.as_ref().map(|plan| plan.document.findings.as_slice());
        let of_problem = self.problem.as_ref().map(|problem| problem.findings.as_slice());
        let found = of_plan.or(of_problem.filter(|findings| !findings.is_empty()));
        found.unwrap_or(&self.preflight_findings).to_vec()
    }

    fn plan_shown(&self) -> Option<Value> {
        let plan = self.plan.as_ref()?;
        let review = plan.document.review();
        let changes = review.changes.iter().zip(&plan.document.changes).map(|(reviewed, change)| {
            let lines = reviewed
                .details
                .iter()
                .map(|line| json!({ "label": line.name, "value": line.value }));
            json!({
                "step": reviewed.step,
                "title": reviewed.title,
                "action": reviewed.action,
                "when": reviewed.when,
                "round": change.round,
                "lines": lines.collect::<Vec<_>>(),
            })
        });
        let changes: Vec<Value> = changes.collect();
        Some(
            json!({ "id": plan.id, "document": plan.document, "text": plan.document.to_string(), "changes": changes, "isEmpty": plan.document.is_empty() }),
        )
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

/// Whether the tenant has to be asked: an import or a reuse of both apps is a matter of the site alone.
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "the server asks"))]
pub(crate) const fn is_import_of(spec: &ConnectionSpec) -> bool {
    let has_server = matches!(spec.server_app(), ServerApp::Import(_) | ServerApp::Reuse(_));
    let has_client = matches!(spec.client_app(), ClientApp::Import(_) | ClientApp::Reuse(_));
    has_server && has_client
}

/// The first violations, and how many there are.
#[cfg_attr(not(feature = "server"), allow(dead_code, reason = "the server tells them"))]
pub(crate) fn first_violations(violations: &[Violation]) -> Value {
    json!({ "total": violations.len(), "violations": violations.iter().take(MOST_VIOLATIONS).collect::<Vec<_>>() })
}
