//! Keeps the secret out of all that a script host says.

use std::fmt::Write;

use secrecy::zeroize::Zeroizing;

use crate::{secret::ClientSecret, text};

const MARK: &str = "[redacted]";

/// Cuts one secret out of texts: a host that repeats its input must not get it into an error.
pub(super) struct Redactor(Vec<Zeroizing<String>>);

impl Redactor {
    pub(super) fn new(secret: Option<&ClientSecret>) -> Self {
        let Some(text) = secret.map(ClientSecret::expose).filter(|text| !text.is_empty()) else {
            return Self(Vec::new());
        };
        // As it is, and as the request has it.
        let mut units = Zeroizing::new(String::with_capacity(text.len() * 6));
        for (index, unit) in text.encode_utf16().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing to a string does not fail.
            let _ = write!(units, "{comma}{unit}");
        }
        Self(vec![Zeroizing::new(text.to_owned()), units])
    }

    pub(super) fn clean(&self, text: &str) -> String {
        let hide = |text: String, secret: &Zeroizing<String>| text.replace(secret.as_str(), MARK);
        text::clean(&self.0.iter().fold(text.to_owned(), hide))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_cut_out_in_both_its_forms() {
        let redactor = Redactor::new(Some(&ClientSecret::new("a~B")));
        assert_eq!(redactor.clean("x a~B [97,126,66] y"), "x [redacted] [[redacted]] y");
        assert_eq!(Redactor::new(None).clean("as it is"), "as it is");
    }
}
