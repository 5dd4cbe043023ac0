//! Signs the tokens that the emulator issues, with a key that is published with its source.
//!
//! These tokens prove nothing: the private key stands in `signing/key.pem` for everyone to read. It is built in so that
//! any middleware can verify a token by the JWKS address, and that nothing has to be made when the emulator starts.

mod at_start;

use std::{
    collections::HashMap,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    rand::SystemRandom,
    rsa::KeyPair,
    signature::RSA_PKCS1_SHA256,
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};

use crate::locked::lock;

static SIGNER: LazyLock<Signer> = LazyLock::new(Signer::of_the_published_key);

/// So many signatures are remembered: in tests the same claims are signed over and over.
const MOST_REMEMBERED: usize = 1_000;

struct Signer {
    document: Vec<u8>,
    /// `None` only if the file in this repository were damaged, which a test would show.
    key: LazyLock<Option<KeyPair>>,
    has_signed: AtomicBool,
    certificate: String,
    key_id: String,
    header: String,
    remembered: Mutex<HashMap<String, String>>,
}

impl Signer {
    fn of_the_published_key() -> Self {
        let document = binary(include_str!("signing/key.pem"));
        let certificate = binary(include_str!("signing/certificate.pem"));
        let key_id = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate));
        let header = json!({"typ": "JWT", "alg": "RS256", "x5t": key_id, "kid": key_id});
        Self {
            document,
            key: LazyLock::new(|| KeyPair::from_pkcs8(&binary(include_str!("signing/key.pem"))).ok()),
            has_signed: AtomicBool::new(false),
            certificate: STANDARD.encode(&certificate),
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            key_id,
            remembered: Mutex::default(),
        }
    }

    fn signature(&self, text: &str) -> String {
        if let Some(known) = lock(&self.remembered).get(text) {
            return known.clone();
        }
        let is_first = !self.has_signed.swap(true, Ordering::Relaxed);
        let first = is_first.then(|| at_start::sign(&self.document, text.as_bytes())).flatten();
        let Some(signature) = first.or_else(|| self.signed(text)) else {
            return String::new();
        };
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let mut remembered = lock(&self.remembered);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(text.to_owned(), signature.clone());
        signature
    }

    fn signed(&self, text: &str) -> Option<Vec<u8>> {
        let key = self.key.as_ref()?;
        let mut signature = vec![0; key.public_modulus_len()];
        // Signing fails only for a buffer of another length than the key's.
        let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.ok().map(|()| signature)
    }
}

/// A token with these claims, signed with RS256.
pub(crate) fn write_token(claims: &Map<String, Value>) -> String {
    let payload = serde_json::to_string(claims).unwrap_or_default();
    let signed = format!("{}.{}", SIGNER.header, URL_SAFE_NO_PAD.encode(payload));
    let signature = SIGNER.signature(&signed);
    format!("{signed}.{signature}")
}

/// The JSON Web Key Set that verifies the tokens. With an issuer, the key names it, as the newer address does.
pub(crate) fn key_set(issuer: Option<&str>) -> Value {
    let mut shown = json!({
        "kty": "RSA", "use": "sig", "kid": SIGNER.key_id, "x5t": SIGNER.key_id,
        // The published key's modulus; its exponent is 65537.
        "n": include_str!("signing/modulus.txt").trim(),
        "e": "AQAB",
        "x5c": [SIGNER.certificate],
    });
    if let Some(issuer) = issuer {
        shown["issuer"] = json!(issuer);
    }
    json!({"keys": [shown]})
}

/// The bytes of a PEM file with one block.
fn binary(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed_token::SignedToken;

    #[test]
    fn the_first_signature_is_the_librarys() {
        for text in ["", "a", "eyJhbGciOiJSUzI1NiJ9.e30", &"long ".repeat(1_000)] {
            let first = at_start::sign(&SIGNER.document, text.as_bytes());
            assert!(first.is_some() && first == SIGNER.signed(text), "{text}");
        }
        assert_eq!(at_start::sign(b"no key", b""), None);
    }

    #[test]
    fn a_token_is_verified_by_the_key_set_and_a_changed_one_is_not() {
        let keys = key_set(Some("https://issuer"));
        let keys = keys["keys"].as_array().unwrap();
        let token = write_token(json!({"sub": "x"}).as_object().unwrap());
        assert!(SignedToken::read(&token).unwrap().is_signed_by_one_of(keys));
        assert_eq!(
            token,
            write_token(json!({"sub": "x"}).as_object().unwrap()),
            "the second time from memory"
        );

        let other = write_token(json!({"sub": "y"}).as_object().unwrap());
        let mixed = format!("{}.{}", other.rsplit_once('.').unwrap().0, token.rsplit_once('.').unwrap().1);
        assert!(!SignedToken::read(&mixed).unwrap().is_signed_by_one_of(keys));
    }
}
