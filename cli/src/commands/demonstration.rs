//! Without a subcommand: the whole job, against an emulated tenant and site.

use crate::{
    ending::Ending,
    output::{Output, SecretFate},
    place::Place,
    specification::example,
};

pub(crate) async fn run(output: Output) -> Result<(), Ending> {
    let spec = example()?;
    output.specification(&spec);
    let place = Place::emulated(spec.environment()).await?;
    let connection = place.connection(spec)?;
    let preflight = connection.preflight(|_| ()).await?;
    output.preflight(connection.spec(), &preflight);
    let plan = preflight.into_plan().map_err(cmg_onboarding::OnboardingError::from)?;
    output.plan(&plan);
    let shown = plan.findings().to_vec();
    output.begin_progress();
    let outcome = plan.apply(|event| output.event(event)).await?;
    output.outcome(&outcome, &shown, SecretFate::NotPrinted);
    Ok(())
}
