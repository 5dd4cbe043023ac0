//! The end of one secret or certificate of the server app, as data.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{connection::report::reading::Answer, ids::KeyId};

/// The end of one secret or certificate of the server app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Expiry {
    /// What ends.
    pub kind: ExpiryKind,
    /// When. As the registration has it; as the site has it if the registration does not show this secret.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub ends: OffsetDateTime,
    /// Whether the site uses it; unknown if it cannot be told which one the site uses.
    #[serde(default)]
    pub used_by_site: Answer,
    /// *Secret ID* or *Certificate ID*; `None` if the registration does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// *Description*, as the directory has it. It may hold characters that steer a terminal, which the text form does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether this crate has made it, as its description says. Another one belongs to another program or person.
    #[serde(default)]
    pub is_own: bool,
    /// The site that this crate has issued it for, as its description has it; `None` if it names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_for: Option<String>,
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ExpiryKind {
    /// A client secret.
    Secret,
    /// A certificate, which no site uses to sign in.
    Certificate,
}
