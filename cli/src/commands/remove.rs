//! `remove`: what a specification has made goes again.

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    DirectoryHandle, OnboardingError,
    connection::{AzureServicesConnectionBuilder, RemovalScope, Verb, ViewOptions, connections},
};

use crate::{
    bad_input::BadInput,
    confirm::ask,
    ending::Ending,
    output::Output,
    place::{Access, Place, PlaceArguments},
    saved_plan::PlanArguments,
    subject::SubjectArguments,
};

/// Removes what the specification has made.
///
/// Shows what goes and what stays, and asks before anything is removed.
#[derive(Debug, Args)]
pub(crate) struct RemoveCommand {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    plan: PlanArguments,
    /// What goes.
    #[arg(long, value_enum, default_value = "apps", help_heading = "Removal")]
    scope: Scope,
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

/// What a removal takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scope {
    /// The connection in the site only. Both app registrations stay.
    Connection,
    /// The connection, and the apps that this program has registered.
    Apps,
}

impl RemoveCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self.plan.approved(Verb::Remove, "remove")?;
        let (builder, _place) = self.begin().await?;
        let builder = builder
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

    /// By the specification, or by what the site has.
    async fn begin(&self) -> Result<(AzureServicesConnectionBuilder, Place), Ending> {
        let scope = match self.scope {
            Scope::Connection => RemovalScope::Connection,
            Scope::Apps => RemovalScope::ConnectionAndApps,
        };
        let Some(name) = &self.subject.connection else {
            let spec = self.subject.specification.read(self.place.is_emulated())?;
            let place = self.place.open_set_up(&spec, Access::Write).await?;
            return Ok((place.builder(spec).removal_scope(scope), place));
        };
        let place = self.place.open(None, Access::Write).await?;
        let site = place
            .site
            .clone()
            .ok_or_else(|| BadInput("Name the site that has the connection, with --site.".to_owned()))?;
        let directory = place.directory.clone().map(DirectoryHandle::from);
        let view = connections(&site, directory.as_ref(), &ViewOptions::default(), |_| ()).await?;
        let found = view.connections.iter().find(|connection| connection.name == *name);
        let found =
            found.ok_or_else(|| Ending::Refused(format!("The site has no connection of type Cloud Management called {name:?}.")))?;
        let builder = found.removal(scope);
        let builder = builder.ok_or_else(|| Ending::Refused(format!("The site does not tell which apps the connection {name:?} uses.")))?;
        Ok((place.complete(builder.removal_scope(scope)), place))
    }
}
