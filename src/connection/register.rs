//! Rounds 1 and 2 on one app: its registration, its service principal, its secret, its completion.

use super::{
    apply::{Failed, Run, call, retries_of},
    ensure::{Ensured, ensure, settle},
    registration::{SECRET_MARKER, complete_client_shape, difference, own_secrets},
    report::{IssuedSecret, StepAction, StepReport},
    step::Step,
    work::{AppWork, ClientWork, SecretWork},
};
use crate::{
    directory::{Application, ApplicationKey, ApplicationProperties, Directory, NewApplication, NewPassword, PasswordCredential},
    error::DirectoryError,
    ids::{ApplicationId, ApplicationObjectId, KeyId, PermissionId, ServicePrincipalId},
    spec::SecretValidity,
};

/// An app registration that is there by now.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) object_id: ApplicationObjectId,
    pub(crate) app_id: ApplicationId,
    /// What is registered.
    pub(crate) properties: ApplicationProperties,
    /// Whether it came to be in this run, so that the directory may not see it everywhere yet.
    pub(crate) fresh: bool,
    /// The secrets it came with: the one just issued, or those of a run whose answer was lost.
    secrets: Vec<PasswordCredential>,
}

impl Registered {
    /// The secret that was issued together with the app.
    pub(crate) fn issued_secret(&self) -> Option<IssuedSecret> {
        self.secrets.iter().find_map(|secret| issued(secret, None))
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
        self.step(step, || async {
            match &app.found {
                Some(found) => self.mend(directory, step, app, &found.application, StepAction::Unchanged).await,
                None => self.create(directory, step, app, secret).await,
            }
        })
        .await
    }

    async fn create(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &AppWork,
        secret: Option<&SecretWork>,
    ) -> Result<(Registered, StepReport), DirectoryError> {
        let observer = retries_of(step, self.listener);
        let call = call(&observer);
        let mut new = NewApplication::new(app.shape.clone());
        if let Some(SecretWork::WithApp(validity)) = secret {
            new = new.with_password(self.new_password(*validity));
        }
        let key = ApplicationKey::UniqueName(app.unique_name.clone());
        let ensured = ensure(
            self.attempt(step, false),
            || directory.create_application(call, &new),
            || directory.application(call, &key),
        )
        .await?;
        match ensured {
            Ensured::Created(application) => {
                let report = app_report(step, StepAction::Created, &application);
                let registered = Registered {
                    object_id: application.object_id,
                    app_id: application.app_id,
                    properties: app.shape.clone(),
                    fresh: true,
                    secrets: application.password_credentials,
                };
                Ok((registered, report))
            }
            Ensured::Found(application) => self.mend(directory, step, app, &application, StepAction::Adopted).await,
        }
    }

