//! The errors of reading, planning and running, with everything that is known about a run that stopped
//! half-way.

use std::borrow::Cow;

use crate::{
    connection::report::{
        blocked::Blocked,
        finding::Finding,
        incomplete::IncompleteConnection,
        outcome::{IssuedSecret, Report, StepReport},
        read_error::ReadError,
        stale_plan::StalePlan,
        step::{Step, StepAction},
        step_error::{StepError, StepFailure},
        written::Written,
    },
    error::{Diagnostic, RefusalReason, RequestTrace, SiteRefusalReason},
    ids::TenantId,
    spec::InvalidSpec,
};

/// The run stopped half-way. The report says what exists; running the same specification again goes on from
/// there.
///
/// ```
/// use cmg_onboarding::{Diagnostic, OnboardingError, connection::Written, error::chain};
///
/// fn show(error: &OnboardingError) {
///     if let OnboardingError::Apply(stopped) = error {
///         print!("{}", stopped.report());
///         for failure in stopped.failures() {
///             println!("{}: {}. {}", failure.step, chain(&failure.error), failure.error.help());
///         }
///         if stopped.effect() == Written::Unknown {
///             println!("What became of the last request is not known: run again, which looks first.");
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[error("the run stopped at the step \"{step}\"")]
pub struct ApplyError {
    step: Step,
    #[source]
    error: Box<StepError>,
    failures: Vec<StepFailure>,
    tenant: TenantId,
    report: Box<Report>,
    findings: Vec<Finding>,
    secret: Option<Box<IssuedSecret>>,
}

impl ApplyError {
    /// The run stopped at `first`; `failures` are all that the run has met, with or without the first one.
    pub(crate) fn new(
        tenant: TenantId,
        first: StepFailure,
        mut failures: Vec<StepFailure>,
        report: Report,
        findings: Vec<Finding>,
        secret: Option<IssuedSecret>,
    ) -> Self {
        let (step, error) = (first.step, Box::new(first.error.clone()));
        failures.retain(|failure| failure.step != step);
        failures.sort_by_key(|failure| failure.step);
        failures.insert(0, first);
        Self {
            step,
            error,
            failures,
            tenant,
            report: Box::new(report),
            findings,
            secret: secret.map(Box::new),
        }
    }

    /// The first step that failed. Others of the same round may have failed, too: see
    /// [`failures`](Self::failures).
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// Why the first step failed.
    #[must_use]
    pub fn error(&self) -> &StepError {
        &self.error
    }

    /// Every step that failed, this one first: the steps of a round run side by side, and all of them finish. If a
    /// [`Cancel`](crate::connection::Cancel) or the deadline ended the run, the steps that were under way are here; if none
    /// was, the one that comes next, which is not in the report, or the last one.
    #[must_use]
    pub fn failures(&self) -> &[StepFailure] {
        &self.failures
    }

    /// The tenant that the run wrote to.
    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.tenant
    }

    /// What the run did before it stopped, and what the other steps of the same round did.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Everything that was found on the way: by the checks before the run, and by the run itself.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The secret that this run has issued, if it had issued one by then. Without a site it is the only copy.
    #[must_use]
    pub fn secret(&self) -> Option<&IssuedSecret> {
        self.secret.as_deref()
    }

    /// Whether the run has changed tenant or site.
    #[must_use]
    pub fn effect(&self) -> Written {
        // A run that was ended between two steps names one that has not begun, or the last one, which is done.
        let has_failed = |step| self.report.step(step).is_some_and(|report| report.action == StepAction::Failed);
        let is_open = |failure: &StepFailure| failure.error.may_have_been_carried_out() && has_failed(failure.step);
        if self.failures.iter().any(is_open) {
            return Written::Unknown;
        }
        let was_answered = |status: Option<u16>| status.is_some_and(|status| status < 400);
        let has_written = |report: &StepReport| {
            let is_done = report.action.is_change() && report.action != StepAction::Failed;
            // A step that failed has the ids of what it has made all the same.
            is_done || !report.ids.is_empty() || report.requests.iter().any(|request| was_answered(request.status))
        };
        if self.report.steps().iter().any(has_written) {
            Written::Partial
        } else {
            Written::Nothing
        }
    }
}

