//! The certificate that a hand-over is sealed to.

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    encoding::AsDer,
    rsa::PublicEncryptingKey,
};
use time::OffsetDateTime;
use x509_cert::{
    Certificate,
    der::{Decode, Encode, asn1::ObjectIdentifier},
    ext::pkix::{ExtendedKeyUsage, KeyUsage},
    time::Time,
};

use super::{HandOverError, armour, issuer_and_serial::IssuerAndSerial, syntax::hexadecimal};
use crate::text::excerpt;

/// *Document Encryption*, which `Protect-CmsMessage` demands of a certificate.
const DOCUMENT_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.80.1");

/// No certificate is longer.
const LONGEST: usize = 64 * 1024;

/// The certificate of who is to open a hand-over.
///
/// It is one that `Protect-CmsMessage` takes: valid now, with an RSA key, the extended key usage *Document Encryption*
/// (1.3.6.1.4.1.311.80.1) and the key usage key encipherment or data encipherment. Who issued it is not looked at: it is
/// usually self-signed, so compare its [`thumbprint`](Self::thumbprint) with the recipient.
#[derive(Debug, Clone)]
pub struct Recipient {
    subject: String,
    thumbprint: String,
    valid_until: OffsetDateTime,
    pub(super) issuer_and_serial: IssuerAndSerial,
    pub(super) public_key: Vec<u8>,
}

impl Recipient {
    /// Reads a certificate, in PEM or in DER as `Export-Certificate` writes it, and checks it at the given moment.
    ///
    /// # Errors
    ///
    /// If it is not a certificate, or one that PowerShell would not take for this. The help has the lines that make one.
    pub fn from_certificate(bytes: &[u8], now: OffsetDateTime) -> Result<Self, HandOverError> {
        let (recipient, certificate) = Self::read(bytes).ok_or(HandOverError::CertificateUnreadable)??;
        recipient.check(&certificate, now)?;
        Ok(recipient)
    }

    /// Whose certificate it is, as it says of itself.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The thumbprint as Windows shows it: the SHA-1 digest of the certificate, in hexadecimal digits.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// When the certificate ends.
    #[must_use]
    pub const fn valid_until(&self) -> OffsetDateTime {
        self.valid_until
    }

    /// A certificate that has not been checked; `None` if the bytes are not a certificate.
    pub(super) fn read(bytes: &[u8]) -> Option<Result<(Self, Certificate), HandOverError>> {
        if bytes.len() > LONGEST {
            return None;
        }
        let armoured = std::str::from_utf8(bytes).ok().and_then(|text| armour::read(text, "CERTIFICATE"));
        let der = armoured.as_ref().map_or(bytes, |der| der.as_slice());
        let certificate = Certificate::from_der(der).ok()?;
        let tbs = certificate.tbs_certificate();
        let subject = excerpt(&tbs.subject().to_string());
        let spki = tbs.subject_public_key_info().to_der().ok()?;
        // A key that is not RSA, or too short, is not one of these.
        let Some(public_key) = public_key(&spki) else {
            return Some(Err(HandOverError::CertificateWithoutRsa { subject }));
        };
        let recipient = Self {
            thumbprint: hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
            valid_until: moment(tbs.validity().not_after)?,
            issuer_and_serial: IssuerAndSerial::of(tbs)?,
            public_key,
            subject,
        };
        Some(Ok((recipient, certificate)))
    }

    fn check(&self, certificate: &Certificate, now: OffsetDateTime) -> Result<(), HandOverError> {
        let tbs = certificate.tbs_certificate();
        let from = moment(tbs.validity().not_before).ok_or(HandOverError::CertificateUnreadable)?;
        if now < from || self.valid_until < now {
            return Err(HandOverError::CertificateNotValid {
                subject: self.subject.clone(),
                from,
                until: self.valid_until,
                now,
            });
        }
        let lacks = |lacks| {
            Err(HandOverError::CertificateForOtherUse {
                subject: self.subject.clone(),
                lacks,
            })
        };
        let extended = tbs.get_extension::<ExtendedKeyUsage>().ok().flatten();
        if !extended.is_some_and(|(_, usage)| usage.0.contains(&DOCUMENT_ENCRYPTION)) {
            return lacks("extended key usage 1.3.6.1.4.1.311.80.1 (Document Encryption)");
        }
        let usage = tbs.get_extension::<KeyUsage>().ok().flatten();
        if !usage.is_some_and(|(_, usage)| usage.key_encipherment() || usage.data_encipherment()) {
            return lacks("key usage key encipherment or data encipherment");
        }
        Ok(())
    }
}

/// A public RSA key of 2048 to 8192 bits, in the one form that two ends can compare.
pub(super) fn public_key(spki: &[u8]) -> Option<Vec<u8>> {
    let key = PublicEncryptingKey::from_der(spki).ok()?;
    Some(key.as_der().ok()?.as_ref().to_vec())
}

fn moment(time: Time) -> Option<OffsetDateTime> {
    let seconds = time.to_unix_duration().as_secs();
    OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}
