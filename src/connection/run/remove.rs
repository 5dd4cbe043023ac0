//! Removes the connection and the apps that a plan names.

use std::time::Duration;

use crate::{
    call::Call,
    connection::{
        plan::operation::Operation,
        read::reading::none_if_denied,
        report::{
            finding::{Finding, FindingCode},
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::StepError,
        },
        run::{
            context::Run,
            wait::{Attempt, settle},
        },
    },
    directory::{ApplicationKey, Directory},
    error::{DirectoryError, RefusalReason, chain},
    ids::{ApplicationId, ApplicationObjectId, ServicePrincipalId},
    site::SiteRemoval,
};

/// How long is waited for a deleted service principal to show.
const PRINCIPAL_DEADLINE: Duration = Duration::from_secs(8);

impl Run<'_> {
    /// Removes the connection from the site.
    pub(crate) async fn remove_connection(&self, removal: &SiteRemoval) -> Result<StepReport, StepError> {
        let step = Step::RemoveConnection;
        let removed = self.site()?.remove(self.call(step), removal).await.map_err(StepError::Site)?;
        let report = StepReport::new(step, StepAction::Removed).with_id("row", removal.connection);
        // What the plan has found to stay is told already.
        let is_told = |finding: &Finding| finding.code() == FindingCode::SiteRowStays;
        let mut notes = match self.document.findings.iter().any(is_told) {
            true => Vec::new(),
            false => removed.left_behind,
        };
        if removal.no_gateway_stated {
            notes.push("The caller stated that no cloud management gateway uses it.".to_owned());
        }
        Ok(if notes.is_empty() {
            report
        } else {
            report.with_note(notes.join(" "))
        })
    }

    /// Removes one app for good: its registration, and one deleted before that still holds its unique name.
    pub(crate) async fn remove_app(&self, step: Step, removal: &Operation) -> Result<StepReport, StepError> {
        let report = StepReport::new(step, StepAction::Removed);
        let Operation::RemoveApp {
            application_id,
            object_id,
            service_principal_id,
            deleted_application_id,
            deleted_object_id,
            ..
        } = removal
        else {
            return Ok(report);
        };
        let directory = self.directory()?;
        // The service principal goes first, by itself: whether deleting the app takes it along is not
        // documented.
        if let Some(principal) = service_principal_id {
            ignore_not_found(directory.delete_service_principal(self.call(step), *principal).await)?;
        }
        if let Some(object) = object_id {
            ignore_not_found(directory.delete_application(self.call(step), *object).await)?;
            if let Err(error) = self.purge(step, directory, (*object, *application_id), *service_principal_id).await {
                self.find(removed_meanwhile(directory, (step, self.call(step)), *application_id, error).await?);
            }
        }
        if let Some(object) = deleted_object_id {
            self.purge(step, directory, (*object, *deleted_application_id), None).await?;
        }
        let ids = [
            ("applicationId", application_id.or(*deleted_application_id).map(|id| id.to_string())),
            ("objectId", object_id.or(*deleted_object_id).map(|id| id.to_string())),
        ];
        let ids = ids.into_iter().filter_map(|(name, id)| Some((name, id?)));
        Ok(ids.fold(report, |report, (name, id)| report.with_id(name, id)))
    }

    /// Removes a deleted app for good, its service principals before it: they are found by the app, should this
    /// be cut off. That they could not be listed is told; the directory removes deleted service principals by itself after
    /// 30 days.
    ///
    /// A deletion may take a moment to show among the deleted objects, so "not found" is waited on.
    pub(crate) async fn purge(
        &self,
        step: Step,
        directory: &dyn Directory,
        (application, app_id): (ApplicationObjectId, Option<ApplicationId>),
        known: Option<ServicePrincipalId>,
    ) -> Result<(), DirectoryError> {
        let (call, attempt) = (self.call(step), self.attempt(step, true));
        // One that a removal before this has deleted, or that was not to be seen yet, shows only here. It holds no unique
        // name, so a look that is refused for good does not stand in the way of the app, whose name is held until it is
        // purged.
        let ids: Vec<ApplicationId> = app_id.into_iter().collect();
        let listed = match none_if_denied(directory.deleted_service_principals(call.clone(), &ids).await) {
            Ok(listed) => listed.unwrap_or_default(),
            Err(error) if is_final(&error) => {
                let unread = Finding::note(FindingCode::DeletedPrincipalsUnread).with("app", step.app());
                self.find(unread.with("clientId", app_id).with("error", chain(&error)));
                Vec::new()
            }
            Err(error) => return Err(error),
        };
        let mut principals: Vec<ServicePrincipalId> = listed.iter().map(|principal| principal.id).collect();
        principals.extend(known.filter(|known| !principals.contains(known)));
        let brief = attempt.policy.with_deadline(attempt.policy.deadline().min(PRINCIPAL_DEADLINE));
        for principal in principals {
            let attempt = Attempt { policy: brief, ..attempt };
            let purged = settle(attempt, || directory.purge_service_principal(call.clone(), principal)).await;
            // The removal is complete even if it never shows among the deleted objects.
            ignore_not_found(purged)?;
        }
        settle(attempt, || directory.purge_application(call.clone(), application)).await
    }
}

/// What is told of an app that is not among the deleted objects: another run may have removed it for good at the same time,
/// which cannot be told from one that is late to show there. The error, if the app is still registered.
async fn removed_meanwhile(
    directory: &dyn Directory,
    (step, call): (Step, Call),
    app: Option<ApplicationId>,
    error: DirectoryError,
) -> Result<Finding, DirectoryError> {
    let Some(id) = app.filter(|_| error.refusal() == Some(RefusalReason::NotFound)) else {
        return Err(error);
    };
    if directory.application(call, &ApplicationKey::ApplicationId(id)).await?.is_some() {
        return Err(error);
    }
    let unconfirmed = Finding::warning(FindingCode::RemovalUnconfirmed);
    Ok(unconfirmed.with("app", step.app()).with("clientId", id))
}

/// Whether asking the same again, or signing in again, would be refused all the same.
fn is_final(error: &DirectoryError) -> bool {
    use RefusalReason::{ClaimsChallenge, ServiceUnavailable, Throttled, TokenRejected};
    let is_passing = |reason| matches!(reason, Throttled | ServiceUnavailable | TokenRejected | ClaimsChallenge);
    error.refusal().is_some_and(|reason| !is_passing(reason))
}

/// What is not there any more need not be deleted.
pub(crate) fn ignore_not_found(result: Result<(), DirectoryError>) -> Result<(), DirectoryError> {
    match result {
        Err(error) if error.refusal() == Some(RefusalReason::NotFound) => Ok(()),
        other => other,
    }
}
