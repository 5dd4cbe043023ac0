//! App registrations with their ids and credentials, in the shape of Microsoft Graph v1.0.

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;

use super::properties::{ApplicationProperties, moment_or_none, null_as_default};
use crate::{
    ids::{ApplicationId, ApplicationObjectId, DirectoryObjectId, KeyId},
    secret::ClientSecret,
};

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NewPassword {
    /// The secret's description.
    pub display_name: String,
    /// The end of its validity.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
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
    /// The first characters of its text, by which a person tells secrets apart; `None` if the directory does not tell.
    #[serde(default)]
    pub hint: Option<String>,
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
            hint: None,
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
    /// *Expires*, if the directory tells it.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub end_date_time: Option<OffsetDateTime>,
}

impl KeyCredential {
    /// Describes a certificate whose end is not known.
    #[must_use]
    pub const fn new(key_id: KeyId) -> Self {
        Self {
            key_id: Some(key_id),
            end_date_time: None,
        }
    }
}

/// An app registration as the directory shows it.
///
/// ```
/// use cmg_onboarding::directory::{Application, ApplicationProperties};
///
/// // What a mock of `Directory` answers.
/// let mut properties = ApplicationProperties::default();
/// properties.display_name = Some("ConfigMgr Server".to_owned());
/// let (object_id, app_id) = ("9a1c4f5e-0a52-4bb4-8f56-b9b41a3f1a77".parse()?, "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse()?);
/// let app = Application::new(object_id, app_id, properties);
/// assert!(app.password_credentials.is_empty());
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
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
    /// When it was registered; read in lists of a tenant only.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_date_time: Option<OffsetDateTime>,
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
            created_date_time: None,
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
    /// Its tags; read in lists of a tenant only.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tags: Vec<String>,
    /// When it was registered; read in lists of a tenant only.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub created_date_time: Option<OffsetDateTime>,
    /// When it was deleted; read in lists of a tenant only.
    #[serde(default, deserialize_with = "moment_or_none")]
    pub deleted_date_time: Option<OffsetDateTime>,
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
            tags: Vec::new(),
            created_date_time: None,
            deleted_date_time: None,
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

/// A tenant lists the deleted apps of everyone, so what is odd in one of them is no reason to stop.
fn descriptions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let secrets = Option::<Vec<serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    let description = |secret: &serde_json::Value| secret["displayName"].as_str().unwrap_or_default().to_owned();
    Ok(secrets.iter().map(description).collect())
}
