//! Finds beforehand what can go wrong on the Entra side.

use time::Duration;

use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    connection::{
        check::{apps, rules::Rules},
        plan::{
            app_id_uri::{is_by_policy, planned_uri},
            change::{Change, When},
            operation::{Operation, PlannedSecret},
            registration::{SECRET_MARKER, UniqueNames},
        },
        read::snapshot::TenantSnapshot,
        report::{
            finding::{Finding, FindingCode, Severity},
            step::{AppRole, Step},
        },
    },
    directory::{AppManagementPolicy, DeletedApplication, SignedIn},
    ids::TenantId,
    permissions::{PermissionType, Use},
    spec::{AppIdUri, ImportedServerApp, SecretValidity, UriOwnerProblem},
};

/// Checks token, App ID URI, names and policies against what was found.
pub(crate) fn check_directory(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    check_token(rules, found, findings);
    let (server, client) = (rules.spec.server_app(), rules.spec.client_app());
    if rules.only != Some(AppRole::Client) {
        check_server(rules, found, findings);
    } else if found.server.is_none() {
        findings.push(apps::absent(apps::SERVER, server.client_id(), &found.deleted_apps, found.tenant.id));
    }
    if rules.only != Some(AppRole::Server) && client.client_id().is_some() && found.client.is_none() {
        findings.push(apps::absent(apps::CLIENT, client.client_id(), &found.deleted_apps, found.tenant.id));
    }
    check_deleted(rules, found, findings);
    // If both are there, they are compared.
    let is_unknown = found.server.is_none() || found.client.is_none();
    if server.is_registered_here() && !client.is_registered_here() && is_unknown {
        findings.push(Finding::warning(FindingCode::ClientAppLeftAsIs));
    }
}

fn check_server(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let app = rules.spec.server_app();
    match &found.server {
        None if app.is_created() => check_uri(rules, app.chosen_uri().is_none(), found, findings),
        None => findings.push(apps::absent(apps::SERVER, app.client_id(), &found.deleted_apps, found.tenant.id)),
        // No URI is wanted for an app that no run writes, and nothing is told of it then.
        Some(server) => {
            let has_none = server.application.properties.identifier_uris.as_ref().is_none_or(Vec::is_empty);
            let is_default = app.chosen_uri().is_none() && (app.is_created() || has_none);
            check_uri(rules, is_default, found, findings);
        }
    }
}

/// From this difference on a clock is called wrong: assertions and tokens allow about as much.
const CLOCK_TOLERANCE: Duration = Duration::minutes(5);

/// From this difference on the dates that a run writes would be wrong by days.
const CLOCK_LIMIT: Duration = Duration::days(1);

