//! The paper for the board that reviews a change: what a plan makes, which permissions it gives and why, what
//! stays behind, which usual tenant checks will flag it, and what the caller needs.
//!
//! [`Plan::review`](crate::connection::Plan::review) and
//! [`PlanDocument::review`](crate::connection::PlanDocument::review) give a [`Review`]. It is made of the plan
//! alone, without a request: the same document gives the same paper, wherever it is read. What Microsoft does
//! not document is left out.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let spec = cmg_onboarding::ConnectionSpec::builder("Contoso CMG")
//! #     .server_app(cmg_onboarding::ServerAppSpec::builder("ConfigMgr Server"))
//! #     .client_app(cmg_onboarding::ClientAppSpec::builder("ConfigMgr Client"))
//! #     .build()?;
//! # let connection = cmg_onboarding::AzureServicesConnection::builder(spec)
//! #     .directory(cmg_onboarding_emulator::EmulatedTenant::new().directory())
//! #     .site(cmg_onboarding_emulator::EmulatedSite::new())
//! #     .build()?;
//! let review = connection.plan(|_| ()).await?.review();
//! println!("{review}"); // plain text, to paste into a change request
//! println!("{}", review.to_markdown());
//! for permission in &review.permissions {
//!     println!("{}: {}", permission.name, permission.source);
//! }
//! # Ok(())
//! # }
//! ```

mod checks;
mod left_behind;
mod permissions;
mod text;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    connection::{
        plan::{
            Plan,
            change::{When, needed_uses},
            document::PlanDocument,
            operation::PlannedAction,
        },
        report::{
            event::Verb,
            finding::Finding,
            step::{AppRole, Step},
        },
    },
    ids::PermissionId,
    permissions::{DirectoryRole, PermissionType, Requirement, Use, least},
};

/// The version of the reviews that this version of the crate writes.
const VERSION: u32 = 1;

/// *Manually register Microsoft Entra apps for the CMG*.
const REGISTERING: &str = "https://learn.microsoft.com/intune/configmgr/core/clients/manage/cmg/manually-register-azure-ad-apps";

/// *Configure discovery methods*.
const DISCOVERY: &str = "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/configure-discovery-methods";

/// *Configure Azure services*.
const AZURE_SERVICES: &str = "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/azure-services-wizard";

/// Everything that a review board asks about a plan, as data. It prints as plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Review {
    /// The version of this form, 1.
    pub version: u32,
    /// What the plan is for: [`Verb::Onboard`], [`Verb::UpdateSettings`], [`Verb::RenewSecret`], [`Verb::RemoveOldSecrets`] or
    /// [`Verb::Remove`].
    pub verb: Verb,
    /// When the plan was made.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub made_on: OffsetDateTime,
    /// The settings, as the Summary page shows them: connection, tenant, apps, site.
    pub settings: Vec<Detail>,
    /// Every object that is made, changed or removed.
    pub changes: Vec<ReviewedChange>,
    /// Every permission of the two apps that the plan gives, finds given, or leaves to another administrator.
    pub permissions: Vec<ReviewedPermission>,
    /// What stays if the connection is removed one day; of a removal, what stays after it.
    pub left_behind: Vec<LeftBehind>,
    /// The usual tenant checks that will flag what the plan makes.
    pub tenant_checks: Vec<TenantCheck>,
    /// What carrying out the plan takes of the caller.
    pub caller: CallerNeeds,
    /// What the plan has found.
    pub findings: Vec<Finding>,
}

/// A name and its value, both for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Detail {
    /// What it is, as the portal or the console calls it.
    pub name: String,
    /// Its value. Of a changed property the old one and the new one.
    pub value: String,
}

/// One object that a plan makes, changes or removes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReviewedChange {
    /// Which step of the plan.
    pub step: Step,
    /// What happens.
    pub action: PlannedAction,
    /// When it happens: in every run, or only if a lost answer makes it necessary.
    pub when: When,
    /// What it is, for people.
    pub title: String,
    /// Everything that is written.
    pub details: Vec<Detail>,
}

/// One permission of one of the two apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReviewedPermission {
    /// The app that may use it.
    pub held_by: AppRole,
    /// Its name.
    pub name: String,
    /// Its id; `None` if the plan does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<PermissionId>,
    /// Delegated, so used on behalf of a user, or used by the app itself.
    pub kind: PermissionType,
    /// Who offers it.
    pub offered_by: String,
    /// Who consents to it.
    pub consent: ConsentState,
    /// Why the product needs it.
    pub reason: String,
    /// Microsoft's page.
    pub source: String,
}

