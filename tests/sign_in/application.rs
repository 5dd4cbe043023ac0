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
    ApplicationId, CachedTokens, CloudEndpoints, TenantId, TokenProvider, TokenRequest,
    token::{ClientAssertionSignIn, ClientCertificate, ClientCertificateSignIn},
};
use futures_util::future::join_all;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
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
