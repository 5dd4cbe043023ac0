//! Update Application Settings: of apps that another person has made, from their client ids alone; and the consent that
//! discovery needs, where the caller may give it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use cmg_onboarding::{
    AdoptedClientApp, AdoptedServerApp, ApplicationId, AzureServicesConnection, Call, ClientSecret, ConnectionSpec, Diagnostic, Directory,
    DiscoverySpec, ImportedClientApp, ImportedServerApp, OnboardingError, Plan, ReusedApp, Step, TenantId,
    connection::{
        AppRole, AzureServicesConnectionBuilder, Consents, Finding, FindingCode, IncompleteConnection, NextStepCode, Operation,
        PlanDocument, PlannedAction, Severity, StepAction, Verb,
    },
    directory::NewRoleAssignment,
    ids::well_known,
    permissions::DirectoryRole,
    site::{SiteApplication, SiteConnection, SiteDiscovery, SiteRowId, SiteTenant},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire};
use serde_json::{Value, json};
use support::Recorder;
use time::macros::datetime;

/// Two apps that another person has registered by hand, long before version 2309, and that the console has imported.
struct ByHand {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    server: ApplicationId,
    client: ApplicationId,
}

/// The name of the connection.
const NAME: &str = "Contoso CMG";

impl ByHand {
    fn new() -> Self {
        let tenant = EmulatedTenant::new();
        let server = tenant.add_application(json!({
            "displayName": "Their server",
            "signInAudience": "AzureADMyOrg",
            "web": {"redirectUris": ["https://contoso.com/theirs"]},
            "api": {"oauth2PermissionScopes": [{
                "id": "11111111-1111-4111-8111-111111111111", "value": "user_impersonation", "isEnabled": true, "type": "User",
                "adminConsentDisplayName": "Use it", "adminConsentDescription": "Use it.",
            }]},
            "identifierUris": ["https://contoso.onmicrosoft.com/theirs"],
        }));
        let client = tenant.add_application(json!({"displayName": "Their client", "signInAudience": "AzureADMyOrg"}));
        for app in [server, client] {
            tenant.add_service_principal(json!({"appId": app}));
        }
        let (server, client) = (server.into(), client.into());
        let site = EmulatedSite::builder().version("5.00.9122.1000").build();
        let id = TenantId::new(tenant.tenant_id());
        site.change(|rows| {
            rows.tenants.push(SiteTenant::new(
                SiteRowId(1),
                id,
                "contoso.onmicrosoft.com",
                Some(Default::default()),
            ));
            let mut web = SiteApplication::new(SiteRowId(2), server, "Their server", SiteRowId(1), false);
            web.identifier_uri = Some("https://contoso.onmicrosoft.com/theirs".to_owned());
            web.reply_url = Some("https://ConfigMgrService".to_owned());
            rows.applications.push(web);
            rows.applications
                .push(SiteApplication::new(SiteRowId(3), client, "Their client", SiteRowId(1), true));
            rows.connections
                .push(SiteConnection::new(SiteRowId(4), NAME, None, vec![SiteRowId(2)]));
        });
        Self {
            tenant,
            site,
            server,
            client,
        }
    }

    /// The same with user discovery switched on in the console.
    fn discovering() -> Self {
        let by_hand = Self::new();
        by_hand
            .site
            .change(|rows| rows.connections[0].user_discovery = Some(SiteDiscovery::default()));
        by_hand
    }

    fn reused(&self) -> ConnectionSpec {
        ConnectionSpec::builder(NAME)
            .server_app(ReusedApp::new(self.server))
            .client_app(ReusedApp::new(self.client))
            .build()
            .unwrap()
    }

    fn adopted(&self) -> ConnectionSpec {
        ConnectionSpec::builder(NAME)
            .server_app(AdoptedServerApp::builder(self.server))
            .client_app(AdoptedClientApp::new(self.client))
            .build()
            .unwrap()
    }

    fn imported(&self) -> ConnectionSpec {
        let server = ImportedServerApp::builder()
            .tenant_name("contoso.onmicrosoft.com")
            .tenant_id(self.tenant.tenant_id())
            .name("Their server")
            .client_id(self.server)
            .secret_key(ClientSecret::new("their~secret"))
            .secret_key_expiry(datetime!(2099-01-01 00:00 UTC))
            .app_id_uri("https://contoso.onmicrosoft.com/theirs");
        ConnectionSpec::builder(NAME)
            .server_app(server)
            .client_app(ImportedClientApp::builder().name("Their client").client_id(self.client))
            .build()
            .unwrap()
    }

