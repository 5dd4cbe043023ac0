//! The whole job from the command line. Run it without arguments to see it against an emulator.

mod arguments;
mod bad_input;
mod change;
mod commands;
mod confirm;
mod ending;
mod files;
mod flags;
mod hand_over_so_far;
mod label;
mod onboarding;
mod output;
mod place;
mod saved_plan;
mod script_files;
mod sealed_file;
mod shown_secret;
mod sign_in;
mod site;
mod specification;
mod subject;
mod tenant;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use commands::demonstration;
use ending::{BAD_INPUT, DONE, Ending, UNKNOWN};
use output::Output;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return wrong(&error),
    };
    let output = Output { json: arguments.json };
    let code = match run(&arguments, output).await {
        Ok(code) => code,
        Err(ending) => match arguments.command.as_ref().is_some_and(Command::is_monitoring) {
            true => ending.show_unknown(output),
            false => ending.show(output),
        },
    };
    ExitCode::from(code)
}

/// A command line that says nothing that can be done. For a monitoring system that is unknown.
fn wrong(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let is_help = !error.use_stderr();
    let command = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    ExitCode::from(match command.as_deref() {
        _ if is_help => DONE,
        Some("check" | "expiring") => UNKNOWN,
        _ => BAD_INPUT,
    })
}

/// Each command's future is on the heap: Windows gives the main thread one megabyte of stack.
async fn run(arguments: &Arguments, output: Output) -> Result<u8, Ending> {
    let Some(command) = &arguments.command else {
        Box::pin(demonstration::run(output)).await?;
        return Ok(DONE);
    };
    match command {
        Command::Plan(command) => Box::pin(command.run(output)).await?,
        Command::Apply(command) => Box::pin(command.run(output)).await?,
        Command::Review(command) => Box::pin(command.run(output)).await?,
        Command::ByHand(command) => command.run(output)?,
        Command::Show(command) => Box::pin(command.run(output)).await?,
        Command::Check(command) => return Box::pin(command.run(output)).await,
        Command::Expiring(command) => return Box::pin(command.run(output)).await,
        Command::RenewSecret(command) => Box::pin(command.run(output)).await?,
        Command::UpdateSettings(command) => Box::pin(command.run(output)).await?,
        Command::Discovery(command) => Box::pin(command.run(output)).await?,
        Command::Properties(command) => Box::pin(command.run(output)).await?,
        Command::HandOver(command) => Box::pin(command.run(output)).await?,
        Command::ImportHandover(command) => Box::pin(command.run(output)).await?,
        Command::Remove(command) => Box::pin(command.run(output)).await?,
    }
    Ok(DONE)
}
