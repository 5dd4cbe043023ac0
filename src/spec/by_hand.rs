//! The same connection by hand: steps in the portal and in the console, with exact values.
//!
//! An administrator who has to register the apps by hand (the second method of *Configure Microsoft Entra ID for
//! CMG*) gets from [`ConnectionSpec::by_hand`] what this crate would register, page by page, and then what is
//! typed into the *Import apps* dialogs. What is known only on the way, such as a client id, is a
//! [`Placeholder`]. Afterwards [`ImportVerifier`](crate::connection::ImportVerifier) checks what came of it.
//!
//! Source: *Manually register Microsoft Entra apps for the CMG* of 2026-08-06 for pages and fields. Beyond it stands
//! what *Update Application Settings* sets (`isDeviceOnlyAuthSupported`) and what the product takes for granted
//! (access tokens of version 1).
//!
//! ```
//! # use cmg_onboarding::{ClientAppSpec, ConnectionSpec, ServerAppSpec};
//! # let spec = ConnectionSpec::builder("Contoso CMG")
//! #     .server_app(ServerAppSpec::builder("ConfigMgr Server"))
//! #     .client_app(ClientAppSpec::builder("ConfigMgr Client"))
//! #     .build()?;
//! let by_hand = spec.by_hand();
//! println!("{by_hand}"); // plain text; `to_markdown()` for a wiki
//! for part in &by_hand.parts {
//!     println!("{}: {} steps", part.title, part.steps.len());
//! }
//! # Ok::<(), cmg_onboarding::InvalidSpec>(())
//! ```

mod console;
mod portal;
mod text;

use serde::{Deserialize, Serialize};

use super::{AppIdUri, ConnectionSpec, ServerApp};

/// The version of the instructions that this version of the crate writes.
const VERSION: u32 = 1;

/// *Manually register Microsoft Entra apps for the CMG*.
const REGISTERING: &str = "https://learn.microsoft.com/intune/configmgr/core/clients/manage/cmg/manually-register-azure-ad-apps";

/// *Configure Microsoft Entra ID for CMG*.
const WIZARD: &str = "https://learn.microsoft.com/intune/configmgr/core/clients/manage/cmg/configure-azure-ad";

/// A connection as steps for people, as data. It prints as plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ByHand {
    /// The version of this form, 1.
    pub version: u32,
    /// *Name* of the connection.
    pub name: String,
    /// What is known only on the way, in the order in which it becomes known.
    pub placeholders: Vec<Placeholder>,
    /// The work, in order.
    pub parts: Vec<Part>,
}

/// A value that is known only on the way. It stands in braces wherever it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ByHandPlaceholder"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Placeholder {
    /// As it stands in the steps, as `{tenantId}`.
    pub name: String,
    /// What it stands for, and where it is read.
    pub meaning: String,
}

/// One part of the work, at one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ByHandPart"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Part {
    /// Which.
    pub kind: PartKind,
    /// What it is about.
    pub title: String,
    /// Where it begins.
    pub place: String,
    /// Which role it takes.
    pub role: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Microsoft's page.
    pub source: String,
}

/// Which part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ByHandPartKind"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PartKind {
    /// The tenant's name and id are noted.
    Tenant,
    /// The web (server) app is registered, or an existing one is brought into shape.
    ServerApp,
    /// The native (client) app is registered, or an existing one is brought into shape.
    ClientApp,
    /// The apps are imported into the site, by the Azure Services wizard.
    Import,
}

/// One step on one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ByHandStep"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Step {
    /// The page, pane or dialog.
    pub page: String,
    /// What is done there.
    pub action: String,
    /// What is entered, chosen or copied, in order.
    pub fields: Vec<Field>,
}

/// One field of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ByHandField"))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Field {
    /// The field, as the page calls it.
    pub name: String,
    /// Its exact value, with placeholders in braces.
    pub value: String,
}

impl ConnectionSpec {
    /// This connection as steps for people, with exact values: registering both apps in the portal, and importing
    /// them in the console. An imported secret is not in it.
    ///
    /// An app that is imported or reused has no steps in the portal; an adopted one is brought into shape. Verify what
    /// came of it with [`ImportVerifier`](crate::connection::ImportVerifier). To go on with this crate afterwards, import
    /// or adopt the two apps: a specification that creates apps does not know them and registers a second pair.
    #[must_use]
    pub fn by_hand(&self) -> ByHand {
        let values = Values::of(self);
        let parts = [
            portal::tenant(self, &values),
            portal::server_app(self, &values),
            portal::client_app(self, &values),
            Some(console::import(self, &values)),
        ];
        let parts: Vec<Part> = parts.into_iter().flatten().collect();
        let placeholders = PLACEHOLDERS.iter().filter(|(name, _)| is_used(&parts, name));
        ByHand {
            version: VERSION,
            name: self.name().to_owned(),
            placeholders: placeholders
                .map(|(name, meaning)| Placeholder {
                    name: (*name).to_owned(),
                    meaning: (*meaning).to_owned(),
                })
                .collect(),
            parts,
        }
    }
}

