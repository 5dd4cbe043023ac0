//! What a script says, for the fuzz targets.

use super::{answer, lines::Lines, redact::Redactor};
use crate::{secret::ClientSecret, text::is_steering};

/// The secret of the run that the output belongs to.
const SECRET: &str = "canary~7Q.secret-of-the-run";

/// Output of a script: the secret of the run never comes back out of it, and its messages steer no terminal.
pub(crate) fn script_lines(input: &[u8]) -> bool {
    let redactor = Redactor::new(Some(&ClientSecret::new(SECRET)));
    let (mut lines, mut found) = (Lines::new("77"), 0);
    let mut take = |_, line: &[u8]| {
        if let Some(answer) = answer::read(line, &redactor) {
            found += 1;
            if let answer::Answer::Failed(error) = &answer {
                let told = crate::error::chain(error);
                assert!(!told.contains(SECRET) && !told.contains(is_steering), "{told:?}");
            }
        }
        Ok(())
    };
    // Cut in two, since a pipe cuts where it likes.
    let (first, second) = input.split_at(input.len() / 2);
    let _ = lines
        .push(first, &mut take)
        .and_then(|()| lines.push(second, &mut take))
        .and_then(|()| lines.end(&mut take));
    found > 0
}
