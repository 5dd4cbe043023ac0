//! The last round: both apps and the connection, into the site.

use std::sync::{Mutex, PoisonError};

use super::{
    apply::{Failed, Run, call, retries_of},
    event::Event,
    failure::StepError,
    report::{IssuedSecret, StepAction, StepReport},
    step::Step,
    work::{ClientWork, ServerWork},
};
use crate::{
    error::{SiteError, SiteRefused},
    ids::ApplicationId,
    site::{ClientAppImport, SecretHeld, ServerAppImport, Site, SiteAction, SiteConnection, SiteItem, SiteOnboarding, SiteProgress},
};

impl Run<'_> {
    /// Ensures the connection in the site, unless it is in place as it is. Tells which secret the site says it holds.
    pub(crate) async fn import(
        &self,
        site: &dyn Site,
        server: Option<ApplicationId>,
        client: Option<ApplicationId>,
        secret: Option<&IssuedSecret>,
    ) -> Result<(SiteConnection, SecretHeld), Failed> {
        let items = self.items();
        if let Some(connection) = self.work.site.as_ref().and_then(|site| site.in_place.as_ref()) {
            for item in items {
                self.done(StepReport::new(item.into(), StepAction::Unchanged));
            }
            return Ok((connection.clone(), SecretHeld::NotSaid));
        }
        let wanted = match (self.server_import(server, secret), self.client_import(client)) {
            (Ok(server), Ok(client)) => self.onboarding(server, client),
            (Err(error), _) => return Err(self.failed(Step::ImportServerApp, StepError::Site(error))),
            (_, Err(error)) => return Err(self.failed(Step::ImportClientApp, StepError::Site(error))),
        };
        let waiting = Mutex::new(items.into_iter().rev().collect::<Vec<_>>());
        let upcoming = || waiting.lock().unwrap_or_else(PoisonError::into_inner).last().copied();
        let begin = || {
            if let Some(item) = upcoming() {
                (self.listener)(&Event::StepStarted { step: item.into() });
            }
        };
        let progress = |progress: &SiteProgress| {
            self.done(site_report(progress));
            waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .retain(|item| *item != progress.item);
            begin();
        };
        begin();
        let observer = retries_of(Step::CreateConnection, self.listener);
        // An implementation may tell everything at the end instead of as it happens; nothing is counted twice.
        let catch_up = |done: &[SiteProgress]| {
            for late in done {
                let is_untold = waiting.lock().unwrap_or_else(PoisonError::into_inner).contains(&late.item);
                if is_untold {
                    progress(late);
                }
            }
        };
        match site.onboard(call(&observer), &wanted, &progress).await {
            Ok(onboarded) => {
                catch_up(&onboarded.done);
                Ok((onboarded.connection, onboarded.secret))
            }
            Err(failure) => {
                catch_up(&failure.done);
                let step = upcoming().map_or(Step::CreateConnection, Step::from);
                Err(self.failed(step, StepError::Site(failure.error)))
            }
        }
    }

    fn items(&self) -> Vec<SiteItem> {
        let mut items = vec![SiteItem::Tenant, SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection];
        if self.work.discovery.is_some() {
            items.push(SiteItem::Discovery);
        }
        items
    }

    fn onboarding(&self, server: ServerAppImport, client: ClientAppImport) -> SiteOnboarding {
        let work = self.work;
        let mut wanted = SiteOnboarding::new(work.tenant_id, &work.tenant_name, work.environment, server, client, &work.name);
        wanted.description.clone_from(&work.description);
        wanted.discovery.clone_from(&work.discovery);
        wanted
    }

    fn server_import(&self, registered: Option<ApplicationId>, secret: Option<&IssuedSecret>) -> Result<ServerAppImport, SiteError> {
        let known = self.work.site.as_ref().is_some_and(|site| site.server_known);
        match (&self.work.server, registered) {
            (ServerWork::Reuse(id), _) => Ok(ServerAppImport::Known(*id)),
            (ServerWork::Import(app), _) if known => Ok(ServerAppImport::Known(app.client_id())),
            (ServerWork::Import(app), _) => Ok(ServerAppImport::Import {
                name: app.name().to_owned(),
                client_id: app.client_id(),
                secret_key: app.secret_key().clone(),
                secret_key_expiry: app.secret_key_expiry(),
                app_id_uri: app.app_id_uri().clone(),
            }),
            (ServerWork::Register { .. }, Some(id)) if known => Ok(ServerAppImport::Known(id)),
            (ServerWork::Register { app, .. }, Some(client_id)) => match (secret, &self.work.app_id_uri) {
                (Some(secret), Some(uri)) => Ok(ServerAppImport::Import {
                    name: app.name(),
                    client_id,
                    secret_key: secret.value.clone(),
                    secret_key_expiry: secret.expires_on,
                    app_id_uri: uri.clone(),
                }),
                _ => Err(incomplete("the server app", "it has no secret or no App ID URI")),
            },
            (ServerWork::Register { .. }, None) => Err(incomplete("the server app", "it was not registered")),
        }
    }

    fn client_import(&self, registered: Option<ApplicationId>) -> Result<ClientAppImport, SiteError> {
        let known = self.work.site.as_ref().is_some_and(|site| site.client_known);
        let (name, client_id) = match (&self.work.client, registered) {
            (ClientWork::Reuse(id), _) => return Ok(ClientAppImport::Known(*id)),
            (ClientWork::Import { name, client_id }, _) => (name.clone(), *client_id),
            (ClientWork::Register(app), Some(id)) => (app.name(), id),
            (ClientWork::Register(_), None) => return Err(incomplete("the client app", "it was not registered")),
        };
        Ok(if known {
            ClientAppImport::Known(client_id)
        } else {
            ClientAppImport::Import { name, client_id }
        })
    }
}

fn incomplete(what: &str, why: &str) -> SiteError {
    SiteRefused::new(format!("import {what}"), why, "Make a new plan and run again.").into()
}

fn site_report(progress: &SiteProgress) -> StepReport {
    let (action, note) = match &progress.action {
        SiteAction::Created => (StepAction::Created, None),
        SiteAction::Unchanged => (StepAction::Unchanged, None),
        SiteAction::Changed => (StepAction::Mended, None),
        SiteAction::Differs(how) => (StepAction::Differs, Some(how)),
    };
    let mut report = StepReport::new(progress.item.into(), action);
    if let Some(row) = progress.row {
        report = report.with_id("row", row);
    }
    match note {
        Some(note) => report.with_note(note),
        None => report,
    }
}
