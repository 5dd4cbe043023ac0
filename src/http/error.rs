//! A request that brought no usable answer.

use std::borrow::Cow;

use crate::{
    error::{Diagnostic, RequestTrace, TokenError, UnexpectedAnswer, Unreachable},
    text::excerpt,
};

/// A request that brought no usable answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No token could be had for the request.
    #[error(transparent)]
    Authorization(TokenError),
    /// No answer came.
    #[error(transparent)]
    Unreachable(Unreachable),
    /// The answer cannot be used.
    #[error(transparent)]
    Unexpected(UnexpectedAnswer),
    /// A redirect, which is never followed.
    #[error("the answer redirects to {} ({trace})", excerpt(to.as_deref().unwrap_or("another address")))]
    Redirected {
        /// The host it points to.
        to: Option<String>,
        /// Which request.
        trace: RequestTrace,
    },
}

impl Diagnostic for HttpError {
    fn code(&self) -> &'static str {
        self.carried().map_or("redirected", Diagnostic::code)
    }

    fn help(&self) -> Cow<'_, str> {
        let redirected =
            "Redirects are never followed, because a token would travel along: correct the endpoint, or the proxy that redirects.";
        self.carried().map_or_else(|| redirected.into(), Diagnostic::help)
    }

    fn trace(&self) -> Option<&RequestTrace> {
        match self {
            Self::Redirected { trace, .. } => Some(trace),
            other => other.carried().and_then(Diagnostic::trace),
        }
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Authorization(error) => Some(error),
            Self::Unreachable(error) => Some(error),
            Self::Unexpected(error) => Some(error),
            Self::Redirected { .. } => None,
        }
    }
}
