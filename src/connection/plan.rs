//! The Summary page: what will be written, what is kept, what it takes.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use super::{
    difference::PropertyChange,
    finding::{Finding, FindingCode},
    step::Step,
    work::Work,
};
use crate::{cloud::CloudEnvironment, ids::TenantId, spec::AppIdUri};

/// What is planned for a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PlannedAction {
    /// It is not there and will be made.
    Create,
    /// It is there and will be changed.
    Mend,
    /// It is there and stays as it is.
    Nothing,
}

impl fmt::Display for PlannedAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create",
            Self::Mend => "mend",
            Self::Nothing => "in place",
        })
    }
}

/// One line of the Summary page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedStep {
    /// Which step.
    pub step: Step,
    /// What will happen.
    pub action: PlannedAction,
    /// What exactly will be written, as name and value. Never a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(&'static str, String)>,
    /// What will be changed on something that is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PropertyChange>,
    /// The Microsoft Graph permission it takes, where it writes to the directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<&'static str>,
}

impl PlannedStep {
    pub(crate) fn new(step: Step, action: PlannedAction) -> Self {
        let permission = (action != PlannedAction::Nothing).then(|| permission(step)).flatten();
        Self {
            step,
            action,
            details: Vec::new(),
            changes: Vec::new(),
            permission,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name, value.to_string()));
        self
    }

    pub(crate) fn changing(mut self, changes: Vec<PropertyChange>) -> Self {
        self.changes = changes;
        self
    }
}

/// The permission that consents to delegated permissions.
pub(crate) const DELEGATED_GRANT: &str = "DelegatedPermissionGrant.ReadWrite.All";

/// The permission that consents to application permissions.
pub(crate) const ROLE_ASSIGNMENT: &str = "AppRoleAssignment.ReadWrite.All";

/// The least Microsoft Graph permission for a step.
const fn permission(step: Step) -> Option<&'static str> {
    match step {
        Step::RegisterServerApp
        | Step::RegisterClientApp
        | Step::IssueSecret
        | Step::ServerServicePrincipal
        | Step::ClientServicePrincipal
        | Step::CompleteClientApp
        | Step::RetireSecrets => Some("Application.ReadWrite.All"),
        Step::ConsentServerApp | Step::ConsentUserRead => Some(DELEGATED_GRANT),
        Step::ConsentDirectoryRead => Some(ROLE_ASSIGNMENT),
        Step::ImportTenant | Step::ImportServerApp | Step::ImportClientApp | Step::CreateConnection | Step::ConfigureDiscovery => None,
    }
}

/// What a run will do. It prints as the wizard's Summary page and serialises as JSON, without secrets.
///
/// It is the picture of one moment: every step looks again before it writes, so that a plan that has grown old does
/// no harm.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    environment: CloudEnvironment,
    tenant_id: TenantId,
    tenant_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id_uri: Option<AppIdUri>,
    #[serde(with = "time::serde::rfc3339")]
    made_on: OffsetDateTime,
    steps: Vec<PlannedStep>,
    findings: Vec<Finding>,
    #[serde(skip)]
    work: Work,
}

impl Plan {
    pub(crate) fn new(work: Work, steps: Vec<PlannedStep>, findings: Vec<Finding>, made_on: OffsetDateTime) -> Self {
        Self {
            name: work.name.clone(),
            description: work.description.clone(),
            environment: work.environment,
            tenant_id: work.tenant_id,
            tenant_name: work.tenant_name.clone(),
            app_id_uri: work.app_id_uri.clone(),
            made_on,
            steps,
            findings,
            work,
        }
    }

    /// Whether everything is in place already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.action == PlannedAction::Nothing)
    }

    /// Every step, in the order of the run.
    #[must_use]
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// What is planned for one step; `None` where the specification has no use for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&PlannedStep> {
        self.steps.iter().find(|planned| planned.step == step)
    }

    /// What preflight found that does not stand in the way.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }

    /// The tenant's name in the site.
    #[must_use]
    pub fn tenant_name(&self) -> &str {
        &self.tenant_name
    }

    /// The App ID URI, with the default resolved; `None` where the server app is reused and the site does not tell it.
    #[must_use]
    pub const fn app_id_uri(&self) -> Option<&AppIdUri> {
        self.app_id_uri.as_ref()
    }

    /// The Microsoft Graph permissions that carrying out this plan takes, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<&'static str> {
        needed_permissions(&self.steps)
    }

    pub(crate) const fn work(&self) -> &Work {
        &self.work
    }
}

pub(crate) fn needed_permissions(steps: &[PlannedStep]) -> Vec<&'static str> {
    let mut needed: Vec<&'static str> = steps.iter().filter_map(|step| step.permission).collect();
    needed.sort_unstable();
    needed.dedup();
    needed
}

impl fmt::Display for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Name:              {}", self.name)?;
        if let Some(description) = &self.description {
            writeln!(formatter, "Description:       {description}")?;
        }
        writeln!(formatter, "Azure environment: {}", self.environment)?;
        writeln!(formatter, "Tenant:            {} ({})", self.tenant_name, self.tenant_id)?;
        if let Some(uri) = &self.app_id_uri {
            writeln!(formatter, "App ID URI:        {uri}")?;
        }
        writeln!(formatter)?;
        for planned in &self.steps {
            writeln!(formatter, "{:<9} {}", planned.action.to_string(), planned.step)?;
            for (name, value) in &planned.details {
                writeln!(formatter, "            {name}: {value}")?;
            }
            for change in &planned.changes {
                writeln!(formatter, "            {}: {} -> {}", change.property, change.from, change.to)?;
            }
        }
        let permissions = self.permissions();
        if !permissions.is_empty() {
            writeln!(formatter, "\nPermissions used: {}", permissions.join(", "))?;
        }
        let shown = self.findings.iter().filter(|finding| finding.code() != FindingCode::Reminder);
        for finding in shown {
            writeln!(formatter, "\n{finding}")?;
        }
        if self.is_empty() {
            writeln!(formatter, "\nEverything is in place; nothing will be changed.")?;
        }
        Ok(())
    }
}
