//! Which site it is, so that the secrets of two sites are told apart.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::{Uuid, uuid};

use crate::error::{InvalidValue, ValueKind};

/// The namespace of the digests: its own, so that a digest never equals an id that is derived for the directory.
const NAMESPACE: Uuid = uuid!("5d0b7c0e-6f5b-5a59-8c0a-0f1f5a3b7e42");

/// How many characters a given identity has at most: it is part of a secret's description.
const LONGEST: usize = 40;

/// What tells one Configuration Manager site from another in the description of a secret.
///
/// A tenant shows the descriptions of an app's secrets to every account that may read the app registration, so an identity
/// is a digest and never the site's or the provider's name, unless the caller gives a text of its own.
///
/// ```
/// use cmg_onboarding::site::SiteIdentity;
///
/// let identity = SiteIdentity::of("P01", "cm01.corp.contoso.com");
/// assert_eq!(identity, SiteIdentity::of("p01", "CM01.corp.contoso.com"));
/// assert_ne!(identity, SiteIdentity::of("P01", "lab01.corp.contoso.com"));
/// assert_eq!(identity.as_str().len(), 8);
/// assert_eq!("hierarchy-1".parse::<SiteIdentity>()?.to_string(), "hierarchy-1");
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteIdentity(String);

impl SiteIdentity {
    /// The identity of the site that this SMS Provider serves: the first 8 hexadecimal digits of a digest of both.
    ///
    /// Upper and lower case do not matter. Two providers of one site give two identities; give a text of your own to
    /// [`site_identity`](crate::connection::AzureServicesConnectionBuilder::site_identity) if both are used.
    #[must_use]
    pub fn of(site_code: &str, provider: &str) -> Self {
        let name = format!("{}/{}", site_code.to_ascii_uppercase(), provider.to_ascii_lowercase());
        let digest = Uuid::new_v5(&NAMESPACE, name.as_bytes()).simple().to_string();
        Self(digest.chars().take(8).collect())
    }

    /// The identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SiteIdentity {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::new(ValueKind::SiteIdentity))
        }
    }
}

impl TryFrom<String> for SiteIdentity {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<SiteIdentity> for String {
    fn from(identity: SiteIdentity) -> Self {
        identity.0
    }
}
