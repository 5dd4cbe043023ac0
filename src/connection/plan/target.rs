//! The target of a plan: the specification, resolved once against what is there.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    connection::{
        check::rules::Rules,
        plan::{
            app_id_uri::{planned_uri, uri_if_refused},
            operation::Reference,
            registration::{UniqueNames, client_shape, created, offered_scope, scope_id, server_shape},
        },
        read::snapshot::{RegisteredApp, Snapshot},
        report::step::Step,
    },
    directory::{ApplicationProperties, DeletedApplication},
    ids::{ApplicationId, DirectoryObjectId, PermissionId, TenantId},
    spec::{AppIdUri, ClientApp, ConnectionSpec, ImportedServerApp, SecretValidity, ServerApp},
};

/// How a connection gets an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum AppSource {
    /// This crate registers it; a later run finds it by its unique name.
    Create,
    /// Another administrator registered it, and its values are imported.
    Import,
    /// The site knows it already.
    Reuse,
    /// Another administrator registered it, and this crate brings it into shape.
    Adopt,
}

/// One of the two apps of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedApp {
    /// How the connection gets it.
    pub source: AppSource,
    /// The friendly name; `None` if the app is reused and the site does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// *Application (client) ID*; `None` as long as the app is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<ApplicationId>,
}

/// An app as it has to be.
#[derive(Debug, Clone)]
pub(crate) struct AppTarget {
    pub(crate) app: PlannedApp,
    pub(crate) unique_name: String,
    /// The registration, if this crate writes it.
    pub(crate) shape: Option<ApplicationProperties>,
    /// How long its secrets are valid.
    pub(crate) validity: SecretValidity,
    /// The owners that it gets when it is created.
    pub(crate) owners: Vec<DirectoryObjectId>,
    /// Its deleted registration, which is restored instead of creating another one.
    pub(crate) deleted: Option<DeletedApplication>,
}

impl AppTarget {
    /// The app itself if it is there, else the step that registers it.
    pub(crate) fn reference(&self, register: Step) -> Reference<ApplicationId> {
        Reference::to(self.app.application_id, register)
    }

    /// The id by which the site may know the app: of a deleted registration, too, which is restored with its id.
    pub(crate) fn id_in_site(&self) -> Option<ApplicationId> {
        let restored = || self.deleted.as_ref().and_then(|deleted| deleted.app_id);
        self.app.application_id.or_else(restored)
    }

    pub(crate) fn name(&self) -> &str {
        self.app.name.as_deref().unwrap_or_default()
    }
}

/// Everything that the changes of a plan aim at.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) tenant_id: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) app_id_uri: Option<AppIdUri>,
    /// The App ID URI that it gets if a policy that could not be read refuses the other one.
    pub(crate) uri_if_refused: Option<AppIdUri>,
    /// The id of `user_impersonation`.
    pub(crate) scope: PermissionId,
    /// Whether the server app is to read the directory, for discovery.
    pub(crate) discovers: bool,
    /// When the secret that the specification gives for the server app ends; `None` if it gives none.
    pub(crate) given_secret_end: Option<OffsetDateTime>,
    pub(crate) server: AppTarget,
    pub(crate) client: AppTarget,
}

impl Target {
    /// Resolves the specification. `None` if the tenant cannot be told, which a finding has reported.
    pub(crate) fn resolve(rules: &Rules<'_>, snapshot: &Snapshot) -> Option<Self> {
        let spec = rules.spec;
        // Settings are written to the tenant that is signed in to; a finding tells if the apps belong to another one.
        let tenant_id = match rules.updates_settings() {
            true => snapshot.directory.as_ref()?.tenant.id,
            false => snapshot.tenant_of(spec)?,
        };
        let names = rules.unique_names();
        let offered = snapshot.server().and_then(|app| offered_scope(&app.application));
        // If the app of another administrator offers none, a finding says so, and no change uses this id.
        let scope = offered.unwrap_or_else(|| scope_id(tenant_id, &names.server));
        let written = snapshot.directory.as_ref().filter(|_| spec.server_app().is_registered_here());
        let app_id_uri = match spec.server_app() {
            ServerApp::Create(_) | ServerApp::Adopt(_) => written.and_then(|found| planned_uri(rules, found)),
            ServerApp::Import(app) => Some(app.app_id_uri().clone()),
            ServerApp::Reuse(app) => held_uri(snapshot, app.client_id()),
        };
        // One that contains the app's own id is set once the app is registered.
        let known_uri = app_id_uri.as_ref().filter(|uri| !uri.has_placeholders());
        let server = server(spec, snapshot, &names, scope, known_uri);
        Some(Self {
            tenant_id,
            tenant_name: tenant_name(spec, snapshot, tenant_id),
            app_id_uri,
            uri_if_refused: written.and_then(|found| uri_if_refused(rules, found)),
            scope,
            discovers: spec.discovers(),
            given_secret_end: spec.server_app().imported().map(ImportedServerApp::secret_key_expiry),
            server,
            client: client(spec, snapshot, &names),
        })
    }
}

