//! The Summary page: what will be written, what is kept, what it takes.

use std::{fmt, sync::Mutex};

use serde::{Deserialize, Serialize, Serializer};
use tokio::time::Instant;

use super::{
    AzureServicesConnection,
    apply::Run,
    difference::PropertyChange,
    document::PlanDocument,
    emitter::Emitter,
    end_of_run,
    event::{Event, EventKind, Verb},
    failure::{ApplyError, OnboardingError},
    finding::Finding,
    own_secret::new_description,
    report::Outcome,
    step::Step,
    work::Work,
};
use crate::{
    ids::TenantId,
    permissions::{PermissionType, Use, least},
    spec::AppIdUri,
};

/// What is planned for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PlannedAction {
    /// It is not there and will be made.
    Create,
    /// It is there and will be changed.
    Update,
    /// It is there and will be removed.
    Remove,
    /// It is there and stays as it is.
    Keep,
}

impl fmt::Display for PlannedAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Keep => "in place",
        })
    }
}

/// When a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum When {
    /// In every run of the plan.
    Always,
    /// Only if a lost answer, or another run at the same time, makes it necessary.
    IfNeeded,
}

/// One line of the Summary page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedStep {
    /// Which step.
    pub step: Step,
    /// What will happen.
    pub action: PlannedAction,
    /// When it runs.
    pub when: When,
    /// The round of the run that it belongs to, from 1. The steps of one round run side by side.
    pub round: u8,
    /// What exactly will be written, as name and value. Never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, String)>,
    /// What will be changed on something that is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PropertyChange>,
    /// The Microsoft Graph permission it takes, where it writes to the directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
}

impl PlannedStep {
    pub(crate) fn new(step: Step, action: PlannedAction) -> Self {
        let permission = (action != PlannedAction::Keep)
            .then(|| permission(step))
            .flatten()
            .map(str::to_owned);
        Self {
            step,
            action,
            when: When::Always,
            round: step.round(),
            details: Vec::new(),
            changes: Vec::new(),
            permission,
        }
    }

    pub(crate) const fn if_needed(mut self) -> Self {
        self.when = When::IfNeeded;
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name.to_owned(), value.to_string()));
        self
    }

    pub(crate) fn changing(mut self, changes: Vec<PropertyChange>) -> Self {
        self.changes = changes;
        self
    }
}

/// What a step asks of the directory. Purging is left out of removing an app: what may not be purged stays for 30 days, and
/// the run reports it.
const fn uses(step: Step) -> &'static [Use] {
    match step {
        Step::RegisterServerApp | Step::RegisterClientApp => &[Use::RegisterApp, Use::UpdateApp],
        Step::IssueSecret => &[Use::IssueSecret],
        Step::ServerServicePrincipal | Step::ClientServicePrincipal => &[Use::CreateServicePrincipal],
        Step::CompleteClientApp => &[Use::UpdateApp],
        Step::RetireSecrets => &[Use::RemoveSecret],
        Step::ConsentServerApp | Step::ConsentUserRead => &[Use::GrantPermission],
        Step::ConsentDirectoryRead => &[Use::AssignRole],
        Step::RemoveServerApp | Step::RemoveClientApp => &[Use::RemoveApp, Use::RemoveServicePrincipal],
        Step::ImportTenant
        | Step::ImportServerApp
        | Step::ImportClientApp
        | Step::CreateConnection
        | Step::ConfigureDiscovery
        | Step::RemoveConnection => &[],
    }
}

/// The least Microsoft Graph permission for a step, for a person who is signed in.
fn permission(step: Step) -> Option<&'static str> {
    least(uses(step), PermissionType::Delegated).into_iter().next()
}

/// What a run will do, bound to the connection that it was made for. It prints as the wizard's Summary page and
/// serialises as JSON, without secrets.
///
/// It is the picture of one moment. What it changes is read again right before it is written, and lists are merged with
/// what is there by then. What it keeps is read again if the plan is older than
/// [`max_plan_age`](super::AzureServicesConnectionBuilder::max_plan_age): a plan whose effect would be another one by
/// then is refused before anything is written.
#[derive(Debug, Clone)]
pub struct Plan {
    document: PlanDocument,
    connection: AzureServicesConnection,
    work: Work,
    read_at: Instant,
}

