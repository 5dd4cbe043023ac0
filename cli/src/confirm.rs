//! Asking a person.

use std::io::{self, BufRead, Write};

use crate::{bad_input::BadInput, output::Output};

/// Asks, and goes on only if the answer is yes. A program is never asked: `instead` says what it gives in the place of an
/// answer.
pub(crate) fn ask(question: &str, instead: &str, otherwise: &str, output: Output) -> Result<(), BadInput> {
    if output.json {
        return Err(BadInput(format!(
            "With --json this program asks no questions: give {instead}. {otherwise}"
        )));
    }
    print!("\n{question} ");
    let _ = io::stdout().flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    println!();
    Err(BadInput(otherwise.to_owned()))
}
