//! The web (server) app: the *Server App*, *Create Server Application* and *Import apps* dialogs.

use serde::Serialize;
use url::Url;

use super::{
    app_id_uri::AppIdUri,
    existing_app::{AdoptedServerApp, ReusedApp},
    field_input::FieldInput,
    imported_server_app::ImportedServerApp,
    names::{LONGEST_APP_NAME, check_name},
    reader::Reader,
    secret_validity::SecretValidity,
    violations::{InvalidSpec, Rule, ViolationCode, Violations, below},
};
use crate::ids::{ApplicationId, DirectoryObjectId};

/// The wizard's default for *HomePage URL*. The product does not use it; Microsoft Entra shows it.
const DEFAULT_HOME_PAGE_URL: &str = "https://ConfigMgrService";

const LONGEST_HOME_PAGE_URL: usize = 255;

/// How the connection gets its server app: the three ways of the *Server App* dialog, and adopting.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ServerApp {
    /// A new app registration is created.
    Create(ServerAppSpec),
    /// An app registration of another administrator is imported.
    Import(ImportedServerApp),
    /// An app that the site already knows is used again.
    Reuse(ReusedApp),
    /// An app registration of another administrator is brought into shape and imported.
    Adopt(AdoptedServerApp),
}

impl ServerApp {
    /// The client id of an app that is there already; `None` for one that a run creates.
    #[must_use]
    pub const fn client_id(&self) -> Option<ApplicationId> {
        match self {
            Self::Create(_) => None,
            Self::Import(app) => Some(app.client_id()),
            Self::Reuse(app) => Some(app.client_id()),
            Self::Adopt(app) => Some(app.client_id()),
        }
    }

    /// Whether this run writes the app's registration.
    #[must_use]
    pub const fn is_registered_here(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Adopt(_))
    }

    /// Whether this run makes the app, if it is not there yet.
    pub(crate) const fn is_created(&self) -> bool {
        matches!(self, Self::Create(_))
    }

    /// Whether the site has to know the app already.
    pub(crate) const fn is_reused(&self) -> bool {
        matches!(self, Self::Reuse(_))
    }

    /// Whether an app that is there is brought into shape.
    pub(crate) const fn is_adopted(&self) -> bool {
        matches!(self, Self::Adopt(_))
    }

    /// The values of an app to import.
    pub(crate) const fn imported(&self) -> Option<&ImportedServerApp> {
        match self {
            Self::Import(app) => Some(app),
            _ => None,
        }
    }

    /// The App ID URI that was chosen for an app that this run writes.
    pub(crate) const fn chosen_uri(&self) -> Option<&AppIdUri> {
        match self {
            Self::Create(app) => app.app_id_uri(),
            Self::Adopt(app) => app.app_id_uri(),
            Self::Import(_) | Self::Reuse(_) => None,
        }
    }
}

/// A server app to be created: the fields of the *Create Server Application* dialog.
///
/// ```
/// use cmg_onboarding::{SecretValidity, ServerAppSpec};
///
/// let app = ServerAppSpec::builder("ConfigMgr Server").secret_validity(SecretValidity::TwoYears).build()?;
/// # let _ = app;
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ServerAppSpec {
    /// The friendly name, 1 to 120 characters.
    name: String,
    /// *HomePage URL*. Default: `https://ConfigMgrService`.
    home_page_url: String,
    /// *App ID URI*. Without it the plan takes `api://{tenantId}/ConfigMgrService`.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id_uri: Option<AppIdUri>,
    /// *Secret key validity period*. Default: `oneYear`.
    secret_validity: SecretValidity,
    /// *Object ID* of each owner that the app registration gets when it is created.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<DirectoryObjectId>,
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

    /// How long the secret is valid, from its issue.
    #[must_use]
    pub const fn secret_validity(&self) -> SecretValidity {
        self.secret_validity
    }

    /// The owners that the app registration gets when it is created, beside the caller that Microsoft Entra may add.
    #[must_use]
    pub fn owners(&self) -> &[DirectoryObjectId] {
        &self.owners
    }
}

/// Puts a [`ServerAppSpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ServerAppSpecBuilder {
    name: Option<String>,
    home_page_url: Option<String>,
    app_id_uri: FieldInput<AppIdUri>,
    secret_validity: FieldInput<SecretValidity>,
    owners: Vec<FieldInput<DirectoryObjectId>>,
}

impl ServerAppSpecBuilder {
    /// The *HomePage URL*. Default: `https://ConfigMgrService`.
    pub fn home_page_url(mut self, url: impl Into<String>) -> Self {
        self.home_page_url = Some(url.into());
        self
    }

    /// The *App ID URI*. Without it the plan takes `api://{tenantId}/ConfigMgrService` and says so.
    ///
    /// `api://{tenantId}/{appId}` and `api://{appId}` are taken as they are written, with the braces: a run puts in the ids
    /// of the tenant and of the new app. They are what a tenant allows whose policy is the strictest
    /// (`nonDefaultUriAddition`).
    ///
    /// The wizard's own default, `https://ConfigMgrService`, has been refused by Microsoft Entra since October 2021.
    pub fn app_id_uri(mut self, uri: impl Into<String>) -> Self {
        self.app_id_uri = FieldInput::Text(uri.into());
        self
    }

    /// The *Secret key validity period*. Default: one year.
    pub fn secret_validity(mut self, validity: SecretValidity) -> Self {
        self.secret_validity = FieldInput::Value(validity);
        self
    }

