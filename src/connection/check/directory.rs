//! Finds beforehand what can go wrong on the Entra side.

use time::Duration;

use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    connection::{
        check::{apps, rules::Rules},
        plan::registration::UniqueNames,
        read::snapshot::{RegisteredApp, TenantSnapshot},
        report::{
            finding::{Finding, FindingCode, Severity},
            step::AppRole,
        },
    },
    directory::AppManagementPolicy,
    spec::{AppIdUri, ImportedServerApp, SecretValidity, UriOwnerProblem},
};

/// Checks token, App ID URI, names and policies against what was found.
pub(crate) fn check_directory(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    check_token(rules, found, findings);
    let (server, client, tenant) = (rules.spec.server_app(), rules.spec.client_app(), found.tenant.id);
    if rules.only != Some(AppRole::Client) {
        check_server(rules, found, findings);
    } else if found.server.is_none() {
        findings.push(apps::not_found(apps::SERVER, server.client_id(), tenant));
    }
    if rules.only != Some(AppRole::Server) && client.is_adopted() && found.client.is_none() {
        findings.push(apps::not_found(apps::CLIENT, client.client_id(), tenant));
    }
    check_deleted(rules, found, findings);
    if server.is_registered_here() && !client.is_registered_here() {
        findings.push(Finding::warning(FindingCode::ClientAppLeftAsIs));
    }
}

fn check_server(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let app = rules.spec.server_app();
    match &found.server {
        None if app.is_created() => check_uri(rules, app.chosen_uri().is_none(), found, findings),
        None => findings.push(apps::not_found(apps::SERVER, app.client_id(), found.tenant.id)),
        Some(server) if app.is_registered_here() => {
            let has_none = server.application.properties.identifier_uris.as_ref().is_none_or(Vec::is_empty);
            let is_default = app.chosen_uri().is_none() && (app.is_created() || has_none);
            check_uri(rules, is_default, found, findings);
            apps::check_registered_secrets(&server.application, rules.now, findings);
        }
        Some(server) => check_outside_server(rules, server, findings),
    }
}

/// Checks that the token is valid, and for this tenant, this cloud and Microsoft Graph.
pub(crate) fn check_token(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let signed_in = &found.signed_in;
    if let Some(end) = signed_in.expires_on.filter(|end| *end <= rules.now) {
        findings.push(Finding::blocker(FindingCode::TokenExpired).with("expiredOn", end.date().to_string()));
    }
    let imported_tenant = rules.spec.server_app().imported().map(ImportedServerApp::tenant_id);
    for tenant in [rules.expected_tenant, imported_tenant].into_iter().flatten() {
        if tenant != found.tenant.id {
            findings.push(apps::wrong_tenant(tenant, found.tenant.id, &found.tenant.display_name));
        }
    }
    if let Some(tenant) = signed_in.tenant_id.filter(|tenant| *tenant != found.tenant.id) {
        let differs = Finding::blocker(FindingCode::TokenTenantDiffers);
        findings.push(differs.with("tokenTenant", tenant).with("directoryTenant", found.tenant.id));
    }
    if let Some(cloud) = other_cloud(rules, found) {
        let wrong = Finding::blocker(FindingCode::WrongCloud);
        findings.push(wrong.with("signedIn", cloud).with("expected", rules.spec.environment()));
    } else if let (Some(endpoints), Some(audience)) = (rules.endpoints, &signed_in.audience)
        && !endpoints.accepts_audience(audience)
    {
        let wrong = Finding::blocker(FindingCode::WrongAudience)
            .with("audience", audience)
            .with("expected", endpoints.graph().to_string())
            .with("scope", endpoints.default_scope());
        findings.push(wrong);
    }
    if signed_in.scopes.is_none() && signed_in.app_roles.is_none() {
        findings.push(Finding::warning(FindingCode::TokenUnreadable));
    }
}

/// The cloud that the token belongs to, if it is known and is not the one of the specification.
fn other_cloud(rules: &Rules<'_>, found: &TenantSnapshot) -> Option<CloudEnvironment> {
    let by_audience = found.signed_in.audience.as_deref().and_then(CloudEnvironment::of_audience);
    let by_issuer = || found.signed_in.issuer.as_deref().and_then(CloudEnvironment::of_issuer);
    let by_endpoints = || rules.endpoints.map(CloudEndpoints::environment);
    by_audience
        .or_else(by_issuer)
        .or_else(by_endpoints)
        .filter(|cloud| *cloud != rules.spec.environment())
}

