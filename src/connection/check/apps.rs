//! What is checked of an app in the same way before a run and when values to import are verified.

use time::{Date, Duration, OffsetDateTime};

use crate::{
    connection::{
        plan::registration::{USER_IMPERSONATION, offered_scope},
        read::snapshot::RegisteredApp,
        report::finding::{Finding, FindingCode},
    },
    directory::Application,
    ids::{ApplicationId, TenantId},
    spec::ImportedServerApp,
};

/// How findings name the web (server) app.
pub(crate) const SERVER: &str = "server";

/// How findings name the native (client) app.
pub(crate) const CLIENT: &str = "client";

/// How far ahead of its end a secret is called "soon".
const SOON: Duration = Duration::days(30);

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

/// The date that is given for the secret to import; the site takes only dates in the future.
pub(crate) fn check_secret_to_import(app: &ImportedServerApp, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    findings.extend(match Term::of(app.secret_key_expiry(), now) {
        Term::Over(date) => Some(Finding::blocker(FindingCode::SecretExpired).with("expiredOn", date.to_string())),
        Term::Short(date) => Some(Finding::warning(FindingCode::SecretExpiresSoon).with("expiresOn", date.to_string())),
        Term::Long => None,
    });
}

/// The secrets that the server app has.
pub(crate) fn check_registered_secrets(application: &Application, now: OffsetDateTime, findings: &mut Vec<Finding>) {
    let ends = application
        .password_credentials
        .iter()
        .filter_map(|password| password.end_date_time);
    let Some(last) = ends.max() else { return };
    findings.extend(match Term::of(last, now) {
        Term::Over(date) => Some(Finding::warning(FindingCode::RegisteredSecretExpired).with("expiredOn", date.to_string())),
        Term::Short(date) => Some(Finding::warning(FindingCode::RegisteredSecretExpiresSoon).with("expiresOn", date.to_string())),
        Term::Long => None,
    });
}

/// How long a secret is valid yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    Over(Date),
    Short(Date),
    Long,
}

impl Term {
    fn of(end: OffsetDateTime, now: OffsetDateTime) -> Self {
        if end <= now {
            return Self::Over(end.date());
        }
        if end - now < SOON {
            return Self::Short(end.date());
        }
        Self::Long
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_secret_ends_soon_from_thirty_days_before_its_end() {
        let end = datetime!(2026-12-24 12:00 UTC);
        assert_eq!(Term::of(end, end - SOON), Term::Long);
        assert_eq!(Term::of(end, end - SOON + Duration::SECOND), Term::Short(date!(2026 - 12 - 24)));
        assert_eq!(Term::of(end, end), Term::Over(date!(2026 - 12 - 24)));
    }
}
