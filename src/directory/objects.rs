//! The directory's objects in the shape of Microsoft Graph v1.0, with the properties this job touches.
//!
//! One set of optional properties serves three uses: all that is set is created, all that is set is changed, and all
//! that was read is set. What the service sends beyond that is ignored; what it leaves out is empty.

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

use crate::{
    ids::{
        ApplicationId, ApplicationObjectId, DirectoryObjectId, KeyId, PermissionGrantId, PermissionId, RoleAssignmentId, ServicePrincipalId,
    },
    secret::ClientSecret,
};

/// The properties of an app registration (`application`) that this job reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ApplicationProperties {
    /// The friendly name. Not unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The key that its creator chose. Unique in the tenant, unchangeable once set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_name: Option<String>,
    /// Who may sign in; `AzureADMyOrg` for this tenant only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_in_audience: Option<String>,
    /// The App ID URIs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier_uris: Option<Vec<String>>,
    /// Settings of the *Web* platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<WebApplication>,
    /// Settings of the *Mobile and desktop applications* platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_client: Option<PublicClientApplication>,
    /// *Allow public client flows*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_fallback_public_client: Option<bool>,
    /// Whether devices may get tokens without a user. The portal does not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_device_only_auth_supported: Option<bool>,
    /// *Expose an API*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiApplication>,
    /// *API permissions*, as configured (not as consented).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_resource_access: Option<Vec<RequiredResourceAccess>>,
    /// *App instance property lock*. Written when an app is created; not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_principal_lock_configuration: Option<ServicePrincipalLockConfiguration>,
}

/// *App instance property lock*: which sensitive properties cannot be changed on the service principals of an app.
///
/// Source: `servicePrincipalLockConfiguration` in Microsoft Graph v1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ServicePrincipalLockConfiguration {
    /// *Enable property lock*.
    pub is_enabled: bool,
    /// *All properties*.
    pub all_properties: bool,
}

impl ServicePrincipalLockConfiguration {
    /// The lock on all properties, as the portal sets it on every new app registration.
    #[must_use]
    pub const fn of_all_properties() -> Self {
        Self {
            is_enabled: true,
            all_properties: true,
        }
    }
}

/// Settings of the *Web* platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct WebApplication {
    /// *Home page URL*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_page_url: Option<String>,
    /// *Redirect URIs* of the Web platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// Which tokens the authorization endpoint may issue directly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implicit_grant_settings: Option<ImplicitGrantSettings>,
}

/// Which tokens the authorization endpoint may issue directly.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ImplicitGrantSettings {
    /// *ID tokens*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_id_token_issuance: Option<bool>,
    /// *Access tokens*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_access_token_issuance: Option<bool>,
}

/// Settings of the *Mobile and desktop applications* platform.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PublicClientApplication {
    /// *Redirect URIs* of that platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
}

/// *Expose an API*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ApiApplication {
    /// The delegated permissions the app offers.
    #[serde(skip_serializing_if = "Option::is_none", rename = "oauth2PermissionScopes")]
    pub oauth2_permission_scopes: Option<Vec<PermissionScope>>,
    /// The version of the access tokens for this app: 1, 2, or nothing, which is 1 for a single-tenant app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_access_token_version: Option<i32>,
}

/// One delegated permission that an app offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionScope {
    /// Its id, chosen by whoever created it.
    pub id: PermissionId,
    /// Its name, as `user_impersonation`.
    #[serde(default)]
    pub value: Option<String>,
    /// Who may consent: `User` or `Admin`.
    #[serde(default, rename = "type")]
    pub consent_type: Option<String>,
    /// Whether it is on.
    #[serde(default)]
    pub is_enabled: bool,
    /// Shown to an administrator who consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_consent_display_name: Option<String>,
    /// Shown to an administrator who consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admin_consent_description: Option<String>,
    /// Shown to a user who consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_consent_display_name: Option<String>,
    /// Shown to a user who consents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_consent_description: Option<String>,
}

