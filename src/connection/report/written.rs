//! Whether a run that failed has changed anything.

use serde::{Deserialize, Serialize};

/// Whether an operation that failed has changed tenant or site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Written {
    /// Nothing was written.
    Nothing,
    /// What the report lists was written, and nothing else.
    Partial,
    /// A write was sent, and it is not known whether it was carried out. Running again looks first.
    Unknown,
}
