//! The specification that a command is for.

use std::path::PathBuf;

use clap::Args;
use cmg_onboarding::{ConnectionSpec, OnboardingError};

use crate::{bad_input::BadInput, ending::Ending, files};

/// The specification of the demonstration, and of every command with --emulated that is given none.
const EXAMPLE: &str = include_str!("example.json");

/// The flag for the specification.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Specification")]
pub(crate) struct SpecificationArguments {
    /// The specification, as JSON. With --emulated a small example takes its place.
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
}

/// The specification of the demonstration.
pub(crate) fn example() -> Result<ConnectionSpec, Ending> {
    Ok(EXAMPLE.parse().map_err(OnboardingError::Spec)?)
}

impl SpecificationArguments {
    /// The specification, valid as a whole.
    pub(crate) fn read(&self, is_emulated: bool) -> Result<ConnectionSpec, Ending> {
        let Some(path) = &self.spec else {
            return match is_emulated {
                true => example(),
                false => Err(BadInput("Name the file with the specification by --spec.".to_owned()).into()),
            };
        };
        let text = files::read_text(path)?;
        Ok(text.parse().map_err(OnboardingError::Spec)?)
    }
}
