//! The one place of this program that shows a secret: on request, on a terminal, once.

use std::io::{self, IsTerminal};

use cmg_onboarding::ClientSecret;
use time::Date;

use crate::{bad_input::BadInput, output::Output};

/// Refuses to show a secret where no person looks.
pub(crate) fn refuse_without_terminal(output: Output) -> Result<(), BadInput> {
    match output.json || !io::stdout().is_terminal() {
        true => Err(BadInput(
            "--show-secret shows a secret to a person: standard output has to be a terminal, without --json.".to_owned(),
        )),
        false => Ok(()),
    }
}

/// Shows a secret as the console's dialog asks for it.
pub(crate) fn show(value: &ClientSecret, key_id: Option<String>, expires_on: Date) {
    println!("\n== New secret, shown once");
    // One from a file may be any text, and a terminal obeys some of it.
    match value.expose().chars().all(|character| character.is_ascii_graphic()) {
        true => println!("Value:       {}", value.expose()),
        false => println!("Value:       (not shown: it has characters that no secret of Microsoft Entra has; ask for another one)"),
    }
    if let Some(key_id) = key_id {
        println!("Secret ID:   {key_id}");
    }
    println!("Expires on:  {expires_on}");
}
