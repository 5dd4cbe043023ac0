//! What is planned for a step, in one word.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is planned for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PlannedAction {
    /// It is not there and will be made.
    Create,
    /// It is there and will be changed.
    Update,
    /// It is there and will be removed.
    Remove,
    /// It is there and stays as it is; a write that changes nothing proves it.
    Confirm,
    /// It was deleted and will be restored.
    Restore,
    /// It is there and stays as it is.
    Keep,
    /// It is there and differs, and the run cannot change it: a person does, as a finding and a next step say.
    ByHand,
}

impl PlannedAction {
    /// Every action that a plan can have.
    pub const ALL: &'static [Self] = &[
        Self::Create,
        Self::Update,
        Self::Remove,
        Self::Confirm,
        Self::Restore,
        Self::Keep,
        Self::ByHand,
    ];

    /// Whether the run leaves it as it is.
    pub(crate) const fn is_left(self) -> bool {
        matches!(self, Self::Keep | Self::ByHand)
    }
}

impl fmt::Display for PlannedAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Confirm => "confirm",
            Self::Restore => "restore",
            Self::Keep => "in place",
            Self::ByHand => "by hand",
        })
    }
}
