//! Verifying apps that are to be imported: the secret at the sign-in service, the registrations in the directory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]
#![cfg(feature = "sign-in")]

mod support;

use std::sync::Arc;

use cmg_onboarding::{
    AccessToken, ApplicationId, AzureServicesConnection, Call, ClientSecret, ConnectionSpec, Directory, ImportedClientApp,
    ImportedServerApp, Outcome, TenantId, TokenError, async_trait,
    clock::FixedClock,
    connection::{FindingCode, ImportVerifier, Severity, Verification},
    directory::{ApplicationKey, ApplicationProperties, PublicClientApplication, WebApplication},
    error::{SignInRefusal, TokenFailure},
    token::{EntraSecretProbe, ProbedResource, SecretProbe},
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};
use serde_json::json;
use support::directory;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Two apps as this crate registers them, on a tenant that is served over HTTP.
struct Registered {
    tenant: EmulatedTenant,
    server: EmulatorServer,
    outcome: Outcome,
}

impl Registered {
    async fn by(spec: ConnectionSpec) -> Self {
        let tenant = EmulatedTenant::new();
        let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
        let connection = AzureServicesConnection::builder(spec)
            .directory(tenant.directory())
            .build()
            .unwrap();
        let outcome = connection.onboard(|_| ()).await.unwrap();
        Self { tenant, server, outcome }
    }

    fn server_app(&self) -> ImportedServerApp {
        let secret = self.outcome.secret.as_ref().unwrap();
        self.imported(secret.value.clone(), secret.expires_on, self.uri())
    }

    fn uri(&self) -> String {
        self.outcome.app_id_uri.as_ref().unwrap().to_string()
    }

    fn imported(&self, secret: ClientSecret, expiry: OffsetDateTime, uri: String) -> ImportedServerApp {
        ImportedServerApp::builder()
            .tenant_name("contoso.onmicrosoft.com")
            .tenant_id(self.tenant.tenant_id().to_string())
            .name("ConfigMgr Server")
            .client_id(self.outcome.server_app.as_ref().unwrap().application_id)
            .secret_key(secret)
            .secret_key_expiry(expiry)
            .app_id_uri(uri)
            .build()
            .unwrap()
    }

    fn client_app(&self) -> ImportedClientApp {
        let id = self.outcome.client_app.as_ref().unwrap().application_id;
        ImportedClientApp::builder().name("ConfigMgr Client").client_id(id).build().unwrap()
    }

    fn probe(&self) -> EntraSecretProbe {
        EntraSecretProbe::new(self.server.endpoints().clone())
    }

    /// Everything, with this server app.
    async fn verify(&self, server_app: ImportedServerApp, wants_discovery: bool) -> Verification {
        let directory = directory(&self.server, &self.tenant, &Caller::global_administrator());
        let verifier = ImportVerifier::new(server_app)
            .client_app(self.client_app())
            .discovery(wants_discovery)
            .probe(self.probe())
            .directory(directory);
        verifier.verify(|_| ()).await.unwrap()
    }

    async fn change(&self, id: ApplicationId, change: impl FnOnce(&mut ApplicationProperties)) {
        let found = self
            .tenant
            .directory()
            .application(Call::quiet(), &ApplicationKey::ApplicationId(id))
            .await
            .unwrap()
            .unwrap();
        let mut properties = ApplicationProperties::default();
        change(&mut properties);
        self.tenant
            .directory()
            .update_application(Call::quiet(), found.object_id, &properties)
            .await
            .unwrap();
    }
}

fn codes(verification: &Verification) -> Vec<FindingCode> {
    for finding in verification.findings() {
        assert!(finding.message().ends_with('.') && finding.remedy().ends_with('.'), "{finding}");
        support::assert_documented(finding);
    }
    if !verification.findings().is_empty() {
        let lines: Vec<String> = verification.findings().iter().map(ToString::to_string).collect();
        assert_eq!(verification.to_string(), lines.join("\n"));
    }
    verification.findings().iter().map(|finding| finding.code()).collect()
}

fn redirects(uris: &[&str]) -> Vec<String> {
    uris.iter().map(|&uri| uri.to_owned()).collect()
}

