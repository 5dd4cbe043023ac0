//! Callers that are no global administrators of the tenant: applications with the least permissions, accounts whose roles
//! cannot be read, and administrators who register and leave the consents to others.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::sync::Arc;

use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, Diagnostic, OnboardingError, Outcome, Plan, Step,
    clock::{Clock, SystemClock},
    connection::{AzureServicesConnectionBuilder, Consents, FindingCode, NextStep, NextStepCode, PlannedAction, Severity},
    error::RefusalReason,
    permissions::DirectoryRole,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use support::{spec, spec_with_discovery};
use time::{Duration, OffsetDateTime};
use uuid::{Uuid, uuid};

const PIPELINE: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");

/// The permissions of an application that registers and consents, without the one for the tenant's name.
const LEAST: [&str; 2] = ["Application.ReadWrite.OwnedBy", "DelegatedPermissionGrant.ReadWrite.All"];

fn tenant_with(caller: Caller) -> EmulatedTenant {
    EmulatedTenant::builder().caller(caller).build()
}

fn builder(spec: ConnectionSpec, tenant: &EmulatedTenant, caller: &Caller) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec).directory(tenant.with_caller(caller.clone()).directory())
}

fn codes(plan: &Plan) -> Vec<FindingCode> {
    plan.findings().iter().map(|finding| finding.code()).collect()
}

fn consents_of(outcome: &Outcome) -> Vec<&NextStep> {
    let steps = outcome.next_steps.iter();
    steps.filter(|step| step.code == NextStepCode::GrantAdminConsent).collect()
}

#[tokio::test]
async fn an_application_registers_its_own_apps_without_the_right_to_read_the_tenants_name() {
    let caller = Caller::application(PIPELINE, LEAST);
    let tenant = tenant_with(caller.clone());
    let job = builder(spec(), &tenant, &caller).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(codes(&plan).contains(&FindingCode::TenantNameUnread), "{:?}", codes(&plan));
    assert!(plan.to_string().contains("name not known"));
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(outcome.changed && outcome.secret.is_some());
    assert_eq!(outcome.tenant_id, tenant.tenant_id().into());
    assert_eq!(
        outcome.client_settings().unwrap().tenant_name,
        None,
        "what is not known is not told"
    );
    // Whether the app that is there is its own was not read, and the apps are its own all the same.
    let again = builder(spec(), &tenant, &caller).reissue_secret(true).build().unwrap();
    let plan = again.plan(|_| ()).await.unwrap();
    assert!(codes(&plan).contains(&FindingCode::OwnershipUnread), "{:?}", codes(&plan));
    plan.apply(|_| ()).await.unwrap();
}

#[tokio::test]
async fn an_application_without_the_tenants_name_is_told_the_permission_and_no_role_before_it_writes_into_a_site() {
    let caller = Caller::application(PIPELINE, LEAST);
    let tenant = tenant_with(caller.clone());
    let job = builder(spec(), &tenant, &caller).site(EmulatedSite::new()).build().unwrap();
    let error = job.onboard(|_| ()).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing));
    let help = error.help();
    assert!(
        help.contains("Organization.Read.All") && !help.to_lowercase().contains("role"),
        "{help}"
    );
    assert_eq!(support::count(&tenant.state(), "applications"), 0);
}

#[tokio::test]
async fn a_domain_that_could_not_be_compared_is_left_to_the_directory() {
    let caller = Caller::application(PIPELINE, LEAST);
    let tenant = tenant_with(caller.clone());
    let with_uri = |uri: &str| -> ConnectionSpec {
        let app = |name: &str| serde_json::json!({"create": {"name": name}});
        let mut server = app("ConfigMgr Server");
        server["create"]["appIdUri"] = uri.into();
        let text = serde_json::json!({"name": "Contoso CMG", "serverApp": server, "clientApp": app("ConfigMgr Client")});
        text.to_string().parse().unwrap()
    };
    let job = builder(with_uri("https://contoso.onmicrosoft.com/cmg"), &tenant, &caller)
        .build()
        .unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(codes(&plan).contains(&FindingCode::TenantNameUnread));
    assert!(!codes(&plan).contains(&FindingCode::AppIdUriOnForeignDomain));
    assert!(plan.apply(|_| ()).await.unwrap().changed);
}

