//! A plan in a file: saved by one command, looked at and approved by a person, carried out by another command.

use std::path::{Path, PathBuf};

use clap::Args;
use cmg_onboarding::{
    Plan,
    connection::{PlanDocument, Verb},
};

use crate::{bad_input::BadInput, ending::Ending, files, output::Output};

/// The flags of every command that changes something by a plan of its own.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Plan")]
pub(crate) struct PlanArguments {
    /// Show the plan, and stop.
    #[arg(long, conflicts_with = "plan")]
    pub(crate) plan_only: bool,
    /// Show the plan, write it into this file as JSON, without any secret, and stop.
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(crate) save: Option<PathBuf>,
    /// Carry out exactly this saved plan. If the world has moved on, nothing is written, and each difference is shown.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
}

impl PlanArguments {
    /// The plan that was approved, if one is given. Another command's plan is not taken: its file may have been put in the
    /// place of the right one.
    pub(crate) fn approved(&self, verb: Verb, command: &str) -> Result<Option<PlanDocument>, BadInput> {
        self.plan.as_deref().map(|file| read(file, verb, command)).transpose()
    }

    /// Shows the plan and saves it if that is asked for. Whether the command ends here.
    pub(crate) fn ends_at(&self, plan: &Plan, command: &str, output: Output) -> Result<bool, Ending> {
        output.plan(plan);
        match &self.save {
            Some(file) => save(file, plan, command, output)?,
            None if self.plan_only && !plan.is_empty() => output.next("Nothing was written. To carry it out, leave --plan-only out."),
            None => {}
        }
        Ok(self.plan_only || self.save.is_some())
    }
}

/// Reads the plan that was approved for this command.
pub(crate) fn read(file: &Path, verb: Verb, command: &str) -> Result<PlanDocument, BadInput> {
    let document = read_any(file)?;
    if document.verb == verb {
        return Ok(document);
    }
    let other = serde_json::to_value(document.verb).unwrap_or_default();
    Err(BadInput(format!(
        "{} is a plan to {}, and `cmg-onboard {command}` does not carry it out. Nothing was sent.",
        file.display(),
        other.as_str().unwrap_or("do something else"),
    )))
}

/// Reads a plan, whichever command it is for.
pub(crate) fn read_any(file: &Path) -> Result<PlanDocument, BadInput> {
    let text = files::read_text(file)?;
    serde_json::from_str(&text).map_err(|error| BadInput(format!("{} is not a saved plan: {error}", file.display())))
}

/// Writes the plan, and says what to do with it.
pub(crate) fn save(file: &Path, plan: &Plan, command: &str, output: Output) -> Result<(), BadInput> {
    let text = serde_json::to_string_pretty(plan.document()).map_err(|error| BadInput::unwritable(file, &error))?;
    files::write(file, text.as_bytes()).map_err(|error| BadInput::unwritable(file, &error))?;
    output.next(&format!(
        "Nothing was written but the plan, to {file}. Once it is approved, carry it out by `cmg-onboard {command} --plan {file}` with the \
         same other flags. If anything has changed by then, nothing is written, and each difference is shown.",
        file = file.display(),
    ));
    Ok(())
}
