//! What any [`Directory`], [`Site`] or [`TokenProvider`] must do, as functions to run against it (feature `contract`).
//!
//! The author of an implementation calls the function for its trait, in a test or against a real tenant or site. The
//! function calls the operations as a run does, and compares what they answer with what the trait promises. The first
//! promise that is broken is the answer: a [`ContractViolation`] with the name of the check, what was expected and what
//! was found. Nothing panics, so that the functions serve outside tests, too.
//!
//! ```
//! use cmg_onboarding::contract;
//! use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), contract::ContractViolation> {
//! contract::directory(&EmulatedTenant::new().directory(), "contract-test").await?;
//! contract::site(&EmulatedSite::new(), "contract-test").await?;
//! # Ok(())
//! # }
//! ```
//!
//! A mock that answers without remembering cannot pass [`directory`] and [`site`], and need not:
//! [`directory_reads`] and [`site_reads`] hold it to what does not depend on memory.

mod directory;
mod site;
mod token_provider;
pub(crate) mod violation;

pub use violation::ContractViolation;

use crate::{
    directory::Directory,
    site::Site,
    token::{TokenProvider, TokenRequest},
};

/// Checks everything that the trait [`Directory`] promises.
///
/// It creates app registrations, service principals, secrets and consents whose unique names and display names begin
/// with `prefix`, and removes them for good, also after a violation. What an earlier run with the same prefix has left
/// is removed first. One check assigns `Directory.Read.All` of Microsoft Graph to its own service principal, which goes
/// with it. The account needs the rights for all of that; use a tenant for tests.
///
/// What was written and does not show is asked for again for half a minute, as a run does.
///
/// # Errors
///
/// The first promise that is broken, or the error of an operation that must not fail. An operation that the
/// implementation does not offer counts as broken, but for `held_roles`, `app_management_policy` and
/// `conditional_access_policies`, which are not called, and for `groups_by_name`, which may be left out or refused.
///
/// # Cancel safety
///
/// The future may be dropped at any await; what was made by then stays until the next run with the same prefix.
pub async fn directory(directory: &dyn Directory, prefix: &str) -> Result<(), ContractViolation> {
    directory_reads(directory, prefix).await?;
    directory::writes(directory, prefix).await
}

/// Checks what the trait [`Directory`] promises of reading: what is not there is `None` or an empty list, and the
/// operations `signed_in` and `tenant` agree. Nothing is written, and nothing whose name begins with `prefix` may be there.
///
/// # Errors
///
/// The first promise that is broken, or the error of an operation that must not fail.
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn directory_reads(directory: &dyn Directory, prefix: &str) -> Result<(), ContractViolation> {
    directory::reads(directory, prefix).await
}

/// Checks everything that the trait [`Site`] promises.
///
/// It imports two apps of a tenant that does not exist, all with new ids, into a connection whose name begins with
/// `prefix`, switches its user discovery on and off, renames it, and removes it, also after a violation. A site that
/// takes renewed secrets gets one. The product has no way to remove tenants and apps from
/// a site, so these stay there: use a site for tests.
///
/// # Errors
///
/// The first promise that is broken, or the error of an operation that must not fail.
///
/// # Cancel safety
///
/// The future may be dropped at any await; the connection may then be left in the site.
pub async fn site(site: &dyn Site, prefix: &str) -> Result<(), ContractViolation> {
    site_reads(site).await?;
    site::writes(site, prefix).await
}

/// Checks what the trait [`Site`] promises of reading: looking twice shows the same. Nothing is written.
///
/// # Errors
///
/// The first promise that is broken, or the error of an operation that must not fail.
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn site_reads(site: &dyn Site) -> Result<(), ContractViolation> {
    site::reads(site).await
}

/// Checks everything that the trait [`TokenProvider`] promises: tokens that can be sent and are valid now, also for
/// many callers at once and after a call that was dropped, for the tenant and the scopes that are asked for, another
/// one after a refusal, and none in what `Debug` prints.
///
/// `request` is what a token is asked for, as [`TokenRequest::new`] with the scope of Microsoft Graph. A provider that
/// asks a person does so about twelve times, unless it is wrapped in [`CachedTokens`](crate::CachedTokens).
///
/// # Errors
///
/// The first promise that is broken, or the error of a token that must be had.
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn token_provider(provider: &dyn TokenProvider, request: &TokenRequest) -> Result<(), ContractViolation> {
    token_provider::all(provider, request).await
}
