//! Asking a person.

use std::{
    io::{self, BufRead, Write},
    thread,
};

use tokio::sync::oneshot;

use crate::{bad_input::BadInput, output::Output};

/// Asks, and goes on only if the answer is yes. A program is never asked: `instead` says what it gives in the place of an
/// answer.
pub(crate) async fn ask(question: &str, instead: &str, otherwise: &str, output: Output) -> Result<(), BadInput> {
    if output.json {
        return Err(BadInput(format!(
            "With --json this program asks no questions: give {instead}. {otherwise}"
        )));
    }
    if let Err(error) = put(question) {
        return Err(BadInput(format!("The question cannot be shown: {error}. {otherwise}")));
    }
    let answer = answer().await;
    if answer.is_some_and(|answer| answer.trim().eq_ignore_ascii_case("yes")) {
        return Ok(());
    }
    let _ = writeln!(io::stdout().lock());
    Err(BadInput(otherwise.to_owned()))
}

fn put(question: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    write!(output, "\n{question} ")?;
    output.flush()
}

/// Waits for a line on a thread of its own, which the end of the program does not wait for: an interrupted question is
/// answered.
async fn answer() -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    let read = move || {
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        // The question may be over by now.
        let _ = sender.send(read.ok().map(|_| answer));
    };
    thread::Builder::new().spawn(read).ok()?;
    receiver.await.ok().flatten()
}
