//! How requests and answers look on the wire.

use std::time::Duration;

use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};
use reqwest::Method;
use serde_json::{Value, json};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Graph, code, read, text};

#[tokio::test]
async fn every_answer_can_be_traced() {
    let graph = Graph::of(EmulatedTenant::builder().clock(|| datetime!(2026-03-01 12:00 UTC)).build()).await;
    let request = graph
        .client
        .get(graph.url("v1.0/applications/0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"));
    let response = request
        .bearer_auth(&graph.token)
        .header("client-request-id", "my-id")
        .send()
        .await
        .unwrap();
    let headers = response.headers().clone();
    assert_eq!(headers["client-request-id"], "my-id");
    assert_eq!(headers["date"], "Sun, 01 Mar 2026 12:00:00 GMT");
    let (status, envelope) = read(response).await;
    assert_eq!((status, text(&envelope["error"], "code")), (404, "Request_ResourceNotFound"));
    assert_eq!(
        envelope["error"]["innerError"]["request-id"],
        headers["request-id"].to_str().unwrap()
    );
    assert_eq!(envelope["error"]["innerError"]["client-request-id"], "my-id");
    assert_eq!(envelope["error"]["innerError"]["date"], "2026-03-01T12:00:00");
}

#[tokio::test]
async fn bodies_that_are_not_understood_are_refused() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let cases = [
        (json!({"displayName": "x", "colour": "red"}), "Request_BadRequest"),
        (json!({"displayName": ["x"]}), "Request_BadRequest"),
        (json!({}), "Request_BadRequest"),
        (json!([]), "BadRequest"),
        (
            json!({"displayName": "x", "appId": "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"}),
            "Request_BadRequest",
        ),
        (
            json!({"displayName": "x", "passwordCredentials": [{"secretText": "mine"}]}),
            "Request_BadRequest",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(
            code(&graph.post("v1.0/applications", body.clone()).await),
            (400, expected),
            "{body}"
        );
    }
    let broken = graph
        .client
        .post(graph.url("v1.0/applications"))
        .bearer_auth(&graph.token)
        .body("{\"displayName\":");
    assert_eq!(code(&read(broken.send().await.unwrap()).await), (400, "BadRequest"));
    assert_eq!(graph.server.tenant().state()["applications"], json!([]));
    assert_eq!(code(&graph.get("v1.0/colours").await), (501, "notImplemented"));
    assert_eq!(graph.get("nothing/here/at/all").await.0, 404);
    assert_eq!(graph.send(Method::PUT, "v1.0/applications", &[], Some(json!({}))).await.0, 405);
}

#[tokio::test]
async fn every_spelling_of_a_request_is_understood() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let id = text(&graph.create("It's (1)").await, "id").to_owned();
    for path in [
        format!("v1.0/applications/{id}"),
        format!("/v1.0//applications/{id}/"),
        format!("v1.0/myorganization/applications/{id}"),
        format!("beta/applications/{id}"),
        format!("v1.0/applications('{id}')"),
        "v1.0/applications(uniqueName='unique%20It''s%20(1)')".to_owned(),
        "v1.0/applications%28uniqueName=%27unique%20It%27%27s%20%281%29%27%29?%24select=id".to_owned(),
    ] {
        let (status, found) = graph.get(&path).await;
        assert_eq!((status, &found["id"]), (200, &json!(id)), "{path}: {found}");
    }
    for filter in [
        "$filter=displayName eq 'It''s (1)'",
        "%24filter=startswith(displayName%2C%27It%27%27s%27)",
        "$filter=displayName+eq+'it''s (1)'",
    ] {
        let (status, found) = graph.get(&format!("v1.0/applications?{filter}&$select=id")).await;
        assert_eq!((status, &found["value"]), (200, &json!([{"id": id}])), "{filter}: {found}");
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks_and_after_an_expectation() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let address = graph.server.url().socket_addrs(|| None).unwrap()[0];
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1.0/applications HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        graph.token
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut expected = [0; 25];
    stream.read_exact(&mut expected).await.unwrap();
    assert_eq!(&expected, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
        .write_all(b"f\r\n{\"displayName\":\r\na\r\n\"Chunked\"}\r\n0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 Created"), "{answer}");
}

