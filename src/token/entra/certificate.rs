//! A certificate with its private key, and the assertions that it signs.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    SignatureScheme,
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    sign::{CertifiedKey, SigningKey},
};
use secrecy::zeroize::{Zeroize, Zeroizing};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use url::Url;
use uuid::Uuid;

use crate::{
    error::{InvalidValue, TokenError, TokenFailure, ValueKind},
    ids::ApplicationId,
};

/// How long an assertion is valid. Microsoft's page says: 5 to 10 minutes.
const LIFETIME: Duration = Duration::minutes(10);

/// A certificate with its private key, by which an application signs in without a secret.
///
/// The key signs and never leaves this type: it has no `Serialize`, its `Debug` shows the certificate's thumbprint alone,
/// and the memory that held it is wiped. Clones share one key. It is an RSA key, because the sign-in service takes
/// assertions that are signed with RSA (`PS256`).
///
/// Source: *Microsoft identity platform application authentication certificate credentials*.
#[derive(Clone)]
pub struct ClientCertificate {
    key: Arc<dyn SigningKey>,
    thumbprint: String,
    /// The SHA-1 thumbprint, which is sent only if it is asked for.
    sha1_thumbprint: String,
    sends_sha1: bool,
}

impl ClientCertificate {
    /// Reads a certificate and its private key in PEM: `CERTIFICATE` in the first text, `PRIVATE KEY` (PKCS#8) or
    /// `RSA PRIVATE KEY` in the second one. One text with both may be given twice. Of several certificates the one that
    /// belongs to the key is taken. The text with the key is wiped.
    ///
    /// # Errors
    ///
    /// If there is no certificate or no key, if the key is encrypted or not an RSA key, or if the two do not belong
    /// together.
    pub fn from_pem(certificate: impl AsRef<[u8]>, private_key: impl Into<Vec<u8>>) -> Result<Self, InvalidValue> {
        let certificates = certificates_of(certificate.as_ref());
        let private_key = Zeroizing::new(private_key.into());
        let key = PrivateKeyDer::from_pem_slice(&private_key).map_err(|_| match is_encrypted(&private_key) {
            true => InvalidValue::new(ValueKind::UnencryptedKey),
            false => InvalidValue::new(ValueKind::PrivateKey),
        })?;
        // A section that says it is a key, of a kind or a length that is not taken.
        Self::of(certificates, key, ValueKind::RsaKey)
    }

    /// Reads a certificate in DER (X.509) and its private key in DER (PKCS#8). The key that was given is wiped.
    ///
    /// # Errors
    ///
    /// If one of the two cannot be read, if the key is not an RSA key, or if they do not belong together.
    pub fn from_der(certificate: impl AsRef<[u8]>, private_key: impl Into<Vec<u8>>) -> Result<Self, InvalidValue> {
        let certificate = CertificateDer::from(certificate.as_ref().to_vec());
        let key = PrivatePkcs8KeyDer::from(private_key.into());
        Self::of(vec![certificate], key.into(), ValueKind::PrivateKey)
    }

    /// `unusable` says what is wrong with a key that cannot be taken.
    fn of(certificates: Vec<CertificateDer<'static>>, mut der: PrivateKeyDer<'static>, unusable: ValueKind) -> Result<Self, InvalidValue> {
        if certificates.is_empty() {
            der.zeroize();
            return Err(InvalidValue::new(ValueKind::Certificate));
        }
        let key = any_supported_type(&der);
        der.zeroize();
        let key = key.map_err(|_| InvalidValue::new(unusable))?;
        if key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]).is_none() {
            return Err(InvalidValue::new(ValueKind::RsaKey));
        }
        let belongs =
            |certificate: &CertificateDer<'static>| CertifiedKey::new(vec![certificate.clone()], Arc::clone(&key)).keys_match().is_ok();
        let certificate = certificates.iter().find(|certificate| belongs(certificate));
        let certificate = certificate.ok_or(InvalidValue::new(ValueKind::KeyOfCertificate))?;
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(certificate));
        let sha1_thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate));
        Ok(Self {
            key,
            thumbprint,
            sha1_thumbprint,
            sends_sha1: false,
        })
    }

    /// The same with the SHA-1 thumbprint (`x5t`) beside the SHA-256 one (`x5t#S256`) in each assertion, for a tenant that
    /// refuses the latter alone with AADSTS700027. It only names the certificate: the signature is the same. Default: no.
    ///
    /// Source: entra-docs, pull request 1301.
    #[must_use]
    pub const fn with_sha1_thumbprint(mut self, sends: bool) -> Self {
        self.sends_sha1 = sends;
        self
    }

    /// An assertion for one sign-in at this token endpoint: a JWT with `PS256` and `x5t#S256`, and `x5t` if it is asked for,
    /// good for ten minutes.
    pub(super) fn assertion(
        &self,
        application: ApplicationId,
        token_endpoint: &Url,
        now: OffsetDateTime,
    ) -> Result<Zeroizing<String>, TokenError> {
        let mut header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint});
        if self.sends_sha1 {
            header["x5t"] = json!(self.sha1_thumbprint);
        }
        let now_in_seconds = now.unix_timestamp();
        let claims = json!({
            "aud": token_endpoint.as_str(),
            "iss": application.to_string(),
            "sub": application.to_string(),
            "jti": Uuid::new_v4().to_string(),
            "nbf": now_in_seconds,
            "iat": now_in_seconds,
            "exp": now_in_seconds + LIFETIME.whole_seconds(),
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signer = self.key.choose_scheme(&[SignatureScheme::RSA_PSS_SHA256]);
        let signature = signer.and_then(|signer| signer.sign(signed.as_bytes()).ok());
        let signature = signature.ok_or_else(|| {
            TokenError::new(
                TokenFailure::BadCredentials,
                "the private key of the certificate could not sign",
                "Check that the key is an RSA key of 2048 bits or more.",
            )
        })?;
        Ok(Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// The certificates in a text. A key in the same text is not looked at, so that no copy of it is made.
fn certificates_of(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    let Ok(text) = std::str::from_utf8(pem) else {
        return Vec::new();
    };
    let blocks = text.split(BEGIN).skip(1).filter_map(|block| block.split_once(END));
    let blocks = blocks.map(|(inside, _)| format!("{BEGIN}{inside}{END}\n"));
    blocks
        .filter_map(|block| CertificateDer::from_pem_slice(block.as_bytes()).ok())
        .collect()
}

fn is_encrypted(pem: &[u8]) -> bool {
    let text = String::from_utf8_lossy(pem);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientCertificate")
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
