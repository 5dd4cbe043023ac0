//! A canary token goes through everything; whatever people or logs see must not have it.

use std::fmt::Write as _;

use cmg_onboarding::{Call, Diagnostic, Directory, directory::NewApplication, error::chain, ids::PermissionGrantId};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::log::Log;

use super::support::{CANARY, Graph, id, json, refusal};

#[tokio::test]
async fn neither_token_nor_secret_is_ever_shown() {
    let (log, _guard) = Log::of_this_thread();

    let created = json!({
        "id": "00000000-0000-0000-0000-000000000001", "appId": "00000000-0000-0000-0000-000000000002",
        "passwordCredentials": [{"keyId": "00000000-0000-0000-0000-000000000003", "secretText": CANARY}],
    });
    let cut = ResponseTemplate::new(201).set_body_raw(format!(r#"{{"secretText": "{CANARY}", "#), "application/json");
    let misshapen = json(201, json!({"id": CANARY}));
    let refused = refusal(400, "Request_BadRequest", "no");
    let graph = Graph::answering([ResponseTemplate::new(429), json(201, created), cut, misshapen, refused]).await;
    let directory = graph.directory();
    let mut shown = format!("{directory:?}");
    let new = NewApplication::default();
    for _ in 0..4 {
        match directory.create_application(Call::quiet(), &new).await {
            Ok(application) => write!(shown, "{application:?}").unwrap(),
            Err(error) => write!(shown, "{error:?} {} {}", chain(&error), error.help()).unwrap(),
        }
    }
    let _ = directory
        .update_permission_grant(Call::quiet(), &PermissionGrantId::new("x"), "scope")
        .await;
    let _ = directory.delete_application(Call::quiet(), id(1)).await;
    assert!(!shown.contains(CANARY), "{shown}");
    let logged = log.text();
    assert!(
        logged.contains("client_request_id") && logged.contains("/v1.0/applications"),
        "{logged}"
    );
    assert!(!logged.contains(CANARY), "{logged}");
    assert!(!logged.contains("$select"), "a query is logged: {logged}");
}
