//! Readers that have not heard of the latest writes.

use std::time::Duration;

use cmg_onboarding_emulator::EmulatedTenant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Graph, text};

const LAG: Duration = Duration::from_secs(6);

/// Lets time pass for the tenant. Time stands still otherwise, except when nothing else can go on.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn delete(graph: &Graph, path: &str) -> u16 {
    graph.send(Method::DELETE, path, &[], None).await.0
}

async fn ids(graph: &Graph, path: &str) -> Vec<String> {
    let (status, found) = graph.get(path).await;
    assert_eq!(status, 200, "{found}");
    let list = found["value"].as_array().unwrap().iter();
    list.map(|item| text(item, "id").to_owned()).collect()
}

const DELETED: &str = "v1.0/directory/deletedItems/microsoft.graph.application";

#[tokio::test]
async fn a_change_is_acknowledged_and_read_only_when_its_lag_is_over() {
    let graph = Graph::of(EmulatedTenant::builder().change_lag(LAG).build()).await;
    let app = graph.create("Server").await;
    let path = format!("v1.0/applications/{}", text(&app, "id"));
    let (_, principal) = graph.post("v1.0/servicePrincipals", json!({"appId": app["appId"]})).await;
    let principal = format!("v1.0/servicePrincipals/{}", text(&principal, "id"));
    assert_eq!(graph.get(&path).await.0, 200, "creation has a lag of its own");

    assert_eq!(graph.patch(&path, json!({"displayName": "Renamed"})).await.0, 204);
    let names = async || {
        let by_filter = graph.get("v1.0/applications?$filter=displayName%20eq%20'Renamed'").await.1;
        (
            text(&graph.get(&path).await.1, "displayName").to_owned(),
            text(&graph.get(&principal).await.1, "displayName").to_owned(),
            by_filter["value"].as_array().unwrap().len(),
        )
    };
    assert_eq!(names().await, ("Server".to_owned(), "Server".to_owned(), 0));
    assert_eq!(graph.server.tenant().state()["applications"][0]["displayName"], "Renamed");
    pass(Duration::from_secs(3)).await;
    assert_eq!(graph.patch(&path, json!({"displayName": "Again"})).await.0, 204);
    pass(Duration::from_secs(3)).await;
    assert_eq!(names().await, ("Renamed".to_owned(), "Renamed".to_owned(), 1));
    pass(Duration::from_secs(3)).await;
    assert_eq!(names().await, ("Again".to_owned(), "Again".to_owned(), 0));

    let secrets = async || graph.get(&path).await.1["passwordCredentials"].as_array().unwrap().len();
    let (_, added) = graph.post(&format!("{path}/addPassword"), json!({})).await;
    assert_eq!(secrets().await, 0);
    pass(LAG).await;
    assert_eq!(secrets().await, 1);
    let removal = json!({"keyId": added["keyId"]});
    assert_eq!(graph.post(&format!("{path}/removePassword"), removal.clone()).await.0, 204);
    assert_eq!(secrets().await, 1, "removed, and still read");
    assert_eq!(
        graph.post(&format!("{path}/removePassword"), removal).await.0,
        400,
        "writes act on what there is"
    );
    pass(LAG).await;
    assert_eq!(secrets().await, 0);
}

