//! Whether token and account may do what a plan takes.

use crate::connection::{
    check::sign_in::lacking,
    plan::change::ROLE_ASSIGNMENT,
    read::snapshot::{FoundDirectory, role_gap},
    report::finding::{Finding, FindingCode},
};

/// Compares what the token grants with what the plan takes, by name.
pub(crate) fn check_permissions(found: &FoundDirectory, needed: &[String], findings: &mut Vec<Finding>) {
    let signed_in = &found.signed_in;
    let granted = if signed_in.is_application {
        &signed_in.app_roles
    } else {
        &signed_in.scopes
    };
    let Some(granted) = granted else {
        return;
    };
    let missing = lacking(granted, needed);
    if missing.is_empty() {
        return;
    }
    let lacks = Finding::blocker(FindingCode::PermissionsMissing);
    findings.push(lacks.with("count", missing.len()).with("permissions", &missing));
}

/// Checks the roles against what the plan writes: if every consent is in place, no role is needed to give one.
pub(crate) fn check_roles(needed: &[String], found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let Some(held) = &found.roles else {
        return;
    };
    if let Some(role) = role_gap(held, needed) {
        let code = match needed.iter().any(|name| name == ROLE_ASSIGNMENT) {
            true => FindingCode::DiscoveryRoleTooWeak,
            false => FindingCode::RoleTooWeak,
        };
        let account = found.signed_in.account.as_deref();
        findings.push(Finding::blocker(code).with("account", account).with("role", role));
    }
}
