//! The client app's registration and consent against what the product needs.
//!
//! Source: *Manually register Microsoft Entra apps for the CMG*.

use super::{
    page,
    server_app::{BROKER, check_audience, service_principal_missing},
};
use crate::{
    connection::{
        plan::registration::{USER_IMPERSONATION, broker_redirect, offered_scope},
        read::snapshot::FoundApp,
        report::finding::{Finding, FindingCode},
    },
    directory::PermissionGrant,
};

pub(super) fn check(app: &FoundApp, server: Option<&FoundApp>, grants: &[PermissionGrant], findings: &mut Vec<Finding>) {
    check_redirect(app, findings);
    check_audience("client", &app.application.properties, findings);
    if app.application.properties.is_fallback_public_client != Some(true) {
        findings.push(Finding::blocker(
            FindingCode::PublicClientOff,
            "The client app does not allow public client flows, so clients would be asked for a secret they do not have (AADSTS7000218).",
            format!("Set 'Allow public client flows' to Yes ({}).", page("Authentication")),
        ));
    }
    if app.service_principal.is_none() {
        findings.push(service_principal_missing("client"));
    }
    if let Some(server) = server {
        check_consent(app, server, grants, findings);
    }
}

fn check_redirect(app: &FoundApp, findings: &mut Vec<Finding>) {
    let properties = &app.application.properties;
    let wanted = broker_redirect(app.application.app_id);
    let web = properties.web.iter().flat_map(|web| web.redirect_uris.iter().flatten());
    let public = properties
        .public_client
        .iter()
        .flat_map(|public| public.redirect_uris.iter().flatten());
    let is_wanted = |uri: &String| uri.eq_ignore_ascii_case(&wanted);
    if public.clone().any(is_wanted) {
        return;
    }
    let remedy = format!(
        "Add {wanted} on the platform 'Mobile and desktop applications' ({}).",
        page("Authentication")
    );
    let (code, message) = if web.clone().any(is_wanted) {
        let message = "The client app has the redirect URI of the Windows broker on the platform Web, where Windows does not use it.";
        (FindingCode::RedirectOnWrongPlatform, message.to_owned())
    } else if let Some(other) = public.chain(web).find(|uri| uri.starts_with(BROKER)) {
        let message = format!("The client app has the redirect URI of the Windows broker with another id than its own: {other}.");
        (FindingCode::RedirectMissing, message)
    } else {
        let message = "The client app lacks the redirect URI of the Windows broker.";
        (FindingCode::RedirectMissing, message.to_owned())
    };
    findings.push(Finding::blocker(code, message, remedy));
}

/// Configured is not consented, and consent for one user is none for devices of others.
fn check_consent(app: &FoundApp, server: &FoundApp, grants: &[PermissionGrant], findings: &mut Vec<Finding>) {
    let (Some(_), Some(resource)) = (&app.service_principal, &server.service_principal) else {
        return;
    };
    let covers = |grant: &&PermissionGrant| grant.resource_id == resource.id && grant.covers(USER_IMPERSONATION);
    if grants.iter().filter(covers).any(PermissionGrant::is_tenant_wide) {
        return;
    }
    let scope = offered_scope(&server.application);
    let configured = app.application.properties.required_resource_access.iter().flatten();
    let is_configured = configured
        .filter(|wanted| wanted.resource_app_id == server.application.app_id)
        .flat_map(|wanted| &wanted.resource_access)
        .any(|access| Some(access.id) == scope);
    let grant = format!(
        "Have a Cloud Application Administrator choose 'Grant admin consent' ({}).",
        page("API permissions")
    );
    findings.push(if grants.iter().any(|grant| covers(&grant)) {
        Finding::blocker(
            FindingCode::ConsentForSomeOnly,
            "The consent to user_impersonation of the server app covers single users, not the whole tenant.",
            grant,
        )
    } else if is_configured {
        Finding::blocker(
            FindingCode::ConsentOnlyConfigured,
            "The client app's permission user_impersonation of the server app is configured, and nobody has consented to it.",
            grant,
        )
    } else {
        Finding::blocker(
            FindingCode::ConsentMissing,
            "The client app has no permission user_impersonation of the server app.",
            format!("Add it as a delegated permission (API permissions > Add a permission > APIs my organization uses). {grant}"),
        )
    });
}
