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
    let message = format!(
        "The token lacks {} of the permissions that the plan takes: {}.",
        missing.len(),
        missing.join(", ")
    );
    let remedy = "Sign in asking for them; the sign-in application needs them with admin consent (Entra admin center > Enterprise applications > Permissions).";
    findings.push(Finding::blocker(FindingCode::PermissionsMissing, message, remedy));
}

/// Checks the roles against what the plan writes: where every consent is in place, nobody needs a role to give one.
pub(crate) fn check_roles(needed: &[String], found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let Some(held) = &found.roles else {
        return;
    };
    if let Some(role) = role_gap(held, needed) {
        let account = found.signed_in.account.as_deref().unwrap_or("the signed-in account");
        let message = format!("The directory roles of {account} do not suffice to consent.");
        let mut remedy = format!(
            "Activate or assign at least {role} (Entra admin center > Roles & admins) and sign in again, or sign in with another account."
        );
        if needed.iter().any(|name| name == ROLE_ASSIGNMENT) {
            remedy.push_str(" Without discovery Cloud Application Administrator is enough.");
        }
        findings.push(Finding::blocker(FindingCode::RoleTooWeak, message, remedy));
    }
}
