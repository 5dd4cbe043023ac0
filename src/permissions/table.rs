//! The table itself.

use std::fmt;

use serde::Serialize;

use super::{
    AnyOf,
    DirectoryRole::{
        self, ApplicationAdministrator, ApplicationDeveloper, CloudApplicationAdministrator, GlobalAdministrator, GlobalReader,
        PrivilegedRoleAdministrator,
    },
};

/// One kind of request that this job makes of Microsoft Graph. Writes stand before reads. The name in JSON is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Use {
    /// Creates an app registration, with a secret or without one.
    RegisterApp,
    /// Changes an app registration.
    UpdateApp,
    /// Adds a secret to an app registration.
    IssueSecret,
    /// Removes a secret of an app registration.
    RemoveSecret,
    /// Creates a service principal.
    CreateServicePrincipal,
    /// Consents to delegated permissions for the whole tenant.
    GrantPermission,
    /// Consents to an application permission of Microsoft Graph.
    AssignRole,
    /// Deletes an app registration.
    RemoveApp,
    /// Deletes a service principal.
    RemoveServicePrincipal,
    /// Removes a deleted app registration or service principal for good.
    Purge,
    /// Reads the tenant's name and its verified domains.
    ReadTenant,
    /// Reads which directory roles the signed-in person holds.
    ReadRoles,
    /// Reads app registrations and service principals.
    ReadApps,
    /// Reads deleted app registrations and service principals.
    ReadDeleted,
    /// Reads the consents to delegated permissions.
    ReadPermissionGrants,
    /// Reads the consents to application permissions.
    ReadRoleAssignments,
    /// Reads the tenant's app management policy. Optional: without it a policy is met when it refuses.
    ReadPolicy,
    /// Reads the tenant's Conditional Access policies. Optional: without it they are met when they block.
    ReadConditionalAccess,
}

/// Who may do it without any directory role, if the permissions suffice. It matters for people only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum WithoutRole {
    /// Every caller.
    Everyone,
    /// Every member, unless the tenant forbids it (*Users can register applications*).
    Members,
    /// The owners of the object, among them who has made it.
    Owners,
    /// No caller: one of the roles is required.
    NoCaller,
}

/// What one use takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Requirement {
    /// Which use.
    #[serde(rename = "use")]
    pub usage: Use,
    /// Delegated permissions: one of each set.
    pub delegated: &'static [AnyOf],
    /// Application permissions: one of each set.
    pub application: &'static [AnyOf],
    /// The directory roles of which a person needs one, the least privileged first.
    pub roles: &'static [DirectoryRole],
    /// Who needs none of them.
    pub without_role: WithoutRole,
    /// The page or file of Microsoft that says so.
    pub source: &'static str,
    /// Whether the source says all of it. If not, the sets hold what is known to suffice, and more may.
    pub is_documented: bool,
}

const READ_WRITE: &str = "Application.ReadWrite.All";
const OWNED_BY: &str = "Application.ReadWrite.OwnedBy";
const READ: &str = "Application.Read.All";
const DIRECTORY: &str = "Directory.Read.All";
const DIRECTORY_WRITE: &str = "Directory.ReadWrite.All";
const GRANTS: &str = "DelegatedPermissionGrant.ReadWrite.All";

const MANAGERS: &[DirectoryRole] = &[CloudApplicationAdministrator, ApplicationAdministrator, GlobalAdministrator];

impl Use {
    /// Every use, writes first.
    pub const ALL: [Self; 18] = [
        Self::RegisterApp,
        Self::UpdateApp,
        Self::IssueSecret,
        Self::RemoveSecret,
        Self::CreateServicePrincipal,
        Self::GrantPermission,
        Self::AssignRole,
        Self::RemoveApp,
        Self::RemoveServicePrincipal,
        Self::Purge,
        Self::ReadTenant,
        Self::ReadRoles,
        Self::ReadApps,
        Self::ReadDeleted,
        Self::ReadPermissionGrants,
        Self::ReadRoleAssignments,
        Self::ReadPolicy,
        Self::ReadConditionalAccess,
    ];

    /// Whether it only makes a warning possible that would otherwise come later: no sign-in has to offer it.
    pub(crate) const fn is_optional(self) -> bool {
        matches!(self, Self::ReadPolicy | Self::ReadConditionalAccess)
    }

    /// Whether it changes anything.
    #[must_use]
    pub const fn is_write(self) -> bool {
        !matches!(
            self,
            Self::ReadTenant
                | Self::ReadRoles
                | Self::ReadApps
                | Self::ReadDeleted
                | Self::ReadPermissionGrants
                | Self::ReadRoleAssignments
                | Self::ReadPolicy
                | Self::ReadConditionalAccess
        )
    }

