//! A plan as data: what a front end shows, what a person approves, and what an approved plan is compared
//! with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{
    cloud::CloudEnvironment,
    connection::{
        check::rules::RemovalScope,
        plan::{
            change::{Change, When, needed_permissions},
            operation::{Operation, PlannedSecret},
            target::PlannedApp,
        },
        report::{
            event::Verb,
            finding::{Finding, FindingCode},
            stale_plan::PlanDifference,
            step::{AppRole, Step},
        },
    },
    ids::TenantId,
    site::SiteIdentity,
    spec::AppIdUri,
};

/// The version of the documents that this version of the crate writes.
const VERSION: u32 = 1;

/// What a plan will do, as data: it can be stored, sent, shown and approved elsewhere, and never holds a
/// secret.
///
/// A document is only ever compared with a fresh plan and never executed, since the file that it comes from
/// may be forged: see
/// [`AzureServicesConnection::plan_from`](crate::connection::AzureServicesConnection::plan_from).
///
/// It prints as the wizard's Summary page.
///
/// ```
/// use cmg_onboarding::{AzureServicesConnection, OnboardingError, connection::PlanDocument};
///
/// /// Carries out what a person has approved, in another process and a day later.
/// async fn run_approved(connection: &AzureServicesConnection, file: &str) -> Result<bool, Box<dyn std::error::Error>> {
///     let approved: PlanDocument = serde_json::from_str(file)?;
///     match connection.plan_from(&approved, |_| ()).await {
///         Ok(plan) => Ok(plan.apply(|event| println!("{event}")).await?.changed),
///         Err(OnboardingError::Stale(stale)) => {
///             stale.differences.iter().for_each(|difference| println!("{difference}"));
///             Ok(false)
///         }
///         Err(error) => Err(error.into()),
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanDocument {
    /// The version of this form, 1. A reader refuses a version that it does not know.
    pub version: u32,
    /// What the plan is for: [`Verb::Onboard`], [`Verb::UpdateSettings`], [`Verb::RenewSecret`], [`Verb::RemoveOldSecrets`] or
    /// [`Verb::Remove`].
    pub verb: Verb,
    /// The one app that the plan is for; `None` if it is for the whole connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<AppRole>,
    /// What a removal takes away; left out if it is the default.
    #[serde(default, skip_serializing_if = "RemovalScope::takes_apps")]
    pub removal_scope: RemovalScope,
    /// *Name* of the connection.
    pub name: String,
    /// *Description* of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The cloud.
    pub environment: CloudEnvironment,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The tenant's name in the site; empty if the signed-in application may not read it.
    pub tenant_name: String,
    /// The App ID URI, with the default resolved; `None` if the server app is reused and the site does not
    /// tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_id_uri: Option<AppIdUri>,
    /// The web (server) app.
    pub server_app: PlannedApp,
    /// The native (client) app.
    pub client_app: PlannedApp,
    /// The site; `None` if the plan has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<PlannedSite>,
    /// A digest of the specification without its secrets.
    pub specification: String,
    /// When the plan was made.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub made_on: OffsetDateTime,
    /// Every change, in the order of the run.
    pub changes: Vec<Change>,
    /// What was found that does not stand in the way.
    pub findings: Vec<Finding>,
}

/// The site that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

    /// Whether there is nothing to change: everything is kept or only confirmed. Findings and open tasks may remain.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let stays = |change: &Change| change.action.is_left() || matches!(change.operation, Operation::ConfirmApp { .. });
        let writes = |change: &Change| change.when == When::Always && !stays(change);
        !self.changes.iter().any(writes)
    }

    /// Whether a consent is left to another administrator, who has not given it as far as could be read.
    pub(crate) fn leaves_consents_open(&self) -> bool {
        let is_open = |finding: &Finding| matches!(finding.code(), FindingCode::ConsentLeftOpen | FindingCode::ConsentUnread);
        self.findings.iter().any(is_open)
    }

    /// Whether a renewal has nothing to do because the site has the secret that the specification gives, by its date.
    pub(crate) fn keeps_given_secret(&self) -> bool {
        let is_kept = |change: &Change| matches!(change.operation, Operation::Keep { .. });
        self.step(Step::IssueSecret).is_none() && self.step(Step::ImportServerApp).is_some_and(is_kept)
    }

    /// What is planned for one step; `None` if the specification has no use for it.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&Change> {
        self.changes.iter().find(|change| change.step == step)
    }

    /// The Microsoft Graph permissions that carrying out this plan takes, each once.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        needed_permissions(&self.changes)
    }

    /// What differs between this document and a fresh one in what they would do. Time alone makes no
    /// difference: when they were made, and findings, do not count, and a secret's end is compared by its
    /// rule. What else a list holds makes none either, since the run adds to what is there by then.
    pub(crate) fn differences(&self, fresh: &Self) -> Vec<PlanDifference> {
        let (approved, now) = (written(self), written(fresh));
        let (approved_effect, now_effect) = (self.effect(), fresh.effect());
        let (approved, now) = ((&approved, &approved_effect), (&now, &now_effect));
        let mut differences = Vec::new();
        if self.verb == fresh.verb {
            compare("", approved, now, &mut differences);
        } else {
            // A plan for something else differs in nearly everything.
            compare("/verb", named(approved, "verb"), named(now, "verb"), &mut differences);
        }
        differences
    }

    /// The document without what it does not do: what time alone changes, and what lists hold already.
    fn effect(&self) -> Value {
        let mut effect = self.clone();
        effect.findings.clear();
        effect.made_on = OffsetDateTime::UNIX_EPOCH;
        for change in &mut effect.changes {
            match &mut change.operation {
                Operation::CreateApp { secret: Some(secret), .. } | Operation::IssueSecret { secret, .. } => secret.forget_date(),
                Operation::ShortenSecret { secrets } => secrets.iter_mut().for_each(PlannedSecret::forget_date),
                Operation::ExtendGrant { held, .. } => held.clear(),
                Operation::SetAppIdUri { held, .. } => held.clear(),
                // What is added to a list is in `adds`, without what it holds, whose order decides that of the resources.
                Operation::UpdateApp { properties, adds, .. } | Operation::CompleteClientApp { properties, adds, .. } => {
                    properties.retain(|property| !property.to.is_array());
                    let resources = adds.required_resource_access.iter_mut();
                    resources.for_each(|resources| resources.sort_by_key(|resource| resource.resource_app_id));
                }
                _ => {}
            }
        }
        written(&effect)
    }
}

