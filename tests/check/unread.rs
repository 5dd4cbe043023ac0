//! What decides and could not be read is unknown or an error, and never well.

use std::sync::Arc;

use cmg_onboarding::{
    GraphDirectory, StaticToken,
    connection::{CheckStatus, Consents, WatchedApp},
    error::SiteUnreachable,
    http::RetryPolicy,
    site::{SiteRowId, SiteSnapshot, UnreadRow},
};
use cmg_onboarding_emulator::{Caller, EmulatedWire, WireFault, WireRefusal};

use crate::{
    expiring::watch,
    scene::{Scene, check, codes, server},
};

/// The directory over a wire, where each attempt is the last.
fn wired(scene: &Scene, caller: &Caller) -> (EmulatedWire, GraphDirectory) {
    let wire = EmulatedWire::new(&scene.tenant);
    let token = StaticToken::new(scene.tenant.token_for(caller)).with_clock(Arc::new(scene.clock.clone()));
    let http = wire.http().with_retry(RetryPolicy::default().attempts(1));
    let directory = wire.directory_builder(token).http(http).build();
    (wire, directory)
}

fn reader() -> Caller {
    Caller::user("monitoring").with_scopes(["Directory.Read.All"])
}

/// What is done to the site's rows.
type Change = fn(&mut SiteSnapshot);

fn faults() -> Vec<WireFault> {
    let mut faults = WireFault::all();
    let denied = ("Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
    faults.push(WireFault::Refusal(WireRefusal::new(403, denied.0, denied.1)));
    faults.push(WireFault::Refusal(WireRefusal::new(400, "Request_BadRequest", "Bad request.")));
    faults
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_reading_request_is_never_called_well() {
    let scene = Scene::new().await;
    let (wire, directory) = wired(&scene, &reader());
    let well = check(scene.with_site().directory(directory)).await;
    assert_eq!(well.status, CheckStatus::Ok, "{well}");
    let requests = wire.requests().len();
    assert!(requests >= 8, "{requests}");
    for consents in [Consents::Grant, Consents::LeaveToAdministrator] {
        for number in 1..=requests {
            for fault in faults() {
                let (wire, directory) = wired(&scene, &reader());
                wire.fail_at(number, fault.clone());
                let connection = scene.with_site().directory(directory).consents(consents).build().unwrap();
                let status = connection.check(|_| ()).await.map_or(CheckStatus::Unknown, |check| check.status);
                let met = wire.requests().get(number - 1).map(cmg_onboarding_emulator::WireRequest::name);
                assert_ne!(status, CheckStatus::Ok, "{fault:?} at {met:?}, {consents:?}");
                assert!(met.is_some());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_one_request_of_a_watch_is_unknown_with_its_error() {
    let scene = Scene::new().await;
    for fault in faults() {
        let (wire, directory) = wired(&scene, &reader());
        wire.fail_at(1, fault.clone());
        let found = watch(WatchedApp::from(scene.without_site().directory(directory).build().unwrap())).await;
        assert_eq!(found.status, CheckStatus::Unknown, "{fault:?}: {found}");
        let problem = found.problem.as_ref().unwrap();
        assert_eq!(problem.tenant, found.tenant_id);
        assert!(found.to_string().starts_with("UNKNOWN - Contoso CMG: "), "{found}");
        assert!(!problem.help.is_empty());
    }
}

#[tokio::test]
async fn a_site_that_cannot_be_read_is_unknown() {
    let scene = Scene::new().await;
    let refused = || SiteUnreachable::new("no answer", "Start the SMS Provider.");
    scene.site.fail_next(refused());
    assert!(scene.with_site().build().unwrap().check(|_| ()).await.is_err());
    scene.site.fail_next(refused());
    let found = watch(WatchedApp::from(scene.with_site().build().unwrap())).await;
    assert_eq!(found.status, CheckStatus::Unknown, "{found}");
    assert_eq!(found.expiries.len(), 1, "what the directory told is told");
}

#[tokio::test]
async fn what_the_site_does_not_tell_is_unknown_if_it_decides() {
    let unread: [(&str, Change); 5] = [
        ("siteSecretUnknown", |rows| server(rows).secret_expiry = None),
        ("siteFieldsUnread", |rows| server(rows).identifier_uri = None),
        ("siteFieldsUnread", |rows| rows.tenants[0].environment = None),
        ("discoveryUnread", |rows| rows.connections[0].is_discovery_unread = true),
        ("siteRowUnread", |rows| {
            rows.unread
                .push(UnreadRow::new("SMS_AAD_Application_Ex", Some(SiteRowId(4711)), "ClientID"));
        }),
    ];
    for (code, change) in unread {
        let scene = Scene::new().await;
        scene.site.change(change);
        let check = scene.check().await;
        assert_eq!(check.status, CheckStatus::Unknown, "{code}: {check}");
        assert_eq!(codes(&check)[0], code);
    }
}

#[tokio::test]
async fn what_would_be_a_warning_at_most_is_told_if_it_was_not_read() {
    let scene = Scene::new().await;
    scene.site.change(|rows| server(rows).created = None);
    let check = scene.check().await;
    assert_eq!(check.status, CheckStatus::Ok, "{check}");
    assert!(codes(&check).contains(&"siteFieldsUnread".to_owned()));
}

#[tokio::test]
async fn a_token_for_another_tenant_is_unknown_and_nothing_is_sent() {
    let scene = Scene::new().await;
    let (wire, directory) = wired(&scene, &reader());
    let other = "5a1e7a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse().unwrap();
    let connection = scene.without_site().directory(directory).tenant(other).build().unwrap();
    let check = connection.check(|_| ()).await.unwrap();
    assert_eq!(
        (check.status, codes(&check)),
        (CheckStatus::Unknown, vec!["wrongTenant".to_owned()])
    );
    let watched = watch(WatchedApp::from(connection)).await;
    assert_eq!(
        (watched.status, codes(&watched)),
        (CheckStatus::Unknown, vec!["wrongTenant".to_owned()])
    );
    assert!(wire.requests().is_empty());
}
