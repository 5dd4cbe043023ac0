//! What is served at the moment: tenants, a site, the latency.

mod running;
mod tenants;

pub(crate) use running::Running;
pub(crate) use tenants::Tenants;