    fn job(&self, spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnection::builder(spec)
            .directory(self.tenant.directory())
            .site(self.site.clone())
    }

    fn with_site(&self, spec: ConnectionSpec) -> AzureServicesConnection {
        self.job(spec).build().unwrap()
    }

    fn app(&self, id: ApplicationId) -> Value {
        let state = self.tenant.state();
        let apps = state["applications"].as_array().unwrap();
        apps.iter().find(|app| app["appId"] == json!(id)).unwrap().clone()
    }

    fn assignments(&self) -> usize {
        let state = self.tenant.state();
        let roles = state["appRoleAssignments"].as_array().unwrap();
        let id = json!(well_known::DIRECTORY_READ_ALL_ROLE);
        roles.iter().filter(|role| role["appRoleId"] == id).count()
    }
}

fn told(findings: &[Finding]) -> Vec<FindingCode> {
    findings.iter().for_each(support::assert_documented);
    findings.iter().map(Finding::code).collect()
}

/// The changes that write, by step, with the properties of each.
fn written(plan: &Plan) -> Vec<(Step, PlannedAction, Vec<&str>)> {
    let writes = plan.changes().iter().filter(|change| change.action != PlannedAction::Keep);
    writes
        .map(|change| {
            let properties = change.properties().iter().map(|change| change.property.as_str());
            (change.step, change.action, properties.collect())
        })
        .collect()
}

const UPDATE: PlannedAction = PlannedAction::Update;

#[tokio::test]
async fn apps_of_another_person_get_what_the_consoles_button_writes_and_keep_all_they_have() {
    for spec in [ByHand::reused, ByHand::adopted, ByHand::imported] {
        let by_hand = ByHand::discovering();
        let job = by_hand.with_site(spec(&by_hand));
        let site_before = by_hand.site.state();
        let plan = job.plan_settings_update(None, |_| ()).await.unwrap();
        assert_eq!(
            written(&plan),
            [
                (
                    Step::RegisterServerApp,
                    UPDATE,
                    vec!["web.redirectUris", "isDeviceOnlyAuthSupported", "requiredResourceAccess"]
                ),
                (
                    Step::CompleteClientApp,
                    UPDATE,
                    vec!["publicClient.redirectUris", "isFallbackPublicClient"]
                ),
                (Step::ConsentDirectoryRead, PlannedAction::Create, vec![]),
            ],
            "{plan}"
        );
        assert_eq!(told(plan.findings()), [FindingCode::SiteReplyUrlMissing], "{plan}");
        assert_eq!((plan.document().verb, plan.document().only), (Verb::UpdateSettings, None));

        let outcome = plan.apply(|_| ()).await.unwrap();
        assert!(outcome.changed);
        let (server, client) = (by_hand.app(by_hand.server), by_hand.app(by_hand.client));
        assert_eq!(server["isDeviceOnlyAuthSupported"], true);
        assert_eq!(
            server["web"]["redirectUris"],
            json!(["https://contoso.com/theirs", "http://localhost"]),
            "theirs stays"
        );
        assert_eq!(server["displayName"], "Their server");
        assert_eq!(client["isFallbackPublicClient"], true);
        let broker = format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{}", by_hand.client);
        assert_eq!(client["publicClient"]["redirectUris"], json!([broker]));
        assert_eq!(by_hand.assignments(), 1);
        assert_eq!(by_hand.site.state(), site_before, "the site is not written to");
        assert_eq!(outcome.server_app.unwrap().application_id, by_hand.server);

        // The column of the site is a person's, and stays a task until the site shows it.
        let [task] = outcome.next_steps.as_slice() else {
            panic!("{:#?}", outcome.next_steps)
        };
        assert_eq!(task.code, NextStepCode::UpdateSettingsInConsole);
        assert_eq!(task.parameters["site"], "https://ConfigMgrService");
        assert!(task.how.contains("Update Application Settings"), "{task}");
        let again = job.plan_settings_update(None, |_| ()).await.unwrap();
        assert!(again.is_empty(), "{again}");
        assert_eq!(again.apply(|_| ()).await.unwrap().next_steps.len(), 1);
        by_hand
            .site
            .change(|rows| rows.applications[0].reply_url = Some("http://localhost".to_owned()));
        let last = job.plan_settings_update(None, |_| ()).await.unwrap();
        assert_eq!((told(last.findings()), last.is_empty()), (vec![], true), "{last}");
        assert_eq!(last.apply(|_| ()).await.unwrap().next_steps, []);
    }
}

