//! One line on standard error for each request, without its query, which may carry what is not for others.

use std::{io::Write, time::Duration};

pub(super) fn line(method: &str, path: &str, status: u16, took: Duration) {
    // A path is the client's words: nothing in it may look like a line of its own.
    let path: String = path
        .chars()
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .take(500)
        .collect();
    // Where standard error is closed there is no one to tell.
    let _ = writeln!(std::io::stderr(), "{status} {method} {path} {} ms", took.as_millis());
}