/// An account that may not ask for its roles, as one of another tenant may be.
fn account_without_me() -> Caller {
    Caller::user("partner@fabrikam.com")
        .with_directory_roles([DirectoryRole::GlobalAdministrator.id()])
        .without_wids_claim()
        .with_scopes([
            "Application.ReadWrite.All",
            "DelegatedPermissionGrant.ReadWrite.All",
            "Organization.Read.All",
        ])
}

#[tokio::test]
async fn roles_that_may_not_be_asked_for_are_unknown_and_neither_missing_nor_an_error() {
    let caller = account_without_me();
    let tenant = tenant_with(caller.clone());
    let job = builder(spec(), &tenant, &caller).site(EmulatedSite::new()).build().unwrap();
    let preflight = job.preflight(|_| ()).await.unwrap();
    let unread = preflight
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::RolesUnread);
    let unread = unread.expect("it is told");
    assert_eq!(unread.severity(), Severity::Note);
    support::assert_documented(unread);
    assert_eq!(preflight.sign_in().unwrap().roles_held, None);
    assert_eq!(preflight.sign_in().unwrap().role_lacking, None);
    assert!(preflight.into_plan().unwrap().apply(|_| ()).await.unwrap().changed);
    // Nothing is left to consent to, so no role matters any more.
    assert!(!codes(&job.plan(|_| ()).await.unwrap()).contains(&FindingCode::RolesUnread));
}

#[tokio::test]
async fn delegated_administration_whose_me_is_refused_works_with_roles_unknown() {
    let home = Uuid::from_u128(0xF);
    for status in [403, 404] {
        let caller = Caller::global_administrator()
            .from_tenant(home)
            .without_wids_claim()
            .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()])
            .with_me_refused(status);
        let tenant = EmulatedTenant::new();
        let job = builder(spec(), &tenant, &caller).site(EmulatedSite::new()).build().unwrap();
        let plan = job.plan(|_| ()).await.unwrap();
        assert!(codes(&plan).contains(&FindingCode::RolesUnread), "{status}: {:?}", codes(&plan));
        assert!(plan.apply(|_| ()).await.unwrap().changed, "{status}");
        // A role that is lacking is told by the step that needs it, and not by a guess beforehand.
        let weak = caller.clone().with_directory_roles([DirectoryRole::ApplicationDeveloper.id()]);
        let tenant = EmulatedTenant::new();
        let job = builder(spec(), &tenant, &weak).site(EmulatedSite::new()).build().unwrap();
        let error = job.onboard(|_| ()).await.unwrap_err();
        assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing), "{status}: {error:?}");
        assert!(error.help().contains("Cloud Application Administrator"), "{}", error.help());
    }
}

/// An administrator who may register apps and nothing else.
fn registrar() -> Caller {
    Caller::user("registrar")
        .with_directory_roles([DirectoryRole::ApplicationDeveloper.id()])
        .with_scopes(["Application.ReadWrite.All", "User.Read"])
}

