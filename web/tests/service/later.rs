//! Life after the first day: renewal, one app alone, hand-over, removal.

use cmg_onboarding::hand_over::{RecipientKey, SealedHandOver};
use serde_json::json;

use crate::client::{Options, Served};

#[tokio::test]
async fn a_renewed_secret_is_taken_once_and_confirmed_when_the_site_has_it() {
    let served = Served::start().await;
    let id = served.session().await;
    served.carry_out(&id, json!({})).await;
    // The directory keeps times in whole seconds, and by them a renewal tells the new secret from the old one.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let renewed = served.carry_out(&id, json!({ "verb": "renewSecret" })).await;
    assert_eq!(
        (&renewed["phase"], &renewed["secret"]["state"]),
        (&json!("done"), &json!("held")),
        "{}",
        renewed["problem"]
    );
    let secret = served.post(&format!("/api/sessions/{id}/secret"), json!({})).await.expect(200);
    assert_eq!(secret["keyId"], renewed["secret"]["keyId"]);
    let after = served.read(&id).await;
    assert_eq!(after["secret"]["state"], "handedOver");
    let waiting = served
        .post(&format!("/api/sessions/{id}/plan?wait=60"), json!({ "verb": "renewSecret" }))
        .await
        .expect(200);
    assert!(waiting["phase"] == "planned" || !waiting["problem"].is_null(), "{waiting}");
}

#[tokio::test]
async fn each_app_is_registered_by_itself_and_the_site_is_left_to_the_last_plan() {
    let served = Served::start().await;
    let id = served.session().await;
    let server = served.carry_out(&id, json!({ "only": "server" })).await;
    assert_eq!(server["phase"], "done", "{}", server["problem"]);
    let steps = server["pages"][4]["steps"].as_array().unwrap();
    assert!(
        !steps
            .iter()
            .any(|step| step["step"] == "registerClientApp" || step["step"] == "createConnection"),
        "{steps:?}"
    );
    // The next administrator.
    served.post(&format!("/api/sessions/{id}/sign-out"), json!({})).await.expect(200);
    assert_eq!(
        served
            .post(&format!("/api/sessions/{id}/plan"), json!({ "only": "client" }))
            .await
            .code(),
        "signInNeeded"
    );
    served
        .post(&format!("/api/sessions/{id}/sign-in"), json!({ "way": "provided" }))
        .await
        .expect(200);
    let client = served.carry_out(&id, json!({ "only": "client" })).await;
    assert_eq!(client["phase"], "done", "{}", client["problem"]);
    let whole = served.carry_out(&id, json!({})).await;
    assert_eq!(
        (&whole["phase"], &whole["secret"]["state"]),
        (&json!("done"), &json!("none")),
        "{}",
        whole["problem"]
    );
}

#[tokio::test]
async fn what_was_registered_is_sealed_for_the_administrator_of_the_site_once() {
    let served = Served::with(Options {
        with_site: false,
        ..Options::default()
    })
    .await;
    let id = served.session().await;
    served.carry_out(&id, json!({})).await;
    let (certificate, key) = recipient();
    let path = format!("/api/sessions/{id}/hand-over");
    let wrong = served.post(&path, json!({ "recipientCertificate": "not one", "days": 7 })).await;
    assert_eq!(wrong.status, 422);
    let sealed = served
        .post(&path, json!({ "recipientCertificate": certificate, "days": 7 }))
        .await
        .expect(200);
    let sealed_hand_over = SealedHandOver::from_text(sealed["text"].as_str().unwrap()).unwrap();
    let opened = sealed_hand_over
        .open(&RecipientKey::from_pem(key.as_bytes()).unwrap(), time::OffsetDateTime::UNIX_EPOCH)
        .unwrap();
    assert_eq!(opened.spec().name(), "Contoso CMG");
    assert_eq!(
        served
            .post(&path, json!({ "recipientCertificate": certificate, "days": 7 }))
            .await
            .code(),
        "secretHandedOver"
    );
    assert_eq!(
        served.post(&format!("/api/sessions/{id}/secret"), json!({})).await.code(),
        "secretHandedOver"
    );
}

/// A certificate to seal for, and its key.
pub(crate) fn recipient() -> (String, String) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, "the administrator of the site");
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::KeyEncipherment, rcgen::KeyUsagePurpose::DataEncipherment];
    // Document Encryption.
    parameters.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 311, 80, 1])];
    let certificate = parameters.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_removal_is_shown_approved_and_carried_out_like_every_plan() {
    let served = Served::start().await;
    let id = served.session().await;
    served.carry_out(&id, json!({})).await;
    let removal = json!({ "verb": "remove", "removalScope": "connectionAndApps" });
    let planned = served
        .post(&format!("/api/sessions/{id}/plan?wait=60"), removal.clone())
        .await
        .expect(200);
    assert_eq!(planned["phase"], "planned", "{}", planned["problem"]);
    assert_eq!(planned["pages"][3]["plan"]["document"]["verb"], "remove");
    let removed = served.carry_out(&id, removal).await;
    assert_eq!(removed["phase"], "done", "{}", removed["problem"]);
    assert_eq!(served.site.state()["connections"], json!([]));
}
