//! App registrations that are switched off, and what an app registration keeps.

use cmg_onboarding_emulator::{Caller, EmulatedTenant, SignInTrouble};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

use crate::support::{Graph, text};

/// A server app with a secret, and its service principal.
struct App {
    graph: Graph,
    app_id: String,
    id: String,
    principal: String,
    secret: String,
}

impl App {
    async fn new() -> Self {
        let graph = Graph::of(EmulatedTenant::new()).await;
        let body = json!({
            "displayName": "Server", "signInAudience": "AzureADMyOrg", "isFallbackPublicClient": true,
            "identifierUris": ["https://contoso.com/server"], "passwordCredentials": [{"displayName": "one"}],
        });
        let (status, created) = graph.post("v1.0/applications", body).await;
        assert_eq!(status, 201, "{created}");
        let app_id = text(&created, "appId").to_owned();
        let (_, principal) = graph.post("v1.0/servicePrincipals", json!({"appId": app_id})).await;
        let of_graph = "v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')";
        let grant = json!({
            "clientId": principal["id"], "resourceId": graph.get(of_graph).await.1["id"], "consentType": "AllPrincipals", "scope": "User.Read",
        });
        assert_eq!(graph.post("v1.0/oauth2PermissionGrants", grant).await.0, 201);
        Self {
            id: text(&created, "id").to_owned(),
            principal: text(&principal, "id").to_owned(),
            secret: text(&created["passwordCredentials"][0], "secretText").to_owned(),
            app_id,
            graph,
        }
    }

    /// The status and the numbers of the answer to a request for a token of the app's own.
    async fn sign_in(&self, resource: &str) -> (u16, Value, String) {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &*self.app_id),
            ("client_secret", &*self.secret),
            ("scope", resource),
        ];
        let (status, answer) = self.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
        let description = answer["error_description"].as_str().unwrap_or_default().to_owned();
        (status, answer["error_codes"].clone(), description)
    }

    /// The same for a person who signs in through the app.
    async fn person_signs_in(&self, scope: &str) -> (u16, Value) {
        let fields = [("client_id", &*self.app_id), ("scope", scope)];
        let (_, begun) = self.graph.form("contoso.com/oauth2/v2.0/devicecode", &fields).await;
        assert!(self.graph.server.tenant().approve_device_code(text(&begun, "user_code")));
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", &*self.app_id),
            ("device_code", text(&begun, "device_code")),
        ];
        let (status, answer) = self.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
        (status, answer["error_codes"].clone())
    }
}

const GRAPH: &str = "https://graph.microsoft.com/.default";

#[tokio::test]
async fn an_app_that_is_deactivated_gets_no_token_until_it_is_active_again() {
    let app = App::new().await;
    let path = format!("v1.0/applications/{}", app.id);
    assert_eq!(app.sign_in(GRAPH).await.0, 200);
    assert_eq!(app.person_signs_in("User.Read").await.0, 200);
    for (name, off, on) in [
        ("isDisabled", json!(true), json!(false)),
        ("isDisabled", json!(true), Value::Null),
        (
            "disabledByMicrosoftStatus",
            json!("DisabledDueToViolationOfServicesAgreement"),
            json!("NotDisabled"),
        ),
    ] {
        assert_eq!(app.graph.patch(&path, json!({name: off})).await.0, 204);
        assert_eq!(app.graph.get(&path).await.1[name], off);
        let (status, numbers, description) = app.sign_in(GRAPH).await;
        assert_eq!((status, numbers), (400, json!([7_000_112])), "{name}");
        assert!(description.contains("(Server) is disabled."), "{description}");
        assert_eq!(app.person_signs_in("User.Read").await, (400, json!([7_000_112])), "{name}");
        assert_eq!(app.graph.patch(&path, json!({name: on})).await.0, 204);
        assert_eq!(app.sign_in(GRAPH).await.0, 200, "{name}");
    }
}

#[tokio::test]
async fn a_service_principal_that_is_switched_off_neither_signs_in_nor_is_signed_in_to() {
    let app = App::new().await;
    let path = format!("v1.0/servicePrincipals/{}", app.principal);
    assert_eq!(app.graph.get(&path).await.1["accountEnabled"], true);
    assert_eq!(app.graph.patch(&path, json!({"accountEnabled": false})).await.0, 204);
    assert_eq!(app.graph.get(&path).await.1["accountEnabled"], false);
    let (status, numbers, _) = app.sign_in(GRAPH).await;
    assert_eq!((status, numbers), (400, json!([7_000_112])));
    assert_eq!(app.person_signs_in("User.Read").await, (400, json!([7_000_112])));

    let other = app.graph.create("Other").await;
    app.graph.post("v1.0/servicePrincipals", json!({"appId": other["appId"]})).await;
    let fields = [("client_id", text(&other, "appId")), ("scope", "https://contoso.com/server/x")];
    let (_, begun) = app.graph.form("contoso.com/oauth2/v2.0/devicecode", &fields).await;
    app.graph.server.tenant().approve_device_code(text(&begun, "user_code"));
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", text(&other, "appId")),
        ("device_code", text(&begun, "device_code")),
    ];
    let (_, refused) = app.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!(refused["error_codes"], json!([500_014]));
}

