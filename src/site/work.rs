//! What a site is asked to do, what it tells meanwhile, and what it has done.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{SiteConnection, SiteProgress, SiteRowId};
use crate::{
    cloud::CloudEnvironment,
    error::{Diagnostic, SiteError},
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    spec::{AppIdUri, DiscoverySpec},
};

/// One connection to be ensured: both apps imported, the connection created or renamed, discovery set.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SiteOnboarding {
    /// The Entra tenant.
    pub tenant_id: TenantId,
    /// Its name in the site.
    pub tenant_name: String,
    /// Its cloud.
    pub environment: CloudEnvironment,
    /// The server app.
    pub server_app: ServerAppImport,
    /// The client app.
    pub client_app: ClientAppImport,
    /// *Name* of the connection.
    pub name: String,
    /// The connection that gets this name, if one is renamed. A connection that has the name already is used as it is.
    pub renamed_from: Option<NamedConnection>,
    /// *Description* of the connection; `None` leaves it as it is.
    pub description: Option<String>,
    /// Discovery; `None` leaves it as it is, and so does a kind of discovery that is not given.
    pub discovery: Option<DiscoverySpec>,
}

/// A connection by its row and by its name, to be sure that it is the one meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedConnection {
    /// The row.
    pub row: SiteRowId,
    /// *Name*, as the site has it.
    pub name: String,
}

impl NamedConnection {
    /// Names a connection.
    #[must_use]
    pub fn new(row: SiteRowId, name: impl Into<String>) -> Self {
        Self { row, name: name.into() }
    }
}

impl SiteOnboarding {
    /// Describes a connection without description and discovery.
    #[must_use]
    pub fn new(
        tenant_id: TenantId,
        tenant_name: impl Into<String>,
        environment: CloudEnvironment,
        server_app: ServerAppImport,
        client_app: ClientAppImport,
        name: impl Into<String>,
    ) -> Self {
        Self {
            tenant_id,
            tenant_name: tenant_name.into(),
            environment,
            server_app,
            client_app,
            name: name.into(),
            renamed_from: None,
            description: None,
            discovery: None,
        }
    }
}

/// The server app of a [`SiteOnboarding`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ServerAppImport {
    /// Import it with these values; an app with this client id that is there already is kept.
    Import {
        /// *Application Name*.
        name: String,
        /// *Client ID*.
        client_id: ApplicationId,
        /// *Secret Key*.
        secret_key: ClientSecret,
        /// *Secret Key Expiry*.
        secret_key_expiry: OffsetDateTime,
        /// *App ID URI*.
        app_id_uri: AppIdUri,
    },
    /// The site knows it already.
    Known(ApplicationId),
    /// The site knows it already and takes another secret for it, in the place of the one that it has. Only a site that
    /// says so in [`SiteInfo::takes_renewed_secrets`](super::SiteInfo::takes_renewed_secrets) is asked for this. A site
    /// that holds this secret already answers [`SiteAction::Unchanged`](super::SiteAction::Unchanged).
    Renew {
        /// *Client ID*.
        client_id: ApplicationId,
        /// *Secret Key*.
        secret_key: ClientSecret,
        /// *Secret Key Expiry*.
        secret_key_expiry: OffsetDateTime,
    },
}

impl ServerAppImport {
    /// The application (client) id.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        match self {
            Self::Import { client_id, .. } | Self::Renew { client_id, .. } | Self::Known(client_id) => *client_id,
        }
    }

    /// The secret that the site is given, if it is given one.
    #[must_use]
    pub const fn secret_key(&self) -> Option<&ClientSecret> {
        match self {
            Self::Import { secret_key, .. } | Self::Renew { secret_key, .. } => Some(secret_key),
            Self::Known(_) => None,
        }
    }
}

/// The client app of a [`SiteOnboarding`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ClientAppImport {
    /// Import it with these values; an app with this client id that is there already is kept.
    Import {
        /// *Application Name*.
        name: String,
        /// *Client ID*.
        client_id: ApplicationId,
    },
    /// The site knows it already.
    Known(ApplicationId),
}

