//! Every way in which a connection gets its apps, checked after it was set up.

use cmg_onboarding::{
    ConnectionSpec,
    connection::{Answer, AppRole, CheckStatus},
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::scene::{Scene, check, codes, server};

/// The scene's connection, by a specification that finds its apps by their client ids.
fn by_client_id(server_app: Value, client_app: Value) -> ConnectionSpec {
    let spec = json!({
        "name": "Contoso CMG",
        "serverApp": server_app,
        "clientApp": client_app,
        "discovery": {"users": {}},
    });
    spec.to_string().parse().unwrap()
}

fn ids(scene: &Scene) -> (String, String) {
    let id = |app: &Option<cmg_onboarding::connection::AppOutcome>| app.as_ref().unwrap().application_id.to_string();
    (id(&scene.outcome.server_app), id(&scene.outcome.client_app))
}

fn imported(scene: &Scene, expiry: OffsetDateTime) -> ConnectionSpec {
    let (server_app, client_app) = ids(scene);
    let server_app = json!({"import": {
        "tenantName": scene.tenant.initial_domain(),
        "tenantId": scene.tenant.tenant_id(),
        "name": "ConfigMgr Server",
        "clientId": server_app,
        "secretKey": "emulated-text",
        "secretKeyExpiry": expiry.format(&Rfc3339).unwrap(),
        "appIdUri": scene.row().identifier_uri,
    }});
    by_client_id(server_app, json!({"import": {"name": "ConfigMgr Client", "clientId": client_app}}))
}

#[tokio::test]
async fn imported_reused_and_adopted_apps_that_work_are_called_well() {
    let scene = Scene::new().await;
    let (server_app, client_app) = ids(&scene);
    let same = |way: &str| by_client_id(json!({way: {"clientId": server_app}}), json!({way: {"clientId": client_app}}));
    let specs = [
        ("imported", imported(&scene, scene.row().secret_expiry.unwrap())),
        ("reused", same("reuse")),
        ("adopted", same("adopt")),
    ];
    for (source, spec) in specs {
        let found = check(scene.of(spec).site(scene.site.clone())).await;
        assert_eq!(found.status, CheckStatus::Ok, "{source}: {found}");
        assert_eq!(found.next_expiry.unwrap().used_by_site, Answer::Yes, "{source}");
    }
}

#[tokio::test]
async fn a_specification_from_before_the_renewal_raises_no_alarm() {
    let scene = Scene::new().await;
    let since = scene.row().secret_expiry.unwrap();
    let stale = imported(&scene, since - Duration::days(200));
    scene.days_before_the_end(100);
    let found = check(scene.of(stale.clone()).site(scene.site.clone())).await;
    assert_eq!(found.status, CheckStatus::Ok, "{found}");
    assert!(codes(&found).contains(&"secretNotRenewed".to_owned()), "it is told: {found}");
    scene
        .site
        .change(|rows| server(rows).secret_expiry = Some(since - Duration::days(300)));
    let found = check(scene.of(stale).site(scene.site.clone())).await;
    assert_eq!(found.status, CheckStatus::Critical, "{found}");
}

#[tokio::test]
async fn an_imported_app_whose_registration_is_not_as_it_must_be_is_not_called_well() {
    for (change, code) in [
        (json!({"identifierUris": []}), "appIdUriMissing"),
        (json!({"api": {"requestedAccessTokenVersion": 2}}), "tokenVersion"),
        (json!({"isDisabled": true}), "appDeactivated"),
    ] {
        let scene = Scene::new().await;
        let spec = imported(&scene, scene.row().secret_expiry.unwrap());
        let app = scene.server_app().await;
        assert!(scene.tenant.change_object(app.object_id, change));
        let found = check(scene.of(spec).site(scene.site.clone())).await;
        assert_eq!(found.status, CheckStatus::Critical, "{code}: {found}");
        assert!(codes(&found).contains(&code.to_owned()), "{found}");
    }
}

#[tokio::test]
async fn a_check_of_one_app_tells_nothing_of_the_other() {
    let scene = Scene::new().await;
    let server = scene.outcome.server_app.as_ref().unwrap().application_id;
    let client = scene.outcome.client_app.as_ref().unwrap().application_id;
    assert!(scene.tenant.change_object(server, json!({"isDeviceOnlyAuthSupported": false})));
    assert!(scene.tenant.change_object(client, json!({"isFallbackPublicClient": false})));
    for (only, told, not_told) in [
        (AppRole::Server, "deviceTokensOff", "publicClientOff"),
        (AppRole::Client, "publicClientOff", "deviceTokensOff"),
    ] {
        let found = check(scene.without_site().only(only)).await;
        let codes = codes(&found);
        assert!(codes.contains(&told.to_owned()) && !codes.contains(&not_told.to_owned()), "{found}");
    }
}

#[tokio::test]
async fn a_client_app_that_is_not_there_is_told_unless_only_the_server_app_is_checked() {
    let scene = Scene::new().await;
    let (server_app, _) = ids(&scene);
    let nowhere = "99999999-2222-4333-8444-555555555555";
    let spec = by_client_id(json!({"adopt": {"clientId": server_app}}), json!({"adopt": {"clientId": nowhere}}));
    for (only, is_told) in [(None, true), (Some(AppRole::Client), true), (Some(AppRole::Server), false)] {
        let mut job = scene.of(spec.clone());
        if let Some(only) = only {
            job = job.only(only);
        }
        let found = check(job).await;
        assert_eq!(codes(&found).contains(&"appNotFound".to_owned()), is_told, "{only:?}: {found}");
    }
}
