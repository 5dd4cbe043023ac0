//! Everything that a front end receives: steps, events, findings, outcomes and errors.
//!
//! These types are data, with code and parameters beside the English text, and their names in JSON are
//! stable. The texts of findings and next steps stand in [`english`], and nowhere else. [`emitter`] gives
//! each event of a run to the caller's callback, in order, and guarantees one start and one end for each run.
//! No type here serialises a secret.

pub(crate) mod blocked;
pub(crate) mod catalogue;
pub(crate) mod check;
pub(crate) mod check_status;
pub(crate) mod consent_links;
pub(crate) mod emitter;
pub(crate) mod english;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod expiry;
pub(crate) mod finding;
pub(crate) mod finding_code;
pub(crate) mod finding_place;
pub(crate) mod incomplete;
pub(crate) mod next_step;
pub(crate) mod next_step_code;
pub(crate) mod outcome;
pub(crate) mod problem;
pub(crate) mod read_error;
pub(crate) mod reading;
pub(crate) mod spans;
pub(crate) mod stale_plan;
pub(crate) mod step;
pub(crate) mod step_error;
pub(crate) mod verification;
pub(crate) mod written;
