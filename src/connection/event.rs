//! What a running job tells: typed, serialisable, in order.

use std::time::Duration;

use serde::Serialize;

use super::{report::StepAction, step::Step};
use crate::{
    call::{Retry, milliseconds},
    error::RequestTrace,
};

/// One piece of progress. In JSON every event has a field `event` with its name.
///
/// No event ever carries a secret or a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Event {
    /// A step has begun. Steps of one round begin together.
    StepStarted {
        /// Which.
        step: Step,
    },
    /// The directory does not see everywhere yet what this run has just made; the step waits and tries again.
    WaitingForReplication {
        /// Which step.
        step: Step,
        /// How many times it has tried, from 1.
        attempt: u32,
        /// How long it waits now.
        #[serde(rename = "delayMilliseconds", serialize_with = "milliseconds")]
        delay: Duration,
        /// The code of the refusal it got.
        code: String,
    },
    /// A request failed in passing and is repeated.
    Retried {
        /// Which step; `None` while tenant and site are being read.
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<Step>,
        /// Which request, why, and after how long.
        #[serde(flatten)]
        retry: Retry,
    },
    /// A step is done.
    StepDone {
        /// Which.
        step: Step,
        /// What it came to.
        action: StepAction,
        /// What it made or found, by its id, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    },
    /// A step failed. The steps of the same round finish; then the run stops.
    StepFailed {
        /// Which.
        step: Step,
        /// What happened, with all causes, in one line.
        error: String,
        /// What to do about it.
        help: String,
        /// Which request it was.
        #[serde(skip_serializing_if = "Option::is_none")]
        trace: Option<RequestTrace>,
    },
}

/// Who hears the events of a run.
pub(crate) type Listener<'a> = &'a (dyn Fn(&Event) + Send + Sync);
