//! The last round: both apps and the connection, into the site.

use std::{collections::VecDeque, future::Future, pin::pin, task::Poll};

use futures_util::future::poll_fn;
use time::OffsetDateTime;

use crate::{
    call::{Call, CallEvent},
    connection::{
        plan::{
            change::Change,
            operation::Operation,
            site::{held_connection, not_as_wanted},
        },
        report::{
            event::{EventKind, Verb},
            finding::{Finding, FindingCode},
            outcome::StepReport,
            step::{Step, StepAction},
            step_error::{StepError, StepFailure},
        },
        run::context::Run,
    },
    ids::ApplicationId,
    secret::ClientSecret,
    site::{ClientAppImport, NamedConnection, ServerAppImport, SiteAction, SiteConnection, SiteItem, SiteOnboarding, SiteProgress},
};

impl Run<'_> {
    /// Ensures the connection in the site, unless it is in place as it is: one request for all of its items.
    pub(crate) async fn import(&self, changes: &[&Change]) -> Result<(), StepFailure> {
        let is_kept_back = self.keeps_back();
        self.state().is_kept_back = is_kept_back;
        if is_kept_back || changes.iter().all(|change| change.action.is_left()) {
            for change in changes {
                let left = if is_kept_back { kept_back(change) } else { by_hand(change) };
                self.done(left.unwrap_or_else(|| StepReport::new(change.step, StepAction::Unchanged)));
            }
            self.state().connection = self.connection_in_place();
            self.settle_unused(None);
            return Ok(());
        }
        let failed = |step| move |error| self.failed(step, error);
        let site = self.site().map_err(failed(Step::ImportTenant))?;
        let server = self.server_import().map_err(failed(Step::ImportServerApp))?;
        let client = self.client_import().map_err(failed(Step::ImportClientApp))?;
        let wanted = self.onboarding(server, client);
        let mut waiting: VecDeque<SiteItem> = items(changes);
        let (call, mut received) = Call::channel();
        self.start_next(&waiting);
        let onboarding = site.onboard(call, &wanted);
        let mut onboarding = pin!(onboarding);
        let result = poll_fn(|context| {
            let result = onboarding.as_mut().poll(context);
            while let Poll::Ready(Some((_, event))) = received.poll_next_tagged(context) {
                match event {
                    CallEvent::Progress(progress) => self.item_done(&progress, &mut waiting),
                    CallEvent::Retried(retry) => {
                        let step = waiting.front().copied().map(Step::from);
                        self.emitter.emit(EventKind::Retried { step, retry });
                    }
                    CallEvent::Answered(trace) => {
                        let step = waiting.front().copied().map_or(Step::CreateConnection, Step::from);
                        self.emitter.answered(step, trace);
                    }
                }
            }
            result
        });
        // An implementation may tell everything at the end instead of as it happens; nothing is counted
        // twice.
        match result.await {
            Ok(onboarded) => {
                onboarded.done.iter().for_each(|late| self.item_done(late, &mut waiting));
                for untold in waiting {
                    self.skip(untold.into());
                }
                // A renewal changes nothing of the connection, so that what it is to be like is not its concern.
                if self.document.verb == Verb::Onboard {
                    self.check_read_back(&onboarded.connection);
                }
                self.state().connection = Some(onboarded.connection);
                // A site that was given no secret cannot say which of two it holds.
                self.settle_unused(wanted.server_app.secret_key().map(|_| onboarded.secret));
                Ok(())
            }
            Err(failure) => {
                failure.done.iter().for_each(|late| self.item_done(late, &mut waiting));
                let step = waiting.front().map_or(Step::CreateConnection, |item| Step::from(*item));
                Err(self.failed(step, StepError::Site(failure.error)))
            }
        }
    }

    /// The connection as it was when the plan was made.
    fn connection_in_place(&self) -> Option<SiteConnection> {
        let site = self.snapshot.site.as_ref()?;
        held_connection(&self.inner.spec, site, self.document.tenant_id, self.server_in_site()).cloned()
    }

    /// The id of the server app that the site knows: as planned, or of one that this run has restored.
    pub(crate) fn server_in_site(&self) -> Option<ApplicationId> {
        let restored = || self.state().server.as_ref().map(|app| app.app_id);
        self.document.server_app.application_id.or_else(restored)
    }

    /// Tells what the site has not taken as it was given, also if it said otherwise of its items.
    fn check_read_back(&self, connection: &SiteConnection) {
        let spec = &self.inner.spec;
        let properties = not_as_wanted(spec, connection);
        if !properties.is_empty() {
            let differs = Finding::warning(FindingCode::ConnectionReadBackDiffers);
            self.find(differs.with("connection", &connection.name).with("properties", properties));
        }
        let is_told = self
            .document
            .findings
            .iter()
            .any(|finding| finding.code() == FindingCode::DiscoveryUnread);
        if connection.is_discovery_unread && spec.discovery().is_some() && !is_told {
            self.find(Finding::warning(FindingCode::DiscoveryUnread).with("connection", &connection.name));
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
        let step = Step::from(progress.item);
        let left = self.planned(step).and_then(by_hand);
        self.done(left.unwrap_or_else(|| site_report(progress)));
        waiting.retain(|item| *item != progress.item);
        self.start_next(waiting);
    }

    fn onboarding(&self, server: ServerAppImport, client: ClientAppImport) -> SiteOnboarding {
        let document = self.document;
        let (tenant, name) = (document.tenant_id, &document.tenant_name);
        let planned = self.planned(Step::CreateConnection).map(|change| &change.operation);
        // A connection that is kept is the one that the site has, by any name.
        let connection = match planned {
            Some(Operation::Keep { name: Some(held), .. }) => held,
            _ => &document.name,
        };
        let mut wanted = SiteOnboarding::new(tenant, name, document.environment, server, client, connection);
        if document.verb != Verb::Onboard {
            return wanted;
        }
        if let Some(Operation::UpdateConnection {
            row,
            name,
            new_name: Some(_),
            ..
        }) = planned
        {
            wanted.renamed_from = Some(NamedConnection::new(*row, name));
        }
        wanted.description.clone_from(&document.description);
        wanted.discovery = self.inner.spec.discovery().cloned();
        wanted
    }

    fn server_import(&self) -> Result<ServerAppImport, StepError> {
        match self.planned(Step::ImportServerApp).map(|change| &change.operation) {
            Some(Operation::ImportServerApp { name, app, app_id_uri, .. }) => {
                let client_id = self.app_id(*app)?;
                let (secret_key, secret_key_expiry) = self.secret_to_hand_over()?;
                Ok(ServerAppImport::Import {
                    name: name.clone(),
                    client_id,
                    secret_key,
                    secret_key_expiry,
                    app_id_uri: self.app_id_uri().or_else(|| app_id_uri.clone()).ok_or(StepError::NothingToImport)?,
                })
            }
            Some(Operation::RenewSecret { app, by_hand: false, .. }) => {
                let client_id = self.app_id(*app)?;
                let (secret_key, secret_key_expiry) = self.secret_to_hand_over()?;
                Ok(ServerAppImport::Renew {
                    client_id,
                    secret_key,
                    secret_key_expiry,
                })
            }
            _ => {
                let known = self.server_in_site();
                Ok(ServerAppImport::Known(known.ok_or(StepError::NotRegistered)?))
            }
        }
    }

    /// The secret that the site gets: the specification's, or the one that this run has issued.
    fn secret_to_hand_over(&self) -> Result<(ClientSecret, OffsetDateTime), StepError> {
        match (self.inner.spec.server_app().imported(), self.issued()) {
            (Some(imported), _) => Ok((imported.secret_key().clone(), imported.secret_key_expiry())),
            (None, Some(issued)) => Ok((issued.value, issued.expires_on)),
            (None, None) => Err(StepError::NothingToImport),
        }
    }

    fn client_import(&self) -> Result<ClientAppImport, StepError> {
        let step = Step::ImportClientApp;
        let Some(Operation::ImportClientApp { name, app }) = self.planned(step).map(|change| &change.operation) else {
            let restored = || self.state().client.as_ref().map(|app| app.app_id);
            let known = self.document.client_app.application_id.or_else(restored);
            return Ok(ClientAppImport::Known(known.ok_or(StepError::NotRegistered)?));
        };
        Ok(ClientAppImport::Import {
            name: name.clone(),
            client_id: self.app_id(*app)?,
        })
    }
}

