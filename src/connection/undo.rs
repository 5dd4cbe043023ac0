//! The way back: removes what this specification has made, and nothing else.

use futures_util::future::{OptionFuture, join};
use serde::Serialize;

use super::{
    apply::{call, retries_of},
    check_site::{server_id, tenant_of, uses_server},
    ensure::{Attempt, REPLICATION_DEADLINE, settle},
    event::{Event, Listener},
    found::{Found, FoundApp},
    registration::{UniqueNames, own_secrets},
    report::StepAction,
    step::Step,
};
use crate::{
    directory::Directory,
    error::{DirectoryError, RefusalReason, chain},
    ids::ApplicationObjectId,
    site::{Site, SiteRemoval},
    spec::{ClientApp, ConnectionSpec, ServerApp},
};

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
    spec: &ConnectionSpec,
    found: &Found,
    directory: Option<&dyn Directory>,
    site: Option<&dyn Site>,
    listener: Listener<'_>,
) -> UndoReport {
    let mut report = UndoReport::default();
    if let Some(site) = site
        && !remove_connection(spec, found, site, listener, &mut report).await
    {
        // What the site still uses must keep working.
        return report;
    }
    let (Some(directory), Some(there)) = (directory, &found.directory) else {
        return report;
    };
    let names = UniqueNames::of(spec.key());
    let deleted = |name: &str| {
        let twin = there.deleted.iter().find(|deleted| deleted.unique_name.as_deref() == Some(name));
        twin.map(|deleted| deleted.object_id)
    };
    let server = matches!(spec.server_app(), ServerApp::Create(_)).then(|| {
        let twin = deleted(&names.server);
        remove_app(
            directory,
            Step::RegisterServerApp,
            "server app",
            there.server.as_ref(),
            twin,
            listener,
        )
    });
    let client = matches!(spec.client_app(), ClientApp::Create(_)).then(|| {
        let twin = deleted(&names.client);
        remove_app(
            directory,
            Step::RegisterClientApp,
            "client app",
            there.client.as_ref(),
            twin,
            listener,
        )
    });
    let (server, client) = join(OptionFuture::from(server), OptionFuture::from(client)).await;
    for part in [server, client].into_iter().flatten() {
        report.removed.extend(part.removed);
        report.left_behind.extend(part.left_behind);
    }
    if let (ServerApp::Adopt(_), Some(server)) = (spec.server_app(), &there.server) {
        remove_own_secrets(directory, server, listener, &mut report).await;
    }
    if let (ClientApp::Adopt(app), Some(_)) = (spec.client_app(), &there.client) {
        let kept = format!("adopted client app {}: what was mended on it, and its consents", app.client_id());
        report.left_behind.push(kept);
    }
    report
}

/// An adopted app is somebody else's: only the secrets that this crate has made go.
async fn remove_own_secrets(directory: &dyn Directory, server: &FoundApp, listener: Listener<'_>, report: &mut UndoReport) {
    let step = Step::RetireSecrets;
    let observer = retries_of(step, listener);
    for secret in own_secrets(&server.application) {
        let label = format!("secret {} of the adopted server app {}", secret.key_id, server.application.app_id);
        match gone(
            directory
                .remove_password(call(&observer), server.application.object_id, secret.key_id)
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

/// Whether the connection is gone, or was not there.
async fn remove_connection(spec: &ConnectionSpec, found: &Found, site: &dyn Site, listener: Listener<'_>, report: &mut UndoReport) -> bool {
    let (Some(snapshot), Some(tenant), Some(server)) = (&found.site, tenant_of(spec, found), server_id(spec, found)) else {
        return true;
    };
    let ours = snapshot
        .connections_of(tenant)
        .find(|connection| connection.name == spec.name() && uses_server(snapshot, connection, server));
    let Some(connection) = ours else {
        return true;
    };
    let step = Step::CreateConnection;
    listener(&Event::StepStarted { step });
    let observer = retries_of(step, listener);
    match site
        .remove(call(&observer), &SiteRemoval::new(connection.id, &connection.name))
        .await
    {
        Ok(removed) => {
            report.removed.push(format!("connection {} ({})", connection.name, connection.id));
            report.left_behind.extend(removed.left_behind);
            listener(&Event::StepDone {
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
            listener(&Event::StepFailed {
                step,
                error: chain(&error),
                help: error.help().to_owned(),
                trace: None,
            });
            false
        }
    }
}

async fn remove_app(
    directory: &dyn Directory,
    step: Step,
    role: &str,
    found: Option<&FoundApp>,
    deleted: Option<ApplicationObjectId>,
    listener: Listener<'_>,
) -> UndoReport {
    let mut report = UndoReport::default();
    if found.is_none() && deleted.is_none() {
        return report;
    }
    listener(&Event::StepStarted { step });
    let mut failed = None;
    if let Some(found) = found {
        let label = format!("{role} {} ({})", found.application.app_id, found.application.object_id);
        match delete_and_purge(directory, step, found, listener).await {
            Ok(()) => report.removed.push(label),
            Err(error) => {
                report.left_behind.push(format!("{label}: {}", chain(&error)));
                failed = Some(error);
            }
        }
    }
    if let Some(object) = deleted {
        let label = format!("deleted {role} ({object})");
        match purge_application(directory, step, object, listener).await {
            Ok(()) => report.removed.push(label),
            Err(error) => {
                report.left_behind.push(format!("{label}: {}", chain(&error)));
                failed = Some(error);
            }
        }
    }
    listener(&match failed {
        None => Event::StepDone {
            step,
            action: StepAction::Removed,
            object: report.removed.first().cloned(),
        },
        Some(error) => Event::StepFailed {
            step,
            error: chain(&error),
            help: error.help(),
            trace: error.trace().cloned(),
        },
    });
    report
}

/// The service principal goes first, by itself: whether deleting the app takes it along is not documented.
async fn delete_and_purge(directory: &dyn Directory, step: Step, found: &FoundApp, listener: Listener<'_>) -> Result<(), DirectoryError> {
    let observer = retries_of(step, listener);
    let call = call(&observer);
    let principal = found.service_principal.as_ref().map(|principal| principal.id);
    if let Some(principal) = principal {
        gone(directory.delete_service_principal(call, principal).await)?;
    }
    gone(directory.delete_application(call, found.application.object_id).await)?;
    purge_application(directory, step, found.application.object_id, listener).await?;
    if let Some(principal) = principal {
        // A deleted service principal holds no name; where it is gone with the app, all is well.
        gone(directory.purge_service_principal(call, principal).await)?;
    }
    Ok(())
}

/// A deletion may take a moment to show among the deleted objects, so "not found" is waited on.
async fn purge_application(
    directory: &dyn Directory,
    step: Step,
    application: ApplicationObjectId,
    listener: Listener<'_>,
) -> Result<(), DirectoryError> {
    let observer = retries_of(step, listener);
    let call = call(&observer);
    let attempt = Attempt {
        step,
        fresh: true,
        deadline: REPLICATION_DEADLINE,
        listener,
    };
    settle(attempt, || directory.purge_application(call, application)).await
}

/// What is not there any more need not be deleted.
fn gone(result: Result<(), DirectoryError>) -> Result<(), DirectoryError> {
    match result {
        Err(error) if error.refusal() == Some(RefusalReason::NotFound) => Ok(()),
        other => other,
    }
}