const TENANT_NAME: &str = "{tenantName}";
const TENANT_ID: &str = "{tenantId}";
const SERVER_NAME: &str = "{serverAppName}";
const SERVER_ID: &str = "{serverAppClientId}";
const CLIENT_NAME: &str = "{clientAppName}";
const CLIENT_ID: &str = "{clientAppClientId}";
const SECRET_VALUE: &str = "{secretValue}";
const SECRET_EXPIRY: &str = "{secretExpiry}";
const APP_ID_URI: &str = "{appIdUri}";

const PLACEHOLDERS: [(&str, &str); 9] = [
    (
        TENANT_NAME,
        "the tenant's name, such as contoso.onmicrosoft.com, from Microsoft Entra ID > Custom domain names",
    ),
    (TENANT_ID, "the Tenant ID, a GUID, from Microsoft Entra ID > Properties"),
    (SERVER_NAME, "the Display name of the web (server) app, from its Overview"),
    (
        SERVER_ID,
        "the Application (client) ID of the web (server) app, a GUID, from its Overview",
    ),
    (
        SECRET_VALUE,
        "the Value of the client secret, shown once when it is added. It is not the Secret ID, which is a GUID. Keep it in a vault",
    ),
    (
        SECRET_EXPIRY,
        "the day on which the client secret expires, from Certificates & secrets",
    ),
    (APP_ID_URI, "the Application ID URI of the web (server) app, from Expose an API"),
    (CLIENT_NAME, "the Display name of the native (client) app, from its Overview"),
    (
        CLIENT_ID,
        "the Application (client) ID of the native (client) app, a GUID, from its Overview",
    ),
];

fn is_used(parts: &[Part], placeholder: &str) -> bool {
    let fields = parts.iter().flat_map(|part| &part.steps).flat_map(|step| &step.fields);
    fields.into_iter().any(|field| field.value.contains(placeholder))
}

/// The values of both apps: those of the specification, and placeholders for what it does not know.
struct Values {
    tenant_name: String,
    tenant_id: String,
    server_name: String,
    server_id: String,
    app_id_uri: String,
    secret_expiry: String,
    client_name: String,
    client_id: String,
}

impl Values {
    fn of(spec: &ConnectionSpec) -> Self {
        let (server, client) = (spec.server_app(), spec.client_app());
        let imported = server.imported();
        let or = |value: Option<String>, placeholder: &str| value.unwrap_or_else(|| placeholder.to_owned());
        let tenant_id = or(imported.map(|app| app.tenant_id().to_string()), TENANT_ID);
        let default_uri = || format!("api://{tenant_id}/ConfigMgrService");
        let app_id_uri = match server {
            ServerApp::Create(app) => app.app_id_uri().map_or_else(default_uri, AppIdUri::to_string),
            // An adopted app keeps the one that it has, and a reused one stands in the site.
            ServerApp::Adopt(app) => or(app.app_id_uri().map(AppIdUri::to_string), APP_ID_URI),
            ServerApp::Import(app) => app.app_id_uri().to_string(),
            ServerApp::Reuse(_) => APP_ID_URI.to_owned(),
        };
        Self {
            tenant_name: or(imported.map(|app| app.tenant_name().to_owned()), TENANT_NAME),
            server_name: or(server_name(server), SERVER_NAME),
            server_id: or(server.client_id().map(|id| id.to_string()), SERVER_ID),
            // A specification may write both ids, which are known later, as placeholders; the tenant's has the same name.
            app_id_uri: app_id_uri.replace("{appId}", SERVER_ID),
            secret_expiry: or(imported.map(|app| app.secret_key_expiry().date().to_string()), SECRET_EXPIRY),
            client_name: or(client_name(spec), CLIENT_NAME),
            client_id: or(client.client_id().map(|id| id.to_string()), CLIENT_ID),
            tenant_id,
        }
    }
}

fn server_name(app: &ServerApp) -> Option<String> {
    match app {
        ServerApp::Create(app) => Some(app.name().to_owned()),
        ServerApp::Import(app) => Some(app.name().to_owned()),
        ServerApp::Adopt(_) | ServerApp::Reuse(_) => None,
    }
}

fn client_name(spec: &ConnectionSpec) -> Option<String> {
    match spec.client_app() {
        super::ClientApp::Create(app) => Some(app.name().to_owned()),
        super::ClientApp::Import(app) => Some(app.name().to_owned()),
        super::ClientApp::Adopt(_) | super::ClientApp::Reuse(_) => None,
    }
}

/// A step with its fields.
fn step(page: &str, action: impl Into<String>, fields: &[(&str, &str)]) -> Step {
    let fields = fields.iter().map(|(name, value)| Field {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    });
    Step {
        page: page.to_owned(),
        action: action.into(),
        fields: fields.collect(),
    }
}
