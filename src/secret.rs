//! [`ClientSecret`], the one type that holds an app registration's secret.
//!
//! It is wiped on drop and shows its text only through [`ClientSecret::expose`]. What is issued, imported and
//! handed to a site has this type all the way.

use std::fmt;

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use serde::{Deserialize, Deserializer};

/// A client secret (the *Value* of the portal, the *Secret Key* of the Import apps dialog).
///
/// It is wiped from memory on drop, prints as `ClientSecret([redacted])`, can be read from JSON and cannot be
/// written to it, and has no equality, so that it cannot be compared in variable time.
///
/// ```
/// use cmg_onboarding::ClientSecret;
///
/// let secret = ClientSecret::new("the Value, not the Secret ID");
/// assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
/// assert_eq!(secret.expose(), "the Value, not the Secret ID");
/// ```
#[derive(Clone)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// Takes a secret over. The given text is wiped if a copy had to be made.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        let mut text: String = secret.into();
        let kept = SecretString::from(text.as_str());
        text.zeroize();
        Self(kept)
    }

    /// The secret's text.
    ///
    /// # Security warning
    ///
    /// Hand it straight to what needs it. This type cannot protect a copy that is printed, stored or compared.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientSecret([redacted])")
    }
}

impl<'de> Deserialize<'de> for ClientSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_names_the_type_and_hides_the_text() {
        let shown = format!("{:?}", ClientSecret::new("canary-7Q"));
        assert_eq!(shown, "ClientSecret([redacted])");
    }

    #[test]
    fn a_secret_is_read_from_json() {
        let secret: ClientSecret = serde_json::from_str("\"canary-7Q\"").unwrap();
        assert_eq!(secret.expose(), "canary-7Q");
    }
}
