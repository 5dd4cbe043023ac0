//! What happens to the two app registrations and to the server app's secret.

use time::OffsetDateTime;

use crate::connection::{
    plan::difference::{PropertyChange, difference},
    plan::document::SECRET_DETAIL,
    plan::own_secret::{OwnSecret, never_held, superseded},
    plan::planned::{PlannedAction, PlannedStep},
    plan::registration::{ServerShape, USER_IMPERSONATION, UniqueNames, client_shape, complete_client_shape, server_shape},
    plan::work::{AppWork, ClientWork, SecretWish, SecretWork, ServerWork},
    read::snapshot::{Found, FoundDirectory},
    report::step::Step,
};
use crate::{
    ids::{ApplicationId, KeyId, PermissionId},
    site::{SiteIdentity, SiteSnapshot},
    spec::{AppIdUri, ClientApp, ConnectionSpec, SecretValidity, ServerApp},
};

/// What deciding about the server app's secret goes by, besides what was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecretsAsked<'a> {
    pub(crate) wish: SecretWish,
    pub(crate) site: Option<&'a SiteIdentity>,
    pub(crate) now: OffsetDateTime,
}

pub(crate) fn decide_server(
    spec: &ConnectionSpec,
    found: &Found,
    names: &UniqueNames,
    scope: PermissionId,
    uri: Option<&AppIdUri>,
    secrets: &SecretsAsked<'_>,
    steps: &mut Vec<PlannedStep>,
) -> ServerWork {
    let existing = found.directory.as_ref().and_then(|directory| directory.server.clone());
    let (wanted, validity) = match spec.server_app() {
        ServerApp::Create(server) => (ServerShape::of(server, &names.server), server.secret_validity()),
        ServerApp::Adopt(server) => (
            ServerShape::adopted(existing.as_ref().map(|found| &found.application)),
            server.secret_validity(),
        ),
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
    let secret = decide_secret(&app, found.site.as_ref(), validity, secrets);
    let expires = validity.end_after(secrets.now).date();
    let mut planned = plan_app(Step::RegisterServerApp, &app, &name);
    if app.found.is_none() {
        planned = planned
            .with("Home page URL", home_page.unwrap_or_default())
            .with("App ID URI", uri.map_or("", AppIdUri::as_str))
            .with("Redirect URI (Web)", "http://localhost")
            .with("Device tokens", "allowed")
            .with("Permission offered", USER_IMPERSONATION)
            .with(SECRET_DETAIL, format!("valid to {expires}"));
    }
    steps.push(planned);
    plan_secret(&secret, expires, steps);
    ServerWork::Register {
        app: Box::new(app),
        secret,
    }
}

fn plan_secret(secret: &SecretWork, expires: time::Date, steps: &mut Vec<PlannedStep>) {
    let issue = |action| PlannedStep::new(Step::IssueSecret, action);
    let valid = format!("valid to {expires}");
    let retired: &[KeyId] = match secret {
        SecretWork::WithApp(_) => {
            steps.push(issue(PlannedAction::Create).with(SECRET_DETAIL, valid).if_needed());
            &[]
        }
        SecretWork::Add { unused, .. } => {
            steps.push(issue(PlannedAction::Create).with(SECRET_DETAIL, valid));
            unused
        }
        SecretWork::Keep { unused } => {
            steps.push(issue(PlannedAction::Keep));
            if unused.is_empty() {
                return;
            }
            unused
        }
    };
    let retire = PlannedStep::new(Step::RetireSecrets, PlannedAction::Remove);
    if retired.is_empty() {
        steps.push(retire.if_needed());
        return;
    }
    let retire = retired.iter().fold(retire, |retire, key| retire.with("Secret ID", key));
    steps.push(retire);
}

/// A secret that was issued for this site, while this site does not know the app, reached nobody: it is lost. One that
/// was issued for another site, or for one that is not known, may be in use there and stays.
fn decide_secret(app: &AppWork, site: Option<&SiteSnapshot>, validity: SecretValidity, asked: &SecretsAsked<'_>) -> SecretWork {
    let Some(found) = &app.found else {
        return SecretWork::WithApp(validity);
    };
    let known = OwnSecret::all_of(&found.application);
    let Some(site) = site else {
        let unused = if asked.wish.remove_superseded {
            superseded(&known)
        } else {
            Vec::new()
        };
        return if known.is_empty() || asked.wish.reissue {
            SecretWork::Add { validity, known, unused }
        } else {
            SecretWork::Keep { unused }
        };
    };
    match site.application(found.application.app_id) {
        Some(row) => SecretWork::Keep {
            unused: never_held(&found.application, row, asked.site),
        },
        None => {
            let lost = known.iter().filter(|secret| secret.is_for(asked.site));
            let unused = lost.map(|secret| secret.key_id).collect();
            SecretWork::Add { validity, known, unused }
        }
    }
}

pub(crate) fn decide_client(
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
        planned = PlannedStep::new(Step::RegisterClientApp, PlannedAction::Keep).with("Name", &name);
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
        PlannedAction::Keep
    } else {
        PlannedAction::Update
    }
}

pub(crate) fn plan_service_principals(server: &ServerWork, client: &ClientWork, steps: &mut Vec<PlannedStep>) {
    let plan = |step, app: &AppWork| {
        let exists = app.found.as_ref().is_some_and(|found| found.service_principal.is_some());
        PlannedStep::new(step, if exists { PlannedAction::Keep } else { PlannedAction::Create })
    };
    if let ServerWork::Register { app, .. } = server {
        steps.push(plan(Step::ServerServicePrincipal, app));
    }
    if let ClientWork::Register(app) = client {
        steps.push(plan(Step::ClientServicePrincipal, app));
    }
}

pub(crate) fn plan_completion(app: &AppWork, server: Option<ApplicationId>, scope: PermissionId) -> PlannedStep {
    let step = Step::CompleteClientApp;
    if let (Some(found), Some(server)) = (&app.found, server) {
        let mut shape = app.shape.clone();
        complete_client_shape(&mut shape, found.application.app_id, server, scope);
        let (_, changes) = difference(&found.application.properties, &shape);
        return PlannedStep::new(step, action_for(&changes)).changing(changes);
    }
    let action = if app.found.is_some() {
        PlannedAction::Update
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
