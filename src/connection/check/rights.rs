//! Whether token and account may do what a plan takes.

use crate::{
    connection::{
        check::sign_in::lacking,
        read::snapshot::{TenantSnapshot, role_gap},
        report::finding::{Finding, FindingCode},
    },
    permissions::Use,
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

/// Checks the roles against what the plan writes: if every consent is in place, no role is needed to give
/// one.
pub(crate) fn check_roles(needed: &[Use], found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let Some(held) = &found.roles else {
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
