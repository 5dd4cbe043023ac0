//! Rounds 1 and 2 on one app: its registration, its service principal, its completion.

use crate::{
    connection::{
        plan::{
            change::When,
            difference::difference,
            operation::{Operation, PlannedSecret, Reference},
            registration::complete_client_shape,
        },
        report::{
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::{
            context::Run,
            secret::issued_with,
            wait::{Origin, ensure, settle},
        },
    },
    directory::{Application, ApplicationKey, ApplicationProperties, NewApplication},
    error::{DirectoryError, NotVisible, RefusalReason},
    ids::{ApplicationId, ApplicationObjectId, PermissionId},
    spec::AppIdUri,
};

impl Run<'_> {
    /// Makes an app registration, and hands the secret over that comes with it.
    pub(crate) async fn register(
        &self,
        step: Step,
        unique_name: &str,
        new: NewApplication,
        secret: Option<PlannedSecret>,
    ) -> Result<(), StepFailure> {
        self.step(step, self.create(step, unique_name, new, secret)).await?;
        let registered = match step {
            Step::RegisterServerApp => self.state().server.clone(),
            _ => None,
        };
        let Some((registered, secret)) = registered.and_then(|app| issued_with(&app).map(|secret| (app, secret))) else {
            return Ok(());
        };
        let accepted = self.accept(&registered, secret).await;
        accepted.map_err(|error| self.failed(Step::IssueSecret, error))
    }

    /// If a policy refuses the secret or the App ID URI, the plan may have another one: then the app is made with that,
    /// or without an App ID URI, which is set in the next round.
    async fn create(
        &self,
        step: Step,
        unique_name: &str,
        mut new: NewApplication,
        mut secret: Option<PlannedSecret>,
    ) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::UniqueName(unique_name.to_owned());
        let (application, origin) = loop {
            new.password = secret.map(|secret| self.first_password(&secret));
            let ensured = ensure(
                self.attempt(step, false),
                || directory.create_application(call.clone(), &new),
                || directory.application(call.clone(), &key),
            )
            .await;
            match ensured {
                Ok(ensured) => break ensured,
                Err(error) if self.gives_way(step, &error, &mut new.properties) => {}
                Err(error) => match secret.and_then(|secret| self.shorter(&secret, &error)) {
                    Some(shorter) => secret = Some(shorter),
                    None => return Err(error.into()),
                },
            }
        };
        let origin = match origin {
            Origin::Made => {
                let app = Application {
                    properties: new.properties,
                    ..application
                };
                let report = with_ids(StepReport::new(step, StepAction::Created), &app);
                if let (Some(issued), Some(secret)) = (issued_with(&app), secret) {
                    self.tell_shortened(&issued, secret.validity);
                }
                self.register_as(step, Some(app), origin);
                return Ok(report);
            }
            // An attempt without an answer came before, but what is there may be another run's all the same.
            Origin::Recovered if secret.is_none() || self.has_made(&application) => origin,
            _ => Origin::Elsewhere,
        };
        self.complete_found(step, application, &new.properties, origin).await
    }

    /// Gives an app that was made moments ago what it lacks. The client app's share waits for its completion,
    /// to be one request.
    async fn complete_found(
        &self,
        step: Step,
        application: Application,
        wanted: &ApplicationProperties,
        origin: Origin,
    ) -> Result<StepReport, StepError> {
        let action = match step {
            Step::RegisterServerApp => {
                let seen = Some(application.clone());
                self.complete(step, (application.app_id, true), seen, wanted).await?
            }
            _ => StepAction::Unchanged,
        };
        let action = match action {
            StepAction::Unchanged => StepAction::Found,
            action => action,
        };
        let report = with_ids(StepReport::new(step, action), &application);
        self.register_as(step, Some(application), origin);
        Ok(report)
    }

    /// Gives an app that was there before this run what it lacks.
    pub(crate) async fn update_app(&self, step: Step, app: ApplicationId, adds: &ApplicationProperties) -> Result<StepReport, StepError> {
        let action = self.complete(step, (app, false), None, adds).await?;
        let report = StepReport::new(step, action);
        if step != Step::RegisterServerApp {
            return Ok(report);
        }
        Ok(match self.take_found(step) {
            Some(app) => with_ids(report, &app),
            None => report,
        })
    }

    /// Gives an app what it lacks of its shape, without an App ID URI that a policy refuses, if the plan has another one.
    async fn complete(
        &self,
        step: Step,
        app: (ApplicationId, bool),
        mut seen: Option<Application>,
        shape: &ApplicationProperties,
    ) -> Result<StepAction, StepError> {
        let mut shape = shape.clone();
        loop {
            match self.merge_application(step, app, seen.take(), &shape).await {
                Err(StepError::Directory(error)) if self.gives_way(step, &error, &mut shape) => {}
                merged => return merged,
            }
        }
    }

    /// Ensures the service principal of an app.
    pub(crate) async fn service_principal(&self, step: Step, app: Reference<ApplicationId>) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let app_id = self.app_id(app)?;
        let (principal, origin) = ensure(
            self.attempt(step, self.is_fresh(app)),
            || directory.create_service_principal(call.clone(), app_id),
            || directory.service_principal(call.clone(), app_id),
        )
        .await?;
        let action = match origin {
            Origin::Made => StepAction::Created,
            _ => StepAction::Found,
        };
        self.principal_as(step, Some(principal.id));
        Ok(StepReport::new(step, action).with_id("servicePrincipalId", principal.id))
    }

    /// Gives the client app what needs the two application ids, and what else an existing one lacks.
    pub(crate) async fn complete_client(
        &self,
        server: Reference<ApplicationId>,
        scope: PermissionId,
        adds: &ApplicationProperties,
    ) -> Result<StepReport, StepError> {
        let step = Step::CompleteClientApp;
        let client = self.state().client.clone().ok_or(StepError::NotRegistered)?;
        let mut wanted = match self.planned(Step::RegisterClientApp).map(|change| &change.operation) {
            Some(Operation::CreateApp { properties, .. } | Operation::RestoreApp { properties, .. }) => (**properties).clone(),
            _ => adds.clone(),
        };
        complete_client_shape(&mut wanted, client.app_id, self.app_id(server)?, scope);
        let origin = self.origin(step);
        if origin != Origin::Made {
            let client = (client.app_id, origin.is_fresh());
            return Ok(StepReport::new(step, self.merge_application(step, client, None, &wanted).await?));
        }
        let (change, changes) = difference(&client.properties, &wanted);
        if changes.is_empty() {
            return Ok(StepReport::new(step, StepAction::Unchanged));
        }
        let (directory, call) = (self.directory()?, self.call(step));
        settle(self.attempt(step, true), || {
            directory.update_application(call.clone(), client.object_id, &change)
        })
        .await?;
        Ok(StepReport::new(step, StepAction::Created))
    }

    /// Takes the App ID URI out, if a policy has refused it and the plan has another one for that case.
    fn gives_way(&self, step: Step, error: &DirectoryError, properties: &mut ApplicationProperties) -> bool {
        let has_other = self.planned(Step::SetAppIdUri).is_some_and(|change| change.when == When::IfRefused);
        let gives_way = step == Step::RegisterServerApp
            && has_other
            && error.refusal() == Some(RefusalReason::UriBlockedByPolicy)
            && properties.identifier_uris.take().is_some();
        if gives_way {
            self.state().is_uri_refused = true;
        }
        gives_way
    }

    /// Gives the server app the App ID URI that contains its own id.
    pub(crate) async fn set_app_id_uri(&self, planned: &AppIdUri) -> Result<StepReport, StepError> {
        let step = Step::SetAppIdUri;
        let server = self.server().ok_or(StepError::NotRegistered)?;
        let uri = planned.resolved(self.document.tenant_id, server.app_id);
        let shape = ApplicationProperties {
            identifier_uris: Some(vec![uri.to_string()]),
            ..ApplicationProperties::default()
        };
        let origin = self.origin(step);
        let action = if origin == Origin::Made {
            let (change, changes) = difference(&server.properties, &shape);
            if changes.is_empty() {
                StepAction::Unchanged
            } else {
                let (directory, call) = (self.directory()?, self.call(step));
                settle(self.attempt(step, true), || {
                    directory.update_application(call.clone(), server.object_id, &change)
                })
                .await?;
                StepAction::Updated
            }
        } else {
            let server = (server.app_id, origin.is_fresh());
            self.merge_application(step, server, None, &shape).await?
        };
        let report = StepReport::new(step, action).with_id("appIdUri", &uri);
        self.state().app_id_uri = Some(uri);
        Ok(report)
    }

    /// Restores a deleted app registration and gives it what it lacks, as one that is found. It holds the unique name, so
    /// another run may have restored it already.
    pub(crate) async fn restore(
        &self,
        step: Step,
        unique_name: &str,
        object: ApplicationObjectId,
        properties: &ApplicationProperties,
    ) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::UniqueName(unique_name.to_owned());
        let find = || directory.application(call.clone(), &key);
        let restored = directory.restore_application(call.clone(), object).await;
        let application = match restored {
            Ok(()) => {
                let shown = settle(self.attempt(step, true), || async {
                    let not_visible = || NotVisible::new(format!("the restored app registration {object}"));
                    find().await?.ok_or_else(|| not_visible().into())
                });
                shown.await?
            }
            Err(error) => match find().await {
                Ok(Some(application)) => application,
                Ok(None) => return Err(error.into()),
                Err(failed) => return Err(error.unless_certain(failed).into()),
            },
        };
        let report = self.complete_found(step, application, properties, Origin::Recovered).await?;
        let action = match report.action {
            // The finding that tells why belongs to this step.
            StepAction::Unconfirmed => StepAction::Unconfirmed,
            _ => StepAction::Restored,
        };
        Ok(StepReport { action, ..report })
    }

    fn is_fresh(&self, app: Reference<ApplicationId>) -> bool {
        app.maker().is_some_and(|maker| self.origin(maker).is_fresh())
    }
}

/// Adds the ids of an app to a step's report.
pub(crate) fn with_ids(report: StepReport, app: &Application) -> StepReport {
    report.with_id("applicationId", app.app_id).with_id("objectId", app.object_id)
}