fn written(document: &PlanDocument) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}

const ABSENT: &Value = &Value::Null;

/// A part of a document: as it is written, which is what a difference shows, and as it is compared.
type Part<'a> = (&'a Value, &'a Value);

/// What both forms of a part have by this name.
fn named<'a>((written, effect): Part<'a>, name: &str) -> Part<'a> {
    let of = |object: &'a Value| object.get(name).unwrap_or(ABSENT);
    (of(written), of(effect))
}

/// The change of a step in both forms of the changes.
fn of_step<'a>((written, effect): Part<'a>, step: &str) -> Part<'a> {
    let of = |changes: &'a Value| {
        let mut changes = changes.as_array().into_iter().flatten();
        changes.find(|change| change["step"] == step).unwrap_or(ABSENT)
    };
    (of(written), of(effect))
}

/// Whether each of these is a change of a step of its own. A document that others have written may name a step twice.
fn is_by_step(items: &[Value]) -> bool {
    let steps: BTreeSet<&str> = items.iter().filter_map(|item| item["step"].as_str()).collect();
    steps.len() == items.len()
}

/// Changes are compared by their steps, so that one more or less of them is one difference.
fn compare(path: &str, approved: Part<'_>, now: Part<'_>, differences: &mut Vec<PlanDifference>) {
    match (approved.1, now.1) {
        // Another kind of operation is one difference, and not one for each value that it writes.
        (Value::Object(left), Value::Object(right)) if left.get("kind") == right.get("kind") => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            for name in names {
                compare(&format!("{path}/{name}"), named(approved, name), named(now, name), differences);
            }
        }
        (Value::Array(left), Value::Array(right)) if is_by_step(left) && is_by_step(right) => {
            let steps: BTreeSet<&str> = left.iter().chain(right).filter_map(|item| item["step"].as_str()).collect();
            for step in steps {
                compare(&format!("{path}/{step}"), of_step(approved, step), of_step(now, step), differences);
            }
        }
        (left, right) if left == right => {}
        _ => differences.push(PlanDifference {
            path: path.to_owned(),
            approved: approved.0.clone(),
            now: now.0.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(approved: &Value, now: &Value) -> Vec<String> {
        let mut differences = Vec::new();
        compare("", (approved, approved), (now, now), &mut differences);
        differences.into_iter().map(|difference| difference.path).collect()
    }

    #[test]
    fn another_kind_of_operation_is_one_difference_and_the_same_kind_one_for_each_value() {
        let held = json!({"name": "a", "operation": {"kind": "keep", "name": "a", "id": "1"}});
        let same_kind = json!({"name": "a", "operation": {"kind": "keep", "name": "b", "id": "2"}});
        let another_kind = json!({"name": "a", "operation": {"kind": "createApp", "name": "b", "id": "2"}});
        assert_eq!(paths(&held, &held), [""; 0]);
        assert_eq!(paths(&held, &same_kind), ["/operation/id", "/operation/name"]);
        assert_eq!(paths(&held, &another_kind), ["/operation"]);
    }

    #[test]
    fn a_step_that_a_document_names_twice_is_a_difference() {
        let change = json!({"step": "issueSecret", "operation": {"kind": "keep"}});
        assert_eq!(paths(&json!([change, change]), &json!([change])), [""]);
    }

    #[test]
    fn a_difference_shows_what_is_written_and_not_what_is_compared() {
        let (written, effect) = (json!({"secret": {"validity": "a", "day": 1}}), json!({"secret": {"validity": "a"}}));
        let (other, other_effect) = (json!({"secret": {"validity": "b", "day": 2}}), json!({"secret": {"validity": "b"}}));
        let mut differences = Vec::new();
        compare("", (&written, &effect), (&other, &other_effect), &mut differences);
        let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["/secret/validity: \"a\" was approved, and now it is \"b\""]);
        let (whole, gone) = ((&written, &effect), (ABSENT, ABSENT));
        compare("", whole, gone, &mut differences);
        assert_eq!(differences[1].approved, written);
    }

    #[test]
    fn one_more_change_is_one_difference_that_its_step_names() {
        let change = |step: &str| json!({"step": step, "operation": {"kind": "keep"}});
        let (one, two) = (
            json!([change("importTenant")]),
            json!([change("issueSecret"), change("importTenant")]),
        );
        assert_eq!(paths(&one, &two), ["/issueSecret"]);
    }
}
