//! What leaves the room: steps, events, findings, outcomes and errors. Plain data that a front end receives.

pub(crate) mod blocked;
pub(crate) mod emitter;
pub(crate) mod english;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod finding;
pub(crate) mod finding_code;
pub(crate) mod incomplete;
pub(crate) mod next_step;
pub(crate) mod next_step_code;
pub(crate) mod outcome;
pub(crate) mod problem;
pub(crate) mod stale_plan;
pub(crate) mod step;
pub(crate) mod step_error;
pub(crate) mod written;
