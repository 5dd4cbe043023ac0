//! The web (server) app: the *Server App*, *Create Server Application* and *Import apps* dialogs.

use serde::{Serialize, Serializer};
use time::{Date, Month, OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;
use uuid::Uuid;

use super::{
    app_id_uri::{ACCEPTED_FORMS, AppIdUri},
    names::{LONGEST_APP_NAME, check_name},
    reader::Reader,
    violations::{Given, InvalidSpec, Violations, below},
};
use crate::{
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
};

/// The wizard's default for *HomePage URL*. The product does not use it; Microsoft Entra shows it.
pub const DEFAULT_HOME_PAGE_URL: &str = "https://ConfigMgrService";

const LONGEST_HOME_PAGE_URL: usize = 255;

/// How long the server app's secret is valid, counted from the moment it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SecretValidity {
    /// One calendar year, the wizard's default.
    #[default]
    OneYear,
    /// Two calendar years.
    TwoYears,
}

impl SecretValidity {
    /// The end of the validity: the same day and time one or two years later, in UTC and whole seconds.
    ///
    /// 29 February becomes 28 February.
    #[must_use]
    pub fn end_after(self, start: OffsetDateTime) -> OffsetDateTime {
        let years = match self {
            Self::OneYear => 1,
            Self::TwoYears => 2,
        };
        let start = start.to_offset(time::UtcOffset::UTC);
        let year = start.year().saturating_add(years);
        let same_day = Date::from_calendar_date(year, start.month(), start.day());
        let day = same_day.or_else(|_| Date::from_calendar_date(year, Month::February, 28));
        let moved = day.map_or(start, |day| start.replace_date(day));
        moved.replace_nanosecond(0).unwrap_or(moved)
    }
}

impl std::str::FromStr for SecretValidity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "oneYear" => Ok(Self::OneYear),
            "twoYears" => Ok(Self::TwoYears),
            _ => Err(()),
        }
    }
}

/// How the connection gets its server app: one of the three ways of the *Server App* dialog.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ServerApp {
    /// A new app registration is created.
    Create(ServerAppSpec),
    /// An app registration that somebody else made is imported.
    Import(ImportedServerApp),
    /// An app that the site already knows is used again.
    Reuse(ReusedApp),
}

/// A server app to be created: the fields of the *Create Server Application* dialog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerAppSpec {
    name: String,
    home_page_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id_uri: Option<AppIdUri>,
    secret_validity: SecretValidity,
}

impl ServerAppSpec {
    /// Begins a server app with the wizard's defaults.
    ///
    /// `name` is the friendly name, 1 to 120 characters.
    pub fn builder(name: impl Into<String>) -> ServerAppSpecBuilder {
        ServerAppSpecBuilder {
            name: Some(name.into()),
            ..ServerAppSpecBuilder::default()
        }
    }

    /// The friendly name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The home page, to the letter as given.
    #[must_use]
    pub fn home_page_url(&self) -> &str {
        &self.home_page_url
    }

    /// The App ID URI if one was chosen; `None` lets the plan resolve the default for the tenant.
    #[must_use]
    pub const fn app_id_uri(&self) -> Option<&AppIdUri> {
        self.app_id_uri.as_ref()
    }

    /// How long the secret is to be valid.
    #[must_use]
    pub const fn secret_validity(&self) -> SecretValidity {
        self.secret_validity
    }
}

/// Puts a [`ServerAppSpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ServerAppSpecBuilder {
    name: Option<String>,
    home_page_url: Option<String>,
    app_id_uri: Given<AppIdUri>,
    secret_validity: Given<SecretValidity>,
}

impl ServerAppSpecBuilder {
    /// The *HomePage URL*. Default: `https://ConfigMgrService`.
    pub fn home_page_url(mut self, url: impl Into<String>) -> Self {
        self.home_page_url = Some(url.into());
        self
    }

    /// The *App ID URI*. Without it the plan takes `api://{tenantId}/ConfigMgrService` and says so.
    ///
    /// The wizard's own default, `https://ConfigMgrService`, has been refused by Microsoft Entra since October 2021.
    pub fn app_id_uri(mut self, uri: impl Into<String>) -> Self {
        self.app_id_uri = Given::Text(uri.into());
        self
    }

