//! Each order of the admin API, over HTTP.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{Served, list};

#[tokio::test]
async fn without_the_key_nothing_is_answered_from_this_machine_either() {
    let served = Served::preset("empty").await;
    for path in ["health", "ready", "state", "openapi.json", "nothing"] {
        for headers in [&[][..], &[("x-emulator-key", "wrong")]] {
            let (status, answer) = served.send("GET", &format!("_emulator/{path}"), headers, None).await;
            assert_eq!((status, &answer["error"]["code"]), (401, &json!("keyMissing")), "{path}");
        }
    }
    assert_eq!(served.admin("GET", "nothing", None).await.0, 404);
}

#[tokio::test]
async fn a_host_that_is_none_of_the_servers_names_is_refused_with_the_right_key() {
    let served = Served::preset("empty").await;
    let key = served.server.admin_key().unwrap().to_owned();
    for (host, expected) in [
        ("evil.example", 421),
        ("evil.example:80", 421),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:9", 200),
        ("", 421),
    ] {
        let headers = [("host", host), ("x-emulator-key", key.as_str())];
        assert_eq!(served.send("GET", "_emulator/health", &headers, None).await.0, expected, "{host}");
    }
}

#[tokio::test]
async fn no_page_of_another_origin_may_ask_the_admin_api() {
    let served = Served::preset("empty").await;
    let response = served
        .client
        .get(served.url("_emulator/health"))
        .header("origin", "https://evil.example")
        .header("x-emulator-key", served.server.admin_key().unwrap())
        .send()
        .await
        .unwrap();
    assert!(
        response.headers().keys().all(|name| !name.as_str().starts_with("access-control")),
        "{response:?}"
    );
    let preflight = served.client.request(reqwest::Method::OPTIONS, served.url("_emulator/reset"));
    let preflight = preflight.header("origin", "https://evil.example").send().await.unwrap();
    assert!(preflight.status().is_client_error() && !preflight.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn health_readiness_and_the_description_are_told() {
    let served = Served::preset("empty").await;
    assert_eq!(served.admin("GET", "health", None).await, (200, json!({"status": "ok"})));
    assert_eq!(
        served.admin("GET", "ready", None).await,
        (200, json!({"status": "ready", "tenants": 1}))
    );
    let (status, document) = served.admin("GET", "openapi.json", None).await;
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
}

#[tokio::test]
async fn a_reset_goes_back_to_the_beginning_with_the_same_ids() {
    let served = Served::preset("onboarded").await;
    let (_, before) = served.admin("GET", "state", None).await;
    served.graph("POST", "applications", Some(json!({"displayName": "New"}))).await;
    assert_eq!(served.apps().await.len(), 3);
    assert_eq!(served.admin("POST", "reset", None).await.0, 204);
    let (_, after) = served.admin("GET", "state", None).await;
    let ids = |state: &Value| {
        let apps = state["tenants"][0]["state"]["applications"].as_array().unwrap().clone();
        apps.iter()
            .map(|app| (app["id"].clone(), app["passwordCredentials"][0]["keyId"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(served.apps().await.len(), 2);
}

#[tokio::test]
async fn a_seed_takes_the_place_of_everything_and_a_wrong_one_of_nothing() {
    let served = Served::preset("onboarded").await;
    let (status, answer) = served.admin("POST", "seed", Some(json!({"tenants": [{"aplications": []}]}))).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("`aplications`"), "{answer}");
    assert_eq!(served.apps().await.len(), 2);
    let seed = json!({"tenants": [{"applications": [{"displayName": "Only"}]}, {"initialDomain": "fabrikam.onmicrosoft.com"}]});
    assert_eq!(served.admin("POST", "seed", Some(seed)).await.0, 204);
    assert_eq!(served.apps().await, ["Only"]);
    assert_eq!(served.admin("GET", "ready", None).await.1["tenants"], 2);
    let (status, _) = served.admin("GET", "requests?tenant=fabrikam.onmicrosoft.com", None).await;
    assert_eq!(status, 200);
    assert_eq!(served.admin("GET", "requests?tenant=other.example", None).await.0, 404);
}

#[tokio::test]
async fn what_was_kept_comes_back_as_often_as_asked_for() {
    let served = Served::preset("onboarded").await;
    assert_eq!(served.admin("POST", "snapshots", Some(json!({"name": "one"}))).await.0, 201);
    assert_eq!(served.admin("POST", "snapshots", Some(json!({"name": "a/b"}))).await.0, 400);
    let (_, before) = served.admin("GET", "state", None).await;
    for _ in 0..2 {
        served.graph("POST", "applications", Some(json!({"displayName": "New"}))).await;
        served.admin("PATCH", "lag", Some(json!({"createMilliseconds": 5}))).await;
        assert_eq!(served.admin("POST", "snapshots/one/restore", None).await.0, 204);
        assert_eq!(served.admin("GET", "state", None).await.1, before);
        assert_eq!(served.admin("GET", "lag", None).await.1["createMilliseconds"], 0);
    }
    assert_eq!(served.admin("GET", "snapshots", None).await.1, json!({"value": ["one"]}));
    assert_eq!(served.admin("DELETE", "snapshots/one", None).await.0, 204);
    assert_eq!(served.admin("POST", "snapshots/one/restore", None).await.0, 404);
}

#[tokio::test]
async fn a_secret_that_was_removed_works_again_after_a_restore() {
    let served = Served::preset("onboarded").await;
    served.admin("POST", "snapshots", Some(json!({"name": "one"}))).await;
    let server = "applications(appId='5e4e7000-0000-4000-8000-0000000005e4')";
    let key = json!({"keyId": "5ec4e700-0000-4000-8000-0000000005ec"});
    assert_eq!(served.graph("POST", &format!("{server}/removePassword"), Some(key)).await.0, 204);
    assert_eq!(crate::presets::sign_in(&served).await.0, 401);
    served.admin("POST", "snapshots/one/restore", None).await;
    assert_eq!(crate::presets::sign_in(&served).await.0, 200);
}

#[tokio::test]
async fn a_fault_meets_the_requests_that_it_was_ordered_for() {
    let served = Served::preset("onboarded").await;
    let order = json!({"request": "POST /applications", "fault": "throttled", "times": 2, "retryAfterSeconds": 7});
    assert_eq!(served.admin("POST", "faults", Some(order)).await.0, 204);
    assert_eq!(list(&served.admin("GET", "faults", None).await.1).len(), 2);
    let create = || served.graph("POST", "applications", Some(json!({"displayName": "New"})));
    assert_eq!(served.apps().await.len(), 2, "reading is not meant");
    assert_eq!((create().await.0, create().await.0, create().await.0), (429, 429, 201));
    served.admin("POST", "faults", Some(json!({"fault": "serviceUnavailable"}))).await;
    assert_eq!(served.admin("DELETE", "faults", None).await.0, 204);
    assert_eq!(served.graph("GET", "applications", None).await.0, 200);
    for wrong in [
        json!({"fault": "sleepy"}),
        json!({"fault": "throttled", "times": 1001}),
        json!({"fault": "throttled", "often": 1}),
    ] {
        assert_eq!(served.admin("POST", "faults", Some(wrong)).await.0, 400);
    }
}

#[tokio::test]
async fn readers_fall_behind_and_catch_up_by_order() {
    let served = Served::preset("onboarded").await;
    let (_, lag) = served
        .admin(
            "PATCH",
            "lag",
            Some(json!({"createMilliseconds": 3_600_000, "changeMilliseconds": 3_600_000})),
        )
        .await;
    assert_eq!(
        (&lag["createMilliseconds"], &lag["flappingMilliseconds"]),
        (&json!(3_600_000), &json!(0))
    );
    let (_, created) = served.graph("POST", "applications", Some(json!({"displayName": "New"}))).await;
    let own = format!("applications/{}", created["id"].as_str().unwrap());
    assert_eq!(served.graph("GET", &own, None).await.0, 404);
    let server = "applications(appId='5e4e7000-0000-4000-8000-0000000005e4')";
    assert_eq!(served.graph("PATCH", server, Some(json!({"notes": "x"}))).await.0, 204);
    assert_eq!(served.graph("GET", server, None).await.1["notes"], Value::Null);
    served
        .admin("PATCH", "lag", Some(json!({"createMilliseconds": 0, "changeMilliseconds": 0})))
        .await;
    let (_, created) = served.graph("POST", "applications", Some(json!({"displayName": "Newer"}))).await;
    let own = format!("applications/{}", created["id"].as_str().unwrap());
    assert_eq!(served.graph("GET", &own, None).await.0, 200);
}

#[tokio::test]
async fn answers_take_as_long_as_ordered_and_the_admin_api_does_not() {
    let served = Served::preset("empty").await;
    served.admin("PATCH", "lag", Some(json!({"latencyMilliseconds": 300}))).await;
    let began = Instant::now();
    served.admin("GET", "health", None).await;
    let quick = began.elapsed();
    let began = Instant::now();
    served.send("GET", "v1.0/applications", &[], None).await;
    assert!(began.elapsed().as_millis() >= 300, "{:?}", began.elapsed());
    assert!(quick.as_millis() < 300, "{quick:?}");
}

#[tokio::test]
async fn policies_are_enforced_as_ordered() {
    let served = Served::preset("onboarded").await;
    let server = "applications(appId='5e4e7000-0000-4000-8000-0000000005e4')/addPassword";
    assert_eq!(served.graph("POST", server, Some(json!({}))).await.0, 200);
    let policy = json!({"appManagement": {"isEnabled": true, "applicationRestrictions": {"passwordCredentials": [
        {"restrictionType": "passwordAddition", "state": "enabled", "restrictForAppsCreatedAfterDateTime": "2019-01-01T00:00:00Z"}]}},
        "conditionalAccess": [{"displayName": "All"}]});
    let (status, shown) = served.admin("PATCH", "policies", Some(policy)).await;
    assert_eq!((status, &shown["conditionalAccess"][0]["state"]), (200, &json!("enabled")));
    assert!(served.graph("POST", server, Some(json!({}))).await.0 >= 400);
    assert_eq!(served.admin("PATCH", "policies", Some(json!({"appManagement": 1}))).await.0, 400);
}

#[tokio::test]
async fn a_frozen_clock_moves_only_by_order_and_secrets_go_by_it() {
    let served = Served::preset("onboarded").await;
    let (_, frozen) = served.admin("PATCH", "clock", Some(json!({"frozen": true}))).await;
    assert_eq!(served.admin("GET", "clock", None).await.1, frozen);
    assert_eq!(crate::presets::sign_in(&served).await.0, 200);
    served.admin("PATCH", "clock", Some(json!({"moveBySeconds": 340 * 86_400}))).await;
    let (status, answer) = crate::presets::sign_in(&served).await;
    assert_eq!((status, &answer["error_codes"]), (401, &json!([7_000_222])));
    let (_, set) = served
        .admin("PATCH", "clock", Some(json!({"now": "2030-01-01T00:00:00Z", "frozen": false})))
        .await;
    assert_eq!(set["frozen"], false);
    assert!(set["now"].as_str().unwrap().starts_with("2030-01-01T00:00:0"), "{set}");
    served.admin("PATCH", "clock", Some(json!({"now": "9999-12-31T23:59:59Z"}))).await;
    assert_eq!(
        served.graph("GET", "applications", None).await.0,
        200,
        "what is counted from there is a moment still"
    );
    for wrong in [
        json!({"moveBySeconds": 9_000_000_000_000_i64}),
        json!({"now": "yesterday"}),
        json!({"speed": 2}),
    ] {
        assert_eq!(served.admin("PATCH", "clock", Some(wrong)).await.0, 400);
    }
}

#[tokio::test]
async fn requests_are_seen_and_forgotten() {
    let served = Served::preset("empty").await;
    served.graph("GET", "applications?$top=5", None).await;
    let (_, seen) = served.admin("GET", "requests", None).await;
    assert_eq!(
        (list(&seen).len(), &list(&seen)[0]["path"]),
        (1, &json!("/v1.0/applications?$top=5"))
    );
    assert_eq!(served.admin("DELETE", "requests", None).await.0, 204);
    assert_eq!(list(&served.admin("GET", "requests", None).await.1).len(), 0);
}

#[tokio::test]
async fn tokens_are_made_to_order() {
    let served = Served::preset("onboarded").await;
    let ask = async |order: Value| {
        let (status, token) = served.admin("POST", "tokens", Some(order)).await;
        assert_eq!(status, 201, "{token}");
        let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
        served.send("GET", "v1.0/applications", &[("authorization", &token)], None).await.0
    };
    assert_eq!(ask(json!({"scopes": ["User.Read"]})).await, 403);
    assert_eq!(ask(json!({"account": "reader", "scopes": ["Application.Read.All"]})).await, 200);
    let app = "5e4e7000-0000-4000-8000-0000000005e4";
    assert_eq!(ask(json!({"application": app, "roles": ["Application.Read.All"]})).await, 200);
    assert_eq!(ask(json!({"expired": true})).await, 401);
    assert_eq!(ask(json!({"audience": "api://other"})).await, 401);
    for wrong in [
        json!({"application": app, "account": "x"}),
        json!({"directoryRoles": ["Emperor"]}),
        json!({"roles": ["A"]}),
    ] {
        assert_eq!(served.admin("POST", "tokens", Some(wrong)).await.0, 400);
    }
}

#[tokio::test]
async fn the_page_shows_what_there_is_to_who_has_the_key() {
    let served = Served::preset("onboarded").await;
    let (status, without) = served.send("GET", "", &[], None).await;
    assert_eq!(status, 200);
    assert!(!without.as_str().unwrap().contains("ConfigMgr"), "{without}");
    assert_eq!(served.send("GET", "?key=wrong", &[], None).await.0, 401);
    let key = served.server.admin_key().unwrap().to_owned();
    assert_eq!(
        served
            .send("GET", &format!("?key={key}"), &[("host", "evil.example")], None)
            .await
            .0,
        421
    );
    served.graph("GET", "applications", None).await;
    let (_, page) = served.send("GET", &format!("?key={key}"), &[], None).await;
    let page = page.as_str().unwrap();
    for shown in [
        "ConfigMgr Server",
        "Contoso CMG",
        "user_impersonation",
        "/v1.0/applications",
        "5ec4e700",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains("emulator-only~server-secret"));
}
