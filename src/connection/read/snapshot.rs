//! What is there: everything that planning needs to know of the tenant and the site, read in as few rounds as
//! possible.

use futures_util::future::{OptionFuture, join, join3};
use time::{Duration, OffsetDateTime};

use crate::{
    call::Call,
    connection::{
        check::{
            directory::check_claims,
            rules::Rules,
            verify::secret::{TriedSecret, try_out},
        },
        plan::{consents::Consents, registration::UniqueNames},
        read::granted::granted_to,
        report::{error::ReadError, finding::Finding, step::Step},
    },
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ConditionalAccessPolicy, DeletedApplication, Directory, PermissionGrant,
        RoleAssignment, ServicePrincipal, SignedIn, Tenant,
    },
    error::{DirectoryError, RefusalReason},
    ids::{
        ApplicationId, RoleTemplateId, ServicePrincipalId, TenantId,
        well_known::{
            APPLICATION_ADMINISTRATOR, APPLICATION_DEVELOPER, CLOUD_APPLICATION_ADMINISTRATOR, GLOBAL_ADMINISTRATOR, MICROSOFT_GRAPH,
            PRIVILEGED_ROLE_ADMINISTRATOR,
        },
    },
    permissions::{Use, WithoutRole},
    site::{Site, SiteConnection, SiteSnapshot},
    spec::{AppIdUri, ConnectionSpec},
    token::SecretProbe,
};

/// The directory roles that matter for this job.
pub(crate) const RELEVANT_ROLES: [RoleTemplateId; 5] = [
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    APPLICATION_DEVELOPER,
];

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
    /// How far this machine's clock is ahead of the directory's; `None` if that is not known.
    pub(crate) clock_lead: Option<Duration>,
    pub(crate) server: Option<RegisteredApp>,
    pub(crate) client: Option<RegisteredApp>,
    pub(crate) uri: Option<AppIdUri>,
    pub(crate) uri_owner: Option<Application>,
    /// The deleted registrations that hold one of the unique names; `None` if the caller may not list them.
    pub(crate) deleted: Option<Vec<DeletedApplication>>,
    /// Whether the directory restores deleted registrations.
    pub(crate) restores: bool,
    pub(crate) graph: Option<ServicePrincipal>,
    pub(crate) client_grants: Vec<PermissionGrant>,
    pub(crate) server_roles: Vec<RoleAssignment>,
    /// Whether the caller may not read the consents. Only with consents that are left to another administrator: else
    /// that ends the reading.
    pub(crate) consents_unread: bool,
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
    /// Why the directory that was given could not be read, if the specification does not need it.
    pub(crate) unread: Option<DirectoryError>,
    /// What a sign-in with the secret to import has shown, if it was tried.
    pub(crate) tried: Option<TriedSecret>,
    pub(crate) site: Option<SiteSnapshot>,
    /// A token for another tenant, cloud or service. The directory was not asked then.
    pub(crate) unusable_token: Option<UnusableToken>,
}

/// A token for another tenant, cloud or service.
#[derive(Debug, Clone)]
pub(crate) struct UnusableToken {
    pub(crate) signed_in: SignedIn,
    /// What is wrong with it.
    pub(crate) findings: Vec<Finding>,
}

/// Why the tenant was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    Failed(DirectoryError),
    /// The token is for something else; nothing was sent.
    UnusableToken(Box<UnusableToken>),
}

impl From<DirectoryError> for Unread {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(error)
    }
}