fn check_uri(rules: &Rules<'_>, is_default: bool, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let Some(uri) = &found.uri else {
        return;
    };
    if is_default {
        findings.push(Finding::note(FindingCode::AppIdUriResolved).with("uri", uri));
    }
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    if let Some(owner) = found.uri_owner.as_ref().filter(|owner| Some(owner.app_id) != own_id) {
        let in_use = Finding::blocker(FindingCode::AppIdUriInUse)
            .with("uri", uri)
            .with("clientId", owner.app_id)
            .with("name", owner.properties.display_name.as_deref());
        findings.push(in_use);
        return;
    }
    let is_registered = found.uri_owner.is_some();
    if !is_registered {
        check_uri_owner(rules, uri, found, findings);
    }
}

fn check_uri_owner(rules: &Rules<'_>, uri: &AppIdUri, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    let domains = found.tenant.domain_names();
    let policy = found.policy.clone().unwrap_or_default();
    let finding = match uri.check_owner(found.tenant.id, &domains, own_id) {
        Err(UriOwnerProblem::ForeignDomain { host }) => Finding::blocker(FindingCode::AppIdUriOnForeignDomain).with("domain", host),
        Err(UriOwnerProblem::ForeignId { id }) => Finding::blocker(FindingCode::AppIdUriWithForeignId).with("id", id),
        Err(UriOwnerProblem::NoOwner) if policy.uris_need_an_owner => Finding::new(by_policy(rules), FindingCode::AppIdUriWithoutOwner),
        Err(UriOwnerProblem::NoOwner) => Finding::warning(FindingCode::AppIdUriWithoutOwner),
        Ok(()) if policy.only_default_uris => Finding::new(by_policy(rules), FindingCode::AppIdUriBlockedByPolicy),
        Ok(()) => return,
    };
    findings.push(finding.with("uri", uri));
}

/// A policy blocks, unless the caller knows that it does not apply to this account.
const fn by_policy(rules: &Rules<'_>) -> Severity {
    if rules.policy_exempt {
        Severity::Warning
    } else {
        Severity::Blocker
    }
}

/// Checks the tenant's policy against the secret that the plan issues.
pub(crate) fn check_secret_policy(rules: &Rules<'_>, validity: SecretValidity, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let Some(policy) = &found.policy else {
        return;
    };
    let AppManagementPolicy {
        secrets_forbidden,
        longest_secret,
        ..
    } = policy;
    if *secrets_forbidden {
        findings.push(Finding::new(by_policy(rules), FindingCode::SecretsForbidden));
    }
    // A minute of margin for clocks that differ.
    let wanted = validity.end_after(rules.now) - rules.now - Duration::minutes(1);
    if let Some(longest) = longest_secret.filter(|longest| wanted > *longest) {
        let too_long = Finding::new(by_policy(rules), FindingCode::SecretTooLong)
            .with("longestDays", longest.whole_days())
            .with("wantedDays", (wanted + Duration::minutes(1)).whole_days());
        findings.push(too_long);
    }
}

fn check_outside_server(rules: &Rules<'_>, app: &RegisteredApp, findings: &mut Vec<Finding>) {
    apps::check_scope(&app.application, findings);
    apps::check_service_principal(apps::SERVER, app, findings);
    if rules.spec.discovers() {
        findings.push(Finding::warning(FindingCode::ServerAppLeftAsIs));
    }
}

fn check_deleted(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let names = UniqueNames::of(rules.spec.key());
    let wanted = [
        (
            rules.spec.server_app().is_created() && found.server.is_none() && rules.only != Some(AppRole::Client),
            names.server,
        ),
        (
            rules.spec.client_app().is_created() && found.client.is_none() && rules.only != Some(AppRole::Server),
            names.client,
        ),
    ];
    let wanted: Vec<String> = wanted
        .into_iter()
        .filter(|(is_wanted, _)| *is_wanted)
        .map(|(_, name)| name)
        .collect();
    if !wanted.is_empty() && found.deleted.is_none() {
        findings.push(Finding::note(FindingCode::DeletedAppsUnread));
    }
    for name in wanted {
        let Some(deleted) = found
            .deleted
            .iter()
            .flatten()
            .find(|deleted| deleted.unique_name.as_deref() == Some(&name))
        else {
            continue;
        };
        let held = Finding::blocker(FindingCode::UniqueNameHeldByDeletedApp)
            .with("uniqueName", &name)
            .with("objectId", deleted.object_id)
            .with("name", deleted.display_name.as_deref());
        findings.push(held);
    }
}
