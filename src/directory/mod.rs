//! The Microsoft Entra tenant: [`Directory`] is the trait.
//!
//! Reads give `None` or an empty list for what is not there, and each write is one attempt.
//! [`GraphDirectory`] (feature `http`) implements it over Microsoft Graph v1.0, and [`DirectoryHandle`] shares one.
//! The other types are what goes through the trait, named as Microsoft Graph names them.
//! [`manual::mocking`](crate::manual::mocking) has a complete mock for tests.
//!
//! What it guarantees: app registrations are found by an [`ApplicationKey`] or by their App ID URI, never by their
//! display name. A secret's text is a [`ClientSecret`](crate::ClientSecret), which debug output and JSON do not show;
//! what they may show is the hint that Microsoft Graph gives, its first characters.

mod api;
mod application;
mod conditional_access;
mod consent;
#[cfg(all(any(fuzzing, test), feature = "http"))]
pub(crate) use graph::fuzzing;
#[cfg(feature = "http")]
mod graph;
mod people;
mod properties;

pub use api::{ApplicationKey, Directory, DirectoryHandle};
pub use application::{Application, DeletedApplication, KeyCredential, NewApplication, NewPassword, PasswordCredential};
pub(crate) use conditional_access::Applies;
pub use conditional_access::ConditionalAccessPolicy;
pub use consent::{NewPermissionGrant, NewRoleAssignment, PermissionGrant, RoleAssignment, ServicePrincipal};
#[cfg(feature = "http")]
pub use graph::{GraphDirectory, GraphDirectoryBuilder};
pub use people::{AppManagementPolicy, SignedIn, Tenant, VerifiedDomain};
pub use properties::{
    ApiApplication, ApplicationProperties, ImplicitGrantSettings, PermissionKind, PermissionScope, PublicClientApplication,
    RequiredResourceAccess, ResourceAccess, ServicePrincipalLockConfiguration, WebApplication,
};
