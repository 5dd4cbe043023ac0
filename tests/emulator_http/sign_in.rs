//! What the sign-in authority does.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cmg_onboarding::ids::well_known;
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::support::{Graph, code, text};

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
    let tenant = EmulatedTenant::builder().clock(|| datetime!(2026-03-01 12:00 UTC)).build();
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
    // An app without a service principal gets no token, which hides nothing about its secret.
    let refused = graph.form(&path, &fields(app_id, secret)).await;
    assert_eq!((refused.0, &refused.1["error_codes"]), (401, &json!([7_000_229])), "{}", refused.1);
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
    let (status, token) = graph.form(&path, &fields(app_id, secret)).await;
    assert_eq!((status, text(&token, "token_type")), (200, "Bearer"), "{token}");
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
        ("client_secret", automation.secret()),
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
            &[("client_id", "14d82eec-204b-4c2f-b7e8-296a70dab67e"), ("scope", &scope)],
        )
        .await;
    assert_eq!(begun["interval"], 5);
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let fields = [
        ("grant_type", grant),
        ("client_id", "14d82eec-204b-4c2f-b7e8-296a70dab67e"),
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
async fn an_app_is_told_no_scopes_so_that_libraries_find_its_token_again() {
    let tenant = EmulatedTenant::new();
    let graph = Graph::of(tenant.clone()).await;
    let automation = tenant.automation_client();
    let id = automation.id().to_string();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*id),
        ("client_secret", automation.secret()),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let (_, token) = graph.form("contoso.com/oauth2/v2.0/token", &fields).await;
    // Libraries keep a token under the scopes of the answer, and only without any under those they asked for.
    assert_eq!(token.get("scope"), None, "{token}");
    let claims = claims(text(&token, "access_token"));
    assert_eq!(
        (&claims["app_displayname"], claims.get("scp")),
        (&json!("Emulator automation"), None)
    );
}

#[tokio::test]
async fn a_user_who_asks_for_it_gets_an_account_and_stays_signed_in() {
    let tenant = EmulatedTenant::new();
    let graph = Graph::of(tenant.clone()).await;
    let client = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    let path = format!("{}/oauth2/v2.0", tenant.tenant_id());
    let scope = "User.Read openid profile offline_access";
    let device = [("client_id", client), ("scope", scope)];
    let (_, begun) = graph.form(&format!("{path}/devicecode"), &device).await;
    assert!(tenant.approve_device_code(text(&begun, "user_code")));
    let device = [
        ("grant_type", "device_code"),
        ("client_id", client),
        ("device_code", text(&begun, "device_code")),
        ("client_info", "1"),
    ];
    let (_, token) = graph.form(&format!("{path}/token"), &device).await;
    assert_eq!(text(&token, "scope"), "User.Read");
    let identity = claims(text(&token, "id_token"));
    let issuer = format!("{}{}/v2.0", graph.server.url(), tenant.tenant_id());
    assert_eq!(
        (
            text(&identity, "aud"),
            text(&identity, "iss"),
            text(&identity, "preferred_username")
        ),
        (client, &*issuer, "admin@contoso.onmicrosoft.com")
    );
    let account = URL_SAFE_NO_PAD.decode(text(&token, "client_info")).unwrap();
    let account: Value = serde_json::from_slice(&account).unwrap();
    assert_eq!(account, json!({"uid": identity["oid"], "utid": tenant.tenant_id()}));

    let renewal = |client, token, scope| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
            ("scope", scope),
        ];
        let (graph, path) = (&graph, format!("{path}/token"));
        async move { graph.form(&path, &fields).await }
    };
    let refresh = text(&token, "refresh_token");
    for (scope, granted) in [
        ("", "User.Read"),
        (
            "https://graph.microsoft.com/Application.ReadWrite.All",
            "https://graph.microsoft.com/Application.ReadWrite.All",
        ),
    ] {
        let (status, renewed) = renewal(client, refresh, scope).await;
        assert_eq!((status, text(&renewed, "scope")), (200, granted));
        assert_eq!(renewed.get("refresh_token").is_some(), scope.is_empty());
    }
    let (_, all) = renewal(client, refresh, "https://graph.microsoft.com/.default").await;
    assert!(text(&all, "scope").ends_with(" https://graph.microsoft.com/.default"), "{all}");
    for (client, refresh) in [(client, "1.unknown"), ("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01", refresh)] {
        let (status, refused) = renewal(client, refresh, "").await;
        assert_eq!((status, text(&refused, "error")), (400, "invalid_grant"));
    }
}

#[tokio::test]
async fn a_code_may_be_posted_back_and_ties_the_id_token_to_its_request() {
    let tenant = EmulatedTenant::new();
    let graph = Graph::of(tenant.clone()).await;
    let client = "14d82eec-204b-4c2f-b7e8-296a70dab67e";
    let path = format!("{}/oauth2/v2.0", tenant.tenant_id());
    let page = graph
        .get(&format!(
            "{path}/authorize?client_id={client}&response_type=code&response_mode=form_post&redirect_uri=http://localhost:8400\
             &scope=User.Read%20openid&nonce=n1&state=%22%3E%3Cb%3E"
        ))
        .await;
    let page = page.1.as_str().unwrap();
    assert!(page.contains(r#"<form method="POST" action="http://localhost:8400">"#), "{page}");
    assert!(page.contains(r#"name="state" value="&quot;&gt;&lt;b&gt;""#), "{page}");
    let code = page.split_once(r#"name="code" value=""#).unwrap().1.split_once('"').unwrap().0;
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("redirect_uri", "http://localhost:8400"),
        ("code", code),
    ];
    let (status, token) = graph.form(&format!("{path}/token"), &fields).await;
    assert_eq!(status, 200, "{token}");
    assert_eq!(claims(text(&token, "id_token"))["nonce"], "n1");
    assert_eq!((token.get("refresh_token"), token.get("client_info")), (None, None));
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
