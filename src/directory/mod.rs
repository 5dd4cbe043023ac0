//! The Entra side: one trait, and what goes through it.

mod api;
#[cfg(all(fuzzing, feature = "http"))]
pub(crate) use graph::fuzzing;
#[cfg(feature = "http")]
mod graph;
mod objects;
mod people;

pub use api::{ApplicationKey, Directory, DirectoryHandle};
#[cfg(feature = "http")]
pub use graph::{GraphDirectory, GraphDirectoryBuilder};
pub use objects::{
    ApiApplication, Application, ApplicationProperties, DeletedApplication, ImplicitGrantSettings, KeyCredential, NewApplication,
    NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, PermissionKind, PermissionScope,
    PublicClientApplication, RequiredResourceAccess, ResourceAccess, RoleAssignment, ServicePrincipal, ServicePrincipalLockConfiguration,
    WebApplication,
};
pub use people::{AppManagementPolicy, SignedIn, Tenant, VerifiedDomain};
