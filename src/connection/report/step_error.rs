//! Why a step of a run failed.

use std::{borrow::Cow, time::Duration};

use crate::{
    connection::{
        report::{
            blocked::Blocked,
            incomplete::IncompleteConnection,
            read_error::{CANCELLED, DEADLINE_EXCEEDED, LATE_HELP, ReadError},
            stale_plan::StalePlan,
            step::Step,
        },
        run::secret_sink::SecretSinkError,
    },
    error::{Diagnostic, DirectoryError, RefusalReason, SiteError, SiteRefusalReason},
    ids::{ApplicationId, TenantId},
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
    /// The directory is signed in to another tenant than the one that the plan was made for. Nothing was
    /// written.
    #[error("the plan is for tenant {planned}, and the directory is signed in to tenant {signed_in}")]
    OtherTenant {
        /// The tenant that the plan was made for.
        planned: TenantId,
        /// The tenant of the directory's token.
        signed_in: TenantId,
    },
    /// Tenant or site have changed since an old plan was made: it would do something else now. What its first round made
    /// stays, and the next run finds it.
    #[error(transparent)]
    Stale(StalePlan),
    /// Something has come to stand in the way since an old plan was made. What its first round made stays, and the next
    /// run finds it.
    #[error(transparent)]
    Blocked(Blocked),
    /// The caller's [`Cancel`](crate::connection::Cancel) ended the run.
    #[error("the caller cancelled the run")]
    Cancelled,
    /// The run did not end within the caller's deadline.
    #[error("the run did not end within {deadline:?}")]
    DeadlineExceeded {
        /// The deadline, from the start of the run.
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
    /// The directory added a secret and answered without its text, so that nothing can use it. The secret is
    /// removed.
    #[error("a secret was added to the app registration, and the directory's answer had no text of it")]
    SecretTextMissing,
    /// The plan imports the server app, and there is no secret or no App ID URI to import it with.
    #[error("the server app cannot be imported: it has no secret or no App ID URI")]
    NothingToImport,
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

impl From<ReadError> for StepError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Directory(error) => Self::Directory(error),
            ReadError::Site(error) => Self::Site(error),
            ReadError::Cancelled => Self::Cancelled,
            ReadError::DeadlineExceeded { deadline } => Self::DeadlineExceeded { deadline },
        }
    }
}

impl StepError {
    /// The reason of the directory's refusal, also of the last one of a wait; `None` if the directory did not
    /// refuse.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::Directory(error) => error.refusal(),
            _ => None,
        }
    }

    /// The reason of the site's refusal; `None` if the site did not refuse.
    #[must_use]
    pub const fn site_refusal(&self) -> Option<SiteRefusalReason> {
        match self {
            Self::Site(error) => error.refusal(),
            _ => None,
        }
    }

    /// Whether the write may have been carried out although the step failed. Running again looks first.
    #[must_use]
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Directory(error) => error.may_have_been_carried_out(),
            Self::Site(error) => error.may_have_been_carried_out(),
            Self::Cancelled | Self::DeadlineExceeded { .. } => true,
            _ => false,
        }
    }
}

impl Diagnostic for StepError {
    fn code(&self) -> &'static str {
        match self {
            Self::OtherTenant { .. } => "otherTenant",
            Self::Cancelled => CANCELLED,
            Self::DeadlineExceeded { .. } => DEADLINE_EXCEEDED,
            Self::ApplicationGone { .. } => "applicationGone",
            Self::ServicePrincipalMissing => "servicePrincipalMissing",
            Self::NotRegistered => "notRegistered",
            Self::NothingToImport => "nothingToImport",
            Self::SecretTextMissing => "secretTextMissing",
            other => other.carried().map_or("failed", Diagnostic::code),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::OtherTenant { .. } => "Sign in to the tenant of the plan, or make a new plan for this tenant.".into(),
            Self::Cancelled => "Nothing more is written. A used handle ends every later run: build the connection with a new one.".into(),
            Self::SecretTextMissing => "Repeat the run. If it persists, look for a proxy or gateway that changes answers of Microsoft Graph.".into(),
            Self::NotRegistered | Self::NothingToImport => "Make a new plan and run again.".into(),
            Self::DeadlineExceeded { .. } => LATE_HELP.into(),
            Self::ApplicationGone { .. } => {
                "Restore it if it was deleted by mistake (Entra admin center > App registrations > Deleted applications), or make a new plan."
                    .into()
            }
            Self::ServicePrincipalMissing => {
                "Make a new plan, which creates those of its own apps. If it persists, look for Microsoft Graph among the tenant's enterprise applications (Entra admin center > Enterprise applications)."
                    .into()
            }
            other => other.carried().map(Diagnostic::help).unwrap_or_default(),
        }
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::DeadlineExceeded { .. } | Self::SecretTextMissing => true,
            other => other.carried().is_some_and(Diagnostic::is_retryable),
        }
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Directory(error) => Some(error),
            Self::Site(error) => Some(error),
            Self::SecretSink(error) => Some(error),
            Self::Stale(error) => Some(error),
            Self::Blocked(error) => Some(error),
            Self::SiteMissing => Some(&IncompleteConnection::SiteMissing),
            Self::DirectoryMissing => Some(&IncompleteConnection::DirectoryMissing),
            _ => None,
        }
    }
}

/// One step of a run that failed, and why.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct StepFailure {
    /// Which step.
    pub step: Step,
    /// Why.
    pub error: StepError,
}

impl StepFailure {
    pub(crate) const fn new(step: Step, error: StepError) -> Self {
        Self { step, error }
    }
}
