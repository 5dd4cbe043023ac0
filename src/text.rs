//! Cleans text of other people before it reaches a screen or a log.
//!
//! Any member of a tenant may name an app, and an administrator reads that name at a terminal. [`clean`] and
//! [`excerpt`] take out what steers the terminal, forges a line or turns the direction of writing.

/// Longer texts are cut. They come from the network and end in logs and on screens.
pub(crate) const LONGEST_TEXT: usize = 2_000;

/// The text without characters that steer a terminal, forge a line of a log or turn the direction of writing: each
/// becomes a space.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// The same, and cut to [`LONGEST_TEXT`] characters.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).map(shown).collect()
}

fn shown(character: char) -> char {
    if is_steering(character) { ' ' } else { character }
}

/// The control characters C0 and C1, the separators of lines and paragraphs, and the bidirectional formatting characters.
pub(crate) fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_the_writing_becomes_a_space() {
        for steering in [
            '\u{0}', '\u{7}', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}',
            '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ] {
            assert_eq!(clean(&format!("a{steering}b")), "a b", "{steering:?}");
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Zürich – „Süd“", "שלום", "مرحبا", "日本語 👩‍👩‍👧", ""] {
            assert_eq!(clean(text), text);
        }
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt(&"\u{e4}".repeat(5_000)).chars().count(), LONGEST_TEXT);
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left_of_any_text(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.contains(is_steering));
            prop_assert_eq!(cleaned.chars().count(), text.chars().count());
        }
    }
}
