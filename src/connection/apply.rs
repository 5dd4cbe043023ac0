//! Carries a plan out, in rounds, everything independent side by side.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
};

use futures_util::future::{OptionFuture, join, join3, join4};

use super::{
    consent::Principals,
    event::{Event, Listener},
    failure::{ApplyError, StepError},
    finding::{Finding, FindingCode},
    register::Registered,
    report::{AppOutcome, ClientSettings, IssuedSecret, Outcome, Report, StepAction, StepReport},
    secret::Unused,
    secret_sink::SecretSink,
    step::Step,
    wait::Attempt,
    work::{ClientWork, DirectoryWork, ServerWork, Work, server_app_id},
};
use crate::{
    backoff::WaitPolicy,
    call::{Call, Retry},
    clock::Clock,
    directory::Directory,
    error::NotSupported,
    ids::{ApplicationId, ServicePrincipalId},
    site::{SecretHeld, Site, SiteConnection},
};

/// One run of a plan.
pub(crate) struct Run<'a> {
    pub(crate) work: &'a Work,
    pub(crate) directory: Option<&'a dyn Directory>,
    pub(crate) site: Option<&'a dyn Site>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) listener: Listener<'a>,
    /// Gets every issued secret before anything else is written.
    pub(crate) sink: Option<&'a dyn SecretSink>,
    pub(crate) wait_policy: WaitPolicy,
    /// The description of the secrets that this run makes, and no other run.
    pub(crate) description: String,
    pub(crate) report: Mutex<Report>,
    /// What the run has found beside its steps.
    pub(crate) findings: Mutex<Vec<Finding>>,
    /// The secret that this run has issued last.
    pub(crate) issued: Mutex<Option<IssuedSecret>>,
}

/// A step that failed. Its report is written already.
pub(crate) struct Failed {
    pub(crate) step: Step,
    pub(crate) error: StepError,
}

/// What the Entra side has come to.
#[derive(Debug, Default)]
struct Progress {
    server: Option<Registered>,
    client: Option<Registered>,
    server_principal: Option<ServicePrincipalId>,
    client_principal: Option<ServicePrincipalId>,
    unused: Unused,
}