    /// What it does, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RegisterApp => "register an app",
            Self::UpdateApp => "change an app registration",
            Self::IssueSecret => "issue a secret",
            Self::RemoveSecret => "remove a secret",
            Self::CreateServicePrincipal => "create a service principal",
            Self::GrantPermission => "consent to delegated permissions",
            Self::AssignRole => "consent to an application permission of Microsoft Graph",
            Self::RemoveApp => "delete an app registration",
            Self::RemoveServicePrincipal => "delete a service principal",
            Self::Purge => "remove a deleted app for good",
            Self::ReadTenant => "read the tenant's name and domains",
            Self::ReadRoles => "read the roles of the person who is signed in",
            Self::ReadApps => "read apps and service principals",
            Self::ReadDeleted => "read deleted apps",
            Self::ReadPermissionGrants => "read consents to delegated permissions",
            Self::ReadRoleAssignments => "read consents to application permissions",
            Self::ReadPolicy => "read the tenant's app management policy",
            Self::ReadConditionalAccess => "read the tenant's Conditional Access policies",
        }
    }

    /// What it takes.
    #[must_use]
    pub const fn requirement(self) -> Requirement {
        match self {
            Self::RegisterApp => self
                .takes(&[&[READ_WRITE]], &[&[OWNED_BY, READ_WRITE]], "application-post-applications")
                .of(
                    &[
                        ApplicationDeveloper,
                        CloudApplicationAdministrator,
                        ApplicationAdministrator,
                        GlobalAdministrator,
                    ],
                    WithoutRole::Members,
                ),
            Self::UpdateApp => self
                .takes(&[&[READ_WRITE]], &[&[OWNED_BY, READ_WRITE]], "application-update")
                .of(MANAGERS, WithoutRole::Owners),
            Self::IssueSecret => self.manages("application-addpassword"),
            Self::RemoveSecret => self.manages("application-removepassword"),
            Self::CreateServicePrincipal => self.manages("serviceprincipal-post-serviceprincipals"),
            Self::RemoveServicePrincipal => self.manages("serviceprincipal-delete"),
            Self::RemoveApp => self
                .takes(&[&[READ_WRITE]], &[&[OWNED_BY, READ_WRITE]], "application-delete")
                .of(MANAGERS, WithoutRole::Owners),
            Self::Purge => self
                .takes(&[&[READ_WRITE]], &[&[READ_WRITE]], "directory-deleteditems-delete")
                .of(MANAGERS, WithoutRole::NoCaller)
                .in_part(),
            Self::GrantPermission => {
                const SETS: &[AnyOf] = &[&[GRANTS, DIRECTORY_WRITE]];
                self.takes(SETS, SETS, "oauth2permissiongrant-post; grant-admin-consent").of(
                    &[
                        CloudApplicationAdministrator,
                        ApplicationAdministrator,
                        PrivilegedRoleAdministrator,
                        GlobalAdministrator,
                    ],
                    WithoutRole::NoCaller,
                )
            }
            Self::AssignRole => {
                const SETS: &[AnyOf] = &[
                    &["AppRoleAssignment.ReadWrite.All"],
                    &[READ, DIRECTORY, READ_WRITE, DIRECTORY_WRITE],
                ];
                self.takes(SETS, SETS, "serviceprincipal-post-approleassignedto; grant-admin-consent")
                    .of(&[PrivilegedRoleAdministrator, GlobalAdministrator], WithoutRole::NoCaller)
            }
            Self::ReadTenant => self.takes(
                &[&[
                    "User.Read",
                    "Organization.Read.All",
                    "User.Read.All",
                    DIRECTORY,
                    "Organization.ReadWrite.All",
                    DIRECTORY_WRITE,
                ]],
                &[&[
                    "Organization.Read.All",
                    "User.Read.All",
                    DIRECTORY,
                    "Organization.ReadWrite.All",
                    DIRECTORY_WRITE,
                ]],
                "organization-list",
            ),
            Self::ReadRoles => self.takes(
                &[&["User.Read", "User.Read.All", DIRECTORY, DIRECTORY_WRITE]],
                &[&[]],
                "directoryobject-checkmemberobjects",
            ),
            Self::ReadApps => self.reads("application-list; serviceprincipal-get"),
            Self::ReadDeleted => self.reads("directory-deleteditems-list").in_part(),
            Self::ReadPermissionGrants => {
                const SETS: &[AnyOf] = &[&[DIRECTORY, GRANTS, DIRECTORY_WRITE]];
                self.takes(SETS, SETS, "oauth2permissiongrant-list")
            }
            Self::ReadRoleAssignments => self.reads("serviceprincipal-list-approleassignments"),
            Self::ReadPolicy => {
                const SETS: &[AnyOf] = &[&["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"]];
                self.takes(SETS, SETS, "tenantappmanagementpolicy-get")
                    .of(&[GlobalReader, GlobalAdministrator], WithoutRole::NoCaller)
                    .in_part()
            }
            Self::ReadConditionalAccess => {
                const SETS: &[AnyOf] = &[&["Policy.Read.All"]];
                self.takes(SETS, SETS, "conditionalaccessroot-list-policies")
                    .of(&[GlobalReader, GlobalAdministrator], WithoutRole::NoCaller)
                    .in_part()
            }
        }
    }

    const fn takes(self, delegated: &'static [AnyOf], application: &'static [AnyOf], source: &'static str) -> Requirement {
        Requirement {
            usage: self,
            delegated,
            application,
            roles: &[],
            without_role: WithoutRole::Everyone,
            source,
            is_documented: true,
        }
    }

    const fn manages(self, source: &'static str) -> Requirement {
        self.takes(
            &[&[READ_WRITE, DIRECTORY_WRITE]],
            &[&[OWNED_BY, READ_WRITE, DIRECTORY_WRITE]],
            source,
        )
        .of(MANAGERS, WithoutRole::Owners)
    }

    const fn reads(self, source: &'static str) -> Requirement {
        self.takes(
            &[&[READ, DIRECTORY, READ_WRITE, DIRECTORY_WRITE]],
            &[&[READ, OWNED_BY, DIRECTORY, READ_WRITE, DIRECTORY_WRITE]],
            source,
        )
    }
}

impl Requirement {
    const fn of(mut self, roles: &'static [DirectoryRole], without_role: WithoutRole) -> Self {
        self.roles = roles;
        self.without_role = without_role;
        self
    }

    const fn in_part(mut self) -> Self {
        self.is_documented = false;
        self
    }
}

impl fmt::Display for Use {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}
