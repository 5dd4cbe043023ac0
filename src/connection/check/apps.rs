//! What is checked of an app in the same way before a run and when values to import are verified.

use time::OffsetDateTime;

use crate::{
    connection::{
        check::term,
        plan::registration::{USER_IMPERSONATION, offered_scope},
        read::snapshot::RegisteredApp,
        report::finding::{Finding, FindingCode, Severity},
    },
    directory::Application,
    ids::{ApplicationId, TenantId},
    spec::ImportedServerApp,
};

/// How findings name the web (server) app.
pub(crate) const SERVER: &str = "server";

/// How findings name the native (client) app.
pub(crate) const CLIENT: &str = "client";

/// The sign-in is for another tenant than the one that is meant.
pub(crate) fn wrong_tenant(expected: TenantId, signed_in: TenantId, name: Option<&str>) -> Finding {
    Finding::blocker(FindingCode::WrongTenant)
        .with("expected", expected)
        .with("signedIn", signed_in)
        .with("tenantName", name)
}

/// An app that was named is not registered.
pub(crate) fn not_found(app: &str, id: Option<ApplicationId>, tenant: TenantId) -> Finding {
    Finding::blocker(FindingCode::AppNotFound)
        .with("app", app)
        .with("clientId", id)
        .with("tenant", tenant)
}

/// An app that was named is not registered: it was deleted, or it never was.
pub(crate) fn absent(app: &str, id: Option<ApplicationId>, deleted: &[ApplicationId], tenant: TenantId) -> Finding {
    match id.filter(|id| deleted.contains(id)) {
        Some(id) => Finding::blocker(FindingCode::AppSoftDeleted)
            .with("app", app)
            .with("clientId", id)
            .with("tenant", tenant),
        None => not_found(app, id, tenant),
    }
}

/// The server app must offer the permission that the client app needs.
pub(crate) fn check_scope(application: &Application, findings: &mut Vec<Finding>) {
    if offered_scope(application).is_some() {
        return;
    }
    let api = application.properties.api.as_ref();
    let mut scopes = api.and_then(|api| api.oauth2_permission_scopes.as_ref()).into_iter().flatten();
    let is_disabled = scopes.any(|scope| scope.value.as_deref() == Some(USER_IMPERSONATION));
    findings.push(Finding::blocker(match is_disabled {
        true => FindingCode::ScopeDisabled,
        false => FindingCode::ScopeMissing,
    }));
}

/// An app must have a service principal in the tenant.
pub(crate) fn check_service_principal(role: &str, app: &RegisteredApp, findings: &mut Vec<Finding>) {
    if app.service_principal.is_none() {
        findings.push(Finding::blocker(FindingCode::ServicePrincipalMissing).with("app", role));
    }
}

/// What `disabledByMicrosoftStatus` says of an app that Microsoft has not disabled, if it says anything.
const NOT_DISABLED: &str = "NotDisabled";

/// An app must not be switched off: neither its registration nor its service principal.
pub(crate) fn check_enabled(role: &str, app: &RegisteredApp, findings: &mut Vec<Finding>) {
    check_registration_enabled(role, &app.application, findings);
    let principal = app.service_principal.as_ref();
    if principal.is_some_and(|principal| principal.account_enabled == Some(false)) {
        findings.push(Finding::blocker(FindingCode::ServicePrincipalDisabled).with("app", role));
    }
}

/// A registration must not be switched off.
pub(crate) fn check_registration_enabled(role: &str, application: &Application, findings: &mut Vec<Finding>) {
    if application.is_disabled == Some(true) {
        findings.push(Finding::blocker(FindingCode::AppDeactivated).with("app", role));
    }
    let status = application.disabled_by_microsoft_status.as_deref();
    if let Some(status) = status.filter(|status| !status.is_empty() && *status != NOT_DISABLED) {
        let disabled = Finding::blocker(FindingCode::AppDisabledByMicrosoft);
        findings.push(disabled.with("app", role).with("status", status));
    }
}

/// The date that is given for the secret to import; the site takes only dates in the future.
pub(crate) fn check_secret_to_import(app: &ImportedServerApp, now: OffsetDateTime, thresholds: &[u16], findings: &mut Vec<Finding>) {
    let over = (Severity::Blocker, FindingCode::SecretExpired);
    findings.extend(term::finding(
        thresholds,
        app.secret_key_expiry(),
        now,
        over,
        FindingCode::SecretExpiresSoon,
    ));
}
