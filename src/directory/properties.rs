//! What an app registration is set to, in the shape of Microsoft Graph v1.0, with the properties this job touches.
//!
//! One set of optional properties serves three uses: all that is set is created, all that is set is changed, and all
//! that was read is set. What the service sends beyond that is ignored; what it leaves out is empty.

use serde::{Deserialize, Deserializer, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::ids::{ApplicationId, PermissionId};

/// The properties of an app registration (`application`) that this job reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Custom texts by which apps are grouped and found. Written when an app is created; read in lists of a tenant only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}

/// *App instance property lock*: which sensitive properties cannot be changed on the service principals of an app.
///
/// Source: `servicePrincipalLockConfiguration` in Microsoft Graph v1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct PublicClientApplication {
    /// *Redirect URIs* of that platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
}

/// *Expose an API*.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PermissionScope {
    /// Its id, chosen by the caller that created it.
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum PermissionKind {
    /// A delegated permission.
    Scope,
    /// An application permission.
    Role,
}

/// A moment that is read if it can be: lists of a whole tenant have apps of all kinds of makers, so what is odd in one of
/// them is no reason to stop.
pub(super) fn moment_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let text = Option::<serde_json::Value>::deserialize(deserializer)?;
    let text = text.as_ref().and_then(serde_json::Value::as_str);
    Ok(text.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok()))
}

/// What the service writes as `null` is empty.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
