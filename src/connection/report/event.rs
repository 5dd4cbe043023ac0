//! The events of a run: typed, in order, and serialisable both ways.

mod line;

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    call::{Retry, milliseconds},
    connection::report::step::{Step, StepAction},
    error::RequestTrace,
    ids::KeyId,
};

/// The id of one run, the same in all its events. Every run draws another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct RunId(Uuid);

impl RunId {
    pub(crate) fn new() -> Self {
        Self(Uuid::new_v4())
    }

    /// The bare GUID.
    #[must_use]
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a run was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Verb {
    /// Read tenant and site, and check what would go wrong.
    Preflight,
    /// Check whether the connection works and when its secret ends.
    Check,
    /// Verify the values of apps to import.
    Verify,
    /// Make a plan.
    Plan,
    /// Make a plan that removes what the specification has made.
    PlanRemoval,
    /// Carry a plan out.
    Apply,
    /// See connections as they are.
    View,
    /// List the app registrations that this crate has made.
    Registrations,
    /// Make a plan that renews the server app's secret.
    PlanRenewal,
    /// Make a plan that removes secrets which a renewal has replaced, before their own end.
    PlanSecretRemoval,
    /// Make a plan and carry it out.
    Onboard,
    /// Make a plan that removes, and carry it out.
    Remove,
    /// Make a plan that updates the settings of app registrations.
    PlanSettingsUpdate,
    /// Make a plan that updates the settings of app registrations, and carry it out.
    UpdateSettings,
    /// Make a plan that renews the server app's secret, and carry it out.
    RenewSecret,
    /// Make a plan that removes secrets which a renewal has replaced, and carry it out.
    RemoveOldSecrets,
}

impl Verb {
    /// Every verb.
    pub const ALL: &'static [Self] = &[
        Self::Preflight,
        Self::Check,
        Self::Verify,
        Self::Plan,
        Self::PlanRemoval,
        Self::Apply,
        Self::View,
        Self::Registrations,
        Self::PlanRenewal,
        Self::PlanSecretRemoval,
        Self::Onboard,
        Self::Remove,
        Self::PlanSettingsUpdate,
        Self::UpdateSettings,
        Self::RenewSecret,
        Self::RemoveOldSecrets,
    ];
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Preflight => "preflight",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Plan => "plan",
            Self::PlanRemoval => "plan removal",
            Self::Apply => "apply",
            Self::View => "view",
            Self::Registrations => "registrations",
            Self::PlanRenewal => "plan renewal",
            Self::PlanSecretRemoval => "plan secret removal",
            Self::Onboard => "onboard",
            Self::Remove => "remove",
            Self::PlanSettingsUpdate => "plan settings update",
            Self::UpdateSettings => "update settings",
            Self::RenewSecret => "renew secret",
            Self::RemoveOldSecrets => "remove old secrets",
        })
    }
}

/// The codes of [`EventKind::WaitingForReplication`] that are no refusal's.
pub(crate) const NO_ANSWER: &str = "noAnswer";
pub(crate) const UNEXPECTED_ANSWER: &str = "unexpectedAnswer";
pub(crate) const REGISTERED_AND_DELETED: &str = "registeredAndDeleted";

/// The version of the form of an event that this version of the crate writes.
pub(super) const fn current_version() -> u32 {
    1
}

