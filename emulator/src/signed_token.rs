//! JSON Web Tokens that clients and identity providers have signed: read, and their signatures verified.

use aws_lc_rs::{
    digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest},
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use tokio_rustls::rustls::{pki_types::CertificateDer, server::ParsedCertificate};

use crate::{
    der::{INTEGER, SEQUENCE, take, value},
    object::Object,
};

/// A token, taken apart. Nothing is verified yet.
#[derive(Debug)]
pub(crate) struct SignedToken<'a> {
    pub(crate) header: Object,
    pub(crate) claims: Object,
    signed: &'a str,
    signature: Vec<u8>,
}

/// How a token names the certificate that it was signed with.
#[derive(Debug)]
pub(crate) struct Thumbprint {
    bytes: Vec<u8>,
    is_sha256: bool,
}

impl<'a> SignedToken<'a> {
    pub(crate) fn read(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&decode(part)?).ok();
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: decode(signature)?,
        })
    }

    pub(crate) fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The moment of a claim, in seconds since 1970.
    pub(crate) fn moment(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// The certificate that the header names: `x5t#S256` before `x5t`.
    pub(crate) fn thumbprint(&self) -> Option<Thumbprint> {
        let named = |name: &str| self.header.get(name).and_then(Value::as_str).and_then(decode);
        let sha256 = named("x5t#S256").map(|bytes| (bytes, true));
        let (bytes, is_sha256) = sha256.or_else(|| named("x5t").map(|bytes| (bytes, false)))?;
        Some(Thumbprint { bytes, is_sha256 })
    }

    /// Whether the key of a certificate made the signature.
    pub(crate) fn is_signed_by_certificate(&self, certificate: &[u8]) -> bool {
        let Some(key) = public_key(certificate) else { return false };
        let Some(algorithm) = self.rsa_algorithm() else {
            return false;
        };
        self.is_signed_by(algorithm, &key)
    }

    /// Whether one of these keys, as a JSON Web Key Set holds them, made the signature. A key id in the header chooses.
    pub(crate) fn is_signed_by_one_of(&self, keys: &[Value]) -> bool {
        let wanted = self.header.get("kid");
        let named = |key: &&Value| wanted.is_none() || key.get("kid").is_none() || key.get("kid") == wanted;
        keys.iter().filter(named).any(|key| self.is_signed_by_key(key))
    }

    fn is_signed_by_key(&self, key: &Value) -> bool {
        let part = |name: &str| key.get(name).and_then(Value::as_str).and_then(decode);
        match (self.algorithm(), part("n"), part("e"), part("x"), part("y")) {
            ("RS256" | "PS256", Some(n), Some(e), ..) => {
                let parts = PublicKeyComponents { n, e };
                let algorithm = self.rsa_algorithm();
                algorithm.is_some_and(|algorithm| parts.verify(algorithm, self.signed.as_bytes(), &self.signature).is_ok())
            }
            ("ES256", _, _, Some(x), Some(y)) => {
                let point: Vec<u8> = [4].into_iter().chain(x).chain(y).collect();
                self.is_signed_by(&ECDSA_P256_SHA256_FIXED, &point)
            }
            _ => false,
        }
    }

    fn is_signed_by(&self, algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(self.signed.as_bytes(), &self.signature).is_ok()
    }

    fn rsa_algorithm(&self) -> Option<&'static RsaParameters> {
        match self.algorithm() {
            "RS256" => Some(&RSA_PKCS1_2048_8192_SHA256),
            "PS256" => Some(&RSA_PSS_2048_8192_SHA256),
            _ => None,
        }
    }

    fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Thumbprint {
    pub(crate) fn is_of(&self, certificate: &[u8]) -> bool {
        let algorithm = if self.is_sha256 { &SHA256 } else { &SHA1_FOR_LEGACY_USE_ONLY };
        digest(algorithm, certificate).as_ref() == self.bytes
    }

    /// As refusals write it.
    pub(crate) fn hexadecimal(&self) -> String {
        hexadecimal(&self.bytes)
    }
}

/// The thumbprint by which directories know a certificate; `None` if it is none.
pub(crate) fn sha1_thumbprint(certificate: &[u8]) -> Option<String> {
    public_key(certificate)?;
    Some(hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref()))
}

/// RFC 7636 wants the SHA-256 of a text.
pub(crate) fn sha256(text: &[u8]) -> Vec<u8> {
    let algorithm: &'static Algorithm = &SHA256;
    digest(algorithm, text).as_ref().to_vec()
}

fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let given = CertificateDer::from(certificate);
    match ParsedCertificate::try_from(&given) {
        Ok(parsed) => Some(parsed.subject_public_key_info().as_ref().to_vec()),
        Err(_) => public_key_of_version_1(certificate).map(<[u8]>::to_vec),
    }
}

/// The Azure CLI makes certificates of version 1 (RFC 5280, 4.1.2.1), which the directory takes and the library does not.
fn public_key_of_version_1(certificate: &[u8]) -> Option<&[u8]> {
    let (body, behind) = take(certificate, SEQUENCE)?;
    let (mut body, _) = behind.is_empty().then(|| take(body, SEQUENCE))??;
    // Serial number, algorithm, issuer, validity and subject stand before it.
    for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        value(&mut body, tag)?;
    }
    let (_, behind) = take(body, SEQUENCE)?;
    body.get(..body.len() - behind.len())
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbprints_are_those_of_the_standards() {
        // FIPS 180-4's example.
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"abc");
        assert_eq!(hexadecimal(sha1.as_ref()), "A9993E364706816ABA3E25717850C26C9CD0D89D");
        for (bytes, is_sha256) in [(sha1.as_ref().to_vec(), false), (sha256(b"abc"), true)] {
            let thumbprint = Thumbprint { bytes, is_sha256 };
            assert!(thumbprint.is_of(b"abc") && !thumbprint.is_of(b"abd"));
        }
    }

    /// Without the two elements that version 1 does not have, the signature is wrong, which does not matter here.
    #[test]
    fn a_certificate_of_version_1_has_the_same_public_key() {
        let pem = include_str!("signing/certificate.pem");
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let certificate = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let expected = public_key(&certificate).unwrap();
        let (outer, _) = take(&certificate, SEQUENCE).unwrap();
        let (mut body, signature) = take(outer, SEQUENCE).unwrap();
        value(&mut body, 0xA0).unwrap();
        let kept = &body[..body.len() - behind_the_key(body).len()];
        let first = [sequence(kept), signature.to_vec()].concat();
        let version_1 = sequence(&first);
        assert_eq!(public_key(&version_1), Some(expected));
        assert_eq!(sha1_thumbprint(&version_1).map(|thumbprint| thumbprint.len()), Some(40));
        for end in 0..version_1.len() {
            assert!(public_key(&version_1[..end]).is_none(), "{end}");
        }
    }

    /// The extensions.
    fn behind_the_key(mut body: &[u8]) -> &[u8] {
        for tag in [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
            value(&mut body, tag).unwrap();
        }
        body
    }

    fn sequence(value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82], &length[..], value].concat()
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        for text in ["", "a", "a.b", "a.b.c", "e30.e30.!", "W10.e30.AA"] {
            assert!(SignedToken::read(text).is_none(), "{text}");
        }
        assert!(SignedToken::read("e30.e30.AA").is_some());
    }
}
