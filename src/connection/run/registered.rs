//! An app registration that is there while a run goes on.

use crate::{
    connection::read::snapshot::RegisteredApp,
    directory::{Application, ApplicationProperties, PasswordCredential},
    ids::{ApplicationId, ApplicationObjectId},
};

/// An app registration that is there by now.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) object_id: ApplicationObjectId,
    pub(crate) app_id: ApplicationId,
    /// What is registered.
    pub(crate) properties: ApplicationProperties,
    /// How it came to be there.
    pub(crate) origin: Origin,
    /// The secrets it came with: the one just issued, or what was there.
    pub(crate) secrets: Vec<PasswordCredential>,
}

/// How an app registration came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was there before.
    Before,
    /// This run made it.
    Made,
    /// This run made it, and the answer was lost.
    Recovered,
    /// Another run made it at the same time.
    Elsewhere,
}

impl Origin {
    /// Whether it came to be moments ago, so that the directory may not see it everywhere yet.
    pub(crate) fn is_fresh(self) -> bool {
        self != Self::Before
    }
}

impl Registered {
    pub(crate) fn of(application: &Application, origin: Origin) -> Self {
        Self {
            object_id: application.object_id,
            app_id: application.app_id,
            properties: application.properties.clone(),
            origin,
            secrets: application.password_credentials.clone(),
        }
    }

    /// One that was there when the plan was made.
    pub(crate) fn found(app: &RegisteredApp) -> Self {
        Self::of(&app.application, Origin::Before)
    }
}
