//! Reads tenant and site side by side, in as few rounds as possible.

use futures_util::future::{OptionFuture, join, join3, join4};
use time::OffsetDateTime;

use crate::{
    call::Call,
    connection::{
        check::{
            directory::check_claims,
            rules::{Consents, Rules},
            verify::secret::try_out,
        },
        read::{
            granted::granted_to,
            roles::{RELEVANT_ROLES, held_in_token, role_gap},
            snapshot::{RegisteredApp, Snapshot, TenantSnapshot, Unread, needs_directory},
        },
        report::{read_error::ReadError, step::AppRole},
    },
    directory::{Application, ApplicationKey, Directory, ServicePrincipal, SignedIn, Tenant},
    error::{DirectoryError, RefusalReason},
    ids::{ApplicationId, TenantId, well_known::MICROSOFT_GRAPH},
    permissions::Use,
    site::Site,
    spec::{AppIdUri, ConnectionSpec},
    token::SecretProbe,
};

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
    let needs_name = site.is_some() && !rules.updates_settings();
    let in_directory = OptionFuture::from(directory.map(|directory| read_tenant(rules, directory, needs_name, call.clone())));
    let in_site = OptionFuture::from(site.map(|site| site.snapshot(call.clone())));
    let imported = spec.server_app().imported().filter(|_| !rules.updates_settings());
    let tried = OptionFuture::from(probe.zip(imported).map(|(probe, app)| try_out(probe, app, spec.discovers())));
    let (directory, site, tried) = join3(in_directory, in_site, tried).await;
    let (directory, unread) = match directory {
        None => (None, None),
        Some(Ok(directory)) => (Some(directory), None),
        // Importing and reusing need no directory: what it would have told is unknown then.
        Some(Err(Unread::Failed(error))) if rules.needs_directory() => return Err(ReadError::Directory(error)),
        Some(Err(unread)) => (None, Some(unread)),
    };
    Ok(Snapshot {
        read_at: now,
        directory,
        unread,
        tried,
        site: site.transpose().map_err(ReadError::Site)?,
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
        let signed_in = Box::new(signed_in);
        return Err(Unread::UnusableToken { signed_in, findings });
    }
    let names = rules.unique_names();
    let server_key = match spec.server_app().client_id() {
        None => ApplicationKey::UniqueName(names.server.clone()),
        Some(id) => ApplicationKey::ApplicationId(id),
    };
    let client_key = match spec.client_app().client_id() {
        None => ApplicationKey::UniqueName(names.client.clone()),
        Some(id) => ApplicationKey::ApplicationId(id),
    };
    // An update of settings asks for nothing that has to do with registering.
    let registers = !rules.updates_settings();
    let writes = needs_directory(spec) && registers;
    let unique_names = [names.server, names.client];
    let is_own_server =
        |app: &Application| spec.server_app().is_created() && app.properties.unique_name.as_deref() == Some(unique_names[0].as_str());

    let roles_in_token = held_in_token(&signed_in);
    // The most that any plan for this specification takes; preflight compares with what its own plan takes.
    let grants = writes.then_some(Use::GrantPermission);
    let most: Vec<Use> = grants
        .into_iter()
        .chain(rules.may_assign_role().then_some(Use::AssignRole))
        .collect();
    let token_suffices = role_gap(&roles_in_token, &most).is_none();
    let asks_for_roles = rules.may_write && !most.is_empty() && !signed_in.is_application && !token_suffices;
    let roles = OptionFuture::from(asks_for_roles.then(|| directory.held_roles(call.clone(), &RELEVANT_ROLES)));
    let asks_for_policy = rules.may_write && writes && may(Use::ReadPolicy, &signed_in);
    let policy = OptionFuture::from(asks_for_policy.then(|| directory.app_management_policy(call.clone())));
    let reads_access = rules.may_write && registers && may(Use::ReadConditionalAccess, &signed_in);
    let conditional_access = OptionFuture::from(reads_access.then(|| directory.conditional_access_policies(call.clone())));
    let group_names = rules.group_names();
    let reads_groups = !group_names.is_empty() && may(Use::ReadGroups, &signed_in);
    let groups = OptionFuture::from(reads_groups.then(|| directory.groups_by_name(call.clone(), group_names)));
    // A token that names no tenant costs one more round: the default App ID URI contains the tenant's id.
    let tenant_known = expected_tenant.or(signed_in.tenant_id);
    // One that contains the app's own id is told once it is known whether the app is there.
    let [is_server_made, is_client_made] = [AppRole::Server, AppRole::Client].map(|app| rules.being_made.contains(&app));
    let early_uri = wanted_uri(spec, tenant_known).filter(|uri| registers && !uri.has_placeholders() && !is_server_made);
    let uri_owner = OptionFuture::from(
        early_uri
            .as_ref()
            .map(|uri| directory.application_with_uri(call.clone(), uri.as_str())),
    );
    let graph = OptionFuture::from((!most.is_empty()).then(|| directory.service_principal(call.clone(), MICROSOFT_GRAPH)));

    // An app that is there already needs no name, and a deleted one cannot hold it.
    let creates = (spec.server_app().is_created() && !is_server_made) || (spec.client_app().is_created() && !is_client_made);
    let creates = creates && registers && rules.may_write;
    let deleted = OptionFuture::from(creates.then(|| directory.deleted_applications(call.clone(), &unique_names)));

    let objects = join3(
        OptionFuture::from((!is_server_made).then(|| directory.application(call.clone(), &server_key))),
        OptionFuture::from((!is_client_made).then(|| directory.application(call.clone(), &client_key))),
        deleted,
    );
    let surroundings = join3(directory.tenant(call.clone()), graph, uri_owner);
    let optional = join4(roles, policy, conditional_access, groups);
    let (objects, surroundings, (roles, policy, conditional_access, groups)) = join3(objects, surroundings, optional).await;
    let (server, client) = (objects.0.transpose()?.flatten(), objects.1.transpose()?.flatten());
    let deleted = none_if_denied(objects.2.unwrap_or_else(|| Ok(Vec::new())))?;
    let (tenant, tenant_name_unread) = match surroundings.0 {
        Ok(tenant) => (tenant, false),
        Err(error) => (without_name(&signed_in, needs_name, error)?, true),
    };
    let graph = surroundings.1.transpose()?.flatten();
    let (uri, uri_owner) = match surroundings.2 {
        Some(owner) => (early_uri, owner?),
        None if !registers => (None, None),
        None => match (adopted_uri(spec, server.as_ref()), late_uri(spec, tenant.id, server.as_ref())) {
            (Some(uri), _) => (Some(uri), server.clone()),
            (None, Some(uri)) if uri.has_placeholders() || is_server_made => (Some(uri), None),
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
    let absent = [(&server_key, &server), (&client_key, &client)]
        .into_iter()
        .filter_map(|(key, found)| match key {
            ApplicationKey::ApplicationId(id) if found.is_none() => Some(*id),
            _ => None,
        });
    let absent: Vec<ApplicationId> = absent.collect();
    // Only if an app is not there that must be: a plan without it is blocked, and this tells why.
    let deleted_principals = OptionFuture::from((!absent.is_empty()).then(|| directory.deleted_service_principals(call.clone(), &absent)));
    let (server_principal, client_principal, deleted_principals) =
        join3(principal_of(server.as_ref()), principal_of(client.as_ref()), deleted_principals).await;
    let deleted_principals = none_if_denied(deleted_principals.unwrap_or_else(|| Ok(Vec::new())))?;
    let deleted_apps = deleted_principals.into_iter().flatten().map(|principal| principal.app_id).collect();
    let server = with_principal(server, server_principal)?;
    let client = with_principal(client, client_principal)?;

    let principal_id = |app: &Option<RegisteredApp>| Some(app.as_ref()?.service_principal.as_ref()?.id);
    let grants = OptionFuture::from(
        principal_id(&client)
            .filter(|_| registers)
            .map(|id| directory.permission_grants(call.clone(), id)),
    );
    let wants_roles = principal_id(&server).filter(|_| spec.discovers() || rules.may_assign_role());
    let assignments = OptionFuture::from(wants_roles.map(|id| directory.role_assignments(call.clone(), id)));
    let (grants, assignments) = join(grants, assignments).await;
    let (grants, assignments) = match rules.consents {
        Consents::Grant if registers => (Some(grants.transpose()?), Some(assignments.transpose()?)),
        // A caller that leaves the consents to another administrator may not be allowed to see them, either. Settings are
        // updated without seeing them, as long as none is given.
        Consents::Grant | Consents::LeaveToAdministrator => (seen(grants)?, seen(assignments)?),
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
        groups: groups.and_then(Result::ok),
        clock_lead: directory.clock_lead(),
        server,
        client,
        uri,
        uri_owner,
        deleted,
        deleted_apps,
        restores: directory.restores_applications(),
        graph,
        grants_unread: grants.is_none(),
        roles_unread: assignments.is_none(),
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
