//! A bearer token, kept like a secret.

use std::{fmt, sync::Arc};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};
use time::OffsetDateTime;

use super::TokenClaims;

/// An access token for one resource.
///
/// It is wiped from memory on drop, prints as `[redacted]`, and can be neither written to JSON nor compared.
///
/// ```
/// use cmg_onboarding::AccessToken;
/// use time::macros::datetime;
///
/// let token = AccessToken::new("eyJ0...").expiring_on(datetime!(2026-11-24 13:00 UTC));
/// assert_eq!(token.expires_on(), Some(datetime!(2026-11-24 13:00 UTC)));
/// assert!(!format!("{token:?}").contains("eyJ0"));
/// ```
#[derive(Clone)]
pub struct AccessToken {
    secret: SecretString,
    expires_on: Option<OffsetDateTime>,
    granted: Option<Arc<[String]>>,
}

impl AccessToken {
    /// Takes a token over. Its end is read from the token itself where that is possible.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        let mut text: String = token.into();
        let secret = SecretString::from(text.trim());
        let expires_on = TokenClaims::read(text.trim()).and_then(|claims| claims.expires_on);
        text.zeroize();
        Self {
            secret,
            expires_on,
            granted: None,
        }
    }

    /// The same with the end of validity that the token endpoint gave, which wins over the one in the token.
    #[must_use]
    pub const fn expiring_on(mut self, moment: OffsetDateTime) -> Self {
        self.expires_on = Some(moment);
        self
    }

    /// The same with the delegated permissions that the token endpoint says were granted (`scope`), space-separated.
    ///
    /// They serve where the token itself cannot be read. Names that are fully qualified are shortened.
    #[must_use]
    pub fn granting(mut self, scope: &str) -> Self {
        let names = scope
            .split_whitespace()
            .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
        self.granted = Some(names.collect());
        self
    }

    /// The delegated permissions that the token endpoint said were granted, by their short names, if it said so.
    #[must_use]
    pub fn granted_scopes(&self) -> Option<&[String]> {
        self.granted.as_deref()
    }

    /// The end of validity, if known.
    #[must_use]
    pub const fn expires_on(&self) -> Option<OffsetDateTime> {
        self.expires_on
    }

    /// What the token says about itself; `None` where it is not a readable JWT.
    ///
    /// Nothing is verified: that is the service's business. The claims serve to explain beforehand what would be refused.
    #[must_use]
    pub fn claims(&self) -> Option<TokenClaims> {
        TokenClaims::read(self.secret.expose_secret())
    }

    /// Whether both are the same text. The time it takes tells nothing but the lengths.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let (one, two) = (self.expose().as_bytes(), other.expose().as_bytes());
        let difference = one.iter().zip(two).fold(0, |difference, (one, two)| difference | (one ^ two));
        one.len() == two.len() && difference == 0
    }

    /// The token's text.
    ///
    /// # Security warning
    ///
    /// A program that holds it acts as the signed-in account until it expires.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessToken")
            .field("secret", &"[redacted]")
            .field("expires_on", &self.expires_on)
            .field("granted", &self.granted)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_token() {
        let shown = format!("{:?}", AccessToken::new("canary-7Q"));
        assert!(!shown.contains("canary-7Q") && shown.contains("redacted"), "{shown}");
    }

    #[test]
    fn the_same_text_is_known_again() {
        let token = AccessToken::new("abc");
        assert!(token.is_same_as(&token.clone()));
        for other in ["abd", "ab", "abcd", ""] {
            assert!(!token.is_same_as(&AccessToken::new(other)), "{other}");
        }
    }

    #[test]
    fn what_was_granted_is_kept_by_short_names() {
        let token = AccessToken::new("abc").granting("openid https://graph.microsoft.com/User.Read  Application.ReadWrite.All");
        assert_eq!(
            token.granted_scopes().unwrap(),
            ["openid", "User.Read", "Application.ReadWrite.All"]
        );
        assert_eq!(AccessToken::new("abc").granted_scopes(), None);
    }

    #[test]
    fn white_space_around_a_pasted_token_is_dropped() {
        assert_eq!(AccessToken::new(" abc\n").expose(), "abc");
    }
}