    /// Adds an owner of the new app registration: the *Object ID* of a user or of a service principal. May be called
    /// repeatedly. Default: none, so that an app that a pipeline makes has no person as its owner.
    pub fn owner(mut self, id: impl ToString) -> Self {
        self.owners.push(FieldInput::Text(id.to_string()));
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

    pub(super) fn read(reader: &mut Reader, violations: &mut Violations) -> Self {
        Self {
            name: reader.text("name", violations),
            home_page_url: reader.text("homePageUrl", violations),
            app_id_uri: reader.text("appIdUri", violations).into(),
            secret_validity: reader.text("secretValidity", violations).into(),
            owners: read_owners(reader, violations),
        }
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<ServerAppSpec> {
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let home_page_url = self.home_page_url.unwrap_or_else(|| DEFAULT_HOME_PAGE_URL.to_owned());
        let is_url = Url::parse(&home_page_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let has_space = home_page_url
            .chars()
            .any(|character| character.is_whitespace() || character.is_control());
        if !is_url || has_space || home_page_url.chars().count() > LONGEST_HOME_PAGE_URL {
            let rule = Rule::from(ViolationCode::HomePageUrlInvalid).with("longest", LONGEST_HOME_PAGE_URL);
            violations.wrong(&below(path, "homePageUrl"), &home_page_url, rule);
        }
        let app_id_uri = check_uri(self.app_id_uri, &below(path, "appIdUri"), violations);
        let secret_validity = check_validity(self.secret_validity, path, violations);
        let owners = check_owners(self.owners, path, violations);
        Some(ServerAppSpec {
            name: name?,
            home_page_url,
            app_id_uri,
            secret_validity,
            owners,
        })
    }
}

impl From<ServerAppSpec> for ServerAppSpecBuilder {
    fn from(spec: ServerAppSpec) -> Self {
        Self {
            name: Some(spec.name),
            home_page_url: Some(spec.home_page_url),
            app_id_uri: spec.app_id_uri.map_or(FieldInput::Nothing, FieldInput::Value),
            secret_validity: FieldInput::Value(spec.secret_validity),
            owners: spec.owners.into_iter().map(FieldInput::Value).collect(),
        }
    }
}

pub(super) fn check_uri(given: FieldInput<AppIdUri>, path: &str, violations: &mut Violations) -> Option<AppIdUri> {
    given.read_by(path, Rule::from, violations)
}

pub(super) fn check_validity(given: FieldInput<SecretValidity>, path: &str, violations: &mut Violations) -> SecretValidity {
    let path = below(path, "secretValidity");
    let validity = given
        .read(&path, ViolationCode::SecretValidityUnknown, violations)
        .unwrap_or_default();
    if !validity.is_possible() {
        violations.wrong(&path, &validity.to_string(), ViolationCode::SecretValidityZero);
    }
    validity
}

pub(super) fn read_owners(reader: &mut Reader, violations: &mut Violations) -> Vec<FieldInput<DirectoryObjectId>> {
    let given = reader.texts("owners", violations).unwrap_or_default();
    given.into_iter().map(FieldInput::Text).collect()
}

pub(super) fn check_owners(given: Vec<FieldInput<DirectoryObjectId>>, path: &str, violations: &mut Violations) -> Vec<DirectoryObjectId> {
    let mut owners = Vec::new();
    for (index, owner) in given.into_iter().enumerate() {
        let path = below(path, &format!("owners[{index}]"));
        owners.extend(
            owner
                .read(&path, ViolationCode::OwnerInvalid, violations)
                .filter(|owner| !owners.contains(owner)),
        );
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_wizards() {
        let spec = ServerAppSpec::builder("ConfigMgr Server").build().unwrap();
        assert_eq!(spec.home_page_url(), "https://ConfigMgrService");
        assert_eq!(spec.secret_validity(), SecretValidity::OneYear);
        assert_eq!(spec.app_id_uri(), None);
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
    fn a_home_page_is_a_web_address_without_spaces_and_of_at_most_255_characters() {
        let build = |url: &str| ServerAppSpec::builder("Server").home_page_url(url).build();
        let of_length = |length: usize| format!("https://contoso.com/{}", "ü".repeat(length - 20));
        for url in ["https://contoso.com/ü", "http://contoso", &of_length(255)] {
            assert_eq!(build(url).unwrap().home_page_url(), url);
        }
        for url in ["contoso", "ftp://contoso.com", "https://contoso.com/a b", &of_length(256)] {
            let error = build(url).unwrap_err();
            let told: Vec<_> = error.violations().iter().map(|told| (told.path(), told.code())).collect();
            assert_eq!(told, [("homePageUrl", ViolationCode::HomePageUrlInvalid)], "{url}");
        }
    }

    #[test]
    fn a_validity_of_no_days_and_an_owner_that_is_not_a_guid_are_violations() {
        let error = ServerAppSpec::builder("Server")
            .secret_validity(SecretValidity::Days(0))
            .owner("admin")
            .build()
            .unwrap_err();
        let found: Vec<_> = error
            .violations()
            .iter()
            .map(|violation| (violation.path(), violation.code()))
            .collect();
        assert_eq!(
            found,
            [
                ("secretValidity", ViolationCode::SecretValidityZero),
                ("owners[0]", ViolationCode::OwnerInvalid)
            ]
        );
    }

    #[test]
    fn an_owner_that_is_named_twice_is_one_owner() {
        let id = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
        let app = ServerAppSpec::builder("Server").owner(id).owner(id.to_uppercase()).build().unwrap();
        assert_eq!(app.owners(), [id.parse().unwrap()]);
    }
}
