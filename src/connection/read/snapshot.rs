//! What is there: everything that checks and planning need to know of the tenant and the site.
//!
//! A part that could not be read is `None`, which is unknown and not absent.

use time::{Duration, OffsetDateTime};

use crate::{
    connection::{
        plan::registration::UniqueNames,
        report::{finding::Finding, step::Step, verification::Verification},
    },
    directory::{
        AppManagementPolicy, Application, ConditionalAccessPolicy, DeletedApplication, PermissionGrant, RoleAssignment, ServicePrincipal,
        SignedIn, Tenant,
    },
    error::DirectoryError,
    ids::{ApplicationId, RoleTemplateId, ServicePrincipalId, TenantId},
    site::{SiteConnection, SiteSnapshot},
    spec::{AppIdUri, ConnectionSpec},
};

/// An app registration with its service principal.
#[derive(Debug, Clone)]
pub(crate) struct RegisteredApp {
    pub(crate) application: Application,
    pub(crate) service_principal: Option<ServicePrincipal>,
}

/// What is there on the Entra side.
#[derive(Debug, Clone)]
pub(crate) struct TenantSnapshot {
    pub(crate) signed_in: SignedIn,
    /// The tenant; without name and domains if the caller may not read them.
    pub(crate) tenant: Tenant,
    /// Whether the caller may not read the tenant's name and domains.
    pub(crate) tenant_name_unread: bool,
    /// The roles among [`RELEVANT_ROLES`] that the account holds; `None` if that is not known.
    pub(crate) roles: Option<Vec<RoleTemplateId>>,
    pub(crate) policy: Option<AppManagementPolicy>,
    /// The Conditional Access policies that are enforced; `None` if they were not read.
    pub(crate) conditional_access: Option<Vec<ConditionalAccessPolicy>>,
    /// Whether reading them was refused although the token has the permission.
    pub(crate) conditional_access_refused: bool,
    /// The display names of the groups that discovery names, one for each group; `None` if they were not read.
    pub(crate) groups: Option<Vec<String>>,
    /// How far this machine's clock is ahead of the directory's; `None` if that is not known.
    pub(crate) clock_lead: Option<Duration>,
    pub(crate) server: Option<RegisteredApp>,
    pub(crate) client: Option<RegisteredApp>,
    pub(crate) uri: Option<AppIdUri>,
    pub(crate) uri_owner: Option<Application>,
    /// The deleted registrations that hold one of the unique names; `None` if the caller may not list them.
    pub(crate) deleted: Option<Vec<DeletedApplication>>,
    /// The apps that were named by their client id, are not there, and were deleted with their service principals.
    pub(crate) deleted_apps: Vec<ApplicationId>,
    /// Whether the directory restores deleted registrations.
    pub(crate) restores: bool,
    pub(crate) graph: Option<ServicePrincipal>,
    pub(crate) client_grants: Vec<PermissionGrant>,
    pub(crate) server_roles: Vec<RoleAssignment>,
    /// Whether the caller may not read the client app's consents, which then are unknown. Only with consents that are left
    /// to another administrator: else that ends the reading.
    pub(crate) grants_unread: bool,
    /// The same of the server app's consents.
    pub(crate) roles_unread: bool,
}

impl TenantSnapshot {
    /// The deleted registration that holds this unique name.
    pub(crate) fn deleted_holder_of(&self, unique_name: &str) -> Option<&DeletedApplication> {
        let mut deleted = self.deleted.iter().flatten();
        deleted.find(|deleted| deleted.unique_name.as_deref() == Some(unique_name))
    }
}

/// What is there.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// When reading began, at the last time that it was read.
    pub(crate) read_at: OffsetDateTime,
    pub(crate) directory: Option<TenantSnapshot>,
    /// Why the directory that was given was not read.
    pub(crate) unread: Option<Unread>,
    /// What a sign-in with the secret to import has shown, if it was tried.
    pub(crate) tried: Option<Verification>,
    pub(crate) site: Option<SiteSnapshot>,
}

/// Why the directory was not read.
#[derive(Debug, Clone)]
pub(crate) enum Unread {
    /// It could not be read.
    Failed(DirectoryError),
    /// The token is for another tenant, cloud or service, which the findings tell. Nothing was sent.
    UnusableToken { signed_in: Box<SignedIn>, findings: Vec<Finding> },
}

impl From<DirectoryError> for Unread {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(error)
    }
}

impl Snapshot {
    /// A sign-in for another tenant, cloud or service, with what is wrong with it.
    pub(crate) fn unusable_token(&self) -> Option<(&SignedIn, &[Finding])> {
        match self.unread.as_ref()? {
            Unread::UnusableToken { signed_in, findings } => Some((signed_in, findings)),
            Unread::Failed(_) => None,
        }
    }

