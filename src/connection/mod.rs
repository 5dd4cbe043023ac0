//! The job itself: preflight, plan, apply, and the way back.

mod apply;
mod builder;
mod cancel;
mod check_directory;
mod check_site;
mod consent;
mod decide;
mod decide_apps;
mod decide_site;
mod difference;
mod document;
mod emitter;
mod event;
mod failure;
mod finding;
mod found;
mod import;
mod many;
mod merge;
mod next_step;
mod own_secret;
mod plan;
mod preflight;
mod problem;
mod register;
mod registration;
mod report;
mod secret;
mod secret_sink;
mod sign_in_summary;
mod step;
mod step_error;
mod undo;
mod verify;
mod wait;
mod work;

use std::{sync::Arc, time::Duration};

pub use builder::AzureServicesConnectionBuilder;
pub use cancel::Cancel;
pub use difference::PropertyChange;
pub use document::{PlanDifference, PlanDocument, PlannedSite, StalePlan};
pub use event::{Event, EventKind, RunId, Verb};
pub use failure::{ApplyError, IncompleteConnection, LookError, OnboardingError, StepError, StepFailure};
pub use finding::{Finding, FindingCode, Severity};
pub use many::{ManyResult, onboard_many, onboard_stream};
pub use next_step::{NextStep, NextStepCode};
pub use plan::{Plan, PlannedAction, PlannedStep, When};
pub use preflight::{Blocked, Preflight};
pub use problem::{Problem, ProblemFailure, Written};
pub use report::{AppOutcome, ClientSettings, IssuedSecret, Outcome, Report, StepAction, StepReport};
pub use secret_sink::{NewSecret, SecretSink, SecretSinkError};
pub use sign_in_summary::SignInSummary;
pub use step::Step;
pub use undo::UndoReport;
pub use verify::{ImportVerifier, Verification};

use crate::{
    backoff::WaitPolicy,
    call::Call,
    clock::Clock,
    directory::{Directory, DirectoryHandle},
    error::Diagnostic,
    ids::TenantId,
    site::{Site, SiteHandle, SiteIdentity},
    spec::ConnectionSpec,
};
use cancel::Limits;
use check_directory::Rules;
use check_site::may_be_torn;
use emitter::{Emitter, Listener};
use found::{Found, look};
use work::SecretWish;

/// One Azure service connection of type Cloud Management, to be brought about.
///
/// It puts a [`ConnectionSpec`] together with a [`Directory`] and a [`Site`]. Either of these may be left out: an
/// Azure administrator registers without a site, a Configuration Manager administrator imports without a directory.
///
/// The three stages are [`preflight`](Self::preflight), [`plan`](Self::plan) and [`Plan::apply`], each usable by itself;
/// [`onboard`](Self::onboard) is all of them in a row. Every step is an *ensure*: it looks for what it is
/// about to make by a key that was chosen beforehand, makes it only when missing, and mends it when it differs. A run
/// that was cancelled, killed or cut off is repaired by running the same specification again.
///
/// # Pooling and cloning
///
/// A connection is a handle: cloning it is cheap, and there is no need to wrap it in an `Arc`. It spawns no task and
/// keeps nothing between calls; it may be used from any thread of a tokio runtime with its timer enabled.
#[derive(Debug, Clone)]
pub struct AzureServicesConnection {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    spec: ConnectionSpec,
    directory: Option<DirectoryHandle>,
    site: Option<SiteHandle>,
    expected_tenant: Option<TenantId>,
    policy_exempt: bool,
    wish: SecretWish,
    site_identity: Option<SiteIdentity>,
    sink: Option<Arc<dyn SecretSink>>,
    wait_policy: WaitPolicy,
    max_plan_age: Duration,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

impl AzureServicesConnection {
    /// Begins a connection for this specification.
    pub fn builder(spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnectionBuilder::new(spec)
    }

    /// What is to be brought about.
    #[must_use]
    pub fn spec(&self) -> &ConnectionSpec {
        &self.inner.spec
    }

    /// Asks, in as few rounds as possible, everything that can go wrong later. Writes nothing.
    ///
    /// On a tenant where nothing is registered yet this is one round of parallel requests. `events` hears what happens
    /// meanwhile, such as throttling.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read. What stands in the way is no error here but a finding.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn preflight(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Preflight, LookError> {
        let emitter = self.begin(Verb::Preflight, &events);
        let result = self.check(&emitter).await;
        end_of(&emitter, &result);
        result
    }

