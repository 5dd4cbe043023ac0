//! Whether token and account may do what a plan takes.

use crate::{
    connection::{
        check::sign_in::lacking,
        plan::{
            change::Change,
            operation::{Operation, PlannedAction, Reference},
        },
        read::{granted::granted_to, roles::role_gap, snapshot::TenantSnapshot},
        report::finding::{Finding, FindingCode},
    },
    ids::ApplicationId,
    permissions::{PermissionType, Use},
};

/// Compares what the token grants with what the plan takes: any permission that suffices will do.
pub(crate) fn check_permissions(found: &TenantSnapshot, needed: &[Use], findings: &mut Vec<Finding>) {
    let Some(missing) = lacking(&found.signed_in, needed) else {
        return;
    };
    if missing.is_empty() {
        return;
    }
    let lacks = Finding::blocker(FindingCode::PermissionsMissing);
    findings.push(lacks.with("count", missing.len()).with("permissions", &missing));
}

/// Whether the caller is known to hold the permissions and the role that these uses take. What could not be read is not
/// held.
pub(crate) fn is_known_to_hold(found: &TenantSnapshot, uses: &[Use]) -> bool {
    let has_permissions = lacking(&found.signed_in, uses).is_some_and(|missing| missing.is_empty());
    let has_role = || found.roles.as_deref().is_some_and(|held| role_gap(held, uses).is_none());
    // An application takes no role.
    has_permissions && (found.signed_in.is_application || has_role())
}

/// An application whose only right to write is that to its own apps: whether an app that is there is its own, was not
/// read.
pub(crate) fn check_ownership(found: &TenantSnapshot, changes: &[Change], findings: &mut Vec<Finding>) {
    let (kind, granted) = granted_to(&found.signed_in);
    let Some(granted) = granted.filter(|_| kind == PermissionType::Application) else {
        return;
    };
    let beyond_own: Vec<&String> = granted.iter().filter(|name| !name.eq_ignore_ascii_case(OWNED_BY)).collect();
    let writes_own_only = Use::UpdateApp.is_covered_by(kind, granted) && !Use::UpdateApp.is_covered_by(kind, &beyond_own);
    if !writes_own_only {
        return;
    }
    let writes = changes.iter().filter(|change| change.action != PlannedAction::Keep);
    let mut apps: Vec<ApplicationId> = writes.filter_map(existing_app).collect();
    apps.sort_unstable();
    apps.dedup();
    if !apps.is_empty() {
        findings.push(Finding::note(FindingCode::OwnershipUnread).with("clientIds", apps));
    }
}

/// The permission to write what the application owns.
const OWNED_BY: &str = "Application.ReadWrite.OwnedBy";

/// The app registration, there already, that a change writes.
fn existing_app(change: &Change) -> Option<ApplicationId> {
    match &change.operation {
        Operation::UpdateApp { application_id, .. } => Some(*application_id),
        Operation::CompleteClientApp { client: app, .. }
        | Operation::CreateServicePrincipal { app }
        | Operation::IssueSecret { app, .. } => match app {
            Reference::Known(id) => Some(*id),
            Reference::MadeBy(_) | Reference::Missing => None,
        },
        _ => None,
    }
}

/// Checks the roles against what the plan writes: if every consent is in place, no role is needed to give
/// one.
pub(crate) fn check_roles(needed: &[Use], found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let Some(held) = &found.roles else {
        let is_person = !found.signed_in.is_application;
        if let Some(role) = role_gap(&[], needed).filter(|_| is_person) {
            findings.push(Finding::note(FindingCode::RolesUnread).with("role", role));
        }
        return;
    };
    if let Some(role) = role_gap(held, needed) {
        let code = match needed.contains(&Use::AssignRole) {
            true => FindingCode::DiscoveryRoleTooWeak,
            false => FindingCode::RoleTooWeak,
        };
        let account = found.signed_in.account.as_deref();
        findings.push(Finding::blocker(code).with("account", account).with("role", role));
    }
}
