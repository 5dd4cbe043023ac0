//! The wizard's first page, and with it the whole specification of one connection.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{
    client_app::{ClientApp, ClientAppDraft},
    discovery::{DiscoverySpec, DiscoverySpecBuilder},
    field_input::FieldInput,
    names::check_name,
    reader::Reader,
    server_app::ServerApp,
    server_app_draft::ServerAppDraft,
    violations::{InvalidSpec, Rule, ViolationCode, Violations},
};
use crate::cloud::CloudEnvironment;

const FIELDS: [&str; 8] = [
    "name",
    "description",
    "environment",
    "key",
    "issueIdTokens",
    "serverApp",
    "clientApp",
    "discovery",
];

/// Everything one Azure service connection of type Cloud Management is to be.
///
/// Pure data, checked as a whole: what exists has no violation. It reads and writes JSON; an imported secret is
/// read and never written.
///
/// ```
/// use cmg_onboarding::{ClientAppSpec, ConnectionSpec, ServerAppSpec};
///
/// let spec = ConnectionSpec::builder("Contoso CMG")
///     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
///     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
///     .build()?;
/// assert_eq!(spec.environment().to_string(), "AzurePublicCloud");
/// # Ok::<(), cmg_onboarding::InvalidSpec>(())
/// ```
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("required" = ["name", "serverApp", "clientApp"], "additionalProperties" = false)))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSpec {
    /// *Name* of the connection in the site.
    name: String,
    /// *Description* of the connection in the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// *Azure environment* of the tenant. Default: `AzurePublicCloud`.
    environment: CloudEnvironment,
    /// What the app registrations are found by when the same specification is run again. Default: the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Whether both apps may issue ID tokens, which only older sites need. Default: no.
    issue_id_tokens: bool,
    /// The web (server) app.
    server_app: ServerApp,
    /// The native (client) app.
    client_app: ClientApp,
    /// User and group discovery. Without it both stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    discovery: Option<DiscoverySpec>,
}

impl ConnectionSpec {
    /// Begins a connection. `name` is the label of the connection in the site.
    pub fn builder(name: impl Into<String>) -> ConnectionSpecBuilder {
        ConnectionSpecBuilder {
            name: Some(name.into()),
            ..ConnectionSpecBuilder::default()
        }
    }

    /// A builder with everything set as it is here, an imported secret included: to change one field and check the whole
    /// again.
    ///
    /// ```
    /// # use cmg_onboarding::{ClientAppSpec, ConnectionSpec, ServerAppSpec};
    /// # let spec = ConnectionSpec::builder("Contoso CMG")
    /// #     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
    /// #     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
    /// #     .build()?;
    /// let described = spec.to_builder().description("The gateway of Contoso").build()?;
    /// assert_eq!(described.name(), "Contoso CMG");
    /// # Ok::<(), cmg_onboarding::InvalidSpec>(())
    /// ```
    pub fn to_builder(&self) -> ConnectionSpecBuilder {
        ConnectionSpecBuilder {
            name: Some(self.name.clone()),
            description: self.description.clone(),
            environment: FieldInput::Value(self.environment),
            key: self.key.clone(),
            issue_id_tokens: self.issue_id_tokens,
            server_app: Some(self.server_app.clone().into()),
            server_app_refused: false,
            client_app: Some(self.client_app.clone().into()),
            client_app_refused: false,
            discovery: self.discovery.clone().map(Into::into),
        }
    }

    /// *Name* of the connection in the site.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// *Description* of the connection in the site.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// *Azure environment* of the tenant.
    #[must_use]
    pub const fn environment(&self) -> CloudEnvironment {
        self.environment
    }

