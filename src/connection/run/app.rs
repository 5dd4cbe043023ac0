//! Rounds 1 and 2 on one app: its registration, its service principal, its completion.

use crate::{
    connection::{
        plan::{
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
            registered::{Origin, Registered},
            wait::{Ensured, ensure, settle},
        },
    },
    directory::{Application, ApplicationKey, ApplicationProperties, NewApplication},
    ids::{ApplicationId, PermissionId},
};

impl Run<'_> {
    /// Makes an app registration, and hands the secret over that comes with it.
    pub(crate) async fn register(
        &self,
        step: Step,
        unique_name: &str,
        properties: &ApplicationProperties,
        secret: Option<&PlannedSecret>,
    ) -> Result<(), StepFailure> {
        self.step(step, self.create(step, unique_name, properties, secret)).await?;
        let registered = match step {
            Step::RegisterServerApp => self.state().server.clone(),
            _ => None,
        };
        let Some((registered, secret)) = registered.and_then(|app| app.issued_secret().map(|secret| (app, secret))) else {
            return Ok(());
        };
        let accepted = self.accept(&registered, secret).await;
        accepted.map_err(|error| self.failed(Step::IssueSecret, error))
    }

    async fn create(
        &self,
        step: Step,
        unique_name: &str,
        properties: &ApplicationProperties,
        secret: Option<&PlannedSecret>,
    ) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let mut new = NewApplication::new(properties.clone());
        if let Some(secret) = secret {
            new = new.with_password(self.first_password(secret.validity));
        }
        let key = ApplicationKey::UniqueName(unique_name.to_owned());
        let ensured = ensure(
            self.attempt(step, false),
            || directory.create_application(call.clone(), &new),
            || directory.application(call.clone(), &key),
        )
        .await?;
        let (application, origin) = match ensured {
            Ensured::Created(application) => {
                let app = Registered {
                    properties: properties.clone(),
                    ..Registered::of(&application, Origin::Made)
                };
                let report = app.add_ids(StepReport::new(step, StepAction::Created));
                self.register_as(step, Some(app));
                return Ok(report);
            }
            // An attempt without an answer came before, but what is there may be another run's all the same.
            Ensured::Recovered(application) if secret.is_none() || self.has_made(&application) => (application, Origin::Recovered),
            Ensured::Recovered(application) | Ensured::Found(application) => (application, Origin::Elsewhere),
        };
        self.complete_found(step, &application, properties, origin).await
    }

    /// Gives an app that was made moments ago what it lacks. The client app's share waits for its completion,
    /// to be one request.
    async fn complete_found(
        &self,
        step: Step,
        application: &Application,
        wanted: &ApplicationProperties,
        origin: Origin,
    ) -> Result<StepReport, StepError> {
        let (change, changes) = difference(&application.properties, wanted);
        let mut action = StepAction::Found;
        if step == Step::RegisterServerApp && !changes.is_empty() {
            let (directory, call) = (self.directory()?, self.call(step));
            settle(self.attempt(step, true), || {
                directory.update_application(call.clone(), application.object_id, &change)
            })
            .await?;
            action = StepAction::Updated;
        }
        let app = Registered::of(application, origin);
        let report = app.add_ids(StepReport::new(step, action));
        self.register_as(step, Some(app));
        Ok(report)
    }

    /// Gives an app that was there before this run what it lacks.
    pub(crate) async fn update_app(&self, step: Step, app: ApplicationId, adds: &ApplicationProperties) -> Result<StepReport, StepError> {
        let action = self.merge_application(step, app, adds).await?;
        let report = StepReport::new(step, action);
        if step != Step::RegisterServerApp {
            return Ok(report);
        }
        Ok(match self.take_found(step) {
            Some(app) => app.add_ids(report),
            None => report,
        })
    }

    /// Ensures the service principal of an app.
    pub(crate) async fn service_principal(&self, step: Step, app: Reference<ApplicationId>) -> Result<StepReport, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let app_id = self.app_id(app)?;
        let ensured = ensure(
            self.attempt(step, self.is_fresh(app)),
            || directory.create_service_principal(call.clone(), app_id),
            || directory.service_principal(call.clone(), app_id),
        )
        .await?;
        let (action, principal) = match ensured {
            Ensured::Created(principal) => (StepAction::Created, principal),
            Ensured::Recovered(principal) | Ensured::Found(principal) => (StepAction::Found, principal),
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
            Some(Operation::CreateApp { properties, .. }) => (**properties).clone(),
            _ => adds.clone(),
        };
        complete_client_shape(&mut wanted, client.app_id, self.app_id(server)?, scope);
        if !client.origin.is_fresh() {
            return Ok(StepReport::new(step, self.merge_application(step, client.app_id, &wanted).await?));
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

    fn is_fresh(&self, app: Reference<ApplicationId>) -> bool {
        let state = self.state();
        let made = match app {
            Reference::MadeBy(Step::RegisterClientApp) => state.client.as_ref(),
            Reference::MadeBy(_) => state.server.as_ref(),
            Reference::Known(_) | Reference::Missing => None,
        };
        made.is_some_and(|app| app.origin.is_fresh())
    }
}

impl Registered {
    /// Adds its ids to a step's report.
    pub(crate) fn add_ids(&self, report: StepReport) -> StepReport {
        report.with_id("applicationId", self.app_id).with_id("objectId", self.object_id)
    }
}
