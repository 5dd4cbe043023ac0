//! A connection that was put together without what its specification needs.

use std::borrow::Cow;

use crate::error::Diagnostic;

/// The connection was put together without what its specification needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IncompleteConnection {
    /// The specification creates an app, and there is no directory.
    #[error("the specification creates an app, and no directory was given")]
    DirectoryMissing,
    /// The specification reuses an app that a site knows, and there is no site.
    #[error("the specification reuses an app of a site, and no site was given")]
    SiteMissing,
    /// The specification creates no app, and there is no site to import into.
    #[error("the specification only imports, and no site was given")]
    NothingToDo,
    /// An update of the settings of app registrations needs a directory, and there is none.
    #[error("an update of the settings of app registrations needs a directory, and none was given")]
    SettingsWithoutDirectory,
    /// A [`WatchedApp`](crate::connection::WatchedApp) has neither a directory nor a site.
    #[error("neither a directory nor a site was given, so nothing tells when the secret ends")]
    NothingToRead,
}

impl Diagnostic for IncompleteConnection {
    fn code(&self) -> &'static str {
        match self {
            Self::DirectoryMissing => "directoryMissing",
            Self::SiteMissing => "siteMissing",
            Self::NothingToDo => "nothingToDo",
            Self::SettingsWithoutDirectory => "settingsWithoutDirectory",
            Self::NothingToRead => "nothingToRead",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::DirectoryMissing => "Give a directory (`.directory(..)`; on the command line --domain and --sign-in), or import the apps' values instead of creating the apps.",
            Self::SiteMissing => "Give a site (`.site(..)`; on the command line --site), or create or import the apps.",
            Self::NothingToRead => "Give the app's directory (`.directory(..)`; on the command line --sign-in), its site (`.site(..)`; --site), or both.",
            Self::NothingToDo => "Give a site to import into (`.site(..)`; on the command line --site).",
            Self::SettingsWithoutDirectory => {
                "Give a directory of the apps' tenant (`.directory(..)`; on the command line --domain and --sign-in); in the console a person does it (Administration > Cloud Services > Microsoft Entra tenants > the server app > Update Application Settings)."
            }
        }
        .into()
    }
}
