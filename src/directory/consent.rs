//! Service principals, and what is consented to: permission grants and role assignments, in the shape of Microsoft Graph
//! v1.0.

use serde::{Deserialize, Serialize};

use super::properties::null_as_default;
use crate::ids::{ApplicationId, PermissionGrantId, PermissionId, RoleAssignmentId, ServicePrincipalId};

/// The local side of an application in a tenant (*Enterprise application*). Consent is given to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServicePrincipal {
    /// *Object ID* of the enterprise application.
    pub id: ServicePrincipalId,
    /// *Application ID*.
    pub app_id: ApplicationId,
    /// *Enabled for users to sign-in?*: if not, the app gets no token. `None` if the directory does not tell.
    #[serde(default)]
    pub account_enabled: Option<bool>,
}

impl ServicePrincipal {
    /// Describes a service principal.
    #[must_use]
    pub const fn new(id: ServicePrincipalId, app_id: ApplicationId) -> Self {
        Self {
            id,
            app_id,
            account_enabled: None,
        }
    }
}

/// A tenant-wide consent to delegated permissions, to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewPermissionGrant {
    /// Who may use the permissions.
    pub client_id: ServicePrincipalId,
    /// Whose permissions they are.
    pub resource_id: ServicePrincipalId,
    /// The permissions' names, separated by spaces.
    pub scope: String,
}

impl NewPermissionGrant {
    /// A consent for all users of the tenant.
    #[must_use]
    pub fn new(client_id: ServicePrincipalId, resource_id: ServicePrincipalId, scope: impl Into<String>) -> Self {
        Self {
            client_id,
            resource_id,
            scope: scope.into(),
        }
    }
}

/// A consent to delegated permissions (`oauth2PermissionGrant`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionGrant {
    /// The grant's id.
    pub id: PermissionGrantId,
    /// Who may use the permissions.
    pub client_id: ServicePrincipalId,
    /// Whose permissions they are.
    pub resource_id: ServicePrincipalId,
    /// `AllPrincipals` for the whole tenant, `Principal` for one user.
    #[serde(default, deserialize_with = "null_as_default")]
    pub consent_type: String,
    /// The permissions' names, separated by spaces.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scope: String,
}

impl PermissionGrant {
    /// A consent for all users of the tenant.
    #[must_use]
    pub fn new(id: PermissionGrantId, client_id: ServicePrincipalId, resource_id: ServicePrincipalId, scope: impl Into<String>) -> Self {
        Self {
            id,
            client_id,
            resource_id,
            consent_type: "AllPrincipals".to_owned(),
            scope: scope.into(),
        }
    }

    /// Whether it holds for all users of the tenant.
    #[must_use]
    pub fn is_tenant_wide(&self) -> bool {
        self.consent_type == "AllPrincipals"
    }

    /// Whether it covers one permission.
    #[must_use]
    pub fn covers(&self, scope: &str) -> bool {
        self.scope.split_whitespace().any(|held| held == scope)
    }
}

/// An application permission to be given to a service principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewRoleAssignment {
    /// Who gets the permission.
    pub principal_id: ServicePrincipalId,
    /// Whose permission it is.
    pub resource_id: ServicePrincipalId,
    /// The permission.
    pub app_role_id: PermissionId,
}

impl NewRoleAssignment {
    /// Describes an assignment.
    #[must_use]
    pub const fn new(principal_id: ServicePrincipalId, resource_id: ServicePrincipalId, app_role_id: PermissionId) -> Self {
        Self {
            principal_id,
            resource_id,
            app_role_id,
        }
    }
}

/// An application permission that a service principal has (`appRoleAssignment`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RoleAssignment {
    /// The assignment's id.
    pub id: RoleAssignmentId,
    /// Who has the permission.
    pub principal_id: ServicePrincipalId,
    /// Whose permission it is.
    pub resource_id: ServicePrincipalId,
    /// The permission.
    pub app_role_id: PermissionId,
}

impl RoleAssignment {
    /// Describes an assignment.
    #[must_use]
    pub const fn new(id: RoleAssignmentId, assignment: NewRoleAssignment) -> Self {
        Self {
            id,
            principal_id: assignment.principal_id,
            resource_id: assignment.resource_id,
            app_role_id: assignment.app_role_id,
        }
    }
}
