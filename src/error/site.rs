//! What can go wrong on the Configuration Manager side.

use std::{error::Error, fmt, sync::Arc};

use super::NotSupported;

/// The site answered no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the site refused to {operation}: {message}")]
pub struct SiteRefused {
    operation: String,
    message: String,
    help: String,
}

impl SiteRefused {
    /// Names the operation, as in "create the connection", with the site's own message and what to do about it.
    #[must_use]
    pub fn new(operation: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            message: message.into(),
            help: help.into(),
        }
    }

    /// What was refused.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The site's own message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// The site, or the program that speaks to it, was not reached or gave an answer that cannot be used.
#[derive(Debug, Clone)]
pub struct SiteUnreachable {
    message: String,
    help: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl SiteUnreachable {
    /// Describes the failure in one sentence, with what to do about it.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: help.into(),
            source: None,
        }
    }

    /// The same with a source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for SiteUnreachable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for SiteUnreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// What can go wrong on the Configuration Manager side.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The site answered no.
    #[error(transparent)]
    Refused(SiteRefused),
    /// The site was not reached.
    #[error(transparent)]
    Unreachable(SiteUnreachable),
    /// The implementation does not offer this.
    #[error(transparent)]
    NotSupported(NotSupported),
}

impl SiteError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &str {
        match self {
            Self::Refused(error) => &error.help,
            Self::Unreachable(error) => &error.help,
            Self::NotSupported(_) => "Use an implementation of Site that offers this operation.",
        }
    }
}

impl From<SiteRefused> for SiteError {
    fn from(error: SiteRefused) -> Self {
        Self::Refused(error)
    }
}

impl From<SiteUnreachable> for SiteError {
    fn from(error: SiteUnreachable) -> Self {
        Self::Unreachable(error)
    }
}

impl From<NotSupported> for SiteError {
    fn from(error: NotSupported) -> Self {
        Self::NotSupported(error)
    }
}
