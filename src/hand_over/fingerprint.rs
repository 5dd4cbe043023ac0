//! What two people compare by telephone.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Serialize, Serializer};

/// The first 128 bits of the SHA-256 digest of the sealed bytes, in groups to read out. It changes with every sealing and
/// is no secret.
///
/// The digest is taken over the bytes inside the armour, so that line ends that a mail program has changed do no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(super) fn of(sealed: &[u8]) -> Self {
        let digest = digest(&SHA256, sealed);
        let mut first = [0; 16];
        first.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(first)
    }

    /// The number of the run in which the script imports the file.
    pub(super) fn run(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is what a person has heard and typed in, whole; capitals, blanks and hyphens do not count.
    #[must_use]
    pub fn is_typed_as(&self, typed: &str) -> bool {
        let bare = |text: &str| -> String {
            let kept = text.chars().filter(|character| !character.is_whitespace() && *character != '-');
            kept.map(|character| character.to_ascii_uppercase()).collect()
        };
        bare(typed) == bare(&self.to_string())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.0.chunks(2).enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            for byte in pair {
                write!(formatter, "{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_beginning_of_the_digest_in_eight_groups() {
        // SHA-256 of "abc", from FIPS 180-2.
        let fingerprint = Fingerprint::of(b"abc");
        assert_eq!(fingerprint.to_string(), "BA78 16BF 8F01 CFEA 4141 40DE 5DAE 2223");
        assert_eq!(serde_json::to_value(fingerprint).ok(), Some(fingerprint.to_string().into()));
    }

    #[test]
    fn what_is_typed_must_be_whole_and_may_be_written_in_small_letters() {
        let fingerprint = Fingerprint::of(b"abc");
        assert!(fingerprint.is_typed_as(" ba7816bf-8f01cfea 414140de5dae2223\r\n"));
        for typed in [
            "",
            "BA78",
            "BA78 16BF 8F01 CFEA 4141 40DE 5DAE 2224",
            "BA78 16BF 8F01 CFEA 4141 40DE 5DAE 2223 00",
        ] {
            assert!(!fingerprint.is_typed_as(typed), "{typed}");
        }
    }
}
