//! Why tenant or site could not be read.

use std::{borrow::Cow, time::Duration};

use crate::error::{Diagnostic, DirectoryError, RefusalReason, SiteError, SiteRefusalReason};

/// The code of the error of a run that the caller has cancelled, reading or writing.
pub(crate) const CANCELLED: &str = "cancelled";

/// The code of the error of a run that was not done in time, and what to do about it.
pub(crate) const DEADLINE_EXCEEDED: &str = "deadlineExceeded";
pub(crate) const LATE_HELP: &str = "Give the run more time, or find out what was slow from its events.";

/// Why reading tenant or site failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The directory could not be read.
    #[error("the Entra tenant could not be read")]
    Directory(#[source] DirectoryError),
    /// The site could not be read.
    #[error("the site could not be read")]
    Site(#[source] SiteError),
    /// The caller's [`Cancel`](crate::connection::Cancel) ended the reading.
    #[error("the caller cancelled the reading")]
    Cancelled,
    /// The reading did not end within the caller's deadline.
    #[error("tenant and site were not read within {deadline:?}")]
    DeadlineExceeded {
        /// The deadline, from the start of the run.
        deadline: Duration,
    },
}

impl ReadError {
    /// The reason of the directory's refusal; `None` if the directory did not refuse.
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
}

impl Diagnostic for ReadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Directory(error) => error.code(),
            Self::Site(error) => error.code(),
            Self::Cancelled => CANCELLED,
            Self::DeadlineExceeded { .. } => DEADLINE_EXCEEDED,
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::Directory(error) => error.help(),
            Self::Site(error) => error.help(),
            Self::Cancelled => "Nothing was written. A used handle ends every later run: build the connection with a new one.".into(),
            Self::DeadlineExceeded { .. } => LATE_HELP.into(),
        }
    }

    fn is_retryable(&self) -> bool {
        match self {
            Self::DeadlineExceeded { .. } => true,
            other => other.carried().is_some_and(Diagnostic::is_retryable),
        }
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Directory(error) => Some(error),
            Self::Site(error) => Some(error),
            Self::Cancelled | Self::DeadlineExceeded { .. } => None,
        }
    }
}
