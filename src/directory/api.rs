//! The seam to the Entra tenant.

use std::{any::type_name, fmt::Debug, sync::Arc};

use async_trait::async_trait;
use time::Duration;

use super::{
    AppManagementPolicy, Application, ApplicationProperties, ConditionalAccessPolicy, DeletedApplication, NewApplication, NewPassword,
    NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant,
};
use crate::{
    call::Call,
    cloud::CloudEndpoints,
    error::{DirectoryError, NotSupported},
    ids::{ApplicationId, ApplicationObjectId, DirectoryObjectId, KeyId, PermissionGrantId, RoleTemplateId, ServicePrincipalId},
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
/// [`AzureServicesConnection`](crate::AzureServicesConnection). What is not there yet is refused with
/// [`RefusalReason::NotFound`](crate::error::RefusalReason::NotFound) or, if another object refers to it,
/// [`RefusalReason::ReferenceNotFound`](crate::error::RefusalReason::ReferenceNotFound): no code or text is looked at.
///
/// Every method has a default body that answers [`NotSupported`], so that a mock implements only what it needs and
/// a new operation breaks no implementation.
///
/// # Which operations which verb needs
///
/// | verb | operations |
/// | --- | --- |
/// | [`preflight`](crate::AzureServicesConnection::preflight), [`plan`](crate::AzureServicesConnection::plan), [`plan_from`](crate::AzureServicesConnection::plan_from) | `tenant`, `application`, `application_with_uri`, `service_principal`; `permission_grants` if the client app is there; `role_assignments` if the server app is, with discovery; if they are offered, `held_roles`, `app_management_policy`, `conditional_access_policies`, `deleted_applications`, and `groups_by_name` if discovery names groups |
/// | [`check`](crate::AzureServicesConnection::check) | `tenant`, `application`, `application_with_uri`, `service_principal`, `permission_grants`; `role_assignments` with discovery; if it is offered, `deleted_service_principals` |
/// | [`expiring`](crate::connection::expiring) | `application` |
/// | [`onboard`](crate::AzureServicesConnection::onboard), [`Plan::apply`](crate::Plan::apply) | those of `plan`, and of the writes those that the plan shows: `create_application`, `update_application`, `create_service_principal`, `create_permission_grant`, `update_permission_grant`, `assign_role`, `add_password`, `remove_password`, `restore_application` |
/// | the same, if a policy that could not be read refuses | `role_assignments`, `permission_grants`, `application_owners`, `federated_credentials`, `delete_application`, `delete_service_principal`, `purge_application`, `purge_service_principal`; if it is offered, `deleted_service_principals`. Without them what was made stays |
/// | [`renew_secret`](crate::AzureServicesConnection::renew_secret) | those of `plan`, `add_password`; `remove_password` if an answer is lost |
/// | [`remove_old_secrets`](crate::AzureServicesConnection::remove_old_secrets) | those of `plan`, `remove_password` |
/// | [`remove`](crate::AzureServicesConnection::remove) | those of `plan`, `delete_application`, `delete_service_principal`, `purge_application`, `purge_service_principal`; `remove_password` for an adopted app; if it is offered, `deleted_service_principals` |
/// | [`view`](crate::AzureServicesConnection::view), [`connections`](crate::connection::connections) | none: of `tenant`, `application`, `service_principal`, `permission_grants`, `role_assignments` and `conditional_access_policies`, what is not offered is unknown |
/// | [`registrations`](crate::connection::registrations) | `marked_applications`; if they are offered, `tenant` and `marked_deleted_applications` |
/// | [`ImportVerifier::verify`](crate::connection::ImportVerifier::verify) | `tenant`, `application`, `service_principal`, `permission_grants`; `role_assignments` with discovery; if it is offered, `deleted_service_principals` |
///
/// A specification that only imports or reuses apps needs none of them: what is not offered is told as unknown.
///
/// [`manual::mocking`](crate::manual::mocking) has the same in more detail, and complete mocks. The feature `contract` holds
/// an implementation to what is promised here.
///
/// # Errors
///
/// Every operation fails with a [`DirectoryError`]: if no token can be had, if the directory is not reached or refuses, if
/// its answer cannot be used, or if the implementation does not offer the operation.
///
/// # Cancel safety
///
/// The future of every operation may be dropped at any await. Nothing is lost with a read; a write that was under way may
/// then have been carried out, and running the same again finds it.
///
/// ```
/// use cmg_onboarding::{Call, Directory, DirectoryError, TenantId, async_trait, directory::Tenant};
/// use uuid::Uuid;
///
/// #[derive(Debug)]
/// struct Contoso;
///
/// #[async_trait]
/// impl Directory for Contoso {
///     async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
///         Ok(Tenant::new(TenantId::new(Uuid::from_u128(1)), "Contoso".to_owned(), Vec::new()))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DirectoryError> {
/// assert_eq!(Contoso.tenant(Call::quiet()).await?.display_name, "Contoso");
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Directory: Debug + Send + Sync {
    /// The endpoints this directory is reached at, if it is reached at any. Shown to people; default none.
    fn endpoints(&self) -> Option<&CloudEndpoints> {
        None
    }

    /// Who acts, as far as can be told without asking the directory. Default: nothing is known.
    ///
    /// Every verb asks; the default suffices. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn signed_in(&self, _call: Call) -> Result<SignedIn, DirectoryError> {
        Ok(SignedIn::default())
    }

    /// The tenant with its verified domains.
    ///
    /// Every verb needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
        Err(unsupported::<Self>("tenant"))
    }

    /// Which of these directory roles the signed-in user holds, through groups, too.
    ///
    /// `preflight` and `plan` ask, and go on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn held_roles(&self, _call: Call, _roles: &[RoleTemplateId]) -> Result<Vec<RoleTemplateId>, DirectoryError> {
        Err(unsupported::<Self>("held_roles"))
    }

    /// What the tenant's default app management policy means for new apps. Needs `Policy.Read.All`.
    ///
    /// `preflight` and `plan` ask, and go on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn app_management_policy(&self, _call: Call) -> Result<AppManagementPolicy, DirectoryError> {
        Err(unsupported::<Self>("app_management_policy"))
    }

    /// The Conditional Access policies that are enforced. Needs `Policy.Read.All`.
    ///
    /// `preflight` and `plan` ask, and go on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn conditional_access_policies(&self, _call: Call) -> Result<Vec<ConditionalAccessPolicy>, DirectoryError> {
        Err(unsupported::<Self>("conditional_access_policies"))
    }

    /// The display names of the groups that have one of these names, in any case of its letters: one entry for each group, so that a
    /// name which two groups have is there twice. Needs `GroupMember.Read.All` or a permission above it.
    ///
    /// `preflight` and `plan` ask if discovery names groups, and go on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn groups_by_name(&self, _call: Call, _names: &[String]) -> Result<Vec<String>, DirectoryError> {
        Err(unsupported::<Self>("groups_by_name"))
    }

    /// How far this machine's clock is ahead of the directory's, as its last answer told; negative if it is behind.
    /// Default: not known.
    fn clock_lead(&self) -> Option<Duration> {
        None
    }

    /// The app registration with this key.
    ///
    /// Every verb needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn application(&self, _call: Call, _key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        Err(unsupported::<Self>("application"))
    }

    /// The app registration that has this App ID URI.
    ///
    /// `preflight` and `plan` need it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn application_with_uri(&self, _call: Call, _uri: &str) -> Result<Option<Application>, DirectoryError> {
        Err(unsupported::<Self>("application_with_uri"))
    }

    /// The deleted app registrations that still hold one of these unique names.
    ///
    /// `plan` asks, and goes on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn deleted_applications(&self, _call: Call, _unique_names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        Err(unsupported::<Self>("deleted_applications"))
    }

    /// The app registrations of the whole tenant whose unique name begins with one of these texts, or that have this tag: with
    /// ids, friendly name, unique name, tags and the moment of their registration. The rest may be left out.
    ///
    /// [`registrations`](crate::connection::registrations) needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn marked_applications(
        &self,
        _call: Call,
        _unique_name_beginnings: &[String],
        _tag: &str,
    ) -> Result<Vec<Application>, DirectoryError> {
        Err(unsupported::<Self>("marked_applications"))
    }

    /// The same of deleted app registrations.
    ///
    /// [`registrations`](crate::connection::registrations) asks, and goes on if it is not offered. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn marked_deleted_applications(
        &self,
        _call: Call,
        _unique_name_beginnings: &[String],
        _tag: &str,
    ) -> Result<Vec<DeletedApplication>, DirectoryError> {
        Err(unsupported::<Self>("marked_deleted_applications"))
    }

    /// The deleted service principals of these applications.
    ///
    /// `remove` asks, and `plan` if an app that was named by its client id is not there; both go on if it is not offered.
    /// [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn deleted_service_principals(
        &self,
        _call: Call,
        _applications: &[ApplicationId],
    ) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        Err(unsupported::<Self>("deleted_service_principals"))
    }

    /// The service principal of an application.
    ///
    /// Every verb needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn service_principal(&self, _call: Call, _application: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        Err(unsupported::<Self>("service_principal"))
    }

    /// The consents to delegated permissions that a service principal holds, for the whole tenant.
    ///
    /// `plan` needs it if the client app is registered, `verify` always. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn permission_grants(&self, _call: Call, _client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        Err(unsupported::<Self>("permission_grants"))
    }

    /// The application permissions that a service principal holds.
    ///
    /// `plan` needs it with discovery if the server app is registered, `verify` with discovery. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn role_assignments(&self, _call: Call, _principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        Err(unsupported::<Self>("role_assignments"))
    }

    /// Creates an app registration, with its secret where one is wanted.
    ///
    /// The answer carries the secret's text, unless the service left it out.
    ///
    /// `apply` needs it for an app that is missing. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn create_application(&self, _call: Call, _new: &NewApplication) -> Result<Application, DirectoryError> {
        Err(unsupported::<Self>("create_application"))
    }

    /// Changes what is set in `change`; lists are replaced as a whole.
    ///
    /// `apply` needs it for a new app, and for one that differs. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn update_application(
        &self,
        _call: Call,
        _application: ApplicationObjectId,
        _change: &ApplicationProperties,
    ) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("update_application"))
    }

    /// Adds a secret; the answer carries its text.
    ///
    /// `apply` needs it to issue a secret for an app that is there. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn add_password(
        &self,
        _call: Call,
        _application: ApplicationObjectId,
        _new: &NewPassword,
    ) -> Result<PasswordCredential, DirectoryError> {
        Err(unsupported::<Self>("add_password"))
    }

    /// Removes a secret.
    ///
    /// `apply` needs it for a secret that nothing uses any more, `remove` for those of an adopted app. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn remove_password(&self, _call: Call, _application: ApplicationObjectId, _key: KeyId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("remove_password"))
    }

    /// Creates the service principal of an application.
    ///
    /// `apply` needs it for an app without one. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn create_service_principal(&self, _call: Call, _application: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        Err(unsupported::<Self>("create_service_principal"))
    }

    /// Consents to delegated permissions for the whole tenant.
    ///
    /// `apply` needs it for a consent that is missing. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn create_permission_grant(&self, _call: Call, _new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        Err(unsupported::<Self>("create_permission_grant"))
    }

    /// Replaces the permissions of a consent.
    ///
    /// `apply` needs it for a consent that differs. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn update_permission_grant(&self, _call: Call, _grant: &PermissionGrantId, _scope: &str) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("update_permission_grant"))
    }

    /// Gives an application permission to a service principal.
    ///
    /// `apply` needs it with discovery. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn assign_role(&self, _call: Call, _new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        Err(unsupported::<Self>("assign_role"))
    }

    /// Deletes an app registration. It stays restorable, and keeps its unique name, until it is purged.
    ///
    /// `remove` needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn delete_application(&self, _call: Call, _application: ApplicationObjectId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("delete_application"))
    }

    /// Deletes a service principal. It stays restorable until it is purged.
    ///
    /// `remove` needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn delete_service_principal(&self, _call: Call, _principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("delete_service_principal"))
    }

    /// Removes a deleted app registration for good.
    ///
    /// `remove` needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn purge_application(&self, _call: Call, _application: ApplicationObjectId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("purge_application"))
    }

    /// Whether [`restore_application`](Self::restore_application) is offered. Default: no, so that a plan stops at a deleted
    /// app registration that holds a unique name.
    fn restores_applications(&self) -> bool {
        false
    }

    /// Restores a deleted app registration, with its properties, its secrets and its unique name.
    ///
    /// `apply` needs it if the plan restores an app. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn restore_application(&self, _call: Call, _application: ApplicationObjectId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("restore_application"))
    }

    /// The owners of an app registration.
    ///
    /// `apply` asks before it removes an app that it has made, if a policy refuses the rest; if it is not offered, the app
    /// stays. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn application_owners(&self, _call: Call, _application: ApplicationObjectId) -> Result<Vec<DirectoryObjectId>, DirectoryError> {
        Err(unsupported::<Self>("application_owners"))
    }

    /// The names of the federated identity credentials of an app registration.
    ///
    /// `apply` asks as for [`application_owners`](Self::application_owners). [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn federated_credentials(&self, _call: Call, _application: ApplicationObjectId) -> Result<Vec<String>, DirectoryError> {
        Err(unsupported::<Self>("federated_credentials"))
    }

    /// Removes a deleted service principal for good.
    ///
    /// `remove` needs it. [Errors](Directory#errors) and [cancel safety](Directory#cancel-safety) as for every operation.
    async fn purge_service_principal(&self, _call: Call, _principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        Err(unsupported::<Self>("purge_service_principal"))
    }
}

fn unsupported<T: ?Sized>(operation: &'static str) -> DirectoryError {
    NotSupported::new(operation, type_name::<T>()).into()
}

/// A shared [`Directory`]. Everything that takes one takes an implementation or an `Arc` of one.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, DirectoryHandle, GraphDirectory, StaticToken};
///
/// let directory = GraphDirectory::new(CloudEndpoints::default(), StaticToken::new("eyJ0..."));
/// let handle = DirectoryHandle::from(directory);
/// assert_eq!(handle.as_directory().endpoints(), Some(&CloudEndpoints::default()));
/// ```
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
