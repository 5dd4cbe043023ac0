//! Which permission suffices for which request: Microsoft's permission tables (`permissions.json` and the pages of the
//! requests), as far as this job meets them. Delegated and application permissions stand apart.

/// The permissions of which one suffices.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyOf {
    pub(super) delegated: &'static [&'static str],
    pub(super) application: &'static [&'static str],
}

impl AnyOf {
    const fn of(delegated: &'static [&'static str], application: &'static [&'static str]) -> Self {
        Self { delegated, application }
    }

    const fn both(permissions: &'static [&'static str]) -> Self {
        Self::of(permissions, permissions)
    }
}

/// Permissions that may write everything of applications and service principals, `OWNED_BY` on own objects only.
pub(super) const OF_ALL_OBJECTS: [&str; 2] = ["Application.ReadWrite.All", "Directory.ReadWrite.All"];

pub(super) const READ_ORGANIZATION: AnyOf = AnyOf::of(
    &[
        "User.Read",
        "User.Read.All",
        "Organization.Read.All",
        "Organization.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
    &[
        "User.Read.All",
        "Organization.Read.All",
        "Organization.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
);

/// An application has no `/me`, even if it holds every permission.
pub(super) const READ_ME: AnyOf = AnyOf::of(
    &["User.Read", "User.Read.All", "Directory.Read.All", "Directory.ReadWrite.All"],
    &[],
);

pub(super) const READ_APPLICATIONS: AnyOf = AnyOf::of(
    &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
    &[
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Application.ReadWrite.OwnedBy",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
);

/// Creating, changing and deleting app registrations.
pub(super) const WRITE_APPLICATIONS: AnyOf = AnyOf::of(
    &["Application.ReadWrite.All"],
    &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"],
);

/// The other half of what adding an owner takes.
pub(super) const SEE_OWNERS: AnyOf = AnyOf::both(&["Directory.Read.All", "Directory.ReadWrite.All"]);

/// Service principals, and the secrets of app registrations.
pub(super) const MANAGE_APPLICATIONS: AnyOf = AnyOf::of(
    &["Application.ReadWrite.All", "Directory.ReadWrite.All"],
    &[
        "Application.ReadWrite.All",
        "Application.ReadWrite.OwnedBy",
        "Directory.ReadWrite.All",
    ],
);

/// Restoring deleted objects and removing them for good.
pub(super) const MANAGE_DELETED: AnyOf = AnyOf::both(&["Application.ReadWrite.All"]);

pub(super) const READ_GRANTS: AnyOf = AnyOf::both(&[
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
]);

pub(super) const WRITE_GRANTS: AnyOf = AnyOf::both(&["DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"]);

/// One half of what assigning a permission of Microsoft Graph takes.
pub(super) const ASSIGN_ROLES: AnyOf = AnyOf::both(&["AppRoleAssignment.ReadWrite.All"]);

/// The other half.
pub(super) const SEE_WHAT_IS_ASSIGNED: AnyOf = AnyOf::both(&[
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
]);

/// Permissions of other resources may be assigned with this one alone.
pub(super) const ASSIGN_OTHER_ROLES: AnyOf = AnyOf::both(&["Application.ReadWrite.All"]);

pub(super) const READ_POLICIES: AnyOf = AnyOf::both(&["Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"]);

pub(super) const WRITE_POLICIES: AnyOf = AnyOf::both(&["Policy.ReadWrite.ApplicationConfiguration"]);

/// Source: *List Conditional Access policies*.
pub(super) const READ_CONDITIONAL_ACCESS: AnyOf = AnyOf::both(&["Policy.Read.All"]);

/// Source: *List groups*, without two permissions for other work.
pub(super) const READ_GROUPS: AnyOf = AnyOf::both(&[
    "GroupMember.Read.All",
    "Group.Read.All",
    "Directory.Read.All",
    "Group.ReadWrite.All",
    "Directory.ReadWrite.All",
]);

/// Source: *List users*.
pub(super) const READ_USERS: AnyOf = AnyOf::of(
    &[
        "User.ReadBasic.All",
        "User.Read.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
    &[
        "User.ReadBasic.All",
        "User.Read.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    ],
);

/// Source: *List domains*.
pub(super) const READ_DOMAINS: AnyOf = AnyOf::both(&[
    "Domain.Read.All",
    "Domain.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
]);

/// Source: *List directoryRoles*.
pub(super) const READ_DIRECTORY_ROLES: AnyOf = AnyOf::both(&[
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
]);