/// What the token's own claims say: that it is for another tenant, cloud or service. It needs no request.
pub(crate) fn check_claims(rules: &Rules<'_>, signed_in: &SignedIn) -> Vec<Finding> {
    let mut findings = Vec::new();
    for expected in wanted_tenants(rules) {
        if let Some(tenant) = signed_in.tenant_id.filter(|tenant| *tenant != expected) {
            findings.push(apps::wrong_tenant(expected, tenant, None));
        }
    }
    if let Some(cloud) = other_cloud(rules, signed_in) {
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
    findings
}

/// The tenants that the caller and the values to import name.
fn wanted_tenants(rules: &Rules<'_>) -> impl Iterator<Item = TenantId> {
    let imported = rules.spec.server_app().imported().map(ImportedServerApp::tenant_id);
    [rules.expected_tenant, imported].into_iter().flatten()
}

/// Checks that the token is valid and for this tenant, and that the clock by which that is told is right.
pub(crate) fn check_token(rules: &Rules<'_>, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let signed_in = &found.signed_in;
    let lead = found.clock_lead.unwrap_or_default();
    check_clock(lead, findings);
    if let Some(end) = signed_in.expires_on.filter(|end| *end <= rules.now - lead) {
        findings.push(Finding::blocker(FindingCode::TokenExpired).with("expiredOn", end.date().to_string()));
    }
    for tenant in wanted_tenants(rules) {
        if tenant != found.tenant.id {
            findings.push(apps::wrong_tenant(tenant, found.tenant.id, Some(&found.tenant.display_name)));
        }
    }
    if let Some(tenant) = signed_in.tenant_id.filter(|tenant| *tenant != found.tenant.id) {
        let differs = Finding::blocker(FindingCode::TokenTenantDiffers);
        findings.push(differs.with("tokenTenant", tenant).with("directoryTenant", found.tenant.id));
    }
    let is_unreadable = signed_in.scopes.is_none() && signed_in.app_roles.is_none();
    if is_unreadable && rules.needs_directory() {
        findings.push(Finding::warning(FindingCode::TokenUnreadable));
    }
    if found.tenant_name_unread {
        findings.push(Finding::note(FindingCode::TenantNameUnread));
    }
}

/// Compares this machine's clock with the directory's.
fn check_clock(lead: Duration, findings: &mut Vec<Finding>) {
    if lead.abs() < CLOCK_TOLERANCE {
        return;
    }
    let severity = if lead.abs() < CLOCK_LIMIT {
        Severity::Warning
    } else {
        Severity::Blocker
    };
    let wrong = Finding::new(severity, FindingCode::ClockWrong)
        .with("minutes", lead.whole_minutes().abs())
        .with("direction", if lead.is_negative() { "behind" } else { "ahead" });
    findings.push(wrong);
}

/// The cloud that the token belongs to, if it is known and is not the one of the specification.
fn other_cloud(rules: &Rules<'_>, signed_in: &SignedIn) -> Option<CloudEnvironment> {
    let by_audience = signed_in.audience.as_deref().and_then(CloudEnvironment::of_audience);
    let by_issuer = || signed_in.issuer.as_deref().and_then(CloudEnvironment::of_issuer);
    let by_endpoints = || rules.endpoints.map(CloudEndpoints::environment);
    by_audience
        .or_else(by_issuer)
        .or_else(by_endpoints)
        .filter(|cloud| *cloud != rules.spec.environment())
}

fn check_uri(rules: &Rules<'_>, is_default: bool, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let Some(uri) = &planned_uri(rules, found) else {
        return;
    };
    if is_by_policy(rules, found) {
        findings.push(Finding::note(FindingCode::AppIdUriByPolicy).with("uri", uri));
    } else if is_default {
        findings.push(Finding::note(FindingCode::AppIdUriResolved).with("uri", uri));
    }
    // Whose it is was asked for the one that was wanted. One that the policy puts in its place contains the app's own id.
    let is_asked = found.uri.as_ref() == Some(uri);
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    let owner = found.uri_owner.as_ref().filter(|_| is_asked);
    if let Some(owner) = owner.filter(|owner| Some(owner.app_id) != own_id) {
        let in_use = Finding::blocker(FindingCode::AppIdUriInUse)
            .with("uri", uri)
            .with("clientId", owner.app_id)
            .with("name", owner.properties.display_name.as_deref());
        findings.push(in_use);
        return;
    }
    if owner.is_none() {
        check_uri_owner(rules, uri, found, findings);
    }
}

fn check_uri_owner(rules: &Rules<'_>, uri: &AppIdUri, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let own_id = found.server.as_ref().map(|app| app.application.app_id);
    let domains = found.tenant.domain_names();
    let policy = found.policy.clone().unwrap_or_default();
    let is_of_ids = uri.is_of_ids(found.tenant.id, own_id);
    let finding = match uri.check_owner(found.tenant.id, &domains, own_id) {
        // Which domains are verified is not known then.
        Err(UriOwnerProblem::ForeignDomain { .. }) if found.tenant_name_unread => return,
        Err(UriOwnerProblem::ForeignDomain { host }) => Finding::blocker(FindingCode::AppIdUriOnForeignDomain).with("domain", host),
        Err(UriOwnerProblem::ForeignId { id }) => Finding::blocker(FindingCode::AppIdUriWithForeignId).with("id", id),
        // The strictest rule comes first: what the others would recommend, it refuses.
        _ if policy.only_default_uris && !is_of_ids => Finding::new(by_policy(rules, &policy), FindingCode::AppIdUriBlockedByPolicy),
        Err(UriOwnerProblem::NoOwner) if policy.uris_need_an_owner => {
            Finding::new(by_policy(rules, &policy), FindingCode::AppIdUriWithoutOwner)
        }
        Err(UriOwnerProblem::NoOwner) => Finding::warning(FindingCode::AppIdUriWithoutOwner),
        Ok(()) => return,
    };
    findings.push(finding.with("uri", uri));
}