    /// Makes the plan: [`preflight`](Self::preflight), and then what will be written, step by step. The plan is bound to
    /// this connection; [`Plan::apply`] carries it out.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read, or something stands in the way.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.begin(Verb::Plan, &events);
        let result = self.make_plan(&emitter).await;
        end_of(&emitter, &result);
        result
    }

    /// Makes the plan and carries it out.
    ///
    /// # Errors
    ///
    /// Those of [`plan`](Self::plan) and [`Plan::apply`].
    ///
    /// # Cancel safety
    ///
    /// As [`Plan::apply`].
    pub async fn onboard(&self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        let emitter = self.begin(Verb::Onboard, &events);
        let result = match self.make_plan(&emitter).await {
            Ok(plan) => plan.carry_out(&emitter).await.map_err(OnboardingError::from),
            Err(error) => Err(error),
        };
        end_of_run(&emitter, &result);
        result
    }

    /// Makes a plan that does exactly what was approved: reads tenant and site again and compares.
    ///
    /// A person may approve a plan in one process, and a job carry it out in another one, a day later. The document is
    /// only compared and never executed, since the file that it comes from may be forged. The secret of an app to import
    /// is not in the document; this connection's specification brings it.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Stale`] with each difference, if the plan would do something else now. Time alone makes no plan
    /// stale. Else those of [`plan`](Self::plan).
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: nothing is written.
    pub async fn plan_from(&self, approved: &PlanDocument, events: impl Fn(&Event) + Send + Sync) -> Result<Plan, OnboardingError> {
        let emitter = self.begin(Verb::Plan, &events);
        let result = self.plan_as_approved(approved, &emitter).await;
        end_of(&emitter, &result);
        result
    }

    async fn plan_as_approved(&self, approved: &PlanDocument, emitter: &Emitter<'_>) -> Result<Plan, OnboardingError> {
        let plan = self.make_plan(emitter).await?;
        let differences = approved.differences(plan.document());
        if differences.is_empty() {
            Ok(plan)
        } else {
            Err(StalePlan::new(differences).into())
        }
    }

    async fn make_plan(&self, emitter: &Emitter<'_>) -> Result<Plan, OnboardingError> {
        Ok(self.check(emitter).await?.into_plan()?)
    }

    async fn check(&self, emitter: &Emitter<'_>) -> Result<Preflight, LookError> {
        let found = emitter.listening(self.look(emitter.call(None))).await?;
        Ok(Preflight::new(self, found))
    }

    fn begin<'a>(&'a self, verb: Verb, listener: Listener<'a>) -> Emitter<'a> {
        Emitter::begin(verb, listener, self.inner.clock.as_ref())
    }

    /// Removes what this specification has made: the connection, and both app registrations with their service
    /// principals and consents, for good, so that their unique names are free again.
    ///
    /// Apps that were imported or reused are not touched, and of an adopted app only the secrets go that this crate has
    /// made: what was mended on it, and its consents, stay and are in the report. Applications and tenants that the site knows stay there,
    /// because the product offers no cmdlet that removes them; the report says so.
    ///
    /// # Errors
    ///
    /// When tenant or site cannot be read. What cannot be removed is not an error but in the report.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await; undoing again goes on from there.
    pub async fn undo(&self, events: impl Fn(&Event) + Send + Sync) -> Result<UndoReport, LookError> {
        let emitter = self.begin(Verb::Remove, &events);
        let result = match emitter.listening(self.look(emitter.call(None))).await {
            Ok(found) => {
                let rules = self.rules();
                let undone = undo::undo(&rules, &found, self.directory(), self.site(), self.inner.wait_policy, &emitter);
                Ok(emitter.listening(undone).await)
            }
            Err(error) => Err(error),
        };
        end_of(&emitter, &result);
        result
    }

    async fn look(&self, call: Call) -> Result<Found, LookError> {
        let (spec, tenant) = (&self.inner.spec, self.inner.expected_tenant);
        let found = look(spec, self.directory(), self.site(), tenant, call.clone()).await?;
        // Reading a site can take seconds, in which another run of this specification may have come to its end.
        if !may_be_torn(spec, &found) {
            return Ok(found);
        }
        look(spec, self.directory(), self.site(), tenant, call).await
    }

    fn directory(&self) -> Option<&dyn Directory> {
        self.inner.directory.as_ref().map(DirectoryHandle::as_directory)
    }

    fn site(&self) -> Option<&dyn Site> {
        self.inner.site.as_ref().map(SiteHandle::as_site)
    }

    fn rules(&self) -> Rules<'_> {
        Rules {
            spec: &self.inner.spec,
            endpoints: self.directory().and_then(|directory| directory.endpoints()),
            expected_tenant: self.inner.expected_tenant,
            policy_exempt: self.inner.policy_exempt,
            site_identity: self.inner.site_identity.as_ref(),
            now: self.inner.clock.now(),
        }
    }
}

/// Tells how a run ended that changes nothing, or whose changes its result does not count.
fn end_of<T, E: Diagnostic>(emitter: &Emitter<'_>, result: &Result<T, E>) {
    emitter.end(match result {
        Ok(_) => EventKind::RunFinished { changed: false },
        Err(error) => EventKind::RunFailed {
            error: crate::error::chain(error),
            help: error.help().into_owned(),
        },
    });
}

/// Tells how a run ended that may have changed something.
fn end_of_run(emitter: &Emitter<'_>, result: &Result<Outcome, OnboardingError>) {
    match result {
        Ok(outcome) => emitter.end(EventKind::RunFinished { changed: outcome.changed }),
        Err(OnboardingError::Apply(error)) if matches!(error.error(), StepError::Cancelled) => emitter.end(EventKind::RunCancelled),
        Err(_) => end_of(emitter, result),
    }
}