impl Plan {
    pub(crate) fn new(connection: AzureServicesConnection, work: Work, document: PlanDocument) -> Self {
        Self {
            document,
            connection,
            work,
            read_at: Instant::now(),
        }
    }

    /// Carries the plan out, in rounds, everything independent side by side, and tells `events` of every step.
    ///
    /// If one step fails, the others of its round finish; then the run stops. Steps that find things as they should be
    /// send nothing.
    ///
    /// # Errors
    ///
    /// With the report of what was done, and the secret if one was made. Running the same specification again goes on
    /// from there.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await. What was done stays, and the next run of the same specification finds
    /// it; a secret whose text was lost that way is replaced if the site does not know the app yet.
    pub async fn apply(self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        let connection = self.connection.clone();
        let emitter = connection.begin(Verb::Apply, &events);
        let result = self.carry_out_if_current(&emitter).await;
        end_of_run(&emitter, &result);
        result
    }

    async fn carry_out_if_current(self, emitter: &Emitter<'_>) -> Result<Outcome, OnboardingError> {
        let is_fresh = self.read_at.elapsed() <= self.connection.inner.max_plan_age;
        let plan = if is_fresh {
            self
        } else {
            self.connection.plan_as_approved(&self.document, emitter).await?
        };
        Ok(plan.carry_out(emitter).await?)
    }

    pub(crate) async fn carry_out(&self, emitter: &Emitter<'_>) -> Result<Outcome, ApplyError> {
        emitter.tell(EventKind::PlanMade {
            total: self.document.steps.len(),
        });
        let connection = &self.connection;
        let run = Run {
            work: &self.work,
            directory: connection.directory(),
            site: connection.site(),
            clock: connection.inner.clock.as_ref(),
            emitter,
            planned: &self.document.steps,
            findings_of_plan: &self.document.findings,
            wait_policy: connection.inner.wait_policy,
            sink: connection.inner.sink.as_deref(),
            description: new_description(self.work.site_identity.as_ref()),
            report: Mutex::default(),
            started: Mutex::default(),
            findings: Mutex::default(),
            failures: Mutex::default(),
            issued: Mutex::default(),
        };
        let work = connection.inner.limits.within(run.carry_out());
        match emitter.listening(work).await {
            Ok(result) => result,
            Err(why) => Err(run.ended_early(why)),
        }
    }

    /// The plan as data: to show, to store, and to approve.
    #[must_use]
    pub const fn document(&self) -> &PlanDocument {
        &self.document
    }

    /// The connection that the plan was made for.
    #[must_use]
    pub const fn connection(&self) -> &AzureServicesConnection {
        &self.connection
    }

    /// Whether there is nothing to change. Findings and open tasks may remain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.document.is_empty()
    }

    /// Every step, in the order of the run.
    #[must_use]
    pub fn steps(&self) -> &[PlannedStep] {
        &self.document.steps
    }

    /// What is planned for one step; `None` if the specification has no use for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&PlannedStep> {
        self.document.step(step)
    }

    /// What preflight found that does not stand in the way.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.document.findings
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.document.tenant_id
    }

    /// The tenant's name in the site.
    #[must_use]
    pub fn tenant_name(&self) -> &str {
        &self.document.tenant_name
    }

    /// The App ID URI, with the default resolved; `None` if the server app is reused and the site does not tell it.
    #[must_use]
    pub const fn app_id_uri(&self) -> Option<&AppIdUri> {
        self.document.app_id_uri.as_ref()
    }

    /// The Microsoft Graph permissions that carrying out this plan takes, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        needed_permissions(&self.document.steps)
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(serializer)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(formatter)
    }
}

/// The permissions that these steps take of a person who is signed in, each once.
pub(crate) fn needed_permissions(steps: &[PlannedStep]) -> Vec<String> {
    let mut needed: Vec<String> = least(&needed_uses(steps), PermissionType::Delegated)
        .into_iter()
        .map(str::to_owned)
        .collect();
    needed.sort_unstable();
    needed
}

/// What these steps ask of the directory.
pub(crate) fn needed_uses(steps: &[PlannedStep]) -> Vec<Use> {
    let writes = steps.iter().filter(|step| step.action != PlannedAction::Keep);
    writes.flat_map(|step| uses(step.step)).copied().collect()
}