#[tokio::test]
async fn what_this_crate_registers_passes() {
    for spec in [support::spec(), support::spec_with_discovery()] {
        let wants_discovery = spec.discovery().is_some();
        let registered = Registered::by(spec).await;
        let verification = registered.verify(registered.server_app(), wants_discovery).await;
        assert!(verification.findings().is_empty(), "{verification}");
        assert!(verification.is_ready() && verification.is_compared);
        assert_eq!(verification.is_secret_accepted, Some(true));
        assert_eq!(verification.to_string(), "No difference was found.");
    }
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_app_are_told_in_plain_words() {
    let registered = Registered::by(support::spec()).await;
    let good = registered.server_app();
    let wrong = registered.imported(ClientSecret::new("canary-7Q~~"), good.secret_key_expiry(), registered.uri());
    let verification = ImportVerifier::new(wrong).probe(registered.probe()).verify(|_| ()).await.unwrap();
    assert_eq!(codes(&verification), [FindingCode::SecretRejected]);
    assert_eq!(verification.is_secret_accepted, Some(false));
    assert!(!verification.is_ready() && !verification.is_compared);
    let finding = &verification.findings()[0];
    assert!(
        finding.message().contains("AADSTS7000215") && finding.remedy().contains("Secret ID"),
        "{finding}"
    );
    let written = serde_json::to_value(&verification).unwrap();
    assert_eq!(written["findings"][0]["code"], "secretRejected");
    assert_eq!(serde_json::from_value::<Verification>(written).unwrap(), verification);
    assert!(!format!("{verification:?} {}", serde_json::to_string(&verification).unwrap()).contains("canary-7Q"));

    let unknown = ImportedServerApp::builder()
        .tenant_name("contoso.onmicrosoft.com")
        .tenant_id(registered.tenant.tenant_id().to_string())
        .name("x")
        .client_id(Uuid::from_u128(7))
        .secret_key(ClientSecret::new("x~"))
        .secret_key_expiry(good.secret_key_expiry())
        .app_id_uri(registered.uri())
        .build()
        .unwrap();
    let verification = ImportVerifier::new(unknown).probe(registered.probe()).verify(|_| ()).await.unwrap();
    assert_eq!(codes(&verification), [FindingCode::AppUnknownAtSignIn]);
    assert!(verification.findings()[0].message().contains("AADSTS700016"));
}

#[tokio::test]
async fn an_expired_secret_is_told_whatever_date_was_given() {
    let tenant = EmulatedTenant::new();
    let past = "2020-01-01T00:00:00Z";
    let id = tenant.add_application(json!({
        "displayName": "By hand",
        "passwordCredentials": [{"displayName": "old", "endDateTime": past, "secretText": "old~secret"}],
    }));
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let app = ImportedServerApp::builder()
        .tenant_name("contoso")
        .tenant_id(tenant.tenant_id().to_string())
        .name("By hand")
        .client_id(id)
        .secret_key(ClientSecret::new("old~secret"))
        .secret_key_expiry("2099-01-01T00:00:00Z".parse_moment())
        .app_id_uri("api://6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/x")
        .build()
        .unwrap();
    let probe = EntraSecretProbe::new(server.endpoints().clone());
    let verification = ImportVerifier::new(app).probe(probe).verify(|_| ()).await.unwrap();
    assert_eq!(codes(&verification), [FindingCode::SecretExpiredAtSignIn]);
    assert!(verification.findings()[0].message().contains("AADSTS7000222"));
}

trait ParseMoment {
    fn parse_moment(&self) -> OffsetDateTime;
}

impl ParseMoment for str {
    fn parse_moment(&self) -> OffsetDateTime {
        OffsetDateTime::parse(self, &time::format_description::well_known::Rfc3339).unwrap()
    }
}

#[tokio::test]
async fn the_date_that_was_given_is_checked_on_its_own() {
    let registered = Registered::by(support::spec()).await;
    let end = registered.server_app().secret_key_expiry();
    let at = async |now: OffsetDateTime| {
        let verifier = ImportVerifier::new(registered.server_app()).clock(Arc::new(FixedClock(now)));
        let verification = verifier.verify(|_| ()).await.unwrap();
        let told: Vec<_> = verification
            .findings()
            .iter()
            .map(|finding| (finding.code(), finding.severity()))
            .collect();
        told
    };
    assert_eq!(at(end - Duration::days(91)).await, []);
    assert_eq!(
        at(end - Duration::days(31)).await,
        [(FindingCode::SecretExpiresSoon, Severity::Note)]
    );
    assert_eq!(
        at(end - Duration::days(29)).await,
        [(FindingCode::SecretExpiresSoon, Severity::Warning)]
    );
    assert_eq!(at(end).await, [(FindingCode::SecretExpired, Severity::Blocker)]);

    let other = registered.imported(
        registered.server_app().secret_key().clone(),
        end + Duration::days(40),
        registered.uri(),
    );
    assert_eq!(codes(&registered.verify(other, false).await), [FindingCode::SecretEndDiffers]);
}

#[tokio::test]
async fn an_app_id_uri_is_compared_letter_by_letter() {
    let registered = Registered::by(support::spec()).await;
    let good = registered.server_app();
    for (other, code) in [
        (
            registered.uri().replace("ConfigMgrService", "configmgrservice"),
            FindingCode::AppIdUriMisspelled,
        ),
        (format!("{}/2", registered.uri()), FindingCode::AppIdUriDiffers),
    ] {
        let given = registered.imported(good.secret_key().clone(), good.secret_key_expiry(), other.clone());
        let verification = registered.verify(given, false).await;
        assert_eq!(codes(&verification), [code], "{other}");
        let message = verification.findings()[0].message();
        assert!(message.contains(&registered.uri()) && message.contains(&other), "{message}");
    }
}

#[tokio::test]
async fn every_difference_of_the_server_app_is_named() {
    type Change = fn(&mut ApplicationProperties);
    let cases: [(FindingCode, Change); 5] = [
        (FindingCode::DeviceTokensOff, |app| app.is_device_only_auth_supported = Some(false)),
        (FindingCode::ServerRedirectMissing, |app| {
            let mut web = WebApplication::default();
            web.redirect_uris = Some(Vec::new());
            app.web = Some(web);
        }),
        (FindingCode::ServerRedirectOnWrongPlatform, |app| {
            let (mut web, mut public) = (WebApplication::default(), PublicClientApplication::default());
            web.redirect_uris = Some(Vec::new());
            public.redirect_uris = Some(redirects(&["http://localhost"]));
            (app.web, app.public_client) = (Some(web), Some(public));
        }),
        (FindingCode::BrokerRedirectOnServerApp, |app| {
            let mut public = PublicClientApplication::default();
            public.redirect_uris = Some(redirects(&[
                "ms-appx-web://Microsoft.AAD.BrokerPlugin/6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11",
            ]));
            app.public_client = Some(public);
        }),
        (FindingCode::SignInAudience, |app| {
            app.sign_in_audience = Some("AzureADMultipleOrgs".to_owned())
        }),
    ];
    for (code, change) in cases {
        let registered = Registered::by(support::spec()).await;
        registered
            .change(registered.outcome.server_app.as_ref().unwrap().application_id, change)
            .await;
        let verification = registered.verify(registered.server_app(), false).await;
        assert_eq!(codes(&verification), [code]);
        assert!(verification.is_ready(), "the import itself would work: {verification}");
    }
}

#[tokio::test]
async fn what_keeps_clients_out_is_a_blocker() {
    let registered = Registered::by(support::spec()).await;
    let id = registered.outcome.server_app.as_ref().unwrap().application_id;
    let found = registered
        .tenant
        .directory()
        .application(Call::quiet(), &ApplicationKey::ApplicationId(id))
        .await
        .unwrap()
        .unwrap();
    let mut api = found.properties.api.unwrap();
    api.requested_access_token_version = Some(2);
    registered.change(id, |app| app.api = Some(api.clone())).await;
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::TokenVersion]);
    assert!(!verification.is_ready());

    api.requested_access_token_version = Some(1);
    api.oauth2_permission_scopes.as_mut().unwrap()[0].is_enabled = false;
    registered.change(id, |app| app.api = Some(api.clone())).await;
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::ScopeDisabled]);
    assert!(verification.findings()[0].message().contains("switched off"));
}

