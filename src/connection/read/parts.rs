//! Reads the apps of connections, each part by itself: what cannot be read is unknown, and hides nothing else.
//!
//! A plan reads everything or nothing, since it must not be made of halves. A view shows what there is.

use futures_util::future::{join, join_all, join3};
use time::{Duration, OffsetDateTime};

use crate::{
    call::Call,
    connection::{
        read::{
            granted::granted_to,
            snapshot::{RegisteredApp, Snapshot, TenantSnapshot, Unread},
        },
        report::reading::Reading,
    },
    directory::{
        Application, ApplicationKey, ConditionalAccessPolicy, Directory, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn,
        Tenant,
    },
    error::{DirectoryError, RefusalReason},
    ids::{TenantId, well_known::MICROSOFT_GRAPH},
    permissions::Use,
    site::SiteSnapshot,
};

/// One app, as far as it could be read.
#[derive(Debug, Default)]
pub(crate) struct AppParts {
    /// Whether it is known which app it is.
    is_asked: bool,
    pub(crate) application: Reading<Application>,
    pub(crate) principal: Reading<ServicePrincipal>,
}

/// The two apps of a connection, as far as they could be read.
#[derive(Debug, Default)]
pub(crate) struct PairParts {
    pub(crate) server: AppParts,
    pub(crate) client: AppParts,
    /// The client app's consents.
    pub(crate) grants: Reading<Vec<PermissionGrant>>,
    /// The server app's consents.
    pub(crate) roles: Reading<Vec<RoleAssignment>>,
    /// Why parts could not be read.
    pub(crate) errors: Vec<DirectoryError>,
}

/// What all connections of a tenant share.
#[derive(Debug)]
pub(crate) struct TenantParts {
    pub(crate) signed_in: SignedIn,
    pub(crate) tenant: Result<Tenant, DirectoryError>,
    pub(crate) graph: Reading<ServicePrincipal>,
    conditional_access: Option<Result<Vec<ConditionalAccessPolicy>, DirectoryError>>,
    clock_lead: Option<Duration>,
    /// Why other parts could not be read.
    pub(crate) errors: Vec<DirectoryError>,
}

/// Reads the tenant and the apps of its connections side by side: one round, and a second one for the consents. An app that
/// is looked up by its unique name costs one more. `wanted` has the keys of server app and client app for each connection; `None`
/// if nothing tells which app it is.
pub(crate) async fn read_parts(
    directory: &dyn Directory,
    signed_in: SignedIn,
    wanted: &[(Option<ApplicationKey>, Option<ApplicationKey>)],
    call: Call,
) -> (TenantParts, Vec<PairParts>) {
    let pairs = join_all(
        wanted
            .iter()
            .map(|(server, client)| read_pair(directory, server.as_ref(), client.as_ref(), call.clone())),
    );
    let (tenant, pairs) = join(read_shared(directory, signed_in, call.clone()), pairs).await;
    (tenant, pairs)
}

async fn read_shared(directory: &dyn Directory, signed_in: SignedIn, call: Call) -> TenantParts {
    let (kind, granted) = granted_to(&signed_in);
    let reads_access = granted.is_some_and(|granted| Use::ReadConditionalAccess.is_covered_by(kind, granted));
    let conditional_access = async {
        match reads_access {
            true => Some(directory.conditional_access_policies(call.clone()).await),
            false => None,
        }
    };
    let (tenant, graph, conditional_access) = join3(
        directory.tenant(call.clone()),
        directory.service_principal(call.clone(), MICROSOFT_GRAPH),
        conditional_access,
    )
    .await;
    let mut errors = Vec::new();
    TenantParts {
        tenant,
        graph: kept(graph, &mut errors),
        conditional_access,
        clock_lead: directory.clock_lead(),
        signed_in,
        errors,
    }
}

async fn read_pair(directory: &dyn Directory, server: Option<&ApplicationKey>, client: Option<&ApplicationKey>, call: Call) -> PairParts {
    let (server, client) = join(read_app(directory, server, call.clone()), read_app(directory, client, call.clone())).await;
    let ((server, mut errors), (client, others)) = (server, client);
    errors.extend(others);
    let grants = async {
        Some(match client.principal {
            Reading::Present(ref principal) => directory.permission_grants(call.clone(), principal.id).await,
            // What has no service principal has no consents.
            Reading::Absent => Ok(Vec::new()),
            Reading::Unknown => return None,
        })
    };
    let roles = async {
        Some(match server.principal {
            Reading::Present(ref principal) => directory.role_assignments(call.clone(), principal.id).await,
            Reading::Absent => Ok(Vec::new()),
            Reading::Unknown => return None,
        })
    };
    let (grants, roles) = join(grants, roles).await;
    PairParts {
        grants: grants.map_or(Reading::Unknown, |grants| kept(grants.map(Some), &mut errors)),
        roles: roles.map_or(Reading::Unknown, |roles| kept(roles.map(Some), &mut errors)),
        server,
        client,
        errors,
    }
}

