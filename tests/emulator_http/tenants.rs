//! Several tenants on one address.

use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};
use serde_json::{Value, json};
use uuid::uuid;

fn fabrikam() -> EmulatedTenant {
    EmulatedTenant::builder()
        .tenant_id(uuid!("fab21ca0-0000-4000-8000-00000000fab1"))
        .display_name("Fabrikam")
        .initial_domain("fabrikam.onmicrosoft.com")
        .build()
}

async fn get(url: String, token: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).bearer_auth(token).send().await.unwrap();
    (
        answer.status().as_u16(),
        serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
    )
}

#[tokio::test]
async fn a_token_opens_the_tenant_that_issued_it_and_no_other() {
    let (contoso, fabrikam) = (EmulatedTenant::new(), fabrikam());
    contoso.add_application(json!({"displayName": "of Contoso"}));
    fabrikam.add_application(json!({"displayName": "of Fabrikam"}));
    let server = EmulatorServer::builder(contoso.clone())
        .tenant(fabrikam.clone())
        .start()
        .await
        .unwrap();
    let administrator = Caller::global_administrator();
    for (tenant, own) in [(&contoso, "of Contoso"), (&fabrikam, "of Fabrikam")] {
        let (status, seen) = get(format!("{}v1.0/applications", server.url()), &tenant.token_for(&administrator)).await;
        assert_eq!(status, 200);
        let names: Vec<&str> = seen["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(|app| app["displayName"].as_str().unwrap())
            .collect();
        assert_eq!(names, [own]);
        assert_eq!(tenant.requests().len(), 1);
    }
    let foreign = EmulatedTenant::builder()
        .tenant_id(uuid!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01"))
        .build();
    let (status, _) = get(format!("{}v1.0/applications", server.url()), &foreign.token_for(&administrator)).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn the_authority_tells_tenants_apart_by_id_and_by_domain() {
    let (contoso, fabrikam) = (EmulatedTenant::new(), fabrikam());
    let server = EmulatorServer::builder(contoso.clone())
        .tenant(fabrikam.clone())
        .start()
        .await
        .unwrap();
    let contosos = contoso.tenant_id().to_string();
    let fabrikams = fabrikam.tenant_id().to_string();
    for (named, id) in [
        ("contoso.com", &contosos),
        (contosos.as_str(), &contosos),
        ("FABRIKAM.onmicrosoft.com", &fabrikams),
        (fabrikams.as_str(), &fabrikams),
        ("common", &contosos),
    ] {
        let url = format!("{}{named}/.well-known/openid-configuration", server.url());
        let (status, document) = get(url, "").await;
        assert_eq!(status, 200);
        let issuer = document["issuer"].as_str().unwrap();
        assert!(issuer.contains(id.as_str()) || named == "common", "{named}: {issuer}");
    }
    let (status, _) = get(format!("{}nowhere.example/.well-known/openid-configuration", server.url()), "").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_secret_of_one_tenant_signs_in_to_no_other() {
    let (contoso, fabrikam) = (EmulatedTenant::new(), fabrikam());
    let app = fabrikam.add_application(json!({"displayName": "App", "passwordCredentials": [{"secretText": "of-fabrikam"}]}));
    fabrikam.add_service_principal(json!({"appId": app}));
    let server = EmulatorServer::builder(contoso).tenant(fabrikam).start().await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (named, expected) in [("fabrikam.onmicrosoft.com", 200), ("contoso.com", 400)] {
        let form =
            format!("grant_type=client_credentials&client_id={app}&client_secret=of-fabrikam&scope=https://graph.microsoft.com/.default");
        let url = format!("{}{named}/oauth2/v2.0/token", server.url());
        let request = client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        assert_eq!(request.send().await.unwrap().status().as_u16(), expected, "{named}");
    }
}
