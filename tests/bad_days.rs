//! Bad input and bad days: each a typed refusal with a remedy, and nothing written before it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ClientSecret, CloudEnvironment, ConnectionSpec, Diagnostic, ImportedClientApp,
    ImportedServerApp, OnboardingError, Plan, ReusedApp, SecretValidity, ServerAppSpec, StaticToken, Step,
    connection::{AzureServicesConnectionBuilder, FindingCode, IncompleteConnection, Problem, Severity, StepAction, Written},
    directory::AppManagementPolicy,
    error::RefusalReason,
    ids::TenantId,
    permissions::DirectoryRole,
    site::SiteGateway,
    spec::AdoptedServerApp,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, WireFault, WireRefusal};
use serde_json::json;
use support::{connection, spec, spec_with_discovery};
use time::{Duration, macros::datetime};
use uuid::uuid;

/// Runs the job, which must be refused for this reason, and checks that nothing was written.
async fn refused(job: &AzureServicesConnection, tenant: &EmulatedTenant, site: &EmulatedSite, code: FindingCode) {
    let before = (tenant.state(), site.state());
    let error = match job.onboard(|_| ()).await {
        Err(OnboardingError::Blocked(blocked)) => blocked,
        other => panic!("{code:?} was expected to stop the job: {other:?}"),
    };
    let blocker = error.blockers().find(|finding| finding.code() == code);
    let blocker = blocker.unwrap_or_else(|| panic!("{code:?} is not among {:?}", error.findings()));
    assert!(!blocker.remedy().is_empty() && blocker.message().ends_with('.'), "{blocker}");
    error.findings().iter().for_each(support::assert_documented);
    assert_eq!((tenant.state(), site.state()), before, "{code:?}");
}

async fn refused_for(caller: Caller, spec: ConnectionSpec, code: FindingCode) {
    let tenant = EmulatedTenant::builder().caller(caller).build();
    let site = EmulatedSite::new();
    refused(&connection(spec, &tenant, &site), &tenant, &site, code).await;
}

fn with_uri(uri: &str) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("Server").app_id_uri(uri))
        .client_app(ClientAppSpec::builder("Client"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_app_id_uri_on_a_foreign_domain_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    for (uri, code) in [
        ("https://fabrikam.com/x", FindingCode::AppIdUriOnForeignDomain),
        ("https://ConfigMgrService", FindingCode::AppIdUriOnForeignDomain),
        ("api://11111111-3d1c-4b55-9c6b-0a4f5b7a1e11/x", FindingCode::AppIdUriWithForeignId),
    ] {
        refused(&connection(with_uri(uri), &tenant, &site), &tenant, &site, code).await;
    }
}

#[tokio::test]
async fn an_app_id_uri_of_another_app_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    tenant.add_application(json!({"displayName": "Theirs", "identifierUris": ["https://contoso.com/taken"]}));
    let job = connection(with_uri("https://contoso.com/taken"), &tenant, &site);
    refused(&job, &tenant, &site, FindingCode::AppIdUriInUse).await;
}

#[tokio::test]
async fn a_token_for_another_tenant_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let other = TenantId::new(uuid!("11111111-2222-4333-8444-555555555555"));
    let job = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .site(site.clone())
        .tenant(other)
        .build()
        .unwrap();
    refused(&job, &tenant, &site, FindingCode::WrongTenant).await;
}

#[tokio::test]
async fn a_token_for_another_cloud_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let spec = ConnectionSpec::builder("Contoso CMG")
        .environment(CloudEnvironment::AzureUsGovernmentCloud)
        .server_app(ServerAppSpec::builder("Server"))
        .client_app(ClientAppSpec::builder("Client"))
        .build()
        .unwrap();
    refused(&connection(spec, &tenant, &site), &tenant, &site, FindingCode::WrongCloud).await;
}

#[tokio::test]
async fn missing_scopes_are_named_before_anything_is_written() {
    let caller = Caller::global_administrator().with_scopes(["User.Read", "Application.ReadWrite.All"]);
    let tenant = EmulatedTenant::builder().caller(caller).build();
    let OnboardingError::Blocked(blocked) = connection(spec_with_discovery(), &tenant, &EmulatedSite::new())
        .plan(|_| ())
        .await
        .unwrap_err()
    else {
        panic!("two scopes are missing");
    };
    let help = blocked.help();
    assert!(
        help.contains("DelegatedPermissionGrant.ReadWrite.All") && help.contains("AppRoleAssignment.ReadWrite.All"),
        "{help}"
    );
    assert!(!help.contains("Application.ReadWrite.All,"), "{help}");
}

