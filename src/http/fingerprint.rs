//! [`CertificateFingerprint`], the SHA-256 of the one certificate that a server may show.

use std::{fmt, str::FromStr};

use crate::error::{InvalidValue, ValueKind};

/// The SHA-256 fingerprint of the one certificate that a server may show.
///
/// In text it is 64 hexadecimal digits, with or without colons, spaces or dashes between the pairs. It is printed by
/// `openssl x509 -noout -fingerprint -sha256`. The *Thumbprint* that Windows shows is SHA-1 and is not taken, because
/// certificates with a given SHA-1 can be made.
///
/// ```
/// use cmg_onboarding::http::CertificateFingerprint;
///
/// let text = "9F:86:D0:81:88:4C:7D:65:9A:2F:EA:A0:C5:5A:D0:15:A3:BF:4F:1B:2B:0B:82:2C:D1:5D:6C:15:B0:F0:0A:08";
/// let fingerprint: CertificateFingerprint = text.parse()?;
/// assert_eq!(fingerprint.to_string(), text);
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFingerprint([u8; 32]);

impl CertificateFingerprint {
    /// The fingerprint of these bytes.
    #[must_use]
    pub const fn new(sha256: [u8; 32]) -> Self {
        Self(sha256)
    }

    /// The SHA-256 of the certificate's DER bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CertificateFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(formatter, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CertificateFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CertificateFingerprint({self})")
    }
}

impl FromStr for CertificateFingerprint {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits = text.chars().filter(|character| !matches!(character, ':' | '-' | ' '));
        let mut bytes = [0; 32];
        for byte in &mut bytes {
            *byte = two_digits(&mut digits).ok_or(InvalidValue::new(ValueKind::Fingerprint))?;
        }
        digits
            .next()
            .is_none()
            .then_some(Self(bytes))
            .ok_or(InvalidValue::new(ValueKind::Fingerprint))
    }
}

fn two_digits(digits: &mut impl Iterator<Item = char>) -> Option<u8> {
    let high = digits.next()?.to_digit(16)?;
    let low = digits.next()?.to_digit(16)?;
    u8::try_from(high << 4 | low).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_a_sha_256_is_refused() {
        let plain = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(plain.parse::<CertificateFingerprint>().is_ok());
        let sha1 = &plain[..40];
        for text in ["", sha1, &plain[1..], &format!("{plain}0"), &plain.replace('9', "g")] {
            assert_eq!(
                text.parse::<CertificateFingerprint>(),
                Err(InvalidValue::new(ValueKind::Fingerprint)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_fingerprint_is_written_as_certificate_tools_write_it() {
        let mut bytes = [0_u8; 32];
        (bytes[0], bytes[1], bytes[31]) = (0x9f, 0x0a, 0xff);
        let expected = format!("9F:0A:{}FF", "00:".repeat(29));
        let fingerprint = CertificateFingerprint::new(bytes);
        assert_eq!((fingerprint.to_string(), fingerprint.as_bytes()), (expected.clone(), &bytes));
        assert_eq!(format!("{fingerprint:?}"), format!("CertificateFingerprint({expected})"));
        let refusal = crate::http::pinning::NotPinned { found: fingerprint }.to_string();
        assert!(
            refusal.ends_with(&expected) && refusal.contains("another one than the pinned one"),
            "{refusal}"
        );
    }

    proptest! {
        #[test]
        fn every_fingerprint_reads_back_from_its_text(bytes: [u8; 32]) {
            let fingerprint = CertificateFingerprint::new(bytes);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }

        #[test]
        fn reading_any_text_never_panics(text in ".{0,100}") {
            let _ = text.parse::<CertificateFingerprint>();
        }
    }
}
