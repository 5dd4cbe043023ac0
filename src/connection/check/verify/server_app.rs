//! The server app's registration against the shape that the product needs.
//!
//! Source: *Manually register Microsoft Entra apps for the CMG*, and what *Update Application Settings* sets
//! beyond it.

use crate::{
    connection::{
        check::apps,
        plan::registration::{BROKER_REDIRECT, SERVER_REDIRECT, SINGLE_TENANT},
        read::snapshot::RegisteredApp,
        report::finding::{Finding, FindingCode},
    },
    directory::{ApplicationProperties, RoleAssignment},
    ids::well_known::{DIRECTORY_READ_ALL_ROLE, MICROSOFT_GRAPH},
    spec::ImportedServerApp,
};

/// Against the values that are to be imported, too.
pub(in crate::connection) fn check(given: &ImportedServerApp, app: &RegisteredApp, findings: &mut Vec<Finding>) {
    check_uri(given, &app.application.properties, findings);
    check_secret_end(given, app, findings);
    check_shape(app, findings);
}

/// Against what every server app has.
pub(in crate::connection) fn check_shape(app: &RegisteredApp, findings: &mut Vec<Finding>) {
    let properties = &app.application.properties;
    check_redirects(properties, findings);
    check_audience(apps::SERVER, properties, findings);
    if properties.is_device_only_auth_supported != Some(true) {
        findings.push(Finding::warning(FindingCode::DeviceTokensOff));
    }
    apps::check_scope(&app.application, findings);
    let version = properties.api.as_ref().and_then(|api| api.requested_access_token_version);
    if version == Some(2) {
        findings.push(Finding::blocker(FindingCode::TokenVersion));
    }
    apps::check_service_principal(apps::SERVER, app, findings);
    apps::check_enabled(apps::SERVER, app, findings);
}

/// Configured is not consented: the assignment alone counts.
pub(in crate::connection) fn check_discovery(app: &RegisteredApp, assignments: &[RoleAssignment], findings: &mut Vec<Finding>) {
    if assignments
        .iter()
        .any(|assignment| assignment.app_role_id == DIRECTORY_READ_ALL_ROLE)
    {
        return;
    }
    let configured = app.application.properties.required_resource_access.iter().flatten();
    let is_configured = configured
        .filter(|resource| resource.resource_app_id == MICROSOFT_GRAPH)
        .flat_map(|resource| &resource.resource_access)
        .any(|access| access.id == DIRECTORY_READ_ALL_ROLE);
    findings.push(Finding::blocker(match is_configured {
        true => FindingCode::DirectoryReadOnlyConfigured,
        false => FindingCode::DirectoryReadMissing,
    }));
}

pub(super) fn check_audience(role: &str, properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let audience = properties.sign_in_audience.as_deref();
    if let Some(audience) = audience.filter(|audience| *audience != SINGLE_TENANT) {
        let open = Finding::warning(FindingCode::SignInAudience);
        findings.push(open.with("app", role).with("audience", audience));
    }
}

fn check_uri(given: &ImportedServerApp, properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let wanted = given.app_id_uri().as_str();
    let registered: Vec<&str> = properties.identifier_uris.iter().flatten().map(String::as_str).collect();
    if registered.contains(&wanted) {
        return;
    }
    let is_like = |uri: &&&str| uri.trim_end_matches('/').eq_ignore_ascii_case(wanted.trim_end_matches('/'));
    let finding = match registered.iter().find(is_like) {
        Some(like) => Finding::blocker(FindingCode::AppIdUriMisspelled).with("registered", like),
        None if registered.is_empty() => Finding::blocker(FindingCode::AppIdUriMissing),
        None => Finding::blocker(FindingCode::AppIdUriDiffers).with("registered", &registered),
    };
    findings.push(finding.with("given", wanted));
}

pub(crate) fn check_secret_end(given: &ImportedServerApp, app: &RegisteredApp, findings: &mut Vec<Finding>) {
    let passwords = &app.application.password_credentials;
    let text = given.secret_key().expose();
    if passwords
        .iter()
        .any(|password| password.key_id.to_string().eq_ignore_ascii_case(text.trim()))
    {
        findings.push(Finding::blocker(FindingCode::SecretIdGiven));
    }
    let wanted = given.secret_key_expiry();
    let ends: Vec<String> = passwords
        .iter()
        .filter_map(|password| password.end_date_time)
        .map(|end| end.date().to_string())
        .collect();
    // People copy a date, and the calendar adds a time zone.
    let is_near = |end: time::OffsetDateTime| (end - wanted).abs() <= time::Duration::days(1);
    if passwords.iter().filter_map(|password| password.end_date_time).any(is_near) {
        return;
    }
    let finding = match ends.is_empty() {
        true => Finding::warning(FindingCode::SecretMissing),
        false => Finding::warning(FindingCode::SecretEndDiffers).with("registered", &ends),
    };
    findings.push(finding.with("given", wanted.date().to_string()));
}

fn check_redirects(properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let web: Vec<&String> = properties.web.iter().flat_map(|web| web.redirect_uris.iter().flatten()).collect();
    let public: Vec<&String> = properties
        .public_client
        .iter()
        .flat_map(|public| public.redirect_uris.iter().flatten())
        .collect();
    let has = |uris: &[&String]| uris.iter().any(|uri| uri.as_str() == SERVER_REDIRECT);
    if !has(&web) {
        let code = match has(&public) {
            true => FindingCode::ServerRedirectOnWrongPlatform,
            false => FindingCode::ServerRedirectMissing,
        };
        findings.push(Finding::warning(code).with("uri", SERVER_REDIRECT));
    }
    if web.iter().chain(&public).any(|uri| uri.starts_with(BROKER_REDIRECT)) {
        findings.push(Finding::warning(FindingCode::BrokerRedirectOnServerApp));
    }
}
