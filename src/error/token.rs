//! [`TokenError`]: no token could be had, how getting one failed, and what the sign-in service said.
//!
//! [`TokenFailure`] decides what happens next: a chain of providers goes on to its next one only if this way
//! of signing in is closed. [`SignInRefusal`] keeps the codes of the sign-in service, for people and for a
//! support case, and not its free text.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Diagnostic, RequestTrace};
use crate::text::excerpt;

/// How getting a token failed.
///
/// # Troubleshooting
///
/// The error's `help()` says what to do; [`explain`](crate::token::explain) knows the sign-in service's own
/// codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFailure {
    /// The given token cannot be used: empty, or not the text of a token.
    Unusable,
    /// The given token is past its end and cannot be renewed.
    Expired,
    /// The caller's own provider failed; its error is the source.
    Provider,
    /// The tenant does not let any account, or this one, sign in this way: Conditional Access, security defaults, or a
    /// device that would have to be managed. Another way may be open.
    Blocked,
    /// This way of signing in cannot be used here: no browser on this machine, no desktop, nothing to sign in with.
    /// Another way may be open.
    NotAvailable,
    /// The person at the sign-in page said no: to signing in, or to the permissions that were asked for.
    Declined,
    /// The program that uses this crate ended the sign-in, or the person closed it.
    Cancelled,
    /// The person did not finish signing in before the code or the page ran out.
    TimedOut,
    /// The sign-in application lacks a permission in this tenant, and an administrator has to give consent first.
    ConsentMissing,
    /// The account is not in this tenant, the tenant does not exist, or it is in another cloud.
    WrongTenant,
    /// The account, the password, the secret or the certificate is wrong, expired, locked or disabled.
    BadCredentials,
    /// The sign-in service was not reached, or was in trouble for longer than was waited.
    Unreachable,
    /// The sign-in service answered with something that cannot be used.
    UnexpectedAnswer,
    /// The tenant is in the other cloud.
    WrongCloud,
    /// The time ran out, and the answers that came back to this machine belonged to another sign-in: their `state` was
    /// another one.
    WrongState,
    /// A second answer came back for one sign-in. One of the two is not from the sign-in page.
    SecondAnswer,
    /// The authorization code was not accepted: it was used before, has expired, or belongs to another sign-in.
    CodeRefused,
    /// The sign-in application is not known in this tenant, is disabled, or may not sign in this way.
    ApplicationRefused,
    /// The sign-in service refused for another reason; the error's text and `help()` say which.
    Refused,
}

impl TokenFailure {
    /// Whether only this way of signing in is closed, so that another one is worth trying with the same account.
    ///
    /// A wrong password or a missing consent stays wrong or missing on every other way, and a person who said no is
    /// not asked again.
    #[must_use]
    pub const fn concerns_this_provider_only(self) -> bool {
        matches!(self, Self::Blocked | Self::NotAvailable)
    }

    /// The code of an error that failed this way.
    const fn code(self) -> &'static str {
        match self {
            Self::Unusable => "tokenUnusable",
            Self::Expired => "tokenExpired",
            Self::Provider => "tokenProviderFailed",
            Self::Blocked => "signInBlocked",
            Self::NotAvailable => "signInNotAvailable",
            Self::Declined => "signInDeclined",
            Self::Cancelled => "signInCancelled",
            Self::TimedOut => "signInTimedOut",
            Self::ConsentMissing => "consentMissing",
            Self::WrongTenant => "wrongTenant",
            Self::BadCredentials => "badCredentials",
            Self::Unreachable => "signInUnreachable",
            Self::UnexpectedAnswer => "signInUnexpectedAnswer",
            Self::WrongCloud => "wrongCloud",
            Self::WrongState => "wrongState",
            Self::SecondAnswer => "secondAnswer",
            Self::CodeRefused => "codeRefused",
            Self::ApplicationRefused => "applicationRefused",
            Self::Refused => "signInRefused",
        }
    }
}

