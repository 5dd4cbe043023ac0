//! The last round: both apps and the connection, into the site.

use std::{collections::VecDeque, future::Future, pin::pin, task::Poll};

use futures_util::future::poll_fn;

use crate::connection::{
    plan::work::{ClientWork, ServerWork},
    report::error::StepError,
    report::event::EventKind,
    report::outcome::{IssuedSecret, StepAction, StepReport},
    report::step::Step,
    run::context::{Failed, Run},
};
use crate::{
    call::{Call, CallEvent},
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
        let mut waiting: VecDeque<SiteItem> = items.into();
        let (call, mut heard) = Call::channel();
        self.start_next(&waiting);
        let onboarding = site.onboard(call, &wanted);
        let mut onboarding = pin!(onboarding);
        let result = poll_fn(|context| {
            let result = onboarding.as_mut().poll(context);
            while let Poll::Ready(Some((_, event))) = heard.poll_next_tagged(context) {
                match event {
                    CallEvent::Progress(progress) => self.item_done(&progress, &mut waiting),
                    CallEvent::Retried(retry) => {
                        let step = waiting.front().copied().map(Step::from);
                        self.emitter.tell(EventKind::Retried { step, retry });
                    }
                    CallEvent::Answered(_) => {}
                }
            }
            result
        });
        // An implementation may tell everything at the end instead of as it happens; nothing is counted twice.
        match result.await {
            Ok(onboarded) => {
                onboarded.done.iter().for_each(|late| self.item_done(late, &mut waiting));
                for untold in waiting {
                    self.skip(untold.into());
                }
                Ok((onboarded.connection, onboarded.secret))
            }
            Err(failure) => {
                failure.done.iter().for_each(|late| self.item_done(late, &mut waiting));
                let step = waiting.front().map_or(Step::CreateConnection, |item| Step::from(*item));
                Err(self.failed(step, StepError::Site(failure.error)))
            }
        }
    }

    fn start_next(&self, waiting: &VecDeque<SiteItem>) {
        if let Some(item) = waiting.front() {
            self.start((*item).into());
        }
    }

    /// Tells of an item that the site has done, unless it has been told before.
    fn item_done(&self, progress: &SiteProgress, waiting: &mut VecDeque<SiteItem>) {
        if !waiting.contains(&progress.item) {
            return;
        }
        self.done(site_report(progress));
        waiting.retain(|item| *item != progress.item);
        self.start_next(waiting);
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
        SiteAction::Changed => (StepAction::Updated, None),
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
