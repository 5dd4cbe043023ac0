//! `apply`: the connection is set up.

use std::path::PathBuf;

use clap::Args;
use cmg_onboarding::{AzureServicesConnection, OnboardingError, Plan, connection::Verb};

use crate::{
    completion::SecretFate,
    ending::Ending,
    onboarding::{OnboardingArguments, refuse_lost_secret},
    output::Output,
    saved_plan,
};

/// Registers the apps and imports them into the site.
///
/// What is there already is kept and mended; after a run that was cut off, the same command goes on from there.
#[derive(Debug, Args)]
pub(crate) struct ApplyCommand {
    #[command(flatten)]
    onboarding: OnboardingArguments,
    /// Carry out exactly the plan that `plan --save` has written. If tenant or site has changed since, nothing is written, and
    /// each difference is shown.
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    plan: Option<PathBuf>,
}

impl ApplyCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self
            .plan
            .as_deref()
            .map(|file| saved_plan::read(file, Verb::Onboard, "apply"))
            .transpose()?;
        let spec = self.onboarding.read()?;
        output.specification(&spec);
        let (connection, _place) = self.onboarding.connect(spec).await?;
        let plan = match approved {
            Some(approved) => connection.plan_from(&approved, |_| ()).await?,
            None => preflight(&connection, output).await?,
        };
        output.plan(&plan);
        refuse_lost_secret(&plan)?;
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.outcome(&outcome, &shown, SecretFate::NotPrinted);
        Ok(())
    }
}

/// Shows who is signed in, and makes the plan.
pub(crate) async fn preflight(connection: &AzureServicesConnection, output: Output) -> Result<Plan, Ending> {
    let preflight = connection.preflight(|_| ()).await?;
    output.preflight(connection.spec(), &preflight);
    Ok(preflight.into_plan().map_err(OnboardingError::from)?)
}
