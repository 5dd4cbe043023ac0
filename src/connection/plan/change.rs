//! One change of a plan, as data: which step, what is written, when it runs, and what it takes.

use serde::{Deserialize, Serialize};

use crate::{
    connection::{
        plan::{
            difference::PropertyChange,
            operation::{Operation, PlannedAction},
        },
        report::step::Step,
    },
    permissions::{PermissionType, Use, least},
};

/// When a change runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum When {
    /// In every run of the plan.
    Always,
    /// Only if a lost answer, or another run at the same time, makes it necessary.
    IfNeeded,
    /// Only if the directory refuses, by a policy of the tenant for apps, what the changes do that it
    /// [`needs`](Change::needs): if that policy could not be read, or if the caller states that it does not apply.
    IfRefused,
}

/// One line of the Summary page, and one thing that a run of the plan does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Change {
    /// Which step: its name within the plan, which has one change for each step.
    pub step: Step,
    /// What will happen.
    pub action: PlannedAction,
    /// When it runs.
    pub when: When,
    /// The round of the run that it belongs to, from 1. The changes of one round run side by side.
    pub round: u8,
    /// The changes before it whose results it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Step>,
    /// What exactly is written.
    pub operation: Operation,
    /// The least Microsoft Graph permissions that it takes of a person who is signed in; none if it does not write to the
    /// directory. The table of [`permissions`](crate::permissions) has those of applications as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

impl Change {
    pub(crate) fn new(step: Step, operation: Operation) -> Self {
        let action = operation.action();
        let permissions = match action {
            PlannedAction::Keep => Vec::new(),
            _ => least_of(&uses(step, &operation)),
        };
        Self {
            step,
            action,
            when: When::Always,
            round: step.round(),
            needs: operation.needs(),
            operation,
            permissions,
        }
    }

    /// A step that finds everything as it should be.
    pub(crate) fn keep(step: Step, name: Option<&str>, id: Option<impl ToString>) -> Self {
        Self::new(
            step,
            Operation::Keep {
                name: name.map(str::to_owned),
                id: id.map(|id| id.to_string()),
            },
        )
    }

    pub(crate) const fn if_needed(mut self) -> Self {
        self.when = When::IfNeeded;
        self
    }

    /// Runs only if a policy refuses what this step does.
    pub(crate) fn if_refused(mut self, step: Step) -> Self {
        self.when = When::IfRefused;
        self.round = self.round.max(step.round());
        self.after(step)
    }

    pub(crate) fn after(mut self, step: Step) -> Self {
        if !self.needs.contains(&step) {
            self.needs.push(step);
        }
        self
    }

    /// The properties that it changes, of an app registration or of discovery that is there.
    #[must_use]
    pub fn properties(&self) -> &[PropertyChange] {
        match &self.operation {
            Operation::UpdateApp { properties, .. }
            | Operation::CompleteClientApp { properties, .. }
            | Operation::ConfigureDiscovery { properties, .. } => properties,
            _ => &[],
        }
    }
}

/// What a change asks of the directory. For the removal of an app, purging is left out: an app that the caller
/// may not purge stays for 30 days, and the run reports it. Restoring is taken to need what purging needs: it has no row of
/// its own in the table, and that errs on the side of asking for more.
fn uses(step: Step, operation: &Operation) -> Vec<Use> {
    match operation {
        // The step of an app that is there registers nothing.
        Operation::UpdateApp { .. } => vec![Use::UpdateApp],
        Operation::RestoreApp { .. } => [uses_of_step(step), &[Use::Purge]].concat(),
        _ => uses_of_step(step).to_vec(),
    }
}

const fn uses_of_step(step: Step) -> &'static [Use] {
    match step {
        Step::RegisterServerApp | Step::RegisterClientApp => &[Use::RegisterApp, Use::UpdateApp],
        Step::IssueSecret | Step::ShortenSecret => &[Use::IssueSecret],
        Step::ServerServicePrincipal | Step::ClientServicePrincipal => &[Use::CreateServicePrincipal],
        Step::CompleteClientApp | Step::SetAppIdUri => &[Use::UpdateApp],
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

/// The permissions that these changes take of a person who is signed in, each once.
pub(crate) fn needed_permissions(changes: &[Change]) -> Vec<String> {
    least_of(&needed_uses(changes))
}

/// The least permissions for all of this, for a person who is signed in.
fn least_of(uses: &[Use]) -> Vec<String> {
    let least = least(uses, PermissionType::Delegated);
    let mut least: Vec<String> = least.into_iter().map(str::to_owned).collect();
    least.sort_unstable();
    least
}

/// What these changes ask of the directory. What runs only after a refusal is left out: it takes nothing beyond what
/// registering an app takes, and if it does not succeed, the run reports it.
pub(crate) fn needed_uses(changes: &[Change]) -> Vec<Use> {
    let writes = changes
        .iter()
        .filter(|change| change.action != PlannedAction::Keep && change.when != When::IfRefused);
    writes.flat_map(|change| uses(change.step, &change.operation)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_needs_each_step_once() {
        let change = Change::keep(Step::ImportServerApp, None, None::<&str>).after(Step::IssueSecret);
        assert_eq!(change.needs, [Step::IssueSecret]);
        let change = change.after(Step::IssueSecret).after(Step::ImportTenant);
        assert_eq!(change.needs, [Step::IssueSecret, Step::ImportTenant]);
    }
}
