//! A run that stopped half-way, and everything that is known about it.

use std::time::Duration;

use crate::connection::{
    report::blocked::Blocked,
    report::finding::Finding,
    report::outcome::{IssuedSecret, Report},
    report::stale_plan::StalePlan,
    report::step::Step,
    run::secret_sink::SecretSinkError,
};
use crate::{
    error::{DirectoryError, RequestTrace, SiteError},
    ids::{ApplicationId, TenantId},
    spec::InvalidSpec,
};

/// Why a step failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// On the Entra side.
    #[error(transparent)]
    Directory(DirectoryError),
    /// On the site side.
    #[error(transparent)]
    Site(SiteError),
    /// The caller's sink did not store the secret that was issued.
    #[error(transparent)]
    SecretSink(SecretSinkError),
    /// The directory is signed in to another tenant than the one that the plan was made for. Nothing was written.
    #[error("the plan is for tenant {planned}, and the directory is signed in to tenant {signed_in}")]
    OtherTenant {
        /// The tenant that the plan was made for.
        planned: TenantId,
        /// The tenant of the directory's token.
        signed_in: TenantId,
    },
    /// The caller's [`Cancel`](crate::connection::Cancel) ended the run.
    #[error("the caller cancelled the run")]
    Cancelled,
    /// The run did not end within the caller's deadline.
    #[error("the run did not end within {deadline:?}")]
    DeadlineExceeded {
        /// The deadline, from the begin of the run.
        deadline: Duration,
    },
    /// The plan changes this app registration, and it is not there any more.
    #[error("the app registration {application_id} was there when the plan was made, and is gone")]
    ApplicationGone {
        /// The app's client id.
        application_id: ApplicationId,
    },
    /// An app, or Microsoft Graph itself, has no service principal in the tenant, so no consent can be given.
    #[error("one side of the consent has no service principal in the tenant")]
    ServicePrincipalMissing,
    /// The step works on an app registration that no step before it has made.
    #[error("the app that the step works on is not registered")]
    NotRegistered,
    /// The plan writes to a site, and its connection has none.
    #[error("the step writes to a site, and the connection has none")]
    SiteMissing,
    /// The plan writes to a directory, and its connection has none.
    #[error("the step writes to a directory, and the connection has none")]
    DirectoryMissing,
}

impl From<DirectoryError> for StepError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

impl StepError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Directory(error) => error.help(),
            Self::Site(error) => error.help().to_owned(),
            Self::SecretSink(error) => error.help().to_owned(),
            Self::OtherTenant { .. } => "Sign in to the tenant of the plan, or make a new plan for this tenant.".to_owned(),
            Self::Cancelled => "Nothing more is written.".to_owned(),
            Self::DeadlineExceeded { .. } => "Give the run more time, or find out what was slow from its events.".to_owned(),
            Self::ApplicationGone { .. } => {
                "Restore it if it was deleted by mistake (Entra admin center > App registrations > Deleted applications), or make a new plan."
                    .to_owned()
            }
            Self::ServicePrincipalMissing => {
                "Make a new plan, which creates those of its own apps. If it persists, look for Microsoft Graph among the tenant's enterprise applications (Entra admin center > Enterprise applications)."
                    .to_owned()
            }
            Self::NotRegistered => "Make a new plan and run again.".to_owned(),
            Self::SiteMissing => IncompleteConnection::SiteMissing.help().to_owned(),
            Self::DirectoryMissing => IncompleteConnection::DirectoryMissing.help().to_owned(),
        }
    }

    /// Which request it was, where it was one.
    #[must_use]
    pub fn trace(&self) -> Option<&RequestTrace> {
        match self {
            Self::Directory(error) => error.trace(),
            _ => None,
        }
    }
}

/// The run stopped half-way. The report says what exists; running the same specification again goes on from there.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the run stopped at the step \"{step}\"")]
pub struct ApplyError {
    step: Step,
    #[source]
    error: Box<StepError>,
    report: Report,
    findings: Vec<Finding>,
    secret: Option<Box<IssuedSecret>>,
}

impl ApplyError {
    pub(crate) fn new(step: Step, error: StepError, report: Report, findings: Vec<Finding>, secret: Option<IssuedSecret>) -> Self {
        Self {
            step,
            error: Box::new(error),
            report,
            findings,
            secret: secret.map(Box::new),
        }
    }

    /// The first step that failed. Others of the same round may have failed, too: see the report.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// Why.
    #[must_use]
    pub fn error(&self) -> &StepError {
        &self.error
    }

    /// What was done before and beside it.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Everything that was found on the way: by the checks before the run, and by the run itself.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The secret that this run has made, if it had made one by then. Without a site it is the only copy.
    #[must_use]
    pub fn secret(&self) -> Option<&IssuedSecret> {
        self.secret.as_deref()
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        format!(
            "{} Then run the same again: what the report lists is found and kept.",
            self.error.help()
        )
    }
}

/// Why looking failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The directory could not be read.
    #[error("the Entra tenant could not be read")]
    Directory(#[source] DirectoryError),
    /// The site could not be read.
    #[error("the site could not be read")]
    Site(#[source] SiteError),
}

impl LookError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Directory(error) => error.help(),
            Self::Site(error) => error.help().to_owned(),
        }
    }
}

/// Everything that can end an onboarding, for callers who run it as a whole.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum OnboardingError {
    /// The specification is not valid. Nothing was sent.
    #[error(transparent)]
    Spec(#[from] InvalidSpec),
    /// The connection was put together without what it needs. Nothing was sent.
    #[error(transparent)]
    Incomplete(#[from] IncompleteConnection),
    /// Tenant or site could not be read. Nothing was written.
    #[error(transparent)]
    Look(#[from] LookError),
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
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Spec(error) => error.help(),
            Self::Incomplete(error) => error.help().to_owned(),
            Self::Look(error) => error.help(),
            Self::Blocked(error) => error.help(),
            Self::Stale(error) => error.help().to_owned(),
            Self::Apply(error) => error.help(),
        }
    }

    /// What was done before the run stopped; `None` if nothing was written.
    #[must_use]
    pub const fn report(&self) -> Option<&Report> {
        match self {
            Self::Apply(error) => Some(error.report()),
            _ => None,
        }
    }

    /// The secret that the run has issued, if it had issued one by then. Without a site and without a sink it is the only
    /// copy.
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

/// The connection was put together without what its specification needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IncompleteConnection {
    /// An app is to be created, and there is no directory.
    #[error("the specification creates an app, and no directory was given")]
    DirectoryMissing,
    /// An app is to be reused, and there is no site that could know it.
    #[error("the specification reuses an app of a site, and no site was given")]
    SiteMissing,
    /// Nothing is to be created, and there is no site.
    #[error("the specification only imports, and no site was given")]
    NothingToDo,
}

impl IncompleteConnection {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::DirectoryMissing => "Give a directory to the builder, or import the apps' values instead of creating the apps.",
            Self::SiteMissing => "Give a site to the builder, or create or import the apps.",
            Self::NothingToDo => "Give a site to the builder to import into.",
        }
    }
}
