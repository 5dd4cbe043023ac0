//! Hand-over files, for the fuzz target.

use time::{OffsetDateTime, macros::datetime};

use super::{RecipientKey, SealedHandOver, document};
use crate::{error::Diagnostic, text::is_steering};

const NOW: OffsetDateTime = datetime!(2027-01-15 12:00 UTC);

/// A file, or what is inside of one. What is read is written back the same and has the same fingerprint; what cannot be
/// read, or does not open, is told without what steers a terminal; and what opens tells no secret.
pub(crate) fn hand_over(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let inside = match document::read(input) {
        Ok(document) => {
            let spec = document.spec;
            let secret = spec.server_app().imported().map(|app| app.secret_key().expose().to_owned());
            let told = format!("{spec:?} {}", serde_json::to_string(&spec).unwrap_or_default());
            // The secret is written as numbers: where its text stands, it is another value, too.
            let elsewhere = |secret: &String| secret.len() < 12 || text.contains(secret);
            assert!(
                secret.is_none_or(|secret| elsewhere(&secret) || !told.contains(&secret)),
                "the secret is told"
            );
            true
        }
        Err(error) => {
            assert_steers_nothing(&error);
            false
        }
    };
    let sealed = match SealedHandOver::from_text(text) {
        Ok(sealed) => sealed,
        Err(error) => {
            assert_steers_nothing(&error);
            return inside;
        }
    };
    let again = SealedHandOver::from_text(&sealed.text());
    assert_eq!(again.as_ref().ok(), Some(&sealed));
    assert!(sealed.fingerprint().is_typed_as(&sealed.fingerprint().to_string()));
    if let Ok(key) = RecipientKey::from_pem(include_bytes!("test-data/key.pem"))
        && let Err(error) = sealed.open(&key, NOW)
    {
        assert_steers_nothing(&error);
    }
    true
}

fn assert_steers_nothing(error: &super::HandOverError) {
    let (said, help) = (error.to_string(), error.help());
    assert!(!said.contains(is_steering) && !help.contains(is_steering), "{said:?} {help:?}");
}
