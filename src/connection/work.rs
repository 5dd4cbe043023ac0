//! From specification and findings to work: a pure function, and the heart of planning.

use time::{Duration, OffsetDateTime};

use super::{
    check_site::{tenant_of, uses_server},
    found::{Found, FoundApp, FoundDirectory},
    plan::{PlannedAction, PlannedStep},
    registration::{
        PropertyChange, ServerShape, USER_IMPERSONATION, UniqueNames, client_shape, complete_client_shape, difference, offered_scope,
        own_secrets, scope_id, server_shape,
    },
    step::Step,
};
use crate::{
    cloud::CloudEnvironment,
    directory::{ApplicationProperties, PasswordCredential, PermissionGrant},
    ids::{ApplicationId, KeyId, PermissionGrantId, PermissionId, ServicePrincipalId, TenantId, well_known::DIRECTORY_READ_ALL_ROLE},
    site::{SiteConnection, SiteDiscovery, SiteSnapshot},
    spec::{AppIdUri, ClientApp, ConnectionSpec, DiscoverySpec, ImportedServerApp, SecretValidity, ServerApp},
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
    /// The app is there, and its secret is lost or missing: a new one is made, and the lost ones are removed once the
    /// new one is handed over.
    Add { validity: SecretValidity, lost: Vec<OwnSecret> },
    /// The one that is in use stays; what an earlier run has left beside it is removed.
    Keep { leftover: Vec<KeyId> },
}

/// A secret that this crate has made, without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OwnSecret {
    pub(crate) key_id: KeyId,
    pub(crate) ends: Option<OffsetDateTime>,
}

impl From<&PasswordCredential> for OwnSecret {
    fn from(password: &PasswordCredential) -> Self {
        Self {
            key_id: password.key_id,
            ends: password.end_date_time,
        }
    }
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

/// How far apart the ends of two own secrets of one app are, so that the site's expiry date tells which one it uses.
pub(crate) const OWN_SECRETS_APART: Duration = Duration::minutes(1);

/// How the caller wants a kept secret to be treated.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SecretWish {
    pub(crate) reissue: bool,
}

