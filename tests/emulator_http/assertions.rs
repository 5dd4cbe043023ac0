//! Signing in without a secret: with a certificate, and with a token of an identity provider.

use std::sync::LazyLock;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cmg_onboarding_emulator::{AutomationClient, EmulatedTenant};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::datetime};
use tokio_rustls::rustls::{SignatureScheme, crypto::aws_lc_rs::sign::any_supported_type, pki_types::PrivatePkcs8KeyDer};

use crate::support::{Graph, text};

const NOW: OffsetDateTime = datetime!(2026-10-01 12:00 UTC);
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ISSUER: &str = "https://token.example/";
const SUBJECT: &str = "repo:contoso/site:environment:production";
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// A key pair with its certificate.
struct Signer {
    key: KeyPair,
    certificate: Vec<u8>,
}

/// Two RSA keys for all tests: making one takes long.
static ONE: LazyLock<Signer> = LazyLock::new(Signer::rsa);
static TWO: LazyLock<Signer> = LazyLock::new(Signer::rsa);

impl Signer {
    fn rsa() -> Self {
        Self::of(KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap())
    }

    fn of(key: KeyPair) -> Self {
        let certificate = CertificateParams::new(vec!["pipeline".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        Self {
            certificate: certificate.der().to_vec(),
            key,
        }
    }

    fn token(&self, header: Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let (scheme, is_curve) = match header["alg"].as_str().unwrap() {
            "PS256" => (SignatureScheme::RSA_PSS_SHA256, false),
            "RS256" => (SignatureScheme::RSA_PKCS1_SHA256, false),
            _ => (SignatureScheme::ECDSA_NISTP256_SHA256, true),
        };
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let key = any_supported_type(&key.into()).unwrap();
        let signature = key.choose_scheme(&[scheme]).unwrap().sign(signed.as_bytes()).unwrap();
        // JSON Web Signatures write both numbers of a curve's signature one after the other.
        let signature = if is_curve {
            integers(&signature).iter().flat_map(|number| padded(number, 32)).collect()
        } else {
            signature
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.certificate))
    }

    /// The public key as a JSON Web Key Set.
    fn keys(&self) -> Value {
        let raw = self.key.der_bytes();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = if self.key.algorithm() == &PKCS_ECDSA_P256_SHA256 {
            json!({"kty": "EC", "crv": "P-256", "kid": "one", "x": part(&raw[1..33]), "y": part(&raw[33..])})
        } else {
            let numbers = integers(raw);
            json!({"kty": "RSA", "kid": "one", "n": part(&numbers[0]), "e": part(&numbers[1])})
        };
        json!({"keys": [key]})
    }
}

/// The integers of an ASN.1 sequence, without leading zeros.
fn integers(der: &[u8]) -> Vec<Vec<u8>> {
    fn header(der: &[u8]) -> (usize, usize) {
        match der[1] {
            short @ 0..=127 => (2, short.into()),
            long => {
                let count = usize::from(long & 127);
                let length = der[2..2 + count].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                (2 + count, length)
            }
        }
    }
    let mut rest = &der[header(der).0..];
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (begin, length) = header(rest);
        let number = &rest[begin..begin + length];
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        found.push(number[zeros..].to_vec());
        rest = &rest[begin + length..];
    }
    found
}

fn padded(number: &[u8], length: usize) -> Vec<u8> {
    let zeros = std::iter::repeat_n(0, length - number.len());
    zeros.chain(number.iter().copied()).collect()
}

/// A served tenant with one app that has a service principal.
async fn with_app() -> (Graph, String, String) {
    let graph = Graph::of(EmulatedTenant::builder().clock(|| NOW).build()).await;
    let app = graph.create("Pipeline").await;
    let (status, _) = graph.post("v1.0/servicePrincipals", json!({"appId": app["appId"]})).await;
    assert_eq!(status, 201);
    let path = format!("v1.0/applications/{}", text(&app, "id"));
    (graph, text(&app, "appId").to_owned(), path)
}

async fn sign_in(graph: &Graph, client: &str, assertion: &str) -> (u16, Value) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    graph.form("contoso.com/oauth2/v2.0/token", &fields).await
}

fn claims(graph: &Graph, client: &str) -> Value {
    let now = NOW.unix_timestamp();
    json!({
        "aud": format!("{}{}/oauth2/v2.0/token", graph.server.url(), graph.server.tenant().tenant_id()),
        "iss": client, "sub": client, "jti": "7b7bd7c0", "nbf": now, "iat": now, "exp": now + 300,
    })
}

