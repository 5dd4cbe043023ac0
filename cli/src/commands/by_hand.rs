//! `by-hand`: the same connection as steps for people.

use clap::Args;

use crate::{ending::Ending, output::Output, specification::SpecificationArguments};

/// Prints the same connection as steps in the portal and in the console.
///
/// Nothing is sent, and no sign-in is needed.
#[derive(Debug, Args)]
pub(crate) struct ByHandCommand {
    #[command(flatten)]
    specification: SpecificationArguments,
}

impl ByHandCommand {
    pub(crate) fn run(&self, output: Output) -> Result<(), Ending> {
        output.by_hand(&self.specification.read(false)?.by_hand());
        Ok(())
    }
}
