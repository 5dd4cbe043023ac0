//! `discovery`: user and group discovery of a connection that is there.

use clap::Args;
use cmg_onboarding::{
    ConnectionSpec, DiscoverySpec, OnboardingError,
    clock::{Clock, SystemClock},
    connection::Verb,
    spec::{InvalidSchedule, Schedule},
};
use serde_json::json;

use crate::{
    bad_input::BadInput,
    change::{ChangeArguments, Title},
    ending::Ending,
    output::Output,
    place::Access,
};

const TITLE: Title = Title {
    command: "discovery",
    page: "Discovery",
};

/// Switches discovery on or off, and sets its schedule and its groups.
///
/// Works on the connection as the site has it; nothing else is changed. Discovery is needed for hybrid users and for
/// collections of users or groups of Microsoft Entra; a gateway by itself works without it.
#[derive(Debug, Args)]
pub(crate) struct DiscoveryCommand {
    #[command(flatten)]
    change: ChangeArguments,
    #[command(flatten)]
    wanted: WantedArguments,
}

/// The flags for what discovery is to be.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Discovery", group(clap::ArgGroup::new("wanted").required(true).multiple(true)))]
struct WantedArguments {
    /// Switch user discovery on.
    #[arg(long, group = "wanted", conflicts_with = "users_off")]
    users: bool,
    /// Switch user discovery off.
    #[arg(long, group = "wanted")]
    users_off: bool,
    /// Discover this group, by its name; may be given several times. Switches group discovery on.
    #[arg(long, value_name = "NAME", group = "wanted", conflicts_with = "groups_off")]
    group: Vec<String>,
    /// Discover this group no longer; may be given several times.
    #[arg(long, value_name = "NAME", group = "wanted", conflicts_with = "groups_off")]
    remove_group: Vec<String>,
    /// Switch group discovery off.
    #[arg(long, group = "wanted")]
    groups_off: bool,
    /// With --users or --group: when the full discovery runs, in words or as a token of 16 digits: "every 7 days from 02:30 UTC".
    #[arg(long, value_name = "WORDS", value_parser = schedule)]
    schedule: Option<Schedule>,
    /// With --users or --group: the minutes between two delta discoveries.
    #[arg(long, value_name = "MINUTES")]
    delta_minutes: Option<u32>,
}

impl DiscoveryCommand {
    pub(crate) async fn run(&self, output: Output) -> Result<(), Ending> {
        let approved = self.change.plan.approved(Verb::Onboard, TITLE.command)?;
        let wanted = self.wanted.specification()?;
        let (spec, place) = self.change.subject.find_as_it_is(&self.change.place, Access::Write).await?;
        let spec: ConnectionSpec = spec.to_builder().discovery(wanted).build().map_err(OnboardingError::Spec)?;
        if let Some(schedule) = &self.wanted.schedule {
            show(schedule, output);
        }
        self.change.onboard((spec, place), approved, TITLE, output).await
    }
}

impl WantedArguments {
    fn specification(&self) -> Result<cmg_onboarding::spec::DiscoverySpecBuilder, BadInput> {
        let (users, groups) = (self.users, !self.group.is_empty());
        if (self.schedule.is_some() || self.delta_minutes.is_some()) && !users && !groups {
            return Err(BadInput(
                "--schedule and --delta-minutes are for --users or --group: give one of them, too.".to_owned(),
            ));
        }
        let mut builder = DiscoverySpec::builder();
        if self.users_off {
            builder = builder.users_off();
        }
        if self.groups_off {
            builder = builder.groups_off();
        }
        if users {
            builder = builder.users();
        }
        if groups {
            builder = builder.groups(&self.group);
        }
        if !self.remove_group.is_empty() {
            builder = builder.remove_groups(&self.remove_group);
        }
        if let Some(schedule) = &self.schedule {
            if users {
                builder = builder.user_schedule(schedule.clone());
            }
            if groups {
                builder = builder.group_schedule(schedule.clone());
            }
        }
        if let Some(minutes) = self.delta_minutes {
            if users {
                builder = builder.user_delta_minutes(minutes);
            }
            if groups {
                builder = builder.group_delta_minutes(minutes);
            }
        }
        Ok(builder)
    }
}

/// The schedule back in words, with its next runs.
fn show(schedule: &Schedule, output: Output) {
    let runs = schedule.next_runs(SystemClock.now(), 3);
    let runs: Vec<String> = runs.into_iter().flatten().map(|run| run.to_string()).collect();
    let next = match runs.is_empty() {
        true => "not known".to_owned(),
        false => runs.join(", "),
    };
    let words = schedule.in_words();
    let text = format!("Full discovery:  {words}\nNext runs:       {next}");
    output.page(
        "Schedule",
        "schedule",
        &json!({ "schedule": schedule, "words": words, "nextRuns": runs }),
        &text,
    );
}

fn schedule(text: &str) -> Result<Schedule, InvalidSchedule> {
    text.parse()
}