    /// The server app's registration.
    pub(crate) fn server(&self) -> Option<&RegisteredApp> {
        self.directory.as_ref()?.server.as_ref()
    }

    /// The client app's registration.
    pub(crate) fn client(&self) -> Option<&RegisteredApp> {
        self.directory.as_ref()?.client.as_ref()
    }

    pub(crate) fn server_principal(&self) -> Option<ServicePrincipalId> {
        Some(self.server()?.service_principal.as_ref()?.id)
    }

    pub(crate) fn client_principal(&self) -> Option<ServicePrincipalId> {
        Some(self.client()?.service_principal.as_ref()?.id)
    }

    /// The tenant that a specification is for, if that can be told.
    pub(crate) fn tenant_of(&self, spec: &ConnectionSpec) -> Option<TenantId> {
        if let Some(directory) = self.directory.as_ref().filter(|_| needs_directory(spec)) {
            return Some(directory.tenant.id);
        }
        let app = spec.server_app();
        if let Some(imported) = app.imported() {
            return Some(imported.tenant_id());
        }
        self.tenant_of_row(app.client_id()?)
    }

    /// The tenant that an app belongs to as the site has it.
    pub(crate) fn tenant_of_row(&self, app: ApplicationId) -> Option<TenantId> {
        let site = self.site.as_ref()?;
        let row = site.application(app)?;
        site.tenant_of(row).map(|tenant| tenant.tenant_id)
    }

    /// The client id of the server app, if it is there, or if it was deleted and can be restored with it.
    pub(crate) fn server_id(&self, spec: &ConnectionSpec) -> Option<ApplicationId> {
        let registered = || Some(self.server()?.application.app_id);
        let restorable = || {
            let directory = self.directory.as_ref().filter(|directory| directory.restores)?;
            directory.deleted_holder_of(&UniqueNames::of(spec.key()).server)?.app_id
        };
        spec.server_app().client_id().or_else(registered).or_else(restorable)
    }

    /// The App ID URI that clients ask for: the one that the site has, if it knows the server app, else the planned one.
    /// `None` if the site does not tell it.
    pub(crate) fn client_uri(&self, server: Option<ApplicationId>, planned: Option<&AppIdUri>) -> Option<AppIdUri> {
        match server.and_then(|id| self.site.as_ref()?.application(id)) {
            Some(row) => row.identifier_uri.as_ref()?.parse().ok(),
            None => planned.cloned(),
        }
    }

    /// The tenant's name in the site, if the site knows it.
    pub(crate) fn tenant_name_in_site(&self, tenant: TenantId) -> Option<&str> {
        Some(self.site.as_ref()?.tenant(tenant)?.name.as_str())
    }

    /// An app that the directory shows as registered and as deleted, with the step that registers it: one of the two
    /// answers is old.
    pub(crate) fn registered_and_deleted(&self) -> Option<(Step, ApplicationId)> {
        let deleted = self.directory.as_ref()?.deleted.as_deref()?;
        let is_deleted = |app: &&RegisteredApp| deleted.iter().any(|deleted| deleted.object_id == app.application.object_id);
        let server = self.server().filter(is_deleted).map(|app| (Step::RegisterServerApp, app));
        let client = || self.client().filter(is_deleted).map(|app| (Step::RegisterClientApp, app));
        let (step, app) = server.or_else(client)?;
        Some((step, app.application.app_id))
    }

    /// Whether tenant and site may have been seen at different times: the site has a connection of this name,
    /// and the directory did not know the server app yet that another run has made meanwhile.
    pub(crate) fn may_be_torn(&self, spec: &ConnectionSpec) -> bool {
        let (Some(directory), Some(site)) = (&self.directory, &self.site) else {
            return false;
        };
        let is_unknown = spec.server_app().is_created() && directory.server.is_none();
        is_unknown
            && site
                .connections_of(directory.tenant.id)
                .any(|connection| connection.name == spec.name())
    }
}

/// Whether a connection's web app is the one with this client id.
pub(crate) fn uses_server(site: &SiteSnapshot, connection: &SiteConnection, server: ApplicationId) -> bool {
    site.application(server)
        .is_some_and(|row| connection.web_applications.contains(&row.id))
}

/// Whether a plan for this specification writes to the directory. If not, the directory is read if it is given.
pub(crate) const fn needs_directory(spec: &ConnectionSpec) -> bool {
    spec.server_app().is_registered_here() || spec.client_app().is_registered_here()
}
