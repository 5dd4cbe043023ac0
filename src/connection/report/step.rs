//! The steps of the job, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::site::SiteItem;

/// One step of the job, in the order of the run. Its name in JSON is stable.
///
/// ```
/// use cmg_onboarding::connection::{AppRole, Step};
///
/// assert_eq!(Step::IssueSecret.app(), Some(AppRole::Server));
/// assert!(!Step::CreateConnection.is_in_directory());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Step {
    /// The app registration of the web (server) app.
    RegisterServerApp,
    /// The app registration of the native (client) app.
    RegisterClientApp,
    /// The service principal of the server app.
    ServerServicePrincipal,
    /// The service principal of the client app.
    ClientServicePrincipal,
    /// What the client app can only get once both application ids are known: its redirect URI and its
    /// permissions.
    CompleteClientApp,
    /// An App ID URI of the server app that contains its own application id, which is known once it is registered.
    SetAppIdUri,
    /// The secret of the server app, unless it is created with the app.
    IssueSecret,
    /// A shorter validity for the secret, if the tenant's policy refuses the longer one.
    ShortenSecret,
    /// Admin consent: the client app may use the server app.
    ConsentServerApp,
    /// Admin consent: the client app may sign users in and read their profile.
    ConsentUserRead,
    /// Admin consent: the server app may read the directory, for discovery.
    ConsentDirectoryRead,
    /// The tenant's row in the site.
    ImportTenant,
    /// The server app in the site.
    ImportServerApp,
    /// The client app in the site.
    ImportClientApp,
    /// The Azure service connection in the site.
    CreateConnection,
    /// User and group discovery of the connection.
    ConfigureDiscovery,
    /// The secrets of the server app that this crate has made and nothing can be using.
    RetireSecrets,
    /// The Azure service connection, taken out of the site.
    RemoveConnection,
    /// The app registration of the web (server) app, taken out of the directory for good.
    RemoveServerApp,
    /// The app registration of the native (client) app, taken out of the directory for good.
    RemoveClientApp,
}

/// One of the two apps of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum AppRole {
    /// The web (server) app.
    Server,
    /// The native (client) app.
    Client,
}

impl fmt::Display for AppRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Server => "server app",
            Self::Client => "client app",
        })
    }
}