fn server(spec: &ConnectionSpec, snapshot: &Snapshot, names: &UniqueNames, scope: PermissionId, uri: Option<&AppIdUri>) -> AppTarget {
    let found = snapshot.server();
    let discovers = spec.discovers();
    let shape = |name: &str| server_shape(name, uri, scope, discovers, spec.issue_id_tokens());
    let mut owners = Vec::new();
    let (source, name, shape, validity) = match spec.server_app() {
        ServerApp::Create(app) => {
            let mut shape = created(shape(app.name()), app.name(), &names.server);
            owners = app.owners().to_vec();
            if let Some(web) = &mut shape.web {
                web.home_page_url = Some(app.home_page_url().to_owned());
            }
            (AppSource::Create, Some(app.name().to_owned()), Some(shape), app.secret_validity())
        }
        // It keeps its name and its home page.
        ServerApp::Adopt(app) => {
            let name = held_name(found);
            let mut shape = shape(name.as_deref().unwrap_or("the server app"));
            if app.keeps_sign_in_audience() {
                shape.sign_in_audience = None;
            }
            if let Some(api) = shape.api.as_mut().filter(|_| app.keeps_token_version()) {
                api.requested_access_token_version = None;
            }
            (AppSource::Adopt, name, Some(shape), app.secret_validity())
        }
        ServerApp::Import(app) => (AppSource::Import, Some(app.name().to_owned()), None, SecretValidity::default()),
        ServerApp::Reuse(app) => (
            AppSource::Reuse,
            row_name(snapshot, app.client_id()),
            None,
            SecretValidity::default(),
        ),
    };
    AppTarget {
        app: PlannedApp {
            source,
            name,
            application_id: spec
                .server_app()
                .client_id()
                .or_else(|| found.map(|found| found.application.app_id)),
        },
        unique_name: names.server.clone(),
        deleted: restorable(source, snapshot, found, &names.server),
        shape,
        validity,
        owners,
    }
}

/// The deleted registration of an app that is to be created: it holds the unique name, and is restored if the directory
/// offers that.
fn restorable(source: AppSource, snapshot: &Snapshot, found: Option<&RegisteredApp>, unique_name: &str) -> Option<DeletedApplication> {
    let directory = snapshot.directory.as_ref().filter(|directory| directory.restores)?;
    if source != AppSource::Create || found.is_some() {
        return None;
    }
    directory.deleted_holder_of(unique_name).cloned()
}

fn client(spec: &ConnectionSpec, snapshot: &Snapshot, names: &UniqueNames) -> AppTarget {
    let found = snapshot.client();
    let mut shape = client_shape(spec.issue_id_tokens());
    let mut owners = Vec::new();
    let (source, name, shape) = match spec.client_app() {
        ClientApp::Create(app) => {
            owners = app.owners().to_vec();
            let shape = created(shape, app.name(), &names.client);
            (AppSource::Create, Some(app.name().to_owned()), Some(shape))
        }
        ClientApp::Adopt(app) => {
            if app.keeps_sign_in_audience() {
                shape.sign_in_audience = None;
            }
            (AppSource::Adopt, held_name(found), Some(shape))
        }
        ClientApp::Import(app) => (AppSource::Import, Some(app.name().to_owned()), None),
        ClientApp::Reuse(app) => (AppSource::Reuse, row_name(snapshot, app.client_id()), None),
    };
    AppTarget {
        app: PlannedApp {
            source,
            name,
            application_id: spec
                .client_app()
                .client_id()
                .or_else(|| found.map(|found| found.application.app_id)),
        },
        unique_name: names.client.clone(),
        deleted: restorable(source, snapshot, found, &names.client),
        shape,
        validity: SecretValidity::default(),
        owners,
    }
}

fn held_name(found: Option<&RegisteredApp>) -> Option<String> {
    found?.application.properties.display_name.clone()
}

fn row_name(snapshot: &Snapshot, id: ApplicationId) -> Option<String> {
    Some(snapshot.site.as_ref()?.application(id)?.name.clone())
}

fn tenant_name(spec: &ConnectionSpec, snapshot: &Snapshot, tenant: TenantId) -> String {
    if let Some(app) = spec.server_app().imported() {
        return app.tenant_name().to_owned();
    }
    if let Some(directory) = &snapshot.directory {
        return directory.tenant.site_name().to_owned();
    }
    let row = snapshot.site.as_ref().and_then(|site| site.tenant(tenant));
    row.map_or_else(|| tenant.to_string(), |row| row.name.clone())
}

/// The App ID URI that the site has for an app.
fn held_uri(snapshot: &Snapshot, app: ApplicationId) -> Option<AppIdUri> {
    snapshot.site.as_ref()?.application(app)?.identifier_uri.as_ref()?.parse().ok()
}
