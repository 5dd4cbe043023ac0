//! Carries the changes of a plan out, round by round, and tells the caller of each.
//!
//! [`rounds`] executes the changes, each kind by a function of its own; they share [`context`], and [`outcome`] sums up. A write that
//! must not be made twice goes through [`wait`]; a write to an object that other administrators may be
//! changing goes through [`merge`].
//!
//! The changes of one round run side by side, and all of them finish before a failure stops the run. The
//! caller's sink has each issued secret before the next write; [`prove`] signs in with it before the site has it.

pub(crate) mod alive;
pub(crate) mod app;
pub(crate) mod cancel;
pub(crate) mod clean_up;
pub(crate) mod consent;
pub(crate) mod context;
pub(crate) mod import;
pub(crate) mod look_again;
pub(crate) mod merge;
mod outcome;
pub(crate) mod prove;
mod read_back;
pub(crate) mod remove;
pub(crate) mod rounds;
pub(crate) mod secret;
pub(crate) mod secret_sink;
pub(crate) mod unused;
pub(crate) mod wait;
