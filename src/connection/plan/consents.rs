//! What becomes of the admin consents.

use crate::{
    connection::{
        check::{
            apps,
            rights::is_known_to_hold,
            rules::{Consents, Rules},
        },
        plan::{
            change::Change,
            operation::{Operation, PlannedAction, Reference},
            registration::USER_IMPERSONATION,
            target::Target,
        },
        read::snapshot::{Snapshot, TenantSnapshot},
        report::{
            finding::{Finding, FindingCode},
            step::{AppRole, Step},
        },
    },
    directory::PermissionGrant,
    ids::{ServicePrincipalId, well_known::DIRECTORY_READ_ALL_ROLE},
    permissions::Use,
};

/// The delegated permission by which the client app signs users in.
pub(crate) const USER_READ: &str = "User.Read";

/// The application permission that discovery needs.
pub(crate) const DIRECTORY_READ_ALL: &str = "Directory.Read.All";

/// The consents that are left to another administrator and are missing, or could not be read: one finding for each app.
pub(crate) fn open_consents(rules: &Rules<'_>, snapshot: &Snapshot, target: &Target) -> Vec<Finding> {
    let (Some(directory), Consents::LeaveToAdministrator) = (&snapshot.directory, rules.consents) else {
        return Vec::new();
    };
    let of_client = (rules.only != Some(AppRole::Server)).then(|| client_consents(target, snapshot));
    let of_server = (rules.only != Some(AppRole::Client)).then(|| server_consents(target, snapshot));
    let apps = [
        (apps::CLIENT, of_client, snapshot.client_principal()),
        (apps::SERVER, of_server, snapshot.server_principal()),
    ];
    let finding = |(app, changes, principal): (&str, Option<Vec<Change>>, Option<ServicePrincipalId>)| {
        let missing = changes.into_iter().flatten().filter(|change| change.action != PlannedAction::Keep);
        let permissions: Vec<&str> = missing.filter_map(|change| permission_of(change.step)).collect();
        let is_unread = principal.is_some()
            && match app {
                apps::CLIENT => directory.grants_unread,
                _ => directory.roles_unread,
            };
        let code = match is_unread {
            true => FindingCode::ConsentUnread,
            false => FindingCode::ConsentLeftOpen,
        };
        (!permissions.is_empty()).then(|| Finding::warning(code).with("app", app).with("permissions", permissions))
    };
    apps.into_iter().filter_map(finding).collect()
}

/// The permission that a step consents to.
const fn permission_of(step: Step) -> Option<&'static str> {
    match step {
        Step::ConsentServerApp => Some(USER_IMPERSONATION),
        Step::ConsentUserRead => Some(USER_READ),
        Step::ConsentDirectoryRead => Some(DIRECTORY_READ_ALL),
        _ => None,
    }
}

/// The consents to the client app's permissions. Nothing if this crate does not write the client app.
pub(crate) fn client_consents(target: &Target, snapshot: &Snapshot) -> Vec<Change> {
    let (Some(_), Some(directory)) = (&target.client.shape, &snapshot.directory) else {
        return Vec::new();
    };
    let found = |app: Option<ServicePrincipalId>, maker, is_written: bool| match app {
        None if !is_written => Reference::Missing,
        app => Reference::to(app, maker),
    };
    let client = found(snapshot.client_principal(), Step::ClientServicePrincipal, true);
    let server = found(
        snapshot.server_principal(),
        Step::ServerServicePrincipal,
        target.server.shape.is_some(),
    );
    let grants = &directory.client_grants;
    vec![
        grant(Step::ConsentServerApp, grants, client, server, USER_IMPERSONATION),
        grant(Step::ConsentUserRead, grants, client, graph(directory), USER_READ),
    ]
}

/// The consent to the server app's permission, which discovery needs. Nothing if this crate does not write
/// the server app.
pub(crate) fn server_consents(target: &Target, snapshot: &Snapshot) -> Vec<Change> {
    let (Some(_), Some(directory), true) = (&target.server.shape, &snapshot.directory, target.discovers) else {
        return Vec::new();
    };
    let principal = Reference::to(snapshot.server_principal(), Step::ServerServicePrincipal);
    vec![role(directory, principal, graph(directory))]
}

/// The same of a server app that this crate does not write, if it is missing and the caller is known to be allowed to give
/// it. If not, a finding tells it, and nothing is in the way.
pub(crate) fn consent_for_another(rules: &Rules<'_>, snapshot: &Snapshot) -> Option<Change> {
    let directory = snapshot.directory.as_ref().filter(|_| rules.may_consent_for_others())?;
    // An id that is registered in the tenant that is signed in to may still belong to another one in the site.
    let is_of_tenant = snapshot.tenant_of(rules.spec) == Some(directory.tenant.id);
    let change = directory_read(snapshot, directory).filter(|change| change.action != PlannedAction::Keep)?;
    (is_of_tenant && is_known_to_hold(directory, &[Use::AssignRole])).then_some(change)
}

/// The consent by which a server app that is registered reads the directory, of this crate or of other people. `None` if it cannot be
/// told whether it is there, or what it is given to.
pub(crate) fn directory_read(snapshot: &Snapshot, directory: &TenantSnapshot) -> Option<Change> {
    let principal = Reference::Known(snapshot.server_principal().filter(|_| !directory.roles_unread)?);
    let resource = Some(graph(directory)).filter(|graph| *graph != Reference::Missing)?;
    Some(role(directory, principal, resource))
}

fn role(directory: &TenantSnapshot, principal: Reference<ServicePrincipalId>, resource: Reference<ServicePrincipalId>) -> Change {
    let step = Step::ConsentDirectoryRead;
    let held = directory
        .server_roles
        .iter()
        .find(|held| held.app_role_id == DIRECTORY_READ_ALL_ROLE && Reference::Known(held.resource_id) == resource);
    match held {
        Some(held) => Change::keep(step, None, Some(&held.id)),
        None => Change::new(
            step,
            Operation::AssignRole {
                principal,
                resource,
                role: DIRECTORY_READ_ALL_ROLE,
            },
        ),
    }
}

fn graph(directory: &TenantSnapshot) -> Reference<ServicePrincipalId> {
    let principal = directory.graph.as_ref();
    principal.map_or(Reference::Missing, |principal| Reference::Known(principal.id))
}

/// One grant holds all permissions for one resource, so a grant that is there is extended.
fn grant(
    step: Step,
    grants: &[PermissionGrant],
    client: Reference<ServicePrincipalId>,
    resource: Reference<ServicePrincipalId>,
    scope: &str,
) -> Change {
    let scope = scope.to_owned();
    let held = grants
        .iter()
        .find(|grant| grant.is_tenant_wide() && Reference::Known(grant.resource_id) == resource);
    match held {
        None => Change::new(step, Operation::CreateGrant { client, resource, scope }),
        Some(held) if held.covers(&scope) => Change::keep(step, None, Some(&held.id)),
        Some(held) => {
            let grant = held.id.clone();
            let operation = Operation::ExtendGrant {
                grant,
                client,
                resource,
                scope,
                held: held.scope.clone(),
            };
            Change::new(step, operation)
        }
    }
}
