//! Carries a plan out, in rounds, everything independent side by side.

use futures_util::future::{join, join_all};

use crate::{
    connection::{
        plan::{
            change::{Change, When},
            operation::{Operation, Reference},
        },
        report::{
            error::ApplyError,
            outcome::{Outcome, StepReport},
            step::{AppRole, Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::{app::with_ids, context::Run, look_again::FIRST, prove::beside, wait::Origin},
    },
    directory::{Application, NewApplication},
    ids::{ApplicationId, ServicePrincipalId},
    site::SiteRemoval,
    text::excerpt,
};

/// The round beside which a new secret is proven: the one of the consents, which the proof does not need. The service
/// principal, without which no app signs in, is there by then.
const PROOF: u8 = 3;

impl Run<'_> {
    /// Carries the plan out.
    pub(crate) async fn carry_out(&self) -> Result<Outcome, ApplyError> {
        match self.all_rounds().await {
            Ok(()) => Ok(self.outcome()),
            Err(failed) => {
                self.remove_made_if_refused().await;
                Err(self.stopped(failed))
            }
        }
    }

    async fn all_rounds(&self) -> Result<(), StepFailure> {
        self.state().report.run = Some(self.emitter.run());
        let changes = &self.document.changes;
        if let Some(first) = changes.iter().find(|change| change.step.is_in_directory()) {
            self.check_tenant(first.step).await?;
        }
        let last = changes.iter().map(|change| change.round).max().unwrap_or_default();
        for round in 1..=last {
            let runs = |change: &&Change| change.round == round && self.is_due(change);
            let of_round: Vec<&Change> = changes.iter().filter(runs).collect();
            if round > PROOF {
                self.prove().await;
            }
            if of_round.iter().any(|change| change.step.is_import()) {
                // One request does all of them: starting a site's tool costs seconds.
                self.emitter.site(self.import(&of_round)).await?;
                continue;
            }
            let of_round = of_round.into_iter();
            let work = join_all(of_round.map(|change| self.emitter.step_of(change.step, self.execute(change))));
            let results = match round {
                FIRST if self.looks_again() => {
                    // In a place of its own: it is large, and most runs have none.
                    let (mut results, looked) = join(work, Box::pin(self.look_again())).await;
                    results.push(looked.map_err(|error| self.stale(error)));
                    results
                }
                PROOF => beside(work, self.prove()).await,
                _ => work.await,
            };
            results.into_iter().collect::<Result<(), StepFailure>>()?;
        }
        self.prove().await;
        self.skip_what_was_not_refused();
        Ok(())
    }

    /// Whether a change runs in its round. What runs only after a refusal belongs to the step that is refused, apart from
    /// another App ID URI.
    fn is_due(&self, change: &Change) -> bool {
        change.when != When::IfRefused || (change.step == Step::SetAppIdUri && self.state().is_uri_refused)
    }

    fn skip_what_was_not_refused(&self) {
        for change in self.document.changes.iter().filter(|change| change.when == When::IfRefused) {
            let is_done = self.state().report.step(change.step).is_some();
            if !is_done {
                self.skip(change.step);
            }
        }
    }

    /// Executes one change: each kind by a function of its own.
    async fn execute(&self, change: &Change) -> Result<(), StepFailure> {
        let step = change.step;
        match &change.operation {
            Operation::Keep { .. } => {
                self.keep(step);
                Ok(())
            }
            Operation::ConfirmApp {
                application_id,
                object_id,
                sends,
                ..
            } => self.step(step, self.confirm_app(step, (*application_id, *object_id), sends)).await,
            Operation::CreateApp {
                unique_name,
                properties,
                secret,
                owners,
            } => {
                let new = NewApplication::new((**properties).clone()).with_owners(owners.clone());
                self.register(step, unique_name, new, *secret).await
            }
            Operation::RestoreApp {
                unique_name,
                object_id,
                properties,
                ..
            } => self.step(step, self.restore(step, unique_name, *object_id, properties)).await,
            Operation::SetAppIdUri { app_id_uri, .. } => self.step(step, self.set_app_id_uri(app_id_uri)).await,
            // They belong to the refusal of another change, which knows them.
            Operation::ShortenSecret { .. } | Operation::RemoveMadeApp { .. } => Ok(()),
            Operation::UpdateApp { application_id, adds, .. } => self.step(step, self.update_app(step, *application_id, adds)).await,
            Operation::CreateServicePrincipal { app } => self.step(step, self.service_principal(step, *app)).await,
            Operation::CompleteClientApp { server, scope, adds, .. } => self.step(step, self.complete_client(*server, *scope, adds)).await,
            Operation::IssueSecret { secret, .. } => self.issue_secret(change.when, *secret).await,
            Operation::CreateGrant { client, resource, scope } => {
                self.step(step, self.grant(step, (*client, *resource), scope, false)).await
            }
            Operation::ExtendGrant {
                client, resource, scope, ..
            } => self.step(step, self.grant(step, (*client, *resource), scope, true)).await,
            Operation::AssignRole { principal, resource, role } => self.step(step, self.assign_role((*principal, *resource), *role)).await,
            Operation::RemoveSecrets { keys, shown_since, .. } => self.retire_secrets(keys, *shown_since).await,
            Operation::RemoveConnection {
                row,
                name,
                no_gateway_stated,
            } => {
                let removal = SiteRemoval::new(*row, name).stating_no_gateway(*no_gateway_stated);
                self.step(step, self.remove_connection(&removal)).await
            }
            Operation::RemoveApp { .. } => self.step(step, self.remove_app(step, &change.operation)).await,
            Operation::ImportTenant { .. }
            | Operation::ImportServerApp { .. }
            | Operation::RenewSecret { .. }
            | Operation::ImportClientApp { .. }
            | Operation::CreateConnection { .. }
            | Operation::UpdateConnection { .. }
            | Operation::ConfigureDiscovery { .. } => self.import(&[change]).await,
        }
    }

    /// Takes over what is as wanted.
    fn keep(&self, step: Step) {
        let report = StepReport::new(step, StepAction::Unchanged);
        let report = match step {
            Step::RegisterServerApp | Step::RegisterClientApp => match self.take_found(step) {
                Some(app) => with_ids(report, &app),
                None => report,
            },
            Step::ServerServicePrincipal | Step::ClientServicePrincipal => match self.take_principal(step) {
                Some(id) => report.with_id("servicePrincipalId", id),
                None => report,
            },
            Step::IssueSecret => {
                self.note_planned_unused();
                report
            }
            _ => report,
        };
        self.done(report);
    }

    /// Takes over the registration that was there when the plan was made.
    pub(crate) fn take_found(&self, step: Step) -> Option<Application> {
        let found = match step {
            Step::RegisterClientApp => self.snapshot.client(),
            _ => self.snapshot.server(),
        };
        let app = found.map(|found| found.application.clone());
        self.register_as(step, app.clone(), Origin::Before);
        app
    }

    /// Remembers the registration that a step has made or found.
    pub(crate) fn register_as(&self, step: Step, app: Option<Application>, origin: Origin) {
        let mut state = self.state();
        match step {
            Step::RegisterClientApp => (state.client, state.client_origin) = (app, origin),
            _ => (state.server, state.server_origin) = (app, origin),
        }
    }

    /// How the app of a step came to be there.
    pub(crate) fn origin(&self, step: Step) -> Origin {
        match step.app() {
            Some(AppRole::Client) => self.state().client_origin,
            _ => self.state().server_origin,
        }
    }

    fn take_principal(&self, step: Step) -> Option<ServicePrincipalId> {
        let found = match step {
            Step::ClientServicePrincipal => self.snapshot.client_principal(),
            _ => self.snapshot.server_principal(),
        };
        self.principal_as(step, found);
        found
    }

    /// Remembers the service principal that a step has made or found.
    pub(crate) fn principal_as(&self, step: Step, principal: Option<ServicePrincipalId>) {
        let mut state = self.state();
        match step {
            Step::ClientServicePrincipal => state.client_principal = principal,
            _ => state.server_principal = principal,
        }
    }

    /// The client id that a change works on.
    pub(crate) fn app_id(&self, app: Reference<ApplicationId>) -> Result<ApplicationId, StepError> {
        match app {
            Reference::Known(id) => Some(id),
            Reference::MadeBy(Step::RegisterClientApp) => self.state().client.as_ref().map(|app| app.app_id),
            Reference::MadeBy(_) => self.state().server.as_ref().map(|app| app.app_id),
            Reference::Missing => None,
        }
        .ok_or(StepError::NotRegistered)
    }

    /// The service principal that a change works on, and whether this run has made it, so that the directory
    /// may not see it everywhere yet.
    pub(crate) fn principal(&self, principal: Reference<ServicePrincipalId>) -> Result<(ServicePrincipalId, bool), StepError> {
        let made = match principal {
            Reference::Known(id) => return Ok((id, false)),
            Reference::MadeBy(Step::ClientServicePrincipal) => self.state().client_principal,
            Reference::MadeBy(_) => self.state().server_principal,
            Reference::Missing => None,
        };
        made.map(|id| (id, true)).ok_or(StepError::ServicePrincipalMissing)
    }

    /// A plan for one tenant never writes into another: the tenant that the directory is signed in to is
    /// compared first.
    async fn check_tenant(&self, step: Step) -> Result<(), StepFailure> {
        let planned = self.document.tenant_id;
        let signed_in = async {
            let (directory, call) = (self.directory()?, self.call(step));
            let signed_in = directory.signed_in(call.clone()).await?;
            self.state().report.caller = signed_in
                .account
                .as_deref()
                .map(excerpt)
                .or_else(|| signed_in.application_id.map(|id| format!("application {id}")));
            match signed_in.tenant_id {
                Some(tenant) => Ok(tenant),
                None => Ok(directory.tenant(call).await?.id),
            }
        };
        match signed_in.await {
            Ok(signed_in) if signed_in == planned => Ok(()),
            Ok(signed_in) => Err(self.failed(step, StepError::OtherTenant { planned, signed_in })),
            Err(error) => Err(self.failed(step, error)),
        }
    }
}
