//! What a view knows of a part: that it is there, that it is not, or neither.

use serde::{Deserialize, Serialize};

/// One part of tenant or site as it was read. What could not be read is unknown, and never absent.
///
/// In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
///
/// ```
/// use cmg_onboarding::connection::Reading;
///
/// let read: Reading<u32> = serde_json::from_str(r#"{"present": 7}"#)?;
/// assert_eq!(read.present(), Some(&7));
/// assert_ne!(Reading::<u32>::Unknown, Reading::Absent);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ReadingOf{T}"))]
#[serde(rename_all = "camelCase")]
pub enum Reading<T> {
    /// It was not read, or it could not be read.
    #[default]
    Unknown,
    /// It is not there.
    Absent,
    /// It is there.
    Present(T),
}

impl<T> Reading<T> {
    /// What is there, if it is there.
    #[must_use]
    pub const fn present(&self) -> Option<&T> {
        match self {
            Self::Present(found) => Some(found),
            Self::Unknown | Self::Absent => None,
        }
    }

    pub(crate) fn of(found: Option<T>) -> Self {
        found.map_or(Self::Absent, Self::Present)
    }

    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// The answer to a question about tenant or site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// What decides it was not read, or it decides nothing.
    #[default]
    Unknown,
    /// No.
    No,
    /// Yes.
    Yes,
}

impl Answer {
    pub(crate) const fn of(answer: Option<bool>) -> Self {
        match answer {
            None => Self::Unknown,
            Some(false) => Self::No,
            Some(true) => Self::Yes,
        }
    }
}
