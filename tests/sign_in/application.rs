//! An application that signs in without a secret: with a certificate, and with the assertion of another provider.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, CachedTokens, ClientAppSpec, CloudEndpoints, ConnectionSpec, Diagnostic, DirectoryError,
    GraphDirectory, OnboardingError, Outcome, ServerAppSpec, TenantId, TokenProvider, TokenRequest,
    clock::{Clock, SystemClock},
    connection::ReadError,
    error::TokenFailure,
    token::{ClientAssertionSignIn, ClientCertificate, ClientCertificateSignIn},
};
use cmg_onboarding_emulator::{AutomationClient, EmulatedTenant, EmulatorServer};
use futures_util::future::join_all;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize, SigningKey};
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::path_regex};

const TENANTS: [Uuid; 2] = [Uuid::from_u128(0xA), Uuid::from_u128(0xB)];

fn tenant_in(path: &str) -> String {
    path.trim_start_matches('/').split('/').next().unwrap().to_owned()
}

fn form_of(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

/// A sign-in service for every tenant: a token of a tenant names it, and so does its sign-in page.
async fn authority() -> (MockServer, CloudEndpoints) {
    let server = MockServer::start().await;
    let address = server.uri();
    let configuration = move |request: &Request| {
        let tenant = tenant_in(request.url.path());
        ResponseTemplate::new(200).set_body_json(json!({
            "issuer": format!("{address}/{tenant}/v2.0"),
            "token_endpoint": format!("{address}/{tenant}/oauth2/v2.0/token"),
        }))
    };
    let token = |request: &Request| {
        let claims = json!({"tid": tenant_in(request.url.path()), "idtyp": "app", "roles": ["Application.ReadWrite.OwnedBy"]});
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()));
        ResponseTemplate::new(200).set_body_json(json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
    };
    Mock::given(path_regex("openid-configuration$"))
        .respond_with(configuration)
        .mount(&server)
        .await;
    Mock::given(path_regex("/oauth2/v2.0/token$"))
        .respond_with(token)
        .mount(&server)
        .await;
    let endpoints = CloudEndpoints::default().with_authority(server.uri().parse().unwrap()).unwrap();
    (server, endpoints)
}