#[tokio::test]
async fn every_difference_of_the_client_app_is_named() {
    let registered = Registered::by(support::spec()).await;
    let id = registered.outcome.client_app.as_ref().unwrap().application_id;
    let own = format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{id}");
    let of_server = format!(
        "ms-appx-web://Microsoft.AAD.BrokerPlugin/{}",
        registered.outcome.server_app.as_ref().unwrap().application_id
    );
    let set = async |public: &[&str], web: &[&str]| {
        let (mut public_client, mut website) = (PublicClientApplication::default(), WebApplication::default());
        public_client.redirect_uris = Some(redirects(public));
        website.redirect_uris = Some(redirects(web));
        let change = |app: &mut ApplicationProperties| (app.public_client, app.web) = (Some(public_client), Some(website));
        registered.change(id, change).await;
        let verification = registered.verify(registered.server_app(), false).await;
        (codes(&verification), verification.to_string())
    };
    assert_eq!(set(&[], &[&own]).await.0, [FindingCode::BrokerRedirectOnWrongPlatform]);
    assert_eq!(set(&[], &[]).await.0, [FindingCode::BrokerRedirectMissing]);
    let (code, told) = set(&[&of_server], &[]).await;
    assert_eq!(code, [FindingCode::BrokerRedirectOfAnotherApp]);
    assert!(told.contains("another id than its own"), "{told}");
    assert_eq!(set(&[&own.to_uppercase().replace("MS-APPX-WEB", "ms-appx-web")], &[]).await.0, []);

    registered.change(id, |app| app.is_fallback_public_client = Some(false)).await;
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::PublicClientOff]);
}

