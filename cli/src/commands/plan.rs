//! `plan`: what would be done.

use std::path::PathBuf;

use clap::Args;
use cmg_onboarding::OnboardingError;

use crate::{ending::Ending, onboarding::OnboardingArguments, output::Output, saved_plan};

/// Shows what would be done, and what stands in the way.
///
/// Reads tenant and site, checks beforehand everything that can go wrong later, and shows every change. Writes nothing.
#[derive(Debug, Args)]
pub(crate) struct PlanCommand {
    #[command(flatten)]
    onboarding: OnboardingArguments,
    /// Write the plan into this file as JSON, without any secret, to be approved and carried out by `apply --plan FILE`.
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    save: Option<PathBuf>,
}

impl PlanCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        self.save.as_deref().map_or(Ok(()), saved_plan::refuse_other)?;
        let spec = self.onboarding.read()?;
        output.specification(&spec);
        let (connection, _place) = self.onboarding.connect(spec).await?;
        let preflight = connection.preflight(|_| ()).await?;
        output.preflight(connection.spec(), &preflight);
        let plan = preflight.into_plan().map_err(OnboardingError::from)?;
        output.plan(&plan);
        match &self.save {
            Some(file) => saved_plan::save(file, &plan, "apply", output)?,
            None if plan.is_empty() => {}
            None => output.next("Nothing was written. To carry it out: `cmg-onboard apply` with the same flags."),
        }
        Ok(())
    }
}
