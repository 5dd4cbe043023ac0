//! The native (client) app: the *Client App*, *Create Client Application* and *Import apps* dialogs.

use serde::Serialize;

use super::{
    existing_app::{AdoptedClientApp, ReusedApp, read_client_id, read_reused},
    field_input::FieldInput,
    names::{LONGEST_APP_NAME, check_name},
    reader::Reader,
    server_app::{check_owners, read_owners},
    violations::{InvalidSpec, Violations, below},
};
use crate::ids::{ApplicationId, DirectoryObjectId};

/// How the connection gets its client app: the three ways of the *Client App* dialog, and adopting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ClientApp {
    /// A new app registration is created.
    Create(ClientAppSpec),
    /// An app registration of another administrator is imported.
    Import(ImportedClientApp),
    /// An app that the site already knows is used again.
    Reuse(ReusedApp),
    /// An app registration of another administrator is brought into shape and imported.
    Adopt(AdoptedClientApp),
}

impl ClientApp {
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

    /// The values of an app to import.
    pub(crate) const fn imported(&self) -> Option<&ImportedClientApp> {
        match self {
            Self::Import(app) => Some(app),
            _ => None,
        }
    }
}

/// A client app to be created: the fields of the *Create Client Application* dialog.
///
/// ```
/// use cmg_onboarding::ClientAppSpec;
///
/// let app = ClientAppSpec::builder("ConfigMgr Client").build()?;
/// # let _ = app;
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ClientAppSpec {
    /// The friendly name, 1 to 120 characters.
    name: String,
    /// *Object ID* of each owner that the app registration gets when it is created.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owners: Vec<DirectoryObjectId>,
}

impl ClientAppSpec {
    /// Begins a client app. `name` is the friendly name, 1 to 120 characters.
    pub fn builder(name: impl Into<String>) -> ClientAppSpecBuilder {
        ClientAppSpecBuilder {
            name: Some(name.into()),
            owners: Vec::new(),
        }
    }

    /// The friendly name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The owners that the app registration gets when it is created, beside the caller that Microsoft Entra may add.
    #[must_use]
    pub fn owners(&self) -> &[DirectoryObjectId] {
        &self.owners
    }
}

/// Puts a [`ClientAppSpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ClientAppSpecBuilder {
    name: Option<String>,
    owners: Vec<FieldInput<DirectoryObjectId>>,
}

impl ClientAppSpecBuilder {
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
    pub fn build(self) -> Result<ClientAppSpec, InvalidSpec> {
        let mut violations = Violations::default();
        let spec = self.check("", &mut violations);
        violations.into_result(spec)
    }

    fn check(self, path: &str, violations: &mut Violations) -> Option<ClientAppSpec> {
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let owners = check_owners(self.owners, path, violations);
        Some(ClientAppSpec { name: name?, owners })
    }
}

/// A client app that exists: the values of the *Import apps* dialog. Its tenant is the server app's.
///
/// ```
/// use cmg_onboarding::ImportedClientApp;
///
/// let app = ImportedClientApp::builder()
///     .name("ConfigMgr Client")
///     .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02")
///     .build()?;
/// # let _ = app;
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ImportedClientApp {
    /// *Application Name*, as the site is to show it.
    name: String,
    /// *Client ID*: the *Application (client) ID* of the portal.
    client_id: ApplicationId,
}

impl ImportedClientApp {
    /// Begins with nothing filled in; every field is required, as in the dialog.
    pub fn builder() -> ImportedClientAppBuilder {
        ImportedClientAppBuilder::default()
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
}

/// Puts an [`ImportedClientApp`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct ImportedClientAppBuilder {
    name: Option<String>,
    client_id: FieldInput<ApplicationId>,
}

impl ImportedClientAppBuilder {
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

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<ImportedClientApp, InvalidSpec> {
        let mut violations = Violations::default();
        let app = self.check("", &mut violations);
        violations.into_result(app)
    }

    fn check(self, path: &str, violations: &mut Violations) -> Option<ImportedClientApp> {
        let name = check_name(self.name, Some(LONGEST_APP_NAME), &below(path, "name"), violations);
        let id = read_client_id(self.client_id, path, violations);
        Some(ImportedClientApp {
            name: name?,
            client_id: id?,
        })
    }
}

