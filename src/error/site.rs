//! [`SiteError`], what can go wrong on the Configuration Manager side: the site refuses, is not reached, or
//! the caller cannot sign in to it.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use super::{Diagnostic, NotSupported, RequestTrace, TokenError};
use crate::text::excerpt;

/// Why a site refused, if that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SiteRefusalReason {
    /// The request is not signed in, or not in a way that the site accepts (401).
    NotSignedIn,
    /// The account is not an administrative user of the site, or its security roles do not suffice (403).
    RightsMissing,
    /// The class or the row is not there, or the role is not installed (404).
    NotFound,
    /// The SMS Provider itself said no, in its own words (500).
    ProviderFailed,
    /// Too many requests at once (429).
    Throttled,
    /// Something else; the message says what.
    Other,
}

impl SiteRefusalReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::NotSignedIn,
        Self::RightsMissing,
        Self::NotFound,
        Self::ProviderFailed,
        Self::Throttled,
        Self::Other,
    ];

    /// The code of an error with this reason.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotSignedIn => "siteNotSignedIn",
            Self::RightsMissing => "siteRightsMissing",
            Self::NotFound => "siteNotFound",
            Self::ProviderFailed => "siteProviderFailed",
            Self::Throttled => "siteThrottled",
            Self::Other => "siteRefused",
        }
    }
}

/// The site refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the site refused to {operation}: {message}")]
pub struct SiteRefused {
    operation: String,
    message: String,
    help: String,
    reason: SiteRefusalReason,
    trace: Option<Box<RequestTrace>>,
}

impl SiteRefused {
    /// Names the operation, as in "create the connection", with the site's own message and what to do about it.
    ///
    /// All three end on screens and in logs: they are cut after 2,000 characters, and control characters and
    /// bidirectional formatting characters become spaces.
    #[must_use]
    pub fn new(operation: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            operation: excerpt(&operation.into()),
            message: excerpt(&message.into()),
            help: excerpt(&help.into()),
            reason: SiteRefusalReason::Other,
            trace: None,
        }
    }

    /// The same with the reason.
    #[must_use]
    pub const fn because(mut self, reason: SiteRefusalReason) -> Self {
        self.reason = reason;
        self
    }

    /// The same with the request that was refused.
    #[must_use]
    pub fn with_trace(mut self, trace: RequestTrace) -> Self {
        self.trace = Some(Box::new(trace));
        self
    }

    /// Why, if that can be told.
    #[must_use]
    pub const fn reason(&self) -> SiteRefusalReason {
        self.reason
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

impl Diagnostic for SiteRefused {
    fn code(&self) -> &'static str {
        self.reason.code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.help.as_str().into()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        self.trace.as_deref()
    }

    fn is_retryable(&self) -> bool {
        self.reason == SiteRefusalReason::Throttled
    }
}

/// How a site, or the program that speaks to it, failed to give a usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SiteTrouble {
    /// It was not reached, or the connection broke before the answer was whole.
    NotReached,
    /// The server showed another certificate than the pinned one. Nothing was sent.
    CertificateNotPinned,
    /// The answer makes no sense as one of a site.
    UnusableAnswer,
}

/// The site, or the program that speaks to it, was not reached or gave an answer that cannot be used.
#[derive(Debug, Clone)]
pub struct SiteUnreachable {
    message: String,
    help: String,
    trouble: SiteTrouble,
    trace: Option<Box<RequestTrace>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl SiteUnreachable {
    /// Describes the failure in one sentence, with what to do about it. Texts are taken as those of a [`SiteRefused`] are.
    #[must_use]
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            message: excerpt(&message.into()),
            help: excerpt(&help.into()),
            trouble: SiteTrouble::NotReached,
            trace: None,
            source: None,
        }
    }

    /// The same with the kind of trouble.
    #[must_use]
    pub const fn of_kind(mut self, trouble: SiteTrouble) -> Self {
        self.trouble = trouble;
        self
    }

    /// The same with the request that failed.
    #[must_use]
    pub fn with_trace(mut self, trace: RequestTrace) -> Self {
        self.trace = Some(Box::new(trace));
        self
    }

    /// What kind of trouble it is.
    #[must_use]
    pub const fn trouble(&self) -> SiteTrouble {
        self.trouble
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

impl Diagnostic for SiteUnreachable {
    fn code(&self) -> &'static str {
        match self.trouble {
            SiteTrouble::NotReached => "siteNotReached",
            SiteTrouble::CertificateNotPinned => "siteCertificateNotPinned",
            SiteTrouble::UnusableAnswer => "siteUnusableAnswer",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        self.help.as_str().into()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        self.trace.as_deref()
    }

    fn is_retryable(&self) -> bool {
        self.trouble != SiteTrouble::CertificateNotPinned
    }
}

/// What can go wrong on the Configuration Manager side.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The site refused.
    #[error(transparent)]
    Refused(SiteRefused),
    /// The site was not reached.
    #[error(transparent)]
    Unreachable(SiteUnreachable),
    /// No token or ticket could be had to sign in to the site with.
    #[error("signing in to the site failed")]
    SignIn(#[source] TokenError),
    /// The implementation does not offer this.
    #[error(transparent)]
    NotSupported(NotSupported),
    /// The implementation only reads; another one writes.
    #[error("{reader} only reads, and cannot {operation}")]
    ReadOnly {
        /// The operation that was asked for.
        operation: &'static str,
        /// The implementation that was asked.
        reader: &'static str,
        /// What to do about it.
        help: &'static str,
    },
}

impl SiteError {
    /// The reason of a refusal; `None` if the site did not refuse.
    #[must_use]
    pub const fn refusal(&self) -> Option<SiteRefusalReason> {
        match self {
            Self::Refused(error) => Some(error.reason()),
            _ => None,
        }
    }

    /// Whether the site may have been changed although it did not answer, so that the caller must look before repeating.
    #[must_use]
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Unreachable(error) => error.trouble() != SiteTrouble::CertificateNotPinned,
            _ => false,
        }
    }
}

impl Diagnostic for SiteError {
    fn code(&self) -> &'static str {
        self.carried().map_or("siteReadOnly", Diagnostic::code)
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::ReadOnly { help, .. } => (*help).into(),
            other => other.carried().map(Diagnostic::help).unwrap_or_default(),
        }
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Unreachable(error) => Some(error),
            Self::SignIn(error) => Some(error),
            Self::NotSupported(error) => Some(error),
            Self::ReadOnly { .. } => None,
        }
    }
}

impl From<TokenError> for SiteError {
    fn from(error: TokenError) -> Self {
        Self::SignIn(error)
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
