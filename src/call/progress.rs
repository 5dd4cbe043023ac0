//! What a site tells while it works: which item is done, and what became of it.
//!
//! It stands on the ground floor because it travels with a [`Call`](super::Call).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The row id that a site gives to a tenant, an application or a connection. Large numbers are usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct SiteRowId(pub i64);

impl fmt::Display for SiteRowId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A thing in the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SiteItem {
    /// The tenant's row.
    Tenant,
    /// The server app's row.
    ServerApp,
    /// The client app's row.
    ClientApp,
    /// The connection.
    Connection,
    /// User and group discovery of the connection.
    Discovery,
}

impl fmt::Display for SiteItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Tenant => "tenant",
            Self::ServerApp => "server app",
            Self::ClientApp => "client app",
            Self::Connection => "connection",
            Self::Discovery => "discovery",
        })
    }
}

/// What became of a thing in the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SiteAction {
    /// It was made.
    Created,
    /// It was there and is as wanted.
    Unchanged,
    /// It was there and was changed.
    Changed,
    /// It is there, differs from what was wanted, and the product offers no cmdlet to change it: how to do it by hand.
    Differs(String),
}

impl fmt::Display for SiteAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => formatter.write_str("created"),
            Self::Unchanged => formatter.write_str("unchanged"),
            Self::Changed => formatter.write_str("changed"),
            Self::Differs(how) => write!(formatter, "differs: {how}"),
        }
    }
}

/// One piece of progress: an item is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteProgress {
    /// Which item.
    pub item: SiteItem,
    /// What became of it.
    pub action: SiteAction,
    /// Its row, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<SiteRowId>,
    /// How what was created or changed reads back differently from what was wanted, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differences: Option<String>,
}

impl SiteProgress {
    /// Describes a piece of progress.
    #[must_use]
    pub const fn new(item: SiteItem, action: SiteAction, row: Option<SiteRowId>) -> Self {
        Self {
            item,
            action,
            row,
            differences: None,
        }
    }

    /// The same with what reads back differently from what was wanted.
    #[must_use]
    pub fn reading_back(mut self, differences: impl Into<String>) -> Self {
        self.differences = Some(differences.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_words_and_tells_what_to_do_by_hand() {
        let differs = SiteAction::Differs("Change it in the console.".to_owned());
        assert_eq!(differs.to_string(), "differs: Change it in the console.");
        let words = [SiteAction::Created, SiteAction::Unchanged, SiteAction::Changed].map(|action| action.to_string());
        assert_eq!(words, ["created", "unchanged", "changed"]);
    }
}
