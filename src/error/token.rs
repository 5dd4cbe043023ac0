//! No token could be had.

use std::{error::Error, fmt, sync::Arc};

/// How getting a token failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFailure {
    /// The given token cannot be used: empty, or not the text of a token.
    Unusable,
    /// The given token is past its end and cannot be renewed.
    Expired,
    /// The caller's own provider failed; its error is the source.
    Provider,
}

/// A [`crate::TokenProvider`] could not give a token. Cheap to clone, because many may wait for one token.
#[derive(Debug, Clone)]
pub struct TokenError {
    failure: TokenFailure,
    message: String,
    help: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TokenError {
    /// Describes a failure in one sentence, with what to do about it.
    #[must_use]
    pub fn new(failure: TokenFailure, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
            help: help.into(),
            source: None,
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

    /// How it failed.
    #[must_use]
    pub const fn failure(&self) -> TokenFailure {
        self.failure
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
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
