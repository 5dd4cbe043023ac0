//! What a client sees of each preset.

use cmg_onboarding_emulator::EmulatorConfiguration;
use serde_json::{Value, json};

use crate::{Answer, Served, list};

const SERVER: &str = "5e4e7000-0000-4000-8000-0000000005e4";
const CLIENT: &str = "c11e4700-0000-4000-8000-000000000c11";

/// The server app signs in to Microsoft Graph by itself, with the secret of the presets.
pub(crate) async fn sign_in(served: &Served) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", SERVER),
        ("client_secret", "emulator-only~server-secret"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    served.form("contoso.com/oauth2/v2.0/token", &fields).await
}

/// A person signs in through the client app, for the server app.
async fn person(served: &Served) -> Answer {
    let scope = "api://c0170505-0000-4000-8000-00000000c0de/ConfigMgrService/user_impersonation";
    let (_, begun) = served
        .form("contoso.com/oauth2/v2.0/devicecode", &[("client_id", CLIENT), ("scope", scope)])
        .await;
    let Some(code) = begun["user_code"].as_str() else {
        return (400, begun);
    };
    assert_eq!(served.admin("POST", &format!("device-codes/{code}/approve"), None).await.0, 204);
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", CLIENT),
        ("device_code", begun["device_code"].as_str().unwrap()),
    ];
    served.form("contoso.com/oauth2/v2.0/token", &fields).await
}

async fn server_app(served: &Served) -> Value {
    served.graph("GET", &format!("applications(appId='{SERVER}')"), None).await.1
}

async fn connections(served: &Served) -> usize {
    let (_, state) = served.admin("GET", "state", None).await;
    state["site"]["connections"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_empty_tenant_has_no_app_and_an_unknown_preset_is_told() {
    let served = Served::preset("empty").await;
    assert_eq!(served.apps().await, Vec::<String>::new());
    assert_eq!(connections(&served).await, 0);
    let error = EmulatorConfiguration::preset("full").unwrap_err().to_string();
    assert!(EmulatorConfiguration::PRESETS.iter().all(|name| error.contains(name)), "{error}");
}

#[tokio::test]
async fn an_onboarded_pair_works_for_the_app_and_for_a_person() {
    let served = Served::preset("onboarded").await;
    assert_eq!(served.apps().await, ["ConfigMgr Client", "ConfigMgr Server"]);
    assert_eq!(sign_in(&served).await.0, 200);
    let (status, answer) = person(&served).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["scope"].as_str().unwrap().contains("user_impersonation"), "{answer}");
    assert_eq!(connections(&served).await, 1);
}

#[tokio::test]
async fn a_pair_that_the_console_made_has_no_marks_of_this_crate() {
    let served = Served::preset("made-by-console").await;
    let app = server_app(&served).await;
    assert_eq!((&app["tags"], &app["uniqueName"]), (&json!([]), &Value::Null));
    assert_eq!((sign_in(&served).await.0, connections(&served).await), (200, 1));
}

#[tokio::test]
async fn an_imported_pair_has_names_and_uri_of_its_own() {
    let served = Served::preset("imported").await;
    assert_eq!(served.apps().await, ["Imported Client", "Imported Server"]);
    assert_eq!(
        server_app(&served).await["identifierUris"],
        json!(["https://contoso.com/ConfigMgrService"])
    );
    assert_eq!((sign_in(&served).await.0, connections(&served).await), (200, 1));
}

#[tokio::test]
async fn a_secret_that_expires_soon_works_until_then() {
    let served = Served::preset("expiring").await;
    assert_eq!(sign_in(&served).await.0, 200);
    served.admin("PATCH", "clock", Some(json!({"moveBySeconds": 11 * 86_400}))).await;
    assert_eq!(sign_in(&served).await.1["error_codes"], json!([7_000_222]));
}

#[tokio::test]
async fn an_expired_secret_is_refused_with_its_number() {
    let served = Served::preset("expired").await;
    let (status, answer) = sign_in(&served).await;
    assert_eq!((status, &answer["error_codes"]), (401, &json!([7_000_222])));
}

#[tokio::test]
async fn a_drifted_pair_lacks_the_permission_and_the_consent() {
    let served = Served::preset("drifted").await;
    assert_eq!(served.apps().await, ["ConfigMgr Client", "Renamed Server"]);
    let (_, principal) = served.graph("GET", &format!("servicePrincipals(appId='{SERVER}')"), None).await;
    let assigned = format!("servicePrincipals/{}/appRoleAssignments", principal["id"].as_str().unwrap());
    assert_eq!(list(&served.graph("GET", &assigned, None).await.1).len(), 0);
    let (status, answer) = person(&served).await;
    assert!(status >= 400, "{answer}");
}

#[tokio::test]
async fn a_hardened_tenant_refuses_secrets_and_permanent_deletion() {
    let served = Served::preset("hardened").await;
    let (status, created) = served.graph("POST", "applications", Some(json!({"displayName": "New"}))).await;
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap();
    assert!(
        served
            .graph("POST", &format!("applications/{id}/addPassword"), Some(json!({})))
            .await
            .0
            >= 400
    );
    assert_eq!(served.graph("DELETE", &format!("applications/{id}"), None).await.0, 204);
    assert_eq!(served.graph("DELETE", &format!("directory/deletedItems/{id}"), None).await.0, 403);
    let order = json!({"scopes": ["Policy.Read.All"]});
    let (_, token) = served.admin("POST", "tokens", Some(order)).await;
    let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let shown = served
        .send(
            "GET",
            "v1.0/identity/conditionalAccess/policies",
            &[("authorization", &token)],
            None,
        )
        .await;
    assert_eq!(list(&shown.1).len(), 1);
}

#[tokio::test]
async fn a_half_done_tenant_has_the_server_app_alone_without_a_secret() {
    let served = Served::preset("half-done").await;
    assert_eq!(served.apps().await, ["ConfigMgr Server"]);
    assert_eq!(server_app(&served).await["passwordCredentials"], json!([]));
    assert_eq!((sign_in(&served).await.0, connections(&served).await), (401, 0));
}

#[tokio::test]
async fn a_file_is_laid_upon_its_preset() {
    let file = json!({"preset": "onboarded", "tenants": [{"displayName": "Ours", "lag": {"createMilliseconds": 5}}]});
    let served = Served::of(EmulatorConfiguration::from_json(file.to_string().as_bytes()).unwrap()).await;
    assert_eq!(served.apps().await.len(), 2);
    assert_eq!(served.graph("GET", "organization", None).await.1["value"][0]["displayName"], "Ours");
    assert_eq!(served.admin("GET", "lag", None).await.1["createMilliseconds"], 5);
}
