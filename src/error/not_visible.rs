//! [`NotVisible`]: the directory answers, and its answer does not show what must be there.

use std::borrow::Cow;

use super::Diagnostic;
use crate::text::excerpt;

/// The directory was read, and its answer does not show yet what was just written. It did not refuse anything.
///
/// Waiting can help: see [`DirectoryError::may_be_replication`](super::DirectoryError::may_be_replication).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory does not show {what} yet")]
pub struct NotVisible {
    what: String,
}

impl NotVisible {
    /// Names what is missing, as in "the app registration" with its id.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: excerpt(&what.into()),
        }
    }

    /// What is missing.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl Diagnostic for NotVisible {
    fn code(&self) -> &'static str {
        "notVisible"
    }

    fn help(&self) -> Cow<'_, str> {
        "The directory takes a while to show a change everywhere: repeat the run in a minute.".into()
    }

    fn is_retryable(&self) -> bool {
        true
    }
}
