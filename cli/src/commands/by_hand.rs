//! `by-hand`: the same connection as steps for people.

use std::path::PathBuf;

use clap::Args;

use crate::{ending::Ending, output::Output, specification::SpecificationArguments};

/// Prints the same connection as steps in the portal and in the console.
///
/// Nothing is sent, and no sign-in is needed.
#[derive(Debug, Args)]
pub(crate) struct ByHandCommand {
    /// The specification, as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Specification")]
    spec: Option<PathBuf>,
}

impl ByHandCommand {
    pub(crate) fn run(&self, output: Output) -> Result<(), Ending> {
        let specification = SpecificationArguments { spec: self.spec.clone() };
        output.by_hand(&specification.read(false)?.by_hand());
        Ok(())
    }
}
