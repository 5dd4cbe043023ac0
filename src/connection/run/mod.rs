//! How it is done: carries changes out, waits, and tells of it.
//!
//! [`rounds`] executes a plan's changes, each kind by a function of its own; [`context`] is what they all share. Whatever
//! must not be made twice goes through [`wait`], whatever others may be changing, too, through [`merge`].

pub(crate) mod app;
pub(crate) mod cancel;
pub(crate) mod consent;
pub(crate) mod context;
pub(crate) mod import;
pub(crate) mod merge;
pub(crate) mod registered;
pub(crate) mod remove;
pub(crate) mod rounds;
pub(crate) mod secret;
pub(crate) mod secret_sink;
pub(crate) mod unused;
pub(crate) mod wait;
