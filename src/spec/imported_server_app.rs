//! A server app to be imported: the *Import apps* dialog.

use serde::{Serialize, Serializer};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{
    app_id_uri::AppIdUri,
    existing_app::read_client_id,
    field_input::FieldInput,
    names::{LONGEST_APP_NAME, check_name},
    reader::Reader,
    server_app::check_uri,
    violations::{InvalidSpec, ViolationCode, Violations, below},
};
use crate::{
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
};

/// A server app that exists: the values of the *Import apps* dialog.
///
/// ```
/// use cmg_onboarding::{ClientSecret, ImportedServerApp};
/// use time::macros::datetime;
///
/// let app = ImportedServerApp::builder()
///     .tenant_name("contoso.onmicrosoft.com")
///     .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
///     .name("ConfigMgr Server")
///     .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
///     .secret_key(ClientSecret::new("the Value, not the Secret ID"))
///     .secret_key_expiry(datetime!(2099-11-23 00:00 UTC))
///     .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/ConfigMgrService")
///     .build()?;
/// # let _ = app;
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::with_secret_key, extend("additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ImportedServerApp {
    /// *Microsoft Entra tenant name*.
    tenant_name: String,
    /// *Microsoft Entra tenant ID*.
    tenant_id: TenantId,
    /// *Application Name*, as the site is to show it.
    name: String,
    /// *Client ID*: the *Application (client) ID* of the portal.
    client_id: ApplicationId,
    #[serde(skip_serializing)]
    #[cfg_attr(feature = "schema", schemars(skip))]
    secret_key: ClientSecret,
    /// *Secret Key Expiry*. A date as `2027-11-23` is read, too.
    #[serde(serialize_with = "as_rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    secret_key_expiry: OffsetDateTime,
    /// *App ID URI*, exactly as it is registered.
    app_id_uri: AppIdUri,
}

impl ImportedServerApp {
    /// Begins with nothing filled in; every field is required, as in the dialog.
    pub fn builder() -> ImportedServerAppBuilder {
        ImportedServerAppBuilder::default()
    }

    /// *Tenant Name*, as the site is to show it.
    #[must_use]
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }

    /// *Tenant ID*.
    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    /// *Application Name*, as the site is to show it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// *Client ID*.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        self.client_id
    }

    /// *Secret Key*.
    #[must_use]
    pub const fn secret_key(&self) -> &ClientSecret {
        &self.secret_key
    }

    /// *Secret Key Expiry*.
    #[must_use]
    pub const fn secret_key_expiry(&self) -> OffsetDateTime {
        self.secret_key_expiry
    }

    /// *App ID URI*.
    #[must_use]
    pub const fn app_id_uri(&self) -> &AppIdUri {
        &self.app_id_uri
    }
}

/// Puts an [`ImportedServerApp`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct ImportedServerAppBuilder {
    tenant_name: Option<String>,
    tenant_id: FieldInput<TenantId>,
    name: Option<String>,
    client_id: FieldInput<ApplicationId>,
    secret_key: Option<ClientSecret>,
    secret_key_expiry: FieldInput<Moment>,
    app_id_uri: FieldInput<AppIdUri>,
}

impl ImportedServerAppBuilder {
    /// *Tenant Name*: the `onmicrosoft.com` name of the tenant by custom.
    pub fn tenant_name(mut self, name: impl Into<String>) -> Self {
        self.tenant_name = Some(name.into());
        self
    }

    /// *Tenant ID*: the *Directory (tenant) ID* of the portal.
    pub fn tenant_id(mut self, id: impl ToString) -> Self {
        self.tenant_id = FieldInput::Text(id.to_string());
        self
    }

    /// *Application Name*.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// *Client ID*: the *Application (client) ID* of the portal.
    pub fn client_id(mut self, id: impl ToString) -> Self {
        self.client_id = FieldInput::Text(id.to_string());
        self
    }

    /// *Secret Key*: the secret's *Value*, never its *Secret ID*.
    pub fn secret_key(mut self, secret: ClientSecret) -> Self {
        self.secret_key = Some(secret);
        self
    }

    /// *Secret Key Expiry*: must be in the future when the site is to import it.
    pub fn secret_key_expiry(mut self, expiry: OffsetDateTime) -> Self {
        self.secret_key_expiry = FieldInput::Value(Moment(expiry));
        self
    }

