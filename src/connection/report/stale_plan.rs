//! The error of an approved plan that would do something else now.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{error::Diagnostic, text::clean};

/// One difference between a plan that was approved and what would be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanDifference {
    /// Where in the document, as a JSON pointer with the name of the step in the place of a change's index:
    /// `/changes/issueSecret/action`.
    pub path: String,
    /// What was approved; `null` if there was nothing.
    pub approved: Value,
    /// What it would be now; `null` if there is nothing.
    pub now: Value,
}

impl fmt::Display for PlanDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}: {} was approved, and now it is {}", self.path, self.approved, self.now);
        formatter.write_str(&clean(&text))
    }
}

/// Tenant, site or specification have changed since the plan was made or approved: it would do something else now.
///
/// As [`OnboardingError::Stale`](crate::OnboardingError::Stale) nothing was written; as
/// [`StepError::Stale`](crate::connection::StepError::Stale) the first round of an old plan may have been: see
/// [`ApplyError::effect`](crate::connection::ApplyError::effect).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("the plan is stale: {} of its parts would be different now", .differences.len())]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StalePlan {
    /// Each difference.
    pub differences: Vec<PlanDifference>,
}

impl StalePlan {
    pub(crate) const fn new(differences: Vec<PlanDifference>) -> Self {
        Self { differences }
    }
}

impl Diagnostic for StalePlan {
    fn code(&self) -> &'static str {
        "stalePlan"
    }

    fn help(&self) -> Cow<'_, str> {
        "Make a new plan, look at it, and have it approved again.".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_what_was_approved_and_what_it_is_now() {
        let difference = PlanDifference {
            path: "/tenantName\u{1b}".to_owned(),
            approved: "Contoso".into(),
            now: Value::Null,
        };
        assert_eq!(difference.to_string(), "/tenantName : \"Contoso\" was approved, and now it is null");
    }
}
