//! `remove`: what a specification has made goes again.

use clap::Args;
use cmg_onboarding::{OnboardingError, connection::Verb};

use crate::{
    confirm::ask,
    ending::Ending,
    output::Output,
    place::{Access, PlaceArguments},
    saved_plan::PlanArguments,
    specification::SpecificationArguments,
};

/// Removes what the specification has made.
///
/// Shows what goes and what stays, and asks before anything is removed.
#[derive(Debug, Args)]
pub(crate) struct RemoveCommand {
    #[command(flatten)]
    specification: SpecificationArguments,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    plan: PlanArguments,
    /// State that no cloud management gateway uses the connection, for a site that cannot tell.
    #[arg(long, help_heading = "Removal")]
    no_gateway_uses_it: bool,
    /// State that no other site, person or program uses the apps.
    #[arg(long, help_heading = "Removal")]
    apps_unused: bool,
    /// Remove without asking. A saved plan that is carried out is not asked about, either.
    #[arg(long, help_heading = "Removal")]
    yes: bool,
}

impl RemoveCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self.plan.approved(Verb::Remove, "remove")?;
        let spec = self.specification.read(self.place.is_emulated())?;
        let place = self.place.open_set_up(&spec, Access::Write).await?;
        let builder = place
            .builder(spec)
            .state_no_gateway(self.no_gateway_uses_it)
            .state_apps_unused(self.apps_unused);
        let connection = builder.build().map_err(OnboardingError::from)?;
        let plan = match &approved {
            Some(approved) => connection.removal_from(approved, |_| ()).await?,
            None => connection.plan_removal(|_| ()).await?,
        };
        if self.plan.ends_at(&plan, "remove", output)? {
            return Ok(());
        }
        if !self.yes && approved.is_none() && !plan.is_empty() {
            ask(
                "Remove this for good? Type yes:",
                "--yes, or a saved plan by --plan",
                "Nothing was removed.",
                output,
            )?;
        }
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.removed(&outcome);
        Ok(())
    }
}