impl ClientAppImport {
    /// The application (client) id.
    #[must_use]
    pub const fn client_id(&self) -> ApplicationId {
        match self {
            Self::Import { client_id, .. } | Self::Known(client_id) => *client_id,
        }
    }
}

/// Which secret a site holds for the server app, beside what became of its row.
///
/// A secret is removed from the directory only on the strength of this answer, so an implementation says what it knows
/// and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SecretHeld {
    /// The site holds the secret that it was given: it has just stored it, or it has stored it before and compared.
    This,
    /// The site holds another secret than the one that it was given, and has not stored that one.
    Another,
    /// The site does not say, or was given none. No secret is removed then.
    #[default]
    NotSaid,
}

/// The connection is there. `connection` is what the site itself says of it, read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteOnboarded {
    /// Everything that was done or found, in order.
    pub done: Vec<SiteProgress>,
    /// The connection, read back.
    pub connection: SiteConnection,
    /// Which secret the site holds for the server app.
    #[serde(default)]
    pub secret: SecretHeld,
}

impl SiteOnboarded {
    /// Describes a finished onboarding of a site that does not say which secret it holds.
    #[must_use]
    pub const fn new(done: Vec<SiteProgress>, connection: SiteConnection) -> Self {
        Self {
            done,
            connection,
            secret: SecretHeld::NotSaid,
        }
    }

    /// The same with the secret that the site holds.
    #[must_use]
    pub const fn holding(mut self, secret: SecretHeld) -> Self {
        self.secret = secret;
        self
    }
}

/// The site stopped half-way. Nothing in a site is transactional: `done` stays.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the site stopped after {} of its steps", .done.len())]
#[non_exhaustive]
pub struct SiteFailure {
    /// Everything that was done or found before.
    pub done: Vec<SiteProgress>,
    /// Why it stopped.
    #[source]
    pub error: SiteError,
}

impl SiteFailure {
    /// Describes a failed onboarding.
    #[must_use]
    pub fn new(done: Vec<SiteProgress>, error: impl Into<SiteError>) -> Self {
        Self { done, error: error.into() }
    }
}

impl Diagnostic for SiteFailure {
    fn code(&self) -> &'static str {
        self.error.code()
    }

    fn help(&self) -> Cow<'_, str> {
        self.error.help()
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        Some(&self.error)
    }
}

impl From<SiteError> for SiteFailure {
    fn from(error: SiteError) -> Self {
        Self::new(Vec::new(), error)
    }
}

/// What a run removes from a site.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteRemoval {
    /// The connection's row.
    pub connection: SiteRowId,
    /// The connection's name, to be sure that it is the one meant.
    pub name: String,
    /// Whether the caller states that no cloud management gateway uses the connection. A site that can tell decides by
    /// itself; one that cannot tell refuses without this statement.
    pub no_gateway_stated: bool,
}

impl SiteRemoval {
    /// Names the connection to remove.
    #[must_use]
    pub fn new(connection: SiteRowId, name: impl Into<String>) -> Self {
        Self {
            connection,
            name: name.into(),
            no_gateway_stated: false,
        }
    }

    /// The same with the caller's statement that no cloud management gateway uses the connection.
    #[must_use]
    pub const fn stating_no_gateway(mut self, stated: bool) -> Self {
        self.no_gateway_stated = stated;
        self
    }
}

/// What was removed, and what the product cannot remove.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteRemoved {
    /// Whether the connection was there and is gone.
    pub connection: bool,
    /// What stays, one sentence each. The product has no cmdlet that removes applications or tenants.
    pub left_behind: Vec<String>,
}

impl SiteRemoved {
    /// Describes a removal.
    #[must_use]
    pub const fn new(connection: bool, left_behind: Vec<String>) -> Self {
        Self { connection, left_behind }
    }
}
