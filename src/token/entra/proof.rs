//! What proves that an answer belongs to this sign-in: `state`, and the verifier of PKCE (RFC 7636).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use sha2::{Digest, Sha256};

use crate::error::{TokenError, TokenFailure};

/// 256 random bits in base64url: 43 characters, none of which needs to be escaped.
pub(super) fn random_text() -> Result<SecretString, TokenError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        TokenError::new(
            TokenFailure::NotAvailable,
            "the operating system gave no random numbers, without which a browser sign-in is not safe",
            "Sign in another way, with a device code for example.",
        )
        .with_source(error.to_string())
    })?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    Ok(SecretString::from(text.as_str()))
}

/// What may be shown of a verifier (`S256`).
pub(super) fn challenge(verifier: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose_secret().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        let verifier = SecretString::from("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_verifier_has_the_characters_that_the_standard_allows() {
        let text = random_text().unwrap();
        let text = text.expose_secret();
        assert_eq!(text.len(), 43);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    }
}
