//! The emulator over HTTP, as any client sees it: raw requests, third-party spellings, TLS.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

use std::{sync::Arc, time::Duration};

use cmg_onboarding::{
    clock::FixedClock,
    directory::AppManagementPolicy,
    emulator::{Caller, EmulatedTenant, EmulatorServer},
    ids::{TenantId, well_known},
};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use time::macros::datetime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::uuid;

struct Graph {
    client: Client,
    server: EmulatorServer,
    token: String,
}

impl Graph {
    async fn of(tenant: EmulatedTenant) -> Self {
        Self::signed_in(tenant, &Caller::global_administrator()).await
    }

    async fn signed_in(tenant: EmulatedTenant, caller: &Caller) -> Self {
        let token = tenant.token_for(caller);
        let server = EmulatorServer::builder(tenant).start().await.unwrap();
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            server,
            token,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url())
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> (u16, Value) {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        read(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, &[], None).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(Method::PATCH, path, &[], Some(body)).await
    }

    async fn create(&self, name: &str) -> Value {
        let body = json!({"displayName": name, "signInAudience": "AzureADMyOrg", "uniqueName": format!("unique {name}")});
        let (status, created) = self.post("v1.0/applications", body).await;
        assert_eq!(status, 201, "{created}");
        created
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/x-www-form-urlencoded");
        read(request.body(body.finish()).send().await.unwrap()).await
    }
}

async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"]["code"].as_str().unwrap_or_default())
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

#[tokio::test]
async fn one_call_makes_an_app_with_its_secret_which_is_never_shown_again() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let body = json!({
        "displayName": "Server", "signInAudience": "AzureADMyOrg", "passwordCredentials": [{"displayName": "marker"}],
    });
    let (status, created) = graph.post("v1.0/applications", body).await;
    assert_eq!(status, 201);
    let password = &created["passwordCredentials"][0];
    let secret = text(password, "secretText");
    assert!((16..=64).contains(&secret.len()) && secret.starts_with(text(password, "hint")));
    let path = format!("v1.0/applications(appId='{}')", text(&created, "appId"));
    let (status, found) = graph.get(&path).await;
    assert_eq!((status, &found["passwordCredentials"][0]["secretText"]), (200, &Value::Null));
    assert_eq!(found["passwordCredentials"][0]["keyId"], password["keyId"]);
    assert!(!serde_json::to_string(&graph.server.tenant().requests()).unwrap().contains(secret));
}