/// Decides what is to be done. `None` where the tenant cannot be told, which a finding has reported.
pub(crate) fn decide(spec: &ConnectionSpec, found: &Found, wish: SecretWish, now: OffsetDateTime) -> Option<(Work, Vec<PlannedStep>)> {
    let tenant_id = tenant_of(spec, found)?;
    let directory = found.directory.as_ref();
    let mut steps = Vec::new();
    let names = UniqueNames::of(spec.key());
    let scope = scope_of(spec, directory, tenant_id, &names);
    let app_id_uri = uri_of(spec, found);
    let server = decide_server(spec, found, &names, scope, app_id_uri.as_ref(), wish, now, &mut steps);
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

#[expect(clippy::too_many_arguments, reason = "a private step of one decision")]
fn decide_server(
    spec: &ConnectionSpec,
    found: &Found,
    names: &UniqueNames,
    scope: PermissionId,
    uri: Option<&AppIdUri>,
    wish: SecretWish,
    now: OffsetDateTime,
    steps: &mut Vec<PlannedStep>,
) -> ServerWork {
    let existing = found.directory.as_ref().and_then(|directory| directory.server.clone());
    let (wanted, validity) = match spec.server_app() {
        ServerApp::Create(server) => (ServerShape::of(server, &names.server), server.secret_validity()),
        ServerApp::Adopt(server) => (ServerShape::adopted(existing.as_ref()), server.secret_validity()),
        ServerApp::Import(app) => return ServerWork::Import(app.clone()),
        ServerApp::Reuse(app) => return ServerWork::Reuse(app.client_id()),
    };
    let (name, home_page) = (wanted.name.to_owned(), wanted.home_page_url.map(str::to_owned));
    let shape = uri.map(|uri| server_shape(&wanted, uri, scope, spec.discovery().is_some(), spec.issue_id_tokens()));
    let app = AppWork {
        unique_name: names.server.clone(),
        shape: shape.unwrap_or_default(),
        found: existing,
    };
    let secret = decide_secret(&app, found.site.as_ref(), validity, wish);
    let expires = validity.end_after(now).date();
    let mut planned = plan_app(Step::RegisterServerApp, &app, &name);
    if app.found.is_none() {
        planned = planned
            .with("Home page URL", home_page.unwrap_or_default())
            .with("App ID URI", uri.map_or("", AppIdUri::as_str))
            .with("Redirect URI (Web)", "http://localhost")
            .with("Device tokens", "allowed")
            .with("Permission offered", USER_IMPERSONATION)
            .with("Secret", format!("valid to {expires}"));
    }
    steps.push(planned);
    plan_secret(&secret, expires, steps);
    ServerWork::Register {
        app: Box::new(app),
        secret,
    }
}

fn plan_secret(secret: &SecretWork, expires: time::Date, steps: &mut Vec<PlannedStep>) {
    let retired = match secret {
        SecretWork::WithApp(_) => return,
        SecretWork::Add { lost, .. } => {
            let planned = PlannedStep::new(Step::IssueSecret, PlannedAction::Create);
            steps.push(planned.with("Secret", format!("valid to {expires}")));
            lost.len()
        }
        SecretWork::Keep { leftover } => {
            steps.push(PlannedStep::new(Step::IssueSecret, PlannedAction::Nothing));
            leftover.len()
        }
    };
    if retired > 0 {
        steps.push(PlannedStep::new(Step::RetireSecrets, PlannedAction::Mend).with("Secrets", retired));
    }
}

/// A secret whose text went to nobody is lost: where the site does not know the app, no one can be using it.
fn decide_secret(app: &AppWork, site: Option<&SiteSnapshot>, validity: SecretValidity, wish: SecretWish) -> SecretWork {
    let Some(found) = &app.found else {
        return SecretWork::WithApp(validity);
    };
    let own: Vec<OwnSecret> = own_secrets(&found.application).map(OwnSecret::from).collect();
    match site {
        Some(site) => match site.application(found.application.app_id) {
            Some(row) => SecretWork::Keep {
                leftover: leftover(&own, row.secret_expiry),
            },
            None => SecretWork::Add { validity, lost: own },
        },
        None if own.is_empty() || wish.reissue => SecretWork::Add { validity, lost: own },
        None => SecretWork::Keep { leftover: Vec::new() },
    }
}

/// The own secrets that the site does not use. It tells its secret's end, and every own secret of an app has another
/// one; where the end fits none or several of them, nothing is removed.
fn leftover(own: &[OwnSecret], in_use: Option<OffsetDateTime>) -> Vec<KeyId> {
    let fits = |secret: &&OwnSecret| match (secret.ends, in_use) {
        (Some(ends), Some(in_use)) => (ends - in_use).abs() < OWN_SECRETS_APART / 2,
        _ => false,
    };
    let used: Vec<KeyId> = own.iter().filter(fits).map(|secret| secret.key_id).collect();
    let [used] = used.as_slice() else {
        return Vec::new();
    };
    own.iter().map(|secret| secret.key_id).filter(|key| key != used).collect()
}

fn decide_client(
    spec: &ConnectionSpec,
    directory: Option<&FoundDirectory>,
    names: &UniqueNames,
    steps: &mut Vec<PlannedStep>,
) -> ClientWork {
    let existing = directory.and_then(|directory| directory.client.clone());
    let shape = match spec.client_app() {
        ClientApp::Create(client) => client_shape(Some(client.name()), Some(&names.client), spec.issue_id_tokens()),
        ClientApp::Adopt(_) => client_shape(None, None, spec.issue_id_tokens()),
        ClientApp::Import(app) => {
            return ClientWork::Import {
                name: app.name().to_owned(),
                client_id: app.client_id(),
            };
        }
        ClientApp::Reuse(app) => return ClientWork::Reuse(app.client_id()),
    };
    let app = AppWork {
        unique_name: names.client.clone(),
        shape,
        found: existing,
    };
    let name = app.name();
    let mut planned = plan_app(Step::RegisterClientApp, &app, &name);
    // What an existing client app lacks is mended in one request, when it is completed.
    if app.found.is_some() {
        planned = PlannedStep::new(Step::RegisterClientApp, PlannedAction::Nothing).with("Name", &name);
    } else {
        planned = planned.with("Public client flows", "allowed");
    }
    steps.push(planned);
    ClientWork::Register(Box::new(app))
}

fn plan_app(step: Step, app: &AppWork, name: &str) -> PlannedStep {
    let Some(found) = &app.found else {
        return PlannedStep::new(step, PlannedAction::Create).with("Name", name);
    };
    let (_, changes) = difference(&found.application.properties, &app.shape);
    PlannedStep::new(step, action_for(&changes)).with("Name", name).changing(changes)
}

const fn action_for(changes: &[PropertyChange]) -> PlannedAction {
    if changes.is_empty() {
        PlannedAction::Nothing
    } else {
        PlannedAction::Mend
    }
}

fn plan_service_principals(server: &ServerWork, client: &ClientWork, steps: &mut Vec<PlannedStep>) {
    let plan = |step, app: &AppWork| {
        let exists = app.found.as_ref().is_some_and(|found| found.service_principal.is_some());
        PlannedStep::new(step, if exists { PlannedAction::Nothing } else { PlannedAction::Create })
    };
    if let ServerWork::Register { app, .. } = server {
        steps.push(plan(Step::ServerServicePrincipal, app));
    }
    if let ClientWork::Register(app) = client {
        steps.push(plan(Step::ClientServicePrincipal, app));
    }
}

fn plan_completion(app: &AppWork, server: Option<ApplicationId>, scope: PermissionId) -> PlannedStep {
    let step = Step::CompleteClientApp;
    if let (Some(found), Some(server)) = (&app.found, server) {
        let mut shape = app.shape.clone();
        complete_client_shape(&mut shape, found.application.app_id, server, scope);
        let (_, changes) = difference(&found.application.properties, &shape);
        return PlannedStep::new(step, action_for(&changes)).changing(changes);
    }
    let action = if app.found.is_some() {
        PlannedAction::Mend
    } else {
        PlannedAction::Create
    };
    PlannedStep::new(step, action)
        .with(
            "Redirect URI (public client)",
            "ms-appx-web://Microsoft.AAD.BrokerPlugin/{its own client id}",
        )
        .with("Permissions", "user_impersonation of the server app, User.Read of Microsoft Graph")
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
            ConsentWork::InPlace => PlannedAction::Nothing,
            ConsentWork::Extend(..) => PlannedAction::Mend,
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

fn decide_site(
    spec: &ConnectionSpec,
    site: &SiteSnapshot,
    tenant: TenantId,
    server: Option<ApplicationId>,
    client: Option<ApplicationId>,
) -> SiteWork {
    let knows = |id: Option<ApplicationId>| id.is_some_and(|id| site.application(id).is_some());
    let (server_known, client_known) = (knows(server), knows(client));
    let connection = site
        .connections_of(tenant)
        .find(|connection| server.is_some_and(|server| uses_server(site, connection, server)));
    let in_place = connection
        .filter(|connection| {
            client_known && connection.description.as_deref().unwrap_or_default() == spec.description().unwrap_or_default()
        })
        .filter(|connection| discovery_is_in_place(connection, spec.discovery()));
    SiteWork {
        server_known,
        client_known,
        in_place: in_place.cloned(),
    }
}

fn discovery_is_in_place(connection: &SiteConnection, wanted: Option<&DiscoverySpec>) -> bool {
    let Some(wanted) = wanted else {
        return true;
    };
    let matches = |held: Option<&SiteDiscovery>, schedule: &Option<crate::spec::Schedule>, minutes: Option<u32>| {
        held.is_some_and(|held| {
            (schedule.is_none() || held.full_schedule == *schedule) && (minutes.is_none() || held.delta_minutes == minutes)
        })
    };
    let users = wanted
        .users()
        .is_none_or(|users| matches(connection.user_discovery.as_ref(), &users.full_schedule, users.delta_minutes));
    let groups = wanted.groups().is_none_or(|groups| {
        let held = connection.group_discovery.as_ref();
        let has_names = held.is_some_and(|held| groups.names.iter().all(|name| held.group_names.contains(name)));
        has_names && matches(held, &groups.full_schedule, groups.delta_minutes)
    });
    users && groups
}

fn plan_site(spec: &ConnectionSpec, site: &SiteSnapshot, tenant: TenantId, work: &SiteWork, steps: &mut Vec<PlannedStep>) {
    let action = |is_there: bool| if is_there { PlannedAction::Nothing } else { PlannedAction::Create };
    steps.push(PlannedStep::new(Step::ImportTenant, action(site.tenant(tenant).is_some())));
    steps.push(PlannedStep::new(Step::ImportServerApp, action(work.server_known)));
    steps.push(PlannedStep::new(Step::ImportClientApp, action(work.client_known)));
    let existing = site.connections_of(tenant).next();
    let (connection, discovery) = match (&work.in_place, existing) {
        (Some(_), _) => (PlannedAction::Nothing, PlannedAction::Nothing),
        (None, Some(existing)) => {
            let same_text = existing.description.as_deref().unwrap_or_default() == spec.description().unwrap_or_default();
            let discovers = discovery_is_in_place(existing, spec.discovery());
            (
                if same_text { PlannedAction::Nothing } else { PlannedAction::Mend },
                if discovers { PlannedAction::Nothing } else { PlannedAction::Mend },
            )
        }
        (None, None) => (PlannedAction::Create, PlannedAction::Create),
    };
    steps.push(PlannedStep::new(Step::CreateConnection, connection).with("Name", spec.name()));
    if let Some(wanted) = spec.discovery() {
        let mut planned = PlannedStep::new(Step::ConfigureDiscovery, discovery);
        if let Some(users) = wanted.users() {
            planned = planned.with("Users", settings(users.full_schedule.as_ref(), users.delta_minutes));
        }
        if let Some(groups) = wanted.groups() {
            planned = planned
                .with("Groups", groups.names.join(", "))
                .with("Group schedule", settings(groups.full_schedule.as_ref(), groups.delta_minutes));
        }
        steps.push(planned);
    }
}

fn settings(schedule: Option<&crate::spec::Schedule>, minutes: Option<u32>) -> String {
    let schedule = schedule.map_or_else(
        || "full discovery as the product sets it".to_owned(),
        |schedule| format!("full discovery {schedule}"),
    );
    let minutes = minutes.map_or_else(
        || "delta discovery as the product sets it".to_owned(),
        |minutes| format!("delta discovery every {minutes} minutes"),
    );
    format!("{schedule}, {minutes}")
}

/// The client id of the server app, where it is known before the run.
pub(crate) fn server_app_id(server: &ServerWork) -> Option<ApplicationId> {
    match server {
        ServerWork::Register { app, .. } => app.found.as_ref().map(|found| found.application.app_id),
        ServerWork::Import(app) => Some(app.client_id()),
        ServerWork::Reuse(id) => Some(*id),
    }
}

fn client_app_id(client: &ClientWork) -> Option<ApplicationId> {
    match client {
        ClientWork::Register(app) => app.found.as_ref().map(|found| found.application.app_id),
        ClientWork::Import { client_id, .. } | ClientWork::Reuse(client_id) => Some(*client_id),
    }
}