impl Run<'_> {
    /// Carries the plan out.
    pub(crate) async fn carry_out(self) -> Result<Outcome, ApplyError> {
        let mut progress = Progress::default();
        let apps = match self.all_rounds(&mut progress).await {
            Ok(connection) => self.apps(&progress).map(|apps| (apps, connection)),
            Err(failed) => Err(failed),
        };
        match apps {
            Ok(((server_app, client_app), connection)) => Ok(self.outcome(server_app, client_app, self.issued(), connection)),
            Err(failed) => Err(ApplyError::new(failed.step, failed.error, self.finished_report(), self.issued())),
        }
    }

    async fn all_rounds(&self, progress: &mut Progress) -> Result<Option<SiteConnection>, Failed> {
        if let (Some(directory), Some(work)) = (self.directory, &self.work.directory) {
            self.check_tenant(directory).await?;
            self.register_apps(directory, progress).await?;
            self.complete_apps(directory, work, progress).await?;
            self.consent(directory, work, progress).await?;
        }
        let unused = std::mem::take(&mut progress.unused);
        let Some(site) = self.site else {
            self.retire_secrets(progress.server.as_ref(), &unused.without_site()).await?;
            return Ok(None);
        };
        let client = progress.client.as_ref().map(|app| app.app_id);
        let server = progress.server.as_ref().map(|app| app.app_id);
        let issued = self.issued();
        let (connection, held) = self.import(site, server, client, issued.as_ref()).await?;
        // If another run was faster, the site has that run's secret, and nothing uses this one's.
        if held == SecretHeld::Another {
            self.issued.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        if let (Some(issued), SecretHeld::NotSaid) = (&issued, held) {
            self.find(Finding::warning(
                FindingCode::SecretHolderUnknown,
                format!(
                    "The site does not say whether it holds the secret {} that this run has issued; no secret is removed.",
                    issued.key_id
                ),
                "Compare the secret key expiry in the site with the app registration (console > Cloud Services > Microsoft Entra tenants).",
            ));
        }
        let unused = unused.after_import(issued.map(|issued| issued.key_id), held, self.item_is_new());
        self.retire_secrets(progress.server.as_ref(), &unused).await?;
        Ok(Some(connection))
    }

    /// Whether the site did not know the server app when the plan was made.
    pub(crate) fn item_is_new(&self) -> bool {
        self.work.site.as_ref().is_some_and(|site| !site.server_known)
    }

    /// A plan for one tenant never writes into another: the tenant that the directory is signed in to is compared first.
    async fn check_tenant(&self, directory: &dyn Directory) -> Result<(), Failed> {
        let step = Step::RegisterServerApp;
        let signed_in = async {
            let observer = retries_of(step, self.listener);
            let told = directory.signed_in(call(&observer)).await?.tenant_id;
            match told {
                Some(tenant) => Ok(tenant),
                None => Ok(directory.tenant(call(&observer)).await?.id),
            }
        };
        let planned = self.work.tenant_id;
        match signed_in.await {
            Ok(signed_in) if signed_in == planned => Ok(()),
            Ok(signed_in) => Err(self.failed(step, StepError::OtherTenant { planned, signed_in })),
            Err(error) => Err(self.failed(step, StepError::Directory(error))),
        }
    }

    /// Round 1: the two app registrations.
    async fn register_apps(&self, directory: &dyn Directory, progress: &mut Progress) -> Result<(), Failed> {
        let server = OptionFuture::from(match &self.work.server {
            ServerWork::Register { app, secret } => Some(self.register(directory, Step::RegisterServerApp, app, Some(secret))),
            ServerWork::Import(_) | ServerWork::Reuse(_) => None,
        });
        let client = OptionFuture::from(match &self.work.client {
            ClientWork::Register(app) => Some(self.register(directory, Step::RegisterClientApp, app, None)),
            ClientWork::Import { .. } | ClientWork::Reuse(_) => None,
        });
        let (server, client) = join(server, client).await;
        // What was made is kept in mind even where its neighbour failed: a secret must reach the caller.
        progress.server = keep(&server);
        progress.client = keep(&client);
        server.transpose()?;
        client.transpose()?;
        Ok(())
    }

    /// Round 2: service principals, the rest of the client app, and a secret where round 1 brought none.
    async fn complete_apps(&self, directory: &dyn Directory, work: &DirectoryWork, progress: &mut Progress) -> Result<(), Failed> {
        let server = progress.server.as_ref();
        let client = progress.client.as_ref();
        let outside = work.outside_server.as_ref();
        let server_id = server.map(|app| app.app_id).or_else(|| server_app_id(&self.work.server));
        let server_principal = OptionFuture::from(
            server.map(|app| self.service_principal(directory, Step::ServerServicePrincipal, app, self.found_principal(true))),
        );
        let client_principal = OptionFuture::from(
            client.map(|app| self.service_principal(directory, Step::ClientServicePrincipal, app, self.found_principal(false))),
        );
        let completion = OptionFuture::from(
            client
                .zip(server_id)
                .map(|(app, server_id)| self.complete_client(directory, app, server_id, work.scope)),
        );
        let secret = OptionFuture::from(match &self.work.server {
            ServerWork::Register { secret, .. } => server.map(|app| self.issue_secret(directory, app, secret)),
            ServerWork::Import(_) | ServerWork::Reuse(_) => None,
        });
        let (server_principal, client_principal, completion, secret) = join4(server_principal, client_principal, completion, secret).await;
        let outside_principal = outside.and_then(|app| app.service_principal.as_ref()).map(|principal| principal.id);
        progress.server_principal = keep(&server_principal).or(outside_principal);
        progress.client_principal = keep(&client_principal);
        if let Some(Ok(unused)) = &secret {
            progress.unused = unused.clone();
        }
        server_principal.transpose()?;
        client_principal.transpose()?;
        completion.transpose()?;
        secret.transpose()?;
        Ok(())
    }

    /// Round 3: admin consent.
    async fn consent(&self, directory: &dyn Directory, work: &DirectoryWork, progress: &Progress) -> Result<(), Failed> {
        let principals = Principals {
            server: progress.server_principal,
            client: progress.client_principal,
            graph: work.graph,
            // A principal that was there before this run is everywhere by now.
            server_is_fresh: self.found_principal(true).is_none(),
            client_is_fresh: self.found_principal(false).is_none(),
        };
        let (server, user_read, directory_read) = join3(
            self.consent_server(directory, &work.consent_server, &principals),
            self.consent_user_read(directory, &work.consent_user_read, &principals),
            self.consent_directory_read(directory, &work.consent_directory_read, &principals),
        )
        .await;
        server?;
        user_read?;
        directory_read
    }

    /// The service principal that was there before this run.
    fn found_principal(&self, of_server: bool) -> Option<ServicePrincipalId> {
        let ((true, ServerWork::Register { app, .. }, _) | (false, _, ClientWork::Register(app))) =
            (of_server, &self.work.server, &self.work.client)
        else {
            return None;
        };
        Some(app.found.as_ref()?.service_principal.as_ref()?.id)
    }

    /// Runs one step with its events, and writes its report.
    pub(crate) async fn step<T, F, W>(&self, step: Step, work: W) -> Result<T, Failed>
    where
        F: Future<Output = Result<(T, StepReport), StepError>>,
        W: FnOnce() -> F,
    {
        (self.listener)(&Event::StepStarted { step });
        match work().await {
            Ok((value, report)) => {
                self.done(report);
                Ok(value)
            }
            Err(error) => Err(self.failed(step, error)),
        }
    }

    /// Tells of a finished step and writes its report.
    pub(crate) fn done(&self, report: StepReport) {
        (self.listener)(&Event::StepDone {
            step: report.step,
            action: report.action,
            object: report.ids.values().next().cloned(),
        });
        self.write(report);
    }

    /// Tells of a failed step and writes its report.
    pub(crate) fn failed(&self, step: Step, error: StepError) -> Failed {
        let text = crate::error::chain(&error);
        (self.listener)(&Event::StepFailed {
            step,
            error: text.clone(),
            help: error.help(),
            trace: error.trace().cloned(),
        });
        self.write(StepReport::new(step, StepAction::Failed).with_note(text));
        Failed { step, error }
    }

    /// Adds a finding to the outcome.
    pub(crate) fn find(&self, finding: Finding) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).push(finding);
    }

    /// Remembers the secret that was issued last.
    pub(crate) fn hold(&self, secret: IssuedSecret) {
        *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret);
    }

    /// The secret that was issued last, with its text.
    pub(crate) fn issued(&self) -> Option<IssuedSecret> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn write(&self, report: StepReport) {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }

    pub(crate) fn attempt(&self, step: Step, fresh: bool) -> Attempt<'_> {
        Attempt {
            step,
            fresh,
            policy: self.wait_policy,
            listener: self.listener,
        }
    }

    fn finished_report(&self) -> Report {
        let mut report = std::mem::take(&mut *self.report.lock().unwrap_or_else(PoisonError::into_inner));
        report.sort();
        report
    }

    /// The two apps as the run leaves them.
    fn apps(&self, progress: &Progress) -> Result<(AppOutcome, AppOutcome), Failed> {
        let server = match &self.work.server {
            ServerWork::Register { app, .. } => registered_outcome(progress.server.as_ref(), progress.server_principal, Some(app.name())),
            ServerWork::Import(app) => Some(outside_outcome(Some(app.name().to_owned()), app.client_id())),
            ServerWork::Reuse(id) => Some(outside_outcome(None, *id)),
        };
        let client = match &self.work.client {
            ClientWork::Register(app) => registered_outcome(progress.client.as_ref(), progress.client_principal, Some(app.name())),
            ClientWork::Import { name, client_id } => Some(outside_outcome(Some(name.clone()), *client_id)),
            ClientWork::Reuse(id) => Some(outside_outcome(None, *id)),
        };
        match (server, client) {
            (Some(server), Some(client)) => Ok((server, client)),
            (None, _) => Err(self.failed(Step::RegisterServerApp, no_directory())),
            (_, None) => Err(self.failed(Step::RegisterClientApp, no_directory())),
        }
    }

    fn outcome(
        &self,
        server_app: AppOutcome,
        client_app: AppOutcome,
        secret: Option<IssuedSecret>,
        connection: Option<SiteConnection>,
    ) -> Outcome {
        let report = self.finished_report();
        let work = self.work;
        Outcome {
            changed: report.changed_anything(),
            environment: work.environment,
            client_settings: ClientSettings {
                tenant_id: work.tenant_id,
                tenant_name: Some(work.tenant_name.clone()),
                client_app_id: client_app.application_id,
                app_id_uri: work.app_id_uri.clone(),
            },
            server_app,
            client_app,
            reminders: self.reminders(secret.as_ref(), report.changed_anything()),
            secret,
            connection,
            report,
        }
    }

    fn reminders(&self, secret: Option<&IssuedSecret>, changed: bool) -> Vec<Finding> {
        let mut reminders = std::mem::take(&mut *self.findings.lock().unwrap_or_else(PoisonError::into_inner));
        let expiry = match (&self.work.server, secret) {
            (_, Some(secret)) => Some(secret.expires_on),
            (ServerWork::Import(app), None) => Some(app.secret_key_expiry()),
            _ => None,
        };
        if let Some(expiry) = expiry {
            let message = format!(
                "The server app's secret expires on {}, and the site raises no notification for imported apps.",
                expiry.date()
            );
            reminders.push(Finding::note(FindingCode::Reminder, message, "Put the date into a calendar."));
        }
        if self.work.site.is_none() && secret.is_some() {
            reminders.push(Finding::note(
                FindingCode::Reminder,
                "The secret is shown to no one again.",
                "Hand it to whoever imports the apps into the site, by a safe way.",
            ));
        }
        if changed {
            reminders.push(Finding::note(
                FindingCode::Reminder,
                "A Conditional Access policy on all cloud apps would keep clients from the gateway.",
                "Exclude the server app from such policies (Entra admin center > Protection > Conditional Access).",
            ));
        }
        reminders
    }
}