#[tokio::test]
async fn an_update_can_be_for_one_app_alone() {
    let by_hand = ByHand::discovering();
    let job = by_hand.with_site(by_hand.reused());
    let client_before = by_hand.app(by_hand.client);
    let outcome = job.update_settings(Some(AppRole::Server), |_| ()).await.unwrap();
    assert_eq!(outcome.report.steps().len(), 2, "{}", outcome.report);
    assert_eq!(by_hand.app(by_hand.client), client_before);
    let server_before = by_hand.app(by_hand.server);
    let plan = job.plan_settings_update(Some(AppRole::Client), |_| ()).await.unwrap();
    assert_eq!(plan.document().only, Some(AppRole::Client));
    assert_eq!(told(plan.findings()), [], "what the site has is of the server app: {plan}");
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::CompleteClientApp).unwrap().action, StepAction::Updated);
    assert_eq!((outcome.report.steps().len(), outcome.next_steps.len()), (1, 0));
    assert_eq!(by_hand.app(by_hand.server), server_before);
}

#[tokio::test]
async fn an_update_for_the_server_app_alone_asks_the_site_whether_discovery_is_on() {
    let by_hand = ByHand::discovering();
    // The job is for one app as well: its onboarding would leave the site out.
    let job = by_hand.job(by_hand.adopted()).only(AppRole::Server).build().unwrap();
    let plan = job.plan_settings_update(Some(AppRole::Server), |_| ()).await.unwrap();
    assert_eq!(told(plan.findings()), [FindingCode::SiteReplyUrlMissing], "{plan}");
    assert_eq!(plan.step(Step::ConsentDirectoryRead).unwrap().action, PlannedAction::Create);
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.assignments(), 1);
}

#[tokio::test]
async fn without_discovery_the_permission_to_read_the_directory_is_neither_asked_for_nor_given() {
    let by_hand = ByHand::new();
    let plan = by_hand
        .with_site(by_hand.reused())
        .plan_settings_update(None, |_| ())
        .await
        .unwrap();
    assert_eq!(plan.step(Step::ConsentDirectoryRead), None, "{plan}");
    assert_eq!(
        written(&plan)[0],
        (
            Step::RegisterServerApp,
            UPDATE,
            vec!["web.redirectUris", "isDeviceOnlyAuthSupported"]
        )
    );
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.assignments(), 0);
}

#[tokio::test]
async fn whether_discovery_is_on_is_said_to_be_unknown_if_the_site_does_not_tell_it() {
    let by_hand = ByHand::discovering();
    by_hand.site.change(|rows| {
        rows.connections[0].user_discovery = None;
        rows.connections[0].is_discovery_unread = true;
        rows.applications[0].reply_url = None;
    });
    let plan = by_hand
        .with_site(by_hand.reused())
        .plan_settings_update(None, |_| ())
        .await
        .unwrap();
    assert_eq!(
        told(plan.findings()),
        [FindingCode::DiscoveryUnread, FindingCode::SiteFieldsUnread],
        "{plan}"
    );
    assert_eq!(plan.step(Step::ConsentDirectoryRead), None);
    let outcome = plan.apply(|_| ()).await.unwrap();
    let task = &outcome.next_steps[0];
    assert_eq!(
        (task.code, task.parameters.get("site")),
        (NextStepCode::UpdateSettingsInConsole, None)
    );

    // Without a site, the client ids alone, and what the specification says of discovery.
    let alone = |spec| {
        AzureServicesConnection::builder(spec)
            .directory(by_hand.tenant.directory())
            .build()
            .unwrap()
    };
    let plan = alone(by_hand.adopted()).plan_settings_update(None, |_| ()).await.unwrap();
    assert_eq!(told(plan.findings()), [FindingCode::DiscoveryStateUnknown], "{plan}");
    assert!(plan.is_empty(), "{plan}");
    let discovering = by_hand.adopted().to_builder().discovery(DiscoverySpec::builder().users());
    let outcome = alone(discovering.build().unwrap()).update_settings(None, |_| ()).await.unwrap();
    assert_eq!((by_hand.assignments(), outcome.next_steps.len()), (1, 1));
}