fn items(changes: &[&Change]) -> VecDeque<SiteItem> {
    let all = [
        SiteItem::Tenant,
        SiteItem::ServerApp,
        SiteItem::ClientApp,
        SiteItem::Connection,
        SiteItem::Discovery,
    ];
    let is_planned = |item: &SiteItem| changes.iter().any(|change| change.step == Step::from(*item));
    all.into_iter().filter(is_planned).collect()
}

/// The report of a change that only a person can make.
fn by_hand(change: &Change) -> Option<StepReport> {
    let note = match change.operation {
        Operation::RenewSecret { made_by_console: true, .. } => {
            "the site keeps the secret that it has; the console's dialog signs a person in and makes the next one"
        }
        Operation::RenewSecret { by_hand: true, .. } => "the site keeps the secret that it has, and takes another one only from a person",
        _ => return None,
    };
    Some(StepReport::new(change.step, StepAction::Differs).with_note(note))
}

/// The report of a secret that the site is not given.
fn kept_back(change: &Change) -> Option<StepReport> {
    let Operation::RenewSecret { .. } = change.operation else {
        return None;
    };
    let note = "the site keeps the secret that it has, because the new one was not accepted when it was tried out";
    Some(StepReport::new(change.step, StepAction::Differs).with_note(note))
}

fn site_report(progress: &SiteProgress) -> StepReport {
    let (action, note) = match &progress.action {
        SiteAction::Created => (StepAction::Created, progress.differences.as_ref()),
        SiteAction::Unchanged => (StepAction::Unchanged, None),
        SiteAction::Changed => (StepAction::Updated, progress.differences.as_ref()),
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
