//! The server app's registration against the shape that the product needs.
//!
//! Source: *Manually register Microsoft Entra apps for the CMG*, and what *Update Application Settings* sets beyond it.

use super::{page, secret::uri_remedy};
use crate::{
    connection::{
        plan::registration::{USER_IMPERSONATION, offered_scope},
        read::snapshot::FoundApp,
        report::finding::{Finding, FindingCode},
    },
    directory::{ApplicationProperties, RoleAssignment},
    ids::well_known::{DIRECTORY_READ_ALL_ROLE, MICROSOFT_GRAPH},
    spec::ImportedServerApp,
};

const REDIRECT: &str = "http://localhost";
pub(super) const BROKER: &str = "ms-appx-web://Microsoft.AAD.BrokerPlugin/";
pub(super) const SINGLE_TENANT: &str = "AzureADMyOrg";

pub(super) fn check(given: &ImportedServerApp, app: &FoundApp, findings: &mut Vec<Finding>) {
    let properties = &app.application.properties;
    check_uri(given, properties, findings);
    check_secret_end(given, app, findings);
    check_redirects(properties, findings);
    check_audience("server", properties, findings);
    if properties.is_device_only_auth_supported != Some(true) {
        findings.push(Finding::warning(
            FindingCode::DeviceTokensOff,
            "Devices get no token for the server app without a user (isDeviceOnlyAuthSupported is not set), so they reach the gateway only while somebody is signed in.",
            "Choose Update Application Settings on the server app after importing it (console > Administration > Cloud Services > Microsoft Entra tenants), or set the property through Microsoft Graph; the portal does not show it.",
        ));
    }
    if offered_scope(&app.application).is_none() {
        let scopes = properties.api.as_ref().and_then(|api| api.oauth2_permission_scopes.as_ref());
        let is_disabled = scopes
            .into_iter()
            .flatten()
            .any(|scope| scope.value.as_deref() == Some(USER_IMPERSONATION));
        let message = match is_disabled {
            true => "The server app's permission user_impersonation is switched off.",
            false => "The server app does not offer the permission user_impersonation, which the client app needs.",
        };
        let remedy = format!("Add or enable it as a scope for admins and users ({}).", page("Expose an API"));
        findings.push(Finding::blocker(FindingCode::ScopeMissing, message, remedy));
    }
    let version = properties.api.as_ref().and_then(|api| api.requested_access_token_version);
    if version == Some(2) {
        findings.push(token_version());
    }
    if app.service_principal.is_none() {
        findings.push(service_principal_missing("server"));
    }
}

/// Configured is not consented: the assignment alone counts.
pub(super) fn check_discovery(app: &FoundApp, assignments: &[RoleAssignment], findings: &mut Vec<Finding>) {
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
    let api = page("API permissions");
    findings.push(match is_configured {
        true => Finding::blocker(
            FindingCode::ConsentOnlyConfigured,
            "Directory.Read.All is configured on the server app, and nobody has consented to it, so discovery would read nothing.",
            format!("Have a Privileged Role Administrator choose 'Grant admin consent' ({api})."),
        ),
        false => Finding::blocker(
            FindingCode::DirectoryReadMissing,
            "The server app has no application permission Directory.Read.All of Microsoft Graph, which discovery needs.",
            format!("Add it, as an application permission of Microsoft Graph and not of Azure AD Graph, and have a Privileged Role Administrator grant admin consent ({api})."),
        ),
    });
}

pub(super) fn token_version() -> Finding {
    Finding::blocker(
        FindingCode::TokenVersion,
        "The server app's access tokens are of version 2, and the gateway takes version 1, whose audience is the App ID URI.",
        format!("Set requestedAccessTokenVersion to null or 1 ({}).", page("Manifest")),
    )
}

pub(super) fn service_principal_missing(role: &str) -> Finding {
    Finding::blocker(
        FindingCode::ServicePrincipalMissing,
        format!("The {role} app has no service principal in the tenant, so no consent can be given."),
        format!("Choose 'Create Service Principal' ({}).", page("Overview")),
    )
}

