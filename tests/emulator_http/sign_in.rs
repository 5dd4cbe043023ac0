//! What the sign-in authority does.

use std::sync::Arc;

use cmg_onboarding::{
    clock::FixedClock,
    emulator::{EmulatedTenant, EmulatorServer},
    ids::well_known,
};
use serde_json::json;
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
