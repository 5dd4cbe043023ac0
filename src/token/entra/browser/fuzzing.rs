//! What a browser brings back, for the fuzz targets.

use secrecy::{ExposeSecret, SecretString};

use super::redirect::Arrival;

/// The state of the sign-in that a redirect is tried on.
const STATE: &str = "fuzzed-state-7Q";

/// A request to the loopback address: no code is taken without the state of this sign-in.
pub(crate) fn redirect(input: &[u8]) -> bool {
    let Arrival::Redirect(redirect) = Arrival::read(input, 8400) else {
        return false;
    };
    if redirect.belongs_to(&SecretString::from(STATE)) {
        let is_named = std::str::from_utf8(input).is_ok_and(|text| text.contains("state"));
        assert!(is_named, "a request without a state belongs to no sign-in");
        if let (_, Ok(code)) = redirect.outcome() {
            assert!(!code.expose_secret().is_empty());
        }
    }
    true
}
