//! Turns specification and snapshot into a plan: a list of changes, as data. Planning sends no request.
//!
//! [`target`] resolves the specification once against the snapshot. Then [`apps`], [`secrets`], [`consents`],
//! [`site`], [`settings`], [`renewal`] and [`removal`] each give their changes. The list of [`change`]s, with all findings, is the plan
//! ([`document`]): the caller shows, stores and approves it, and a run carries out exactly these changes.

pub(crate) mod alive;
pub(crate) mod app_id_uri;
pub(crate) mod apps;
pub(crate) mod change;
pub(crate) mod consents;
pub(crate) mod details;
pub(crate) mod difference;
pub(crate) mod document;
pub(crate) mod draft;
pub(crate) mod operation;
pub(crate) mod own_secret;
mod permission_names;
pub(crate) mod phase;
mod planned_action;
mod planned_secret;
mod reference;
pub(crate) mod registration;
pub(crate) mod removal;
pub(crate) mod renewal;
pub mod review;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod site;
mod summary;
pub(crate) mod target;

use std::fmt;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::{
    connection::{
        check::rules::Rules,
        handle::AzureServicesConnection,
        plan::{change::Change, document::PlanDocument},
        read::snapshot::Snapshot,
        report::{
            blocked::Blocked,
            emitter::Emitter,
            error::{ApplyError, OnboardingError},
            event::{Event, EventKind, Verb},
            finding::Finding,
            outcome::Outcome,
            stale_plan::StalePlan,
            step::Step,
        },
        run::{context::Run, look_again::may_look_beside},
    },
    ids::TenantId,
    spec::AppIdUri,
};

/// What a run will do, bound to the connection that it was made for. It prints as the wizard's Summary page
/// and serialises as JSON, without secrets.
///
/// It describes tenant and site at the moment when they were read. A run reads what it changes again right
/// before it writes, and merges lists with what is there by then. If the plan is older than
/// [`max_plan_age`](crate::connection::AzureServicesConnectionBuilder::max_plan_age), the run reads what it
/// keeps again, too, and refuses the plan if its effect would be another one: before the first write, or, of a
/// plan that begins by making app registrations and nothing else, before the second round. An app that another run has
/// registered by then is found and kept: its effect is the same.
///
/// ```
/// use cmg_onboarding::connection::{Operation, PlannedAction, Step};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
/// #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
/// #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
/// #     .build()?;
/// # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
/// #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
/// #     .site(cmg_onboarding_emulator::EmulatedSite::new())
/// #     .build()?;
/// let plan = connection.plan(|_| ()).await?;
/// let change = plan.step(Step::RegisterServerApp).expect("the server app is not there yet");
/// assert_eq!(change.action, PlannedAction::Create);
/// if let Operation::CreateApp { properties, .. } = &change.operation {
///     println!("{:?}", properties.display_name);
/// }
/// let saved = serde_json::to_string(plan.document())?; // to be approved, and carried out elsewhere
/// let approved = serde_json::from_str(&saved)?;
/// connection.plan_from(&approved, |_| ()).await?.apply(|_| ()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Plan {
    document: PlanDocument,
    connection: AzureServicesConnection,
    /// What was there when the plan was made.
    snapshot: Snapshot,
    read_at: Instant,
}

impl Plan {
    pub(crate) fn new(connection: AzureServicesConnection, snapshot: Snapshot, document: PlanDocument) -> Self {
        Self {
            document,
            connection,
            snapshot,
            read_at: Instant::now(),
        }
    }

    /// Makes the plan for this, of what was read.
    pub(crate) fn make(connection: &AzureServicesConnection, rules: &Rules<'_>, snapshot: Snapshot) -> Result<Self, Blocked> {
        let (findings, document) = connection.inner.draft(rules, &snapshot);
        match document {
            Some(document) if !Blocked::is_blocked(&findings) => Ok(Self::new(connection.clone(), snapshot, document)),
            _ => Err(Blocked::new(findings)),
        }
    }