impl PermissionScope {
    /// An enabled permission of type User, without consent texts.
    #[must_use]
    pub fn new(id: PermissionId, value: impl Into<String>) -> Self {
        Self {
            id,
            value: Some(value.into()),
            consent_type: Some("User".to_owned()),
            is_enabled: true,
            admin_consent_display_name: None,
            admin_consent_description: None,
            user_consent_display_name: None,
            user_consent_description: None,
        }
    }
}

/// The permissions an app is configured to ask of one other app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequiredResourceAccess {
    /// The app that offers the permissions.
    pub resource_app_id: ApplicationId,
    /// The permissions.
    #[serde(default, deserialize_with = "null_as_default")]
    pub resource_access: Vec<ResourceAccess>,
}

impl RequiredResourceAccess {
    /// Permissions of one resource.
    #[must_use]
    pub const fn new(resource_app_id: ApplicationId, resource_access: Vec<ResourceAccess>) -> Self {
        Self {
            resource_app_id,
            resource_access,
        }
    }
}

/// One configured permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceAccess {
    /// The permission's id.
    pub id: PermissionId,
    /// Delegated or application.
    #[serde(rename = "type")]
    pub kind: PermissionKind,
}

impl ResourceAccess {
    /// A delegated permission.
    #[must_use]
    pub const fn scope(id: PermissionId) -> Self {
        Self {
            id,
            kind: PermissionKind::Scope,
        }
    }

    /// An application permission.
    #[must_use]
    pub const fn role(id: PermissionId) -> Self {
        Self {
            id,
            kind: PermissionKind::Role,
        }
    }
}

/// Delegated or application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PermissionKind {
    /// A delegated permission.
    Scope,
    /// An application permission.
    Role,
}

/// An app registration to be created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct NewApplication {
    /// Its properties.
    pub properties: ApplicationProperties,
    /// The secret to create in the same call.
    pub password: Option<NewPassword>,
    /// The owners to set in the same call: users or service principals.
    pub owners: Vec<DirectoryObjectId>,
}

impl NewApplication {
    /// An app registration without a secret.
    #[must_use]
    pub const fn new(properties: ApplicationProperties) -> Self {
        Self {
            properties,
            password: None,
            owners: Vec::new(),
        }
    }

    /// The same with these owners.
    #[must_use]
    pub fn with_owners(mut self, owners: Vec<DirectoryObjectId>) -> Self {
        self.owners = owners;
        self
    }

    /// The same with a secret.
    #[must_use]
    pub fn with_password(mut self, password: NewPassword) -> Self {
        self.password = Some(password);
        self
    }
}

/// A secret to be created. Its text is the service's choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewPassword {
    /// The secret's description.
    pub display_name: String,
    /// The end of its validity.
    #[serde(with = "time::serde::rfc3339")]
    pub end_date_time: OffsetDateTime,
}

impl NewPassword {
    /// A secret with this description, valid from now to this end.
    #[must_use]
    pub fn new(display_name: impl Into<String>, end_date_time: OffsetDateTime) -> Self {
        Self {
            display_name: display_name.into(),
            end_date_time,
        }
    }
}

/// A secret as the directory shows it. Its text is there in the answer to its creation and never again.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PasswordCredential {
    /// *Secret ID*.
    pub key_id: KeyId,
    /// *Description*.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The beginning of its validity, which is when it was issued unless the issuer said otherwise.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub start_date_time: Option<OffsetDateTime>,
    /// *Expires*.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub end_date_time: Option<OffsetDateTime>,
    /// *Value*, in the answer to the creation only.
    #[serde(default)]
    pub secret_text: Option<ClientSecret>,
}

impl PasswordCredential {
    /// A secret without text, as it is read later.
    #[must_use]
    pub fn new(key_id: KeyId, display_name: impl Into<String>, end_date_time: Option<OffsetDateTime>) -> Self {
        Self {
            key_id,
            display_name: Some(display_name.into()),
            start_date_time: None,
            end_date_time,
            secret_text: None,
        }
    }

