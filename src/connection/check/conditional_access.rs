//! Which Conditional Access policies are for the server app.

use crate::{
    connection::{
        read::snapshot::TenantSnapshot,
        report::finding::{Finding, FindingCode},
    },
    directory::Applies,
};

/// Names the policies that are enforced and include the server app, and those of which that cannot be told. Without the
/// permission to read them they are a matter of the next steps, which speak of them in any case.
pub(crate) fn check_conditional_access(found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    if found.conditional_access_refused {
        findings.push(Finding::note(FindingCode::ConditionalAccessUnread));
    }
    let app = found.server.as_ref().map(|server| server.application.app_id);
    let principal = found.server.as_ref().and_then(|server| server.service_principal.as_ref());
    let policies = found.conditional_access.as_deref().unwrap_or_default();
    let names = |wanted: Applies| -> Vec<&str> {
        let fitting = policies
            .iter()
            .filter(|policy| policy.applies_to(app, principal.map(|found| found.id)) == wanted);
        fitting.map(|policy| policy.display_name.as_str()).collect()
    };
    for (code, names) in [
        (FindingCode::ConditionalAccessApplies, names(Applies::Yes)),
        (FindingCode::ConditionalAccessUnknown, names(Applies::Unknown)),
    ] {
        if !names.is_empty() {
            findings.push(Finding::warning(code).with("policies", names));
        }
    }
}
