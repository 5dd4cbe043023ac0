//! Two administrators and one sealed file: the first one registers without a site, the second one imports without a tenant.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use cmg_onboarding::{
    AzureServicesConnection, ConnectionSpec, DiscoverySpec, Outcome,
    clock::{Clock, SystemClock},
    hand_over::{HandOver, HandOverError, Recipient, RecipientKey, SealedHandOver},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use support::{connection, spec};
use time::{Duration, OffsetDateTime};

const CERTIFICATE: &[u8] = include_bytes!("../src/hand_over/test-data/certificate.pem");
const KEY: &[u8] = include_bytes!("../src/hand_over/test-data/key.pem");

fn now() -> OffsetDateTime {
    SystemClock.now()
}

fn wanted() -> ConnectionSpec {
    let discovery = DiscoverySpec::builder().users().groups(["Süd"]);
    spec().to_builder().description("für Zürich").discovery(discovery).build().unwrap()
}

async fn register(tenant: &EmulatedTenant, spec: ConnectionSpec) -> Outcome {
    let registering = AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .build()
        .unwrap();
    registering.onboard(|_| ()).await.unwrap()
}

#[tokio::test]
async fn one_registers_and_seals_and_another_one_opens_compares_and_imports() {
    let tenant = EmulatedTenant::new();
    let recipient = Recipient::from_certificate(CERTIFICATE, now()).unwrap();
    let outcome = register(&tenant, wanted()).await;
    let sealed = HandOver::new(&wanted(), &outcome)
        .unwrap()
        .seal(&recipient, now() + Duration::days(14))
        .unwrap();
    let read_out = sealed.fingerprint().to_string();
    let file = sealed.text();

    // The other administrator has the file, the key, and the telephone.
    let opened = SealedHandOver::from_text(&file)
        .unwrap()
        .open(&RecipientKey::from_pem(KEY).unwrap(), now())
        .unwrap();
    assert!(opened.fingerprint().unwrap().is_typed_as(&read_out));
    let page = opened.to_string();
    let (server, client) = (outcome.server_app.as_ref().unwrap(), outcome.client_app.as_ref().unwrap());
    for shown in [
        outcome.tenant_id.to_string(),
        server.application_id.to_string(),
        client.application_id.to_string(),
        read_out,
    ] {
        assert!(page.contains(&shown), "{shown} is not in\n{page}");
    }
    let secret = outcome.secret.as_ref().unwrap().value.expose();
    assert!(!page.contains(secret) && !file.contains(secret));

    let site = EmulatedSite::new();
    let importing = AzureServicesConnection::builder(opened.into_spec())
        .site(site.clone())
        .build()
        .unwrap();
    let plan = importing.plan(|_| ()).await.unwrap();
    assert!(!plan.is_empty());
    let imported = plan.apply(|_| ()).await.unwrap();
    assert!(imported.changed);
    assert_eq!(imported.client_settings(), outcome.client_settings());
    assert!(site.holds_secret(server.application_id, secret));
    let row = imported.connection.unwrap();
    assert_eq!((row.name.as_str(), row.description.as_deref()), ("Contoso CMG", Some("für Zürich")));

    // Together they have done what one administrator with both rights would have done.
    let whole = connection(wanted(), &tenant, &site).plan(|_| ()).await.unwrap();
    assert!(whole.is_empty(), "{whole}");
}

#[tokio::test]
async fn a_second_run_has_nothing_to_hand_over_until_a_secret_is_asked_for_anew() {
    let tenant = EmulatedTenant::new();
    register(&tenant, spec()).await;
    let again = register(&tenant, spec()).await;
    let error = HandOver::new(&spec(), &again).unwrap_err();
    assert_eq!(error, HandOverError::Nothing);
    let reissuing = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .reissue_secret(true)
        .build()
        .unwrap();
    let anew = reissuing.onboard(|_| ()).await.unwrap();
    let sealed_to = Recipient::from_certificate(CERTIFICATE, now()).unwrap();
    assert!(
        HandOver::new(&spec(), &anew)
            .unwrap()
            .seal(&sealed_to, now() + Duration::days(1))
            .is_ok()
    );
}