pub(super) fn check_audience(role: &str, properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let audience = properties.sign_in_audience.as_deref();
    if let Some(audience) = audience.filter(|audience| *audience != SINGLE_TENANT) {
        findings.push(Finding::warning(
            FindingCode::SignInAudience,
            format!("The {role} app lets accounts of other tenants sign in ({audience})."),
            format!(
                "Choose 'Accounts in this organizational directory only' ({}).",
                page("Authentication")
            ),
        ));
    }
}

fn check_uri(given: &ImportedServerApp, properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let wanted = given.app_id_uri().as_str();
    let registered: Vec<&str> = properties.identifier_uris.iter().flatten().map(String::as_str).collect();
    if registered.contains(&wanted) {
        return;
    }
    let is_like = |uri: &&&str| uri.trim_end_matches('/').eq_ignore_ascii_case(wanted.trim_end_matches('/'));
    let message = match (registered.iter().find(is_like), registered.is_empty()) {
        (Some(like), _) => format!("The App ID URI is registered as {like}, not as {wanted}: they differ in a letter's case or a slash."),
        (None, false) => format!("The App ID URI is registered as {}, not as {wanted}.", registered.join(", ")),
        (None, true) => format!("The server app has no App ID URI, and {wanted} was given."),
    };
    findings.push(Finding::blocker(FindingCode::AppIdUriDiffers, message, uri_remedy()));
}

fn check_secret_end(given: &ImportedServerApp, app: &FoundApp, findings: &mut Vec<Finding>) {
    let passwords = &app.application.password_credentials;
    let text = given.secret_key().expose();
    if passwords
        .iter()
        .any(|password| password.key_id.to_string().eq_ignore_ascii_case(text.trim()))
    {
        findings.push(Finding::blocker(
            FindingCode::SecretRejected,
            "The Secret ID was given in the place of the secret.",
            format!(
                "Give the secret's Value, which is shown once when it is made ({}).",
                page("Certificates & secrets")
            ),
        ));
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
    let message = match ends.is_empty() {
        true => "The server app has no secret.".to_owned(),
        false => format!(
            "No secret of the server app ends on {}; they end on {}.",
            wanted.date(),
            ends.join(", ")
        ),
    };
    let remedy = format!(
        "Give the date that stands beside the secret ({}): the site believes it, and nobody is told when the secret ends.",
        page("Certificates & secrets")
    );
    findings.push(Finding::warning(FindingCode::SecretEndDiffers, message, remedy));
}

fn check_redirects(properties: &ApplicationProperties, findings: &mut Vec<Finding>) {
    let web: Vec<&String> = properties.web.iter().flat_map(|web| web.redirect_uris.iter().flatten()).collect();
    let public: Vec<&String> = properties
        .public_client
        .iter()
        .flat_map(|public| public.redirect_uris.iter().flatten())
        .collect();
    let has = |uris: &[&String]| uris.iter().any(|uri| uri.as_str() == REDIRECT);
    let authentication = page("Authentication");
    if !has(&web) && has(&public) {
        findings.push(Finding::warning(
            FindingCode::RedirectOnWrongPlatform,
            "The server app has the redirect URI http://localhost for public clients, where Microsoft's instructions of 2023 had it; those of 2026 have it on the platform Web.",
            format!("Add it on the platform Web, too ({authentication})."),
        ));
    } else if !has(&web) {
        findings.push(Finding::warning(
            FindingCode::RedirectMissing,
            "The server app lacks the redirect URI http://localhost, without which version 2309 and later refuse to create a gateway.",
            format!("Add it on the platform Web ({authentication})."),
        ));
    }
    if web.iter().chain(&public).any(|uri| uri.starts_with(BROKER)) {
        findings.push(Finding::warning(
            FindingCode::RedirectOnWrongApp,
            "The server app has the redirect URI of the Windows broker, which belongs on the client app.",
            format!("Remove it here, and check that the client app has its own ({authentication})."),
        ));
    }
}
