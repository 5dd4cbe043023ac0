//! What can go wrong on the Entra side, told beforehand.

use time::{Duration, OffsetDateTime};

use super::{
    finding::{Finding, FindingCode, Severity},
    found::{Found, FoundApp, FoundDirectory, role_gap},
    registration::{UniqueNames, offered_scope},
};
use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    directory::AppManagementPolicy,
    ids::TenantId,
    permissions::Use,
    site::SiteIdentity,
    spec::{ACCEPTED_FORMS, AppIdUri, ClientApp, ConnectionSpec, SecretValidity, ServerApp, UriOwnerProblem},
};

/// How far ahead of its end a secret is called "soon".
const SOON: Duration = Duration::days(30);

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
    match (rules.spec.server_app(), &found.server) {
        (ServerApp::Create(server), _) => {
            check_uri(rules, server.app_id_uri().is_none(), found, findings);
            check_own_secret(rules, found, findings);
        }
        (ServerApp::Adopt(server), Some(app)) => {
            let has_none = app.application.properties.identifier_uris.as_ref().is_none_or(Vec::is_empty);
            check_uri(rules, server.app_id_uri().is_none() && has_none, found, findings);
            check_own_secret(rules, found, findings);
        }
        (_, None) => findings.push(not_registered("server app", found)),
        (ServerApp::Import(_) | ServerApp::Reuse(_), Some(app)) => check_outside_server(rules, app, findings),
    }
    if matches!(rules.spec.client_app(), ClientApp::Adopt(_)) && found.client.is_none() {
        findings.push(not_registered("client app", found));
    }
    check_deleted(rules, found, findings);
    if rules.spec.server_app().is_registered_here() && !rules.spec.client_app().is_registered_here() {
        findings.push(Finding::warning(
            FindingCode::AppLeftAsIs,
            "The client app is not created by this run, so its registration and consents are left as they are.",
            "Give it the permission user_impersonation of the server app with admin consent (Entra admin center > App registrations > API permissions).",
        ));
    }
}

fn check_token(rules: &Rules<'_>, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let signed_in = &found.signed_in;
    if signed_in.expires_on.is_some_and(|end| end <= rules.now) {
        findings.push(Finding::blocker(
            FindingCode::TokenExpired,
            "The token has expired.",
            "Sign in again.",
        ));
    }
    for tenant in [rules.expected_tenant, imported_tenant(rules.spec)].into_iter().flatten() {
        if tenant != found.tenant.id {
            let message = format!(
                "The sign-in is for tenant {} ({}), not for {tenant}.",
                found.tenant.id, found.tenant.display_name
            );
            let remedy = "Sign in with an account of the right tenant, or name the tenant when signing in.";
            findings.push(Finding::blocker(FindingCode::WrongTenant, message, remedy));
        }
    }
    if signed_in.tenant_id.is_some_and(|tenant| tenant != found.tenant.id) {
        let message = format!(
            "The token names another tenant than the directory, which answers for {}.",
            found.tenant.id
        );
        findings.push(Finding::blocker(
            FindingCode::WrongTenant,
            message,
            "Check the endpoint and sign in again.",
        ));
    }
    if let Some(cloud) = other_cloud(rules, found) {
        let message = format!("The token is for {cloud}, and the connection is for {}.", rules.spec.environment());
        let remedy = "Sign in to the right cloud, or choose the other Azure environment in the specification.";
        findings.push(Finding::blocker(FindingCode::WrongCloud, message, remedy));
    } else if let (Some(endpoints), Some(audience)) = (rules.endpoints, &signed_in.audience)
        && !endpoints.accepts_audience(audience)
    {
        let message = format!("The token is for {audience}, not for {}.", endpoints.graph());
        let remedy = format!("Ask for the scope {}.", endpoints.default_scope());
        findings.push(Finding::blocker(FindingCode::WrongAudience, message, remedy));
    }
    if signed_in.scopes.is_none() && signed_in.app_roles.is_none() {
        findings.push(Finding::warning(
            FindingCode::TokenUnreadable,
            "The token cannot be read, so it is not known beforehand whether its permissions suffice.",
            "Nothing to do; a missing permission is reported by the step that needs it.",
        ));
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

/// Checks the roles against what the plan writes: where every consent is in place, nobody needs a role to give one.
pub(crate) fn check_roles(needed: &[Use], found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let Some(held) = &found.roles else {
        return;
    };
    if let Some(role) = role_gap(held, needed) {
        let account = found.signed_in.account.as_deref().unwrap_or("the signed-in account");
        let message = format!("The directory roles of {account} do not suffice to consent.");
        let mut remedy = format!(
            "Activate or assign at least {role} (Entra admin center > Roles & admins) and sign in again, or sign in with another account."
        );
        if needed.contains(&Use::AssignRole) {
            remedy.push_str(" Without discovery Cloud Application Administrator is enough.");
        }
        findings.push(Finding::blocker(FindingCode::RoleTooWeak, message, remedy));
    }
}

fn check_uri(rules: &Rules<'_>, is_default: bool, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let Some(uri) = &found.uri else {
        return;
    };
    if is_default {
        let message = format!(
            "The App ID URI is {uri}; the wizard's default https://ConfigMgrService has been refused by Microsoft Entra since October 2021."
        );
        let remedy = "Nothing to do; set the App ID URI to have another one.";
        findings.push(Finding::note(FindingCode::AppIdUriResolved, message, remedy));
    }
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    if let Some(owner) = found.uri_owner.as_ref().filter(|owner| Some(owner.app_id) != own_id) {
        let name = owner.properties.display_name.as_deref().unwrap_or("without a name");
        let message = format!("The App ID URI {uri} belongs to the app {name} ({}) already.", owner.app_id);
        let remedy =
            "Choose another App ID URI, for a second site for example with a suffix, or import or reuse that app instead of creating one.";
        findings.push(Finding::blocker(FindingCode::AppIdUriInUse, message, remedy));
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
    let remedy = format!("Leave the App ID URI to its default, or use one of these forms: {ACCEPTED_FORMS}.");
    match uri.check_owner(found.tenant.id, &domains, own_id) {
        Err(problem @ (UriOwnerProblem::ForeignDomain { .. } | UriOwnerProblem::ForeignId { .. })) => {
            let message = format!("The App ID URI {uri} would be refused: {problem}.");
            findings.push(Finding::blocker(FindingCode::AppIdUriNotOwned, message, remedy));
        }
        Err(problem) => {
            let severity = if policy.uris_need_an_owner {
                by_policy(rules)
            } else {
                Severity::Warning
            };
            let message = format!("The App ID URI {uri} may be refused: {problem}.");
            findings.push(Finding::new(severity, FindingCode::AppIdUriNotOwned, message, remedy));
        }
        Ok(()) if policy.only_default_uris => {
            let message =
                format!("The tenant's policy allows only api://{{appId}} and api://{{tenantId}}/{{appId}}, so {uri} would be refused.");
            findings.push(Finding::new(
                by_policy(rules),
                FindingCode::AppIdUriBlockedByPolicy,
                message,
                EXEMPTION,
            ));
        }
        Ok(()) => {}
    }
}

const EXEMPTION: &str = "Ask a Cloud Application Administrator for an exemption from the tenant's app management policy (Entra admin center > Enterprise applications > Application policies); if this account is exempt already, say so with policy_exempt(true).";

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
        let message = "The tenant's app management policy forbids secrets, which the product needs.";
        findings.push(Finding::new(by_policy(rules), FindingCode::SecretsForbidden, message, EXEMPTION));
    }
    // A minute of margin for clocks that differ.
    let wanted = validity.end_after(rules.now) - rules.now - Duration::minutes(1);
    if let Some(longest) = longest_secret.filter(|longest| wanted > *longest) {
        let message = format!(
            "The tenant's app management policy allows secrets of at most {} days, and {} are asked for.",
            longest.whole_days(),
            (wanted + Duration::minutes(1)).whole_days()
        );
        let remedy = format!("Choose the shorter validity if that fits. {EXEMPTION}");
        findings.push(Finding::new(by_policy(rules), FindingCode::SecretTooLong, message, remedy));
    }
}

