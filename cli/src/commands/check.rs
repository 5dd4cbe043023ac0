//! `check`: whether a connection works, for a monitoring system.

use clap::Args;
use cmg_onboarding::OnboardingError;

use crate::{
    ending::Ending,
    output::Output,
    place::{Access, PlaceArguments},
    subject::SubjectArguments,
};

/// For the help of the commands of monitoring.
pub(crate) const MONITORING_CODES: &str = "Exit codes, as monitoring plug-ins have them: 0 well, 1 warning, 2 critical (it does not work, or the secret has \
expired or ends within the last threshold), 3 unknown (not everything could be read; bad input, too)";

/// Checks whether a connection works, and when its secret ends.
///
/// Prints as a monitoring plug-in does: status and reason in the first line, everything else below. Writes nothing, and needs
/// no right to write.
#[derive(Debug, Args)]
pub(crate) struct CheckCommand {
    #[command(flatten)]
    subject: SubjectArguments,
    #[command(flatten)]
    place: PlaceArguments,
    #[command(flatten)]
    thresholds: ThresholdArguments,
}

/// The flags for when the end of a secret counts.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Thresholds")]
pub(crate) struct ThresholdArguments {
    /// Days before the end of a secret at which the status becomes a warning; at the smallest of them it becomes critical.
    #[arg(long, value_name = "DAYS", value_delimiter = ',', default_value = "90,30,7")]
    pub(crate) days: Vec<u16>,
}

impl CheckCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<u8, Ending> {
        let (spec, place) = self.subject.find(&self.place, Access::Read).await?;
        let builder = place.builder(spec).secret_thresholds(self.thresholds.days.iter().copied());
        let check = builder.build().map_err(OnboardingError::from)?.check(|_| ()).await?;
        output.bare("check", &check, &check.to_string());
        Ok(check.status.exit_code())
    }
}
