//! The Entra side: one trait, and what goes through it.

mod api;
mod conditional_access;
#[cfg(all(any(fuzzing, test), feature = "http"))]
pub(crate) use graph::fuzzing;
#[cfg(feature = "http")]
mod graph;
mod objects;
mod people;

pub use api::{ApplicationKey, Directory, DirectoryHandle};
pub(crate) use conditional_access::Applies;
pub use conditional_access::ConditionalAccessPolicy;
#[cfg(feature = "http")]
pub use graph::{GraphDirectory, GraphDirectoryBuilder};
pub use objects::{
    ApiApplication, Application, ApplicationProperties, DeletedApplication, ImplicitGrantSettings, KeyCredential, NewApplication,
    NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, PermissionKind, PermissionScope,
    PublicClientApplication, RequiredResourceAccess, ResourceAccess, RoleAssignment, ServicePrincipal, ServicePrincipalLockConfiguration,
    WebApplication,
};
pub use people::{AppManagementPolicy, SignedIn, Tenant, VerifiedDomain};