/// A policy blocks, unless the caller knows that it does not apply to this account, or it may exempt it.
const fn by_policy(rules: &Rules<'_>, policy: &AppManagementPolicy) -> Severity {
    if rules.policy_exempt || policy.may_exempt_caller {
        Severity::Warning
    } else {
        Severity::Blocker
    }
}

/// Checks what the plan writes against the tenant's app management policy, and tells if that could not be read.
pub(crate) fn check_policies(
    rules: &Rules<'_>,
    changes: &[Change],
    validity: SecretValidity,
    found: &TenantSnapshot,
    findings: &mut Vec<Finding>,
) {
    let issues_secret = changes
        .iter()
        .any(|change| change.step == Step::IssueSecret && matches!(change.operation, Operation::IssueSecret { .. }));
    if issues_secret {
        check_secret_end(rules, validity, findings);
    }
    let Some(policy) = &found.policy else {
        if !rules.policy_exempt && changes.iter().any(may_be_refused) {
            let permission = Use::ReadPolicy.permissions(PermissionType::Delegated);
            let permission = permission.first().and_then(|any_of| any_of.first());
            findings.push(Finding::note(FindingCode::PolicyNotRead).with("permission", permission));
        }
        return;
    };
    if issues_secret {
        check_secret_policy(rules, validity, policy, findings);
    }
}

/// Whether an app management policy can refuse a change: it creates an app, adds a secret or adds an App ID URI.
fn may_be_refused(change: &Change) -> bool {
    change.when == When::Always
        && match &change.operation {
            Operation::CreateApp { .. } | Operation::IssueSecret { .. } | Operation::SetAppIdUri { .. } => true,
            Operation::UpdateApp { adds, .. } => adds.identifier_uris.is_some(),
            _ => false,
        }
}

/// A secret must end in the future.
fn check_secret_end(rules: &Rules<'_>, validity: SecretValidity, findings: &mut Vec<Finding>) {
    let end = validity.end_after(rules.now);
    if end <= rules.now {
        findings.push(Finding::blocker(FindingCode::SecretEndPassed).with("given", end.date().to_string()));
    }
}

fn check_secret_policy(rules: &Rules<'_>, validity: SecretValidity, policy: &AppManagementPolicy, findings: &mut Vec<Finding>) {
    if policy.secrets_forbidden {
        findings.push(Finding::new(by_policy(rules, policy), FindingCode::SecretsForbidden));
    }
    let Some(longest) = policy.longest_secret else { return };
    let allowed = Some(longest).filter(|_| !rules.policy_exempt);
    // A minute of margin for clocks that differ.
    let wanted = PlannedSecret::new(validity, allowed, rules.now).end_after(rules.now) - rules.now - Duration::MINUTE;
    if wanted > longest {
        // Whole days, as a person would ask for them: what a margin takes away is added again.
        let days = (wanted + Duration::DAY).whole_days();
        let too_long = Finding::new(by_policy(rules, policy), FindingCode::SecretTooLong)
            .with("longestDays", longest.whole_days())
            .with("wantedDays", days);
        findings.push(too_long);
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
        let Some(deleted) = found.deleted_holder_of(&name) else {
            continue;
        };
        if found.restores {
            findings.push(restored(deleted));
            continue;
        }
        let held = Finding::blocker(FindingCode::UniqueNameHeldByDeletedApp)
            .with("uniqueName", &name)
            .with("objectId", deleted.object_id)
            .with("name", deleted.display_name.as_deref());
        findings.push(held);
    }
}

/// Tells that a deleted app is restored, and louder if other callers have left secrets on it.
fn restored(deleted: &DeletedApplication) -> Finding {
    let is_foreign = |description: &&String| !description.starts_with(SECRET_MARKER);
    let foreign = deleted.secret_descriptions.iter().filter(is_foreign).count();
    let severity = if foreign == 0 { Severity::Note } else { Severity::Warning };
    Finding::new(severity, FindingCode::DeletedAppRestored)
        .with("objectId", deleted.object_id)
        .with("name", deleted.display_name.as_deref())
        .with("foreignSecrets", foreign)
}
