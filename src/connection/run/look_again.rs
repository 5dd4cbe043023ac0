//! Looks again, beside the first writes of a plan that has grown old, at what it keeps and what it changes later.

use crate::connection::{
    plan::{change::When, document::PlanDocument, operation::Operation},
    read::snapshot::Snapshot,
    report::{
        blocked::Blocked,
        event::Verb,
        finding::{Finding, FindingCode},
        stale_plan::StalePlan,
        step::{AppRole, Step},
        step_error::{StepError, StepFailure},
    },
    run::context::Run,
};

/// The round beside which an old plan is looked at again.
pub(crate) const FIRST: u8 = 1;

/// Whether an old plan may begin to write while it is looked at again: if its first round makes app registrations and
/// does nothing else. Each is ensured by its unique name, so that it changes nothing that is in use, and the next run
/// finds and keeps it.
pub(crate) fn may_look_beside(document: &PlanDocument) -> bool {
    let mut first = document
        .changes
        .iter()
        .filter(|change| change.round == FIRST && change.when != When::IfRefused);
    let only_makes = first
        .clone()
        .all(|change| matches!(change.operation, Operation::CreateApp { .. } | Operation::Keep { .. }));
    document.verb == Verb::Onboard && only_makes && first.any(|change| matches!(change.operation, Operation::CreateApp { .. }))
}

impl Run<'_> {
    /// Whether the plan would still do the same. What it makes in its first round is left out: it may be there by now, or
    /// not yet to be seen.
    pub(crate) async fn look_again(&self) -> Result<(), StepError> {
        let makes = |step| {
            matches!(
                self.planned(step).map(|change| &change.operation),
                Some(Operation::CreateApp { .. })
            )
        };
        let apps = [
            (AppRole::Server, Step::RegisterServerApp),
            (AppRole::Client, Step::RegisterClientApp),
        ];
        let being_made: Vec<AppRole> = apps.into_iter().filter(|(_, step)| makes(*step)).map(|(app, _)| app).collect();
        let read = self.inner.read_beside(self.emitter, &being_made).await;
        let mut snapshot = read?.without_made(self.snapshot, &being_made);
        let rules = self.inner.rules(self.document.verb);
        let (mut findings, mut fresh) = self.inner.draft(&rules, &snapshot);
        let is_of_others = |finding: &Finding| finding.code() == FindingCode::ConnectionOfAnotherServerApp;
        if findings.iter().any(is_of_others) {
            // Another run may have made the apps, and the site may know them by now: they have to be seen to be told from others.
            snapshot = self.inner.read_beside(self.emitter, &[]).await?;
            (findings, fresh) = self.inner.draft(&rules, &snapshot);
        }
        let Some(fresh) = fresh.filter(|_| !Blocked::is_blocked(&findings)) else {
            return Err(StepError::Blocked(Blocked::new(findings)));
        };
        let differences = self.document.differences(&fresh);
        if !differences.is_empty() {
            return Err(StepError::Stale(StalePlan::new(differences)));
        }
        // What has come up since the plan was made belongs to the outcome as well.
        let is_new = |finding: &Finding| !self.document.findings.contains(finding);
        fresh.findings.into_iter().filter(is_new).for_each(|finding| self.find(finding));
        self.state().read_at = Some(snapshot.read_at);
        Ok(())
    }

    /// The failure of a plan that would do something else by now: of the first step that has not begun.
    pub(crate) fn stale(&self, error: StepError) -> StepFailure {
        let next = self
            .document
            .changes
            .iter()
            .find(|change| change.round > FIRST && change.when == When::Always);
        self.failed(next.map_or(Step::ServerServicePrincipal, |change| change.step), error)
    }
}

impl Snapshot {
    /// The same with what an earlier snapshot says of the apps that are being made.
    fn without_made(mut self, before: &Self, being_made: &[AppRole]) -> Self {
        let (Some(now), Some(before)) = (&mut self.directory, &before.directory) else {
            return self;
        };
        now.deleted.clone_from(&before.deleted);
        if being_made.contains(&AppRole::Server) {
            now.server.clone_from(&before.server);
            now.uri.clone_from(&before.uri);
            now.uri_owner.clone_from(&before.uri_owner);
            now.server_roles.clone_from(&before.server_roles);
            now.roles_unread = before.roles_unread;
        }
        if being_made.contains(&AppRole::Client) {
            now.client.clone_from(&before.client);
            now.client_grants.clone_from(&before.client_grants);
            now.grants_unread = before.grants_unread;
        }
        self
    }
}