#[tokio::test]
async fn a_connection_without_a_directory_is_refused_and_nothing_is_asked() {
    let by_hand = ByHand::new();
    let job = AzureServicesConnection::builder(by_hand.reused())
        .site(by_hand.site.clone())
        .build()
        .unwrap();
    let recorder = Recorder::default();
    let error = job.update_settings(None, recorder.listen()).await.unwrap_err();
    let OnboardingError::Incomplete(IncompleteConnection::SettingsWithoutDirectory) = error else {
        panic!("{error:?}")
    };
    assert!(error.help().contains("Update Application Settings"), "{}", error.help());
    assert_eq!(recorder.events().len(), 2, "begun and failed");
    for result in [
        job.plan_settings_update(None, |_| ()).await,
        job.settings_update_from(None, job.plan(|_| ()).await.unwrap().document(), |_| ())
            .await,
    ] {
        assert!(matches!(result.unwrap_err(), OnboardingError::Incomplete(_)));
    }
}

#[tokio::test]
async fn apps_that_are_not_there_or_of_another_tenant_are_refused() {
    let by_hand = ByHand::new();
    let blocked = async |job: AzureServicesConnection| match job.plan_settings_update(None, |_| ()).await {
        Err(OnboardingError::Blocked(blocked)) => told(blocked.findings()),
        other => panic!("{other:?}"),
    };
    // The same ids in a site that knows them as another tenant's.
    let other = TenantId::new(uuid::Uuid::from_u128(7));
    by_hand.site.change(|rows| rows.tenants[0].tenant_id = other);
    assert_eq!(blocked(by_hand.with_site(by_hand.reused())).await, [FindingCode::WrongTenant]);
    let elsewhere = EmulatedTenant::builder().tenant_id(other).build();
    let job = by_hand.job(by_hand.reused()).directory(elsewhere.directory()).build().unwrap();
    assert_eq!(blocked(job).await, [FindingCode::AppNotFound, FindingCode::AppNotFound]);
    // Apps that are not registered yet have no settings, and no client id that could be named.
    let created = AzureServicesConnection::builder(support::spec()).directory(elsewhere.directory());
    let result = created.build().unwrap().plan_settings_update(None, |_| ()).await;
    let Err(OnboardingError::Blocked(blocked)) = result else {
        panic!("{result:?}")
    };
    let messages: Vec<&str> = blocked.findings().iter().map(Finding::message).collect();
    assert!(
        messages[0].starts_with("The server app of this specification is not registered"),
        "{messages:?}"
    );
    assert_eq!(messages.len(), 2);
}

#[tokio::test]
async fn a_caller_that_may_not_write_is_told_what_it_lacks_and_writes_nothing() {
    let by_hand = ByHand::discovering();
    let before = by_hand.tenant.state();
    let reader = Caller::user("reader@contoso.com").with_scopes(["Directory.Read.All"]);
    let job = by_hand
        .job(by_hand.reused())
        .directory(by_hand.tenant.with_caller(reader).directory());
    let error = job.build().unwrap().update_settings(None, |_| ()).await.unwrap_err();
    let OnboardingError::Blocked(blocked) = &error else {
        panic!("{error:?}")
    };
    let lacking = blocked
        .findings()
        .iter()
        .find(|found| found.code() == FindingCode::PermissionsMissing)
        .unwrap();
    assert_eq!(
        lacking.parameters()["permissions"],
        json!(["AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All"])
    );
    assert_eq!(by_hand.tenant.state(), before);
}

#[tokio::test]
async fn a_consent_that_is_left_to_another_administrator_is_an_open_task() {
    let by_hand = ByHand::discovering();
    let scopes = ["Application.ReadWrite.All", "User.Read"];
    let caller = Caller::user("apps@contoso.com")
        .with_scopes(scopes)
        .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()]);
    let job = by_hand
        .job(by_hand.reused())
        .directory(by_hand.tenant.with_caller(caller).directory())
        .consents(Consents::LeaveToAdministrator);
    let outcome = job.build().unwrap().update_settings(None, |_| ()).await.unwrap();
    assert!(
        told(&outcome.findings).contains(&FindingCode::ConsentLeftOpen),
        "{:#?}",
        outcome.findings
    );
    let codes: Vec<NextStepCode> = outcome.next_steps.iter().map(|step| step.code).collect();
    assert_eq!(codes, [NextStepCode::GrantAdminConsent, NextStepCode::UpdateSettingsInConsole]);
    assert_eq!(by_hand.assignments(), 0);
    assert_eq!(by_hand.app(by_hand.server)["isDeviceOnlyAuthSupported"], true);
}

