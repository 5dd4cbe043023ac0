//! How it is done: carries changes out, waits, and tells of it.

pub(crate) mod cancel;
pub(crate) mod consent;
pub(crate) mod context;
pub(crate) mod emitter;
pub(crate) mod import;
pub(crate) mod merge;
pub(crate) mod register;
pub(crate) mod remove;
pub(crate) mod secret;
pub(crate) mod secret_sink;
pub(crate) mod wait;
