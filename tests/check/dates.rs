//! When a secret ends, which one counts, and how grave that is.

use std::sync::Arc;

use cmg_onboarding::{
    AzureServicesConnection, Call, Directory,
    connection::{Answer, Check, CheckStatus, ExpiryKind, WatchedApp},
    directory::NewPassword,
};
use serde_json::{Value, json};
use time::{Duration, macros::datetime};

use crate::{
    scene::{Scene, check, codes, server},
    support::spec,
};

#[tokio::test]
async fn a_healthy_connection_is_well_and_tells_when_its_secret_ends() {
    let scene = Scene::new().await;
    let check = scene.check().await;
    assert_eq!(check.status, CheckStatus::Ok, "{check}");
    let next = check.next_expiry.as_ref().unwrap();
    assert_eq!((next.kind, next.used_by_site, next.is_own), (ExpiryKind::Secret, Answer::Yes, true));
    assert_eq!(next.key_id, Some(scene.server_app().await.password_credentials[0].key_id));
    assert_eq!(check.expiries, std::slice::from_ref(next));
    assert_eq!(check.tenant_id, Some(scene.tenant.tenant_id().into()));
    assert_eq!(
        check.application_id,
        Some(scene.outcome.server_app.as_ref().unwrap().application_id)
    );
    assert_eq!(check.status.exit_code(), 0);
    let first = check.to_string().lines().next().unwrap().to_owned();
    assert!(
        first.starts_with("OK - Contoso CMG: The secret that the site uses ends on 2027-11-"),
        "{first}"
    );
    assert!(first.ends_with(&format!(" | days_left={}", check.days_left().unwrap())), "{first}");
    assert_eq!(check.findings, [], "nothing that only a run needs");
}

#[tokio::test]
async fn with_a_site_and_without_each_threshold_is_a_warning_and_the_last_one_critical() {
    for (days, expected) in [
        (91, CheckStatus::Ok),
        (89, CheckStatus::Warning),
        (29, CheckStatus::Warning),
        (6, CheckStatus::Critical),
        (0, CheckStatus::Critical),
        (-40, CheckStatus::Critical),
    ] {
        let scene = Scene::new().await;
        scene.days_before_the_end(days);
        let with_site = scene.check().await;
        assert_eq!(with_site.status, expected, "{days} days: {with_site}");
        let without = check(scene.without_site()).await;
        assert_eq!(without.status, expected, "{days} days, without a site: {without}");
        assert_eq!(without.next_expiry.as_ref().unwrap().used_by_site, Answer::Unknown);
        assert_eq!(without.days_left(), with_site.days_left());
    }
}

#[tokio::test]
async fn the_thresholds_are_the_callers() {
    let scene = Scene::new().await;
    scene.days_before_the_end(20);
    let with = |days: &[u16]| scene.with_site().secret_thresholds(days.iter().copied());
    assert_eq!(check(with(&[14])).await.status, CheckStatus::Ok);
    assert_eq!(
        check(with(&[21])).await.status,
        CheckStatus::Critical,
        "a single threshold is the last one"
    );
    assert_eq!(check(with(&[21, 5])).await.status, CheckStatus::Warning);
    assert_eq!(check(with(&[])).await.status, CheckStatus::Ok);
    scene.days_before_the_end(-1);
    assert_eq!(check(with(&[])).await.status, CheckStatus::Critical, "expired is expired");
}

