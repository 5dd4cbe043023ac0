//! What the directory does with requests.

use cmg_onboarding::{directory::AppManagementPolicy, ids::TenantId};
use cmg_onboarding_emulator::{Caller, EmulatedTenant};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::uuid;

use crate::support::{Graph, code, read, text};

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
    let id = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
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
    let search = "v1.0/applications?$search=\"displayName:app 1\"";
    assert_eq!(code(&graph.get(search).await), (400, "Request_UnsupportedQuery"));
    let (status, found) = graph.send(Method::GET, search, &eventual, None).await;
    assert_eq!((status, found["value"].as_array().unwrap().len()), (200, 1));
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
async fn generated_clients_may_shorten_the_namespace_and_learn_what_an_owner_is() {
    let graph = Graph::of(EmulatedTenant::new()).await;
    let id = text(&graph.create("Server").await, "id").to_owned();
    let (status, owners) = graph.get(&format!("v1.0/applications/{id}/owners")).await;
    assert_eq!((status, &owners["value"][0]["@odata.type"]), (200, &json!("#microsoft.graph.user")));
    let added = graph.post(&format!("v1.0/applications/{id}/graph.addPassword"), json!({})).await;
    assert_eq!(added.0, 200, "{}", added.1);
    assert_eq!(
        graph.send(Method::DELETE, &format!("v1.0/applications/{id}"), &[], None).await.0,
        204
    );
    for name in ["graph.application", "microsoft.graph.application"] {
        let (status, deleted) = graph.get(&format!("v1.0/directory/deletedItems/{name}")).await;
        assert_eq!((status, &deleted["value"][0]["id"]), (200, &json!(id)), "{name}");
    }
}
