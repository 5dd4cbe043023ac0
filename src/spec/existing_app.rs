//! Apps that exist already: known to the site, or registered by another person or program.

use serde::Serialize;

use super::{
    app_id_uri::AppIdUri,
    field_input::FieldInput,
    reader::Reader,
    secret_validity::SecretValidity,
    server_app::{check_uri, check_validity},
    violations::{InvalidSpec, ViolationCode, Violations, below},
};
use crate::ids::ApplicationId;

/// An app that the site already knows, by its client id.
///
/// ```
/// use cmg_onboarding::{ApplicationId, ReusedApp};
///
/// let client_id: ApplicationId = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01".parse()?;
/// assert_eq!(ReusedApp::new(client_id).client_id(), client_id);
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["clientId"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ReusedApp {
    /// *Client ID* of an app that the site knows.
    client_id: ApplicationId,
}

impl ReusedApp {
    /// The app with this client id.
    #[must_use]
    pub const fn new(client_id: ApplicationId) -> Self {
        Self { client_id }
    }

    /// The client id.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        self.client_id
    }
}

/// A server app that was registered by hand or by the console and is adopted: this crate brings it into the shape the
/// product needs, and imported.
///
/// Only what is missing is added. Its name, and other people's redirect URIs, permissions, secrets and owners stay.
///
/// ```
/// use cmg_onboarding::{AdoptedServerApp, SecretValidity};
///
/// let app = AdoptedServerApp::builder("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
///     .secret_validity(SecretValidity::TwoYears)
///     .build()?;
/// assert_eq!(app.client_id().to_string(), "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["clientId"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct AdoptedServerApp {
    /// *Application (client) ID*.
    client_id: ApplicationId,
    /// *App ID URI*. Default: the first one that the app has, or `api://{tenantId}/ConfigMgrService`.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id_uri: Option<AppIdUri>,
    /// *Secret key validity period* of a secret that has to be made. Default: `oneYear`.
    secret_validity: SecretValidity,
    /// Whether accounts of other tenants keep their access. Default: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_sign_in_audience: bool,
    /// Whether the version of its access tokens stays as it is. Default: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_token_version: bool,
}

impl AdoptedServerApp {
    /// Adopts the app with this *Application (client) ID*.
    pub fn builder(client_id: impl ToString) -> AdoptedServerAppBuilder {
        AdoptedServerAppBuilder {
            client_id: FieldInput::Text(client_id.to_string()),
            ..AdoptedServerAppBuilder::default()
        }
    }

    /// The client id.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        self.client_id
    }

    /// The App ID URI it is to have, if one was chosen.
    #[must_use]
    pub const fn app_id_uri(&self) -> Option<&AppIdUri> {
        self.app_id_uri.as_ref()
    }

    /// How long a secret is valid, if one has to be made.
    #[must_use]
    pub const fn secret_validity(&self) -> SecretValidity {
        self.secret_validity
    }

    /// Whether accounts of other tenants keep their access, if they have it.
    #[must_use]
    pub const fn keeps_sign_in_audience(&self) -> bool {
        self.keep_sign_in_audience
    }

    /// Whether the version of its access tokens stays as it is.
    #[must_use]
    pub const fn keeps_token_version(&self) -> bool {
        self.keep_token_version
    }
}

/// Puts an [`AdoptedServerApp`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct AdoptedServerAppBuilder {
    client_id: FieldInput<ApplicationId>,
    app_id_uri: FieldInput<AppIdUri>,
    secret_validity: FieldInput<SecretValidity>,
    keep_sign_in_audience: bool,
    keep_token_version: bool,
}