impl Diagnostic for ApplyError {
    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn help(&self) -> Cow<'_, str> {
        let left = match self.report.steps() {
            [] => "Nothing was written.",
            _ => "What the report lists stays: the next run finds and keeps it.",
        };
        format!("{} {left}", self.error.help()).into()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        self.error.trace()
    }

    /// Whether every step that failed may succeed if the run is repeated.
    fn is_retryable(&self) -> bool {
        self.failures.iter().all(|failure| failure.error.is_retryable())
    }
}

/// Everything that can end an onboarding, for callers who run it as a whole.
///
/// ```
/// use cmg_onboarding::{Diagnostic, OnboardingError};
///
/// fn tell(error: &OnboardingError) -> String {
///     let again = if error.is_retryable() { "Repeating may help." } else { "" };
///     format!("{}. {} {again}", cmg_onboarding::error::chain(error), error.help())
/// }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OnboardingError {
    /// The specification is not valid. Nothing was sent.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The connection was put together without what it needs. Nothing was sent.
    #[error(transparent)]
    Incomplete(#[from] IncompleteConnection),
    /// Tenant or site could not be read, or the caller's `Cancel` or deadline ended the reading. Nothing was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Something stands in the way. Nothing was written.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The plan would do something else now. Nothing was written.
    #[error(transparent)]
    Stale(#[from] StalePlan),
    /// The run stopped half-way.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl OnboardingError {
    /// The reason of the directory's refusal, however deep it lies; `None` if the directory did not refuse.
    ///
    /// ```
    /// use cmg_onboarding::{OnboardingError, error::RefusalReason};
    ///
    /// fn is_policy(error: &OnboardingError) -> bool {
    ///     matches!(error.refusal(), Some(RefusalReason::SecretsForbidden | RefusalReason::UriBlockedByPolicy))
    /// }
    /// ```
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::Read(error) => error.refusal(),
            Self::Apply(error) => error.error().refusal(),
            _ => None,
        }
    }

    /// The reason of the site's refusal, however deep it lies; `None` if the site did not refuse.
    #[must_use]
    pub fn site_refusal(&self) -> Option<SiteRefusalReason> {
        match self {
            Self::Read(error) => error.site_refusal(),
            Self::Apply(error) => error.error().site_refusal(),
            _ => None,
        }
    }

    /// Every step that failed, the first one first; none if no plan was being carried out.
    #[must_use]
    pub fn failures(&self) -> &[StepFailure] {
        match self {
            Self::Apply(error) => error.failures(),
            _ => &[],
        }
    }

    /// Whether tenant or site were changed.
    #[must_use]
    pub fn effect(&self) -> Written {
        match self {
            Self::Apply(error) => error.effect(),
            _ => Written::Nothing,
        }
    }

    /// What was done before the run stopped; `None` if no plan was being carried out.
    #[must_use]
    pub const fn report(&self) -> Option<&Report> {
        match self {
            Self::Apply(error) => Some(error.report()),
            _ => None,
        }
    }

    /// The secret that the run has issued, if it had issued one by then. Without a site and without a sink it
    /// is the only copy.
    #[must_use]
    pub fn secret(&self) -> Option<&IssuedSecret> {
        match self {
            Self::Apply(error) => error.secret(),
            _ => None,
        }
    }

    /// Everything that was found before it ended.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Blocked(blocked) => blocked.findings(),
            Self::Apply(error) => error.findings(),
            _ => &[],
        }
    }
}

impl OnboardingError {
    fn diagnostic(&self) -> &dyn Diagnostic {
        match self {
            Self::Spec(error) => error,
            Self::Incomplete(error) => error,
            Self::Read(error) => error,
            Self::Blocked(error) => error,
            Self::Stale(error) => error,
            Self::Apply(error) => error,
        }
    }
}

impl Diagnostic for OnboardingError {
    fn code(&self) -> &'static str {
        self.diagnostic().code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.diagnostic().help()
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        Some(self.diagnostic())
    }
}
