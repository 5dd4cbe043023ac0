//! Looks at the registrations of both apps: whether they are switched off, and whether those that this crate does not
//! write are what the product needs.

use crate::{
    connection::{
        check::{
            apps,
            rules::Rules,
            verify::{client_app, server_app},
        },
        plan::{
            consents::{DIRECTORY_READ_ALL, consent_for_another},
            registration::USER_IMPERSONATION,
        },
        read::snapshot::{RegisteredApp, Snapshot, TenantSnapshot, Unread},
        report::{
            finding::{Finding, FindingCode, Severity},
            step::{AppRole, Step},
        },
    },
    error::{Diagnostic, chain},
    ids::ApplicationId,
};

/// Checks what the directory shows of both apps. What it does not show is unknown.
pub(crate) fn check_registrations(rules: &Rules<'_>, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    match &snapshot.directory {
        Some(found) => check_found(rules, snapshot, found, findings),
        None => tell_unread(rules, snapshot, findings),
    }
    tell_uncertain(snapshot, findings);
    if let Some(tried) = &snapshot.tried {
        tried.add_to(findings);
        // A token of before the consent that this plan gives lacks it.
        if consent_for_another(rules, snapshot).is_some() {
            findings.retain(|finding| finding.code() != FindingCode::DirectoryReadNotInToken);
        }
    }
}

/// Tells of an app that the directory shows as registered and as deleted at the same time.
pub(crate) fn tell_uncertain(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if let Some((step, id)) = snapshot.registered_and_deleted() {
        let app = if step == Step::RegisterServerApp {
            apps::SERVER
        } else {
            apps::CLIENT
        };
        let uncertain = Finding::blocker(FindingCode::RegistrationUncertain);
        findings.push(uncertain.with("app", app).with("clientId", id));
    }
}

/// Tells why the directory was not read, if it was to be.
pub(crate) fn tell_unread(rules: &Rules<'_>, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    if let Some(Unread::Failed(error)) = &snapshot.unread {
        let unread = Finding::warning(FindingCode::DirectoryUnread).with("error", chain(error));
        findings.push(unread.with("help", error.help()));
    }
    if rules.spec.discovers() && !rules.spec.server_app().is_registered_here() {
        findings.push(Finding::note(FindingCode::ServerAppLeftAsIs));
    }
}

fn check_found(rules: &Rules<'_>, snapshot: &Snapshot, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let (server, client) = (rules.spec.server_app(), rules.spec.client_app());
    let reused = server.client_id().filter(|_| server.is_reused());
    if let Some(tenant) = reused.and_then(|id| snapshot.tenant_of_row(id))
        && tenant != found.tenant.id
    {
        findings.push(apps::wrong_tenant(tenant, found.tenant.id, Some(&found.tenant.display_name)));
        return;
    }
    let is_in_site = |id: ApplicationId| snapshot.site.as_ref().is_some_and(|site| site.application(id).is_some());
    if let Some(app) = found.server.as_ref().filter(|_| rules.only != Some(AppRole::Client)) {
        let mut told = Vec::new();
        if server.is_registered_here() {
            apps::check_enabled(apps::SERVER, app, &mut told);
        } else {
            check_server(rules, snapshot, (app, found), &mut told);
        }
        let stays = server.is_registered_here() || is_in_site(app.application.app_id);
        findings.extend(told.into_iter().map(|finding| weighed(finding, stays, client.is_registered_here())));
    }
    let consents_to = found
        .server
        .as_ref()
        .filter(|_| rules.only == Some(AppRole::Client) && client.is_registered_here());
    if let Some(app) = consents_to {
        // A plan for the client app makes neither, and its consent depends on both.
        apps::check_scope(&app.application, findings);
        apps::check_service_principal(apps::SERVER, app, findings);
    }
    if let Some(app) = found.client.as_ref().filter(|_| rules.only != Some(AppRole::Server)) {
        let mut told = Vec::new();
        if client.is_registered_here() {
            apps::check_enabled(apps::CLIENT, app, &mut told);
        } else {
            check_client(app, found, &mut told);
        }
        let stays = client.is_registered_here() || is_in_site(app.application.app_id);
        findings.extend(told.into_iter().map(|finding| weighed(finding, stays, false)));
    }
}

/// Compares the apps that this crate writes with what the product needs, as they are: for a caller that will not run the
/// plan. What is told already is not told again.
pub(crate) fn check_as_they_are(rules: &Rules<'_>, snapshot: &Snapshot, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    let (server, client) = (rules.spec.server_app(), rules.spec.client_app());
    let mut told = Vec::new();
    if let Some(app) = found
        .server
        .as_ref()
        .filter(|_| server.is_registered_here() && rules.only != Some(AppRole::Client))
    {
        check_server(rules, snapshot, (app, found), &mut told);
    }
    if let Some(app) = found
        .client
        .as_ref()
        .filter(|_| client.is_registered_here() && rules.only != Some(AppRole::Server))
    {
        check_client(app, found, &mut told);
    }
    let key = |finding: &Finding| (finding.code(), finding.parameters().get("app").cloned());
    told.retain(|finding| !findings.iter().any(|known| key(known) == key(finding)));
    findings.extend(told);
}

fn check_client(app: &RegisteredApp, found: &TenantSnapshot, findings: &mut Vec<Finding>) {
    // What was not read is neither there nor missing.
    let server = found.server.as_ref().filter(|_| !found.grants_unread);
    client_app::check(app, server, &found.client_grants, findings);
    if found.grants_unread && app.service_principal.is_some() {
        findings.push(unread(apps::CLIENT, USER_IMPERSONATION));
    }
}

/// A server app that this crate does not write, or one as it is.
fn check_server(rules: &Rules<'_>, snapshot: &Snapshot, (app, found): (&RegisteredApp, &TenantSnapshot), findings: &mut Vec<Finding>) {
    match rules.spec.server_app().imported() {
        Some(given) => server_app::check(given, app, findings),
        None => server_app::check_shape(app, findings),
    }
    if !rules.spec.discovers() || consent_for_another(rules, snapshot).is_some() {
        return;
    }
    match found.roles_unread && app.service_principal.is_some() {
        true => findings.push(unread(apps::SERVER, DIRECTORY_READ_ALL)),
        false => server_app::check_discovery(app, &found.server_roles, findings),
    }
}

pub(crate) fn unread(app: &str, permission: &str) -> Finding {
    let unread = Finding::warning(FindingCode::ConsentUnread);
    unread.with("app", app).with("permissions", [permission])
}

/// How grave a finding is for the plan. Two kinds block it: what a consent of this run depends on, and what the site would
/// be given for good. If the app `stays` as it is, or if another administrator may still consent, the plan goes on.
fn weighed(finding: Finding, stays: bool, consents_to_it: bool) -> Finding {
    use FindingCode as Code;
    let code = finding.code();
    let is_needed = matches!(code, Code::ScopeMissing | Code::ScopeDisabled | Code::ServicePrincipalMissing);
    let is_consent = matches!(
        code,
        Code::ConsentMissing
            | Code::ConsentOnlyConfigured
            | Code::ConsentForSomeOnly
            | Code::DirectoryReadMissing
            | Code::DirectoryReadOnlyConfigured
    );
    if is_needed && consents_to_it {
        return finding;
    }
    if stays || is_consent {
        return finding.at_most(Severity::Warning);
    }
    finding
}
