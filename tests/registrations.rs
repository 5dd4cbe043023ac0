//! The registrations of both apps are looked at, no matter who made them: whether they are there, switched on, complete and
//! consented to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]
#![cfg(feature = "sign-in")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "emulator_http/support.rs"]
mod http;
mod support;

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, ClientSecret, ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp,
    OnboardingError, Outcome, Plan, ReusedApp, StaticToken, TokenError, async_trait,
    connection::{AzureServicesConnectionBuilder, Finding, FindingCode, Severity},
    error::{SignInRefusal, TokenFailure},
    ids::TenantId,
    spec::{AdoptedClientApp, AdoptedServerApp},
    token::{AccessToken, EntraSecretProbe, ProbedResource, SecretProbe},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire};
use http::Graph;
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Two apps as this crate registers them, in Microsoft Entra and in a site.
struct Registered {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    graph: Graph,
    outcome: Outcome,
}

/// How the specification gets both apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Create,
    Adopt,
    Import,
    Reuse,
}

impl Registered {
    async fn by(spec: ConnectionSpec) -> Self {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let outcome = support::connection(spec, &tenant, &site).onboard(|_| ()).await.unwrap();
        let graph = Graph::of(tenant.clone()).await;
        Self {
            tenant,
            site,
            graph,
            outcome,
        }
    }

    async fn new() -> Self {
        Self::by(support::spec()).await
    }

    fn server(&self) -> ApplicationId {
        self.outcome.server_app.as_ref().unwrap().application_id
    }

    fn client(&self) -> ApplicationId {
        self.outcome.client_app.as_ref().unwrap().application_id
    }

    fn imported(&self, secret: &str, expiry: OffsetDateTime) -> ImportedServerApp {
        ImportedServerApp::builder()
            .tenant_name(&self.outcome.tenant_name)
            .tenant_id(self.tenant.tenant_id())
            .name("ConfigMgr Server")
            .client_id(self.server())
            .secret_key(ClientSecret::new(secret))
            .secret_key_expiry(expiry)
            .app_id_uri(self.outcome.app_id_uri.as_ref().unwrap().as_str())
            .build()
            .unwrap()
    }

    fn imported_client(&self) -> ImportedClientApp {
        let client = ImportedClientApp::builder().name("ConfigMgr Client").client_id(self.client());
        client.build().unwrap()
    }

    fn spec(&self, way: Way, discovers: bool) -> ConnectionSpec {
        let spec = ConnectionSpec::builder("Contoso CMG");
        let spec = match way {
            Way::Create if discovers => return support::spec_with_discovery(),
            Way::Create => return support::spec(),
            Way::Adopt => spec
                .server_app(AdoptedServerApp::builder(self.server()))
                .client_app(AdoptedClientApp::new(self.client())),
            Way::Import => {
                let secret = self.outcome.secret.as_ref().unwrap();
                spec.server_app(self.imported(secret.value.expose(), secret.expires_on))
                    .client_app(self.imported_client())
            }
            Way::Reuse => spec
                .server_app(ReusedApp::new(self.server()))
                .client_app(ReusedApp::new(self.client())),
        };
        let discovery = DiscoverySpec::builder().users();
        if discovers { spec.discovery(discovery) } else { spec }.build().unwrap()
    }

    fn job(&self, spec: ConnectionSpec) -> AzureServicesConnectionBuilder {
        AzureServicesConnection::builder(spec)
            .directory(self.tenant.directory())
            .site(self.site.clone())
    }

    async fn plan(&self, way: Way) -> Plan {
        self.job(self.spec(way, false)).build().unwrap().plan(|_| ()).await.unwrap()
    }

    async fn patch(&self, path: &str, body: Value) {
        let (status, answer) = self.graph.patch(&format!("v1.0/{path}"), body).await;
        assert!(status < 300, "{path}: {answer}");
    }

    async fn delete(&self, path: &str) {
        let path = format!("v1.0/{path}");
        let (status, answer) = self.graph.send(reqwest::Method::DELETE, &path, &[], None).await;
        assert!(status < 300, "{path}: {answer}");
    }
}

fn told(findings: &[Finding]) -> Vec<(FindingCode, Severity)> {
    findings.iter().for_each(support::assert_documented);
    let told = findings.iter().map(|finding| (finding.code(), finding.severity()));
    // What the tenant's policy may refuse, and which secret the site holds, is the business of other tests.
    let others = [
        FindingCode::AppIdUriResolved,
        FindingCode::PolicyNotRead,
        FindingCode::ImportedSecretUncompared,
    ];
    told.filter(|(code, _)| !others.contains(code)).collect()
}

async fn blocked(job: AzureServicesConnectionBuilder) -> Vec<(FindingCode, Severity)> {
    match job.build().unwrap().plan(|_| ()).await {
        Err(OnboardingError::Blocked(blocked)) => told(blocked.findings()),
        other => panic!("a finding stands in the way: {other:?}"),
    }
}

const WAYS: [Way; 4] = [Way::Create, Way::Adopt, Way::Import, Way::Reuse];