fn check_own_secret(rules: &Rules<'_>, found: &FoundDirectory, findings: &mut Vec<Finding>) {
    let Some(app) = &found.server else {
        return;
    };
    let ends: Vec<OffsetDateTime> = app
        .application
        .password_credentials
        .iter()
        .filter_map(|password| password.end_date_time)
        .collect();
    let Some(last) = ends.iter().max() else {
        return;
    };
    let remedy = "Renew the secret in good time: the site raises no notification for imported apps.";
    if *last <= rules.now {
        let message = format!("The last secret of the server app expired on {}.", last.date());
        findings.push(Finding::warning(FindingCode::SecretExpired, message, remedy));
    } else if *last - rules.now < SOON {
        let message = format!("The last secret of the server app expires on {}.", last.date());
        findings.push(Finding::warning(FindingCode::SecretExpiresSoon, message, remedy));
    }
}

fn not_registered(what: &str, found: &FoundDirectory) -> Finding {
    Finding::blocker(
        FindingCode::AppNotFound,
        format!("The {what} is not registered in tenant {}.", found.tenant.id),
        "Check the client id and the tenant (Entra admin center > App registrations > All applications).",
    )
}

fn check_outside_server(rules: &Rules<'_>, app: &FoundApp, findings: &mut Vec<Finding>) {
    if offered_scope(&app.application).is_none() {
        findings.push(Finding::blocker(
            FindingCode::ScopeMissing,
            "The server app does not offer the permission user_impersonation, which the client app needs.",
            "Add it as a scope for admins and users (Entra admin center > App registrations > Expose an API).",
        ));
    }
    if app.service_principal.is_none() {
        findings.push(Finding::blocker(
            FindingCode::AppNotFound,
            "The server app has no service principal in the tenant, so nobody can be allowed to use it.",
            "Create one by opening the app's page and choosing 'Create Service Principal' (Entra admin center > App registrations).",
        ));
    }
    if rules.spec.discovery().is_some() {
        findings.push(Finding::warning(
            FindingCode::AppLeftAsIs,
            "The server app is not created by this run, so its consent to Directory.Read.All is left as it is.",
            "Discovery needs it as an application permission with admin consent (Entra admin center > App registrations > API permissions).",
        ));
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
        let message = format!(
            "The deleted app registration {} ({}) still holds the unique name {name}.",
            deleted.display_name.as_deref().unwrap_or("without a name"),
            deleted.object_id
        );
        let remedy = "Undo this connection, which purges it; or purge or restore it by hand (Entra admin center > App registrations > Deleted applications); or give the connection another key.";
        findings.push(Finding::blocker(FindingCode::UniqueNameHeldByDeletedApp, message, remedy));
    }
}