#[tokio::test]
async fn an_app_without_a_service_principal_gets_no_token() {
    let app = App::new().await;
    let path = format!("v1.0/servicePrincipals/{}", app.principal);
    assert_eq!(app.graph.send(Method::DELETE, &path, &[], None).await.0, 204);
    let (status, numbers, description) = app.sign_in(GRAPH).await;
    assert_eq!((status, numbers), (401, json!([7_000_229])));
    assert!(description.contains("is missing service principal in the tenant"), "{description}");
}

#[tokio::test]
async fn an_app_keeps_its_lock_its_tags_and_its_owners() {
    const PERSON: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01");
    let graph = Graph::of(EmulatedTenant::new()).await;
    let lock = json!({
        "isEnabled": true, "allProperties": true, "credentialsWithUsageVerify": true, "credentialsWithUsageSign": true,
        "tokenEncryptionKeyId": null,
    });
    let body = json!({
        "displayName": "Server", "tags": ["one", "two"], "servicePrincipalLockConfiguration": lock,
        "owners@odata.bind": [format!("https://graph.microsoft.com/v1.0/users/{PERSON}")],
    });
    let (status, created) = graph.post("v1.0/applications", body).await;
    assert_eq!(status, 201, "{created}");
    let path = format!("v1.0/applications/{}", text(&created, "id"));
    let (_, found) = graph.get(&path).await;
    assert_eq!(
        (&found["servicePrincipalLockConfiguration"], &found["tags"]),
        (&lock, &json!(["one", "two"]))
    );
    assert!(found.get("owners@odata.bind").is_none());
    let (_, owners) = graph.get(&format!("{path}/owners")).await;
    let owners: Vec<&str> = owners["value"].as_array().unwrap().iter().map(|owner| text(owner, "id")).collect();
    assert_eq!(owners.len(), 2, "who has made it, and who was given");
    assert!(owners.contains(&PERSON.to_string().as_str()));

    let broken = json!({"displayName": "x", "owners@odata.bind": ["not an address"]});
    assert_eq!(graph.post("v1.0/applications", broken).await.0, 400);
}

#[tokio::test]
async fn an_owner_without_a_role_may_write_the_app() {
    let tenant = EmulatedTenant::new();
    let owner = Caller::user("owner").with_scopes(["Application.ReadWrite.All", "User.Read"]);
    let theirs = Graph::signed_in(tenant.clone(), &owner).await;
    let (_, me) = theirs.get("v1.0/me").await;
    let graph = Graph::of(tenant).await;
    let path = |app: &Value| format!("v1.0/applications/{}", text(app, "id"));
    let address = format!("{}v1.0/directoryObjects/{}", graph.server.url(), text(&me, "id"));
    let (_, owned) = graph
        .post("v1.0/applications", json!({"displayName": "x", "owners@odata.bind": [address]}))
        .await;
    let other = graph.create("other").await;
    assert_eq!(theirs.patch(&path(&owned), json!({"notes": "mine"})).await.0, 204);
    assert_eq!(theirs.patch(&path(&other), json!({"notes": "mine"})).await.0, 403);
}

#[tokio::test]
async fn an_app_is_handed_to_its_next_owner() {
    const NEXT: Uuid = uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a02");
    let caller = Caller::global_administrator().with_scopes(["Application.ReadWrite.All", "Directory.Read.All"]);
    let graph = Graph::signed_in(EmulatedTenant::new(), &caller).await;
    let path = format!("v1.0/applications/{}/owners", text(&graph.create("Server").await, "id"));
    let first = text(&graph.get(&path).await.1["value"][0], "id").to_owned();
    let next = json!({"@odata.id": format!("{}v1.0/users/{NEXT}", graph.server.url())});
    assert_eq!(graph.post(&format!("{path}/$ref"), next.clone()).await.0, 204);
    assert_eq!(graph.post(&format!("{path}/$ref"), next).await.0, 400, "once");
    let leaving = format!("{path}/{first}/$ref");
    assert_eq!(graph.send(Method::DELETE, &leaving, &[], None).await.0, 204);
    assert_eq!(graph.send(Method::DELETE, &leaving, &[], None).await.0, 404);
    let (_, owners) = graph.get(&path).await;
    assert_eq!(
        (owners["value"].as_array().unwrap().len(), &owners["value"][0]["id"]),
        (1, &json!(NEXT))
    );
}

#[tokio::test]
async fn any_object_can_be_spoiled_past_the_rules() {
    let app = App::new().await;
    let tenant = app.graph.server.tenant();
    let id: Uuid = app.app_id.parse().unwrap();
    let over = json!({"passwordCredentials": [{"keyId": Uuid::nil(), "endDateTime": "2020-01-01T00:00:00Z"}]});
    assert!(tenant.change_object(id, over));
    assert_eq!(app.sign_in(GRAPH).await.1, json!([7_000_215]), "another secret");
    let principal: Uuid = app.principal.parse().unwrap();
    assert!(tenant.change_object(principal, json!({"accountEnabled": false})));
    assert_eq!(app.person_signs_in("User.Read").await, (400, json!([7_000_112])));
    assert!(!tenant.change_object(Uuid::nil(), json!({})));
}

#[tokio::test]
async fn conditional_access_may_block_an_application_too() {
    let app = App::new().await;
    app.graph.server.tenant().trouble_sign_in(SignInTrouble::BlockedByConditionalAccess);
    assert_eq!(app.sign_in(GRAPH).await.1, json!([53_003]));
    assert_eq!(app.sign_in(GRAPH).await.0, 200);
}
