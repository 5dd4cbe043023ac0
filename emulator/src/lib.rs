//! One Entra tenant and one Configuration Manager site in memory, for tests and front ends.
//!
//! [`EmulatorServer`] serves an [`EmulatedTenant`] over loopback HTTP or HTTPS as Microsoft Graph and as a sign-in
//! authority, for any client. [`EmulatedWire`] leads to the same tenant without a socket, under tokio's paused time.
//! [`EmulatedSite`] is a site for `cmg_onboarding`, behind its trait `Site`.
//!
//! One model with one set of rules answers: what Microsoft documents of Microsoft Graph v1.0, down to
//! codes and messages. What Microsoft does not document is kept out, or answered with status 501; where a refusal has to
//! say something that no source shows, the table of texts (`texts.rs`) says that it is a guess.
//! Nothing in here is a security boundary: tokens are signed with a key that is published with this source, and every caller
//! that can write a token is believed, signed or not.
//!
//! ```
//! use cmg_onboarding::{Call, Directory};
//! use cmg_onboarding_emulator::EmulatedTenant;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), cmg_onboarding::DirectoryError> {
//! let tenant = EmulatedTenant::new();
//! let contoso = tenant.directory().tenant(Call::quiet()).await?;
//! assert_eq!(contoso.site_name(), "contoso.onmicrosoft.com");
//! # Ok(())
//! # }
//! ```

mod access;
mod admin;
mod authority;
mod automation_client;
mod caller;
mod certificate;
mod clock;
mod cloud;
mod configuration;
mod der;
mod faults;
mod graph;
mod graph_types;
mod ids;
mod locked;
mod object;
#[cfg(feature = "onboarding")]
mod onboarding;
mod policy;
mod record;
mod refusal;
mod served;
mod server;
mod settings;
mod sign_ins;
mod signed_token;
mod signing;
#[cfg(feature = "onboarding")]
mod site;
mod store;
mod tenant;
mod tenant_builder;
mod texts;
#[cfg(feature = "onboarding")]
mod timeline;
#[cfg(feature = "onboarding")]
mod wire;

pub use automation_client::AutomationClient;
pub use caller::Caller;
pub use cloud::CloudEnvironment;
pub use configuration::{ConfigurationError, EmulatorConfiguration};
pub use faults::Fault;
pub use policy::AppManagementPolicy;
pub use record::RecordedRequest;
pub use server::{EmulatorServer, EmulatorServerBuilder};
pub use sign_ins::SignInTrouble;
#[cfg(feature = "onboarding")]
pub use site::{EmulatedSite, EmulatedSiteBuilder, RemoteSite, RemoteSiteBuilder};
pub use tenant::EmulatedTenant;
pub use tenant_builder::EmulatedTenantBuilder;
#[cfg(feature = "onboarding")]
pub use timeline::Timeline;
#[cfg(feature = "onboarding")]
pub use wire::{EmulatedWire, WireFault, WireRefusal, WireRequest};
