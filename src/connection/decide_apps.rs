//! What happens to the two app registrations and to the server app's secret.

use time::OffsetDateTime;

use super::{
    difference::{PropertyChange, difference},
    found::{Found, FoundDirectory},
    plan::{PlannedAction, PlannedStep},
    registration::{ServerShape, USER_IMPERSONATION, UniqueNames, client_shape, complete_client_shape, own_secrets, server_shape},
    step::Step,
    work::{AppWork, ClientWork, OWN_SECRETS_APART, OwnSecret, SecretWish, SecretWork, ServerWork},
};
use crate::{
    ids::{ApplicationId, KeyId, PermissionId},
    site::SiteSnapshot,
    spec::{AppIdUri, ClientApp, ConnectionSpec, SecretValidity, ServerApp},
};

#[expect(clippy::too_many_arguments, reason = "a private step of one decision")]
pub(crate) fn decide_server(
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

pub(crate) fn plan_service_principals(server: &ServerWork, client: &ClientWork, steps: &mut Vec<PlannedStep>) {
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

pub(crate) fn plan_completion(app: &AppWork, server: Option<ApplicationId>, scope: PermissionId) -> PlannedStep {
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