/// One piece of progress. In JSON the kind's fields stand beside `version`, `run`, `sequence`, `at` and
/// `elapsedMilliseconds`, and a field `event` has the kind's name.
///
/// No event ever carries a secret or a token. It prints as one line.
///
/// ```
/// use cmg_onboarding::connection::EventKind;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// connection
///     .onboard(|event| match &event.kind {
///         EventKind::StepStarted { step, index, total, .. } => println!("{index} of {total}: {step}"),
///         EventKind::StepFailed { error, help, .. } => println!("{error}. {help}"),
///         _ => {}
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Event {
    /// The version of this form, 1. Lines of before it was written have it, too.
    #[serde(default = "current_version")]
    pub version: u32,
    /// Which run.
    pub run: RunId,
    /// Its place among the events of the run, from 1, without gaps.
    pub sequence: u64,
    /// When it happened.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub at: OffsetDateTime,
    /// How long the run had lasted by then, by tokio's timer. In JSON in milliseconds.
    #[serde(rename = "elapsedMilliseconds", with = "milliseconds")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub elapsed: Duration,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
///
/// A run begins with [`RunStarted`](Self::RunStarted) and ends with exactly one of
/// [`RunFinished`](Self::RunFinished), [`RunFailed`](Self::RunFailed) and
/// [`RunCancelled`](Self::RunCancelled). Every step that is reached has exactly one
/// [`StepStarted`](Self::StepStarted) and one of [`StepDone`](Self::StepDone),
/// [`StepFailed`](Self::StepFailed) and [`StepSkipped`](Self::StepSkipped). If the caller's `Cancel` or the deadline
/// ends the run in between, what has begun has failed. Only if the future is dropped, what has begun has no end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum EventKind {
    /// The run has begun.
    #[non_exhaustive]
    RunStarted {
        /// What it was asked to do.
        verb: Verb,
    },
    /// Tenant and site are read and the plan is made: from now on it is known how many steps there are.
    #[non_exhaustive]
    PlanMade {
        /// How many steps the plan has. Each of them will be started if the run gets that far.
        total: usize,
    },
    /// A step has begun. Steps of one round begin together. If nothing was refused, a step that only a refusal makes necessary
    /// is told as begun and skipped at the end of the run: a progress bar counts the ends of steps.
    #[non_exhaustive]
    StepStarted {
        /// Which.
        step: Step,
        /// Its place in the plan, from 1. Steps need not begin or end in this order.
        index: usize,
        /// How many steps the plan has.
        total: usize,
        /// The round it belongs to, from 1.
        round: u8,
    },
    /// The whole directory does not show yet what this run has just made; the step waits and tries again.
    #[non_exhaustive]
    WaitingForReplication {
        /// Which step.
        step: Step,
        /// How many times it has tried, from 1.
        attempt: u32,
        /// How long it waits now. In JSON in milliseconds.
        #[serde(rename = "delayMilliseconds", with = "milliseconds")]
        #[cfg_attr(feature = "schema", schemars(with = "u64"))]
        delay: Duration,
        /// The code of the refusal it got: the directory's own, `AADSTS` with its number, or that of another error of signing in.
        /// Else `notVisible` if it was answered without what must be there, `unexpectedAnswer`, `noAnswer`, or
        /// `registeredAndDeleted`.
        code: String,
    },
    /// The secret that this run has issued was tried out by signing in once. A finding of the outcome says more.
    /// While it is waited for, that is told as [`WaitingForReplication`](Self::WaitingForReplication) of the step
    /// [`IssueSecret`](Step::IssueSecret).
    #[non_exhaustive]
    SecretTried {
        /// *Secret ID*.
        key_id: KeyId,
        /// Whether Microsoft Entra accepted it; `None` if that could not be found out, or not within the limit.
        accepted: Option<bool>,
    },
    /// A request failed for a reason that may pass, such as throttling, and is repeated.
    #[non_exhaustive]
    Retried {
        /// Which step; `None` while tenant and site are being read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Step>,
        /// Which request, why, and after how long.
        #[serde(flatten)]
        retry: Retry,
    },
    /// A step is done.
    #[non_exhaustive]
    StepDone {
        /// Which.
        step: Step,
        /// Its place in the plan, from 1.
        index: usize,
        /// How many steps the plan has.
        total: usize,
        /// The round it belongs to, from 1.
        round: u8,
        /// What it came to.
        action: StepAction,
        /// What it made or found, by its id, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    },
    /// A step that only a lost answer or a refusal would have made necessary was not needed.
    #[non_exhaustive]
    StepSkipped {
        /// Which.
        step: Step,
        /// Its place in the plan, from 1.
        index: usize,
        /// How many steps the plan has.
        total: usize,
        /// The round it belongs to, from 1.
        round: u8,
    },
    /// A step failed. The steps of the same round finish; then the run stops.
    #[non_exhaustive]
    StepFailed {
        /// Which.
        step: Step,
        /// Its place in the plan, from 1.
        index: usize,
        /// How many steps the plan has.
        total: usize,
        /// The round it belongs to, from 1.
        round: u8,
        /// What happened, with all causes, in one line.
        error: String,
        /// What to do about it.
        help: String,
        /// Which request it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trace: Option<RequestTrace>,
    },
    /// The run has come to its end.
    #[non_exhaustive]
    RunFinished {
        /// Whether anything was changed.
        changed: bool,
    },
    /// The run has failed: reading failed, something stands in the way, or a step failed.
    #[non_exhaustive]
    RunFailed {
        /// What happened, with all causes, in one line.
        error: String,
        /// What to do about it.
        help: String,
    },
    /// The run was cancelled: its future was dropped, or the caller's `Cancel` ended it. A run whose deadline has passed
    /// has failed.
    #[non_exhaustive]
    RunCancelled,
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::{
        call::RetryReason,
        connection::{PlannedAction, report::finding::Severity},
        words::testing::variants,
    };

    fn is_whole<T: Debug>(all: &[T], source: &str, name: &str) {
        let listed: Vec<String> = all.iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(listed, variants(source, name), "{name}::ALL lists every one");
        assert!(listed.len() > 2);
    }

    #[test]
    fn a_verb_is_shown_as_the_words_of_its_name_in_json() {
        for verb in Verb::ALL {
            let name: String = serde_json::from_value(serde_json::to_value(verb).unwrap()).unwrap();
            let is_capital = |letter: char| letter.is_ascii_uppercase();
            let spaced = name.replace(is_capital, "?");
            let shown = verb.to_string();
            assert_eq!(shown.split(' ').count(), spaced.split('?').count(), "{verb:?}");
            assert_eq!(shown.replace(' ', ""), name.to_ascii_lowercase(), "{verb:?}");
        }
    }

    #[test]
    fn each_list_of_what_a_front_end_shows_is_whole() {
        is_whole(Verb::ALL, include_str!("event.rs"), "Verb");
        is_whole(StepAction::ALL, include_str!("step.rs"), "StepAction");
        is_whole(Severity::ALL, include_str!("finding.rs"), "Severity");
        is_whole(PlannedAction::ALL, include_str!("../plan/planned_action.rs"), "PlannedAction");
        is_whole(RetryReason::ALL, include_str!("../../call/mod.rs"), "RetryReason");
    }
}
