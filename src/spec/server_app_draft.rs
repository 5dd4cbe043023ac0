//! The server app as it is given: created, imported, reused or adopted, and not yet checked.

use super::{
    existing_app::{AdoptedServerApp, AdoptedServerAppBuilder, ReusedApp, read_reused},
    field_input::FieldInput,
    imported_server_app::{ImportedServerApp, ImportedServerAppBuilder},
    reader::Reader,
    server_app::{ServerApp, ServerAppSpec, ServerAppSpecBuilder},
    violations::{Violations, below},
};
use crate::ids::ApplicationId;

/// A server app not yet checked. Everything that
/// [`ConnectionSpecBuilder::server_app`](super::ConnectionSpecBuilder::server_app) takes turns into one.
#[derive(Debug, Clone)]
pub struct ServerAppDraft(Draft);

#[derive(Debug, Clone)]
enum Draft {
    Create(ServerAppSpecBuilder),
    Import(ImportedServerAppBuilder),
    Reuse(FieldInput<ApplicationId>),
    Adopt(AdoptedServerAppBuilder),
}

impl ServerAppDraft {
    pub(super) const CHOICES: [&'static str; 4] = ["create", "import", "reuse", "adopt"];

    pub(super) fn read(mut choice: Reader, violations: &mut Violations) -> Option<Self> {
        let (way, mut reader) = choice.one_of(&Self::CHOICES, violations)?;
        choice.finish(&Self::CHOICES, violations);
        let draft = match way {
            "create" => {
                let builder = ServerAppSpecBuilder::read(&mut reader, violations);
                reader.finish(&["name", "homePageUrl", "appIdUri", "secretValidity", "owners"], violations);
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
            "adopt" => {
                let builder = AdoptedServerAppBuilder::read(&mut reader, violations);
                reader.finish(&AdoptedServerAppBuilder::FIELDS, violations);
                Draft::Adopt(builder)
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
            Draft::Adopt(builder) => builder.check(&below(path, "adopt"), violations).map(ServerApp::Adopt),
        }
    }
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
        Self(Draft::Create(spec.into()))
    }
}

impl From<ImportedServerApp> for ServerAppDraft {
    fn from(app: ImportedServerApp) -> Self {
        Self(Draft::Import(app.into()))
    }
}

impl From<AdoptedServerAppBuilder> for ServerAppDraft {
    fn from(builder: AdoptedServerAppBuilder) -> Self {
        Self(Draft::Adopt(builder))
    }
}

impl From<AdoptedServerApp> for ServerAppDraft {
    fn from(app: AdoptedServerApp) -> Self {
        Self(Draft::Adopt(app.into()))
    }
}

impl From<ServerApp> for ServerAppDraft {
    fn from(app: ServerApp) -> Self {
        match app {
            ServerApp::Create(app) => app.into(),
            ServerApp::Import(app) => app.into(),
            ServerApp::Reuse(app) => app.into(),
            ServerApp::Adopt(app) => app.into(),
        }
    }
}

impl From<ReusedApp> for ServerAppDraft {
    fn from(app: ReusedApp) -> Self {
        Self(Draft::Reuse(FieldInput::Value(app.client_id())))
    }
}