/// Adds a secret that ends this long after the other one.
async fn add_secret(scene: &Scene, later: Duration) {
    let app = scene.server_app().await;
    let ends = app.password_credentials[0].end_date_time.unwrap() + later;
    let new = NewPassword::new("by hand", ends);
    scene
        .tenant
        .directory()
        .add_password(Call::quiet(), app.object_id, &new)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_secret_that_the_site_uses_counts_and_without_a_site_the_first_one_that_ends() {
    let scene = Scene::new().await;
    add_secret(&scene, Duration::days(200)).await;
    scene.days_before_the_end(20);
    // A person has typed the new one into the site.
    scene.site.change(|rows| {
        let row = server(rows);
        row.secret_expiry = row.secret_expiry.map(|end| end + Duration::days(200));
    });
    let renewed = scene.check().await;
    assert_eq!(renewed.status, CheckStatus::Ok, "{renewed}");
    assert_eq!(renewed.days_left(), Some(220));
    let used: Vec<_> = renewed.expiries.iter().map(|end| end.used_by_site).collect();
    assert_eq!(used, [Answer::No, Answer::Yes]);

    let without = check(scene.without_site()).await;
    assert_eq!(without.status, CheckStatus::Warning, "{without}");
    assert_eq!((without.expiries.len(), without.days_left()), (2, Some(20)));
    assert!(without.expiries.iter().all(|end| end.used_by_site == Answer::Unknown));
    assert_eq!(codes(&without)[0], "firstSecretExpiresSoon");
    assert!(without.to_string().contains("not known"), "{without}");
}

#[tokio::test]
async fn a_certificate_is_told_and_decides_nothing() {
    let scene = Scene::new().await;
    let app = scene.server_app().await;
    let certificate = json!({"keyId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "endDateTime": "2026-11-26T00:00:00Z", "type": "AsymmetricX509Cert", "usage": "Verify"});
    assert!(scene.tenant.change_object(app.object_id, json!({"keyCredentials": [certificate]})));
    for check in [scene.check().await, check(scene.without_site()).await] {
        assert_eq!(check.status, CheckStatus::Ok, "{check}");
        assert_eq!(check.expiries[0].kind, ExpiryKind::Certificate);
        assert_eq!(check.next_expiry.unwrap().kind, ExpiryKind::Secret);
    }
}

#[tokio::test]
async fn an_app_of_more_than_800_days_is_a_warning_and_before_that_it_is_told() {
    for (days, expected, code) in [
        (750, CheckStatus::Ok, "appRenewableUntil"),
        (801, CheckStatus::Warning, "appTooOldToRenew"),
    ] {
        let scene = Scene::new().await;
        let created = scene.row().created.unwrap() - Duration::days(days);
        scene.site.change(|rows| server(rows).created = Some(created));
        let check = scene.check().await;
        assert_eq!(check.status, expected, "{check}");
        let told = codes(&check)
            .iter()
            .position(|told| told == code)
            .unwrap_or_else(|| panic!("{check}"));
        let told = check.findings[told].parameters();
        assert_eq!(told["createdOn"], created.date().to_string());
        let until = (days < 800).then(|| (created + Duration::days(800)).date().to_string());
        assert_eq!(told.get("until").and_then(Value::as_str), until.as_deref());
    }
}

#[tokio::test]
async fn what_was_never_set_up_is_critical_and_not_well() {
    let scene = Scene::new().await;
    let other = AzureServicesConnection::builder(spec().to_builder().key("Fabrikam CMG").build().unwrap())
        .directory(scene.tenant.directory())
        .site(scene.site.clone());
    let check = check(other.clock(Arc::new(scene.clock.clone()))).await;
    assert_eq!(check.status, CheckStatus::Critical, "{check}");
    assert!(codes(&check).contains(&"stepNotDone".to_owned()), "{check}");
}

#[tokio::test]
async fn the_report_is_the_golden_one_and_reads_back_from_its_json() {
    let scene = Scene::new().await;
    add_secret(&scene, Duration::days(200)).await;
    scene.days_before_the_end(20);
    let app = scene.server_app().await;
    assert!(
        scene
            .tenant
            .change_object(app.object_id, json!({"isDeviceOnlyAuthSupported": false}))
    );
    let check = scene.check().await;
    let written = serde_json::to_value(&check).unwrap();
    assert_eq!(serde_json::from_value::<Check>(written.clone()).unwrap(), check);
    let text = named(&serde_json::to_string_pretty(&written).unwrap(), &check);
    let golden = include_str!("../golden/check.json").trim_end();
    assert!(text == golden, "{text}");
    let text = named(&check.to_string(), &check);
    let golden = include_str!("../golden/check.txt").trim_end();
    assert!(text == golden, "{text}");
}

/// The text with names in the place of the ids that every run draws.
fn named(text: &str, check: &Check) -> String {
    let mut named = text.to_owned();
    for (index, expiry) in check.expiries.iter().enumerate() {
        named = named.replace(
            &expiry.key_id.unwrap().to_string(),
            &format!("00000000-0000-0000-0000-00000000000{index}"),
        );
        let own = expiry.description.as_deref().filter(|_| expiry.is_own);
        if let Some(run) = own.and_then(|text| text.split(',').next()?.rsplit(' ').next()) {
            named = named.replace(run, "0badcafe");
        }
    }
    named.replace(&check.application_id.unwrap().to_string(), "11111111-1111-1111-1111-111111111111")
}

#[tokio::test]
async fn json_of_another_version_with_more_fields_is_read() {
    let scene = Scene::new().await;
    let mut written = serde_json::to_value(scene.check().await).unwrap();
    written["later"] = Value::from(7);
    assert!(serde_json::from_value::<Check>(written).is_ok());
}

#[tokio::test]
async fn a_site_alone_tells_its_date_and_does_not_prove_the_rest() {
    let scene = Scene::new().await;
    let (server, client) = (&scene.outcome.server_app, &scene.outcome.client_app);
    let reused = json!({
        "name": "Contoso CMG",
        "serverApp": {"reuse": {"clientId": server.as_ref().unwrap().application_id}},
        "clientApp": {"reuse": {"clientId": client.as_ref().unwrap().application_id}},
    });
    let only_site = AzureServicesConnection::builder(reused.to_string().parse().unwrap()).site(scene.site.clone());
    let only_site = only_site.clock(Arc::new(scene.clock.clone()));
    let check = check(only_site.clone()).await;
    assert_eq!(check.status, CheckStatus::Unknown, "{check}");
    assert_eq!(codes(&check)[0], "directoryNotGiven");
    assert_eq!(check.next_expiry.unwrap().used_by_site, Answer::Yes);

    let watched = crate::expiring::watch(WatchedApp::from(only_site.build().unwrap())).await;
    assert_eq!(watched.status, CheckStatus::Ok, "the date alone was asked for: {watched}");
    assert!(watched.next_expiry.unwrap().ends > datetime!(2027-11-01 00:00 UTC));
}