fn certificate() -> ClientCertificate {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::new(vec!["pipeline.contoso.com".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    ClientCertificate::from_pem(certificate.pem(), key.serialize_pem()).unwrap()
}

fn application() -> ApplicationId {
    ApplicationId::new(Uuid::from_u128(7))
}

fn claims_of(assertion: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(assertion.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn one_provider_and_one_cache_serve_two_tenants_and_never_mix_their_tokens() {
    let (server, endpoints) = authority().await;
    let home = TenantId::new(Uuid::from_u128(1));
    let provider = ClientCertificateSignIn::new(endpoints.clone(), home, application(), certificate());
    let tokens = CachedTokens::new(provider);
    let request = |tenant| TokenRequest::new([endpoints.default_scope()]).in_tenant(TenantId::new(tenant));
    // Forty requests at once, the two tenants in turn.
    let all = (0..40).map(|number| {
        let (tokens, tenant) = (tokens.clone(), TENANTS[number % 2]);
        let request = request(tenant);
        async move { (tenant, tokens.token(&request).await.unwrap()) }
    });
    for (tenant, token) in join_all(all).await {
        assert_eq!(token.claims().unwrap().tenant_id, Some(TenantId::new(tenant)));
    }
    // Each tenant's assertion is for that tenant's own token endpoint, and each tenant was asked once.
    let received = server.received_requests().await.unwrap();
    let redemptions: Vec<&Request> = received.iter().filter(|request| request.url.path().ends_with("/token")).collect();
    assert_eq!(redemptions.len(), 2);
    for redemption in redemptions {
        let form = form_of(redemption);
        assert_eq!(form["grant_type"], "client_credentials");
        assert_eq!(form["client_id"], application().to_string());
        assert_eq!(
            form["client_assertion_type"],
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        );
        assert!(!form.contains_key("client_secret"));
        let audience = format!("{}{}", server.uri(), redemption.url.path());
        assert_eq!(claims_of(&form["client_assertion"])["aud"], audience.as_str());
    }
}

#[tokio::test]
async fn a_federated_assertion_is_asked_for_anew_for_each_sign_in() {
    let (server, endpoints) = authority().await;
    let asked = Arc::new(AtomicU32::new(0));
    let source = move || {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        async move { Ok(SecretString::from(format!("assertion-{number}"))) }
    };
    let provider = ClientAssertionSignIn::new(endpoints.clone(), TenantId::new(TENANTS[0]), application(), source);
    let request = TokenRequest::new([endpoints.default_scope()]);
    for _ in 0..2 {
        provider.token(&request).await.unwrap();
    }
    let received = server.received_requests().await.unwrap();
    let sent: Vec<String> = received
        .iter()
        .filter(|request| request.url.path().ends_with("/token"))
        .map(|request| form_of(request)["client_assertion"].clone())
        .collect();
    assert_eq!(sent, ["assertion-0", "assertion-1"]);
}

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:contoso/site:environment:production";
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// A key with its certificate, and what an identity provider publishes and signs with it.
struct Signer {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Signer {
    fn new() -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::new(vec!["pipeline.contoso.com".to_owned()]).unwrap();
        let certificate = certificate.self_signed(&key).unwrap();
        Self { key, certificate }
    }

    /// The public key as a JSON Web Key Set.
    fn keys(&self) -> Value {
        // SEQUENCE { INTEGER modulus, INTEGER 65537 } of a key of 2048 bits.
        let modulus = &self.key.der_bytes()[9..9 + 256];
        json!({"keys": [{"kty": "RSA", "kid": "one", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB"}]})
    }

    /// A token of the identity provider, as it issues one to a workload.
    fn issue(&self, subject: &str) -> String {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let end = SystemClock.now().unix_timestamp() + 300;
        let claims = json!({"iss": ISSUER, "sub": subject, "aud": EXCHANGE, "exp": end, "nbf": end - 600});
        let signed = format!("{}.{}", part(json!({"alg": "RS256", "kid": "one"})), part(claims));
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A served tenant whose automation application signs in with this certificate and this identity provider.
async fn tenant_of(signer: &Signer) -> (EmulatedTenant, EmulatorServer) {
    let client = AutomationClient::default()
        .with_certificate(signer.certificate.der().to_vec())
        .with_federated_credential(ISSUER, SUBJECT, EXCHANGE);
    let tenant = EmulatedTenant::builder().automation_client(client).build();
    tenant.trust_issuer(ISSUER, &signer.keys());
    let server = crate::stage::serve(&tenant).await;
    (tenant, server)
}

/// Registers the apps with this sign-in, from the first request on.
async fn registers(server: &EmulatorServer, sign_in: impl TokenProvider + 'static) -> Result<Outcome, OnboardingError> {
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap();
    let directory = GraphDirectory::new(server.endpoints().clone(), sign_in);
    let job = AzureServicesConnection::builder(spec).directory(directory).build().unwrap();
    job.onboard(|_| ()).await
}

fn token_failure(result: Result<Outcome, OnboardingError>) -> (TokenFailure, Vec<u32>) {
    match result.unwrap_err() {
        OnboardingError::Read(ReadError::Directory(DirectoryError::Token(error))) => (
            error.failure(),
            error.refusal().map(|refusal| refusal.codes.clone()).unwrap_or_default(),
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_job_runs_with_a_certificate_and_a_foreign_certificate_is_refused() {
    let (signer, stranger) = (Signer::new(), Signer::new());
    let (tenant, server) = tenant_of(&signer).await;
    let sign_in = |signer: &Signer| {
        let certificate = ClientCertificate::from_pem(signer.certificate.pem(), signer.key.serialize_pem()).unwrap();
        let id = tenant.automation_client().id().into();
        ClientCertificateSignIn::new(server.endpoints().clone(), tenant.tenant_id().into(), id, certificate)
    };
    let refused = token_failure(registers(&server, sign_in(&stranger)).await);
    assert_eq!(refused, (TokenFailure::BadCredentials, vec![700_027]));
    assert!(registers(&server, sign_in(&signer)).await.unwrap().changed);
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_hours_makes_assertions_that_the_service_refuses_by_name() {
    #[derive(Debug)]
    struct Behind;
    impl Clock for Behind {
        fn now(&self) -> time::OffsetDateTime {
            SystemClock.now() - time::Duration::hours(2)
        }
    }
    let signer = Signer::new();
    let (tenant, server) = tenant_of(&signer).await;
    let certificate = ClientCertificate::from_der(signer.certificate.der(), signer.key.serialize_der()).unwrap();
    let id = tenant.automation_client().id().into();
    let sign_in = ClientCertificateSignIn::new(server.endpoints().clone(), tenant.tenant_id().into(), id, certificate);
    let request = TokenRequest::new([server.endpoints().default_scope()]);
    let error = sign_in.clock(Arc::new(Behind)).token(&request).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().codes, [700_024]);
    assert!(error.help().contains("clock"), "{}", error.help());
}

#[tokio::test]
async fn a_whole_job_runs_with_the_assertion_of_another_identity_provider() {
    let signer = Arc::new(Signer::new());
    let (tenant, server) = tenant_of(&signer).await;
    let sign_in = |subject: &'static str| {
        let signer = Arc::clone(&signer);
        let id = tenant.automation_client().id().into();
        ClientAssertionSignIn::new(server.endpoints().clone(), tenant.tenant_id().into(), id, move || {
            let assertion = signer.issue(subject);
            async move { Ok(SecretString::from(assertion)) }
        })
    };
    let refused = token_failure(registers(&server, sign_in("repo:contoso/other")).await);
    assert_eq!(refused, (TokenFailure::BadCredentials, vec![700_213]));
    assert!(registers(&server, sign_in(SUBJECT)).await.unwrap().changed);
}

#[tokio::test]
async fn neither_key_nor_assertion_is_shown() {
    let (_server, endpoints) = authority().await;
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let pem = CertificateParams::new(vec!["a.example".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let certificate = ClientCertificate::from_pem(pem, key.serialize_pem()).unwrap();
    let provider = ClientCertificateSignIn::new(endpoints.clone(), TenantId::new(TENANTS[0]), application(), certificate);
    let federated = ClientAssertionSignIn::new(endpoints, TenantId::new(TENANTS[0]), application(), || async {
        Ok(SecretString::from("canary-7Q"))
    });
    let shown = format!("{provider:?} {federated:?}");
    assert!(!shown.contains("canary-7Q") && !shown.contains("PRIVATE"));
    assert!(!shown.contains(&format!("{:?}", key.serialize_der())), "the key's bytes");
}