#[tokio::test]
async fn a_role_that_is_too_weak_is_refused() {
    let developer = || Caller::global_administrator().with_directory_roles([DirectoryRole::ApplicationDeveloper.id()]);
    refused_for(developer(), spec(), FindingCode::RoleTooWeak).await;
    refused_for(developer().without_wids_claim(), spec(), FindingCode::RoleTooWeak).await;
    let cloud_administrator = Caller::global_administrator().with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()]);
    refused_for(cloud_administrator, spec_with_discovery(), FindingCode::DiscoveryRoleTooWeak).await;
}

/// Which attributes the caller has, no token shows.
#[tokio::test]
async fn a_policy_that_exempts_some_callers_is_a_warning_and_the_directory_decides() {
    let exemption = json!({
        "@odata.type": "#microsoft.graph.customSecurityAttributeStringValueExemption",
        "id": "PolicyExemptions_Apps", "operator": "equals", "value": "exempt",
    });
    let policy = json!({"applicationRestrictions": {"passwordCredentials": [{
        "restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": null,
        "excludeActors": {"customSecurityAttributes": [exemption]},
    }]}});
    // The comparison is case-sensitive.
    for (value, is_exempt) in [("exempt", true), ("Exempt", false)] {
        let caller = Caller::global_administrator()
            .with_scopes([
                "User.Read",
                "Application.ReadWrite.All",
                "DelegatedPermissionGrant.ReadWrite.All",
                "Policy.Read.All",
            ])
            .with_custom_security_attribute("PolicyExemptions_Apps", value);
        let (tenant, site) = (
            EmulatedTenant::builder()
                .caller(caller)
                .app_management_policy(policy.clone())
                .build(),
            EmulatedSite::new(),
        );
        let before = tenant.state();
        let plan = connection(spec(), &tenant, &site).plan(|_| ()).await.unwrap();
        let finding = plan
            .findings()
            .iter()
            .find(|finding| finding.code() == FindingCode::SecretsForbidden);
        assert_eq!(finding.unwrap().severity(), Severity::Warning);
        let result = plan.apply(|_| ()).await;
        if is_exempt {
            assert!(result.unwrap().secret.is_some());
        } else {
            assert_eq!(result.unwrap_err().refusal(), Some(RefusalReason::SecretsForbidden));
            assert_eq!(tenant.state(), before, "what the run had made is gone again");
        }
    }
}

#[tokio::test]
async fn without_discovery_a_cloud_application_administrator_is_enough() {
    let caller = Caller::global_administrator().with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()]);
    let tenant = EmulatedTenant::builder().caller(caller).build();
    let outcome = connection(spec(), &tenant, &EmulatedSite::new()).onboard(|_| ()).await.unwrap();
    assert!(outcome.changed);
}

fn policy_reader() -> Caller {
    Caller::global_administrator().with_scopes([
        "User.Read",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Policy.Read.All",
    ])
}

#[tokio::test]
async fn a_tenant_that_forbids_secrets_is_noticed_beforehand() {
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    let tenant = EmulatedTenant::builder().policy(policy).caller(policy_reader()).build();
    let site = EmulatedSite::new();
    refused(&connection(spec(), &tenant, &site), &tenant, &site, FindingCode::SecretsForbidden).await;
}

#[tokio::test]
async fn two_years_are_too_long_where_the_policy_allows_one() {
    let mut policy = AppManagementPolicy::default();
    policy.longest_secret = Some(Duration::days(366));
    let tenant = EmulatedTenant::builder().policy(policy).caller(policy_reader()).build();
    let site = EmulatedSite::new();
    let lasting = |validity| {
        ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("Server").secret_validity(validity))
            .client_app(ClientAppSpec::builder("Client"))
            .build()
            .unwrap()
    };
    let job = connection(lasting(SecretValidity::TwoYears), &tenant, &site);
    refused(&job, &tenant, &site, FindingCode::SecretTooLong).await;
    connection(lasting(SecretValidity::OneYear), &tenant, &site)
        .onboard(|_| ())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_is_reported_by_the_step_that_meets_it() {
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    let tenant = EmulatedTenant::builder().policy(policy).build();
    let OnboardingError::Apply(error) = connection(spec(), &tenant, &EmulatedSite::new()).onboard(|_| ()).await.unwrap_err() else {
        panic!("the directory refuses the secret");
    };
    assert!(error.help().contains("Application policies"), "{}", error.help());
    // The neighbour of the failed step was not cut off, and the report tells of it.
    let report = error.report().step(Step::RegisterClientApp).unwrap();
    assert_eq!(report.action, StepAction::Created);
}