#[tokio::test]
async fn an_approved_update_runs_as_it_was_approved_and_another_one_does_not() {
    let by_hand = ByHand::discovering();
    let job = by_hand.with_site(by_hand.reused());
    let approved = |plan: Plan| serde_json::from_str::<PlanDocument>(&serde_json::to_string(&plan).unwrap()).unwrap();
    let server_only = approved(job.plan_settings_update(Some(AppRole::Server), |_| ()).await.unwrap());
    let whole = approved(job.plan_settings_update(None, |_| ()).await.unwrap());
    let onboarding = approved(job.plan(|_| ()).await.unwrap());
    let removal = approved(job.plan_removal(|_| ()).await.unwrap());
    let is_stale = |result: Result<Plan, OnboardingError>| match result {
        Err(OnboardingError::Stale(stale)) => stale.differences.len(),
        other => panic!("{other:?}"),
    };
    // For one app or for both, says the caller and not the file; nor is a file of another kind taken.
    for other in [&whole, &onboarding, &removal] {
        assert!(is_stale(job.settings_update_from(Some(AppRole::Server), other, |_| ()).await) > 0);
    }
    assert!(is_stale(job.plan_from(&whole, |_| ()).await) > 0);
    assert!(is_stale(job.removal_from(&whole, |_| ()).await) > 0);

    let plan = job.settings_update_from(Some(AppRole::Server), &server_only, |_| ()).await.unwrap();
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.assignments(), 1);
    assert!(
        is_stale(job.settings_update_from(None, &whole, |_| ()).await) > 0,
        "the server app is as wanted by now"
    );
    let rest = job.plan_settings_update(None, |_| ()).await.unwrap();
    assert_eq!(written(&rest).len(), 1, "{rest}");
    let rest = job.settings_update_from(None, &approved(rest), |_| ()).await.unwrap();
    rest.apply(|_| ()).await.unwrap();
    assert!(job.plan_settings_update(None, |_| ()).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_has_grown_old_is_read_again_for_the_same_app() {
    let by_hand = ByHand::discovering();
    let job = by_hand.with_site(by_hand.reused());
    let plan = job.plan_settings_update(Some(AppRole::Client), |_| ()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert_eq!(outcome.report.steps().len(), 1, "{}", outcome.report);
    assert_eq!(by_hand.app(by_hand.server)["isDeviceOnlyAuthSupported"], Value::Null);
}

#[tokio::test]
async fn what_the_button_does_not_write_is_told_and_does_not_block_it() {
    let by_hand = ByHand::new();
    let own = by_hand
        .tenant
        .add_application(json!({"displayName": "Bare", "signInAudience": "AzureADMultipleOrgs"}));
    let spec = ConnectionSpec::builder(NAME)
        .server_app(AdoptedServerApp::builder(ApplicationId::from(own)))
        .client_app(AdoptedClientApp::new(by_hand.client))
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(spec)
        .directory(by_hand.tenant.directory())
        .build()
        .unwrap();
    let plan = job.plan_settings_update(Some(AppRole::Server), |_| ()).await.unwrap();
    let mut codes = told(plan.findings());
    codes.sort_unstable();
    let mut expected = [
        FindingCode::SignInAudience,
        FindingCode::ScopeMissing,
        FindingCode::ServicePrincipalMissing,
        FindingCode::DiscoveryStateUnknown,
    ];
    expected.sort_unstable();
    assert_eq!(codes, expected, "{plan}");
    assert!(plan.findings().iter().all(|finding| finding.severity() <= Severity::Warning));
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.app(own.into())["web"]["redirectUris"], json!(["http://localhost"]));
    assert_eq!(by_hand.app(own.into())["signInAudience"], "AzureADMultipleOrgs");
}

#[tokio::test]
async fn the_page_and_the_paper_of_an_update_say_what_it_is() {
    let by_hand = ByHand::discovering();
    let plan = by_hand
        .with_site(by_hand.reused())
        .plan_settings_update(None, |_| ())
        .await
        .unwrap();
    let page = plan.to_string();
    assert!(page.contains("Device tokens [isDeviceOnlyAuthSupported]"), "{page}");
    assert!(
        page.contains("Redirect URIs (Web) [web.redirectUris]: https://contoso.com/theirs -> "),
        "{page}"
    );
    let review = plan.review();
    let paper = review.to_string();
    assert!(paper.starts_with("Update of the application settings"), "{paper}");
    assert!(review.caller.site_roles.is_empty(), "{paper}");
    assert_eq!(review.permissions.len(), 1);
    let tasks: Vec<_> = review.caller.tasks.iter().map(|task| task.usage.title()).collect();
    assert!(!tasks.contains(&"register an app"), "{tasks:?}");
}

#[tokio::test]
async fn an_update_asks_for_what_it_needs_and_no_more() {
    let by_hand = ByHand::discovering();
    let wire = EmulatedWire::new(&by_hand.tenant);
    let token = by_hand.tenant.token_for(&Caller::global_administrator());
    let directory = wire.directory(cmg_onboarding::StaticToken::new(token));
    let job = by_hand.job(by_hand.reused()).directory(directory).build().unwrap();
    job.plan_settings_update(None, |_| ()).await.unwrap();
    let names: Vec<String> = wire.requests().iter().map(|request| request.name()).collect();
    assert_eq!(
        names.len(),
        7,
        "two apps, their principals, Graph's, the tenant and the consents: {names:#?}"
    );
}

/// What becomes of the consent to discovery in an onboarding with apps of another person.
async fn onboarded(by_hand: &ByHand, spec: ConnectionSpec, caller: Option<Caller>) -> cmg_onboarding::Outcome {
    let tenant = caller.map_or_else(|| by_hand.tenant.clone(), |caller| by_hand.tenant.with_caller(caller));
    let job = by_hand.job(spec).directory(tenant.directory()).build().unwrap();
    job.onboard(|_| ()).await.unwrap_or_else(|error| panic!("{error:#?}"))
}

fn with_discovery(spec: &ConnectionSpec) -> ConnectionSpec {
    spec.to_builder().discovery(DiscoverySpec::builder().users()).build().unwrap()
}

#[tokio::test]
async fn an_onboarding_consents_for_an_app_of_another_person_if_the_caller_is_known_to_be_allowed() {
    let as_person = Caller::user("admin@contoso.com")
        .with_scopes(["AppRoleAssignment.ReadWrite.All", "Directory.Read.All"])
        .with_directory_roles([DirectoryRole::PrivilegedRoleAdministrator.id()]);
    let as_program = Caller::application(uuid::Uuid::from_u128(9), ["AppRoleAssignment.ReadWrite.All", "Directory.Read.All"]);
    for caller in [
        None,
        Some(as_person.clone()),
        Some(as_person.without_wids_claim()),
        Some(as_program),
    ] {
        for spec in [ByHand::reused, ByHand::imported] {
            let by_hand = ByHand::new();
            let wanted = with_discovery(&spec(&by_hand));
            let (server, client) = (by_hand.app(by_hand.server), by_hand.app(by_hand.client));
            let outcome = onboarded(&by_hand, wanted.clone(), caller.clone()).await;
            assert_eq!(
                outcome.report.step(Step::ConsentDirectoryRead).unwrap().action,
                StepAction::Created,
                "{caller:?}: {}",
                outcome.report
            );
            let codes = told(&outcome.findings);
            let is_missing =
                |code: &FindingCode| matches!(code, FindingCode::DirectoryReadMissing | FindingCode::DirectoryReadOnlyConfigured);
            assert!(!codes.iter().any(is_missing), "{codes:?}");
            assert_eq!(by_hand.assignments(), 1);
            // The registrations of another person are not changed by an onboarding.
            assert_eq!((by_hand.app(by_hand.server), by_hand.app(by_hand.client)), (server, client));
            let again = by_hand.with_site(wanted).plan(|_| ()).await.unwrap();
            assert!(again.is_empty(), "{again}");
        }
    }
}

#[tokio::test]
async fn an_onboarding_tells_the_consent_and_gives_none_if_the_caller_may_not_or_if_that_is_not_known() {
    let reads = ["Directory.Read.All"];
    let both = ["AppRoleAssignment.ReadWrite.All", "Directory.Read.All"];
    let callers = [
        ("no permission", Caller::user("a@contoso.com").with_scopes(reads)),
        (
            "no permission, and the highest role",
            Caller::global_administrator().with_scopes(reads),
        ),
        (
            "a role that is too weak",
            Caller::user("a@contoso.com")
                .with_scopes(both)
                .with_directory_roles([DirectoryRole::CloudApplicationAdministrator.id()]),
        ),
        ("an application without it", Caller::application(uuid::Uuid::from_u128(9), reads)),
    ];
    for (case, caller) in callers {
        for spec in [ByHand::reused, ByHand::imported] {
            let by_hand = ByHand::new();
            let before = by_hand.tenant.state();
            let outcome = onboarded(&by_hand, with_discovery(&spec(&by_hand)), Some(caller.clone())).await;
            assert!(
                outcome.connection.unwrap().user_discovery.is_some(),
                "{case}: nothing is in the way"
            );
            let missing = outcome
                .findings
                .iter()
                .find(|found| found.code() == FindingCode::DirectoryReadMissing);
            assert_eq!(missing.map(Finding::severity), Some(Severity::Warning), "{case}");
            assert_eq!(outcome.report.step(Step::ConsentDirectoryRead), None, "{case}");
            assert_eq!(by_hand.tenant.state(), before, "{case}");
        }
    }
    let by_hand = ByHand::new();
    let left = by_hand
        .job(with_discovery(&by_hand.reused()))
        .consents(Consents::LeaveToAdministrator)
        .build()
        .unwrap();
    let plan = left.plan(|_| ()).await.unwrap();
    assert_eq!(plan.step(Step::ConsentDirectoryRead), None, "{plan}");
    assert!(told(plan.findings()).contains(&FindingCode::DirectoryReadMissing));
}

#[tokio::test]
async fn without_discovery_an_onboarding_consents_to_nothing() {
    let by_hand = ByHand::new();
    let plan = by_hand.with_site(by_hand.imported()).plan(|_| ()).await.unwrap();
    let writes_directory = |change: &&cmg_onboarding::connection::Change| change.step.is_in_directory();
    assert_eq!(plan.changes().iter().filter(writes_directory).count(), 0, "{plan}");
    let off = by_hand
        .imported()
        .to_builder()
        .discovery(DiscoverySpec::builder().users_off())
        .build()
        .unwrap();
    assert_eq!(
        by_hand.with_site(off).plan(|_| ()).await.unwrap().step(Step::ConsentDirectoryRead),
        None
    );
}

#[tokio::test]
async fn the_plan_of_a_consent_for_another_app_names_exactly_what_is_written() {
    let by_hand = ByHand::new();
    let plan = by_hand.with_site(with_discovery(&by_hand.reused())).plan(|_| ()).await.unwrap();
    let change = plan.step(Step::ConsentDirectoryRead).unwrap();
    let Operation::AssignRole { role, .. } = &change.operation else {
        panic!("{change:?}")
    };
    assert_eq!(*role, well_known::DIRECTORY_READ_ALL_ROLE);
    assert_eq!(change.permissions, ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"]);
    let approved = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    let job = by_hand.with_site(with_discovery(&by_hand.reused()));
    job.plan_from(&approved, |_| ()).await.unwrap().apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.assignments(), 1);
}

#[tokio::test]
async fn another_permission_for_microsoft_graph_is_not_taken_for_the_one_to_read_the_directory() {
    let by_hand = ByHand::discovering();
    let directory = by_hand.tenant.directory();
    let principal = async |app| directory.service_principal(Call::quiet(), app).await.unwrap().unwrap().id;
    let (server, graph) = (principal(by_hand.server).await, principal(well_known::MICROSOFT_GRAPH).await);
    // Application.Read.All
    let another = "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30".parse().unwrap();
    let assignment = NewRoleAssignment::new(server, graph, another);
    directory.assign_role(Call::quiet(), &assignment).await.unwrap();
    let plan = by_hand
        .with_site(by_hand.reused())
        .plan_settings_update(None, |_| ())
        .await
        .unwrap();
    assert_eq!(
        plan.step(Step::ConsentDirectoryRead).unwrap().action,
        PlannedAction::Create,
        "{plan}"
    );
    plan.apply(|_| ()).await.unwrap();
    assert_eq!(by_hand.assignments(), 1);
}