/// A client app not yet checked. Everything that
/// [`ConnectionSpecBuilder::client_app`](super::ConnectionSpecBuilder::client_app) takes turns into one.
#[derive(Debug, Clone)]
pub struct ClientAppDraft(Draft);

#[derive(Debug, Clone)]
enum Draft {
    Create(ClientAppSpecBuilder),
    Import(ImportedClientAppBuilder),
    Reuse(FieldInput<ApplicationId>),
    Adopt {
        client_id: FieldInput<ApplicationId>,
        keep_sign_in_audience: bool,
    },
}

impl ClientAppDraft {
    const CHOICES: [&'static str; 4] = ["create", "import", "reuse", "adopt"];

    pub(super) fn read(mut choice: Reader, violations: &mut Violations) -> Option<Self> {
        let (way, mut reader) = choice.one_of(&Self::CHOICES, violations)?;
        choice.finish(&Self::CHOICES, violations);
        let draft = match way {
            "create" => {
                let name = reader.text("name", violations);
                let owners = read_owners(&mut reader, violations);
                reader.finish(&["name", "owners"], violations);
                Draft::Create(ClientAppSpecBuilder { name, owners })
            }
            "import" => {
                let name = reader.text("name", violations);
                let client_id = reader.text("clientId", violations).into();
                reader.finish(&["name", "clientId"], violations);
                Draft::Import(ImportedClientAppBuilder { name, client_id })
            }
            "adopt" => {
                let client_id = reader.text("clientId", violations).into();
                let keep = reader.flag("keepSignInAudience", violations);
                reader.finish(&["clientId", "keepSignInAudience"], violations);
                Draft::Adopt {
                    client_id,
                    keep_sign_in_audience: keep.unwrap_or_default(),
                }
            }
            _ => {
                let id = reader.text("clientId", violations).into();
                reader.finish(&["clientId"], violations);
                Draft::Reuse(id)
            }
        };
        Some(Self(draft))
    }

    pub(super) fn check(self, path: &str, violations: &mut Violations) -> Option<ClientApp> {
        match self.0 {
            Draft::Create(builder) => builder.check(&below(path, "create"), violations).map(ClientApp::Create),
            Draft::Import(builder) => builder.check(&below(path, "import"), violations).map(ClientApp::Import),
            Draft::Reuse(id) => read_reused(id, path, violations).map(ClientApp::Reuse),
            Draft::Adopt {
                client_id,
                keep_sign_in_audience,
            } => {
                let id = read_client_id(client_id, &below(path, "adopt"), violations);
                id.map(|id| ClientApp::Adopt(AdoptedClientApp::new(id).keep_sign_in_audience(keep_sign_in_audience)))
            }
        }
    }
}

impl From<ClientAppSpecBuilder> for ClientAppDraft {
    fn from(builder: ClientAppSpecBuilder) -> Self {
        Self(Draft::Create(builder))
    }
}

impl From<ImportedClientAppBuilder> for ClientAppDraft {
    fn from(builder: ImportedClientAppBuilder) -> Self {
        Self(Draft::Import(builder))
    }
}

impl From<ClientAppSpec> for ClientAppDraft {
    fn from(spec: ClientAppSpec) -> Self {
        Self(Draft::Create(ClientAppSpecBuilder {
            name: Some(spec.name),
            owners: spec.owners.into_iter().map(FieldInput::Value).collect(),
        }))
    }
}

impl From<ImportedClientApp> for ClientAppDraft {
    fn from(app: ImportedClientApp) -> Self {
        Self(Draft::Import(ImportedClientAppBuilder {
            name: Some(app.name),
            client_id: FieldInput::Value(app.client_id),
        }))
    }
}

impl From<AdoptedClientApp> for ClientAppDraft {
    fn from(app: AdoptedClientApp) -> Self {
        Self(Draft::Adopt {
            client_id: FieldInput::Value(app.client_id()),
            keep_sign_in_audience: app.keeps_sign_in_audience(),
        })
    }
}

impl From<ClientApp> for ClientAppDraft {
    fn from(app: ClientApp) -> Self {
        match app {
            ClientApp::Create(app) => app.into(),
            ClientApp::Import(app) => app.into(),
            ClientApp::Reuse(app) => app.into(),
            ClientApp::Adopt(app) => app.into(),
        }
    }
}

impl From<ReusedApp> for ClientAppDraft {
    fn from(app: ReusedApp) -> Self {
        Self(Draft::Reuse(FieldInput::Value(app.client_id())))
    }
}
