//! Reads tenant and site into one snapshot, in as few rounds of requests as possible.
//!
//! Checks, plan and run work on this [`snapshot`]. On a tenant without the apps, reading it is one round of
//! parallel requests. Reading never writes.

pub(crate) mod granted;
pub(crate) mod parts;
pub(crate) mod reading;
pub(crate) mod registration;
pub(crate) mod roles;
pub(crate) mod snapshot;