fn imported(expiry: time::OffsetDateTime) -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(
            ImportedServerApp::builder()
                .tenant_name("contoso.onmicrosoft.com")
                .tenant_id("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")
                .name("Server")
                .client_id("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")
                .secret_key(ClientSecret::new("a~value"))
                .secret_key_expiry(expiry)
                .app_id_uri("https://contoso.com/ConfigMgrService"),
        )
        .client_app(
            ImportedClientApp::builder()
                .name("Client")
                .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"),
        )
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_imported_secret_that_has_expired_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = AzureServicesConnection::builder(imported(datetime!(2020-01-01 00:00 UTC)))
        .site(site.clone())
        .build()
        .unwrap();
    refused(&job, &tenant, &site, FindingCode::SecretExpired).await;
}

#[tokio::test]
async fn an_app_to_import_must_be_of_the_tenant_that_is_expected() {
    for (expected, is_told) in [
        (uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"), false),
        (uuid!("11111111-2222-4333-8444-555555555555"), true),
    ] {
        let job = AzureServicesConnection::builder(imported(datetime!(2099-01-01 00:00 UTC)))
            .site(EmulatedSite::new())
            .tenant(TenantId::new(expected))
            .build()
            .unwrap();
        let preflight = job.preflight(|_| ()).await.unwrap();
        let told = preflight
            .findings()
            .iter()
            .find(|finding| finding.code() == FindingCode::TenantMismatch);
        assert_eq!(told.is_some(), is_told, "{preflight:?}");
        if let Some(told) = told {
            support::assert_documented(told);
            assert_eq!(
                (told.severity(), &told.parameters()["expected"]),
                (Severity::Blocker, &json!(expected))
            );
        }
    }
}

#[tokio::test]
async fn a_reused_app_that_the_site_does_not_know_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let id = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ReusedApp::new(id.into()))
        .client_app(
            ImportedClientApp::builder()
                .name("Client")
                .client_id("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02"),
        )
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(spec).site(site.clone()).build().unwrap();
    refused(&job, &tenant, &site, FindingCode::AppNotInSite).await;
}

#[tokio::test]
async fn a_second_connection_for_the_tenant_is_refused() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    // The connection of a gateway tells which type is Cloud Management.
    site.change(|rows| {
        let connection = rows.connections[0].id;
        rows.gateways = Some(vec![SiteGateway::new("cmg.contoso.com", Some(connection))]);
    });
    let other = ConnectionSpec::builder("Another name")
        .server_app(ServerAppSpec::builder("Server").app_id_uri(format!("api://{}/other", tenant.tenant_id())))
        .client_app(ClientAppSpec::builder("Client"))
        .build()
        .unwrap();
    let code = FindingCode::ConnectionOfAnotherServerApp;
    refused(&connection(other, &tenant, &site), &tenant, &site, code).await;
}

#[tokio::test]
async fn a_site_that_is_too_old_or_forbids_writing_is_refused() {
    let tenant = EmulatedTenant::new();
    let old = EmulatedSite::builder().version("5.00.9012.1000").build();
    refused(&connection(spec(), &tenant, &old), &tenant, &old, FindingCode::SiteTooOld).await;
    let closed = EmulatedSite::builder().may_write(false).build();
    refused(
        &connection(spec(), &tenant, &closed),
        &tenant,
        &closed,
        FindingCode::SiteRightsMissing,
    )
    .await;
}

#[tokio::test]
async fn names_and_uris_with_special_characters_are_taken_to_the_letter() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let name = r#"O'Brien & "Söhne" 100% #1 <x> %27"#;
    let spec = ConnectionSpec::builder(name)
        .server_app(ServerAppSpec::builder(name).app_id_uri("https://contoso.com/%27x'y".replace('\'', "%23")))
        .client_app(ClientAppSpec::builder(name))
        .build()
        .unwrap();
    let job = connection(spec, &tenant, &site);
    job.onboard(|_| ()).await.unwrap();
    assert!(!job.onboard(|_| ()).await.unwrap().changed);
    let state = tenant.state();
    let named = state["applications"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|application| application["displayName"] == name);
    assert_eq!(named.count(), 2);
}

#[test]
fn a_connection_without_what_it_needs_is_not_built() {
    let build = |spec| AzureServicesConnection::builder(spec).build().unwrap_err();
    assert_eq!(build(spec()), IncompleteConnection::DirectoryMissing);
    assert_eq!(build(imported(datetime!(2099-01-01 00:00 UTC))), IncompleteConnection::NothingToDo);
}