/// What the sign-in service said when it refused, for people and for a support case.
///
/// Source: *Microsoft Entra authentication and authorization error codes*. It never holds the service's free text, which
/// may repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct SignInRefusal {
    /// The OAuth `error`, as `invalid_grant`. What happens next follows from it.
    pub error: String,
    /// The numbers behind `AADSTS`, each once. They may change, so they only serve to explain.
    pub codes: Vec<u32>,
    /// What the first known code means, what to do about it, and who can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The id that finds this sign-in in the tenant's sign-in logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The id that Microsoft's support asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The service's own time, as it writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Claims that another sign-in must ask for, as JSON, if the service wants some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
}

impl fmt::Display for SignInRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.error)?;
        for code in &self.codes {
            write!(formatter, ", AADSTS{code}")?;
        }
        if let Some(id) = &self.correlation_id {
            write!(formatter, ", correlation id {id}")?;
        }
        if let Some(id) = &self.trace_id {
            write!(formatter, ", trace id {id}")?;
        }
        if let Some(timestamp) = &self.timestamp {
            write!(formatter, ", {timestamp}")?;
        }
        Ok(())
    }
}

/// A [`TokenProvider`](crate::TokenProvider) could not give a token. Cheap to clone, because many may wait
/// for one token.
///
/// ```
/// use cmg_onboarding::{Diagnostic, TokenError, error::TokenFailure};
///
/// // What a provider of the caller's own answers.
/// let error = TokenError::new(TokenFailure::Cancelled, "the person closed the window", "Sign in again.");
/// assert_eq!((error.code(), &*error.help()), ("signInCancelled", "Sign in again."));
/// ```
#[derive(Debug, Clone)]
pub struct TokenError {
    failure: TokenFailure,
    message: String,
    help: String,
    refusal: Option<Arc<SignInRefusal>>,
    trace: Option<Arc<RequestTrace>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    follows_lost_write: bool,
}

impl TokenError {
    /// Describes a failure in one sentence, with what to do about it. Both end on screens and in logs: they are cut after
    /// 2,000 characters, and control characters and bidirectional formatting characters become spaces.
    #[must_use]
    pub fn new(failure: TokenFailure, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            failure,
            message: excerpt(&message.into()),
            help: excerpt(&help.into()),
            refusal: None,
            trace: None,
            source: None,
            follows_lost_write: false,
        }
    }

    /// The failure of a caller's own provider.
    #[must_use]
    pub fn provider(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            TokenFailure::Provider,
            "the token provider failed",
            "See the source of this error: it comes from the program's own token provider.",
        )
        .with_source(source)
    }

    /// The same with a source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// The same with what the sign-in service said.
    #[must_use]
    pub fn with_refusal(mut self, refusal: SignInRefusal) -> Self {
        self.refusal = Some(Arc::new(refusal));
        self
    }

    /// The same with the request that brought no token.
    #[must_use]
    pub fn with_trace(mut self, trace: RequestTrace) -> Self {
        self.trace = Some(Arc::new(trace));
        self
    }

    /// The same for a token that was needed to repeat a write which may have been carried out.
    pub(crate) const fn after_lost_write(mut self) -> Self {
        self.follows_lost_write = true;
        self
    }

    /// Whether the token was needed to repeat a write which may have been carried out.
    pub(crate) const fn follows_lost_write(&self) -> bool {
        self.follows_lost_write
    }

    /// What the sign-in service said, if it refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&SignInRefusal> {
        self.refusal.as_deref()
    }

    /// How it failed.
    #[must_use]
    pub const fn failure(&self) -> TokenFailure {
        self.failure
    }
}

impl Diagnostic for TokenError {
    fn code(&self) -> &'static str {
        self.failure.code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.help.as_str().into()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        self.trace.as_deref()
    }

    fn is_retryable(&self) -> bool {
        matches!(self.failure, TokenFailure::Unreachable | TokenFailure::UnexpectedAnswer)
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Error for TokenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
