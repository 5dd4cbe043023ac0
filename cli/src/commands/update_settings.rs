//! `update-settings`: what *Update Application Settings* of the console does.

use clap::{Args, ValueEnum};
use cmg_onboarding::connection::{AppRole, Verb};

use crate::{
    change::{ChangeArguments, Title},
    ending::Ending,
    output::Output,
    place::Access,
};

const TITLE: Title = Title {
    command: "update-settings",
    page: "Settings",
};

/// Updates the settings of the app registrations, as the console's button does.
///
/// Device tokens and http://localhost for the server app, reading directory data if discovery is on, public client flows and
/// the broker's redirect URI for the client app. It does not matter who has registered them; nothing else is changed.
#[derive(Debug, Args)]
pub(crate) struct UpdateSettingsCommand {
    #[command(flatten)]
    change: ChangeArguments,
    /// One app only.
    #[arg(long, value_enum, value_name = "APP", help_heading = "Settings")]
    app: Option<App>,
}

/// One of the two apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum App {
    /// The web (server) app.
    Server,
    /// The native (client) app.
    Client,
}

impl UpdateSettingsCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self.change.plan.approved(Verb::UpdateSettings, TITLE.command)?;
        let only = self.app.map(|app| match app {
            App::Server => AppRole::Server,
            App::Client => AppRole::Client,
        });
        let (spec, place) = self.change.subject.find(&self.change.place, Access::Write).await?;
        let connection = place.connection(spec)?;
        let plan = match &approved {
            Some(approved) => connection.settings_update_from(only, approved, |_| ()).await?,
            None => connection.plan_settings_update(only, |_| ()).await?,
        };
        self.change.carry_out(plan, TITLE, output).await
    }
}