#[tokio::test]
async fn a_registrar_without_the_right_to_consent_leaves_the_consents_to_another_administrator() {
    let tenant = tenant_with(registrar());
    let site = EmulatedSite::new();
    let leaving = |caller: &Caller| {
        let builder = builder(spec_with_discovery(), &tenant, caller).site(site.clone());
        builder.consents(Consents::LeaveToAdministrator).build().unwrap()
    };
    // By default the same account is refused before it writes.
    let blocked = builder(spec_with_discovery(), &tenant, &registrar()).build().unwrap();
    assert!(matches!(blocked.plan(|_| ()).await, Err(OnboardingError::Blocked(_))));

    let plan = leaving(&registrar()).plan(|_| ()).await.unwrap();
    for step in [Step::ConsentServerApp, Step::ConsentUserRead, Step::ConsentDirectoryRead] {
        assert!(plan.step(step).is_none(), "{step:?}");
    }
    assert_eq!(plan.permissions(), ["Application.ReadWrite.All"]);
    let open: Vec<_> = plan
        .findings()
        .iter()
        .filter(|finding| finding.code() == FindingCode::ConsentLeftOpen)
        .collect();
    open.iter().for_each(|finding| support::assert_documented(finding));
    let of_app = |app: &str| {
        let finding = open.iter().find(|finding| finding.parameters()["app"] == app).unwrap();
        finding.parameters()["permissions"].clone()
    };
    assert_eq!(of_app("client"), serde_json::json!(["user_impersonation", "User.Read"]));
    assert_eq!(of_app("server"), serde_json::json!(["Directory.Read.All"]));

    let outcome = plan.apply(|_| ()).await.unwrap();
    let consents = consents_of(&outcome);
    assert_eq!(consents.len(), 2);
    let client = outcome.client_app.as_ref().unwrap().application_id.to_string();
    let of_client = consents.iter().find(|step| step.parameters["app"] == "client").unwrap();
    assert_eq!(of_client.parameters["clientId"], client.as_str());
    for name in ["portal", "consentUrl", "consentUrlV2"] {
        let url = of_client.parameters[name].as_str().unwrap();
        assert!(url.starts_with("http") && url.contains(&client), "{name}: {url}");
    }
    assert!(of_client.how.contains("may not load, and that is no failure"), "{}", of_client.how);
    let state = tenant.state();
    assert_eq!(support::count(&state, "oauth2PermissionGrants"), 0);
    assert_eq!(support::count(&state, "appRoleAssignments"), 0);

    // The registrar may not read the grants: unknown, and not fine.
    let again = leaving(&registrar()).plan(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && codes(&again).contains(&FindingCode::ConsentUnread),
        "{:?}",
        codes(&again)
    );
    assert!(!again.to_string().contains("Everything is in place"), "{again}");
    assert!(again.to_string().contains("a consent is still open"), "{again}");

    // Who may read them sees that they are missing.
    let reader = registrar().with_scopes(["Application.ReadWrite.All", "Directory.Read.All", "User.Read"]);
    let again = leaving(&reader).plan(|_| ()).await.unwrap();
    assert!(
        again.is_empty() && codes(&again).contains(&FindingCode::ConsentLeftOpen),
        "{:?}",
        codes(&again)
    );
    let outcome = again.apply(|_| ()).await.unwrap();
    assert!(
        !outcome.changed && consents_of(&outcome).len() == 2,
        "the addresses are told as long as it is open"
    );

    // The other administrator consents, and the next run reads that.
    let administrator = builder(spec_with_discovery(), &tenant, &Caller::global_administrator()).site(site.clone());
    administrator.build().unwrap().onboard(|_| ()).await.unwrap();
    let done = leaving(&reader).plan(|_| ()).await.unwrap();
    assert_eq!(done.step(Step::ConsentServerApp).unwrap().action, PlannedAction::Keep);
    assert!(done.is_empty() && !codes(&done).iter().any(|code| format!("{code:?}").starts_with("Consent")));
    assert!(done.to_string().contains("Everything is in place"), "{done}");
    assert!(consents_of(&done.apply(|_| ()).await.unwrap()).is_empty());
}

#[derive(Debug)]
struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + self.0
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_hours_is_told_from_the_date_of_an_answer() {
    for (lead, direction, expected) in [
        (Duration::minutes(3), "", None),
        (Duration::hours(2), "ahead", Some(Severity::Warning)),
        (Duration::hours(-2), "behind", Some(Severity::Warning)),
        (Duration::days(-400), "behind", Some(Severity::Blocker)),
    ] {
        let tenant = EmulatedTenant::new();
        let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Ahead(lead));
        let token = tenant.token_for(&Caller::global_administrator());
        // A provider that leaves it to the service when a token is over.
        let tokens = cmg_onboarding::token_fn(move |_| {
            let token = cmg_onboarding::AccessToken::new(token.clone());
            async move { Ok(token) }
        });
        let directory = cmg_onboarding::GraphDirectory::builder(server.endpoints().clone(), tokens)
            .clock(Arc::clone(&clock))
            .build();
        let job = AzureServicesConnection::builder(spec())
            .directory(directory)
            .clock(clock)
            .build()
            .unwrap();
        let preflight = job.preflight(|_| ()).await.unwrap();
        let wrong = preflight
            .findings()
            .iter()
            .find(|finding| finding.code() == FindingCode::ClockWrong);
        assert_eq!(wrong.map(|finding| finding.severity()), expected, "{lead}");
        let is_expired = preflight
            .findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::TokenExpired);
        assert!(!is_expired, "{lead}: it is the clock that is wrong, and not the token");
        assert_eq!(preflight.is_clear(), expected != Some(Severity::Blocker), "{lead}");
        if let Some(wrong) = wrong {
            support::assert_documented(wrong);
            assert_eq!(wrong.parameters()["direction"], direction);
        }
    }
}