#[tokio::test]
async fn nothing_is_told_of_healthy_apps_no_matter_who_registered_them() {
    for discovers in [false, true] {
        let spec = if discovers {
            support::spec_with_discovery()
        } else {
            support::spec()
        };
        let registered = Registered::by(spec).await;
        for way in WAYS {
            let job = registered.job(registered.spec(way, discovers));
            let probe = EntraSecretProbe::new(registered.graph.server.endpoints().clone());
            let plan = job.secret_probe(probe).build().unwrap().plan(|_| ()).await.unwrap();
            assert!(plan.is_empty(), "{way:?}: {plan}");
            assert_eq!(told(plan.findings()), [], "{way:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn apps_that_are_switched_off_are_told_no_matter_who_registered_them() {
    for way in WAYS {
        for is_server in [true, false] {
            let cases = [
                ("applications", json!({"isDisabled": true}), FindingCode::AppDeactivated),
                (
                    "servicePrincipals",
                    json!({"accountEnabled": false}),
                    FindingCode::ServicePrincipalDisabled,
                ),
            ];
            for (kind, body, code) in cases {
                let registered = Registered::new().await;
                let id = if is_server { registered.server() } else { registered.client() };
                registered.patch(&format!("{kind}(appId='{id}')"), body).await;
                let plan = registered.plan(way).await;
                assert_eq!(told(plan.findings()), [(code, Severity::Warning)], "{way:?} {kind}");
                let app = if is_server { "server" } else { "client" };
                assert_eq!(
                    plan.findings().iter().find(|found| found.code() == code).unwrap().parameters()["app"],
                    app
                );
            }
        }
    }
}

#[tokio::test]
async fn an_app_that_microsoft_has_disabled_is_told() {
    let tenant = EmulatedTenant::new();
    let status = "DisabledDueToViolationOfServicesAgreement";
    let server = tenant.add_application(json!({"displayName": "A", "signInAudience": "AzureADMyOrg", "disabledByMicrosoftStatus": status}));
    let client = tenant.add_application(json!({"displayName": "B", "signInAudience": "AzureADMyOrg"}));
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(AdoptedServerApp::builder(server))
        .client_app(AdoptedClientApp::new(client.into()))
        .build()
        .unwrap();
    let plan = support::connection(spec, &tenant, &EmulatedSite::new()).plan(|_| ()).await.unwrap();
    assert_eq!(told(plan.findings()), [(FindingCode::AppDisabledByMicrosoft, Severity::Warning)]);
}

#[tokio::test]
async fn apps_that_are_not_there_are_neither_imported_nor_reused() {
    let registered = Registered::new().await;
    assert!(registered.tenant.soft_delete(registered.server()));
    assert!(registered.tenant.soft_delete(registered.client()));
    let new = EmulatedSite::new();
    for code in [FindingCode::AppSoftDeleted, FindingCode::AppNotFound] {
        for way in [Way::Import, Way::Reuse] {
            let told = blocked(registered.job(registered.spec(way, false))).await;
            assert_eq!(told, [(code, Severity::Blocker); 2], "{way:?}");
        }
        let made_up = registered.job(registered.spec(Way::Import, true)).site(new.clone());
        assert_eq!(blocked(made_up).await, [(code, Severity::Blocker); 2]);
        // Nothing tells an app that is purged from one that never was.
        for kind in ["deletedApplications", "deletedServicePrincipals"] {
            for deleted in registered.tenant.state()[kind].as_array().unwrap() {
                registered
                    .delete(&format!("directory/deletedItems/{}", deleted["id"].as_str().unwrap()))
                    .await;
            }
        }
    }
    assert_eq!(new.state(), EmulatedSite::new().state(), "nothing is written");
}

#[tokio::test]
async fn a_service_principal_that_is_missing_is_told() {
    for way in [Way::Import, Way::Reuse] {
        let registered = Registered::new().await;
        registered
            .delete(&format!("servicePrincipals(appId='{}')", registered.client()))
            .await;
        let plan = registered.plan(way).await;
        assert_eq!(
            told(plan.findings()),
            [(FindingCode::ServicePrincipalMissing, Severity::Warning)],
            "{way:?}"
        );
        let new = registered.job(registered.spec(Way::Import, false)).site(EmulatedSite::new());
        assert_eq!(blocked(new).await, [(FindingCode::ServicePrincipalMissing, Severity::Blocker)]);
    }
}

#[tokio::test]
async fn a_consent_that_is_missing_is_told() {
    for way in [Way::Import, Way::Reuse] {
        let registered = Registered::new().await;
        let (_, grants) = registered.graph.get("v1.0/oauth2PermissionGrants").await;
        for grant in grants["value"].as_array().unwrap() {
            registered
                .delete(&format!("oauth2PermissionGrants/{}", http::text(grant, "id")))
                .await;
        }
        let plan = registered.plan(way).await;
        assert_eq!(
            told(plan.findings()),
            [(FindingCode::ConsentOnlyConfigured, Severity::Warning)],
            "{way:?}"
        );
    }
}

#[tokio::test]
async fn discovery_without_the_permission_to_read_the_directory_is_told_and_not_granted_by_a_caller_that_may_not() {
    let reader = || Caller::user("reader@contoso.com").with_scopes(["Directory.Read.All"]);
    for way in [Way::Import, Way::Reuse] {
        let registered = Registered::new().await;
        let before = registered.tenant.state();
        let directory = registered.tenant.with_caller(reader()).directory();
        let job = registered.job(registered.spec(way, true)).directory(directory).build().unwrap();
        let outcome = job.onboard(|_| ()).await.unwrap();
        assert!(outcome.connection.unwrap().user_discovery.is_some());
        let told = told(&outcome.findings);
        assert!(
            told.contains(&(FindingCode::DirectoryReadMissing, Severity::Warning)),
            "{way:?}: {told:?}"
        );
        assert_eq!(registered.tenant.state(), before);
    }
}

#[tokio::test]
async fn without_a_directory_it_is_told_that_the_consent_for_discovery_is_not_known() {
    let registered = Registered::new().await;
    let job = AzureServicesConnection::builder(registered.spec(Way::Reuse, true)).site(registered.site.clone());
    let plan = job.build().unwrap().plan(|_| ()).await.unwrap();
    assert_eq!(told(plan.findings()), [(FindingCode::ServerAppLeftAsIs, Severity::Note)]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_is_told_and_is_no_error_if_the_plan_does_not_need_it() {
    let registered = Registered::new().await;
    let wire = EmulatedWire::new(&registered.tenant);
    let without_rights = Caller::user("reader@contoso.com").with_scopes(["User.Read"]);
    for way in [Way::Import, Way::Reuse] {
        let token = StaticToken::new(registered.tenant.token_for(&without_rights));
        let job = registered.job(registered.spec(way, false)).directory(wire.directory(token));
        let plan = job.build().unwrap().plan(|_| ()).await.unwrap();
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(
            told(plan.findings()),
            [(FindingCode::DirectoryUnread, Severity::Warning)],
            "{way:?}"
        );
    }
}

#[tokio::test]
async fn reused_apps_of_another_tenant_than_the_directorys_are_told() {
    let registered = Registered::new().await;
    let other = EmulatedTenant::builder().tenant_id(TenantId::new(uuid::Uuid::from_u128(7))).build();
    let job = registered.job(registered.spec(Way::Reuse, false)).directory(other.directory());
    assert!(blocked(job).await.contains(&(FindingCode::WrongTenant, Severity::Blocker)));
}

#[tokio::test]
async fn an_import_is_verified_as_the_console_does_with_no_request_twice() {
    let registered = Registered::new().await;
    let wire = EmulatedWire::new(&registered.tenant);
    let token = StaticToken::new(registered.tenant.token_for(&Caller::global_administrator()));
    let probe = || EntraSecretProbe::new(registered.graph.server.endpoints().clone());
    let secret = registered.outcome.secret.as_ref().unwrap();
    let wrong = ConnectionSpec::builder("Contoso CMG")
        .server_app(registered.imported("canary-7Q~~", secret.expires_on + time::Duration::days(40)))
        .client_app(registered.imported_client())
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(wrong)
        .directory(wire.directory(token))
        .site(EmulatedSite::new())
        .secret_probe(probe());
    assert_eq!(
        blocked(job).await,
        [
            (FindingCode::SecretRejected, Severity::Blocker),
            (FindingCode::SecretEndDiffers, Severity::Warning)
        ]
    );
    let mut requests: Vec<String> = wire.requests().iter().map(|request| request.name()).collect();
    let all = requests.len();
    requests.sort_unstable();
    requests.dedup();
    assert_eq!(requests.len(), all, "{requests:?}");

    let uri = registered.outcome.app_id_uri.as_ref().unwrap();
    registered
        .patch(
            &format!("applications(appId='{}')", registered.server()),
            json!({"identifierUris": [format!("{uri}2")]}),
        )
        .await;
    let good = registered.job(registered.spec(Way::Import, false)).site(EmulatedSite::new());
    assert_eq!(
        blocked(good.secret_probe(probe())).await,
        [(FindingCode::AppIdUriDiffers, Severity::Blocker)],
        "the directory tells why no token is issued for the App ID URI"
    );
}

/// Answers that the app is disabled.
#[derive(Debug)]
struct Disabled;

#[async_trait]
impl SecretProbe for Disabled {
    async fn probe(&self, _: TenantId, _: ApplicationId, _: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        let mut refusal = SignInRefusal::default();
        refusal.error = "unauthorized_client".to_owned();
        refusal.codes = vec![7_000_112];
        Err(TokenError::new(TokenFailure::Refused, "refused", "Do something.").with_refusal(refusal))
    }
}

#[tokio::test]
async fn without_a_directory_the_sign_in_alone_tells() {
    let registered = Registered::new().await;
    let job = AzureServicesConnection::builder(registered.spec(Way::Import, false))
        .site(EmulatedSite::new())
        .secret_probe(Disabled);
    assert_eq!(blocked(job).await, [(FindingCode::AppDisabled, Severity::Blocker)]);
}