#[tokio::test]
async fn configured_is_not_consented() {
    let registered = Registered::by(support::spec()).await;
    // Discovery was not wanted at registration, so nothing of it is there.
    let verification = registered.verify(registered.server_app(), true).await;
    assert_eq!(
        codes(&verification),
        [FindingCode::DirectoryReadMissing],
        "told once, although token and directory know it"
    );
    let server_id = registered.outcome.server_app.as_ref().unwrap().application_id;
    let (graph, other) = ("00000003-0000-0000-c000-000000000000", "00000002-0000-0000-c000-000000000000");
    let (directory_read, user_read) = ("7ab1d382-f21e-4acd-a863-ba3e13f7da61", "e1fe6dd8-ba31-4d61-89e7-88639da4683d");
    for (resource, permission, code) in [
        (graph, directory_read, FindingCode::DirectoryReadOnlyConfigured),
        (graph, user_read, FindingCode::DirectoryReadMissing),
        (other, directory_read, FindingCode::DirectoryReadMissing),
    ] {
        let asks = json!([{"resourceAppId": resource, "resourceAccess": [{"id": permission, "type": "Role"}]}]);
        assert!(registered.tenant.change_object(server_id, json!({"requiredResourceAccess": asks})));
        let verification = registered.verify(registered.server_app(), true).await;
        assert_eq!(codes(&verification), [code], "{resource} {permission}");
    }

    let client = registered.outcome.client_app.as_ref().unwrap().service_principal_id.unwrap();
    let grants = registered
        .tenant
        .directory()
        .permission_grants(Call::quiet(), client)
        .await
        .unwrap();
    for grant in &grants {
        registered
            .tenant
            .directory()
            .update_permission_grant(Call::quiet(), &grant.id, "openid")
            .await
            .unwrap();
    }
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::ConsentOnlyConfigured]);
    let mut nothing = Some(Vec::new());
    let client_id = registered.outcome.client_app.as_ref().unwrap().application_id;
    registered
        .change(client_id, |app| app.required_resource_access = nothing.take())
        .await;
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::ConsentMissing]);
    assert!(verification.findings()[0].remedy().contains("Grant admin consent"));
}

#[tokio::test]
async fn an_app_without_service_principal_and_one_that_is_not_there_are_told_apart() {
    let registered = Registered::by(support::spec()).await;
    let principal = registered.outcome.client_app.as_ref().unwrap().service_principal_id.unwrap();
    registered
        .tenant
        .directory()
        .delete_service_principal(Call::quiet(), principal)
        .await
        .unwrap();
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::ServicePrincipalMissing]);
    registered
        .tenant
        .soft_delete(registered.outcome.client_app.as_ref().unwrap().application_id);
    let verification = registered.verify(registered.server_app(), false).await;
    assert_eq!(codes(&verification), [FindingCode::AppSoftDeleted]);
}

#[tokio::test]
async fn a_sign_in_to_another_tenant_compares_nothing() {
    let registered = Registered::by(support::spec()).await;
    let other = EmulatedTenant::builder().tenant_id(TenantId::new(Uuid::from_u128(7))).build();
    let verification = ImportVerifier::new(registered.server_app())
        .directory(other.directory())
        .verify(|_| ())
        .await
        .unwrap();
    assert_eq!(codes(&verification), [FindingCode::WrongTenant]);
    assert!(!verification.is_compared);
    let asked = other.requests().len();
    assert_eq!(
        asked, 3,
        "the tenant, the app and its service principal, and not why they are not there"
    );
}

#[tokio::test]
async fn what_a_specification_imports_is_verified_as_it_stands() {
    let registered = Registered::by(support::spec_with_discovery()).await;
    let spec = ConnectionSpec::builder("Imported")
        .server_app(registered.server_app())
        .client_app(registered.client_app())
        .build()
        .unwrap();
    let verifier = ImportVerifier::of(&spec).unwrap().directory(registered.tenant.directory());
    assert!(verifier.verify(|_| ()).await.unwrap().findings().is_empty());
    assert!(ImportVerifier::of(&support::spec()).is_none());
}

