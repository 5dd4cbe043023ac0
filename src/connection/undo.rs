//! The way back: removes what this specification has made, and nothing else.

use std::time::Duration;

use futures_util::future::{OptionFuture, join};
use serde::Serialize;

use super::{
    check_directory::Rules,
    check_site::{server_id, tenant_of, uses_server},
    emitter::Emitter,
    event::EventKind,
    found::{Found, FoundApp, where_allowed},
    own_secret::OwnSecret,
    registration::UniqueNames,
    report::StepAction,
    step::Step,
    wait::{Attempt, settle},
};
use crate::{
    backoff::WaitPolicy,
    directory::{DeletedApplication, Directory},
    error::{Diagnostic, DirectoryError, RefusalReason, chain},
    ids::{ApplicationId, ServicePrincipalId, TenantId},
    site::{Site, SiteApplication, SiteConnection, SiteRemoval, SiteSnapshot},
    spec::{ClientApp, ConnectionSpec, ServerApp},
};

/// How long is waited for a deleted service principal to show.
const PRINCIPAL_DEADLINE: Duration = Duration::from_secs(8);

/// What an undo has removed, and what it could not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UndoReport {
    /// What is gone, one line each.
    pub removed: Vec<String>,
    /// What stays although it was made for this connection, with the reason, one line each.
    pub left_behind: Vec<String>,
}

impl UndoReport {
    /// Whether there was nothing to remove.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.left_behind.is_empty()
    }

    /// Whether everything that was there is gone.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.left_behind.is_empty()
    }
}

/// Removes the connection first, then both apps side by side, for good, so that their unique names are free again.
pub(crate) async fn undo(
    rules: &Rules<'_>,
    found: &Found,
    directory: Option<&dyn Directory>,
    site: Option<&dyn Site>,
    policy: WaitPolicy,
    emitter: &Emitter<'_>,
) -> UndoReport {
    let spec = rules.spec;
    let mut report = UndoReport::default();
    let apps = own_apps(spec, found);
    let is_connected = match site {
        Some(site) => !remove_connection(spec, found, &apps, site, emitter, &mut report).await,
        None => false,
    };
    let Some(directory) = directory else {
        return report;
    };
    if let Some(site) = used_elsewhere(rules, found) {
        // A tenant has one pair of apps for a specification; removing it would end another site's gateway.
        let stays = |app: &OwnApp<'_>| format!("{}: it has a secret that was issued for another site ({site})", app.label());
        report.left_behind.extend(apps.iter().map(stays));
        return report;
    }
    if is_connected {
        // The connection would be left without its apps, and no later undo could tell whose it is.
        let stays = |app: &OwnApp<'_>| format!("{}: the connection stays, and it needs the app", app.label());
        report.left_behind.extend(apps.iter().map(stays));
        return report;
    }
    let [server, client] = [Step::RegisterServerApp, Step::RegisterClientApp].map(|step| {
        let app = apps.iter().find(|app| app.step == step);
        let attempt = Attempt {
            step,
            fresh: true,
            policy,
            emitter,
        };
        OptionFuture::from(app.map(|app| remove_app(directory, app, attempt)))
    });
    let (server, client) = join(server, client).await;
    for part in [server, client].into_iter().flatten() {
        report.removed.extend(part.removed);
        report.left_behind.extend(part.left_behind);
    }
    let Some(there) = &found.directory else {
        return report;
    };
    if let (ServerApp::Adopt(_), Some(server)) = (spec.server_app(), &there.server) {
        remove_own_secrets(directory, server, emitter, &mut report).await;
    }
    if let (ClientApp::Adopt(app), Some(_)) = (spec.client_app(), &there.client) {
        let kept = format!("adopted client app {}: what was mended on it, and its consents", app.client_id());
        report.left_behind.push(kept);
    }
    report
}

/// The other site that the server app has a secret for that is still valid, as far as the secrets' descriptions tell.
/// Without a site, each site that a secret names is another one: undo with that site, which tells that it is the same.
fn used_elsewhere(rules: &Rules<'_>, found: &Found) -> Option<String> {
    let here = rules.site_identity(found);
    let server = found.directory.as_ref()?.server.as_ref()?;
    let own = OwnSecret::all_of(&server.application);
    let is_live = |secret: &&OwnSecret| secret.ends.is_none_or(|end| end > rules.now);
    let other = own.iter().filter(is_live).find(|secret| secret.is_for_another_than(here))?;
    other.site().map(str::to_owned)
}

