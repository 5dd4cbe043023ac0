//! The seam to the Entra tenant.

use std::{any::type_name, fmt::Debug, sync::Arc};

use async_trait::async_trait;

use super::{
    AppManagementPolicy, Application, ApplicationProperties, DeletedApplication, NewApplication, NewPassword, NewPermissionGrant,
    NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant,
};
use crate::{
    call::Call,
    cloud::CloudEndpoints,
    error::{DirectoryError, NotSupported},
    ids::{ApplicationId, ApplicationObjectId, KeyId, PermissionGrantId, RoleTemplateId, ServicePrincipalId},
};

/// By what an app registration is looked up. Never by its display name, which is not unique.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApplicationKey {
    /// The application (client) id.
    ApplicationId(ApplicationId),
    /// The unique name.
    UniqueName(String),
}

/// A Microsoft Entra tenant, with the operations this job needs.
///
/// Reads give `None` or an empty list for what is not there. Writes are single attempts as far as the outcome is
/// concerned: an implementation repeats a write only where the first attempt provably did nothing, and otherwise
/// returns an error for which [`DirectoryError::may_have_been_carried_out`] is true, for a refusal by
/// [`Effect::Unknown`](crate::error::Effect::Unknown); looking and repeating is the business of
/// [`crate::AzureServicesConnection`]. What is not there yet is refused with
/// [`RefusalReason::NotFound`](crate::error::RefusalReason::NotFound) or, if another object refers to it,
/// [`RefusalReason::ReferenceNotFound`](crate::error::RefusalReason::ReferenceNotFound): no code or text is looked at.
///
/// Every method has a default body that answers [`NotSupported`], so that a mock implements only what it needs and
/// new operations break nobody. All methods are errors-only-by-[`DirectoryError`], and all futures may be dropped at
/// any await: a write that was under way may then have been carried out.
///
/// Which operations which verb needs, and how to mock them, is in [`manual::mocking`](crate::manual::mocking).
#[async_trait]
pub trait Directory: Debug + Send + Sync {
    /// The endpoints this directory is reached at, where it is reached at any. Shown to people; default none.
    fn endpoints(&self) -> Option<&CloudEndpoints> {
        None
    }

    /// Who acts, as far as can be told without asking the directory. Default: nothing is known.
    async fn signed_in(&self, _call: Call) -> Result<SignedIn, DirectoryError> {
        Ok(SignedIn::default())
    }

    /// The tenant with its verified domains.
    async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
        Err(unsupported::<Self>("tenant"))
    }

    /// Which of these directory roles the signed-in user holds, through groups, too.
    async fn held_roles(&self, _call: Call, _roles: &[RoleTemplateId]) -> Result<Vec<RoleTemplateId>, DirectoryError> {
        Err(unsupported::<Self>("held_roles"))
    }

    /// What the tenant's default app management policy means for new apps. Needs `Policy.Read.All`.
    async fn app_management_policy(&self, _call: Call) -> Result<AppManagementPolicy, DirectoryError> {
        Err(unsupported::<Self>("app_management_policy"))
    }

    /// The app registration with this key.
    async fn application(&self, _call: Call, _key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        Err(unsupported::<Self>("application"))
    }

    /// The app registration that has this App ID URI.
    async fn application_with_uri(&self, _call: Call, _uri: &str) -> Result<Option<Application>, DirectoryError> {
        Err(unsupported::<Self>("application_with_uri"))
    }

    /// The deleted app registrations that still hold one of these unique names.
    async fn deleted_applications(&self, _call: Call, _unique_names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        Err(unsupported::<Self>("deleted_applications"))
    }

    /// The deleted service principals of these applications.
    async fn deleted_service_principals(
        &self,
        _call: Call,
        _applications: &[ApplicationId],
    ) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        Err(unsupported::<Self>("deleted_service_principals"))
    }

    /// The service principal of an application.
    async fn service_principal(&self, _call: Call, _application: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        Err(unsupported::<Self>("service_principal"))
    }

    /// The consents to delegated permissions that a service principal holds, for the whole tenant.
    async fn permission_grants(&self, _call: Call, _client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        Err(unsupported::<Self>("permission_grants"))
    }

    /// The application permissions that a service principal holds.
    async fn role_assignments(&self, _call: Call, _principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        Err(unsupported::<Self>("role_assignments"))
    }

    /// Creates an app registration, with its secret where one is wanted.
    ///
    /// The answer carries the secret's text, unless the service left it out.
    async fn create_application(&self, _call: Call, _new: &NewApplication) -> Result<Application, DirectoryError> {
        Err(unsupported::<Self>("create_application"))
    }

    /// Changes what is set in `change`; lists are replaced as a whole.
    async fn update_application(
        &self,
        _call: Call,
        _application: ApplicationObjectId,
        _change: &ApplicationProperties,
    ) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("update_application"))
    }

    /// Adds a secret; the answer carries its text.
    async fn add_password(
        &self,
        _call: Call,
        _application: ApplicationObjectId,
        _new: &NewPassword,
    ) -> Result<PasswordCredential, DirectoryError> {
        Err(unsupported::<Self>("add_password"))
    }

    /// Removes a secret.
    async fn remove_password(&self, _call: Call, _application: ApplicationObjectId, _key: KeyId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("remove_password"))
    }

    /// Creates the service principal of an application.
    async fn create_service_principal(&self, _call: Call, _application: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        Err(unsupported::<Self>("create_service_principal"))
    }

    /// Consents to delegated permissions for the whole tenant.
    async fn create_permission_grant(&self, _call: Call, _new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        Err(unsupported::<Self>("create_permission_grant"))
    }

    /// Replaces the permissions of a consent.
    async fn update_permission_grant(&self, _call: Call, _grant: &PermissionGrantId, _scope: &str) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("update_permission_grant"))
    }

    /// Gives an application permission to a service principal.
    async fn assign_role(&self, _call: Call, _new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        Err(unsupported::<Self>("assign_role"))
    }

    /// Deletes an app registration. It stays restorable, and keeps its unique name, until it is purged.
    async fn delete_application(&self, _call: Call, _application: ApplicationObjectId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("delete_application"))
    }

    /// Deletes a service principal. It stays restorable until it is purged.
    async fn delete_service_principal(&self, _call: Call, _principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("delete_service_principal"))
    }

    /// Removes a deleted app registration for good.
    async fn purge_application(&self, _call: Call, _application: ApplicationObjectId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("purge_application"))
    }

    /// Removes a deleted service principal for good.
    async fn purge_service_principal(&self, _call: Call, _principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("purge_service_principal"))
    }
}

fn unsupported<T: ?Sized>(operation: &'static str) -> DirectoryError {
    NotSupported::new(operation, type_name::<T>()).into()
}

/// A shared [`Directory`]. Everything that takes one takes an implementation or an `Arc` of one.
#[derive(Debug, Clone)]
pub struct DirectoryHandle(Arc<dyn Directory>);

impl DirectoryHandle {
    /// The directory itself.
    #[must_use]
    pub fn as_directory(&self) -> &dyn Directory {
        self.0.as_ref()
    }
}

impl<D: Directory + 'static> From<D> for DirectoryHandle {
    fn from(directory: D) -> Self {
        Self(Arc::new(directory))
    }
}

impl<D: Directory + 'static> From<Arc<D>> for DirectoryHandle {
    fn from(directory: Arc<D>) -> Self {
        Self(directory)
    }
}

impl From<Arc<dyn Directory>> for DirectoryHandle {
    fn from(directory: Arc<dyn Directory>) -> Self {
        Self(directory)
    }
}
