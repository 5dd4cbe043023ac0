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
    /// Carry out exactly this saved plan. If tenant or site has changed since, nothing is written, and each difference is
    /// shown.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
}

impl PlanArguments {
    /// The plan that was approved, if one is given. Another command's plan is not taken: its file may have been put in the
    /// place of the right one. Sees beforehand, too, whether a plan may be written where it is to be saved.
    pub(crate) fn approved(&self, verb: Verb, command: &str) -> Result<Option<PlanDocument>, BadInput> {
        self.save.as_deref().map_or(Ok(()), refuse_other)?;
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

/// Refuses to save a plan over anything but an older plan: the file may be the specification itself.
pub(crate) fn refuse_other(file: &Path) -> Result<(), BadInput> {
    files::refuse_irregular(file).map_err(|error| BadInput::unwritable(file, &error))?;
    let is_empty = |file: &Path| file.metadata().is_ok_and(|found| found.len() == 0);
    if !file.exists() || is_empty(file) || read_any(file).is_ok() {
        return Ok(());
    }
    Err(BadInput(format!(
        "{} is there already, and it is not a saved plan. Name another file. Nothing was written.",
        file.display()
    )))
}

/// Writes the plan, and says what to do with it.
pub(crate) fn save(file: &Path, plan: &Plan, command: &str, output: Output) -> Result<(), BadInput> {
    refuse_other(file)?;
    let text = serde_json::to_string_pretty(plan.document()).map_err(|error| BadInput::unwritable(file, &error))?;
    files::write(file, text.as_bytes()).map_err(|error| BadInput::unwritable(file, &error))?;
    output.next(&format!(
        "Nothing was written but the plan, to {file}. Once it is approved, carry it out by `cmg-onboard {command} --plan {file}` with the \
         same other flags. If anything has changed by then, nothing is written, and each difference is shown.",
        file = file.display(),
    ));
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use std::fs;

    use cmg_onboarding::AzureServicesConnection;
    use cmg_onboarding_emulator::EmulatedTenant;

    use super::*;
    use crate::specification::example;

    #[tokio::test]
    async fn a_plan_is_saved_over_an_older_plan_and_over_nothing_else() {
        let folder = std::env::temp_dir().join(format!("cmg-onboard-saved-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str| folder.join(name);
        let tenant = EmulatedTenant::new();
        let job = AzureServicesConnection::builder(example().unwrap()).directory(tenant.directory());
        let plan = job.build().unwrap().plan(|_| ()).await.unwrap();
        let output = Output { json: true };

        for specification in [r#"{"name": "Contoso CMG"}"#, "a shopping list"] {
            fs::write(file("spec.json"), specification).unwrap();
            let refused = save(&file("spec.json"), &plan, "apply", output).unwrap_err();
            assert!(refused.0.contains("it is not a saved plan"), "{}", refused.0);
            assert_eq!(fs::read_to_string(file("spec.json")).unwrap(), specification);
            let saving = PlanArguments {
                save: Some(file("spec.json")),
                ..PlanArguments::default()
            };
            assert!(
                saving.approved(Verb::Remove, "remove").is_err(),
                "it is refused before anything is read"
            );
        }
        fs::write(file("empty"), "").unwrap();
        for name in ["plan.json", "plan.json", "empty"] {
            save(&file(name), &plan, "apply", output).unwrap();
            assert!(read(&file(name), Verb::Onboard, "apply").is_ok(), "{name}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
