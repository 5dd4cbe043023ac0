//! A refusal by policy leaves nothing behind: what this run has made goes again.
//!
//! Only what the run has made goes, and only if no other caller has added anything to it meanwhile: it is read right
//! before. A transient failure removes nothing, since the next run goes on from there.

use time::Duration;

use crate::{
    connection::{
        plan::{
            change::{Change, When},
            operation::Operation,
        },
        read::reading::none_if_denied,
        report::{
            finding::{Finding, FindingCode},
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::{
            app::with_ids,
            context::Run,
            remove::ignore_not_found,
            wait::{Origin, settle},
        },
    },
    directory::{Application, ApplicationKey},
    error::{NotVisible, RefusalReason},
    ids::ServicePrincipalId,
};

/// How long a deleted app registration holds its unique name, unless it is purged.
///
/// Source: *Delete a directory object* and *Restore deleted item* of Microsoft Graph v1.0.
const HELD_FOR: Duration = Duration::days(30);

impl Run<'_> {
    /// Removes what this run has made, if a policy has refused the rest and the plan says so.
    pub(crate) async fn remove_made_if_refused(&self) {
        let is_by_policy = |failure: &StepFailure| failure.error.refusal().is_some_and(RefusalReason::is_by_app_policy);
        if !self.failures().iter().any(is_by_policy) {
            return;
        }
        let planned = self.document.changes.iter().filter(|change| change.when == When::IfRefused);
        for change in planned {
            // What fails here is in the report; the run has failed already.
            self.remove_made(change).await.ok();
        }
        self.tell_what_adopted_apps_keep();
    }

    /// What this run has written to an adopted app stays. Nothing tells who uses it by then: a scope may be consented to, and a
    /// redirect URI in use, without a trace in the registration.
    fn tell_what_adopted_apps_keep(&self) {
        for change in &self.document.changes {
            let Operation::UpdateApp {
                application_id,
                properties,
                ..
            } = &change.operation
            else {
                continue;
            };
            let written = self.state().report.step(change.step).map(|report| report.action);
            if !matches!(written, Some(StepAction::Updated | StepAction::Unconfirmed)) {
                continue;
            }
            let names: Vec<&str> = properties.iter().map(|property| property.property.as_str()).collect();
            let keeps = Finding::warning(FindingCode::AdoptedAppKeeps)
                .with("app", change.step.app())
                .with("clientId", application_id)
                .with("properties", names);
            self.find(keeps);
        }
    }

    async fn remove_made(&self, change: &Change) -> Result<(), StepFailure> {
        let Operation::RemoveMadeApp { .. } = change.operation else {
            return Ok(());
        };
        let (made, principal) = {
            let state = self.state();
            match change.step {
                Step::RemoveClientApp => (state.client.clone(), state.client_principal),
                _ => (state.server.clone(), state.server_principal),
            }
        };
        let Some(made) = made.filter(|_| self.origin(change.step) != Origin::Elsewhere) else {
            self.skip(change.step);
            return Ok(());
        };
        self.step(change.step, self.remove_untouched(change.step, &made, principal)).await
    }

    async fn remove_untouched(
        &self,
        step: Step,
        made: &Application,
        principal: Option<ServicePrincipalId>,
    ) -> Result<StepReport, StepError> {
        let report = |action| with_ids(StepReport::new(step, action), made);
        let foreign = self.foreign_marks(step, made, principal).await?;
        if !foreign.is_empty() {
            let stays = Finding::warning(FindingCode::MadeAppStays)
                .with("app", step.app())
                .with("clientId", made.app_id)
                .with("marks", &foreign);
            self.find(stays);
            return Ok(report(StepAction::Unchanged));
        }
        let (directory, call) = (self.directory()?, self.call(step));
        let attempt = self.attempt(step, true);
        if let Some(principal) = principal {
            ignore_not_found(settle(attempt, || directory.delete_service_principal(call.clone(), principal)).await)?;
        }
        ignore_not_found(settle(attempt, || directory.delete_application(call.clone(), made.object_id)).await)?;
        if step == Step::RemoveServerApp {
            // Nothing can be signed in with it any more.
            self.state().issued = None;
        }
        match self.purge(step, directory, (made.object_id, Some(made.app_id)), principal).await {
            Ok(()) => Ok(report(StepAction::Removed)),
            Err(error) => {
                let until = (self.clock().now() + HELD_FOR).date();
                let held = Finding::warning(FindingCode::DeletedAppHoldsName)
                    .with("name", made.properties.display_name.as_deref())
                    .with("uniqueName", made.properties.unique_name.as_deref())
                    .with("objectId", made.object_id)
                    .with("until", until.to_string());
                self.find(held);
                let note = format!("deleted, and not purged: {}", crate::error::chain(&error));
                Ok(report(StepAction::Removed).with_note(note))
            }
        }
    }

    /// What another caller has added to an app that this run has made, or what cannot be told.
    async fn foreign_marks(
        &self,
        step: Step,
        made: &Application,
        principal: Option<ServicePrincipalId>,
    ) -> Result<Vec<&'static str>, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::ApplicationId(made.app_id);
        let application = settle(self.attempt(step, true), || async {
            let not_visible = || NotVisible::new(format!("the app registration {}", made.app_id));
            directory.application(call.clone(), &key).await?.ok_or_else(|| not_visible().into())
        })
        .await?;
        let mut marks = self.marks_of(step, &application);
        let found = directory.service_principal(call.clone(), made.app_id).await?.map(|found| found.id);
        if found.is_some_and(|found| Some(found) != principal) {
            marks.push("servicePrincipal");
        }
        if let Some(principal) = principal {
            let attempt = self.attempt(step, true);
            let grants = settle(attempt, || directory.permission_grants(call.clone(), principal)).await;
            let roles = settle(attempt, || directory.role_assignments(call.clone(), principal)).await;
            // A policy refuses before the round of the consents, so that none of them is this run's. If it refuses in that
            // round, the role that this run has assigned beside it keeps the app, which does no harm.
            match (none_if_denied(grants)?, none_if_denied(roles)?) {
                (Some(grants), Some(roles)) if grants.is_empty() && roles.is_empty() => {}
                (Some(_), Some(_)) => marks.push("consent"),
                _ => marks.push("consentsUnread"),
            }
        }
        match directory.application_owners(call.clone(), made.object_id).await {
            Ok(owners) => {
                let caller = directory.signed_in(call).await?.object_id;
                let planned = self.planned(register_step(step)).map(|change| &change.operation);
                let planned = match planned {
                    Some(Operation::CreateApp { owners, .. }) => owners.as_slice(),
                    _ => &[],
                };
                if owners.iter().any(|owner| Some(*owner) != caller && !planned.contains(owner)) {
                    marks.push("owner");
                }
            }
            Err(_) => marks.push("ownersUnread"),
        }
        match directory.federated_credentials(self.call(step), made.object_id).await {
            Ok(credentials) if credentials.is_empty() => {}
            Ok(_) => marks.push("federatedCredential"),
            Err(_) => marks.push("federatedCredentialsUnread"),
        }
        Ok(marks)
    }

    fn marks_of(&self, step: Step, application: &Application) -> Vec<&'static str> {
        let mut marks = Vec::new();
        let is_own = |description: Option<&String>| description == Some(&self.description);
        if application
            .password_credentials
            .iter()
            .any(|secret| !is_own(secret.display_name.as_ref()))
        {
            marks.push("secret");
        }
        if !application.key_credentials.is_empty() {
            marks.push("certificate");
        }
        // Without the run's own secret on it, nothing proves that it is not another run's.
        if self.origin(step) == Origin::Recovered && !self.has_made(application) {
            marks.push("makerUnknown");
        }
        marks
    }
}

const fn register_step(remove: Step) -> Step {
    match remove {
        Step::RemoveClientApp => Step::RegisterClientApp,
        _ => Step::RegisterServerApp,
    }
}