impl Snapshot {
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

/// Reads tenant and site side by side, and tries the secret to import out beside them.
///
/// On a tenant where nothing is registered yet this is one round of parallel requests. An app that is there
/// costs a second one for its service principal, and a third one for its consents.
pub(crate) async fn read(
    rules: &Rules<'_>,
    directory: Option<&dyn Directory>,
    site: Option<&dyn Site>,
    probe: Option<&dyn SecretProbe>,
    call: Call,
    now: OffsetDateTime,
) -> Result<Snapshot, ReadError> {
    let spec = rules.spec;
    let needs_name = site.is_some();
    let in_directory = OptionFuture::from(directory.map(|directory| read_tenant(rules, directory, needs_name, call.clone())));
    let in_site = OptionFuture::from(site.map(|site| site.snapshot(call.clone())));
    let imported = spec.server_app().imported();
    let tried = OptionFuture::from(probe.zip(imported).map(|(probe, app)| try_out(probe, app, spec.discovers())));
    let (directory, site, tried) = join3(in_directory, in_site, tried).await;
    let (directory, unread, unusable_token) = match directory {
        None => (None, None, None),
        Some(Ok(directory)) => (Some(directory), None, None),
        Some(Err(Unread::UnusableToken(token))) => (None, None, Some(*token)),
        // Importing and reusing need no directory: what it would have told is unknown then.
        Some(Err(Unread::Failed(error))) if !needs_directory(spec) => (None, Some(error), None),
        Some(Err(Unread::Failed(error))) => return Err(ReadError::Directory(error)),
    };
    Ok(Snapshot {
        read_at: now,
        directory,
        unread,
        tried,
        site: site.transpose().map_err(ReadError::Site)?,
        unusable_token,
    })
}

/// Reads the tenant. `needs_name` says whether anything is written that holds the tenant's name.
pub(crate) async fn read_tenant(
    rules: &Rules<'_>,
    directory: &dyn Directory,
    needs_name: bool,
    call: Call,
) -> Result<TenantSnapshot, Unread> {
    let (spec, expected_tenant) = (rules.spec, rules.expected_tenant);
    let signed_in = directory.signed_in(call.clone()).await?;
    let findings = check_claims(rules, &signed_in);
    if !findings.is_empty() {
        return Err(Unread::UnusableToken(Box::new(UnusableToken { signed_in, findings })));
    }
    let names = UniqueNames::of(spec.key());
    let server_key = match spec.server_app().client_id() {
        None => ApplicationKey::UniqueName(names.server.clone()),
        Some(id) => ApplicationKey::ApplicationId(id),
    };
    let client_key = match spec.client_app().client_id() {
        None => ApplicationKey::UniqueName(names.client.clone()),
        Some(id) => ApplicationKey::ApplicationId(id),
    };
    let writes = needs_directory(spec);
    let unique_names = [names.server, names.client];
    let is_own_server =
        |app: &Application| spec.server_app().is_created() && app.properties.unique_name.as_deref() == Some(unique_names[0].as_str());

    let roles_in_token = held_in_token(&signed_in);
    // The most that any plan for this specification takes; preflight compares with what its own plan takes.
    let most: &[Use] = match spec.discovers() {
        true => &[Use::GrantPermission, Use::AssignRole],
        false => &[Use::GrantPermission],
    };
    let token_suffices = role_gap(&roles_in_token, most).is_none();
    let asks_for_roles = writes && !signed_in.is_application && !token_suffices;
    let roles = OptionFuture::from(asks_for_roles.then(|| directory.held_roles(call.clone(), &RELEVANT_ROLES)));
    let asks_for_policy = writes && may(Use::ReadPolicy, &signed_in);
    let policy = OptionFuture::from(asks_for_policy.then(|| directory.app_management_policy(call.clone())));
    let reads_access = may(Use::ReadConditionalAccess, &signed_in);
    let conditional_access = OptionFuture::from(reads_access.then(|| directory.conditional_access_policies(call.clone())));
    // A token that names no tenant costs one more round: the default App ID URI contains the tenant's id.
    let tenant_known = expected_tenant.or(signed_in.tenant_id);
    // One that contains the app's own id is told once it is known whether the app is there.
    let early_uri = wanted_uri(spec, tenant_known).filter(|uri| !uri.has_placeholders());
    let uri_owner = OptionFuture::from(
        early_uri
            .as_ref()
            .map(|uri| directory.application_with_uri(call.clone(), uri.as_str())),
    );
    let graph = OptionFuture::from(writes.then(|| directory.service_principal(call.clone(), MICROSOFT_GRAPH)));

    // An app that is there already needs no name, and a deleted one cannot hold it.
    let creates = spec.server_app().is_created() || spec.client_app().is_created();
    let deleted = OptionFuture::from(creates.then(|| directory.deleted_applications(call.clone(), &unique_names)));

    let objects = join3(
        directory.application(call.clone(), &server_key),
        directory.application(call.clone(), &client_key),
        deleted,
    );
    let surroundings = join3(directory.tenant(call.clone()), graph, uri_owner);
    let optional = join3(roles, policy, conditional_access);
    let (objects, surroundings, (roles, policy, conditional_access)) = join3(objects, surroundings, optional).await;
    let (server, client) = (objects.0?, objects.1?);
    let deleted = none_if_denied(objects.2.unwrap_or_else(|| Ok(Vec::new())))?;
    let (tenant, tenant_name_unread) = match surroundings.0 {
        Ok(tenant) => (tenant, false),
        Err(error) => (without_name(&signed_in, needs_name, error)?, true),
    };
    let graph = surroundings.1.transpose()?.flatten();
    let (uri, uri_owner) = match surroundings.2 {
        Some(owner) => (early_uri, owner?),
        None => match (adopted_uri(spec, server.as_ref()), late_uri(spec, tenant.id, server.as_ref())) {
            (Some(uri), _) => (Some(uri), server.clone()),
            (None, Some(uri)) if uri.has_placeholders() => (Some(uri), None),
            (None, Some(uri)) => {
                let owner = directory.application_with_uri(call.clone(), uri.as_str()).await?;
                (Some(uri), owner)
            }
            (None, None) => (None, None),
        },
    };

    // Another run may have made the server app between the two questions: the owner of the URI is that app
    // then.
    let server = server.or_else(|| uri_owner.clone().filter(is_own_server));

    let principal_of = |application: Option<&Application>| {
        OptionFuture::from(application.map(|application| directory.service_principal(call.clone(), application.app_id)))
    };
    let (server_principal, client_principal) = join(principal_of(server.as_ref()), principal_of(client.as_ref())).await;
    let server = with_principal(server, server_principal)?;
    let client = with_principal(client, client_principal)?;

    let principal_id = |app: &Option<RegisteredApp>| Some(app.as_ref()?.service_principal.as_ref()?.id);
    let grants = OptionFuture::from(principal_id(&client).map(|id| directory.permission_grants(call.clone(), id)));
    let wants_roles = principal_id(&server).filter(|_| spec.discovers());
    let assignments = OptionFuture::from(wants_roles.map(|id| directory.role_assignments(call.clone(), id)));
    let (grants, assignments) = join(grants, assignments).await;
    let (grants, assignments) = match rules.consents {
        Consents::Grant => (Some(grants.transpose()?), Some(assignments.transpose()?)),
        // Who leaves the consents to another administrator may not be allowed to see them, either.
        Consents::LeaveToAdministrator => (seen(grants)?, seen(assignments)?),
    };

    Ok(TenantSnapshot {
        signed_in,
        tenant,
        tenant_name_unread,
        // Not being allowed to ask, or an implementation that cannot tell, is not a reason to stop.
        roles: roles.map_or_else(|| token_suffices.then_some(roles_in_token), Result::ok),
        policy: policy.and_then(Result::ok),
        conditional_access_refused: conditional_access.as_ref().is_some_and(Result::is_err),
        conditional_access: conditional_access.and_then(Result::ok),
        clock_lead: directory.clock_lead(),
        server,
        client,
        uri,
        uri_owner,
        deleted,
        restores: directory.restores_applications(),
        graph,
        consents_unread: grants.is_none() || assignments.is_none(),
        client_grants: grants.flatten().unwrap_or_default(),
        server_roles: assignments.flatten().unwrap_or_default(),
    })
}

/// What was read, if anything was; `None` if the caller may not read it.
fn seen<T>(read: Option<Result<Vec<T>, DirectoryError>>) -> Result<Option<Option<Vec<T>>>, DirectoryError> {
    match read {
        None => Ok(Some(None)),
        Some(read) => Ok(none_if_denied(read)?.map(Some)),
    }
}

/// The tenant as the token names it, for an application that may not read it.
///
/// The site's row of the tenant needs the name; without a site nothing does.
fn without_name(signed_in: &SignedIn, needs_name: bool, error: DirectoryError) -> Result<Tenant, DirectoryError> {
    let is_denied = signed_in.is_application && error.refusal() == Some(RefusalReason::PermissionMissing);
    match signed_in.tenant_id {
        Some(id) if is_denied && !needs_name => Ok(Tenant::new(id, String::new(), Vec::new())),
        _ => Err(error),
    }
}

/// The App ID URI that the server app gets, if that does not depend on the app itself.
fn wanted_uri(spec: &ConnectionSpec, tenant: Option<TenantId>) -> Option<AppIdUri> {
    let chosen = || spec.server_app().chosen_uri().cloned();
    let default = || tenant.filter(|_| spec.server_app().is_created()).map(AppIdUri::default_of);
    chosen().or_else(default)
}

/// The App ID URI that could only be told now.
fn late_uri(spec: &ConnectionSpec, tenant: TenantId, server: Option<&Application>) -> Option<AppIdUri> {
    let is_adopted = spec.server_app().is_adopted() && server.is_some();
    let uri = wanted_uri(spec, Some(tenant)).or_else(|| is_adopted.then(|| AppIdUri::default_of(tenant)))?;
    Some(server.map_or_else(|| uri.clone(), |app| uri.resolved(tenant, app.app_id)))
}

/// The App ID URI that an adopted app keeps: the first one it has.
fn adopted_uri(spec: &ConnectionSpec, server: Option<&Application>) -> Option<AppIdUri> {
    let uris = server
        .filter(|_| spec.server_app().is_adopted() && spec.server_app().chosen_uri().is_none())?
        .properties
        .identifier_uris
        .iter()
        .flatten();
    uris.filter_map(|uri| uri.parse().ok()).next()
}

fn with_principal(
    application: Option<Application>,
    principal: Option<Result<Option<ServicePrincipal>, DirectoryError>>,
) -> Result<Option<RegisteredApp>, DirectoryError> {
    let service_principal = principal.transpose()?.flatten();
    Ok(application.map(|application| RegisteredApp {
        application,
        service_principal,
    }))
}

/// The relevant roles that the token names. A token that names none proves nothing.
fn held_in_token(signed_in: &SignedIn) -> Vec<RoleTemplateId> {
    let roles = signed_in.directory_roles.iter().flatten();
    roles.filter(|role| RELEVANT_ROLES.contains(role)).copied().collect()
}

/// What is lacking of the directory roles that these uses take: the least role that would do, if any is
/// lacking. What a member or an owner may do without a role asks for none here.
pub(crate) fn role_gap(held: &[RoleTemplateId], uses: &[Use]) -> Option<&'static str> {
    let is_lacking = |usage: &&Use| {
        let takes_role = usage.requirement().without_role == WithoutRole::NoCaller;
        takes_role && !usage.roles().iter().any(|role| held.contains(&role.id()))
    };
    // The use that stands last takes the strongest role.
    let lacking = uses.iter().filter(is_lacking).max()?;
    lacking.roles().first().map(|role| role.name())
}

/// `None` for a list that the caller is not allowed to see, or that an implementation does not offer: what it would have
/// warned of is refused later, with its own error.
pub(crate) fn none_if_denied<T>(result: Result<Vec<T>, DirectoryError>) -> Result<Option<Vec<T>>, DirectoryError> {
    match result {
        Err(DirectoryError::NotSupported(_)) => Ok(None),
        Err(error) if error.refusal() == Some(RefusalReason::PermissionMissing) => Ok(None),
        other => other.map(Some),
    }
}

/// Whether the token is known to suffice for an optional read.
fn may(optional: Use, signed_in: &SignedIn) -> bool {
    let (kind, granted) = granted_to(signed_in);
    granted.is_some_and(|granted| optional.is_covered_by(kind, granted))
}
