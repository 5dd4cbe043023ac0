//! What the caller wants: the wizard's pages as plain data with its defaults and rules. No I/O.
//!
//! [`ConnectionSpec`] is the whole specification of one connection. Build it with [`ConnectionSpec::builder`] or read it
//! from JSON: both check every field and report all violations at once, as [`InvalidSpec`]. A specification that exists
//! has no violation. It reads and writes the same JSON, except that an imported secret is read and never written.

mod app_id_uri;
pub mod by_hand;
mod client_app;
mod connection;
mod discovery;
mod draft;
pub(crate) mod english;
mod existing_app;
mod field_input;
mod imported_server_app;
mod names;
mod reader;
mod schedule;
mod secret_validity;
mod server_app;
mod server_app_draft;
pub(crate) mod switch;
mod violation_code;
mod violations;

#[cfg(test)]
pub(crate) use app_id_uri::ACCEPTED_FORMS;
pub(crate) use app_id_uri::UriOwnerProblem;
pub use app_id_uri::{AppIdUri, InvalidAppIdUri};
pub use client_app::{ClientApp, ClientAppDraft, ClientAppSpec, ClientAppSpecBuilder, ImportedClientApp, ImportedClientAppBuilder};
pub use connection::{ConnectionSpec, ConnectionSpecBuilder};
pub(crate) use discovery::GroupNames;
pub use discovery::{DiscoverySpec, DiscoverySpecBuilder, GroupDiscovery, UserDiscovery};
pub use draft::ConnectionDraft;
pub use existing_app::{AdoptedClientApp, AdoptedServerApp, AdoptedServerAppBuilder, ReusedApp};
pub use imported_server_app::{ImportedServerApp, ImportedServerAppBuilder};
pub use schedule::{DayOfMonth, InvalidSchedule, Recurrence, Schedule, ScheduleBuilder, WeekOrder};
pub use secret_validity::SecretValidity;
pub use server_app::{ServerApp, ServerAppSpec, ServerAppSpecBuilder};
pub use server_app_draft::ServerAppDraft;
pub use violations::{InvalidSpec, Violation, ViolationCode};
