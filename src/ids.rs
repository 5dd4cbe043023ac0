//! Identifiers, each with a type of its own, so that an application id cannot be passed for an object id.
//!
//! Those of Microsoft Entra are GUIDs, but for two kinds that are opaque texts. All of them parse, print and serialise as
//! the service writes them. [`well_known`] has the ids that are the same in every tenant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{InvalidValue, ValueKind};

macro_rules! guid_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a GUID that is known to be of this kind.
            #[must_use]
            pub const fn new(guid: Uuid) -> Self {
                Self(guid)
            }

            /// The bare GUID.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(guid: Uuid) -> Self {
                Self(guid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            /// # Errors
            ///
            /// If the text is not a GUID.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // The text is not repeated: beside the id of a secret, the portal shows the secret.
                let invalid = |_| InvalidValue::new(ValueKind::Id);
                text.trim().parse().map(Self).map_err(invalid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

guid_type! {
    /// The id of a Microsoft Entra tenant (the *Directory (tenant) ID* of the portal).
    ///
    /// ```
    /// use cmg_onboarding::{Diagnostic, TenantId};
    ///
    /// let contoso: TenantId = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?;
    /// assert_eq!(contoso.to_string(), "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11");
    /// let error = "contoso.com".parse::<TenantId>().unwrap_err();
    /// assert_eq!((error.code(), &error.given), ("invalidId", &None), "the text may be a secret");
    /// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
    /// ```
    TenantId
}
guid_type! {
    /// The id of an application as clients know it (`appId`, *Application (client) ID*).
    ///
    /// The same in the app registration and in its service principal.
    ApplicationId
}
guid_type! {
    /// The id of the app registration object itself (`id` of an `application`, *Object ID*).
    ApplicationObjectId
}
guid_type! {
    /// The id of a service principal object (`id` of a `servicePrincipal`).
    ///
    /// Consent is given between service principals, so these are the ids in grants and role assignments.
    ServicePrincipalId
}
guid_type! {
    /// The object id of a user or of a service principal: who is signed in, or who owns an app registration (`id` of a
    /// `directoryObject`, *Object ID*).
    DirectoryObjectId
}
guid_type! {
    /// The id of one permission: a delegated scope or an application role.
    PermissionId
}
guid_type! {
    /// The id of one secret of an app registration (`keyId`, *Secret ID*). It is not the secret.
    KeyId
}
guid_type! {
    /// The template id of a directory role, the same in every tenant.
    RoleTemplateId
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as the service gave it.
            #[must_use]
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The id of a delegated permission grant (`oauth2PermissionGrant`). Opaque, not a GUID.
    PermissionGrantId
}
text_id! {
    /// The id of an app role assignment. Opaque, not a GUID.
    RoleAssignmentId
}

/// Ids that Microsoft gives to its own applications and permissions.
///
/// They are the same in every tenant. The permission ids are those of Microsoft's published permission data. Those of the
/// directory roles are [`DirectoryRole::id`](crate::permissions::DirectoryRole::id).
pub mod well_known {
    use super::{ApplicationId, PermissionId, RoleTemplateId};
    use uuid::uuid;

    /// Microsoft Graph itself.
    pub const MICROSOFT_GRAPH: ApplicationId = ApplicationId::new(uuid!("00000003-0000-0000-c000-000000000000"));

    /// Microsoft Graph, application permission `Directory.Read.All`: what Entra user and group discovery needs.
    pub const DIRECTORY_READ_ALL_ROLE: PermissionId = PermissionId::new(uuid!("7ab1d382-f21e-4acd-a863-ba3e13f7da61"));

    /// Microsoft Graph, delegated permission `User.Read`.
    pub const USER_READ_SCOPE: PermissionId = PermissionId::new(uuid!("e1fe6dd8-ba31-4d61-89e7-88639da4683d"));

    /// Directory role *Global Administrator*.
    pub(crate) const GLOBAL_ADMINISTRATOR: RoleTemplateId = RoleTemplateId::new(uuid!("62e90394-69f5-4237-9190-012177145e10"));

    /// Directory role *Privileged Role Administrator*.
    pub(crate) const PRIVILEGED_ROLE_ADMINISTRATOR: RoleTemplateId = RoleTemplateId::new(uuid!("e8611ab8-c189-46e8-94e1-60213ab1f814"));

    /// Directory role *Application Administrator*.
    pub(crate) const APPLICATION_ADMINISTRATOR: RoleTemplateId = RoleTemplateId::new(uuid!("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"));

    /// Directory role *Cloud Application Administrator*.
    pub(crate) const CLOUD_APPLICATION_ADMINISTRATOR: RoleTemplateId = RoleTemplateId::new(uuid!("158c047a-c907-4556-b7ef-446551a6b5f7"));

    /// Directory role *Application Developer*.
    pub(crate) const APPLICATION_DEVELOPER: RoleTemplateId = RoleTemplateId::new(uuid!("cf1c38e5-3621-4004-a7cb-879624dced7c"));
}
