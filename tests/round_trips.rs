//! How many dependent round trips the job takes, counted in virtual time: every request takes 100 ms, and none waits
//! for another without need.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::time::Duration;

use cmg_onboarding::{
    AccessToken, ApplicationId, ApplicationObjectId, AzureServicesConnection, CachedTokens, Call, ClientSecret, ClientSecretSignIn,
    ConnectionSpec, Directory, DirectoryError, DiscoverySpec, GraphDirectory, ServicePrincipalId, TenantId, TokenError, async_trait,
    connection::{Finding, FindingCode},
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, ConditionalAccessPolicy, DeletedApplication,
        NewApplication, NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment,
        ServicePrincipal, SignedIn, Tenant,
    },
    http::{Attempt, HttpClient, RawAnswer, Transport, TransportFailure},
    ids::{KeyId, PermissionGrantId, RoleTemplateId},
    token::{ProbedResource, SecretProbe},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire};
use serde_json::json;
use support::{spec, spec_with_discovery};
use tokio::time::{Instant, sleep};
use url::Url;

const REQUEST: Duration = Duration::from_millis(100);

/// A tenant that answers every request after 100 ms.
#[derive(Debug)]
struct Distant(GraphDirectory);

macro_rules! distant {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Directory for Distant {
            // Read from the token, so without a request.
            async fn signed_in(&self, call: Call) -> Result<SignedIn, DirectoryError> {
                self.0.signed_in(call).await
            }

            $(async fn $name(&self, call: Call, $($argument: $kind),*) -> Result<$answer, DirectoryError> {
                sleep(REQUEST).await;
                self.0.$name(call, $($argument),*).await
            })*
        }
    };
}

distant! {
    tenant() -> Tenant;
    held_roles(roles: &[RoleTemplateId]) -> Vec<RoleTemplateId>;
    app_management_policy() -> AppManagementPolicy;
    conditional_access_policies() -> Vec<ConditionalAccessPolicy>;
    groups_by_name(names: &[String]) -> Vec<String>;
    application(key: &ApplicationKey) -> Option<Application>;
    application_with_uri(uri: &str) -> Option<Application>;
    deleted_applications(names: &[String]) -> Vec<DeletedApplication>;
    service_principal(application: ApplicationId) -> Option<ServicePrincipal>;
    permission_grants(client: ServicePrincipalId) -> Vec<PermissionGrant>;
    role_assignments(principal: ServicePrincipalId) -> Vec<RoleAssignment>;
    create_application(new: &NewApplication) -> Application;
    update_application(application: ApplicationObjectId, change: &ApplicationProperties) -> ();
    add_password(application: ApplicationObjectId, new: &NewPassword) -> PasswordCredential;
    remove_password(application: ApplicationObjectId, key: KeyId) -> ();
    create_service_principal(application: ApplicationId) -> ServicePrincipal;
    create_permission_grant(new: &NewPermissionGrant) -> PermissionGrant;
    update_permission_grant(grant: &PermissionGrantId, scope: &str) -> ();
    assign_role(new: &NewRoleAssignment) -> RoleAssignment;
}

