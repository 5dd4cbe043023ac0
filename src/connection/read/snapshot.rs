//! What is there: everything that planning needs to know of the tenant and the site, read in as few rounds as
//! possible.

use futures_util::future::{OptionFuture, join, join3};
use time::Duration;

use crate::{
    call::Call,
    connection::{
        check::{directory::check_claims, rules::Rules},
        plan::{consents::Consents, registration::UniqueNames},
        read::granted::granted_to,
        report::{error::ReadError, finding::Finding},
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
    pub(crate) graph: Option<ServicePrincipal>,
    pub(crate) client_grants: Vec<PermissionGrant>,
    pub(crate) server_roles: Vec<RoleAssignment>,
    /// Whether the caller may not read the consents. Only with consents that are left to another administrator: else
    /// that ends the reading.
    pub(crate) consents_unread: bool,
}

/// What is there.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) directory: Option<TenantSnapshot>,
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
enum Unread {
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
        if let Some(directory) = &self.directory {
            return Some(directory.tenant.id);
        }
        let app = spec.server_app();
        if let Some(imported) = app.imported() {
            return Some(imported.tenant_id());
        }
        let site = self.site.as_ref()?;
        let row = site.application(app.client_id()?)?;
        site.tenant_of(row).map(|tenant| tenant.tenant_id)
    }

    /// The client id of the server app, if it is there.
    pub(crate) fn server_id(&self, spec: &ConnectionSpec) -> Option<ApplicationId> {
        let registered = || Some(self.server()?.application.app_id);
        spec.server_app().client_id().or_else(registered)
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

/// Whether the directory has anything to do for this specification.
pub(crate) const fn needs_directory(spec: &ConnectionSpec) -> bool {
    spec.server_app().is_registered_here() || spec.client_app().is_registered_here()
}

/// Reads tenant and site side by side.
///
/// On a tenant where nothing is registered yet this is one round of parallel requests. An app that is there
/// costs a second one for its service principal, and a third one for its consents.
pub(crate) async fn read(
    rules: &Rules<'_>,
    directory: Option<&dyn Directory>,
    site: Option<&dyn Site>,
    call: Call,
) -> Result<Snapshot, ReadError> {
    let directory = directory.filter(|_| needs_directory(rules.spec));
    let needs_name = site.is_some();
    let in_directory = OptionFuture::from(directory.map(|directory| read_tenant(rules, directory, needs_name, call.clone())));
    let in_site = OptionFuture::from(site.map(|site| site.snapshot(call.clone())));
    let (directory, site) = join(in_directory, in_site).await;
    let (directory, unusable_token) = match directory {
        None => (None, None),
        Some(Ok(directory)) => (Some(directory), None),
        Some(Err(Unread::UnusableToken(token))) => (None, Some(*token)),
        Some(Err(Unread::Failed(error))) => return Err(ReadError::Directory(error)),
    };
    Ok(Snapshot {
        directory,
        site: site.transpose().map_err(ReadError::Site)?,
        unusable_token,
    })
}

async fn read_tenant(rules: &Rules<'_>, directory: &dyn Directory, needs_name: bool, call: Call) -> Result<TenantSnapshot, Unread> {
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
    let client_app = spec.client_app();
    let client_key = client_app.is_registered_here().then(|| match client_app.client_id() {
        None => ApplicationKey::UniqueName(names.client.clone()),
        Some(id) => ApplicationKey::ApplicationId(id),
    });
    let unique_names = [names.server, names.client];
    let is_own_server =
        |app: &Application| spec.server_app().is_created() && app.properties.unique_name.as_deref() == Some(unique_names[0].as_str());

    let roles_in_token = held_in_token(&signed_in);
    // The most that any plan for this specification takes; preflight compares with what its own plan takes.
    let most: &[Use] = match spec.discovery() {
        Some(_) => &[Use::GrantPermission, Use::AssignRole],
        None => &[Use::GrantPermission],
    };
    let token_suffices = role_gap(&roles_in_token, most).is_none();
    let asks_for_roles = !signed_in.is_application && !token_suffices;
    let roles = OptionFuture::from(asks_for_roles.then(|| directory.held_roles(call.clone(), &RELEVANT_ROLES)));
    let policy = OptionFuture::from(may(Use::ReadPolicy, &signed_in).then(|| directory.app_management_policy(call.clone())));
    let reads_access = may(Use::ReadConditionalAccess, &signed_in);
    let conditional_access = OptionFuture::from(reads_access.then(|| directory.conditional_access_policies(call.clone())));
    // A token that names no tenant costs one more round: the default App ID URI contains the tenant's id.
    let tenant_known = expected_tenant.or(signed_in.tenant_id);
    let early_uri = wanted_uri(spec, tenant_known);
    let uri_owner = OptionFuture::from(
        early_uri
            .as_ref()
            .map(|uri| directory.application_with_uri(call.clone(), uri.as_str())),
    );
    let client = OptionFuture::from(client_key.as_ref().map(|key| directory.application(call.clone(), key)));

    // An app that is there already needs no name, and a deleted one cannot hold it.
    let creates = spec.server_app().is_created() || spec.client_app().is_created();
    let deleted = OptionFuture::from(creates.then(|| directory.deleted_applications(call.clone(), &unique_names)));

    let objects = join3(directory.application(call.clone(), &server_key), client, deleted);
    let surroundings = join3(
        directory.tenant(call.clone()),
        directory.service_principal(call.clone(), MICROSOFT_GRAPH),
        uri_owner,
    );
    let optional = join3(roles, policy, conditional_access);
    let (objects, surroundings, (roles, policy, conditional_access)) = join3(objects, surroundings, optional).await;
    let (server, client) = (objects.0?, objects.1.transpose()?.flatten());
    let deleted = none_if_denied(objects.2.unwrap_or_else(|| Ok(Vec::new())))?;
    let (tenant, tenant_name_unread) = match surroundings.0 {
        Ok(tenant) => (tenant, false),
        Err(error) => (without_name(&signed_in, needs_name, error)?, true),
    };
    let graph = surroundings.1?;
    let (uri, uri_owner) = match surroundings.2 {
        Some(owner) => (early_uri, owner?),
        None => match (adopted_uri(spec, server.as_ref()), late_uri(spec, tenant.id, server.as_ref())) {
            (Some(uri), _) => (Some(uri), server.clone()),
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
    let wants_roles = principal_id(&server).filter(|_| spec.discovery().is_some());
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
    wanted_uri(spec, Some(tenant)).or_else(|| is_adopted.then(|| AppIdUri::default_of(tenant)))
}

/// The App ID URI that an adopted app keeps: the first one it has.
fn adopted_uri(spec: &ConnectionSpec, server: Option<&Application>) -> Option<AppIdUri> {
    let uris = server
        .filter(|_| spec.server_app().is_adopted())?
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
