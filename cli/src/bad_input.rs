//! What is wrong with the command line, or with a file that it names.

use std::{fmt::Display, path::Path};

use cmg_onboarding::Diagnostic;

/// One or more sentences for the person who typed the command.
#[derive(Debug)]
pub(crate) struct BadInput(pub(crate) String);

impl BadInput {
    /// An error that says what to do about it.
    pub(crate) fn of(error: &impl Diagnostic) -> Self {
        Self(format!("{error}. {}", error.help()))
    }

    pub(crate) fn unreadable(file: &Path, error: &impl Display) -> Self {
        Self(format!("{} cannot be read: {error}", file.display()))
    }

    pub(crate) fn unwritable(file: &Path, error: &impl Display) -> Self {
        Self(format!("{} cannot be written to: {error}", file.display()))
    }
}
