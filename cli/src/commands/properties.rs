//! `properties`: name and description of a connection that is there.

use clap::Args;
use cmg_onboarding::{OnboardingError, connection::Verb};

use crate::{
    change::{ChangeArguments, Title},
    ending::Ending,
    output::Output,
    place::Access,
};

const TITLE: Title = Title {
    command: "properties",
    page: "Properties",
};

/// Changes the name and the description of a connection, as its Properties in the console do.
///
/// Works on the connection as the site has it; nothing else is changed. A specification that is used further on gets the new
/// name, and the old one as its `key`.
#[derive(Debug, Args)]
pub(crate) struct PropertiesCommand {
    #[command(flatten)]
    change: ChangeArguments,
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
        let approved = self.change.plan.approved(Verb::Onboard, TITLE.command)?;
        let (spec, place) = self.change.subject.find_as_it_is(&self.change.place, Access::Write).await?;
        let mut builder = spec.to_builder();
        if let Some(name) = &self.wanted.name {
            // The old name is what the connection is found by.
            builder = builder.name(name).key(spec.name());
        }
        if let Some(description) = &self.wanted.description {
            builder = builder.description(description);
        }
        let spec = builder.build().map_err(OnboardingError::Spec)?;
        self.change.onboard((spec, place), approved, TITLE, output).await
    }
}
