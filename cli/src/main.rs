//! The whole job from the command line. Run it without arguments to see it against an emulator.

mod arguments;
mod bad_input;
mod change;
mod commands;
mod completion;
mod confirm;
mod ending;
mod files;
mod flags;
mod hand_over_so_far;
mod interrupt;
mod label;
mod onboarding;
mod output;
mod place;
mod print;
mod saved_plan;
mod script_files;
mod sealed_file;
mod shown_secret;
mod sign_in;
mod site;
mod specification;
mod subject;
mod tenant;

use std::{env, process::ExitCode};

use clap::Parser;

use arguments::{Arguments, Command};
use commands::demonstration;
use ending::{BAD_INPUT, DONE, Ending, FAILED, UNKNOWN};
use interrupt::{Interrupt, Signals, TIME_TO_END};
use output::Output;
use print::to_person;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return wrong(&error),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            to_person(&format!("This program cannot begin: {error}"));
            return ExitCode::from(FAILED);
        }
    };
    let code = runtime.block_on(ended(&arguments));
    // An interrupted program does not wait for a name that is still being looked up.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Runs the command, shows how it has ended, and gives its exit code.
async fn ended(arguments: &Arguments) -> u8 {
    let output = Output { json: arguments.json };
    let mut signals = Signals::listen();
    let interrupt = Interrupt::of_process();
    let raced = interrupt
        .race(run(arguments, output), async || signals.next().await, TIME_TO_END)
        .await;
    let ending = match raced {
        Ok(Ok(code)) => return code,
        Ok(Err(ending)) => ending,
        Err(cut) => cut.into(),
    };
    match arguments.command.as_ref().is_some_and(Command::is_monitoring) {
        true => ending.show_unknown(output),
        false => ending.show(output),
    }
}

/// A command line that says nothing that can be done. For a monitoring system that is unknown.
fn wrong(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let is_help = !error.use_stderr();
    let mut words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let command = words.find(|word| !word.starts_with('-'));
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