    /// The *Secret key validity period*. Default: one year.
    pub fn secret_validity(mut self, validity: SecretValidity) -> Self {
        self.secret_validity = Given::Value(validity);
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<ServerAppSpec, InvalidSpec> {
        let mut violations = Violations::default();
        let spec = self.check("", &mut violations);
        violations.into_result(spec)
    }

    fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
        Self {
            name: reader.text("name", violations),
            home_page_url: reader.text("homePageUrl", violations),
            app_id_uri: reader.text("appIdUri", violations).into(),
            secret_validity: reader.text("secretValidity", violations).into(),
        }
    }

    fn check(self, path: &str, violations: &mut Violations) -> Option<ServerAppSpec> {
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let home_page_url = self.home_page_url.unwrap_or_else(|| DEFAULT_HOME_PAGE_URL.to_owned());
        let is_url = Url::parse(&home_page_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let has_space = home_page_url
            .chars()
            .any(|character| character.is_whitespace() || character.is_control());
        if !is_url || has_space || home_page_url.chars().count() > LONGEST_HOME_PAGE_URL {
            let expected = format!("an http or https URL of at most {LONGEST_HOME_PAGE_URL} characters");
            violations.wrong(&below(path, "homePageUrl"), &home_page_url, expected);
        }
        let app_id_uri = check_uri(self.app_id_uri, &below(path, "appIdUri"), violations);
        let secret_validity = self
            .secret_validity
            .read(&below(path, "secretValidity"), "oneYear or twoYears", violations)
            .unwrap_or_default();
        Some(ServerAppSpec {
            name: name?,
            home_page_url,
            app_id_uri,
            secret_validity,
        })
    }
}

/// A server app that exists: the values of the *Import apps* dialog.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportedServerApp {
    tenant_name: String,
    tenant_id: TenantId,
    name: String,
    client_id: ApplicationId,
    #[serde(skip_serializing)]
    secret_key: ClientSecret,
    #[serde(serialize_with = "as_rfc3339")]
    secret_key_expiry: OffsetDateTime,
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
    tenant_id: Given<TenantId>,
    name: Option<String>,
    client_id: Given<ApplicationId>,
    secret_key: Option<ClientSecret>,
    secret_key_expiry: Given<Moment>,
    app_id_uri: Given<AppIdUri>,
}

impl ImportedServerAppBuilder {
    /// *Tenant Name*: the `onmicrosoft.com` name of the tenant by custom.
    pub fn tenant_name(mut self, name: impl Into<String>) -> Self {
        self.tenant_name = Some(name.into());
        self
    }

    /// *Tenant ID*: the *Directory (tenant) ID* of the portal.
    pub fn tenant_id(mut self, id: impl ToString) -> Self {
        self.tenant_id = Given::Text(id.to_string());
        self
    }

    /// *Application Name*.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// *Client ID*: the *Application (client) ID* of the portal.
    pub fn client_id(mut self, id: impl ToString) -> Self {
        self.client_id = Given::Text(id.to_string());
        self
    }

    /// *Secret Key*: the secret's *Value*, never its *Secret ID*.
    pub fn secret_key(mut self, secret: ClientSecret) -> Self {
        self.secret_key = Some(secret);
        self
    }

    /// *Secret Key Expiry*: must be in the future when the site is to import it.
    pub fn secret_key_expiry(mut self, expiry: OffsetDateTime) -> Self {
        self.secret_key_expiry = Given::Value(Moment(expiry));
        self
    }

