//! What an emulated site does with what it is given.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

use std::sync::Arc;

use cmg_onboarding::{
    Call, ClientSecret, CloudEnvironment, DiscoverySpec, Site,
    call::CallEvent,
    clock::FixedClock,
    error::SiteRefused,
    ids::TenantId,
    site::{ClientAppImport, ServerAppImport, SiteAction, SiteItem, SiteOnboarding, SiteRemoval},
};
use cmg_onboarding_emulator::EmulatedSite;
use time::macros::datetime;
use uuid::uuid;

fn onboarding(name: &str) -> SiteOnboarding {
    SiteOnboarding::new(
        TenantId::new(uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11")),
        "contoso.onmicrosoft.com",
        CloudEnvironment::AzurePublicCloud,
        ServerAppImport::Import {
            name: "Server".to_owned(),
            client_id: uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01").into(),
            secret_key: ClientSecret::new("a~value"),
            secret_key_expiry: datetime!(2099-01-01 00:00 UTC),
            app_id_uri: "https://contoso.com/ConfigMgrService".parse().unwrap(),
        },
        ClientAppImport::Import {
            name: "Client".to_owned(),
            client_id: uuid!("2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02").into(),
        },
        name,
    )
}

#[tokio::test]
async fn a_site_makes_what_is_missing_and_keeps_what_is_there() {
    let site = EmulatedSite::new();
    let mut wanted = onboarding("Contoso CMG");
    wanted.discovery = Some(DiscoverySpec::builder().users().build().unwrap());
    let (call, mut heard) = Call::channel();
    let first = site.onboard(call, &wanted).await.unwrap();
    let mut told = 0;
    while let Some(CallEvent::Progress(_)) = heard.try_next() {
        told += 1;
    }
    assert!(first.done.iter().all(|step| step.action == SiteAction::Created), "{:?}", first.done);
    assert_eq!(told, 5);
    assert!(first.connection.id.0 >= 16_777_217);
    assert!(site.holds_secret(wanted.server_app.client_id(), "a~value"));
    assert!(!site.state().to_string().contains("a~value"));
    let before = site.state();
    let second = site.onboard(Call::quiet(), &wanted).await.unwrap();
    assert!(
        second.done.iter().all(|step| step.action == SiteAction::Unchanged),
        "{:?}",
        second.done
    );
    assert_eq!(site.state(), before);
}

#[tokio::test]
async fn what_no_cmdlet_changes_is_told_with_the_consoles_way() {
    let site = EmulatedSite::new();
    site.onboard(Call::quiet(), &onboarding("Contoso CMG")).await.unwrap();
    let mut wanted = onboarding("Contoso CMG");
    if let ServerAppImport::Import { secret_key_expiry, .. } = &mut wanted.server_app {
        *secret_key_expiry = datetime!(2098-01-01 00:00 UTC);
    }
    wanted.description = Some("now with a description".to_owned());
    let done = site.onboard(Call::quiet(), &wanted).await.unwrap().done;
    assert!(
        matches!(&done[1].action, SiteAction::Differs(way) if way.contains("Renew Secret Key")),
        "{done:?}"
    );
    assert_eq!(done[3].action, SiteAction::Changed);
}

#[tokio::test]
async fn a_tenant_has_one_connection_in_a_site() {
    let site = EmulatedSite::new();
    let first = site.onboard(Call::quiet(), &onboarding("Contoso CMG")).await.unwrap();
    let failure = site.onboard(Call::quiet(), &onboarding("Another")).await.unwrap_err();
    assert!(failure.error.to_string().contains("Contoso CMG"), "{}", failure.error);
    let removal = SiteRemoval::new(first.connection.id, "Contoso CMG");
    let removed = site.remove(Call::quiet(), &removal).await.unwrap();
    assert!(removed.connection);
    assert_eq!(removed.left_behind.len(), 3, "both apps and the tenant stay");
    assert!(!site.remove(Call::quiet(), &removal).await.unwrap().connection);
    site.onboard(Call::quiet(), &onboarding("Another")).await.unwrap();
}

#[tokio::test]
async fn a_site_fails_where_it_is_told_to_and_keeps_what_was_done() {
    let site = EmulatedSite::new();
    site.fail_at(SiteItem::ClientApp, SiteRefused::new("import the client app", "no", "x"));
    let failure = site.onboard(Call::quiet(), &onboarding("Contoso CMG")).await.unwrap_err();
    assert_eq!(failure.done.len(), 2);
    site.fail_next(SiteRefused::new("read", "no", "x"));
    assert!(site.snapshot(Call::quiet()).await.is_err());
    let again = site.onboard(Call::quiet(), &onboarding("Contoso CMG")).await.unwrap();
    assert_eq!(again.done[1].action, SiteAction::Unchanged);
    assert_eq!(again.done[2].action, SiteAction::Created);
}

#[tokio::test]
async fn a_site_without_rights_or_cmdlets_is_not_written_to() {
    for site in [
        EmulatedSite::builder().may_write(false).build(),
        EmulatedSite::builder().version("5.00.9012.1000").build(),
        EmulatedSite::builder()
            .clock(Arc::new(FixedClock(datetime!(2100-01-01 00:00 UTC))))
            .build(),
    ] {
        let before = site.state();
        let failure = site.onboard(Call::quiet(), &onboarding("Contoso CMG")).await.unwrap_err();
        assert!(failure.done.is_empty());
        assert_eq!(site.state(), before);
    }
}
