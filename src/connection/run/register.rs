//! Rounds 1 and 2 on one app: its registration, its service principal, its secret, its completion.

use crate::connection::{
    plan::difference::difference,
    plan::registration::complete_client_shape,
    plan::work::{AppWork, ClientWork, SecretWork},
    report::error::StepError,
    report::outcome::{StepAction, StepReport},
    report::step::Step,
    run::context::{Failed, Run},
    run::wait::{Ensured, ensure, settle},
};
use crate::{
    directory::{Application, ApplicationKey, ApplicationProperties, Directory, NewApplication, PasswordCredential},
    ids::{ApplicationId, ApplicationObjectId, PermissionId, ServicePrincipalId},
};

/// An app registration that is there by now.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) object_id: ApplicationObjectId,
    pub(crate) app_id: ApplicationId,
    /// What is registered.
    pub(crate) properties: ApplicationProperties,
    /// How it came to be there.
    pub(crate) origin: Origin,
    /// The secrets it came with: the one just issued, or what was there.
    pub(crate) secrets: Vec<PasswordCredential>,
}

/// How an app registration came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was there before.
    Before,
    /// This run made it.
    Made,
    /// This run made it, and the answer was lost.
    Recovered,
    /// Another run made it at the same time.
    Elsewhere,
}

impl Origin {
    /// Whether it came to be moments ago, so that the directory may not see it everywhere yet.
    pub(crate) fn is_fresh(self) -> bool {
        self != Self::Before
    }
}

impl Run<'_> {
    /// Ensures one app registration.
    pub(crate) async fn register(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &AppWork,
        secret: Option<&SecretWork>,
    ) -> Result<Registered, Failed> {
        let registered = self
            .step(step, || async {
                match &app.found {
                    Some(found) => self.mend(directory, step, app, &found.application, Origin::Before).await,
                    None => self.create(directory, step, app, secret).await,
                }
            })
            .await?;
        if let Some(secret) = registered.issued_secret() {
            let accepted = self.accept(&registered, secret).await;
            accepted.map_err(|error| self.failed(Step::IssueSecret, error))?;
        }
        Ok(registered)
    }

    async fn create(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &AppWork,
        secret: Option<&SecretWork>,
    ) -> Result<(Registered, StepReport), StepError> {
        let call = self.call(step);
        let mut new = NewApplication::new(app.shape.clone());
        if let Some(SecretWork::WithApp(validity)) = secret {
            new = new.with_password(self.first_password(*validity));
        }
        let key = ApplicationKey::UniqueName(app.unique_name.clone());
        let ensured = ensure(
            self.attempt(step, false),
            || directory.create_application(call.clone(), &new),
            || directory.application(call.clone(), &key),
        )
        .await?;
        match ensured {
            Ensured::Created(application) => {
                let report = app_report(step, StepAction::Created, &application);
                let registered = Registered {
                    object_id: application.object_id,
                    app_id: application.app_id,
                    properties: app.shape.clone(),
                    origin: Origin::Made,
                    secrets: application.password_credentials,
                };
                Ok((registered, report))
            }
            // An attempt without an answer came before, but what is there may be another run's all the same.
            Ensured::Recovered(application) if secret.is_none() || self.has_made(&application) => {
                self.mend(directory, step, app, &application, Origin::Recovered).await
            }
            Ensured::Recovered(application) => self.mend(directory, step, app, &application, Origin::Elsewhere).await,
            Ensured::Found(application) => self.mend(directory, step, app, &application, Origin::Elsewhere).await,
        }
    }

    /// Gives an existing app what it lacks. The client app's share waits for its completion, to be one request.
    async fn mend(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &AppWork,
        application: &Application,
        origin: Origin,
    ) -> Result<(Registered, StepReport), StepError> {
        let fresh = origin.is_fresh();
        let mut action = if fresh { StepAction::Found } else { StepAction::Unchanged };
        let (change, changes) = difference(&application.properties, &app.shape);
        if step == Step::RegisterServerApp && !changes.is_empty() && !fresh {
            if self.merge_application(directory, step, application.app_id, &app.shape).await? {
                action = StepAction::Updated;
            }
        } else if step == Step::RegisterServerApp && !changes.is_empty() {
            let call = self.call(step);
            settle(self.attempt(step, fresh), || {
                directory.update_application(call.clone(), application.object_id, &change)
            })
            .await?;
            action = StepAction::Updated;
        }
        let registered = Registered {
            object_id: application.object_id,
            app_id: application.app_id,
            properties: application.properties.clone(),
            origin,
            secrets: application.password_credentials.clone(),
        };
        Ok((registered, app_report(step, action, application)))
    }

    /// Ensures the service principal of an app.
    pub(crate) async fn service_principal(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &Registered,
        found: Option<ServicePrincipalId>,
    ) -> Result<ServicePrincipalId, Failed> {
        self.step(step, || async {
            let report = |action, id: ServicePrincipalId| StepReport::new(step, action).with_id("servicePrincipalId", id);
            if let Some(id) = found {
                return Ok((id, report(StepAction::Unchanged, id)));
            }
            let call = self.call(step);
            let ensured = ensure(
                self.attempt(step, app.origin.is_fresh()),
                || directory.create_service_principal(call.clone(), app.app_id),
                || directory.service_principal(call.clone(), app.app_id),
            )
            .await?;
            Ok(match ensured {
                Ensured::Created(principal) => (principal.id, report(StepAction::Created, principal.id)),
                Ensured::Recovered(principal) | Ensured::Found(principal) => (principal.id, report(StepAction::Found, principal.id)),
            })
        })
        .await
    }

    /// Gives the client app what needs the two application ids, and whatever else an existing one lacks.
    pub(crate) async fn complete_client(
        &self,
        directory: &dyn Directory,
        client: &Registered,
        server: ApplicationId,
        scope: PermissionId,
    ) -> Result<(), Failed> {
        let step = Step::CompleteClientApp;
        self.step(step, || async {
            let mut shape = match &self.work.client {
                ClientWork::Register(app) => app.shape.clone(),
                ClientWork::Import { .. } | ClientWork::Reuse(_) => ApplicationProperties::default(),
            };
            complete_client_shape(&mut shape, client.app_id, server, scope);
            let (change, changes) = difference(&client.properties, &shape);
            if changes.is_empty() {
                return Ok(((), StepReport::new(step, StepAction::Unchanged)));
            }
            if !client.origin.is_fresh() {
                let is_changed = self.merge_application(directory, step, client.app_id, &shape).await?;
                let action = if is_changed { StepAction::Updated } else { StepAction::Unchanged };
                return Ok(((), StepReport::new(step, action)));
            }
            let call = self.call(step);
            settle(self.attempt(step, true), || {
                directory.update_application(call.clone(), client.object_id, &change)
            })
            .await?;
            Ok(((), StepReport::new(step, StepAction::Created)))
        })
        .await
    }
}

fn app_report(step: Step, action: StepAction, application: &Application) -> StepReport {
    StepReport::new(step, action)
        .with_id("applicationId", application.app_id)
        .with_id("objectId", application.object_id)
}