async fn read_app(directory: &dyn Directory, key: Option<&ApplicationKey>, call: Call) -> (AppParts, Vec<DirectoryError>) {
    let mut errors = Vec::new();
    let parts = match key {
        None => AppParts::default(),
        // With the id both are asked for at once.
        Some(key @ ApplicationKey::ApplicationId(id)) => {
            let (application, principal) = join(
                directory.application(call.clone(), key),
                directory.service_principal(call.clone(), *id),
            )
            .await;
            AppParts {
                is_asked: true,
                application: kept(application, &mut errors),
                principal: kept(principal, &mut errors),
            }
        }
        Some(key) => {
            let application = kept(directory.application(call.clone(), key).await, &mut errors);
            let principal = match &application {
                Reading::Present(found) => kept(directory.service_principal(call.clone(), found.app_id).await, &mut errors),
                Reading::Absent => Reading::Absent,
                Reading::Unknown => Reading::Unknown,
            };
            AppParts {
                is_asked: true,
                application,
                principal,
            }
        }
    };
    (parts, errors)
}

/// What was read; an error is kept, and makes the part unknown.
fn kept<T>(result: Result<Option<T>, DirectoryError>, errors: &mut Vec<DirectoryError>) -> Reading<T> {
    match result {
        Ok(found) => Reading::of(found),
        Err(error) => {
            errors.push(error);
            Reading::Unknown
        }
    }
}

impl AppParts {
    /// Whether it is known that the app is there, or that it is not, with its service principal.
    const fn is_known(&self) -> bool {
        !self.application.is_unknown() && !self.principal.is_unknown()
    }

    fn registered(&self) -> Option<RegisteredApp> {
        Some(RegisteredApp {
            application: self.application.present()?.clone(),
            service_principal: self.principal.present().cloned(),
        })
    }
}

impl TenantParts {
    /// The tenant's id, as the directory or the token tells it.
    pub(crate) fn tenant_id(&self) -> Option<TenantId> {
        let read = self.tenant.as_ref().ok().map(|tenant| tenant.id);
        read.or(self.signed_in.tenant_id)
    }

    /// What the checks go by. Checks of an app that is not known to be there or not would tell of what is only unread, so the
    /// whole directory counts as unread then.
    pub(crate) fn snapshot(&self, pair: &PairParts, site: Option<&SiteSnapshot>, read_at: OffsetDateTime) -> Snapshot {
        let is_known = pair.server.is_known() && (pair.client.is_known() || !pair.client.is_asked);
        let directory = self.tenant_id().filter(|_| is_known).map(|id| self.directory(pair, id));
        let error = self.first_error(pair);
        Snapshot {
            read_at,
            unread: error.filter(|_| directory.is_none()).cloned().map(Unread::Failed),
            directory,
            tried: None,
            site: site.cloned(),
        }
    }

    /// Why a part could not be read, if one could not. Not being allowed to read the tenant's name is told by itself.
    pub(crate) fn first_error<'a>(&'a self, pair: &'a PairParts) -> Option<&'a DirectoryError> {
        let of_tenant = self.tenant.as_ref().err().filter(|_| !self.is_name_denied());
        pair.errors.iter().chain(&self.errors).chain(of_tenant).next()
    }

    fn is_name_denied(&self) -> bool {
        let error = self.tenant.as_ref().err();
        error.is_some_and(|error| error.refusal() == Some(RefusalReason::PermissionMissing))
    }

    fn directory(&self, pair: &PairParts, id: TenantId) -> TenantSnapshot {
        let tenant = self.tenant.as_ref().ok().cloned();
        let conditional_access = self.conditional_access.as_ref();
        TenantSnapshot {
            signed_in: self.signed_in.clone(),
            tenant: tenant.unwrap_or_else(|| Tenant::new(id, String::new(), Vec::new())),
            tenant_name_unread: self.is_name_denied(),
            roles: None,
            policy: None,
            conditional_access_refused: conditional_access.is_some_and(Result::is_err),
            conditional_access: conditional_access.and_then(|read| read.as_ref().ok()).cloned(),
            groups: None,
            clock_lead: self.clock_lead,
            server: pair.server.registered(),
            client: pair.client.registered(),
            uri: None,
            uri_owner: None,
            deleted: None,
            deleted_apps: Vec::new(),
            restores: false,
            graph: self.graph.present().cloned(),
            client_grants: pair.grants.present().cloned().unwrap_or_default(),
            server_roles: pair.roles.present().cloned().unwrap_or_default(),
            grants_unread: pair.grants.is_unknown(),
            roles_unread: pair.roles.is_unknown(),
        }
    }
}