    /// Gives an existing app what it lacks. The client app's share waits for its completion, to be one request.
    async fn mend(
        &self,
        directory: &dyn Directory,
        step: Step,
        app: &AppWork,
        application: &Application,
        otherwise: StepAction,
    ) -> Result<(Registered, StepReport), DirectoryError> {
        let fresh = otherwise == StepAction::Adopted;
        let mut action = otherwise;
        let (change, changes) = difference(&application.properties, &app.shape);
        if step == Step::RegisterServerApp && !changes.is_empty() {
            let observer = retries_of(step, self.listener);
            let call = call(&observer);
            settle(self.attempt(step, fresh), || {
                directory.update_application(call, application.object_id, &change)
            })
            .await?;
            action = StepAction::Mended;
        }
        let registered = Registered {
            object_id: application.object_id,
            app_id: application.app_id,
            properties: application.properties.clone(),
            fresh,
            secrets: own_secrets(application).cloned().collect(),
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
            let observer = retries_of(step, self.listener);
            let call = call(&observer);
            let ensured = ensure(
                self.attempt(step, true),
                || directory.create_service_principal(call, app.app_id),
                || directory.service_principal(call, app.app_id),
            )
            .await?;
            Ok(match ensured {
                Ensured::Created(principal) => (principal.id, report(StepAction::Created, principal.id)),
                Ensured::Found(principal) => (principal.id, report(StepAction::Adopted, principal.id)),
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
            let observer = retries_of(step, self.listener);
            let call = call(&observer);
            settle(self.attempt(step, client.fresh), || {
                directory.update_application(call, client.object_id, &change)
            })
            .await?;
            let action = if client.fresh { StepAction::Created } else { StepAction::Mended };
            Ok(((), StepReport::new(step, action)))
        })
        .await
    }

    /// Issues a secret where the app has none whose text is known to anybody.
    pub(crate) async fn issue_secret(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        work: &SecretWork,
    ) -> Result<Option<IssuedSecret>, Failed> {
        let validity = match work {
            SecretWork::Keep => {
                self.done(StepReport::new(Step::IssueSecret, StepAction::Unchanged));
                return Ok(None);
            }
            SecretWork::WithApp(_) if server.issued_secret().is_some() => return Ok(None),
            SecretWork::WithApp(validity) | SecretWork::Replace { validity, .. } => *validity,
        };
        let step = Step::IssueSecret;
        self.step(step, || async {
            let lost = server.secrets.iter().map(|secret| secret.key_id);
            let mut lost: Vec<KeyId> = lost.chain(work.lost().iter().copied()).collect();
            lost.sort_unstable();
            lost.dedup();
            let issued = self.replace_secret(directory, server, validity, lost).await?;
            let report = StepReport::new(step, StepAction::Created)
                .with_id("keyId", issued.key_id)
                .with_note(format!("valid to {}", issued.expires_on.date()));
            Ok((Some(issued), report))
        })
        .await
    }

    /// Removes the secrets that reached nobody, then adds one.
    ///
    /// In this order a run that is cut off leaves at most one secret, which the next run finds by its description and
    /// knows to be lost. Adding cannot be repeated blindly: each attempt would leave one more.
    async fn replace_secret(
        &self,
        directory: &dyn Directory,
        server: &Registered,
        validity: SecretValidity,
        mut lost: Vec<KeyId>,
    ) -> Result<IssuedSecret, DirectoryError> {
        let step = Step::IssueSecret;
        let observer = retries_of(step, self.listener);
        let call = call(&observer);
        for _ in 0..3 {
            for key in lost.drain(..) {
                let removed = settle(self.attempt(step, false), || directory.remove_password(call, server.object_id, key)).await;
                if let Err(error) = removed
                    && !is_gone(&error)
                {
                    return Err(error);
                }
            }
            let new = self.new_password(validity);
            let added = settle(self.attempt(step, server.fresh), || {
                directory.add_password(call, server.object_id, &new)
            })
            .await;
            match added {
                Ok(password) => {
                    let fallback = new.end_date_time;
                    if let Some(issued) = issued(&password, Some(fallback)) {
                        return Ok(issued);
                    }
                    lost.push(password.key_id);
                }
                Err(error) if error.may_have_been_carried_out() => {
                    let key = ApplicationKey::ApplicationId(server.app_id);
                    let current = directory.application(call, &key).await?;
                    lost.extend(current.iter().flat_map(own_secrets).map(|password| password.key_id));
                    self.attempt(step, true).pause(error).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(crate::error::UnexpectedAnswer::new(
            "the directory",
            "three secrets were added and none came back with its text",
            crate::error::RequestTrace::default(),
        )
        .into())
    }

    fn new_password(&self, validity: SecretValidity) -> NewPassword {
        NewPassword::new(SECRET_MARKER, validity.end_after(self.clock.now()))
    }
}

fn is_gone(error: &DirectoryError) -> bool {
    use crate::error::RefusalReason::{NotFound, ReferenceNotFound};
    matches!(error.refusal(), Some(NotFound | ReferenceNotFound))
}

fn issued(password: &PasswordCredential, fallback: Option<time::OffsetDateTime>) -> Option<IssuedSecret> {
    Some(IssuedSecret {
        value: password.secret_text.clone()?,
        key_id: password.key_id,
        expires_on: password.end_date_time.or(fallback)?,
    })
}

fn app_report(step: Step, action: StepAction, application: &Application) -> StepReport {
    StepReport::new(step, action)
        .with_id("applicationId", application.app_id)
        .with_id("objectId", application.object_id)
}
