//! Carries a plan out, in rounds, everything independent side by side.

use std::{
    collections::BTreeSet,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{OptionFuture, join, join3, join4};

use super::{
    consent::Principals,
    emitter::Emitter,
    event::EventKind,
    failure::{ApplyError, StepError, StepFailure},
    finding::{Finding, FindingCode},
    next_step::next_steps,
    plan::PlannedStep,
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
    call::Call,
    clock::Clock,
    directory::Directory,
    error::Diagnostic,
    ids::{ApplicationId, ServicePrincipalId},
    site::{SecretHeld, Site, SiteConnection},
    text::excerpt,
};

/// One run of a plan.
pub(crate) struct Run<'a> {
    pub(crate) work: &'a Work,
    pub(crate) directory: Option<&'a dyn Directory>,
    pub(crate) site: Option<&'a dyn Site>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) emitter: &'a Emitter<'a>,
    /// The steps of the plan, in its order.
    pub(crate) planned: &'a [PlannedStep],
    /// Gets every issued secret before anything else is written.
    pub(crate) sink: Option<&'a dyn SecretSink>,
    pub(crate) wait_policy: WaitPolicy,
    /// The description of the secrets that this run makes, and no other run.
    pub(crate) description: String,
    pub(crate) report: Mutex<Report>,
    /// The steps that have begun.
    pub(crate) started: Mutex<BTreeSet<Step>>,
    pub(crate) findings_of_plan: &'a [Finding],
    /// What the run has found beside its steps.
    pub(crate) findings: Mutex<Vec<Finding>>,
    /// Every step that has failed.
    pub(crate) failures: Mutex<Vec<StepFailure>>,
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
    pub(crate) async fn carry_out(&self) -> Result<Outcome, ApplyError> {
        let mut progress = Progress::default();
        let apps = match self.all_rounds(&mut progress).await {
            Ok(connection) => self.apps(&progress).map(|apps| (apps, connection)),
            Err(failed) => Err(failed),
        };
        match apps {
            Ok(((server_app, client_app), connection)) => Ok(self.outcome(server_app, client_app, self.issued(), connection)),
            Err(failed) => Err(ApplyError::new(
                self.work.tenant_id,
                StepFailure::new(failed.step, failed.error),
                self.all_failures(),
                self.finished_report(),
                self.all_findings(),
                self.issued(),
            )),
        }
    }

    /// The error of a run that was ended from outside: at the first step that has begun and not ended.
    pub(crate) fn ended_early(&self, why: StepError) -> ApplyError {
        let report = self.finished_report();
        let open = lock(&self.started).iter().copied().find(|step| report.step(*step).is_none());
        let first = self.planned.first().map_or(Step::RegisterServerApp, |planned| planned.step);
        let ended = StepFailure::new(open.unwrap_or(first), why);
        ApplyError::new(
            self.work.tenant_id,
            ended,
            self.all_failures(),
            report,
            self.all_findings(),
            self.issued(),
        )
    }

    async fn all_rounds(&self, progress: &mut Progress) -> Result<Option<SiteConnection>, Failed> {
        lock(&self.report).run = Some(self.emitter.run());
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
            lock(&self.issued).take();
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
            let call = self.call(step);
            let signed_in = directory.signed_in(call.clone()).await?;
            lock(&self.report).caller = signed_in
                .account
                .as_deref()
                .map(excerpt)
                .or_else(|| signed_in.application_id.map(|id| format!("application {id}")));
            match signed_in.tenant_id {
                Some(tenant) => Ok(tenant),
                None => Ok(directory.tenant(call.clone()).await?.id),
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

    /// A call whose events are told as those of a step.
    pub(crate) fn call(&self, step: Step) -> Call {
        self.emitter.call(step)
    }

    /// Runs one step with its events, and writes its report.
    pub(crate) async fn step<T, F, W>(&self, step: Step, work: W) -> Result<T, Failed>
    where
        F: Future<Output = Result<(T, StepReport), StepError>>,
        W: FnOnce() -> F,
    {
        self.start(step);
        match work().await {
            Ok((value, report)) => {
                self.done(report);
                Ok(value)
            }
            Err(error) => Err(self.failed(step, error)),
        }
    }

    /// Tells that a step begins, unless it has begun already.
    pub(crate) fn start(&self, step: Step) {
        if !lock(&self.started).insert(step) {
            return;
        }
        let position = self.planned.iter().position(|planned| planned.step == step);
        self.emitter.tell(EventKind::StepStarted {
            step,
            index: position.map_or(self.planned.len(), |position| position + 1),
            total: self.planned.len(),
            round: step.round(),
        });
    }

    /// Tells of a finished step and writes its report.
    pub(crate) fn done(&self, mut report: StepReport) {
        self.start(report.step);
        report.requests = self.emitter.writes_of(report.step);
        self.emitter.tell(EventKind::StepDone {
            step: report.step,
            action: report.action,
            object: report.ids.values().next().cloned(),
        });
        self.write(report);
    }

    /// Tells that a step was not needed, if it is in the plan.
    pub(crate) fn skip(&self, step: Step) {
        if self.planned.iter().any(|planned| planned.step == step) {
            self.start(step);
            self.emitter.tell(EventKind::StepSkipped { step });
        }
    }

    /// Tells of a failed step and writes its report.
    pub(crate) fn failed(&self, step: Step, error: StepError) -> Failed {
        self.start(step);
        let text = crate::error::chain(&error);
        self.emitter.tell(EventKind::StepFailed {
            step,
            error: text.clone(),
            help: error.help().into_owned(),
            trace: error.trace().cloned(),
        });
        let mut report = StepReport::new(step, StepAction::Failed).with_note(text);
        report.requests = self.emitter.writes_of(step);
        self.write(report);
        lock(&self.failures).push(StepFailure::new(step, error.clone()));
        Failed { step, error }
    }

    /// Adds a finding to the outcome.
    pub(crate) fn find(&self, finding: Finding) {
        lock(&self.findings).push(finding);
    }

    /// What the plan and the run have found.
    pub(crate) fn all_findings(&self) -> Vec<Finding> {
        let of_plan = self.findings_of_plan.iter().cloned();
        of_plan.chain(lock(&self.findings).iter().cloned()).collect()
    }

    fn all_failures(&self) -> Vec<StepFailure> {
        std::mem::take(&mut *lock(&self.failures))
    }

    /// Remembers the secret that was issued last.
    pub(crate) fn hold(&self, secret: IssuedSecret) {
        *lock(&self.issued) = Some(secret);
    }

    /// The secret that was issued last, with its text.
    pub(crate) fn issued(&self) -> Option<IssuedSecret> {
        lock(&self.issued).clone()
    }

    fn write(&self, report: StepReport) {
        lock(&self.report).push(report);
    }

    pub(crate) fn attempt(&self, step: Step, fresh: bool) -> Attempt<'_> {
        Attempt {
            step,
            fresh,
            policy: self.wait_policy,
            emitter: self.emitter,
        }
    }

    fn finished_report(&self) -> Report {
        let mut report = std::mem::take(&mut *lock(&self.report));
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
            (None, _) => Err(self.failed(Step::RegisterServerApp, StepError::DirectoryMissing)),
            (_, None) => Err(self.failed(Step::RegisterClientApp, StepError::DirectoryMissing)),
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
            next_steps: next_steps(work, secret.as_ref(), report.changed_anything()),
            findings: self.all_findings(),
            secret,
            connection,
            report,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

const fn outside_outcome(name: Option<String>, application_id: ApplicationId) -> AppOutcome {
    AppOutcome {
        name,
        application_id,
        object_id: None,
        service_principal_id: None,
    }
}
