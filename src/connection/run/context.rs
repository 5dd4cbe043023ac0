//! One run of a plan: its input, its state, and the events and reports of its steps.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use time::OffsetDateTime;

use crate::{
    call::Call,
    clock::Clock,
    connection::{
        handle::Inner,
        plan::{
            change::{Change, When},
            document::PlanDocument,
            own_secret::new_description,
        },
        read::snapshot::Snapshot,
        report::{
            emitter::Emitter,
            error::ApplyError,
            event::EventKind,
            finding::Finding,
            finding_place::choices_of,
            outcome::{IssuedSecret, Report, StepReport},
            step::{Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::wait::{Attempt, Origin},
    },
    directory::{Application, Directory},
    error::Diagnostic,
    ids::{KeyId, ServicePrincipalId},
    site::{Site, SiteConnection},
    spec::AppIdUri,
};

/// One run of a plan.
pub(crate) struct Run<'a> {
    pub(crate) document: &'a PlanDocument,
    /// What was there when the plan was made.
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) inner: &'a Inner,
    pub(crate) emitter: &'a Emitter<'a>,
    /// The description of the secrets that this run makes, and no other run.
    pub(crate) description: String,
    /// Whether the plan is old, and is looked at again beside its first round.
    looks_again: bool,
    state: Mutex<State>,
}

