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
    /// Something was written, and the report lists it.
    Partial,
    /// Something was under way, and it is not known whether it was sent and carried out. Running again looks first.
    Unknown,
}
