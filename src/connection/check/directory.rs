//! What can go wrong on the Entra side, told beforehand.

use time::{Duration, OffsetDateTime};

use crate::connection::{
    check::apps,
    plan::planned::ROLE_ASSIGNMENT,
    plan::registration::UniqueNames,
    read::snapshot::{Found, FoundApp, FoundDirectory, role_gap},
    report::finding::{Finding, FindingCode, Severity},
};
use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    directory::AppManagementPolicy,
    ids::TenantId,
    site::SiteIdentity,
    spec::{AppIdUri, ClientApp, ConnectionSpec, SecretValidity, ServerApp, UriOwnerProblem},
};

/// What the checks go by besides what was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) spec: &'a ConnectionSpec,
    pub(crate) endpoints: Option<&'a CloudEndpoints>,
    pub(crate) expected_tenant: Option<TenantId>,
    pub(crate) policy_exempt: bool,
    pub(crate) site_identity: Option<&'a SiteIdentity>,
    pub(crate) now: OffsetDateTime,
}

impl Rules<'_> {
    /// What tells the site from another one: what the caller gives, else what the site says.
    pub(crate) fn site_identity<'f>(&'f self, found: &'f Found) -> Option<&'f SiteIdentity> {
        let site = found.site.as_ref()?;
        self.site_identity.or(site.info.identity.as_ref())
    }
}

/// Checks token, App ID URI, names and policies against what was found.
pub(crate) fn check_directory(rules: &Rules<'_>, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    check_token(rules, found, findings);
    let tenant = found.tenant.id;
    match (rules.spec.server_app(), &found.server) {
        (ServerApp::Create(server), found_server) => {
            check_uri(rules, server.app_id_uri().is_none(), found, findings);
            if let Some(app) = found_server {
                apps::check_registered_secrets(&app.application, rules.now, findings);
            }
        }
        (ServerApp::Adopt(server), Some(app)) => {
            let has_none = app.application.properties.identifier_uris.as_ref().is_none_or(Vec::is_empty);
            check_uri(rules, server.app_id_uri().is_none() && has_none, found, findings);
            apps::check_registered_secrets(&app.application, rules.now, findings);
        }
        (server, None) => findings.push(apps::not_found(apps::SERVER, server.client_id(), tenant)),
        (ServerApp::Import(_) | ServerApp::Reuse(_), Some(app)) => check_outside_server(rules, app, findings),
    }
    let client = rules.spec.client_app();
    if matches!(client, ClientApp::Adopt(_)) && found.client.is_none() {
        findings.push(apps::not_found(apps::CLIENT, client.client_id(), tenant));
    }
    check_deleted(rules, found, findings);
    if rules.spec.server_app().is_registered_here() && !client.is_registered_here() {
        findings.push(Finding::warning(FindingCode::ClientAppLeftAsIs));
    }
}

fn check_token(rules: &Rules<'_>, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let signed_in = &found.signed_in;
    if let Some(end) = signed_in.expires_on.filter(|end| *end <= rules.now) {
        findings.push(Finding::blocker(FindingCode::TokenExpired).with("expiredOn", end.date().to_string()));
    }
    for tenant in [rules.expected_tenant, imported_tenant(rules.spec)].into_iter().flatten() {
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

/// The cloud that the token belongs to, where that can be told and is another one.
fn other_cloud(rules: &Rules<'_>, found: &FoundDirectory) -> Option<CloudEnvironment> {
    let by_audience = found.signed_in.audience.as_deref().and_then(CloudEnvironment::of_audience);
    let by_issuer = || found.signed_in.issuer.as_deref().and_then(CloudEnvironment::of_issuer);
    let by_endpoints = || rules.endpoints.map(CloudEndpoints::environment);
    by_audience
        .or_else(by_issuer)
        .or_else(by_endpoints)
        .filter(|cloud| *cloud != rules.spec.environment())
}

fn imported_tenant(spec: &ConnectionSpec) -> Option<TenantId> {
    match spec.server_app() {
        ServerApp::Import(app) => Some(app.tenant_id()),
        ServerApp::Create(_) | ServerApp::Reuse(_) | ServerApp::Adopt(_) => None,
    }
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

fn check_uri(rules: &Rules<'_>, is_default: bool, found: &FoundDirectory, findings: &mut Vec<Finding>) {
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

fn check_uri_owner(rules: &Rules<'_>, uri: &AppIdUri, found: &FoundDirectory, findings: &mut Vec<Finding>) {
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

/// Checks the tenant's policy against a secret that is to be made.
pub(crate) fn check_secret_policy(rules: &Rules<'_>, validity: SecretValidity, found: &FoundDirectory, findings: &mut Vec<Finding>) {
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

fn check_outside_server(rules: &Rules<'_>, app: &FoundApp, findings: &mut Vec<Finding>) {
    apps::check_scope(&app.application, findings);
    apps::check_service_principal(apps::SERVER, app, findings);
    if rules.spec.discovery().is_some() {
        findings.push(Finding::warning(FindingCode::ServerAppLeftAsIs));
    }
}

fn check_deleted(rules: &Rules<'_>, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let names = UniqueNames::of(rules.spec.key());
    let wanted = [
        (
            matches!(rules.spec.server_app(), ServerApp::Create(_)) && found.server.is_none(),
            names.server,
        ),
        (
            matches!(rules.spec.client_app(), ClientApp::Create(_)) && found.client.is_none(),
            names.client,
        ),
    ];
    for (_, name) in wanted.into_iter().filter(|(is_wanted, _)| *is_wanted) {
        let Some(deleted) = found.deleted.iter().find(|deleted| deleted.unique_name.as_deref() == Some(&name)) else {
            continue;
        };
        let held = Finding::blocker(FindingCode::UniqueNameHeldByDeletedApp)
            .with("uniqueName", &name)
            .with("objectId", deleted.object_id)
            .with("name", deleted.display_name.as_deref());
        findings.push(held);
    }
}