/// A Conditional Access policy that is switched on for these resources.
fn policy(name: &str, applications: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({"displayName": name, "state": "enabled", "conditions": {"applications": applications, "users": {"includeUsers": ["All"]}}})
}

#[tokio::test]
async fn conditional_access_policies_for_the_server_app_are_named_and_filters_are_unknown() {
    let all = serde_json::json!({"includeApplications": ["All"]});
    let mut report_only = policy("Only reported", &all);
    report_only["state"] = "enabledForReportingButNotEnforced".into();
    let filter = serde_json::json!({"includeApplications": ["All"], "applicationFilter": {"mode": "exclude", "rule": "CustomSecurityAttribute.a_b -eq \"c\""}});
    let tenant = EmulatedTenant::builder()
        .conditional_access_policy(policy("Require MFA", &all))
        .conditional_access_policy(policy("Office alone", &serde_json::json!({"includeApplications": ["Office365"]})))
        .conditional_access_policy(policy("By tag", &filter))
        .conditional_access_policy(report_only)
        .build();
    let scopes = [
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "User.Read",
        "Policy.Read.All",
    ];
    let caller = Caller::global_administrator().with_scopes(scopes);
    let plan = builder(spec(), &tenant, &caller).build().unwrap().plan(|_| ()).await.unwrap();
    let policies = |code: FindingCode| {
        let finding = plan.findings().iter().find(|finding| finding.code() == code);
        let finding = finding.unwrap_or_else(|| panic!("{code:?}"));
        support::assert_documented(finding);
        finding.parameters()["policies"].clone()
    };
    assert_eq!(policies(FindingCode::ConditionalAccessApplies), serde_json::json!(["Require MFA"]));
    assert_eq!(policies(FindingCode::ConditionalAccessUnknown), serde_json::json!(["By tag"]));
    // It was one more request of the reading round.
    let asked = tenant.requests();
    let of_policies = asked.iter().filter(|request| request.path.contains("conditionalAccess")).count();
    assert_eq!(of_policies, 1);
    // With the permission and without the role it is refused, and told as unknown.
    let weak = caller
        .clone()
        .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()]);
    let refused = builder(spec(), &tenant, &weak).build().unwrap().plan(|_| ()).await.unwrap();
    assert!(
        codes(&refused).contains(&FindingCode::ConditionalAccessUnread),
        "{:?}",
        codes(&refused)
    );
    // Without the permission nothing is asked, and nothing is claimed.
    let without = builder(spec(), &tenant, &Caller::global_administrator()).build().unwrap();
    let without = without.plan(|_| ()).await.unwrap();
    assert!(
        !codes(&without)
            .iter()
            .any(|code| format!("{code:?}").starts_with("ConditionalAccess"))
    );
}

#[tokio::test]
async fn a_policy_that_excludes_the_server_app_by_its_id_is_not_named() {
    let server = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a11");
    let scopes = [
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "User.Read",
        "Policy.Read.All",
    ];
    let caller = Caller::global_administrator().with_scopes(scopes);
    for (excluded, is_named) in [(server, false), (PIPELINE, true)] {
        let applications = serde_json::json!({"includeApplications": ["All"], "excludeApplications": [excluded]});
        let tenant = EmulatedTenant::builder()
            .conditional_access_policy(policy("Require MFA", &applications))
            .build();
        let held = tenant.add_application(serde_json::json!({"appId": server, "displayName": "By hand", "signInAudience": "AzureADMyOrg"}));
        assert_eq!(held, server);
        let text = serde_json::json!({
            "name": "Contoso CMG", "serverApp": {"adopt": {"clientId": server}}, "clientApp": {"create": {"name": "ConfigMgr Client"}},
        });
        let job = builder(text.to_string().parse().unwrap(), &tenant, &caller).build().unwrap();
        let plan = job.plan(|_| ()).await.unwrap();
        assert_eq!(
            codes(&plan).contains(&FindingCode::ConditionalAccessApplies),
            is_named,
            "{excluded}"
        );
    }
}