impl AdoptedServerAppBuilder {
    pub(super) const FIELDS: [&'static str; 5] = ["clientId", "appIdUri", "secretValidity", "keepSignInAudience", "keepTokenVersion"];

    /// The *App ID URI*. Default: the first one the app has, or `api://{tenantId}/ConfigMgrService` where it has none.
    pub fn app_id_uri(mut self, uri: impl Into<String>) -> Self {
        self.app_id_uri = FieldInput::Text(uri.into());
        self
    }

    /// The *Secret key validity period* of the secret that is made where the site does not know the app. Default: one year.
    pub fn secret_validity(mut self, validity: SecretValidity) -> Self {
        self.secret_validity = FieldInput::Value(validity);
        self
    }

    /// Leaves it as it is who may sign in to the app. Default: the plan narrows it to accounts of this tenant, with a
    /// warning.
    pub const fn keep_sign_in_audience(mut self, keep: bool) -> Self {
        self.keep_sign_in_audience = keep;
        self
    }

    /// Leaves the version of the app's access tokens as it is, although the gateway takes version 1 only. Default: the
    /// plan sets version 1, with a warning.
    pub const fn keep_token_version(mut self, keep: bool) -> Self {
        self.keep_token_version = keep;
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<AdoptedServerApp, InvalidSpec> {
        let mut violations = Violations::default();
        let app = self.check("", &mut violations);
        violations.into_result(app)
    }

    pub(super) fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
        Self {
            client_id: reader.text("clientId", violations).into(),
            app_id_uri: reader.text("appIdUri", violations).into(),
            secret_validity: reader.text("secretValidity", violations).into(),
            keep_sign_in_audience: reader.flag("keepSignInAudience", violations).unwrap_or_default(),
            keep_token_version: reader.flag("keepTokenVersion", violations).unwrap_or_default(),
        }
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<AdoptedServerApp> {
        let client_id = read_client_id(self.client_id, path, violations);
        let app_id_uri = check_uri(self.app_id_uri, &below(path, "appIdUri"), violations);
        let secret_validity = check_validity(self.secret_validity, path, violations);
        Some(AdoptedServerApp {
            client_id: client_id?,
            app_id_uri,
            secret_validity,
            keep_sign_in_audience: self.keep_sign_in_audience,
            keep_token_version: self.keep_token_version,
        })
    }
}

impl From<AdoptedServerApp> for AdoptedServerAppBuilder {
    fn from(app: AdoptedServerApp) -> Self {
        Self {
            client_id: FieldInput::Value(app.client_id),
            app_id_uri: app.app_id_uri.map_or(FieldInput::Nothing, FieldInput::Value),
            secret_validity: FieldInput::Value(app.secret_validity),
            keep_sign_in_audience: app.keep_sign_in_audience,
            keep_token_version: app.keep_token_version,
        }
    }
}

/// A client app that an administrator has registered by hand or with the console, to be adopted like an [`AdoptedServerApp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["clientId"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct AdoptedClientApp {
    /// *Application (client) ID*.
    client_id: ApplicationId,
    /// Whether accounts of other tenants keep their access. Default: no.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_sign_in_audience: bool,
}

impl AdoptedClientApp {
    /// Adopts the app with this *Application (client) ID*.
    #[must_use]
    pub const fn new(client_id: ApplicationId) -> Self {
        Self {
            client_id,
            keep_sign_in_audience: false,
        }
    }

    /// The same, but who may sign in to the app is left as it is. Default: the plan narrows it to accounts of this
    /// tenant, with a warning.
    #[must_use]
    pub const fn keep_sign_in_audience(mut self, keep: bool) -> Self {
        self.keep_sign_in_audience = keep;
        self
    }

    /// Whether accounts of other tenants keep their access, if they have it.
    #[must_use]
    pub const fn keeps_sign_in_audience(&self) -> bool {
        self.keep_sign_in_audience
    }

    /// The client id.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        self.client_id
    }
}

pub(super) fn read_client_id(id: FieldInput<ApplicationId>, path: &str, violations: &mut Violations) -> Option<ApplicationId> {
    let (missing, invalid) = (ViolationCode::ClientIdMissing, ViolationCode::ClientIdInvalid);
    id.require(&below(path, "clientId"), missing, invalid, violations)
}

pub(super) fn read_reused(id: FieldInput<ApplicationId>, path: &str, violations: &mut Violations) -> Option<ReusedApp> {
    let path = below(path, "reuse.clientId");
    let (missing, invalid) = (ViolationCode::ReusedClientIdMissing, ViolationCode::ReusedClientIdInvalid);
    id.require(&path, missing, invalid, violations).map(ReusedApp::new)
}