    /// *App ID URI*: exactly as registered. `api://{tenantId}/{appId}` and `api://{appId}`, written with the braces, stand
    /// for the URI with the ids that are given here.
    pub fn app_id_uri(mut self, uri: impl Into<String>) -> Self {
        self.app_id_uri = FieldInput::Text(uri.into());
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<ImportedServerApp, InvalidSpec> {
        let mut violations = Violations::default();
        let app = self.check("", &mut violations);
        violations.into_result(app)
    }

    pub(super) fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
        Self {
            tenant_name: reader.text("tenantName", violations),
            tenant_id: reader.text("tenantId", violations).into(),
            name: reader.text("name", violations),
            client_id: reader.text("clientId", violations).into(),
            secret_key: reader.secret_text("secretKey", violations).map(ClientSecret::new),
            secret_key_expiry: reader.text("secretKeyExpiry", violations).into(),
            app_id_uri: reader.text("appIdUri", violations).into(),
        }
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<ImportedServerApp> {
        let tenant_name = check_name(self.tenant_name, None, &below(path, "tenantName"), violations);
        let (missing, invalid) = (ViolationCode::TenantIdMissing, ViolationCode::TenantIdInvalid);
        let tenant_id = self.tenant_id.require(&below(path, "tenantId"), missing, invalid, violations);
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let client_id = read_client_id(self.client_id, path, violations);
        let secret_key = check_secret(self.secret_key, &below(path, "secretKey"), violations);
        let expiry = check_expiry(self.secret_key_expiry, &below(path, "secretKeyExpiry"), violations);
        let uri_path = below(path, "appIdUri");
        if matches!(self.app_id_uri, FieldInput::Nothing) {
            violations.unshown(&uri_path, ViolationCode::AppIdUriMissing);
        }
        let app_id_uri = check_uri(self.app_id_uri, &uri_path, violations);
        let (tenant_id, client_id) = (tenant_id?, client_id?);
        Some(ImportedServerApp {
            tenant_name: tenant_name?,
            tenant_id,
            name: name?,
            client_id,
            secret_key: secret_key?,
            secret_key_expiry: expiry?,
            // Both ids are given beside it.
            app_id_uri: app_id_uri?.resolved(tenant_id, client_id),
        })
    }
}

impl From<ImportedServerApp> for ImportedServerAppBuilder {
    fn from(app: ImportedServerApp) -> Self {
        Self {
            tenant_name: Some(app.tenant_name),
            tenant_id: FieldInput::Value(app.tenant_id),
            name: Some(app.name),
            client_id: FieldInput::Value(app.client_id),
            secret_key: Some(app.secret_key),
            secret_key_expiry: FieldInput::Value(Moment(app.secret_key_expiry)),
            app_id_uri: FieldInput::Value(app.app_id_uri),
        }
    }
}

/// A moment given as RFC 3339 text or as a bare date, which means its first second in UTC.
#[derive(Debug, Clone, Copy)]
struct Moment(OffsetDateTime);

impl std::str::FromStr for Moment {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
            return Ok(Self(moment));
        }
        let format = time::macros::format_description!("[year]-[month]-[day]");
        Date::parse(text, format).map(|date| Self(date.midnight().assume_utc()))
    }
}

fn check_expiry(given: FieldInput<Moment>, path: &str, violations: &mut Violations) -> Option<OffsetDateTime> {
    let (missing, invalid) = (ViolationCode::SecretKeyExpiryMissing, ViolationCode::SecretKeyExpiryInvalid);
    let moment = given.require(path, missing, invalid, violations)?.0;
    // Years before 0 and offsets with seconds exist in memory and not in JSON.
    if moment.format(&Rfc3339).is_err() {
        violations.wrong(path, &moment.to_string(), invalid);
        return None;
    }
    Some(moment)
}

fn check_secret(secret: Option<ClientSecret>, path: &str, violations: &mut Violations) -> Option<ClientSecret> {
    let Some(secret) = secret else {
        violations.unshown(path, ViolationCode::SecretKeyMissing);
        return None;
    };
    let text = secret.expose();
    if text.trim().is_empty() {
        violations.unshown(path, ViolationCode::SecretKeyEmpty);
        return None;
    }
    if text.trim().parse::<Uuid>().is_ok() {
        violations.unshown(path, ViolationCode::SecretIdGiven);
        return None;
    }
    Some(secret)
}

fn as_rfc3339<S: Serializer>(moment: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = moment.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_secret_id_in_place_of_the_value_is_noticed_and_not_shown() {
        let guid = "5d0c77f1-7f2e-4f4c-8b8e-000000000001";
        let error = ImportedServerApp::builder()
            .secret_key(ClientSecret::new(guid))
            .build()
            .unwrap_err();
        let violation = error.violations().iter().find(|violation| violation.path() == "secretKey").unwrap();
        assert!(violation.message().contains("Secret ID") && violation.given().is_none());
        assert_eq!(error.violations().len(), 7);
    }

    #[test]
    fn placeholders_in_the_app_id_uri_stand_for_the_ids_beside_it() {
        let (tenant, client) = ("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11", "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
        let app = ImportedServerApp::builder()
            .tenant_name("contoso.onmicrosoft.com")
            .tenant_id(tenant)
            .name("Server")
            .client_id(client)
            .secret_key(ClientSecret::new("not-a-secret"))
            .secret_key_expiry(datetime!(2027-11-23 00:00 UTC))
            .app_id_uri("api://{tenantId}/{appId}");
        assert_eq!(app.build().unwrap().app_id_uri().as_str(), format!("api://{tenant}/{client}"));
    }

    #[test]
    fn a_bare_date_is_its_first_second_in_utc() {
        assert_eq!("2027-11-23".parse::<Moment>().unwrap().0, datetime!(2027-11-23 00:00 UTC));
        assert!("23.11.2027".parse::<Moment>().is_err());
    }
}