/// Who consents to a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ConsentState {
    /// The plan does.
    GivenByPlan,
    /// It was given before.
    InPlace,
    /// Another administrator does, after the plan.
    LeftToAdministrator,
}

/// Something that stays after a removal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LeftBehind {
    /// What stays, and where.
    pub what: String,
    /// Why it stays, or how it is removed.
    pub why: String,
    /// Microsoft's page, if it is the product that leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A usual tenant check that will flag what the plan makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TenantCheck {
    /// Whose check: `Zero Trust Assessment` or `CISA SCuBA`.
    pub suite: String,
    /// The check, with its number if it has one.
    pub check: String,
    /// What in this plan it flags.
    pub flags: String,
    /// Why the product needs that; `None` if it does not, or if no source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_for: Option<String>,
    /// What can be done about it; `None` if nothing can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Where the check is described.
    pub source: String,
}

/// What carrying out a plan takes of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallerNeeds {
    /// The least delegated permissions of Microsoft Graph, if a person is signed in.
    pub delegated: Vec<String>,
    /// The least application permissions of Microsoft Graph, if an application is signed in.
    pub application: Vec<String>,
    /// The least directory roles that suffice together for a person; empty if none is needed. A Global
    /// Administrator needs no other one.
    pub roles: Vec<DirectoryRole>,
    /// What each kind of write takes, with Microsoft's page.
    pub tasks: Vec<Requirement>,
    /// The security roles of which one is needed in the site; empty if the plan writes nothing there.
    pub site_roles: Vec<String>,
}

impl Plan {
    /// The paper for the board that reviews the change. It sends no request.
    #[must_use]
    pub fn review(&self) -> Review {
        self.document().review()
    }
}

impl PlanDocument {
    /// The paper for the board that reviews the change: a pure function of this document.
    #[must_use]
    pub fn review(&self) -> Review {
        let written = self.changes.iter().filter(|change| change.action != PlannedAction::Keep);
        Review {
            version: VERSION,
            verb: self.verb,
            made_on: self.made_on,
            settings: self.settings(),
            changes: written
                .map(|change| ReviewedChange {
                    step: change.step,
                    action: change.action,
                    when: change.when,
                    title: change.step.title().to_owned(),
                    details: self.details(change),
                })
                .collect(),
            permissions: permissions::of(self),
            left_behind: left_behind::of(self),
            tenant_checks: checks::of(self),
            caller: self.caller_needs(),
            findings: self.findings.clone(),
        }
    }

    fn caller_needs(&self) -> CallerNeeds {
        let mut writes = needed_uses(&self.changes);
        writes.sort_unstable();
        writes.dedup();
        let asks_directory = self.changes.iter().any(|change| change.step.is_in_directory());
        let mut all = writes.clone();
        if asks_directory {
            all.extend([Use::ReadTenant, Use::ReadApps, Use::ReadDeleted, Use::ReadPermissionGrants]);
        }
        if self.step(Step::ConsentDirectoryRead).is_some() {
            all.push(Use::ReadRoleAssignments);
        }
        let owned = |names: Vec<&'static str>| names.into_iter().map(str::to_owned).collect();
        let writes_site = |step: Step| !step.is_in_directory();
        let site_roles = match self
            .changes
            .iter()
            .any(|change| writes_site(change.step) && change.action != PlannedAction::Keep)
        {
            true => vec!["Infrastructure Administrator".to_owned(), "Full Administrator".to_owned()],
            false => Vec::new(),
        };
        CallerNeeds {
            delegated: owned(least(&all, PermissionType::Delegated)),
            application: owned(least(&all, PermissionType::Application)),
            roles: least_roles(&writes),
            tasks: writes.into_iter().map(Use::requirement).collect(),
            site_roles,
        }
    }
}

/// The least directory roles that suffice together for all of these, each once.
fn least_roles(uses: &[Use]) -> Vec<DirectoryRole> {
    let sets: Vec<&[DirectoryRole]> = uses.iter().map(|usage| usage.roles()).filter(|roles| !roles.is_empty()).collect();
    let mut chosen: Vec<DirectoryRole> = Vec::new();
    for set in &sets {
        if let Some(first) = set.first().filter(|_| !set.iter().any(|role| chosen.contains(role))) {
            chosen.push(*first);
        }
    }
    // A later choice may make an earlier one needless.
    for role in chosen.clone() {
        let others: Vec<DirectoryRole> = chosen.iter().copied().filter(|other| *other != role).collect();
        if sets.iter().all(|set| set.iter().any(|role| others.contains(role))) {
            chosen = others;
        }
    }
    chosen
}