#[tokio::test]
async fn every_failure_of_a_round_stays_what_it_is() {
    let caller = Caller::global_administrator().with_directory_roles([DirectoryRole::PrivilegedRoleAdministrator.id()]);
    let tenant = EmulatedTenant::builder().caller(caller).users_may_create_apps(false).build();
    let job = connection(spec(), &tenant, &EmulatedSite::new());
    let error = job.onboard(|_| ()).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing));
    let steps: Vec<Step> = error.failures().iter().map(|failure| failure.step).collect();
    assert_eq!(steps, [Step::RegisterServerApp, Step::RegisterClientApp]);
    for failure in error.failures() {
        assert_eq!(failure.error.refusal(), Some(RefusalReason::PermissionMissing), "{failure:?}");
        assert!(failure.error.trace().is_some_and(|trace| trace.request_id.is_some()), "{failure:?}");
    }
    let problem = error.problem();
    assert_eq!((problem.code.as_str(), problem.effect), ("permissionMissing", Written::Nothing));
    assert_eq!((problem.failures.len(), problem.tenant), (2, Some(tenant.tenant_id().into())));
}

/// A tenant behind a wire, on which a plan is made before the trouble begins.
struct Troubled {
    wire: EmulatedWire,
    builder: AzureServicesConnectionBuilder,
}

impl Troubled {
    fn new(tenant: &EmulatedTenant, site: &EmulatedSite) -> Self {
        let wire = EmulatedWire::new(tenant);
        let directory = wire.directory(StaticToken::new(tenant.token_for(&Caller::global_administrator())));
        let builder = AzureServicesConnection::builder(spec()).directory(directory).site(site.clone());
        Self { wire, builder }
    }

    /// How a run ends whose requests of these kinds fail like this, as a front end sees it.
    async fn run(self, faults: &[(&str, WireFault)]) -> Problem {
        let job = self.builder.build().unwrap();
        let plan = job.plan(|_| ()).await.unwrap();
        for (request, fault) in faults {
            self.wire.fail_on(*request, fault.clone());
        }
        let error = plan.apply(|_| ()).await.unwrap_err();
        let met = self.wire.requests().iter().filter(|request| request.fault.is_some()).count();
        assert_eq!(met, faults.len(), "{error:?}");
        error.problem()
    }
}

fn five(request: &str) -> [(&str, WireFault); 5] {
    [0; 5].map(|_| (request, WireFault::ConnectionRefused))
}

/// An app with a live secret may be there: "nothing was written" would be wrong.
#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_is_told_as_unknown_if_the_look_after_it_fails() {
    const LOST: (&str, WireFault) = ("POST /v1.0/applications", WireFault::ResetAfter);
    let look = "GET /v1.0/applications(uniqueName='";
    let denied = WireFault::Refusal(WireRefusal::new(403, "Authorization_RequestDenied", "Insufficient privileges."));
    for of_look in [five(look).to_vec(), vec![(look, denied)]] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let faults = [vec![LOST], of_look].concat();
        let problem = Troubled::new(&tenant, &site).run(&faults).await;
        assert_eq!((problem.code.as_str(), problem.effect), ("interrupted", Written::Unknown));
        connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_whose_answer_was_lost_is_told_as_unknown_if_the_host_is_gone_afterwards() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let mut faults = five("PATCH /v1.0/applications");
    faults[0].1 = WireFault::ResetAfter;
    let problem = Troubled::new(&tenant, &site).run(&faults).await;
    assert_eq!((problem.code.as_str(), problem.effect), ("notConnected", Written::Unknown));
    connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_answer_was_lost_is_told_as_unknown_whatever_fails_after_it() {
    let add = "POST /v1.0/applications";
    let after = [five("GET /v1.0/applications"), five(add)];
    for (faults, code) in after.into_iter().zip(["interrupted", "notConnected"]) {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
        let mut troubled = Troubled::new(&tenant, &site);
        troubled.builder = troubled.builder.reissue_secret(true);
        let faults = [vec![(add, WireFault::ResetAfter)], faults.to_vec()].concat();
        let problem = troubled.run(&faults).await;
        assert_eq!((problem.code.as_str(), problem.effect), (code, Written::Unknown));
    }
}