#[tokio::test]
async fn every_answer_can_be_traced() {
    let graph = Graph::of(
        EmulatedTenant::builder()
            .clock(Arc::new(FixedClock(datetime!(2026-03-01 12:00 UTC))))
            .build(),
    )
    .await;
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
async fn tokens_that_are_missing_foreign_or_over_are_refused() {
    let tenant = EmulatedTenant::new();
    let administrator = Caller::global_administrator;
    let other = TenantId::new(uuid!("11111111-2222-4333-8444-555555555555"));
    for (caller, expected) in [
        (administrator(), 200),
        (administrator().with_audience("00000003-0000-0000-c000-000000000000"), 200),
        (administrator().expired(), 401),
        (administrator().with_audience("https://management.azure.com/"), 401),
        (administrator().with_audience("https://graph.microsoft.us"), 401),
        (administrator().with_tenant(other), 401),
    ] {
        let graph = Graph::signed_in(tenant.clone(), &caller).await;
        let answer = graph.get("v1.0/organization").await;
        assert_eq!(answer.0, expected, "{caller:?}");
        if expected == 401 {
            assert_eq!(code(&answer).1, "InvalidAuthenticationToken");
        }
    }
    let graph = Graph::of(tenant).await;
    let response = graph.client.get(graph.url("v1.0/organization")).send().await.unwrap();
    assert!(response.headers().contains_key("www-authenticate"));
    assert_eq!(code(&read(response).await), (401, "InvalidAuthenticationToken"));
}

#[tokio::test]
async fn an_application_writes_all_objects_or_its_own() {
    let tenant = EmulatedTenant::new();
    let theirs = Graph::of(tenant.clone()).await.create("Theirs").await;
    let path = format!("v1.0/applications/{}", text(&theirs, "id"));
    let id = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01").into();
    let owner = Graph::signed_in(tenant.clone(), &Caller::application(id, ["Application.ReadWrite.OwnedBy"])).await;
    assert_eq!(owner.get(&path).await.0, 200);
    assert_eq!(
        code(&owner.patch(&path, json!({"notes": "x"})).await),
        (403, "Authorization_RequestDenied")
    );
    let own = owner.create("Mine").await;
    let own = format!("v1.0/applications/{}", text(&own, "id"));
    assert_eq!(owner.patch(&own, json!({"notes": "x"})).await.0, 204);
    let all = Graph::signed_in(tenant.clone(), &Caller::application(id, ["Application.ReadWrite.All"])).await;
    assert_eq!(all.patch(&path, json!({"notes": "x"})).await.0, 204);
    assert_eq!(code(&all.get("v1.0/me").await), (400, "BadRequest"));
    let nothing = Graph::signed_in(tenant, &Caller::application(id, [] as [&str; 0])).await;
    assert_eq!(nothing.get(&path).await.0, 403);
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
    assert_eq!(graph.get("v1.0/colours").await.0, 404);
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
async fn lists_are_filtered_paged_and_counted() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    for number in 0..5 {
        graph.create(&format!("App {number}")).await;
    }
    let mut next = Some(graph.url("v1.0/applications?$top=2&$select=displayName&$filter=startswith(displayName,'App')"));
    let mut names = Vec::new();
    let mut pages = 0;
    while let Some(url) = next {
        let (status, page) = read(graph.client.get(url).bearer_auth(&graph.token).send().await.unwrap()).await;
        assert_eq!(status, 200, "{page}");
        names.extend(
            page["value"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| text(item, "displayName").to_owned()),
        );
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((pages, names.len()), (3, 5));
    let eventual = [("ConsistencyLevel", "eventual")];
    let unequal = "v1.0/applications?$filter=displayName ne 'App 1'&$count=true";
    assert_eq!(code(&graph.get(unequal).await), (400, "Request_UnsupportedQuery"));
    let (status, counted) = graph.send(Method::GET, unequal, &eventual, None).await;
    assert_eq!((status, &counted["@odata.count"]), (200, &json!(4)));
    assert_eq!(
        graph.send(Method::GET, "v1.0/applications/$count", &eventual, None).await,
        (200, json!(5))
    );
    assert_eq!(graph.get("v1.0/applications?$filter=colour eq 'x'").await.0, 400);
    assert_eq!(graph.get("v1.0/applications?$search=\"displayName:x\"").await.0, 501);
}

#[tokio::test]
async fn an_upsert_creates_once_and_answers_without_a_body_afterwards() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let path = "v1.0/applications(uniqueName='mine')";
    let body = || Some(json!({"displayName": "Mine", "signInAudience": "AzureADMyOrg"}));
    let create = [("Prefer", "create-if-missing")];
    assert_eq!(code(&graph.patch(path, body().unwrap()).await), (404, "Request_ResourceNotFound"));
    let (status, created) = graph.send(Method::PATCH, path, &create, body()).await;
    assert_eq!((status, &created["uniqueName"]), (201, &json!("mine")));
    assert_eq!(graph.send(Method::PATCH, path, &create, body()).await, (204, json!("")));
    let answer = graph.patch(path, json!({"uniqueName": "another"})).await;
    assert_eq!(code(&answer), (400, "Request_BadRequest"));
    let principal = format!("v1.0/servicePrincipals(appId='{}')", text(&created, "appId"));
    assert_eq!(graph.send(Method::PATCH, &principal, &create, Some(json!({}))).await.0, 201);
    assert_eq!(graph.send(Method::PATCH, &principal, &create, Some(json!({}))).await.0, 204);
}

#[tokio::test]
async fn a_deleted_app_holds_its_unique_name_until_it_is_purged() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let id = text(&graph.create("Server").await, "id").to_owned();
    let (status, _) = graph.send(Method::DELETE, &format!("v1.0/applications/{id}"), &[], None).await;
    assert_eq!(status, 204);
    let body = json!({"displayName": "Server", "uniqueName": "unique Server"});
    let taken = graph.post("v1.0/applications", body.clone()).await;
    assert_eq!(code(&taken), (400, "Request_BadRequest"));
    assert_eq!(taken.1["error"]["details"][0]["code"], "ObjectConflict");
    let (_, listed) = graph
        .get("v1.0/directory/deletedItems/microsoft.graph.application?$select=id")
        .await;
    assert_eq!(listed["value"], json!([{"id": id}]));
    let restored = graph.post(&format!("v1.0/directory/deletedItems/{id}/restore"), json!({})).await;
    assert_eq!((restored.0, &restored.1["deletedDateTime"]), (200, &Value::Null));
    graph.send(Method::DELETE, &format!("v1.0/applications/{id}"), &[], None).await;
    let purge = format!("v1.0/directory/deletedItems/{id}");
    assert_eq!(graph.send(Method::DELETE, &purge, &[], None).await.0, 204);
    assert_eq!(graph.send(Method::DELETE, &purge, &[], None).await.0, 404);
    assert_eq!(graph.post("v1.0/applications", body).await.0, 201);
}