    /// Makes a plan that does exactly what was approved. What it is for, the caller says and not the document, whose file
    /// may be forged: a job that onboards never removes.
    pub(crate) fn make_approved(
        connection: &AzureServicesConnection,
        rules: &Rules<'_>,
        approved: &PlanDocument,
        snapshot: Snapshot,
    ) -> Result<Self, OnboardingError> {
        let plan = Self::make(connection, rules, snapshot)?;
        let differences = approved.differences(&plan.document);
        if differences.is_empty() {
            Ok(plan)
        } else {
            Err(StalePlan::new(differences).into())
        }
    }

    /// Carries the plan out, round by round, and calls `events` with every step. The steps of one round run
    /// side by side.
    ///
    /// If one step fails, the others of its round finish; then the run stops. A step that keeps what is there
    /// sends nothing.
    ///
    /// # Errors
    ///
    /// [`OnboardingError::Apply`] if a step fails, with the report of what was done, and the secret if one
    /// was issued: the next run of the same specification goes on from there. For a plan that is older than
    /// [`max_plan_age`](crate::connection::AzureServicesConnectionBuilder::max_plan_age) also
    /// [`OnboardingError::Stale`], and the errors of reading and planning. In these cases nothing was
    /// written. If such a plan begins by making app registrations and nothing else, it is
    /// [`OnboardingError::Apply`] with [`StepError::Stale`](crate::connection::StepError::Stale) or
    /// [`StepError::Blocked`](crate::connection::StepError::Blocked), after its first round.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await. What was done stays, and the next run of the same
    /// specification finds it; a secret whose text was lost that way is replaced if the site does not know
    /// the app yet.
    pub async fn apply(self, events: impl Fn(&Event) + Send + Sync) -> Result<Outcome, OnboardingError> {
        let connection = self.connection.clone();
        let emitter = connection.inner.begin(Verb::Apply, &events);
        let result = self.carry_out_if_current(&emitter).await;
        emitter.end_of_run(&result);
        result
    }

    async fn carry_out_if_current(self, emitter: &Emitter<'_>) -> Result<Outcome, OnboardingError> {
        let is_fresh = self.read_at.elapsed() <= self.connection.inner.max_plan_age;
        let looks_beside = !is_fresh && may_look_beside(&self.document);
        let plan = if is_fresh || looks_beside {
            self
        } else {
            let rules = Rules {
                only: self.document.only,
                ..self.connection.inner.rules(self.document.verb)
            };
            let snapshot = self.connection.inner.read(&rules, emitter).await?;
            Self::make_approved(&self.connection, &rules, &self.document, snapshot)?
        };
        Ok(plan.run(emitter, looks_beside).await?)
    }

    pub(crate) async fn carry_out(&self, emitter: &Emitter<'_>) -> Result<Outcome, ApplyError> {
        self.run(emitter, false).await
    }

    async fn run(&self, emitter: &Emitter<'_>, looks_again: bool) -> Result<Outcome, ApplyError> {
        emitter.tenant(self.document.tenant_id);
        emitter.emit(EventKind::PlanMade {
            total: self.document.changes.len(),
        });
        let inner = &self.connection.inner;
        let run = Run::new(inner, &self.document, &self.snapshot, emitter).looking_again(looks_again);
        match inner.drive(emitter, run.carry_out()).await {
            Ok(result) => result,
            Err(why) => Err(run.ended_early(&why.into())),
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

    /// Every change, in the order of the run.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.document.changes
    }

    /// What is planned for one step; `None` if the specification has no use for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&Change> {
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

    /// The App ID URI, with the default resolved; `None` if the server app is reused and the site does not
    /// tell it.
    #[must_use]
    pub const fn app_id_uri(&self) -> Option<&AppIdUri> {
        self.document.app_id_uri.as_ref()
    }

    /// The Microsoft Graph permissions that carrying out this plan takes, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        self.document.permissions()
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