impl Step {
    /// Every step, in the order of the run.
    pub const ALL: &'static [Self] = &[
        Self::RegisterServerApp,
        Self::RegisterClientApp,
        Self::ServerServicePrincipal,
        Self::ClientServicePrincipal,
        Self::CompleteClientApp,
        Self::SetAppIdUri,
        Self::IssueSecret,
        Self::ShortenSecret,
        Self::ConsentServerApp,
        Self::ConsentUserRead,
        Self::ConsentDirectoryRead,
        Self::ImportTenant,
        Self::ImportServerApp,
        Self::ImportClientApp,
        Self::CreateConnection,
        Self::ConfigureDiscovery,
        Self::RetireSecrets,
        Self::RemoveConnection,
        Self::RemoveServerApp,
        Self::RemoveClientApp,
    ];

    /// The round of the run that the step belongs to, from 1: the steps of one round run side by side.
    #[must_use]
    pub const fn round(self) -> u8 {
        match self {
            Self::RegisterServerApp | Self::RegisterClientApp | Self::ShortenSecret | Self::RemoveConnection => 1,
            Self::ServerServicePrincipal
            | Self::ClientServicePrincipal
            | Self::CompleteClientApp
            | Self::SetAppIdUri
            | Self::IssueSecret
            | Self::RemoveServerApp
            | Self::RemoveClientApp => 2,
            Self::ConsentServerApp | Self::ConsentUserRead | Self::ConsentDirectoryRead => 3,
            Self::ImportTenant | Self::ImportServerApp | Self::ImportClientApp | Self::CreateConnection | Self::ConfigureDiscovery => 4,
            Self::RetireSecrets => 5,
        }
    }

    /// The app that the step works on, in the Entra tenant; `None` for a step on the site. A consent belongs
    /// to the app that is allowed something.
    #[must_use]
    pub const fn app(self) -> Option<AppRole> {
        match self {
            Self::RegisterServerApp
            | Self::ServerServicePrincipal
            | Self::SetAppIdUri
            | Self::IssueSecret
            | Self::ShortenSecret
            | Self::ConsentDirectoryRead
            | Self::RetireSecrets
            | Self::RemoveServerApp => Some(AppRole::Server),
            Self::RegisterClientApp
            | Self::ClientServicePrincipal
            | Self::CompleteClientApp
            | Self::ConsentServerApp
            | Self::ConsentUserRead
            | Self::RemoveClientApp => Some(AppRole::Client),
            Self::ImportTenant
            | Self::ImportServerApp
            | Self::ImportClientApp
            | Self::CreateConnection
            | Self::ConfigureDiscovery
            | Self::RemoveConnection => None,
        }
    }

    /// Whether the step works on the Entra tenant; the others work on the site.
    #[must_use]
    pub const fn is_in_directory(self) -> bool {
        self.app().is_some()
    }

    /// Whether it gives an admin consent.
    pub(crate) const fn is_consent(self) -> bool {
        matches!(self, Self::ConsentServerApp | Self::ConsentUserRead | Self::ConsentDirectoryRead)
    }

    /// Whether the site does it as a part of one onboarding.
    pub(crate) const fn is_import(self) -> bool {
        matches!(
            self,
            Self::ImportTenant | Self::ImportServerApp | Self::ImportClientApp | Self::CreateConnection | Self::ConfigureDiscovery
        )
    }

    /// What it does, for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RegisterServerApp => "Register the web (server) app",
            Self::RegisterClientApp => "Register the native (client) app",
            Self::IssueSecret => "Issue a secret for the server app",
            Self::SetAppIdUri => "Set the App ID URI that contains the server app's own id",
            Self::ShortenSecret => "Ask for a shorter validity of the server app's secret",
            Self::ServerServicePrincipal => "Create the server app's service principal",
            Self::ClientServicePrincipal => "Create the client app's service principal",
            Self::CompleteClientApp => "Complete the client app with redirect URI and permissions",
            Self::ConsentServerApp => "Consent: the client app may use the server app",
            Self::ConsentUserRead => "Consent: the client app may sign users in (User.Read)",
            Self::ConsentDirectoryRead => "Consent: the server app may read the directory (Directory.Read.All)",
            Self::ImportTenant => "Add the tenant to the site",
            Self::ImportServerApp => "Import the server app into the site",
            Self::ImportClientApp => "Import the client app into the site",
            Self::CreateConnection => "Create the Cloud Management connection",
            Self::ConfigureDiscovery => "Configure user and group discovery",
            Self::RetireSecrets => "Remove the server app's unused secrets",
            Self::RemoveConnection => "Remove the Cloud Management connection",
            Self::RemoveServerApp => "Remove the web (server) app",
            Self::RemoveClientApp => "Remove the native (client) app",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.title())
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum StepAction {
    /// It was made by this run.
    Created,
    /// It was there, made moments ago by this run without an answer or by another run, and is used.
    Found,
    /// It was there and this run changed it.
    Updated,
    /// This run has written it, and the directory does not show it: another administrator may have
    /// overwritten it. A finding says so.
    Unconfirmed,
    /// It was there and is as wanted.
    Unchanged,
    /// It is there, differs from what is wanted, and cannot be changed from here; the note says how.
    Differs,
    /// It was there and this run removed it.
    Removed,
    /// It was deleted and this run has restored it.
    Restored,
    /// It failed. The next run finds what it may have left behind.
    Failed,
}

impl StepAction {
    /// Every way a step can end.
    pub const ALL: &'static [Self] = &[
        Self::Created,
        Self::Found,
        Self::Updated,
        Self::Unconfirmed,
        Self::Unchanged,
        Self::Differs,
        Self::Removed,
        Self::Restored,
        Self::Failed,
    ];

    /// Whether the step changed anything.
    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(
            self,
            Self::Created | Self::Updated | Self::Unconfirmed | Self::Removed | Self::Restored | Self::Failed
        )
    }
}

impl fmt::Display for StepAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Created => "created",
            Self::Found => "found",
            Self::Updated => "updated",
            Self::Unconfirmed => "unconfirmed",
            Self::Unchanged => "unchanged",
            Self::Differs => "differs",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Failed => "failed",
        })
    }
}

impl From<SiteItem> for Step {
    fn from(item: SiteItem) -> Self {
        match item {
            SiteItem::Tenant => Self::ImportTenant,
            SiteItem::ServerApp => Self::ImportServerApp,
            SiteItem::ClientApp => Self::ImportClientApp,
            SiteItem::Connection => Self::CreateConnection,
            SiteItem::Discovery => Self::ConfigureDiscovery,
        }
    }
}
