//! Deleting for good, where a tenant keeps what was deleted; and restoring.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedTenantBuilder};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::support::{Graph, code, text};

/// A tenant with one deleted app, and the path to it.
async fn deleted(builder: EmulatedTenantBuilder) -> (Graph, Value, String) {
    let graph = Graph::of(builder.build()).await;
    let app = graph.create("Server").await;
    let id = text(&app, "id");
    let path = format!("v1.0/applications/{id}");
    assert_eq!(graph.send(Method::DELETE, &path, &[], None).await.0, 204);
    let purge = format!("v1.0/directory/deletedItems/{id}");
    (graph, app, purge)
}

#[tokio::test]
async fn a_tenant_may_refuse_permanent_deletion_and_still_restores() {
    let (graph, app, path) = deleted(EmulatedTenant::builder().hard_delete_protection(true)).await;
    assert_eq!(graph.send(Method::DELETE, &path, &[], None).await.0, 403);
    let again = json!({"displayName": "x", "uniqueName": "unique Server"});
    assert_eq!(code(&graph.post("v1.0/applications", again).await), (400, "Request_BadRequest"));

    let (status, restored) = graph.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!((status, &restored["@odata.type"]), (200, &json!("#microsoft.graph.application")));
    assert!(text(&restored, "@odata.context").ends_with("$metadata#directoryObjects/$entity"));
    let (status, found) = graph.get("v1.0/applications(uniqueName='unique Server')").await;
    assert_eq!((status, &found["id"], &found["deletedDateTime"]), (200, &app["id"], &Value::Null));
    assert_eq!(graph.get(&path).await.0, 404);
}

#[tokio::test]
async fn a_deleted_object_names_its_type() {
    let (graph, app, path) = deleted(EmulatedTenant::builder()).await;
    let (status, found) = graph.get(&path).await;
    assert_eq!(
        (status, &found["id"], &found["@odata.type"]),
        (200, &app["id"], &json!("#microsoft.graph.application"))
    );
}

#[tokio::test]
async fn a_protected_action_asks_for_a_stronger_sign_in_and_then_goes_through() {
    let (graph, _, path) = deleted(EmulatedTenant::builder().protected_permanent_deletion("c1")).await;
    let tenant = graph.server.tenant().clone();
    let response = graph
        .client
        .delete(graph.url(&path))
        .bearer_auth(&graph.token)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 401);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    let claims = challenge.split_once("claims=\"").unwrap().1.split_once('"').unwrap().0;
    let claims = String::from_utf8(STANDARD.decode(claims).unwrap()).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&claims).unwrap(),
        json!({"access_token": {"acrs": {"essential": true, "value": "c1"}}})
    );

    let client = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    let scope = ("scope", "https://graph.microsoft.com/.default");
    let token = async |begin: &[(&str, &str)], finish: &[(&str, &str)]| {
        let fields = [&[("client_id", client), scope], begin].concat();
        let (_, begun) = graph.form("contoso.com/oauth2/v2.0/devicecode", &fields).await;
        tenant.approve_device_code(text(&begun, "user_code"));
        let grant = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client),
            ("device_code", text(&begun, "device_code")),
        ];
        let (_, answer) = graph.form("contoso.com/oauth2/v2.0/token", &[&grant, finish].concat()).await;
        text(&answer, "access_token").to_owned()
    };
    let purge = async |token: String| {
        let request = graph.client.delete(graph.url(&path)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    };
    let asked = ("claims", claims.as_str());
    assert_eq!(purge(token(&[], &[]).await).await, 401);
    assert_eq!(purge(token(&[], &[asked]).await).await, 204);
    let claims_in = |token: String| {
        let payload = token.split('.').nth(1).unwrap().to_owned();
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    };
    assert_eq!(
        claims_in(token(&[asked], &[]).await)["acrs"],
        json!(["c1"]),
        "the claims may come first"
    );
}

#[tokio::test]
async fn an_application_has_no_stronger_sign_in_to_make() {
    const PIPELINE: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
    let (graph, _, path) = deleted(EmulatedTenant::builder().protected_permanent_deletion("c1")).await;
    let caller = Caller::application(PIPELINE, ["Application.ReadWrite.All"]);
    let pipeline = Graph::signed_in(graph.server.tenant().clone(), &caller).await;
    assert_eq!(pipeline.send(Method::DELETE, &path, &[], None).await.0, 204);
}