#[tokio::test]
async fn a_deletion_is_acknowledged_and_read_only_when_its_lag_is_over() {
    let graph = Graph::of(EmulatedTenant::builder().change_lag(LAG).build()).await;
    let app = graph.create("Server").await;
    let id = text(&app, "id");
    let path = format!("v1.0/applications/{id}");
    let by_name = "v1.0/applications(uniqueName='unique Server')";
    let (_, principal) = graph.post("v1.0/servicePrincipals", json!({"appId": app["appId"]})).await;
    let principals = format!("v1.0/servicePrincipals(appId='{}')", text(&app, "appId"));
    let (_, resource) = graph
        .get("v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
        .await;
    let grant = json!({
        "clientId": principal["id"], "resourceId": resource["id"], "consentType": "AllPrincipals", "scope": "User.Read",
    });
    assert_eq!(graph.post("v1.0/oauth2PermissionGrants", grant).await.0, 201);

    assert_eq!(delete(&graph, &path).await, 204);
    for path in [path.as_str(), by_name, principals.as_str()] {
        assert_eq!(graph.get(path).await.0, 200, "{path}");
    }
    assert_eq!(ids(&graph, "v1.0/applications").await, [id]);
    assert_eq!(ids(&graph, "v1.0/oauth2PermissionGrants").await.len(), 1);
    assert!(ids(&graph, DELETED).await.is_empty());
    // Writes act on what there is.
    assert_eq!(graph.patch(&path, json!({})).await.0, 404);
    assert_eq!(delete(&graph, &path).await, 404);
    pass(LAG).await;
    for path in [path.as_str(), by_name, principals.as_str()] {
        assert_eq!(graph.get(path).await.0, 404, "{path}");
    }
    assert!(ids(&graph, "v1.0/oauth2PermissionGrants").await.is_empty());
    assert_eq!(ids(&graph, DELETED).await, [id]);

    assert_eq!(delete(&graph, &format!("v1.0/directory/deletedItems/{id}")).await, 204);
    assert_eq!(ids(&graph, DELETED).await, [id], "removed for good, and still listed");
    pass(LAG).await;
    assert!(ids(&graph, DELETED).await.is_empty());
}

#[tokio::test]
async fn a_stale_reader_says_that_a_deleted_app_is_there_while_the_deleted_ones_name_it() {
    let graph = Graph::of(EmulatedTenant::builder().stale_reads(LAG).build()).await;
    let app = graph.create("Server").await;
    let id = text(&app, "id");
    let path = format!("v1.0/applications/{id}");
    // The new app is not read either, and yet it can be written to.
    assert_eq!(graph.get(&path).await.0, 404);
    assert_eq!(graph.patch(&path, json!({"notes": "x"})).await.0, 204);
    let (status, _) = graph.post("v1.0/servicePrincipals", json!({"appId": app["appId"]})).await;
    assert_eq!(status, 201);
    pass(LAG).await;
    assert_eq!(graph.get(&path).await.1["notes"], "x");

    assert_eq!(delete(&graph, &path).await, 204);
    assert_eq!(graph.get(&path).await.0, 200);
    assert_eq!(ids(&graph, "v1.0/applications").await, [id]);
    assert_eq!(ids(&graph, DELETED).await, [id]);
    assert_eq!(graph.patch(&path, json!({})).await.0, 404, "an unchanged PATCH tells");
    pass(LAG).await;
    assert_eq!(graph.get(&path).await.0, 404);
}

#[tokio::test]
async fn between_two_copies_a_change_is_read_in_turns() {
    let tenant = EmulatedTenant::builder().change_lag(LAG).flapping(Duration::from_secs(1)).build();
    let graph = Graph::of(tenant).await;
    let path = format!("v1.0/applications/{}", text(&graph.create("Server").await, "id"));
    graph.patch(&path, json!({"displayName": "Renamed"})).await;
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(text(&graph.get(&path).await.1, "displayName").to_owned());
        pass(Duration::from_secs(1)).await;
    }
    assert_eq!(seen, ["Server", "Renamed", "Server", "Renamed", "Server", "Renamed", "Renamed"]);
}

#[tokio::test]
async fn an_app_that_was_restored_is_read_at_once() {
    let graph = Graph::of(EmulatedTenant::builder().stale_reads(LAG).build()).await;
    let app = graph.create("Server").await;
    pass(LAG).await;
    let id = text(&app, "id");
    delete(&graph, &format!("v1.0/applications/{id}")).await;
    let (status, restored) = graph.post(&format!("v1.0/directory/deletedItems/{id}/restore"), Value::Null).await;
    assert_eq!(status, 200, "{restored}");
    assert_eq!(ids(&graph, "v1.0/applications").await, [id]);
}