    /// What tells this connection's app registrations from others in the same tenant. Default: the name.
    #[must_use]
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }

    /// Whether a key was given, by which a connection that was named otherwise before is found again.
    pub(crate) const fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether both apps may issue ID tokens, which only older sites need.
    #[must_use]
    pub const fn issue_id_tokens(&self) -> bool {
        self.issue_id_tokens
    }

    /// The web (server) app.
    #[must_use]
    pub const fn server_app(&self) -> &ServerApp {
        &self.server_app
    }

    /// The native (client) app.
    #[must_use]
    pub const fn client_app(&self) -> &ClientApp {
        &self.client_app
    }

    /// User and group discovery; `None` leaves both as they are.
    #[must_use]
    pub const fn discovery(&self) -> Option<&DiscoverySpec> {
        self.discovery.as_ref()
    }

    /// Whether discovery is switched on, for which the server app needs `Directory.Read.All`.
    pub(crate) fn discovers(&self) -> bool {
        self.discovery.as_ref().is_some_and(DiscoverySpec::is_on)
    }
}

impl FromStr for ConnectionSpec {
    type Err = InvalidSpec;

    /// Reads a specification from JSON text, with every violation at once.
    fn from_str(text: &str) -> Result<Self, InvalidSpec> {
        match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) {
            Ok(value) => from_value(value),
            Err(error) => {
                let mut violations = Violations::default();
                let rule = Rule::from(ViolationCode::JsonInvalid);
                violations.unshown("", rule.with("line", error.line()).with("column", error.column()));
                violations.into_result(None)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ConnectionSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

pub(crate) fn from_value(value: Value) -> Result<ConnectionSpec, InvalidSpec> {
    let mut violations = Violations::default();
    let spec = Reader::new("", value, &mut violations).and_then(|reader| {
        let builder = ConnectionSpecBuilder::read(reader, &mut violations);
        builder.check(&mut violations)
    });
    violations.into_result(spec)
}

/// Puts a [`ConnectionSpec`] together.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until build() is called"]
pub struct ConnectionSpecBuilder {
    name: Option<String>,
    description: Option<String>,
    environment: FieldInput<CloudEnvironment>,
    key: Option<String>,
    issue_id_tokens: bool,
    server_app: Option<ServerAppDraft>,
    server_app_refused: bool,
    client_app: Option<ClientAppDraft>,
    client_app_refused: bool,
    discovery: Option<DiscoverySpecBuilder>,
}

impl ConnectionSpecBuilder {
    /// *Name* of the connection in the site, in the place of the one that the builder began with. If the specification has no
    /// [key](Self::key), its app registrations are found by the name, too.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// *Description*. Default: none.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// *Azure environment*. Default: `AzurePublicCloud`.
    pub fn environment(mut self, environment: CloudEnvironment) -> Self {
        self.environment = FieldInput::Value(environment);
        self
    }

    /// What the app registrations are found by when the same specification is run again. Default: the name.
    ///
    /// Set it to rename the connection, or to tell two hierarchies in one tenant apart. With the former name as the key
    /// and a new name, the registrations stay, and the connection gets the new name in the site.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Lets both apps issue ID tokens, as older versions of the product's instructions asked. Default: no.
    pub fn issue_id_tokens(mut self, issue: bool) -> Self {
        self.issue_id_tokens = issue;
        self
    }

    /// The web (server) app: a [`ServerAppSpec`](super::ServerAppSpec), an
    /// [`ImportedServerApp`](super::ImportedServerApp), a [`ReusedApp`](super::ReusedApp) or an
    /// [`AdoptedServerApp`](super::AdoptedServerApp), built or still a builder.
    pub fn server_app(mut self, app: impl Into<ServerAppDraft>) -> Self {
        self.server_app = Some(app.into());
        self
    }

    /// The native (client) app: a [`ClientAppSpec`](super::ClientAppSpec), an
    /// [`ImportedClientApp`](super::ImportedClientApp), a [`ReusedApp`](super::ReusedApp) or an
    /// [`AdoptedClientApp`](super::AdoptedClientApp), built or still a builder.
    pub fn client_app(mut self, app: impl Into<ClientAppDraft>) -> Self {
        self.client_app = Some(app.into());
        self
    }

    /// User and group discovery. Default: both are left as they are.
    pub fn discovery(mut self, discovery: impl Into<DiscoverySpecBuilder>) -> Self {
        self.discovery = Some(discovery.into());
        self
    }

    /// Checks the whole specification.
    ///
    /// # Errors
    ///
    /// With every violation at once.
    pub fn build(self) -> Result<ConnectionSpec, InvalidSpec> {
        let mut violations = Violations::default();
        let spec = self.check(&mut violations);
        violations.into_result(spec)
    }

    fn read(mut reader: Reader, violations: &mut Violations) -> Self {
        let name = reader.text("name", violations);
        let description = reader.text("description", violations);
        let environment = reader.text("environment", violations).into();
        let key = reader.text("key", violations);
        let issue_id_tokens = reader.flag("issueIdTokens", violations).unwrap_or_default();
        let before = violations.len();
        let server_app = reader
            .object("serverApp", violations)
            .and_then(|reader| ServerAppDraft::read(reader, violations));
        let server_app_refused = server_app.is_none() && violations.len() > before;
        let before = violations.len();
        let client_app = reader
            .object("clientApp", violations)
            .and_then(|reader| ClientAppDraft::read(reader, violations));
        let client_app_refused = client_app.is_none() && violations.len() > before;
        let discovery = reader
            .object("discovery", violations)
            .map(|reader| DiscoverySpecBuilder::read(reader, violations));
        reader.finish(&FIELDS, violations);
        Self {
            name,
            description,
            environment,
            key,
            issue_id_tokens,
            server_app,
            server_app_refused,
            client_app,
            client_app_refused,
            discovery,
        }
    }

    fn check(self, violations: &mut Violations) -> Option<ConnectionSpec> {
        let name = check_name(self.name, None, "name", violations);
        if let Some(description) = &self.description
            && description
                .chars()
                .any(|character| character.is_control() && !matches!(character, '\r' | '\n' | '\t'))
        {
            violations.wrong("description", description, ViolationCode::DescriptionInvalid);
        }
        let environment = self
            .environment
            .read("environment", ViolationCode::EnvironmentUnknown, violations)
            .unwrap_or_default();
        if self.key.is_some() {
            check_name(self.key.clone(), None, "key", violations);
        }
        if self.server_app.is_none() && !self.server_app_refused {
            violations.unshown("serverApp", ViolationCode::ServerAppMissing);
        }
        let server_app = self.server_app.and_then(|draft| draft.check("serverApp", violations));
        if self.client_app.is_none() && !self.client_app_refused {
            violations.unshown("clientApp", ViolationCode::ClientAppMissing);
        }
        let client_app = self.client_app.and_then(|draft| draft.check("clientApp", violations));
        if let (Some(server), Some(client)) = (&server_app, &client_app) {
            check_different(server, client, violations);
        }
        let discovery = self.discovery.and_then(|builder| builder.check("discovery", violations));
        Some(ConnectionSpec {
            name: name?,
            description: self.description.filter(|text| !text.is_empty()),
            environment,
            key: self.key,
            issue_id_tokens: self.issue_id_tokens,
            server_app: server_app?,
            client_app: client_app?,
            discovery,
        })
    }
}

fn check_different(server: &ServerApp, client: &ClientApp, violations: &mut Violations) {
    let (Some(server_id), Some(client_id)) = (server.client_id(), client.client_id()) else {
        return;
    };
    if server_id != client_id {
        return;
    }
    let way = match client {
        ClientApp::Create(_) => "create",
        ClientApp::Import(_) => "import",
        ClientApp::Reuse(_) => "reuse",
        ClientApp::Adopt(_) => "adopt",
    };
    violations.wrong(&format!("clientApp.{way}.clientId"), &client_id.to_string(), ViolationCode::SameApp);
}

#[cfg(test)]
mod tests;
