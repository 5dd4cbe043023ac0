//! The one place of this program that shows a secret: on request, on a terminal, once.

use std::io::{self, IsTerminal, Write};

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
    // Nothing else can be done if the terminal has gone away meanwhile: the secret stands nowhere else.
    let _ = write(&mut io::stdout().lock(), value, key_id.as_deref(), expires_on);
}

fn write(to: &mut impl Write, value: &ClientSecret, key_id: Option<&str>, expires_on: Date) -> io::Result<()> {
    writeln!(to, "\n== New secret, shown once")?;
    // One from a file may be any text, and a terminal obeys some of it.
    match value.expose().chars().all(|character| character.is_ascii_graphic()) {
        true => writeln!(to, "Value:       {}", value.expose())?,
        false => writeln!(
            to,
            "Value:       (not shown: it has characters that no secret of Microsoft Entra has; ask for another one)"
        )?,
    }
    if let Some(key_id) = key_id {
        writeln!(to, "Secret ID:   {key_id}")?;
    }
    writeln!(to, "Expires on:  {expires_on}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        let mut text = Vec::new();
        let end = Date::from_calendar_date(2027, time::Month::November, 28).unwrap();
        write(&mut text, &ClientSecret::new(value.to_owned()), Some("a Secret ID"), end).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_secret_is_shown_with_what_the_dialog_asks_for_and_never_as_something_that_a_terminal_obeys() {
        let text = shown("canary-7Q~secret");
        assert!(text.contains("Value:       canary-7Q~secret\n"), "{text}");
        assert!(text.contains("a Secret ID") && text.contains("2027-11-28"), "{text}");
        assert!(!shown("canary\u{1b}[2J").contains("canary"));
    }
}
