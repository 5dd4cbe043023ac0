//! `update-settings`: what *Update Application Settings* of the console does.

use clap::{Args, ValueEnum};
use cmg_onboarding::connection::{AppRole, Verb};

use crate::{
    ending::Ending,
    output::{Output, SecretFate},
    place::{Access, PlaceArguments},
    saved_plan::PlanArguments,
    subject::SubjectArguments,
};

/// Updates the settings of the app registrations, as the console's button does.
///
/// Device tokens and http://localhost for the server app, reading directory data if discovery is on, public client flows and
/// the broker's redirect URI for the client app. It does not matter who has registered them; nothing else is changed.
#[derive(Debug, Args)]
pub(crate) struct UpdateSettingsCommand {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    plan: PlanArguments,
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
        let approved = self.plan.approved(Verb::UpdateSettings, "update-settings")?;
        let only = self.app.map(|app| match app {
            App::Server => AppRole::Server,
            App::Client => AppRole::Client,
        });
        let (spec, place) = self.subject.find(&self.place, Access::Write).await?;
        let connection = place.connection(spec)?;
        let plan = match &approved {
            Some(approved) => connection.settings_update_from(only, approved, |_| ()).await?,
            None => connection.plan_settings_update(only, |_| ()).await?,
        };
        if self.plan.ends_at(&plan, "update-settings", output)? {
            return Ok(());
        }
        let shown = plan.findings().to_vec();
        output.begin_progress();
        let outcome = plan.apply(|event| output.event(event)).await?;
        output.changed("Settings", &outcome, &shown, SecretFate::NotPrinted);
        Ok(())
    }
}