    /// *App ID URI*: exactly as registered.
    pub fn app_id_uri(mut self, uri: impl Into<String>) -> Self {
        self.app_id_uri = Given::Text(uri.into());
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

    fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
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

    fn check(self, path: &str, violations: &mut Violations) -> Option<ImportedServerApp> {
        let tenant_name = check_name(self.tenant_name, None, &below(path, "tenantName"), violations);
        let tenant_id = self
            .tenant_id
            .require(&below(path, "tenantId"), "the GUID of the tenant", violations);
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let client_id = self
            .client_id
            .require(&below(path, "clientId"), "the GUID of the application (client) id", violations);
        let secret_key = check_secret(self.secret_key, &below(path, "secretKey"), violations);
        let expiry = check_expiry(self.secret_key_expiry, &below(path, "secretKeyExpiry"), violations);
        let uri_path = below(path, "appIdUri");
        if matches!(self.app_id_uri, Given::Nothing) {
            violations.missing(&uri_path, "the App ID URI exactly as registered");
        }
        let app_id_uri = check_uri(self.app_id_uri, &uri_path, violations);
        Some(ImportedServerApp {
            tenant_name: tenant_name?,
            tenant_id: tenant_id?,
            name: name?,
            client_id: client_id?,
            secret_key: secret_key?,
            secret_key_expiry: expiry?,
            app_id_uri: app_id_uri?,
        })
    }
}

/// An app that the site already knows, by its client id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReusedApp {
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

/// A server app not yet checked. Everything that [`super::ConnectionSpecBuilder::server_app`] takes turns into one.
#[derive(Debug, Clone)]
pub struct ServerAppDraft(pub(super) Draft);

#[derive(Debug, Clone)]
pub(super) enum Draft {
    Create(ServerAppSpecBuilder),
    Import(ImportedServerAppBuilder),
    Reuse(Given<ApplicationId>),
}

impl ServerAppDraft {
    pub(super) const CHOICES: [&'static str; 3] = ["create", "import", "reuse"];

    pub(super) fn read(mut choice: Reader, violations: &mut Violations) -> Option<Self> {
        let (way, mut reader) = choice.one_of(&Self::CHOICES, violations)?;
        choice.finish(&Self::CHOICES, violations);
        let draft = match way {
            "create" => {
                let builder = ServerAppSpecBuilder::read(&mut reader, violations);
                reader.finish(&["name", "homePageUrl", "appIdUri", "secretValidity"], violations);
                Draft::Create(builder)
            }
            "import" => {
                let builder = ImportedServerAppBuilder::read(&mut reader, violations);
                reader.finish(
                    &[
                        "tenantName",
                        "tenantId",
                        "name",
                        "clientId",
                        "secretKey",
                        "secretKeyExpiry",
                        "appIdUri",
                    ],
                    violations,
                );
                Draft::Import(builder)
            }
            _ => {
                let id = reader.text("clientId", violations).into();
                reader.finish(&["clientId"], violations);
                Draft::Reuse(id)
            }
        };
        Some(Self(draft))
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<ServerApp> {
        match self.0 {
            Draft::Create(builder) => builder.check(&below(path, "create"), violations).map(ServerApp::Create),
            Draft::Import(builder) => builder.check(&below(path, "import"), violations).map(ServerApp::Import),
            Draft::Reuse(id) => read_reused(id, path, violations).map(ServerApp::Reuse),
        }
    }
}

pub(super) fn read_reused(id: Given<ApplicationId>, path: &str, violations: &mut Violations) -> Option<ReusedApp> {
    let path = below(path, "reuse.clientId");
    let expected = "the GUID of the application (client) id of an app that the site knows";
    id.require(&path, expected, violations).map(ReusedApp::new)
}

impl From<ServerAppSpecBuilder> for ServerAppDraft {
    fn from(builder: ServerAppSpecBuilder) -> Self {
        Self(Draft::Create(builder))
    }
}

impl From<ImportedServerAppBuilder> for ServerAppDraft {
    fn from(builder: ImportedServerAppBuilder) -> Self {
        Self(Draft::Import(builder))
    }
}

impl From<ServerAppSpec> for ServerAppDraft {
    fn from(spec: ServerAppSpec) -> Self {
        Self(Draft::Create(ServerAppSpecBuilder {
            name: Some(spec.name),
            home_page_url: Some(spec.home_page_url),
            app_id_uri: spec.app_id_uri.map_or(Given::Nothing, Given::Value),
            secret_validity: Given::Value(spec.secret_validity),
        }))
    }
}

impl From<ImportedServerApp> for ServerAppDraft {
    fn from(app: ImportedServerApp) -> Self {
        Self(Draft::Import(ImportedServerAppBuilder {
            tenant_name: Some(app.tenant_name),
            tenant_id: Given::Value(app.tenant_id),
            name: Some(app.name),
            client_id: Given::Value(app.client_id),
            secret_key: Some(app.secret_key),
            secret_key_expiry: Given::Value(Moment(app.secret_key_expiry)),
            app_id_uri: Given::Value(app.app_id_uri),
        }))
    }
}

impl From<ReusedApp> for ServerAppDraft {
    fn from(app: ReusedApp) -> Self {
        Self(Draft::Reuse(Given::Value(app.client_id)))
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

fn check_uri(given: Given<AppIdUri>, path: &str, violations: &mut Violations) -> Option<AppIdUri> {
    match given {
        Given::Nothing => None,
        Given::Value(uri) => Some(uri),
        Given::Text(text) => match text.parse::<AppIdUri>() {
            Ok(uri) => Some(uri),
            Err(reason) => {
                violations.wrong(path, &text, format!("one of {ACCEPTED_FORMS} ({reason})"));
                None
            }
        },
    }
}

fn check_expiry(given: Given<Moment>, path: &str, violations: &mut Violations) -> Option<OffsetDateTime> {
    let expected = "a date as 2027-11-23 or a moment as 2027-11-23T00:00:00Z";
    let moment = given.require(path, expected, violations)?.0;
    // Years before 0 and offsets with seconds exist in memory and not in JSON.
    if moment.format(&Rfc3339).is_err() {
        violations.wrong(path, &moment.to_string(), expected);
        return None;
    }
    Some(moment)
}

fn check_secret(secret: Option<ClientSecret>, path: &str, violations: &mut Violations) -> Option<ClientSecret> {
    let Some(secret) = secret else {
        violations.missing(path, "the Value of the secret, as shown once when it was made");
        return None;
    };
    let text = secret.expose();
    if text.trim().is_empty() {
        violations.unshown(path, "the Value of the secret, which is not empty");
        return None;
    }
    if text.trim().parse::<Uuid>().is_ok() {
        violations.unshown(path, "the Value of the secret; a GUID was given, which is the Secret ID");
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
    fn the_defaults_are_the_wizards() {
        let spec = ServerAppSpec::builder("ConfigMgr Server").build().unwrap();
        assert_eq!(spec.home_page_url(), "https://ConfigMgrService");
        assert_eq!(spec.secret_validity(), SecretValidity::OneYear);
        assert_eq!(spec.app_id_uri(), None);
    }

    #[test]
    fn validity_counts_calendar_years() {
        let start = datetime!(2028-02-29 10:20:30.5 UTC);
        assert_eq!(SecretValidity::OneYear.end_after(start), datetime!(2029-02-28 10:20:30 UTC));
        assert_eq!(SecretValidity::TwoYears.end_after(start), datetime!(2030-02-28 10:20:30 UTC));
        let plain = datetime!(2026-11-23 02:30 +2);
        assert_eq!(SecretValidity::OneYear.end_after(plain), datetime!(2027-11-23 00:30 UTC));
    }

    #[test]
    fn names_are_checked_at_both_ends_and_for_control_characters() {
        for name in [String::new(), "  ".to_owned(), "x".repeat(121), "a\u{7}b".to_owned()] {
            let error = ServerAppSpec::builder(name.clone()).build().unwrap_err();
            assert_eq!(error.violations()[0].path(), "name", "{name:?}");
        }
        assert!(ServerAppSpec::builder("ü".repeat(120)).build().is_ok());
    }

    #[test]
    fn a_secret_id_in_place_of_the_value_is_noticed_and_not_shown() {
        let guid = "5d0c77f1-7f2e-4f4c-8b8e-000000000001";
        let error = ImportedServerApp::builder()
            .secret_key(ClientSecret::new(guid))
            .build()
            .unwrap_err();
        let violation = error.violations().iter().find(|violation| violation.path() == "secretKey").unwrap();
        assert!(violation.expected().contains("Secret ID") && violation.given().is_none());
        assert_eq!(error.violations().len(), 7);
    }

    #[test]
    fn a_bare_date_is_its_first_second_in_utc() {
        assert_eq!("2027-11-23".parse::<Moment>().unwrap().0, datetime!(2027-11-23 00:00 UTC));
        assert!("23.11.2027".parse::<Moment>().is_err());
    }
}
