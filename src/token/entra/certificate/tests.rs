use super::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData};
use rustls::crypto::aws_lc_rs::default_provider;
use serde_json::Value;
use std::collections::HashSet;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-27 12:00 UTC);

struct Pair {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

fn pair(algorithm: &'static rcgen::SignatureAlgorithm) -> Pair {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let certificate = CertificateParams::new(vec!["pipeline.contoso.com".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    Pair { key, certificate }
}

impl Pair {
    fn read(&self) -> ClientCertificate {
        ClientCertificate::from_pem(self.certificate.pem(), self.key.serialize_pem()).unwrap()
    }
}

fn endpoint() -> Url {
    "https://login.microsoftonline.us/6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11/oauth2/v2.0/token"
        .parse()
        .unwrap()
}

fn application() -> ApplicationId {
    ApplicationId::new(Uuid::from_u128(7))
}

/// Header and claims, after the signature was verified with the certificate's public key.
fn verified(assertion: &str, pair: &Pair) -> (Value, Value) {
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let algorithms = default_provider().signature_verification_algorithms.mapping;
    let (_, of_scheme) = algorithms
        .iter()
        .find(|(scheme, _)| *scheme == SignatureScheme::RSA_PSS_SHA256)
        .unwrap();
    let verifies = |message: &[u8]| {
        of_scheme
            .iter()
            .any(|algorithm| algorithm.verify_signature(pair.key.der_bytes(), message, &signature).is_ok())
    };
    assert!(verifies(signed.as_bytes()), "the signature does not verify");
    assert!(!verifies(b"something else"), "it verifies whatever is signed");
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (read(header), read(claims))
}

#[test]
fn an_assertion_is_what_microsoft_documents_and_its_signature_verifies() {
    let pair = pair(&PKCS_RSA_SHA256);
    let assertion = pair.read().assertion(application(), &endpoint(), NOW).unwrap();
    let (header, claims) = verified(&assertion, &pair);
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(pair.certificate.der()));
    assert_eq!(header, json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}));
    assert_eq!(claims["aud"], endpoint().as_str(), "the token endpoint of that cloud");
    assert_eq!(claims["iss"], application().to_string());
    assert_eq!(claims["sub"], claims["iss"]);
    assert_eq!(
        (&claims["nbf"], &claims["iat"]),
        (&json!(NOW.unix_timestamp()), &json!(NOW.unix_timestamp()))
    );
    let lifetime = claims["exp"].as_i64().unwrap() - NOW.unix_timestamp();
    assert!((300..=600).contains(&lifetime), "{lifetime} seconds");
    assert!(claims["jti"].as_str().unwrap().parse::<Uuid>().is_ok());
    assert_eq!(claims.as_object().unwrap().len(), 7);
}

#[test]
fn the_sha1_thumbprint_is_sent_beside_the_other_one_only_if_it_is_asked_for() {
    let pair = pair(&PKCS_RSA_SHA256);
    let certificate = pair.read().with_sha1_thumbprint(true);
    let (header, _) = verified(&certificate.assertion(application(), &endpoint(), NOW).unwrap(), &pair);
    // What `openssl x509 -fingerprint -sha1` prints are 20 bytes.
    assert_eq!(URL_SAFE_NO_PAD.decode(header["x5t"].as_str().unwrap()).unwrap().len(), 20);
    assert_eq!(header["x5t#S256"], pair.read().thumbprint);
    assert_eq!(header.as_object().unwrap().len(), 4);
    // FIPS 180-1, appendix A.
    let abc: String = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"abc")
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(abc, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

#[test]
fn no_two_assertions_have_the_same_id() {
    let pair = pair(&PKCS_RSA_SHA256);
    let certificate = pair.read();
    let id = |_| {
        let assertion = certificate.assertion(application(), &endpoint(), NOW).unwrap();
        verified(&assertion, &pair).1["jti"].as_str().unwrap().to_owned()
    };
    assert_eq!((0..5).map(id).collect::<HashSet<_>>().len(), 5);
}

#[test]
fn pem_in_one_text_a_chain_and_der_are_read_alike() {
    let (one, other) = (pair(&PKCS_RSA_SHA256), pair(&PKCS_RSA_SHA256));
    let thumbprint = one.read().thumbprint;
    let both = format!("{}{}{}", one.key.serialize_pem(), other.certificate.pem(), one.certificate.pem());
    assert_eq!(ClientCertificate::from_pem(&both, both.as_str()).unwrap().thumbprint, thumbprint);
    let der = ClientCertificate::from_der(one.certificate.der(), one.key.serialize_der()).unwrap();
    assert_eq!(der.thumbprint, thumbprint);
    verified(&der.assertion(application(), &endpoint(), NOW).unwrap(), &one);
}

#[test]
fn what_cannot_sign_in_is_told_by_its_reason() {
    let (one, other, curve) = (pair(&PKCS_RSA_SHA256), pair(&PKCS_RSA_SHA256), pair(&PKCS_ECDSA_P256_SHA256));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (certificate, key, expected) in [
        (String::new(), one.key.serialize_pem(), ValueKind::Certificate),
        (one.certificate.pem(), String::new(), ValueKind::PrivateKey),
        (one.certificate.pem(), encrypted.to_owned(), ValueKind::UnencryptedKey),
        (curve.certificate.pem(), curve.key.serialize_pem(), ValueKind::RsaKey),
        (one.certificate.pem(), other.key.serialize_pem(), ValueKind::KeyOfCertificate),
    ] {
        assert_eq!(ClientCertificate::from_pem(certificate, key).unwrap_err().kind, expected);
    }
    let not_der = ClientCertificate::from_der(one.certificate.der(), b"no key").unwrap_err().kind;
    assert_eq!(not_der, ValueKind::PrivateKey);
}

#[test]
fn a_certificate_shows_its_thumbprint_and_nothing_of_its_key() {
    let pair = pair(&PKCS_RSA_SHA256);
    let shown = format!("{:?}", pair.read());
    assert_eq!(
        shown,
        format!("ClientCertificate {{ thumbprint: {:?}, .. }}", pair.read().thumbprint)
    );
}
