//! From specification and findings to work: a pure function, and the heart of planning.

use crate::connection::{
    check::directory::Rules,
    check::site::tenant_of,
    plan::decide_apps::{SecretsAsked, decide_client, decide_server, plan_completion, plan_service_principals},
    plan::decide_site::{decide_site, plan_site},
    plan::planned::{PlannedAction, PlannedStep},
    plan::registration::{USER_IMPERSONATION, UniqueNames, offered_scope, scope_id},
    plan::work::{ClientWork, ConsentWork, DirectoryWork, SecretWish, ServerWork, Work, client_app_id, grant_work, server_app_id},
    read::snapshot::{Found, FoundDirectory},
    report::step::Step,
};
use crate::{
    ids::{PermissionId, ServicePrincipalId, TenantId, well_known::DIRECTORY_READ_ALL_ROLE},
    spec::{AppIdUri, ConnectionSpec, ServerApp},
};

/// Decides what is to be done. `None` where the tenant cannot be told, which a finding has reported.
pub(crate) fn decide(rules: &Rules<'_>, found: &Found, wish: SecretWish) -> Option<(Work, Vec<PlannedStep>)> {
    let (spec, now) = (rules.spec, rules.now);
    let tenant_id = tenant_of(spec, found)?;
    let directory = found.directory.as_ref();
    let mut steps = Vec::new();
    let names = UniqueNames::of(spec.key());
    let scope = scope_of(spec, directory, tenant_id, &names);
    let app_id_uri = uri_of(spec, found);
    let site_identity = rules.site_identity(found).cloned();
    let secrets = SecretsAsked {
        wish,
        site: site_identity.as_ref(),
        now,
    };
    let server = decide_server(spec, found, &names, scope, app_id_uri.as_ref(), &secrets, &mut steps);
    let client = decide_client(spec, directory, &names, &mut steps);
    plan_service_principals(&server, &client, &mut steps);
    if let ClientWork::Register(app) = &client {
        steps.push(plan_completion(app, server_app_id(&server), scope));
    }
    let directory_work = directory.map(|directory| decide_consents(spec, directory, &server, &client, scope, &mut steps));
    let site = found.site.as_ref().map(|site| {
        let work = decide_site(spec, site, tenant_id, server_app_id(&server), client_app_id(&client));
        plan_site(spec, site, tenant_id, &work, &mut steps);
        work
    });
    steps.sort_by_key(|planned| planned.step);
    let work = Work {
        name: spec.name().to_owned(),
        description: spec.description().map(str::to_owned),
        environment: spec.environment(),
        tenant_id,
        tenant_name: tenant_name(spec, found, tenant_id),
        app_id_uri,
        server,
        client,
        directory: directory_work,
        site,
        site_identity,
        discovery: spec.discovery().cloned(),
    };
    Some((work, steps))
}

fn tenant_name(spec: &ConnectionSpec, found: &Found, tenant: TenantId) -> String {
    if let ServerApp::Import(app) = spec.server_app() {
        return app.tenant_name().to_owned();
    }
    if let Some(directory) = &found.directory {
        return directory.tenant.site_name().to_owned();
    }
    let row = found.site.as_ref().and_then(|site| site.tenant(tenant));
    row.map_or_else(|| tenant.to_string(), |row| row.name.clone())
}

fn uri_of(spec: &ConnectionSpec, found: &Found) -> Option<AppIdUri> {
    match spec.server_app() {
        ServerApp::Create(_) | ServerApp::Adopt(_) => found.directory.as_ref()?.uri.clone(),
        ServerApp::Import(app) => Some(app.app_id_uri().clone()),
        ServerApp::Reuse(app) => found
            .site
            .as_ref()?
            .application(app.client_id())?
            .identifier_uri
            .as_ref()?
            .parse()
            .ok(),
    }
}

fn scope_of(spec: &ConnectionSpec, directory: Option<&FoundDirectory>, tenant: TenantId, names: &UniqueNames) -> PermissionId {
    let offered = directory
        .and_then(|directory| directory.server.as_ref())
        .and_then(|app| offered_scope(&app.application));
    match spec.server_app() {
        ServerApp::Create(_) | ServerApp::Adopt(_) => offered.unwrap_or_else(|| scope_id(tenant, &names.server)),
        // Where it offers none, a finding has said so, and nothing is planned that would use this.
        ServerApp::Import(_) | ServerApp::Reuse(_) => offered.unwrap_or_else(|| scope_id(tenant, "")),
    }
}

fn decide_consents(
    spec: &ConnectionSpec,
    directory: &FoundDirectory,
    server: &ServerWork,
    client: &ClientWork,
    scope: PermissionId,
    steps: &mut Vec<PlannedStep>,
) -> DirectoryWork {
    let graph = directory.graph.as_ref().map(|principal| principal.id);
    let server_principal = directory
        .server
        .as_ref()
        .and_then(|app| app.service_principal.as_ref())
        .map(|principal| principal.id);
    let registers_client = matches!(client, ClientWork::Register(_));
    let consent = |resource: Option<ServicePrincipalId>, scope: &str| {
        if registers_client {
            grant_work(&directory.client_grants, resource, scope)
        } else {
            ConsentWork::NotWanted
        }
    };
    let consent_server = consent(server_principal, USER_IMPERSONATION);
    let consent_user_read = consent(graph, "User.Read");
    let wants_directory_read = spec.discovery().is_some() && matches!(server, ServerWork::Register { .. });
    let is_assigned = directory
        .server_roles
        .iter()
        .any(|assignment| assignment.app_role_id == DIRECTORY_READ_ALL_ROLE && Some(assignment.resource_id) == graph);
    let consent_directory_read = match (wants_directory_read, is_assigned) {
        (false, _) => ConsentWork::NotWanted,
        (true, true) => ConsentWork::InPlace,
        (true, false) => ConsentWork::Create,
    };
    for (step, consent) in [
        (Step::ConsentServerApp, &consent_server),
        (Step::ConsentUserRead, &consent_user_read),
        (Step::ConsentDirectoryRead, &consent_directory_read),
    ] {
        let action = match consent {
            ConsentWork::NotWanted => continue,
            ConsentWork::InPlace => PlannedAction::Keep,
            ConsentWork::Extend(..) => PlannedAction::Update,
            ConsentWork::Create => PlannedAction::Create,
        };
        steps.push(PlannedStep::new(step, action));
    }
    DirectoryWork {
        scope,
        graph,
        outside_server: if matches!(server, ServerWork::Register { .. }) {
            None
        } else {
            directory.server.clone()
        },
        consent_server,
        consent_user_read,
        consent_directory_read,
    }
}
