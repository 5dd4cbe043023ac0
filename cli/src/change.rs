//! What the commands that change a connection have in common: which connection, where, and by which plan.

use clap::Args;
use cmg_onboarding::{AzureServicesConnection, ConnectionSpec, OnboardingError, Plan, connection::PlanDocument};

use crate::{
    commands::apply::preflight,
    completion::SecretFate,
    ending::Ending,
    output::Output,
    place::{Place, PlaceArguments},
    saved_plan::PlanArguments,
    subject::SubjectArguments,
};

/// The flags of every command that changes a connection that is there.
#[derive(Debug, Default, Args)]
pub(crate) struct ChangeArguments {
    #[command(flatten)]
    pub(crate) subject: SubjectArguments,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
}

/// What a command calls itself, and the page on which it ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Title {
    pub(crate) command: &'static str,
    pub(crate) page: &'static str,
}

impl ChangeArguments {
    /// Changes what the specification says otherwise than the site has it.
    pub(crate) async fn onboard(
        &self,
        (spec, place): (ConnectionSpec, Place),
        approved: Option<PlanDocument>,
        title: Title,
        output: Output,
    ) -> Result<(), Ending> {
        let connection: AzureServicesConnection = place.builder(spec).build().map_err(OnboardingError::from)?;
        let plan = match &approved {
            Some(approved) => connection.plan_from(approved, |_| ()).await?,
            None => preflight(&connection, output).await?,
        };
        self.carry_out(plan, title, output).await
    }

    /// Shows the plan, and carries it out unless the flags only show or save it.
    pub(crate) async fn carry_out(&self, plan: Plan, title: Title, output: Output) -> Result<(), Ending> {
        if self.plan.ends_at(&plan, title.command, output)? {
            return Ok(());
        }
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.changed(title.page, &outcome, &shown, SecretFate::NotPrinted);
        Ok(())
    }
}
