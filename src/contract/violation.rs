//! [`ContractViolation`], what a check tells of a promise that is broken, and the [`Check`] that makes it.

use std::{borrow::Cow, error::Error, fmt::Debug, sync::Arc};

use crate::{error::Diagnostic, text::excerpt};

/// An implementation does not do what its trait promises.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{check}: expected {expected}, found {found}")]
#[non_exhaustive]
pub struct ContractViolation {
    /// The check that found it, as `a_missing_object_is_none`.
    pub check: &'static str,
    /// What the trait promises.
    pub expected: String,
    /// What the implementation did.
    pub found: String,
    #[source]
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Diagnostic for ContractViolation {
    fn code(&self) -> &'static str {
        "contractViolation"
    }

    fn help(&self) -> Cow<'_, str> {
        "Compare the operation with the documentation of its trait. If what was written shows later than half a minute, repeat the check."
            .into()
    }
}

/// One check, which knows its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check(pub(crate) &'static str);

impl Check {
    /// The promise is broken.
    pub(crate) fn broken(self, expected: impl Into<String>, found: impl Into<String>) -> ContractViolation {
        ContractViolation {
            check: self.0,
            expected: expected.into(),
            found: excerpt(&found.into()),
            source: None,
        }
    }

    /// The promise is broken unless this holds.
    pub(super) fn holds(self, is_kept: bool, expected: &str, found: impl Debug) -> Result<(), ContractViolation> {
        if is_kept {
            Ok(())
        } else {
            Err(self.broken(expected, format!("{found:?}")))
        }
    }

    /// An operation failed that must not.
    pub(super) fn failed<E: Error + Send + Sync + 'static>(self, operation: &str) -> impl FnOnce(E) -> ContractViolation {
        move |error| ContractViolation {
            source: Some(Arc::new(error)),
            ..self.broken(format!("{operation} to succeed"), "an error")
        }
    }
}
