//! A connection that was put together without what its specification needs.

use std::borrow::Cow;

use crate::error::Diagnostic;

/// The connection was put together without what its specification needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IncompleteConnection {
    /// An app is to be created, and there is no directory.
    #[error("the specification creates an app, and no directory was given")]
    DirectoryMissing,
    /// An app is to be reused, and there is no site that could know it.
    #[error("the specification reuses an app of a site, and no site was given")]
    SiteMissing,
    /// Nothing is to be created, and there is no site.
    #[error("the specification only imports, and no site was given")]
    NothingToDo,
}

impl Diagnostic for IncompleteConnection {
    fn code(&self) -> &'static str {
        match self {
            Self::DirectoryMissing => "directoryMissing",
            Self::SiteMissing => "siteMissing",
            Self::NothingToDo => "nothingToDo",
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::DirectoryMissing => "Give a directory to the builder, or import the apps' values instead of creating the apps.",
            Self::SiteMissing => "Give a site to the builder, or create or import the apps.",
            Self::NothingToDo => "Give a site to the builder to import into.",
        }
        .into()
    }
}
