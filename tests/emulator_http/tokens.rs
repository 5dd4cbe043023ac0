//! Tokens follow the registrations: a pair of apps that works in life works here, and a broken one fails as it does there.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cmg_onboarding_emulator::EmulatedTenant;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Graph, text};

const URI: &str = "https://contoso.com/ConfigMgrService";
const SCOPE: &str = "7c1e0f4a-5a52-4bb4-8f56-b9b41a3f1a77";
const ROLE: &str = "7c1e0f4a-5a52-4bb4-8f56-b9b41a3f1a78";

/// A server app, a client app that users sign in through, and the consent between them.
struct Pair {
    graph: Graph,
    server: Value,
    server_principal: Value,
    client: Value,
    client_principal: Value,
    grant: Value,
}

impl Pair {
    async fn new() -> Self {
        let graph = Graph::of(EmulatedTenant::new()).await;
        let scope = json!({
            "id": SCOPE, "value": "user_impersonation", "type": "User", "isEnabled": true,
            "adminConsentDisplayName": "Access", "adminConsentDescription": "Access",
        });
        let role = json!({
            "id": ROLE, "value": "Sites.Manage", "displayName": "Sites", "description": "Sites", "isEnabled": true,
            "allowedMemberTypes": ["Application"],
        });
        let body = json!({
            "displayName": "Server", "signInAudience": "AzureADMyOrg", "identifierUris": [URI],
            "api": {"oauth2PermissionScopes": [scope]}, "appRoles": [role], "passwordCredentials": [{"displayName": "one"}],
        });
        let (status, server) = graph.post("v1.0/applications", body).await;
        assert_eq!(status, 201, "{server}");
        let body = json!({
            "displayName": "Client", "signInAudience": "AzureADMyOrg", "isFallbackPublicClient": true,
            "publicClient": {"redirectUris": ["http://localhost/callback"]}, "spa": {"redirectUris": ["https://app.contoso.com/"]},
        });
        let (_, client) = graph.post("v1.0/applications", body).await;
        let (_, server_principal) = graph.post("v1.0/servicePrincipals", json!({"appId": server["appId"]})).await;
        let (_, client_principal) = graph.post("v1.0/servicePrincipals", json!({"appId": client["appId"]})).await;
        let grant = json!({
            "clientId": client_principal["id"], "resourceId": server_principal["id"], "consentType": "AllPrincipals",
            "scope": "user_impersonation",
        });
        let (status, grant) = graph.post("v1.0/oauth2PermissionGrants", grant).await;
        assert_eq!(status, 201, "{grant}");
        Self {
            graph,
            server,
            server_principal,
            client,
            client_principal,
            grant,
        }
    }

    /// Signs a user in through a client by a device code; the claims of the token, or the number of the refusal.
    async fn user(&self, client: &str, scope: &str) -> Result<Value, u64> {
        let fields = [("client_id", client), ("scope", scope)];
        let (status, begun) = self.graph.form("contoso.com/oauth2/v2.0/devicecode", &fields).await;
        if status != 200 {
            return Err(begun["error_codes"][0].as_u64().unwrap());
        }
        assert!(self.graph.server.tenant().approve_device_code(text(&begun, "user_code")));
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client),
            ("device_code", text(&begun, "device_code")),
        ];
        let (status, answer) = self.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
        claims_or_number(status, &answer)
    }

    async fn application(&self, scope: &str) -> Result<Value, u64> {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", text(&self.server, "appId")),
            ("client_secret", text(&self.server["passwordCredentials"][0], "secretText")),
            ("scope", scope),
        ];
        let (status, answer) = self.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
        claims_or_number(status, &answer)
    }

    fn client(&self) -> &str {
        text(&self.client, "appId")
    }
}