/// How many dependent round trips a run takes.
async fn round_trips(spec: ConnectionSpec, tenant: &EmulatedTenant, site: &EmulatedSite) -> u32 {
    let job = AzureServicesConnection::builder(spec)
        .directory(Distant(tenant.directory()))
        .site(site.clone())
        .build()
        .unwrap();
    let started = Instant::now();
    job.onboard(|_| ()).await.unwrap();
    u32::try_from(started.elapsed().as_millis() / REQUEST.as_millis()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_first_run_takes_four_dependent_round_trips() {
    for spec in [spec(), spec_with_discovery()] {
        assert_eq!(round_trips(spec, &EmulatedTenant::new(), &EmulatedSite::new()).await, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn looking_groups_up_is_one_request_more_and_no_round_trip() {
    let discovery = DiscoverySpec::builder().groups(["Finance"]);
    let with_groups = spec().to_builder().discovery(discovery).build().unwrap();
    let caller = Caller::global_administrator().with_scopes([
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "GroupMember.Read.All",
        "User.Read",
    ]);
    let tenant = EmulatedTenant::builder().group("Finance").caller(caller).build();
    let before = tenant.requests().len();
    assert_eq!(round_trips(with_groups, &tenant, &EmulatedSite::new()).await, 4);
    let asked = tenant.requests();
    let of_groups = asked
        .iter()
        .skip(before)
        .filter(|request| request.path.contains("/groups?"))
        .count();
    assert_eq!(of_groups, 1);
}

/// A sign-in service that is as far away as the directory.
#[derive(Debug)]
struct DistantSignIn;

#[async_trait]
impl SecretProbe for DistantSignIn {
    async fn probe(&self, _: TenantId, _: ApplicationId, _: &ClientSecret, _: &ProbedResource) -> Result<AccessToken, TokenError> {
        sleep(REQUEST).await;
        Ok(AccessToken::new("opaque"))
    }
}

#[tokio::test(start_paused = true)]
async fn proving_the_new_secret_beside_the_consents_costs_no_round_trip() {
    let job = AzureServicesConnection::builder(spec())
        .directory(Distant(EmulatedTenant::new().directory()))
        .site(EmulatedSite::new())
        .secret_probe(DistantSignIn)
        .build()
        .unwrap();
    let started = Instant::now();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(started.elapsed().as_millis() / REQUEST.as_millis(), 4);
    let is_proven = |finding: &Finding| finding.code() == FindingCode::NewSecretProven;
    assert!(outcome.findings.iter().any(is_proven));
}

#[tokio::test(start_paused = true)]
async fn a_second_run_takes_three_to_see_that_everything_is_in_place() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    round_trips(spec_with_discovery(), &tenant, &site).await;
    assert_eq!(round_trips(spec_with_discovery(), &tenant, &site).await, 3);
}

#[tokio::test(start_paused = true)]
async fn asking_for_the_roles_and_the_policy_costs_no_round_trip() {
    let caller = Caller::global_administrator().without_wids_claim().with_scopes([
        "User.Read",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Policy.Read.All",
    ]);
    let tenant = EmulatedTenant::builder().caller(caller).build();
    assert_eq!(round_trips(spec(), &tenant, &EmulatedSite::new()).await, 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_policy_asks_for_costs_no_round_trip_if_it_was_read_and_one_for_each_refusal_if_not() {
    let mut policy = cmg_onboarding_emulator::AppManagementPolicy::default();
    policy.only_default_uris = true;
    policy.longest_secret = Some(time::Duration::days(180));
    let scopes = [
        "User.Read",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Policy.Read.All",
    ];
    let asked = || {
        let server = cmg_onboarding::ServerAppSpec::builder("Server").secret_validity(cmg_onboarding::SecretValidity::LongestAllowed);
        let spec = ConnectionSpec::builder("Contoso CMG").server_app(server);
        spec.client_app(cmg_onboarding::ClientAppSpec::builder("Client")).build().unwrap()
    };
    // Refused in the create call, one after the other: the App ID URI, two years, and 365 days.
    for (scopes, rounds) in [(&scopes[..], 4), (&scopes[..3], 4 + 3)] {
        let caller = Caller::global_administrator().with_scopes(scopes.to_vec());
        let tenant = EmulatedTenant::builder().caller(caller).policy(policy.clone()).build();
        assert_eq!(round_trips(asked(), &tenant, &EmulatedSite::new()).await, rounds);
    }
}

/// How many dependent round trips it takes to apply a plan that is a minute and a second old.
async fn round_trips_of_an_old_plan(tenant: &EmulatedTenant, site: &EmulatedSite) -> u128 {
    let job = AzureServicesConnection::builder(spec())
        .directory(Distant(tenant.directory()))
        .site(site.clone())
        .build()
        .unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    sleep(Duration::from_secs(61)).await;
    let started = Instant::now();
    plan.apply(|_| ()).await.unwrap();
    started.elapsed().as_millis() / REQUEST.as_millis()
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_that_begins_by_making_apps_is_read_again_beside_its_first_round() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    // Not four: reading costs none.
    assert_eq!(round_trips_of_an_old_plan(&tenant, &site).await, 3);
    // What writes nothing is read before it is called in place.
    assert_eq!(round_trips_of_an_old_plan(&tenant, &site).await, 3);
}

/// A network on which every request takes 100 ms, with a sign-in service that gives this token.
#[derive(Debug)]
struct SlowNetwork {
    graph: HttpClient,
    authority: Url,
    tenant: TenantId,
    token: String,
}

impl SlowNetwork {
    fn sign_in(&self, path: &str) -> RawAnswer {
        let (authority, tenant) = (&self.authority, self.tenant);
        let body = if path == format!("/{tenant}/oauth2/v2.0/token") {
            json!({"token_type": "Bearer", "expires_in": 3599, "access_token": self.token})
        } else {
            json!({
                "issuer": format!("{authority}{tenant}/v2.0"),
                "token_endpoint": format!("{authority}{tenant}/oauth2/v2.0/token"),
            })
        };
        RawAnswer::new(200).with_body(body.to_string().as_bytes())
    }
}

#[async_trait]
impl Transport for SlowNetwork {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        sleep(REQUEST).await;
        let url = attempt.request().url();
        if url.origin() == self.authority.origin() {
            return Ok(self.sign_in(url.path()));
        }
        self.graph.transport().attempt(attempt).await
    }
}

#[tokio::test(start_paused = true)]
async fn from_nothing_with_a_client_secret_the_job_takes_five_dependent_round_trips() {
    let tenant = EmulatedTenant::new();
    let wire = EmulatedWire::new(&tenant);
    let endpoints = wire.endpoints().clone();
    let http = HttpClient::over(SlowNetwork {
        graph: wire.http(),
        authority: endpoints.authority().clone(),
        tenant: tenant.tenant_id().into(),
        token: tenant.token_for(&Caller::global_administrator()),
    });
    let application = tenant.automation_client();
    let sign_in = ClientSecretSignIn::new(
        endpoints.clone(),
        tenant.tenant_id().into(),
        application.id().into(),
        ClientSecret::new(application.secret()),
    );
    let tokens = CachedTokens::new(sign_in.http(http.clone()));
    let directory = GraphDirectory::builder(endpoints, tokens)
        .tenant(tenant.tenant_id().into())
        .http(http)
        .build();
    let job = AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(EmulatedSite::new())
        .build()
        .unwrap();
    let started = Instant::now();
    job.onboard(|_| ()).await.unwrap();
    assert_eq!(started.elapsed().as_millis() / REQUEST.as_millis(), 5);
}