/// An adopted app is somebody else's: only the secrets that this crate has made go.
async fn remove_own_secrets(directory: &dyn Directory, server: &FoundApp, emitter: &Emitter<'_>, report: &mut UndoReport) {
    let step = Step::RetireSecrets;
    for secret in OwnSecret::all_of(&server.application) {
        let label = format!("secret {} of the adopted server app {}", secret.key_id, server.application.app_id);
        match gone(
            directory
                .remove_password(emitter.call(step), server.application.object_id, secret.key_id)
                .await,
        ) {
            Ok(()) => report.removed.push(label),
            Err(error) => report.left_behind.push(format!("{label}: {}", chain(&error))),
        }
    }
    let kept = format!(
        "adopted server app {}: what was mended on it, and its consents",
        server.application.app_id
    );
    report.left_behind.push(kept);
}

/// An app that this specification has made, as far as it is still there.
struct OwnApp<'a> {
    step: Step,
    role: &'static str,
    found: Option<&'a FoundApp>,
    /// Its deleted registration, which holds its unique name.
    deleted: Option<&'a DeletedApplication>,
}

impl OwnApp<'_> {
    fn application_ids(&self) -> impl Iterator<Item = ApplicationId> {
        let live = self.found.map(|found| found.application.app_id);
        live.into_iter().chain(self.deleted.and_then(|deleted| deleted.app_id))
    }

    fn label(&self) -> String {
        match (self.found, self.deleted) {
            (Some(found), _) => format!("{} {} ({})", self.role, found.application.app_id, found.application.object_id),
            (None, Some(deleted)) => format!("deleted {} ({})", self.role, deleted.object_id),
            (None, None) => self.role.to_owned(),
        }
    }
}

fn own_apps<'a>(spec: &ConnectionSpec, found: &'a Found) -> Vec<OwnApp<'a>> {
    let Some(there) = &found.directory else {
        return Vec::new();
    };
    let names = UniqueNames::of(spec.key());
    let twin = |name: &str| there.deleted.iter().find(|deleted| deleted.unique_name.as_deref() == Some(name));
    let server = matches!(spec.server_app(), ServerApp::Create(_)).then(|| OwnApp {
        step: Step::RegisterServerApp,
        role: "server app",
        found: there.server.as_ref(),
        deleted: twin(&names.server),
    });
    let client = matches!(spec.client_app(), ClientApp::Create(_)).then(|| OwnApp {
        step: Step::RegisterClientApp,
        role: "client app",
        found: there.client.as_ref(),
        deleted: twin(&names.client),
    });
    let apps = [server, client].into_iter().flatten();
    apps.filter(|app| app.found.is_some() || app.deleted.is_some()).collect()
}

