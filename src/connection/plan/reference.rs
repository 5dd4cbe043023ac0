//! What a change works on, known already or made by an earlier change.

use serde::{Deserialize, Serialize};

use crate::connection::report::step::Step;

/// Something that a change works on: there already, or made by an earlier change of the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ReferenceTo{T}"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Reference<T> {
    /// It is there, with this id.
    Known(T),
    /// The change of this step makes it; its id is known then.
    MadeBy(Step),
    /// It is not there, and no change makes it: the step is refused before it writes.
    Missing,
}

impl<T> Reference<T> {
    /// The thing itself if it is there, else what makes it.
    pub(crate) fn to(known: Option<T>, maker: Step) -> Self {
        known.map_or(Self::MadeBy(maker), Self::Known)
    }

    /// The step that makes it, if one does.
    pub(crate) const fn maker(&self) -> Option<Step> {
        match self {
            Self::MadeBy(step) => Some(*step),
            Self::Known(_) | Self::Missing => None,
        }
    }
}