#[tokio::test]
async fn the_policy_is_readable_and_drives_what_is_refused() {
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    policy.longest_secret = Some(time::Duration::days(180));
    let tenant = EmulatedTenant::builder().policy(policy).build();
    let reader = Caller::global_administrator().with_scopes(["Application.ReadWrite.All", "Policy.Read.All"]);
    let graph = Graph::signed_in(tenant.clone(), &reader).await;
    let (status, policy) = graph.get("v1.0/policies/defaultAppManagementPolicy").await;
    assert_eq!(status, 200);
    assert_eq!(policy["applicationRestrictions"]["passwordCredentials"][0]["state"], "enabled");
    assert_eq!(policy["applicationRestrictions"]["passwordCredentials"][1]["maxLifetime"], "P180D");
    let body = json!({"displayName": "x", "passwordCredentials": [{"displayName": "y"}]});
    let refused = graph.post("v1.0/applications", body).await;
    assert_eq!(code(&refused), (400, "CredentialTypeNotAllowedAsPerAppPolicy"));
    assert_eq!(graph.server.tenant().state()["applications"], json!([]));
    let without = Graph::of(tenant).await;
    assert_eq!(without.get("v1.0/policies/defaultAppManagementPolicy").await.0, 403);
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
    let mixed = chain(json!({"id": "3", "method": "GET", "url": "/organization"}));
    assert_eq!(graph.post("v1.0/$batch", mixed).await.0, 400);
}

#[tokio::test]
async fn a_tenant_is_found_by_any_of_its_names() {
    let tenant = EmulatedTenant::new();
    let id = tenant.tenant_id();
    let graph = Graph::of(tenant).await;
    for name in [
        id.to_string(),
        "contoso.com".to_owned(),
        "contoso.onmicrosoft.com".to_owned(),
        "organizations".to_owned(),
    ] {
        let (status, found) = graph.get(&format!("{name}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(status, 200);
        assert!(text(&found, "token_endpoint").starts_with(graph.server.url().as_str()));
        assert_eq!(found["cloud_instance_name"], "microsoftonline.com");
    }
    let (_, found) = graph.get("contoso.com/v2.0/.well-known/openid-configuration").await;
    assert_eq!(text(&found, "issuer"), format!("{}{id}/v2.0", graph.server.url()));
    let (_, found) = graph.get("contoso.com/.well-known/openid-configuration").await;
    assert_eq!(text(&found, "issuer"), format!("https://sts.windows.net/{id}/"));
    let (status, error) = graph.get("fabrikam.com/v2.0/.well-known/openid-configuration").await;
    assert_eq!(
        (status, text(&error, "error"), &error["error_codes"]),
        (400, "invalid_tenant", &json!([90002]))
    );
}

#[tokio::test]
async fn an_app_signs_in_with_its_secret_and_gets_what_was_consented_to() {
    let tenant = EmulatedTenant::builder()
        .clock(Arc::new(FixedClock(datetime!(2026-03-01 12:00 UTC))))
        .build();
    let graph = Graph::of(tenant.clone()).await;
    let body = json!({"displayName": "Server", "signInAudience": "AzureADMyOrg", "passwordCredentials": [{"endDateTime": "2027-01-01T00:00:00Z"}]});
    let (_, created) = graph.post("v1.0/applications", body).await;
    let (app_id, secret) = (text(&created, "appId"), text(&created["passwordCredentials"][0], "secretText"));
    let scope = format!("{}.default", graph.server.url());
    let fields = |id, secret| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", &*scope),
        ]
    };
    let path = format!("{}/oauth2/v2.0/token", tenant.tenant_id());
    let (status, token) = graph.form(&path, &fields(app_id, secret)).await;
    assert_eq!((status, text(&token, "token_type")), (200, "Bearer"), "{token}");
    for (id, secret, status, error, number) in [
        (app_id, "wrong", 401, "invalid_client", 7_000_215),
        ("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", "x", 400, "unauthorized_client", 700_016),
    ] {
        let refused = graph.form(&path, &fields(id, secret)).await;
        assert_eq!(
            (refused.0, text(&refused.1, "error"), &refused.1["error_codes"]),
            (status, error, &json!([number]))
        );
    }

    let (_, principal) = graph.post("v1.0/servicePrincipals", json!({"appId": app_id})).await;
    let (_, resource) = graph
        .get(&format!("v1.0/servicePrincipals(appId='{}')", well_known::MICROSOFT_GRAPH))
        .await;
    let assignment = json!({
        "principalId": principal["id"], "resourceId": resource["id"], "appRoleId": well_known::DIRECTORY_READ_ALL_ROLE,
    });
    let path = format!("v1.0/servicePrincipals/{}/appRoleAssignments", text(&principal, "id"));
    assert_eq!(graph.post(&path, assignment.clone()).await.0, 201);
    assert_eq!(code(&graph.post(&path, assignment).await), (400, "Request_BadRequest"));
    let old = format!("{}/oauth2/token", tenant.tenant_id());
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", app_id),
        ("client_secret", secret),
        ("resource", "https://graph.microsoft.com"),
    ];
    let (_, token) = graph.form(&old, &fields).await;
    assert_eq!(text(&token, "expires_in"), "3599");
    let as_app = Graph {
        client: graph.client.clone(),
        server: EmulatorServer::builder(tenant).start().await.unwrap(),
        token: text(&token, "access_token").to_owned(),
    };
    assert_eq!(as_app.get("v1.0/applications").await.0, 200);
    assert_eq!(as_app.post("v1.0/applications", json!({"displayName": "x"})).await.0, 403);
}

