//! Lines on the two streams of the program.

use std::io::{self, Write};

/// The title of a page.
pub(crate) fn heading(title: &str) {
    line(&format!("\n== {title}"));
}

/// A line of the output. A reader that has gone away, as in `| head`, is no reason to stop the job.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Tells a person something on the error stream. One that is closed is no reason to stop the job.
pub(crate) fn to_person(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
