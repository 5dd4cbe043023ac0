//! `properties`: name and description of a connection that is there.

use clap::Args;
use cmg_onboarding::{OnboardingError, connection::Verb};

use crate::{
    commands::apply::preflight,
    ending::Ending,
    output::{Output, SecretFate},
    place::{Access, PlaceArguments},
    saved_plan::PlanArguments,
    subject::SubjectArguments,
};

/// Changes the name and the description of a connection, as its Properties in the console do.
///
/// Works on the connection as the site has it; nothing else is changed. A specification that is used further on gets the new
/// name, and the old one as its `key`.
#[derive(Debug, Args)]
pub(crate) struct PropertiesCommand {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    wanted: WantedArguments,
}

/// The flags for what the connection is called.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Properties", group(clap::ArgGroup::new("wanted").required(true).multiple(true)))]
struct WantedArguments {
    /// The new name.
    #[arg(long, value_name = "TEXT", group = "wanted")]
    name: Option<String>,
    /// The new description. Whether the product's cmdlet can clear one is not documented, so none is cleared.
    #[arg(long, value_name = "TEXT", group = "wanted", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    description: Option<String>,
}

impl PropertiesCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self.plan.approved(Verb::Onboard, "properties")?;
        let (spec, place) = self.subject.find_as_it_is(&self.place, Access::Write).await?;
        let mut builder = spec.to_builder();
        if let Some(name) = &self.wanted.name {
            // The old name is what the connection is found by.
            builder = builder.name(name).key(spec.name());
        }
        if let Some(description) = &self.wanted.description {
            builder = builder.description(description);
        }
        let connection = place.connection(builder.build().map_err(OnboardingError::Spec)?)?;
        let plan = match &approved {
            Some(approved) => connection.plan_from(approved, |_| ()).await?,
            None => preflight(&connection, output).await?,
        };
        if self.plan.ends_at(&plan, "properties", output)? {
            return Ok(());
        }
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.changed("Properties", &outcome, &shown, SecretFate::NotPrinted);
        Ok(())
    }
}