#[tokio::test]
async fn throttling_is_announced_with_its_end() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    graph.server.tenant().throttle(1, Some(Duration::from_millis(1500)));
    let response = graph
        .client
        .get(graph.url("v1.0/organization"))
        .bearer_auth(&graph.token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()),
        (429, "2")
    );
    assert_eq!(graph.get("v1.0/organization").await.0, 200);
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item_and_in_another_order() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/organization?$select=id"},
        {"id": "2", "method": "GET", "url": "applications(appId='0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01')"},
        {"id": "3", "method": "POST", "url": "/applications", "headers": {"Content-Type": "application/json"}, "body": {"displayName": "x"}},
    ]});
    let (status, answer) = graph.post("v1.0/$batch", batch).await;
    assert_eq!(status, 200);
    let statuses: Vec<(&str, u64)> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(item, "id"), item["status"].as_u64().unwrap()))
        .collect();
    assert_eq!(statuses, [("3", 201), ("2", 404), ("1", 200)]);
    let chain = |last: Value| {
        json!({"requests": [
            {"id": "1", "method": "GET", "url": "/nowhere"}, {"id": "2", "method": "GET", "url": "/organization", "dependsOn": ["1"]}, last,
        ]})
    };
    let in_a_row = chain(json!({"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]}));
    let (_, answer) = graph.post("v1.0/$batch", in_a_row).await;
    assert_eq!(answer["responses"][0]["status"], 424);
    // One that depends on one other beside one that does not is served; two pairs are not.
    let same = chain(json!({"id": "3", "method": "GET", "url": "/organization"}));
    assert_eq!(graph.post("v1.0/$batch", same).await.0, 200);
    let item = |id: &str, on: &[&str]| json!({"id": id, "method": "GET", "url": "/organization", "dependsOn": on});
    let mixed = json!({"requests": [item("1", &[]), item("2", &["1"]), item("3", &[]), item("4", &["3"])]});
    assert_eq!(graph.post("v1.0/$batch", mixed).await.0, 400);
}

#[tokio::test]
async fn a_filter_of_twenty_thousand_terms_is_refused_and_the_server_lives_on() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let terms = vec!["displayName eq 'x'"; 20_000];
    for filter in [terms.join(" or "), terms.join(" and "), "not ".repeat(20_000), "(".repeat(20_000)] {
        // A URL of that length is not accepted as such, and in a batch it is.
        let item = json!({"id": "1", "method": "GET", "url": format!("/applications?$filter={filter}")});
        let (status, answer) = graph.post("v1.0/$batch", json!({"requests": [item]})).await;
        assert_eq!((status, &answer["responses"][0]["status"]), (200, &json!(400)));
    }
    assert_eq!(graph.get("v1.0/applications").await.0, 200);
}

#[cfg(feature = "rustls")]
#[tokio::test]
async fn over_tls_one_connection_carries_everything_at_once() {
    let tenant = EmulatedTenant::new();
    let token = tenant.token_for(&Caller::global_administrator());
    let server = EmulatorServer::builder(tenant).tls(true).start().await.unwrap();
    let certificate = reqwest::Certificate::from_pem(server.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let url = format!("{}v1.0/organization", server.url());
    assert!(url.starts_with("https://localhost:"));
    let get = || client.get(&url).bearer_auth(&token).send();
    let first = get().await.unwrap();
    assert_eq!(first.version(), reqwest::Version::HTTP_2);
    let many = futures_util::future::join_all((0..8).map(|_| get())).await;
    assert!(many.into_iter().all(|answer| answer.unwrap().status() == 200));
    assert_eq!(server.connections(), 1);
    let old = reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let answer = old.get(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_11);
}

#[tokio::test]
async fn dropping_the_server_stops_it() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let url = graph.url("v1.0/organization");
    drop(graph.server);
    // Aborting takes effect when the task is polled again.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(graph.client.get(url).send().await.is_err());
}