/// Removes the connection where there is one. Tells whether there is none any more.
async fn remove_connection(
    spec: &ConnectionSpec,
    found: &Found,
    apps: &[OwnApp<'_>],
    site: &dyn Site,
    emitter: &Emitter<'_>,
    report: &mut UndoReport,
) -> bool {
    let (Some(snapshot), Some(tenant)) = (&found.site, tenant_of(spec, found)) else {
        return true;
    };
    // A deleted server app still tells which connection is its own.
    let own_server = apps.iter().find(|app| app.step == Step::RegisterServerApp);
    let servers: Vec<ApplicationId> = match own_server {
        Some(own) => own.application_ids().collect(),
        None => server_id(spec, found).into_iter().collect(),
    };
    let is_ours = |connection: &&SiteConnection| {
        connection.name == spec.name() && servers.iter().any(|server| uses_server(snapshot, connection, *server))
    };
    let Some(connection) = snapshot.connections_of(tenant).find(is_ours) else {
        report.left_behind.extend(rows_of(snapshot, tenant, apps));
        return true;
    };
    let step = Step::CreateConnection;
    started(emitter, step);
    match site
        .remove(emitter.call(step), &SiteRemoval::new(connection.id, &connection.name))
        .await
    {
        Ok(removed) => {
            report.removed.push(format!("connection {} ({})", connection.name, connection.id));
            report.left_behind.extend(removed.left_behind);
            emitter.tell(EventKind::StepDone {
                step,
                action: StepAction::Removed,
                object: Some(connection.id.to_string()),
            });
            true
        }
        Err(error) => {
            report
                .left_behind
                .push(format!("connection {}: {}", connection.name, chain(&error)));
            emitter.tell(EventKind::StepFailed {
                step,
                error: chain(&error),
                help: error.help().into_owned(),
                trace: None,
            });
            false
        }
    }
}

/// What an import that was cut off has left in the site, where the product has no cmdlet that removes it.
fn rows_of(snapshot: &SiteSnapshot, tenant: TenantId, apps: &[OwnApp<'_>]) -> Vec<String> {
    let ids: Vec<ApplicationId> = apps.iter().flat_map(OwnApp::application_ids).collect();
    let own = |row: &&SiteApplication| ids.contains(&row.client_id);
    let rows: Vec<&SiteApplication> = snapshot.applications.iter().filter(own).collect();
    let mut left: Vec<String> = rows
        .iter()
        .map(|row| format!("The application {} stays in the site.", row.name))
        .collect();
    let tenant = snapshot.tenant(tenant).filter(|_| !ids.is_empty());
    left.extend(tenant.map(|tenant| format!("The tenant {} stays in the site.", tenant.name)));
    left
}

/// Removes one app for good: its registration, and one deleted before that still holds its unique name.
async fn remove_app(directory: &dyn Directory, app: &OwnApp<'_>, attempt: Attempt<'_>) -> UndoReport {
    let mut report = UndoReport::default();
    let Attempt { step, emitter, .. } = attempt;
    started(emitter, step);
    let mut failed = None;
    if let Some(found) = app.found {
        let label = app.label();
        match delete_and_purge(directory, found, attempt).await {
            Ok(()) => report.removed.push(label),
            Err(error) => {
                report.left_behind.push(format!("{label}: {}", chain(&error)));
                failed = Some(error);
            }
        }
    }
    if let Some(deleted) = app.deleted {
        let label = format!("deleted {} ({})", app.role, deleted.object_id);
        match purge(directory, deleted, None, attempt).await {
            Ok(()) => report.removed.push(label),
            Err(error) => {
                report.left_behind.push(format!("{label}: {}", chain(&error)));
                failed = Some(error);
            }
        }
    }
    emitter.tell(match failed {
        None => EventKind::StepDone {
            step,
            action: StepAction::Removed,
            object: report.removed.first().cloned(),
        },
        Some(error) => EventKind::StepFailed {
            step,
            error: chain(&error),
            help: error.help().into_owned(),
            trace: error.trace().cloned(),
        },
    });
    report
}

/// The service principal goes first, by itself: whether deleting the app takes it along is not documented.
async fn delete_and_purge(directory: &dyn Directory, found: &FoundApp, attempt: Attempt<'_>) -> Result<(), DirectoryError> {
    let call = attempt.emitter.call(attempt.step);
    let principal = found.service_principal.as_ref().map(|principal| principal.id);
    if let Some(principal) = principal {
        gone(directory.delete_service_principal(call.clone(), principal).await)?;
    }
    let application = &found.application;
    gone(directory.delete_application(call.clone(), application.object_id).await)?;
    let deleted = DeletedApplication::new(application.object_id, Some(application.app_id), None, None);
    purge(directory, &deleted, principal, attempt).await
}

/// Removes a deleted app for good, its service principals before it: they are found by the app, should this be cut off.
///
/// A deletion may take a moment to show among the deleted objects, so "not found" is waited on.
async fn purge(
    directory: &dyn Directory,
    application: &DeletedApplication,
    known: Option<ServicePrincipalId>,
    attempt: Attempt<'_>,
) -> Result<(), DirectoryError> {
    let call = attempt.emitter.call(attempt.step);
    // One that an undo before this has deleted, or that was not to be seen yet, shows only here.
    let ids: Vec<ApplicationId> = application.app_id.into_iter().collect();
    let listed = where_allowed(directory.deleted_service_principals(call.clone(), &ids).await)?;
    let mut principals: Vec<ServicePrincipalId> = listed.iter().map(|principal| principal.id).collect();
    principals.extend(known.filter(|known| !principals.contains(known)));
    let brief = attempt.policy.with_deadline(attempt.policy.deadline().min(PRINCIPAL_DEADLINE));
    for principal in principals {
        let attempt = Attempt { policy: brief, ..attempt };
        let purged = settle(attempt, || directory.purge_service_principal(call.clone(), principal)).await;
        // It holds no name; where it never shows among the deleted objects, all is well.
        gone(purged)?;
    }
    settle(attempt, || directory.purge_application(call.clone(), application.object_id)).await
}

fn started(emitter: &Emitter<'_>, step: Step) {
    emitter.tell(EventKind::StepStarted {
        step,
        index: 1,
        total: 1,
        round: step.round(),
    });
}

/// What is not there any more need not be deleted.
fn gone(result: Result<(), DirectoryError>) -> Result<(), DirectoryError> {
    match result {
        Err(error) if error.refusal() == Some(RefusalReason::NotFound) => Ok(()),
        other => other,
    }
}
