//! The private key that opens a hand-over.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
};
use secrecy::zeroize::Zeroizing;
use x509_cert::der::{Tag, asn1::ObjectIdentifier};

use super::{HandOverError, Recipient, armour, syntax::element};

/// No file with a key, a certificate and its chain is longer.
const LONGEST: usize = 256 * 1024;

/// The recipient's private RSA key, and its certificate if it is given with it. The key is wiped from memory when its last
/// clone is dropped, and prints as `RecipientKey([redacted])`.
#[derive(Clone)]
pub struct RecipientKey {
    keys: Arc<DecryptingKeys>,
    public_key: Vec<u8>,
    certificate: Option<Recipient>,
}

/// The key, once for each padding.
pub(super) struct DecryptingKeys {
    pub(super) oaep: OaepPrivateDecryptingKey,
    pub(super) pkcs1: Pkcs1PrivateDecryptingKey,
}

impl RecipientKey {
    /// Reads a key in PEM (`BEGIN PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`), without a password. If the certificate stands
    /// in the same text, a file that is sealed to another one is told as such. The certificate may have expired meanwhile.
    ///
    /// # Errors
    ///
    /// If there is no such key in the text, or the certificate belongs to another key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, HandOverError> {
        let unreadable = |reason| HandOverError::KeyUnreadable { reason };
        let text = std::str::from_utf8(pem).map_err(|_| unreadable("it is not text"))?;
        if text.len() > LONGEST {
            return Err(unreadable("the file is too long for a key"));
        }
        let pkcs8 = read(text).ok_or_else(|| {
            let is_encrypted = text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
            unreadable(if is_encrypted {
                "it is protected by a password"
            } else {
                "there is no whole private key in PEM in it"
            })
        })?;
        let refused = || unreadable("it is not an RSA key of 2048 to 8192 bits");
        let key = || PrivateDecryptingKey::from_pkcs8(&pkcs8).map_err(|_| refused());
        let public_key = key()?.public_key().as_der().map_err(|_| refused())?.as_ref().to_vec();
        let keys = DecryptingKeys {
            oaep: OaepPrivateDecryptingKey::new(key()?).map_err(|_| refused())?,
            pkcs1: Pkcs1PrivateDecryptingKey::new(key()?).map_err(|_| refused())?,
        };
        let certificate = match Recipient::read(text.as_bytes()) {
            Some(Ok((certificate, _))) => Some(certificate),
            _ => None,
        };
        if certificate.as_ref().is_some_and(|certificate| certificate.public_key != public_key) {
            return Err(unreadable("the certificate in the same file belongs to another key"));
        }
        Ok(Self {
            keys: Arc::new(keys),
            public_key,
            certificate,
        })
    }

    pub(super) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    pub(super) const fn certificate(&self) -> Option<&Recipient> {
        self.certificate.as_ref()
    }

    pub(super) fn keys(&self) -> &DecryptingKeys {
        &self.keys
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RecipientKey([redacted])")
    }
}

/// The key as PKCS#8.
fn read(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if let Some(pkcs8) = armour::read(text, "PRIVATE KEY") {
        return Some(pkcs8);
    }
    const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    let pkcs1 = armour::read(text, "RSA PRIVATE KEY")?;
    let algorithm = element(
        Tag::Sequence,
        &[&element(Tag::ObjectIdentifier, &[RSA.as_bytes()])?, &element(Tag::Null, &[])?],
    )?;
    let key = Zeroizing::new(element(Tag::OctetString, &[&pkcs1])?);
    let version = element(Tag::Integer, &[&[0]])?;
    element(Tag::Sequence, &[&version, &algorithm, &key]).map(Zeroizing::new)
}
