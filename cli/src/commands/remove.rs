//! `remove`: what a specification has made goes again.

use clap::{Args, ValueEnum};
use cmg_onboarding::{
    ApplicationId, DirectoryHandle, OnboardingError,
    connection::{AzureServicesConnectionBuilder, RemovalScope, Verb, ViewOptions, connections, registrations},
};

use crate::{
    bad_input::BadInput,
    change::ChangeArguments,
    confirm::ask,
    ending::Ending,
    output::Output,
    place::{Access, Place},
    specification::example,
};

/// Removes what the specification has made.
///
/// Shows what goes and what stays, and asks before anything is removed.
#[derive(Debug, Args)]
pub(crate) struct RemoveCommand {
    #[command(flatten)]
    change: ChangeArguments,
    /// The pair of apps that this one belongs to, by its client id as `show --registrations` lists it, if specification and
    /// connection are gone.
    #[arg(long, value_name = "CLIENT_ID", conflicts_with_all = ["spec", "connection"], help_heading = "Connection")]
    registration: Option<ApplicationId>,
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
        let approved = self.change.plan.approved(Verb::Remove, "remove")?;
        let (builder, _place) = self.begin().await?;
        let builder = builder
            .state_no_gateway(self.no_gateway_uses_it)
            .state_apps_unused(self.apps_unused);
        let connection = builder.build().map_err(OnboardingError::from)?;
        let plan = match &approved {
            Some(approved) => connection.removal_from(approved, |_| ()).await?,
            None => connection.plan_removal(|_| ()).await?,
        };
        if self.change.plan.ends_at(&plan, "remove", output)? {
            return Ok(());
        }
        if !self.yes && approved.is_none() && !plan.is_empty() {
            ask(
                "Remove this for good? Type yes:",
                "--yes, or a saved plan by --plan",
                "Nothing was removed.",
                output,
            )
            .await?;
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
        if let Some(id) = self.registration {
            let (builder, place) = self.registered(id).await?;
            return Ok((builder.removal_scope(scope), place));
        }
        let Some(name) = &self.change.subject.connection else {
            let spec = self.change.subject.specification.read(self.change.place.is_emulated())?;
            let place = self.change.place.open_set_up(&spec, Access::Write).await?;
            return Ok((place.builder(spec).removal_scope(scope), place));
        };
        let place = self.change.place.open(None, Access::Write).await?;
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

    /// By what the tenant has: a pair of apps of a specification that is forgotten.
    async fn registered(&self, id: ApplicationId) -> Result<(AzureServicesConnectionBuilder, Place), Ending> {
        let place = match self.change.place.is_emulated() {
            true => self.change.place.open_set_up(&example()?, Access::Write).await?,
            false => self.change.place.open(None, Access::Write).await?,
        };
        let directory = place.directory.clone().map(DirectoryHandle::from);
        let directory = directory.ok_or_else(|| BadInput("--registration names an app of a tenant: sign in.".to_owned()))?;
        let inventory = registrations(&directory, |_| ()).await?;
        let found = inventory.registrations.iter().find(|entry| entry.application_id == Some(id));
        let found = found.ok_or_else(|| {
            Ending::Refused(format!(
                "The tenant has no app registration {id} that this program has made: `show --registrations` lists those that it has."
            ))
        })?;
        let builder = inventory.removal(found).ok_or_else(|| {
            Ending::Refused(format!(
                "The app registration {id} has lost the unique name by which this program knows its own: remove it in the Entra admin center, \
                 under App registrations."
            ))
        })?;
        Ok((place.complete(builder), place))
    }
}