#[tokio::test]
async fn deleted_apps_that_the_caller_may_not_list_are_told_as_unknown_before_an_onboarding_and_a_removal() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let wire = EmulatedWire::new(&tenant);
    let job = AzureServicesConnection::builder(spec())
        .directory(wire.directory(StaticToken::new(tenant.token_for(&Caller::global_administrator()))))
        .site(site)
        .build()
        .unwrap();
    let listing = "GET /v1.0/directory/deletedItems/microsoft.graph.application";
    let denied = || WireFault::Refusal(WireRefusal::new(403, "Authorization_RequestDenied", "Insufficient privileges."));
    wire.fail_on(listing, denied());
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(wire.requests().iter().any(|request| request.name() == listing), "it was asked");
    let tells = |plan: &Plan| {
        plan.findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::DeletedAppsUnread)
    };
    assert!(tells(&plan), "{plan}");
    wire.fail_on(listing, denied());
    let removal = job.plan_removal(|_| ()).await.unwrap();
    assert!(tells(&removal), "{removal}");
    assert!(!tells(&job.plan(|_| ()).await.unwrap()));
}

#[tokio::test]
async fn a_finding_points_to_the_field_of_the_specification_and_to_the_step() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let job = connection(with_uri("https://fabrikam.com/x"), &tenant, &site);
    let Err(OnboardingError::Blocked(blocked)) = job.plan(|_| ()).await else {
        panic!("the domain is foreign");
    };
    let finding = blocked.blockers().next().unwrap();
    assert_eq!(finding.field(), Some("serverApp.create.appIdUri"));
    assert_eq!(finding.step(), Some(Step::RegisterServerApp));
    let written = serde_json::to_value(finding).unwrap();
    assert_eq!(
        (&written["field"], &written["step"]),
        (&json!("serverApp.create.appIdUri"), &json!("registerServerApp"))
    );

    let job = AzureServicesConnection::builder(imported(datetime!(2020-01-01 00:00 UTC)))
        .site(site)
        .build()
        .unwrap();
    let Err(OnboardingError::Blocked(blocked)) = job.plan(|_| ()).await else {
        panic!("the secret has expired");
    };
    assert_eq!(blocked.blockers().next().unwrap().field(), Some("serverApp.import.secretKeyExpiry"));
}

#[tokio::test]
async fn deleted_apps_that_may_not_be_listed_matter_only_for_an_app_that_is_created() {
    let tenant = EmulatedTenant::new();
    let wire = EmulatedWire::new(&tenant);
    let tells = async |spec: ConnectionSpec| {
        let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
        let job = AzureServicesConnection::builder(spec)
            .directory(wire.directory(token))
            .build()
            .unwrap();
        let denied = WireRefusal::new(403, "Authorization_RequestDenied", "Insufficient privileges.");
        wire.fail_on(
            "GET /v1.0/directory/deletedItems/microsoft.graph.application",
            WireFault::Refusal(denied),
        );
        let plan = job.plan(|_| ()).await.unwrap();
        plan.findings()
            .iter()
            .any(|finding| finding.code() == FindingCode::DeletedAppsUnread)
    };
    let by_hand = tenant.add_application(json!({"displayName": "By hand"}));
    let only_client = ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(by_hand))
        .client_app(ClientAppSpec::builder("Client"));
    assert!(tells(only_client.build().unwrap()).await);
    let job = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
    assert!(!tells(spec()).await, "both are there");
}

#[tokio::test]
async fn a_policy_that_the_caller_may_not_read_is_not_asked_for() {
    let tenant = EmulatedTenant::new();
    let all = [
        "User.Read",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Policy.Read.All",
    ];
    for (scopes, is_asked) in [(&all[..], true), (&all[..3], false)] {
        let wire = EmulatedWire::new(&tenant);
        let caller = Caller::global_administrator().with_scopes(scopes.iter().copied());
        let job = AzureServicesConnection::builder(spec())
            .directory(wire.directory(StaticToken::new(tenant.token_for(&caller))))
            .build()
            .unwrap();
        job.plan(|_| ()).await.unwrap();
        let asked = |wire: &EmulatedWire| wire.requests().iter().any(|request| request.path.contains("AppManagementPolicy"));
        assert_eq!(asked(&wire), is_asked, "{:?}", wire.requests());
        // A check writes nothing, so that no policy stands in its way.
        let wire = EmulatedWire::new(&tenant);
        let job = AzureServicesConnection::builder(spec())
            .directory(wire.directory(StaticToken::new(tenant.token_for(&caller))))
            .build()
            .unwrap();
        job.check(|_| ()).await.unwrap();
        assert!(!asked(&wire), "{:?}", wire.requests());
    }
}
