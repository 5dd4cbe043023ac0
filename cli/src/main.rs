//! The front door: the whole job from the command line. Run it without arguments to see it against an emulator.

mod arguments;
mod bad_input;
mod commands;
mod confirm;
mod ending;
mod files;
mod hand_over_so_far;
mod label;
mod onboarding;
mod output;
mod place;
mod saved_plan;
mod script_files;
mod sealed_file;
mod sign_in;
mod site;
mod specification;
mod tenant;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use commands::demonstration;
use ending::{DONE, Ending};
use output::Output;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json };
    let code = match run(&arguments, output).await {
        Ok(code) => code,
        Err(ending) => ending.show(output),
    };
    ExitCode::from(code)
}

/// Each command's future is on the heap: Windows gives the main thread one megabyte of stack.
async fn run(arguments: &Arguments, output: Output) -> Result<u8, Ending> {
    match &arguments.command {
        None => Box::pin(demonstration::run(output)).await?,
        Some(Command::Plan(command)) => Box::pin(command.run(output)).await?,
        Some(Command::Apply(command)) => Box::pin(command.run(output)).await?,
        Some(Command::Review(command)) => Box::pin(command.run(output)).await?,
        Some(Command::ByHand(command)) => command.run(output)?,
        Some(Command::HandOver(command)) => Box::pin(command.run(output)).await?,
        Some(Command::ImportHandover(command)) => Box::pin(command.run(output)).await?,
        Some(Command::Remove(command)) => Box::pin(command.run(output)).await?,
    }
    Ok(DONE)
}
