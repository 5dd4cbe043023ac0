//! What a run needs to know, decided: the result of planning, and all that applying goes by.

use crate::connection::{plan::own_secret::OwnSecret, read::snapshot::FoundApp};
use crate::{
    cloud::CloudEnvironment,
    directory::{ApplicationProperties, PermissionGrant},
    ids::{ApplicationId, KeyId, PermissionGrantId, PermissionId, ServicePrincipalId, TenantId},
    site::{SiteConnection, SiteIdentity},
    spec::{AppIdUri, DiscoverySpec, ImportedServerApp, SecretValidity},
};

/// Everything a run needs to know, decided.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) environment: CloudEnvironment,
    pub(crate) tenant_id: TenantId,
    pub(crate) tenant_name: String,
    pub(crate) app_id_uri: Option<AppIdUri>,
    pub(crate) server: ServerWork,
    pub(crate) client: ClientWork,
    pub(crate) directory: Option<DirectoryWork>,
    pub(crate) site: Option<SiteWork>,
    /// What tells the site from another one, where there is a site that says so.
    pub(crate) site_identity: Option<SiteIdentity>,
    pub(crate) discovery: Option<DiscoverySpec>,
}

/// Where the server app comes from.
#[derive(Debug, Clone)]
pub(crate) enum ServerWork {
    Register { app: Box<AppWork>, secret: SecretWork },
    Import(ImportedServerApp),
    Reuse(ApplicationId),
}

/// Where the client app comes from.
#[derive(Debug, Clone)]
pub(crate) enum ClientWork {
    Register(Box<AppWork>),
    Import { name: String, client_id: ApplicationId },
    Reuse(ApplicationId),
}

/// One app registration to be ensured.
#[derive(Debug, Clone)]
pub(crate) struct AppWork {
    pub(crate) unique_name: String,
    pub(crate) shape: ApplicationProperties,
    pub(crate) found: Option<FoundApp>,
}

impl AppWork {
    /// The friendly name: the one asked for, or the one an adopted app has.
    pub(crate) fn name(&self) -> String {
        let held = || {
            self.found
                .as_ref()
                .and_then(|found| found.application.properties.display_name.clone())
        };
        self.shape.display_name.clone().or_else(held).unwrap_or_default()
    }
}

impl Work {
    /// The validity of the secret that is to be made, where one is.
    pub(crate) const fn new_secret(&self) -> Option<SecretValidity> {
        match &self.server {
            ServerWork::Register {
                secret: SecretWork::WithApp(validity) | SecretWork::Add { validity, .. },
                ..
            } => Some(*validity),
            _ => None,
        }
    }
}

/// What happens to the server app's secret.
#[derive(Debug, Clone)]
pub(crate) enum SecretWork {
    /// Made together with the app.
    WithApp(SecretValidity),
    /// The app is there, and its secret is lost or missing: a new one is made, told apart from the `known` ones. What is
    /// `unused` is removed once the new one is handed over.
    Add {
        validity: SecretValidity,
        known: Vec<OwnSecret>,
        unused: Vec<KeyId>,
    },
    /// The one that is in use stays; what nothing can be using is removed.
    Keep { unused: Vec<KeyId> },
}

/// What else is to be ensured on the Entra side.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryWork {
    pub(crate) scope: PermissionId,
    pub(crate) graph: Option<ServicePrincipalId>,
    /// The service principal of a server app that is not this run's.
    pub(crate) outside_server: Option<FoundApp>,
    pub(crate) consent_server: ConsentWork,
    pub(crate) consent_user_read: ConsentWork,
    pub(crate) consent_directory_read: ConsentWork,
}

/// What is to be done for one consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConsentWork {
    NotWanted,
    InPlace,
    Extend(PermissionGrantId, String),
    Create,
}

/// What is to be done in the site.
#[derive(Debug, Clone)]
pub(crate) struct SiteWork {
    pub(crate) server_known: bool,
    pub(crate) client_known: bool,
    /// The connection, where everything about it is in place.
    pub(crate) in_place: Option<SiteConnection>,
}

/// What the caller wants of the secrets on an app that is there, if no site tells which of them is in use.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SecretWish {
    pub(crate) reissue: bool,
    pub(crate) remove_superseded: bool,
}

/// What a tenant-wide consent still needs. One grant holds all permissions for one resource, so it is extended.
pub(crate) fn grant_work(grants: &[PermissionGrant], resource: Option<ServicePrincipalId>, scope: &str) -> ConsentWork {
    let held = grants
        .iter()
        .find(|grant| grant.is_tenant_wide() && Some(grant.resource_id) == resource);
    match held {
        None => ConsentWork::Create,
        Some(grant) if grant.covers(scope) => ConsentWork::InPlace,
        Some(grant) => ConsentWork::Extend(grant.id.clone(), format!("{} {scope}", grant.scope.trim()).trim().to_owned()),
    }
}

/// The client id of the server app, where it is known before the run.
pub(crate) fn server_app_id(server: &ServerWork) -> Option<ApplicationId> {
    match server {
        ServerWork::Register { app, .. } => app.found.as_ref().map(|found| found.application.app_id),
        ServerWork::Import(app) => Some(app.client_id()),
        ServerWork::Reuse(id) => Some(*id),
    }
}

pub(crate) fn client_app_id(client: &ClientWork) -> Option<ApplicationId> {
    match client {
        ClientWork::Register(app) => app.found.as_ref().map(|found| found.application.app_id),
        ClientWork::Import { client_id, .. } | ClientWork::Reuse(client_id) => Some(*client_id),
    }
}