#[tokio::test]
async fn a_registered_certificate_signs_in_and_its_value_is_not_shown() {
    let (graph, app, path) = with_app().await;
    let signer = &*ONE;
    let key = json!({"type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(&signer.certificate)});
    assert_eq!(graph.patch(&path, json!({"keyCredentials": [key]})).await.0, 204);
    let (_, found) = graph.get(&path).await;
    let stored = &found["keyCredentials"][0];
    assert_eq!(stored["key"], Value::Null);
    let sha1 = text(stored, "customKeyIdentifier");
    assert_eq!(sha1.len(), 40);
    let sha1: Vec<u8> = (0..40)
        .step_by(2)
        .map(|at| u8::from_str_radix(&sha1[at..at + 2], 16).unwrap())
        .collect();
    for header in [
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": signer.sha256()}),
        json!({"alg": "RS256", "typ": "JWT", "x5t#S256": signer.sha256()}),
        json!({"alg": "RS256", "typ": "JWT", "x5t": URL_SAFE_NO_PAD.encode(sha1)}),
    ] {
        let (status, answer) = sign_in(&graph, &app, &signer.token(header.clone(), &claims(&graph, &app))).await;
        assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")), "{header}: {answer}");
    }
    // A key that is sent back without its value stays.
    assert_eq!(graph.patch(&path, json!({"keyCredentials": [stored]})).await.0, 204);
    let header = json!({"alg": "PS256", "x5t#S256": signer.sha256()});
    let token = signer.token(header, &claims(&graph, &app));
    assert_eq!(sign_in(&graph, &app, &token).await.0, 200);
    assert_eq!(sign_in(&graph, "", &token).await.0, 200, "the assertion names the client");
    assert_eq!(graph.patch(&path, json!({"keyCredentials": []})).await.0, 204);
    assert_eq!(sign_in(&graph, &app, &token).await.1["error_codes"], json!([700_027]));
    let junk = json!({"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AQID"}]});
    assert_eq!(graph.patch(&path, junk).await.0, 400);
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_is_refused_with_its_reason() {
    let (graph, app, path) = with_app().await;
    let (signer, other) = (&*ONE, &*TWO);
    let key = json!({"type": "AsymmetricX509Cert", "usage": "Verify", "key": STANDARD.encode(&signer.certificate)});
    assert_eq!(graph.patch(&path, json!({"keyCredentials": [key]})).await.0, 204);
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": signer.sha256()});
    let with = |name: &str, value: Value| {
        let mut claims = claims(&graph, &app);
        claims[name] = value;
        signer.token(header.clone(), &claims)
    };
    let now = NOW.unix_timestamp();
    let good = claims(&graph, &app);
    for (case, token, number) in [
        ("another key", other.token(header.clone(), &good), 700_027),
        (
            "a certificate that is not registered",
            other.token(json!({"alg": "PS256", "x5t#S256": other.sha256()}), &good),
            700_027,
        ),
        (
            "an algorithm that is none",
            signer
                .token(header.clone(), &good)
                .replace(&URL_SAFE_NO_PAD.encode(header.to_string()), &{
                    let mut none = header.clone();
                    none["alg"] = json!("none");
                    URL_SAFE_NO_PAD.encode(none.to_string())
                }),
            700_027,
        ),
        ("another audience", with("aud", json!("https://login.example/token")), 700_023),
        ("over", with("exp", json!(now)), 700_024),
        ("not yet", with("nbf", json!(now + 3600)), 700_024),
        ("without an end", with("exp", Value::Null), 700_024),
        (
            "another subject",
            with("sub", json!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01")),
            700_021,
        ),
        ("without an id", with("jti", Value::Null), 50_027),
        ("no certificate named", signer.token(json!({"alg": "PS256"}), &good), 50_027),
        ("no token", "x.y".to_owned(), 50_027),
    ] {
        let (status, refused) = sign_in(&graph, &app, &token).await;
        assert_eq!((status, &refused["error_codes"]), (401, &json!([number])), "{case}: {refused}");
        assert_eq!(refused["error"], "invalid_client", "{case}");
    }
    let token = signer.token(header, &good);
    let unknown = sign_in(&graph, "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", &token).await;
    assert_eq!((unknown.0, &unknown.1["error_codes"]), (400, &json!([700_016])));
    // The certificate says who it is, and not that the app may sign in.
    let principal = format!("v1.0/servicePrincipals(appId='{app}')");
    assert_eq!(graph.patch(&principal, json!({"accountEnabled": false})).await.0, 204);
    assert_eq!(sign_in(&graph, &app, &token).await.1["error_codes"], json!([7_000_112]));
}

#[tokio::test]
async fn a_token_of_an_identity_provider_signs_in_where_a_credential_names_it() {
    let (graph, app, path) = with_app().await;
    let credentials = format!("{path}/federatedIdentityCredentials");
    let credential = json!({"name": "production", "issuer": ISSUER, "subject": SUBJECT, "audiences": [EXCHANGE]});
    let (status, made) = graph.post(&credentials, credential.clone()).await;
    assert_eq!((status, &made["subject"]), (201, &credential["subject"]), "{made}");
    let mut listed = made.clone();
    let context = listed.as_object_mut().unwrap().remove("@odata.context");
    assert!(context.is_some(), "{made}");
    assert_eq!(graph.get(&credentials).await.1["value"], json!([listed]));
    assert_eq!(graph.post(&credentials, credential.clone()).await.0, 400, "the same once more");
    let two = json!({"name": "two", "issuer": ISSUER, "subject": "x", "audiences": ["a", "b"]});
    assert_eq!(graph.post(&credentials, two).await.0, 400);

    let now = NOW.unix_timestamp();
    let good = json!({"iss": ISSUER, "sub": SUBJECT, "aud": EXCHANGE, "nbf": now, "exp": now + 300});
    let other = &*TWO;
    let curve = Signer::of(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
    for (signer, algorithm) in [(&*ONE, "RS256"), (&curve, "ES256")] {
        graph.server.tenant().trust_issuer(ISSUER, &signer.keys());
        // Some providers name their certificate, which is none of the app's.
        let header = json!({"alg": algorithm, "kid": "one", "x5t": "YW5vdGhlciBvbmU"});
        let token = signer.token(header.clone(), &good);
        assert_eq!(sign_in(&graph, &app, &token).await.0, 200, "{algorithm}");
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            signer.token(header.clone(), &claims)
        };
        let forged = other.token(json!({"alg": "RS256", "kid": "one"}), &good);
        for (case, token, number) in [
            ("another issuer", with("iss", json!("https://token.example")), 700_211),
            ("another case", with("sub", json!(SUBJECT.to_uppercase())), 700_213),
            ("another audience", with("aud", json!("api://else")), 700_212),
            ("over", with("exp", json!(now - 1)), 700_024),
            ("another key", forged, 700_027),
        ] {
            let (status, refused) = sign_in(&graph, &app, &token).await;
            assert_eq!(
                (status, &refused["error_codes"]),
                (401, &json!([number])),
                "{algorithm}, {case}: {refused}"
            );
        }
    }
    let one = format!("{credentials}/{}", text(&made, "id"));
    assert_eq!(graph.send(Method::DELETE, &one, &[], None).await.0, 204);
    assert_eq!(graph.get(&one).await.0, 404);
}

#[tokio::test]
async fn the_automation_client_may_sign_in_with_either_and_with_less() {
    let signer = &*ONE;
    let client = AutomationClient::default()
        .with_certificate(signer.certificate.clone())
        .with_federated_credential(ISSUER, SUBJECT, EXCHANGE)
        .with_permissions(["Application.ReadWrite.OwnedBy"]);
    let id = client.id().to_string();
    let graph = Graph::of(EmulatedTenant::builder().clock(|| NOW).automation_client(client).build()).await;
    graph.server.tenant().trust_issuer(ISSUER, &signer.keys());
    let own = signer.token(json!({"alg": "PS256", "x5t#S256": signer.sha256()}), &claims(&graph, &id));
    let end = NOW.unix_timestamp() + 60;
    let provider = json!({"iss": ISSUER, "sub": SUBJECT, "aud": [EXCHANGE], "exp": end});
    let theirs = signer.token(json!({"alg": "RS256", "kid": "one"}), &provider);
    for token in [own, theirs] {
        let (status, answer) = sign_in(&graph, &id, &token).await;
        assert_eq!(status, 200, "{answer}");
        let payload = text(&answer, "access_token").split('.').nth(1).unwrap();
        let access: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(access["roles"], json!(["Application.ReadWrite.OwnedBy"]));
    }
}