/// Plays one answer for Microsoft Graph and one for the App ID URI.
#[derive(Debug)]
struct Scripted(Result<&'static str, TokenError>, Result<&'static str, TokenError>);

#[async_trait]
impl SecretProbe for Scripted {
    async fn probe(&self, _: TenantId, _: ApplicationId, _: &ClientSecret, resource: &ProbedResource) -> Result<AccessToken, TokenError> {
        let answer = if *resource == ProbedResource::MicrosoftGraph {
            &self.0
        } else {
            &self.1
        };
        answer.clone().map(AccessToken::new)
    }
}

fn refusal(failure: TokenFailure, codes: &[u32]) -> TokenError {
    let mut refusal = SignInRefusal::default();
    refusal.error = "x".to_owned();
    refusal.codes = codes.to_vec();
    TokenError::new(failure, "refused", "Do something.").with_refusal(refusal)
}

#[tokio::test]
async fn what_the_sign_in_service_says_is_sorted() {
    let registered = Registered::by(support::spec()).await;
    let run = async |graph, own| {
        let verifier = ImportVerifier::new(registered.server_app()).probe(Scripted(graph, own));
        let verification = verifier.verify(|_| ()).await.unwrap();
        (codes(&verification), verification.is_secret_accepted)
    };
    let token = || Ok("opaque");
    for (failure, numbers, code, accepted) in [
        (TokenFailure::Blocked, &[53_003][..], FindingCode::SignInBlocked, Some(false)),
        (TokenFailure::Refused, &[7_000_112], FindingCode::AppDisabled, Some(false)),
        (
            TokenFailure::WrongTenant,
            &[90_002],
            FindingCode::TenantUnknownAtSignIn,
            Some(false),
        ),
        (TokenFailure::Refused, &[1], FindingCode::SignInRefused, Some(false)),
        (TokenFailure::Unreachable, &[], FindingCode::SecretUnproven, None),
        (TokenFailure::UnexpectedAnswer, &[], FindingCode::SecretUnproven, None),
    ] {
        assert_eq!(
            run(Err(refusal(failure, numbers)), token()).await,
            (vec![code], accepted),
            "{failure:?}"
        );
    }
    let unknown_uri = Err(refusal(TokenFailure::Refused, &[500_011]));
    assert_eq!(run(token(), unknown_uri).await, (vec![FindingCode::AppIdUriUnknown], Some(true)));
    let forbidden = Err(refusal(TokenFailure::Refused, &[50_105]));
    assert_eq!(run(token(), forbidden).await, (vec![FindingCode::AppIdUriUnproven], Some(true)));
    // {"ver":"2.0","aud":"x"}
    let version_2 = Ok("e30.eyJ2ZXIiOiIyLjAiLCJhdWQiOiJ4In0.x");
    assert_eq!(run(token(), version_2).await, (vec![FindingCode::TokenVersion], Some(true)));
    // {"ver":"1.0","aud":"x"}
    let other_audience = Ok("e30.eyJ2ZXIiOiIxLjAiLCJhdWQiOiJ4In0.x");
    assert_eq!(
        run(token(), other_audience).await,
        (vec![FindingCode::TokenAudienceDiffers], Some(true))
    );
}

#[tokio::test]
async fn a_token_without_the_permission_to_read_the_directory_is_told_if_discovery_is_wanted() {
    let registered = Registered::by(support::spec()).await;
    // {"roles":["Directory.Read.All"]}
    let reads = "e30.eyJyb2xlcyI6WyJEaXJlY3RvcnkuUmVhZC5BbGwiXX0.x";
    // {"roles":["User.Read.All"]}
    let lacks = "e30.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIl19.x";
    for (token, wants_discovery, expected) in [
        (reads, true, vec![]),
        (lacks, true, vec![FindingCode::DirectoryReadNotInToken]),
        (lacks, false, vec![]),
        ("opaque", true, vec![]),
    ] {
        let verifier = ImportVerifier::new(registered.server_app())
            .discovery(wants_discovery)
            .probe(Scripted(Ok(token), Ok("opaque")));
        let verification = verifier.verify(|_| ()).await.unwrap();
        assert_eq!(
            (codes(&verification), verification.is_secret_accepted),
            (expected, Some(true)),
            "{token} {wants_discovery}"
        );
    }
}