fn claims_or_number(status: u16, answer: &Value) -> Result<Value, u64> {
    if status == 200 {
        Ok(claims(text(answer, "access_token")))
    } else {
        Err(answer["error_codes"][0].as_u64().unwrap())
    }
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_app_signs_a_user_in_for_the_server_app_and_a_broken_pair_fails_as_in_life() {
    let pair = Pair::new().await;
    let scope = format!("{URI}/user_impersonation");
    let token = pair.user(pair.client(), &scope).await.unwrap();
    assert_eq!(
        (text(&token, "aud"), text(&token, "scp"), text(&token, "ver")),
        (URI, "user_impersonation", "1.0")
    );
    let everything = format!("{}/.default", text(&pair.server, "appId"));
    assert_eq!(
        text(&pair.user(pair.client(), &everything).await.unwrap(), "aud"),
        text(&pair.server, "appId")
    );

    let unknown = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
    let other = pair.graph.create("Other").await;
    for (client, scope, number) in [
        (unknown, &*scope, 700_016),
        (pair.client(), "api://nothing/x", 500_011),
        (pair.client(), &format!("{URI}/other"), 650_053),
        (pair.client(), "User.Read", 65001),
        (pair.client(), &format!("{scope} User.Read"), 28000),
        (text(&other, "appId"), &*scope, 7_000_218),
    ] {
        assert_eq!(pair.user(client, scope).await, Err(number), "{client} {scope}");
    }

    let path = format!("v1.0/oauth2PermissionGrants/{}", text(&pair.grant, "id"));
    assert_eq!(pair.graph.send(Method::DELETE, &path, &[], None).await.0, 204);
    assert_eq!(pair.user(pair.client(), &scope).await, Err(65001), "the consent is gone");
    let path = format!("v1.0/applications/{}", text(&pair.client, "id"));
    assert_eq!(pair.graph.patch(&path, json!({"isFallbackPublicClient": false})).await.0, 204);
    assert_eq!(pair.user(pair.client(), &scope).await, Err(7_000_218), "no public client any more");
}

#[tokio::test]
async fn the_server_app_decides_the_version_of_its_tokens() {
    let pair = Pair::new().await;
    let path = format!("v1.0/applications/{}", text(&pair.server, "id"));
    assert_eq!(
        pair.graph.patch(&path, json!({"api": {"requestedAccessTokenVersion": 2}})).await.0,
        204
    );
    let token = pair.user(pair.client(), &format!("{URI}/user_impersonation")).await.unwrap();
    assert_eq!((text(&token, "ver"), text(&token, "aud")), ("2.0", text(&pair.server, "appId")));
    assert_eq!((text(&token, "azp"), token.get("appid")), (pair.client(), None));
    let issuer = format!("{}{}/v2.0", pair.graph.server.url(), pair.graph.server.tenant().tenant_id());
    assert_eq!(text(&token, "iss"), issuer);
}

#[tokio::test]
async fn an_application_gets_the_roles_of_the_resource_it_asks_for_and_asks_for_default_only() {
    let pair = Pair::new().await;
    let own = format!("{URI}/.default");
    assert_eq!(pair.application(&own).await.unwrap()["roles"], json!([]));
    let id = text(&pair.server_principal, "id");
    let assignment = json!({"principalId": id, "resourceId": id, "appRoleId": ROLE});
    let path = format!("v1.0/servicePrincipals/{id}");
    assert_eq!(pair.graph.patch(&path, json!({"appRoleAssignmentRequired": true})).await.0, 204);
    assert_eq!(pair.application(&own).await, Err(501_051));
    assert_eq!(pair.user(pair.client(), &format!("{URI}/user_impersonation")).await, Err(50105));
    assert_eq!(pair.graph.post(&format!("{path}/appRoleAssignments"), assignment).await.0, 201);
    assert_eq!(pair.application(&own).await.unwrap()["roles"], json!(["Sites.Manage"]));
    assert_eq!(
        pair.application("https://graph.microsoft.com/.default").await.unwrap()["roles"],
        json!([])
    );
    for scope in ["https://graph.microsoft.com/User.Read", "User.Read", ".default"] {
        assert_eq!(pair.application(scope).await, Err(1_002_012), "{scope}");
    }
    assert_eq!(pair.application("").await, Err(900_144));
    assert_ne!(pair.client_principal["id"], pair.server_principal["id"]);
}

#[tokio::test]
async fn a_browser_is_sent_to_registered_addresses_only_and_a_page_redeems_its_own_codes() {
    let pair = Pair::new().await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let open = async |redirect: &str, mode: &str| {
        let path = format!(
            "contoso.com/oauth2/v2.0/authorize?client_id={}&response_type=code&response_mode={mode}&state=s\
             &redirect_uri={redirect}&scope={URI}/user_impersonation",
            pair.client()
        );
        let answer = client.get(pair.graph.url(&path)).send().await.unwrap();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default())
    };
    assert!(
        open("http://localhost:3000/callback", "query")
            .await
            .1
            .starts_with("http://localhost:3000/callback?code=")
    );
    for unregistered in ["http://localhost:3000", "https://elsewhere.example/"] {
        assert_eq!(open(unregistered, "query").await.0, 400, "{unregistered}");
    }
    let (_, back) = open("https://app.contoso.com/", "fragment").await;
    let code = back
        .strip_prefix("https://app.contoso.com/#code=")
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", pair.client()),
        ("redirect_uri", "https://app.contoso.com/"),
        ("code", &*code),
    ];
    let (_, refused) = pair.graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!(refused["error_codes"], json!([9_002_327]), "no browser sent it");

    let url = pair.graph.url("contoso.com/oauth2/v2.0/token");
    let page = "https://app.contoso.com";
    let asked = client
        .request(Method::OPTIONS, &url)
        .header("origin", page)
        .header("access-control-request-method", "POST");
    let allowed = asked.send().await.unwrap();
    assert_eq!(
        (allowed.status().as_u16(), &allowed.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let sent = client
        .post(&url)
        .header("origin", page)
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = sent.body(body.finish()).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
        (200, &"*".parse().unwrap())
    );
    let token = client.get(pair.graph.url("v1.0/me")).header("origin", page).send().await.unwrap();
    assert!(
        token.headers()["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .contains("request-id")
    );
    let private = client
        .request(Method::OPTIONS, pair.graph.url("emulator/site"))
        .header("origin", page)
        .send()
        .await
        .unwrap();
    assert!(private.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn the_keys_that_discovery_names_are_those_that_tokens_are_signed_with() {
    let pair = Pair::new().await;
    let (_, found) = pair.graph.get("contoso.com/v2.0/.well-known/openid-configuration").await;
    let address = text(&found, "jwks_uri")
        .strip_prefix(pair.graph.server.url().as_str())
        .unwrap()
        .to_owned();
    let (_, keys) = pair.graph.get(&address).await;
    let header = pair.graph.token.split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &keys["keys"][0]["kid"]));
    let user_info = text(&found, "userinfo_endpoint")
        .strip_prefix(pair.graph.server.url().as_str())
        .unwrap()
        .to_owned();
    assert_eq!(pair.graph.get(&user_info).await.0, 200);
}
