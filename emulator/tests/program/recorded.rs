//! What recordings of Microsoft Graph show (the Azure CLI's, 2022 and April 2025): defaults, order, headers, dates.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

use crate::Served;

const OWN: &str = "5e4e7000-0000-4000-8000-0000000005e4";

struct Recorded {
    served: Served,
    token: String,
}

impl Recorded {
    async fn new() -> Self {
        let served = Served::preset("onboarded").await;
        let (_, token) = served.admin("POST", "tokens", None).await;
        let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
        Self { served, token }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, HeaderMap, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.served.client.request(method, self.served.url(&format!("v1.0/{path}")));
        request = request.header("authorization", &self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        (status, headers, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn create(&self, set: &str, body: Value) -> (HeaderMap, Value) {
        let (status, headers, created) = self.send("POST", set, Some(body)).await;
        assert_eq!(status, 201, "{created}");
        (headers, created)
    }

    async fn read(&self, set: &str, id: &Value) -> Value {
        self.send("GET", &format!("{set}/{}", id.as_str().unwrap()), None).await.2
    }
}

#[tokio::test]
async fn an_app_that_says_nothing_is_for_its_own_tenant_and_shows_every_property() {
    let graph = Recorded::new().await;
    let (headers, created) = graph.create("applications", json!({"displayName": "Plain"})).await;
    assert_eq!(
        (&created["signInAudience"], &created["api"]["requestedAccessTokenVersion"]),
        (&json!("AzureADMyOrg"), &Value::Null)
    );
    let object = created.as_object().unwrap();
    for name in [
        "nativeAuthenticationApisEnabled",
        "notes",
        "web",
        "info",
        "keyCredentials",
        "spa",
        "optionalClaims",
    ] {
        assert!(object.contains_key(name), "{name}");
    }
    let location = headers["location"].to_str().unwrap();
    let tail = format!(
        "/directoryObjects/{}/Microsoft.DirectoryServices.Application",
        created["id"].as_str().unwrap()
    );
    assert!(location.contains("/v2/") && location.ends_with(&tail), "{location}");
    let principal = json!({"appId": created["appId"]});
    let (headers, principal) = graph.create("servicePrincipals", principal).await;
    assert!(
        headers["location"]
            .to_str()
            .unwrap()
            .ends_with("Microsoft.DirectoryServices.ServicePrincipal")
    );
    let read = graph.read("servicePrincipals", &principal["id"]).await;
    assert_eq!(read["createdDateTime"].as_str().unwrap().len(), "2025-04-08T03:37:38Z".len());
    assert_eq!(read["appRoles"], json!([]), "what says nothing is shown");
}

#[tokio::test]
async fn the_answer_to_a_creation_has_seven_digits_and_later_ones_have_whole_seconds() {
    let graph = Recorded::new().await;
    let (_, created) = graph.create("applications", json!({"displayName": "Dated"})).await;
    let first = created["createdDateTime"].as_str().unwrap();
    let read = graph.read("applications", &created["id"]).await;
    let later = read["createdDateTime"].as_str().unwrap();
    assert_eq!((first.len(), later.len()), (28, 20), "{first} {later}");
    assert_eq!(first.split_once('.').unwrap().0, later.trim_end_matches('Z'));
}

#[tokio::test]
async fn lists_come_back_in_another_order_than_they_were_sent() {
    let graph = Recorded::new().await;
    let role = |number: u8| {
        json!({"id": format!("00000000-0000-4000-8000-00000000000{number}"), "value": format!("r{number}"), "displayName": "r",
            "description": "r", "isEnabled": true, "allowedMemberTypes": ["Application"]})
    };
    let access = |app: &str| json!({"resourceAppId": app, "resourceAccess": []});
    let body = json!({
        "displayName": "Ordered", "appRoles": [role(1), role(2)], "identifierUris": ["api://c0170505-0000-4000-8000-00000000c0de/ordered"],
        "requiredResourceAccess": [access("00000003-0000-0000-c000-000000000000"), access(OWN)],
        "web": {"redirectUris": ["https://a.example/", "https://b.example/"]}, "spa": {"redirectUris": ["https://c.example/", "https://d.example/"]},
    });
    let (_, created) = graph.create("applications", body).await;
    let read = graph.read("applications", &created["id"]).await;
    for place in ["/appRoles", "/requiredResourceAccess", "/web/redirectUris", "/spa/redirectUris"] {
        let (sent, read) = (
            created.pointer(place).unwrap().as_array().unwrap(),
            read.pointer(place).unwrap().as_array().unwrap(),
        );
        assert!(sent.len() == 2 && sent.iter().rev().eq(read), "{place}: {sent:?} {read:?}");
    }
    assert_eq!(read["appRoles"][0]["origin"], "Application");
    let (_, principal) = graph.create("servicePrincipals", json!({"appId": created["appId"]})).await;
    let read = graph.read("servicePrincipals", &principal["id"]).await;
    let names = read["servicePrincipalNames"].as_array().unwrap();
    assert_eq!(names.last(), Some(&created["appId"]), "{names:?}");
    let path = format!("applications/{}/web/redirectUris", created["id"].as_str().unwrap());
    let (_, _, property) = graph.send("GET", &path, None).await;
    assert_eq!(property["value"][0], "https://b.example/");
    // What was read is written back: each time the lists turn round.
    let path = format!("applications/{}", created["id"].as_str().unwrap());
    let change = json!({"web": {"redirectUris": ["https://b.example/", "https://a.example/", "https://e.example/"]}});
    assert_eq!(graph.send("PATCH", &path, Some(change)).await.0, 204);
    let read = graph.read("applications", &created["id"]).await;
    assert_eq!(read["web"]["redirectUris"][0], "https://e.example/");
    assert_eq!(read["web"]["redirectUriSettings"][0]["uri"], "https://e.example/");
}

#[tokio::test]
async fn what_the_directory_adds_to_claims_and_certificates_is_there() {
    let graph = Recorded::new().await;
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "cmg");
    let der = parameters.self_signed(&key).unwrap().der().to_vec();
    let der = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
    let body = json!({
        "displayName": "Claims", "optionalClaims": {"idToken": [{"name": "auth_time"}]},
        "keyCredentials": [{"@odata.type": "#microsoft.graph.keyCredential", "type": "AsymmetricX509Cert", "usage": "Verify", "key": der}],
    });
    let (_, created) = graph.create("applications", body).await;
    let read = graph.read("applications", &created["id"]).await;
    assert_eq!(
        read["optionalClaims"],
        json!({"accessToken": [], "saml2Token": [], "idToken": [
            {"name": "auth_time", "additionalProperties": [], "essential": false, "source": null},
        ]})
    );
    let key = &read["keyCredentials"][0];
    assert_eq!((&key["key"], &key["displayName"]), (&Value::Null, &json!("CN=cmg")));
    assert_eq!(key["customKeyIdentifier"].as_str().unwrap().len(), 40);
    assert!(
        key.get("@odata.type").is_none() && key["endDateTime"].is_string() && key["keyId"].is_string(),
        "{key}"
    );
}

#[tokio::test]
async fn each_answer_has_the_headers_of_the_service_and_a_refusal_is_plain_json() {
    let graph = Recorded::new().await;
    let (status, headers, _) = graph.send("GET", "applications", None).await;
    assert_eq!(status, 200);
    assert_eq!(
        headers["content-type"],
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    );
    let (status, refused, _) = graph.send("GET", "applications/00000000-0000-4000-8000-00000000000f", None).await;
    assert_eq!((status, &refused["content-type"]), (404, &"application/json".parse().unwrap()));
    for name in [
        "odata-version",
        "cache-control",
        "vary",
        "strict-transport-security",
        "x-ms-ags-diagnostic",
        "x-ms-resource-unit",
    ] {
        assert!(headers.contains_key(name) && refused.contains_key(name), "{name}");
    }
}

/// Source: public captures of rows of the administration service.
#[tokio::test]
async fn rows_of_the_administration_service_have_the_providers_own_members_and_no_null() {
    let graph = Recorded::new().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", OWN),
        ("client_secret", "emulator-only~server-secret"),
        ("scope", "api://c0170505-0000-4000-8000-00000000c0de/ConfigMgrService/.default"),
    ];
    let (_, token) = graph.served.form("contoso.com/oauth2/v2.0/token", &form).await;
    let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
    for (class, key, count) in [
        ("SMS_Site", "SiteCode", 5),
        ("SMS_AzureEnvironments", "ID", 21),
        ("SMS_AAD_Tenant_Ex", "ID", 5),
        ("SMS_AAD_Application_Ex", "ID", 15),
        ("SMS_Azure_CloudService", "ID", 7),
    ] {
        let path = format!("AdminService/wmi/{class}");
        let (status, answer) = graph.served.send("GET", &path, &[("authorization", &token)], None).await;
        assert_eq!(status, 200, "{answer}");
        let row = answer["value"][0].as_object().unwrap();
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        assert_eq!(row["@odata.etag"], plain(&row[key]), "{class}");
        assert_eq!(row["__CLASS"], class);
        assert!(
            row["__PATH"].as_str().unwrap().ends_with(row["__RELPATH"].as_str().unwrap()),
            "{row:?}"
        );
        let own: Vec<_> = row
            .iter()
            .filter(|(name, _)| !name.starts_with("__") && !name.starts_with('@'))
            .collect();
        assert_eq!(own.len(), count, "{class}: {own:?}");
        assert!(own.iter().all(|(_, value)| !value.is_null()), "{class}: {own:?}");
        let path = format!("{path}?$select={key}");
        let (_, answer) = graph.served.send("GET", &path, &[("authorization", &token)], None).await;
        assert_eq!(answer["value"][0].as_object().unwrap().len(), 1, "{answer}");
    }
    for class in ["SMS_AAD_Sync_Settings", "SMS_AAD_Tenant_Ex_Property"] {
        let path = format!("AdminService/wmi/{class}");
        let (status, answer) = graph.served.send("GET", &path, &[("authorization", &token)], None).await;
        assert_eq!((status, &answer["value"]), (200, &json!([])), "{class}");
    }
}
