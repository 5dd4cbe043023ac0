//! The client app's registration and consent against what the product needs.
//!
//! Source: *Manually register Microsoft Entra apps for the CMG*.

use super::server_app::check_audience;
use crate::{
    connection::{
        check::apps,
        plan::registration::{BROKER_REDIRECT, USER_IMPERSONATION, broker_redirect, offered_scope},
        read::snapshot::RegisteredApp,
        report::finding::{Finding, FindingCode},
    },
    directory::PermissionGrant,
};

pub(in crate::connection) fn check(
    app: &RegisteredApp,
    server: Option<&RegisteredApp>,
    grants: &[PermissionGrant],
    findings: &mut Vec<Finding>,
) {
    check_redirect(app, findings);
    check_audience(apps::CLIENT, &app.application.properties, findings);
    if app.application.properties.is_fallback_public_client != Some(true) {
        findings.push(Finding::blocker(FindingCode::PublicClientOff));
    }
    apps::check_service_principal(apps::CLIENT, app, findings);
    apps::check_enabled(apps::CLIENT, app, findings);
    if let Some(server) = server {
        check_consent(app, server, grants, findings);
    }
}

fn check_redirect(app: &RegisteredApp, findings: &mut Vec<Finding>) {
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
    let finding = if web.clone().any(is_wanted) {
        Finding::blocker(FindingCode::BrokerRedirectOnWrongPlatform)
    } else if let Some(other) = public.chain(web).find(|uri| uri.starts_with(BROKER_REDIRECT)) {
        Finding::blocker(FindingCode::BrokerRedirectOfAnotherApp).with("registered", other)
    } else {
        Finding::blocker(FindingCode::BrokerRedirectMissing)
    };
    findings.push(finding.with("uri", &wanted));
}

/// Configured is not consented, and consent for one user is none for devices of others.
fn check_consent(app: &RegisteredApp, server: &RegisteredApp, grants: &[PermissionGrant], findings: &mut Vec<Finding>) {
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
    findings.push(Finding::blocker(if grants.iter().any(|grant| covers(&grant)) {
        FindingCode::ConsentForSomeOnly
    } else if is_configured {
        FindingCode::ConsentOnlyConfigured
    } else {
        FindingCode::ConsentMissing
    }));
}
