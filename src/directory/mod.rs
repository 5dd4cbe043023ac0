//! The Entra side: one trait, and what goes through it.

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