    /// The same with the beginning of its validity.
    #[must_use]
    pub const fn starting(mut self, start: OffsetDateTime) -> Self {
        self.start_date_time = Some(start);
        self
    }

    /// The same with its text.
    #[must_use]
    pub fn with_secret(mut self, secret: ClientSecret) -> Self {
        self.secret_text = Some(secret);
        self
    }
}

/// A certificate of an app registration, as the directory shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KeyCredential {
    /// *Certificate ID*, if the directory tells it.
    #[serde(default)]
    pub key_id: Option<KeyId>,
}

impl KeyCredential {
    /// Describes a certificate.
    #[must_use]
    pub const fn new(key_id: KeyId) -> Self {
        Self { key_id: Some(key_id) }
    }
}

/// An app registration as the directory shows it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Application {
    /// *Object ID*.
    #[serde(rename = "id")]
    pub object_id: ApplicationObjectId,
    /// *Application (client) ID*.
    pub app_id: ApplicationId,
    /// Its secrets.
    #[serde(default, deserialize_with = "null_as_default")]
    pub password_credentials: Vec<PasswordCredential>,
    /// Whether an administrator has deactivated it, so that it gets no token; `None` if the directory does not tell.
    #[serde(default)]
    pub is_disabled: Option<bool>,
    /// Whether and why Microsoft has disabled it, as `DisabledDueToViolationOfServicesAgreement`; `None` or `NotDisabled`
    /// if it has not.
    #[serde(default)]
    pub disabled_by_microsoft_status: Option<String>,
    /// Its certificates.
    #[serde(default, deserialize_with = "null_as_default")]
    pub key_credentials: Vec<KeyCredential>,
    /// Its properties.
    #[serde(flatten)]
    pub properties: ApplicationProperties,
}

impl Application {
    /// Describes an app registration.
    #[must_use]
    pub const fn new(object_id: ApplicationObjectId, app_id: ApplicationId, properties: ApplicationProperties) -> Self {
        Self {
            object_id,
            app_id,
            password_credentials: Vec::new(),
            is_disabled: None,
            disabled_by_microsoft_status: None,
            key_credentials: Vec::new(),
            properties,
        }
    }

    /// The same with these secrets.
    #[must_use]
    pub fn with_passwords(mut self, passwords: Vec<PasswordCredential>) -> Self {
        self.password_credentials = passwords;
        self
    }
}

/// A deleted app registration that can still be restored, and still holds its unique name, for 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeletedApplication {
    /// *Object ID*.
    #[serde(rename = "id")]
    pub object_id: ApplicationObjectId,
    /// *Application (client) ID*.
    #[serde(default)]
    pub app_id: Option<ApplicationId>,
    /// The friendly name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The unique name.
    #[serde(default)]
    pub unique_name: Option<String>,
    /// The descriptions of its secrets; those without one are empty.
    #[serde(default, rename = "passwordCredentials", deserialize_with = "descriptions")]
    pub secret_descriptions: Vec<String>,
}

impl DeletedApplication {
    /// Describes a deleted app registration.
    #[must_use]
    pub const fn new(
        object_id: ApplicationObjectId,
        app_id: Option<ApplicationId>,
        display_name: Option<String>,
        unique_name: Option<String>,
    ) -> Self {
        Self {
            object_id,
            app_id,
            display_name,
            unique_name,
            secret_descriptions: Vec::new(),
        }
    }

    /// The same with secrets of these descriptions.
    #[must_use]
    pub fn with_secret_descriptions(mut self, descriptions: Vec<String>) -> Self {
        self.secret_descriptions = descriptions;
        self
    }
}

/// The local side of an application in a tenant (*Enterprise application*). Consent is given to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
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

/// A tenant lists the deleted apps of everyone, so what is odd in one of them is no reason to stop.
fn descriptions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let secrets = Option::<Vec<serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    let description = |secret: &serde_json::Value| secret["displayName"].as_str().unwrap_or_default().to_owned();
    Ok(secrets.iter().map(description).collect())
}

fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
