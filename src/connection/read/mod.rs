//! What is there: tenant and site, read into one snapshot in as few rounds as possible.

pub(crate) mod granted;
pub(crate) mod snapshot;
