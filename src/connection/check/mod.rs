//! Finds what is wrong and what may go wrong, before anything is written.
//!
//! Each check is a function of snapshot and specification that adds findings and sends no request. [`verify`]
//! alone reads by itself, because it works without a connection. What could not be read counts as unknown,
//! and not as fine.

pub(crate) mod adopted;
pub(crate) mod apps;
pub(crate) mod as_it_is;
pub(crate) mod conditional_access;
pub(crate) mod directory;
pub(crate) mod expiries;
pub(crate) mod groups;
pub(crate) mod registrations;
pub(crate) mod renewal;
pub(crate) mod rights;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod secrets;
pub(crate) mod sign_in;
pub(crate) mod site;
pub(crate) mod term;
pub(crate) mod used_secret;
pub(crate) mod verify;
pub(crate) mod weight;