/// What a run has come to.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) report: Report,
    /// The steps that have begun.
    started: BTreeSet<Step>,
    /// Steps that turned out not to be needed.
    skipped: BTreeSet<Step>,
    /// What the run has found beside its steps.
    findings: Vec<Finding>,
    /// Every step that has failed.
    failures: Vec<StepFailure>,
    /// The app registrations that are there by now.
    pub(crate) server: Option<Application>,
    pub(crate) client: Option<Application>,
    pub(crate) server_origin: Origin,
    pub(crate) client_origin: Origin,
    pub(crate) server_principal: Option<ServicePrincipalId>,
    pub(crate) client_principal: Option<ServicePrincipalId>,
    /// The secret that this run has issued last.
    pub(crate) issued: Option<IssuedSecret>,
    /// The secret that has been tried out last.
    pub(crate) tried: Option<KeyId>,
    /// Whether the sign-in service has accepted that one.
    pub(crate) is_proven: bool,
    /// Whether a site that takes renewed secrets was not given the new one, because it was not accepted.
    pub(crate) is_kept_back: bool,
    /// Secrets that are certainly not in use: the plan found them unused, or this run issued them and never got their text.
    pub(crate) unused: Vec<KeyId>,
    /// Secrets for this site that are in use only if the site's item holds one of them.
    pub(crate) unused_unless_held: Vec<KeyId>,
    pub(crate) connection: Option<SiteConnection>,
    /// The App ID URI that was set by a step of its own.
    pub(crate) app_id_uri: Option<AppIdUri>,
    /// Whether a policy has refused the App ID URI, and the plan has another one.
    pub(crate) is_uri_refused: bool,
    /// When the plan was looked at again.
    pub(crate) read_at: Option<OffsetDateTime>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(inner: &'a Inner, document: &'a PlanDocument, snapshot: &'a Snapshot, emitter: &'a Emitter<'a>) -> Self {
        let site = document.site.as_ref().and_then(|site| site.identity.as_ref());
        Self {
            document,
            snapshot,
            inner,
            emitter,
            description: new_description(site),
            looks_again: false,
            state: Mutex::default(),
        }
    }

    /// The same for a plan that has grown old: it is looked at again beside its first round.
    pub(crate) const fn looking_again(mut self, looks_again: bool) -> Self {
        self.looks_again = looks_again;
        self
    }

    pub(crate) const fn looks_again(&self) -> bool {
        self.looks_again
    }

    pub(crate) fn directory(&self) -> Result<&'a dyn Directory, StepError> {
        self.inner.directory().ok_or(StepError::DirectoryMissing)
    }

    pub(crate) fn site(&self) -> Result<&'a dyn Site, StepError> {
        self.inner.site().ok_or(StepError::SiteMissing)
    }

    pub(crate) fn clock(&self) -> &'a dyn Clock {
        self.inner.clock.as_ref()
    }

    /// What the run has come to so far. It is not held across a request.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is planned for a step.
    pub(crate) fn planned(&self, step: Step) -> Option<&'a Change> {
        self.document.step(step)
    }

    /// A call whose events are told as those of a step.
    pub(crate) fn call(&self, step: Step) -> Call {
        self.emitter.call(step)
    }

    pub(crate) fn attempt(&self, step: Step, fresh: bool) -> Attempt<'_> {
        Attempt {
            step,
            fresh,
            policy: self.inner.wait_policy,
            emitter: self.emitter,
        }
    }

    /// Runs one step with its events, and writes its report.
    pub(crate) async fn step<W>(&self, step: Step, work: W) -> Result<(), StepFailure>
    where
        W: Future<Output = Result<StepReport, StepError>>,
    {
        self.start(step);
        match work.await {
            Ok(report) => {
                self.done(report);
                Ok(())
            }
            Err(error) => Err(self.failed(step, error)),
        }
    }

    /// Tells that a step begins, unless it has begun already.
    pub(crate) fn start(&self, step: Step) {
        if !self.state().started.insert(step) {
            return;
        }
        let (index, total, round) = self.place(step);
        self.emitter.emit(EventKind::StepStarted { step, index, total, round });
    }

    /// The place of a step in the plan, how many steps the plan has, and the step's round.
    fn place(&self, step: Step) -> (usize, usize, u8) {
        let changes = &self.document.changes;
        let position = changes.iter().position(|change| change.step == step);
        // A change that is made only after another one has a later round than its step usually has.
        let round = self.planned(step).map_or_else(|| step.round(), |change| change.round);
        (position.map_or(changes.len(), |position| position + 1), changes.len(), round)
    }

    /// Tells of a finished step and writes its report.
    pub(crate) fn done(&self, mut report: StepReport) {
        self.start(report.step);
        report.requests = self.emitter.writes_of(report.step);
        let (index, total, round) = self.place(report.step);
        self.emitter.emit(EventKind::StepDone {
            step: report.step,
            index,
            total,
            round,
            action: report.action,
            object: report.ids.values().next().cloned(),
        });
        self.state().report.push(report);
    }

    /// Tells that a step was not needed, if it is in the plan.
    pub(crate) fn skip(&self, step: Step) {
        if self.planned(step).is_some() {
            self.start(step);
            self.state().skipped.insert(step);
            let (index, total, round) = self.place(step);
            self.emitter.emit(EventKind::StepSkipped { step, index, total, round });
        }
    }

    /// Tells of a failed step and writes its report.
    pub(crate) fn failed(&self, step: Step, error: StepError) -> StepFailure {
        self.start(step);
        let text = crate::error::chain(&error);
        let (index, total, round) = self.place(step);
        self.emitter.emit(EventKind::StepFailed {
            step,
            index,
            total,
            round,
            error: text.clone(),
            help: error.help().into_owned(),
            trace: error.trace().cloned(),
        });
        let mut report = StepReport::new(step, StepAction::Failed).with_note(text);
        report.requests = self.emitter.writes_of(step);
        // A secret that was issued stays, although its step failed after that.
        if let Some(issued) = self.issued().filter(|_| step == Step::IssueSecret) {
            report = report.with_id("keyId", issued.key_id);
        }
        self.state().report.push(report);
        let failure = StepFailure::new(step, error);
        self.state().failures.push(failure.clone());
        failure
    }

    /// Adds a finding to the outcome.
    pub(crate) fn find(&self, finding: Finding) {
        let placed = finding.placed(choices_of(&self.inner.spec));
        self.state().findings.push(placed);
    }

    /// What the plan and the run have found.
    pub(crate) fn all_findings(&self) -> Vec<Finding> {
        let of_plan = self.document.findings.iter().cloned();
        of_plan.chain(self.state().findings.iter().cloned()).collect()
    }

    /// Every step that has failed so far.
    pub(crate) fn failures(&self) -> Vec<StepFailure> {
        self.state().failures.clone()
    }

    /// The App ID URI that the server app has by now.
    pub(crate) fn app_id_uri(&self) -> Option<AppIdUri> {
        let of_run = self.state().app_id_uri.clone();
        of_run.or_else(|| self.document.app_id_uri.clone())
    }

    /// The secret that was issued last, with its text.
    pub(crate) fn issued(&self) -> Option<IssuedSecret> {
        self.state().issued.clone()
    }

    /// The report of everything that was done, in the order of the job.
    pub(crate) fn finished_report(&self) -> Report {
        let mut report = std::mem::take(&mut self.state().report);
        report.sort();
        report
    }

    /// The error of a run that has stopped at these steps.
    pub(crate) fn stopped(&self, failed: StepFailure) -> ApplyError {
        let report = self.finished_report();
        self.error(failed, report)
    }

    fn error(&self, first: StepFailure, report: Report) -> ApplyError {
        let failures = std::mem::take(&mut self.state().failures);
        let tenant = self.document.tenant_id;
        ApplyError::new(tenant, first, failures, report, self.all_findings(), self.issued())
    }

    /// The error of a run that was ended from outside. Each step that has begun and not ended fails with it: its requests are
    /// in the report, and what became of the last one is not known. If no step is open, it is named that comes next, or the last
    /// one, after which the new secret is tried out.
    pub(crate) fn ended_early(&self, why: &StepError) -> ApplyError {
        let (open, next) = {
            let state = self.state();
            let has_ended = |step: Step| state.skipped.contains(&step) || state.report.step(step).is_some();
            let open: Vec<Step> = state.started.iter().copied().filter(|step| !has_ended(*step)).collect();
            let mut changes = self.document.changes.iter();
            let last = changes.clone().rfind(|change| state.report.step(change.step).is_some());
            let next = changes.find(|change| change.when == When::Always && !has_ended(change.step));
            (open, next.or(last).map_or(Step::RegisterServerApp, |change| change.step))
        };
        let failed: Vec<StepFailure> = open.into_iter().map(|step| self.failed(step, why.clone())).collect();
        let first = failed.into_iter().next();
        self.stopped(first.unwrap_or_else(|| StepFailure::new(next, why.clone())))
    }
}