/// What succeeded, for the time after the round.
fn keep<T: Clone>(result: &Option<Result<T, Failed>>) -> Option<T> {
    result.as_ref()?.as_ref().ok().cloned()
}

fn registered_outcome(app: Option<&Registered>, principal: Option<ServicePrincipalId>, name: Option<String>) -> Option<AppOutcome> {
    let app = app?;
    Some(AppOutcome {
        name,
        application_id: app.app_id,
        object_id: Some(app.object_id),
        service_principal_id: principal,
    })
}

/// The plan was made with a directory and is carried out without one.
fn no_directory() -> StepError {
    StepError::Directory(NotSupported::new("register", "a connection without a directory").into())
}

const fn outside_outcome(name: Option<String>, application_id: ApplicationId) -> AppOutcome {
    AppOutcome {
        name,
        application_id,
        object_id: None,
        service_principal_id: None,
    }
}

/// An observer that turns retries into events: those of a step, or of none while tenant and site are being read.
pub(crate) fn retries_of<'a>(step: impl Into<Option<Step>>, listener: Listener<'a>) -> impl Fn(&Retry) + Send + Sync + 'a {
    let step = step.into();
    move |retry| {
        listener(&Event::Retried {
            step,
            retry: retry.clone(),
        });
    }
}

/// The call context of one step.
pub(crate) const fn call<'a>(observer: &'a (dyn Fn(&Retry) + Send + Sync)) -> Call {
    Call::observed(observer)
}
