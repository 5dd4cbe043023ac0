//! How well a connection is, in the four words of monitoring plug-ins.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How well a connection is, as monitoring plug-ins say it. Of two statuses the greater one counts.
///
/// | status | exit code | what it means |
/// | --- | --- | --- |
/// | `Ok` | 0 | nothing that was looked at needs attention |
/// | `Warning` | 1 | the connection works; something differs, or a secret ends within a threshold |
/// | `Critical` | 2 | something does not work, or the secret has expired or ends within the last threshold |
/// | `Unknown` | 3 | what decides could not be read |
///
/// Which finding leads to which status is a table in
/// [`manual::life_after_onboarding`](crate::manual::life_after_onboarding).
///
/// Source: *Monitoring Plugins Development Guidelines*, plugin return codes.
///
/// ```
/// use cmg_onboarding::connection::CheckStatus;
///
/// assert_eq!(CheckStatus::Unknown.exit_code(), 3);
/// assert!(CheckStatus::Critical > CheckStatus::Unknown && CheckStatus::Unknown > CheckStatus::Warning);
/// assert_eq!(CheckStatus::Ok.to_string(), "OK");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum CheckStatus {
    /// Well, as far as it was looked at.
    Ok,
    /// It works, and something needs attention.
    Warning,
    /// What decides is not known. It counts for more than a warning, since it may be worse.
    Unknown,
    /// Something does not work, or soon will not.
    Critical,
}

impl CheckStatus {
    /// The exit code of a monitoring plug-in: 0, 1, 2 or 3.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        })
    }
}
