//! `review`: the document for the board that reviews the change.

use std::path::PathBuf;

use clap::Args;

use crate::{ending::Ending, onboarding::OnboardingArguments, output::Output, saved_plan};

/// Prints the review document for the board that reviews the change.
///
/// Every object, every permission with its reason, what stays behind, the tenant checks that will flag it. Writes nothing.
#[derive(Debug, Args)]
pub(crate) struct ReviewCommand {
    #[command(flatten)]
    onboarding: OnboardingArguments,
    /// Of a saved plan, whatever it is for, without asking tenant or site.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["spec", "site", "register_only", "emulated"], help_heading = "Plan")]
    plan: Option<PathBuf>,
}

impl ReviewCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        if let Some(file) = &self.plan {
            let document = saved_plan::read_any(file)?;
            output.review(&document.review());
            return Ok(());
        }
        let spec = self.onboarding.read()?;
        let (connection, _place) = self.onboarding.connect(spec).await?;
        output.review(&connection.plan(|_| ()).await?.review());
        Ok(())
    }
}