#[tokio::test]
async fn the_automation_client_may_do_all_that_onboarding_needs() {
    let tenant = EmulatedTenant::new();
    let mut graph = Graph::of(tenant.clone()).await;
    let automation = tenant.automation_client();
    let (id, scope) = (automation.id().to_string(), "https://graph.microsoft.com/.default");
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*id),
        ("client_secret", automation.secret().expose()),
        ("scope", scope),
    ];
    let (_, token) = graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    graph.token = text(&token, "access_token").to_owned();
    graph.create("Server").await;
    assert_eq!(graph.get("v1.0/policies/defaultAppManagementPolicy").await.0, 200);
    assert_eq!(graph.get("v1.0/organization").await.0, 200);
}

#[tokio::test]
async fn a_device_code_gives_a_token_once_it_is_approved() {
    let tenant = EmulatedTenant::new();
    let graph = Graph::of(tenant.clone()).await;
    let scope = format!(
        "{0}User.Read {0}Application.ReadWrite.All {0}Sites.Read.All openid",
        graph.server.url()
    );
    let (_, begun) = graph
        .form(
            "contoso.com/oauth2/v2.0/devicecode",
            &[("client_id", "a client"), ("scope", &scope)],
        )
        .await;
    assert_eq!(begun["interval"], 5);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let fields = [
        ("grant_type", grant),
        ("client_id", "a client"),
        ("device_code", text(&begun, "device_code")),
    ];
    let (status, pending) = graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!((status, text(&pending, "error")), (400, "authorization_pending"));
    let page = format!("{}?user_code={}", text(&begun, "verification_uri"), text(&begun, "user_code"));
    assert_eq!(graph.client.get(page).send().await.unwrap().status(), 200);
    assert!(!tenant.approve_device_code(text(&begun, "user_code")), "it is approved already");
    let (status, token) = graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!(status, 200, "{token}");
    let granted = text(&token, "scope");
    assert!(
        granted.contains("/Application.ReadWrite.All") && !granted.contains("Sites.Read.All"),
        "{granted}"
    );
    let (_, again) = graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!(text(&again, "error"), "bad_verification_code");
    let signed_in = Graph {
        token: text(&token, "access_token").to_owned(),
        ..graph
    };
    assert_eq!(
        signed_in.get("v1.0/me").await.1["userPrincipalName"],
        "admin@contoso.onmicrosoft.com"
    );
}

#[tokio::test]
async fn over_tls_one_connection_carries_everything_at_once() {
    let tenant = EmulatedTenant::new();
    let token = tenant.token_for(&Caller::global_administrator());
    let server = EmulatorServer::builder(tenant).tls(true).start().await.unwrap();
    let certificate = reqwest::Certificate::from_pem(server.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let url = format!("{}v1.0/organization", server.url());
    assert!(url.starts_with("https://localhost:"));
    let get = || client.get(&url).bearer_auth(&token).send();
    let first = get().await.unwrap();
    assert_eq!(first.version(), reqwest::Version::HTTP_2);
    let many = futures_util::future::join_all((0..8).map(|_| get())).await;
    assert!(many.into_iter().all(|answer| answer.unwrap().status() == 200));
    assert_eq!(server.connections(), 1);
    let old = Client::builder()
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
