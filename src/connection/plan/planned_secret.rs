//! A secret that a plan issues: its end as a rule.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime};

use crate::spec::SecretValidity;

/// Until when a secret will be valid: a rule, since it counts from the moment of its issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedSecret {
    /// How long, from its issue.
    pub validity: SecretValidity,
    /// The day of its end, were it issued when the plan is made. A secret that is added to others ends some
    /// days earlier, so that its end tells it from them.
    #[serde(with = "day")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Day"))]
    pub expires_about: Date,
    /// The longest validity, in seconds, that the tenant's policy allows; `None` if there is no limit, if the policy was
    /// not read, or if `validity` does not ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_seconds: Option<i64>,
}

impl PlannedSecret {
    /// A secret that would be issued now, below what a policy allows.
    pub(crate) fn new(validity: SecretValidity, longest: Option<Duration>, now: OffsetDateTime) -> Self {
        let longest = longest.filter(|_| validity == SecretValidity::LongestAllowed);
        Self {
            validity,
            expires_about: validity.end_below(now, longest).date(),
            allowed_seconds: longest.map(Duration::whole_seconds),
        }
    }

    /// Takes the day out, which time alone changes.
    pub(crate) const fn forget_date(&mut self) {
        self.expires_about = time::macros::date!(1970 - 01 - 01);
    }

    /// The end of a secret that is issued at this moment.
    pub(crate) fn end_after(&self, now: OffsetDateTime) -> OffsetDateTime {
        self.validity.end_below(now, self.allowed_seconds.map(Duration::seconds))
    }
}

time::serde::format_description!(day, Date, "[year]-[month]-[day]");
