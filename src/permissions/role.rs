//! The directory roles that matter for this job.

use std::fmt;

use serde::Serialize;
use uuid::uuid;

use crate::ids::{
    RoleTemplateId,
    well_known::{
        APPLICATION_ADMINISTRATOR, APPLICATION_DEVELOPER, CLOUD_APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR,
        PRIVILEGED_ROLE_ADMINISTRATOR,
    },
};

/// A directory role of Microsoft Entra. Source: *Microsoft Entra built-in roles*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum DirectoryRole {
    /// Creates apps, and owns them.
    ApplicationDeveloper,
    /// Manages all apps and consents to delegated permissions.
    CloudApplicationAdministrator,
    /// The same, with application proxies.
    ApplicationAdministrator,
    /// Consents to all permissions.
    PrivilegedRoleAdministrator,
    /// Reads everything.
    GlobalReader,
    /// May do everything.
    GlobalAdministrator,
}

impl DirectoryRole {
    /// The name, as the Entra admin center shows it under *Roles & admins*.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApplicationDeveloper => "Application Developer",
            Self::CloudApplicationAdministrator => "Cloud Application Administrator",
            Self::ApplicationAdministrator => "Application Administrator",
            Self::PrivilegedRoleAdministrator => "Privileged Role Administrator",
            Self::GlobalReader => "Global Reader",
            Self::GlobalAdministrator => "Global Administrator",
        }
    }

    /// The id of its template, the same in every tenant.
    #[must_use]
    pub const fn id(self) -> RoleTemplateId {
        match self {
            Self::ApplicationDeveloper => APPLICATION_DEVELOPER,
            Self::CloudApplicationAdministrator => CLOUD_APPLICATION_ADMINISTRATOR,
            Self::ApplicationAdministrator => APPLICATION_ADMINISTRATOR,
            Self::PrivilegedRoleAdministrator => PRIVILEGED_ROLE_ADMINISTRATOR,
            Self::GlobalReader => RoleTemplateId::new(uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451")),
            Self::GlobalAdministrator => GLOBAL_ADMINISTRATOR,
        }
    }
}

impl fmt::Display for DirectoryRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
