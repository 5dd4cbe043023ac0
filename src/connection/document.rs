//! A plan as data: what a front end shows, what a person approves, and what an approved plan is compared with.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::{
    finding::Finding,
    plan::{PlannedAction, PlannedStep, When, needed_permissions},
    step::Step,
};
use crate::{cloud::CloudEnvironment, error::Diagnostic, ids::TenantId, site::SiteIdentity, spec::AppIdUri, text::clean};

/// The version of the documents that this version of the crate writes.
const VERSION: u32 = 1;

/// What a plan will do, as data: it can be stored, sent, shown and approved elsewhere, and never holds a secret.
///
/// A document is only ever compared with a fresh plan and never executed, since the file that it comes from may be
/// forged: see [`AzureServicesConnection::plan_from`](super::AzureServicesConnection::plan_from).
///
/// It prints as the wizard's Summary page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanDocument {
    /// The version of this form, 1. A reader refuses a version that it does not know.
    pub version: u32,
    /// *Name* of the connection.
    pub name: String,
    /// *Description* of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The cloud.
    pub environment: CloudEnvironment,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The tenant's name in the site.
    pub tenant_name: String,
    /// The App ID URI, with the default resolved; `None` if the server app is reused and the site does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id_uri: Option<AppIdUri>,
    /// The site; `None` if the plan has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<PlannedSite>,
    /// A digest of the specification without its secrets.
    pub specification: String,
    /// When the plan was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_on: OffsetDateTime,
    /// Every step, in the order of the run.
    pub steps: Vec<PlannedStep>,
    /// What was found that does not stand in the way.
    pub findings: Vec<Finding>,
}

/// The site that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlannedSite {
    /// The three-character site code.
    pub site_code: String,
    /// What tells it from another one, if the site or the caller says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<SiteIdentity>,
}

impl PlannedSite {
    pub(crate) const fn new(site_code: String, identity: Option<SiteIdentity>) -> Self {
        Self { site_code, identity }
    }
}

impl PlanDocument {
    /// The version that a new document has.
    pub(crate) const fn current_version() -> u32 {
        VERSION
    }

    /// Whether there is nothing to change. Findings and open tasks may remain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let changes = |step: &PlannedStep| step.when == When::Always && step.action != PlannedAction::Keep;
        !self.steps.iter().any(changes)
    }

    /// What is planned for one step; `None` if the specification has no use for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&PlannedStep> {
        self.steps.iter().find(|planned| planned.step == step)
    }

    /// The Microsoft Graph permissions that carrying out this plan takes, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        needed_permissions(&self.steps)
    }

    /// What differs between this document and a fresh one in what they would do. Time alone makes no difference: when
    /// they were made, and findings, do not count, and a secret's end is compared by its rule.
    pub(crate) fn differences(&self, fresh: &Self) -> Vec<PlanDifference> {
        let mut differences = Vec::new();
        compare("", &self.effect(), &fresh.effect(), &mut differences);
        differences
    }

    /// The document without what time alone changes.
    fn effect(&self) -> Value {
        let mut effect = self.clone();
        effect.findings.clear();
        effect.made_on = OffsetDateTime::UNIX_EPOCH;
        for step in &mut effect.steps {
            for (name, value) in &mut step.details {
                if name == SECRET_DETAIL {
                    value.clear();
                }
            }
        }
        serde_json::to_value(effect).unwrap_or_default()
    }
}

/// The detail of a step that says until when its secret is valid. Its rule is in the specification.
pub(crate) const SECRET_DETAIL: &str = "Secret";

/// One difference between a plan that was approved and what would be done now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanDifference {
    /// Where, as a JSON pointer into the document.
    pub path: String,
    /// What was approved; `null` if there was nothing.
    pub approved: Value,
    /// What it would be now; `null` if there is nothing.
    pub now: Value,
}

impl fmt::Display for PlanDifference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}: {} was approved, and now it is {}", self.path, self.approved, self.now);
        formatter.write_str(&clean(&text))
    }
}

/// Tenant, site or specification have changed since the plan was approved: it would do something else now. Nothing was
/// written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the plan is stale: {} of its parts would be different now", .differences.len())]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StalePlan {
    /// Each difference.
    pub differences: Vec<PlanDifference>,
}

impl StalePlan {
    pub(crate) const fn new(differences: Vec<PlanDifference>) -> Self {
        Self { differences }
    }
}

impl Diagnostic for StalePlan {
    fn code(&self) -> &'static str {
        "stalePlan"
    }

    fn help(&self) -> Cow<'_, str> {
        "Make a new plan, look at it, and have it approved again.".into()
    }
}

/// Steps are compared by their names, so that one more or less of them is one difference.
fn compare(path: &str, approved: &Value, now: &Value, differences: &mut Vec<PlanDifference>) {
    match (approved, now) {
        (Value::Object(left), Value::Object(right)) => {
            let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                let part = |object: &serde_json::Map<String, Value>| object.get(name).cloned().unwrap_or_default();
                compare(&format!("{path}/{name}"), &part(left), &part(right), differences);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.iter().chain(right).all(|item| item.get("step").is_some()) => {
            let by_name = |items: &[Value]| {
                let named = items.iter().map(|item| (item["step"].to_string(), item.clone()));
                Value::Object(named.map(|(name, item)| (name.trim_matches('"').to_owned(), item)).collect())
            };
            compare(path, &by_name(left), &by_name(right), differences);
        }
        (left, right) if left == right => {}
        (left, right) => differences.push(PlanDifference {
            path: path.to_owned(),
            approved: left.clone(),
            now: right.clone(),
        }),
    }
}

impl fmt::Display for PlanDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Name:              {}", self.name)?;
        if let Some(description) = &self.description {
            writeln!(formatter, "Description:       {description}")?;
        }
        writeln!(formatter, "Azure environment: {}", self.environment)?;
        writeln!(formatter, "Tenant:            {} ({})", clean(&self.tenant_name), self.tenant_id)?;
        if let Some(uri) = &self.app_id_uri {
            writeln!(formatter, "App ID URI:        {uri}")?;
        }
        writeln!(formatter)?;
        let (always, if_needed): (Vec<_>, Vec<_>) = self.steps.iter().partition(|planned| planned.when == When::Always);
        for planned in always {
            show(formatter, planned)?;
        }
        if !if_needed.is_empty() {
            writeln!(
                formatter,
                "\nOnly if an answer is lost, or another run is under way at the same time:"
            )?;
        }
        for planned in if_needed {
            show(formatter, planned)?;
        }
        let permissions = self.permissions();
        if !permissions.is_empty() {
            writeln!(formatter, "\nPermissions used: {}", permissions.join(", "))?;
        }
        for finding in &self.findings {
            writeln!(formatter, "\n{}", clean(&finding.to_string()))?;
        }
        if self.is_empty() {
            writeln!(formatter, "\nEverything is in place; nothing will be changed.")?;
        }
        Ok(())
    }
}

fn show(formatter: &mut fmt::Formatter<'_>, planned: &PlannedStep) -> fmt::Result {
    writeln!(formatter, "{:<9} {}", planned.action.to_string(), planned.step)?;
    for (name, value) in &planned.details {
        writeln!(formatter, "            {name}: {}", clean(value))?;
    }
    for change in &planned.changes {
        let (from, to) = (clean(&change.from), clean(&change.to));
        writeln!(formatter, "            {}: {from} -> {to}", change.property)?;
    }
    Ok(())
}
