//! How a command ends: its exit code, and what is shown if it did not do what it was asked for.

use cmg_onboarding::{Diagnostic, OnboardingError, connection::ReadError};

use crate::{bad_input::BadInput, interrupt::Cut, output::Output};

/// What was asked for is done.
pub(crate) const DONE: u8 = 0;
/// The command line, a file or a specification is wrong, or a person did not answer yes. Nothing was written.
pub(crate) const BAD_INPUT: u8 = 2;
/// Something stands in the way. Nothing was written.
pub(crate) const REFUSED: u8 = 3;
/// The run stopped half-way; the report says what exists.
pub(crate) const FAILED: u8 = 4;

/// Of the commands of monitoring: it is not known how well the connection is.
pub(crate) const UNKNOWN: u8 = 3;

/// For the help of every command but those of monitoring.
pub(crate) const EXIT_CODES: &str = "Exit codes: 0 done, 2 bad input, or an answer that was not yes (nothing was written), 3 refused beforehand (nothing was written; a stale \
plan, too), 4 failed half-way (what exists is shown; run the same command again)";

/// A run may be ended while it reads again what an old plan depends on, and so may a run after another one.
const CUT_WHILE_READING: &str = "Interrupted while tenant and site were being read, before this run had written anything.";

/// How a command ends before it is done.
#[derive(Debug)]
pub(crate) enum Ending {
    BadInput(String),
    /// Something stands in the way that the library's checks do not know of. Nothing was written.
    Refused(String),
    /// The run is over, and what it was to leave behind is not there.
    Failed(String),
    Onboarding(OnboardingError),
}

impl Ending {
    /// The same for a monitoring system, which reads the first line.
    pub(crate) fn show_unknown(&self, output: Output) -> u8 {
        output.unknown(&self.reason());
        UNKNOWN
    }

    /// Why the command ended, in one line.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::BadInput(message) | Self::Refused(message) | Self::Failed(message) => message.clone(),
            Self::Onboarding(OnboardingError::Read(ReadError::Cancelled)) => CUT_WHILE_READING.to_owned(),
            Self::Onboarding(error) => sentence(error),
        }
    }

    /// Shows why the command ended, and gives its exit code.
    pub(crate) fn show(&self, output: Output) -> u8 {
        match self {
            Self::BadInput(message) => {
                output.bad_input(message);
                BAD_INPUT
            }
            Self::Refused(message) => {
                output.refused(&[], message);
                REFUSED
            }
            Self::Failed(message) => {
                output.stopped(message);
                FAILED
            }
            Self::Onboarding(OnboardingError::Spec(invalid)) => {
                output.invalid(invalid);
                BAD_INPUT
            }
            Self::Onboarding(OnboardingError::Blocked(blocked)) => {
                output.refused(blocked.findings(), &blocked.to_string());
                REFUSED
            }
            Self::Onboarding(OnboardingError::Stale(stale)) => {
                output.stale(stale);
                REFUSED
            }
            Self::Onboarding(OnboardingError::Apply(error)) => {
                output.failed(error);
                FAILED
            }
            Self::Onboarding(OnboardingError::Read(ReadError::Cancelled)) => Self::Refused(CUT_WHILE_READING.to_owned()).show(output),
            Self::Onboarding(error @ OnboardingError::Read(_)) => {
                output.refused(&[], &sentence(error));
                REFUSED
            }
            Self::Onboarding(error) => {
                output.bad_input(&sentence(error));
                BAD_INPUT
            }
        }
    }
}

/// An error with its causes, and what to do about it.
pub(crate) fn sentence(error: &(impl Diagnostic + 'static)) -> String {
    format!("{}. {}", cmg_onboarding::error::chain(error), error.help())
}

impl From<BadInput> for Ending {
    fn from(error: BadInput) -> Self {
        Self::BadInput(error.0)
    }
}

impl From<Cut> for Ending {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Beforehand => Self::Refused("Interrupted before anything was carried out.".to_owned()),
            Cut::HalfWay => Self::Failed(
                "Interrupted while the plan was carried out, without a report of what exists. Run the same command again: it finds what \
                 was done and goes on from there."
                    .to_owned(),
            ),
        }
    }
}

impl From<OnboardingError> for Ending {
    fn from(error: OnboardingError) -> Self {
        Self::Onboarding(error)
    }
}

impl From<ReadError> for Ending {
    fn from(error: ReadError) -> Self {
        Self::Onboarding(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_an_interruption_ends_is_told_without_the_words_of_the_library() {
        let ending = Ending::from(ReadError::Cancelled);
        assert!(
            ending.reason().starts_with("Interrupted while tenant and site were being read"),
            "{}",
            ending.reason()
        );
        assert_eq!(ending.show(Output { json: false }), REFUSED);
    }
}
