//! Several people who may sign in, and troubles with signing in.

use cmg_onboarding_emulator::EmulatorConfiguration;
use serde_json::json;

use crate::{Served, list};

const CLIENT: &str = "14d82eec-204b-4c2f-b7e8-296a70dab67e";

async fn two_people() -> Served {
    let file = json!({"tenants": [{"users": [
        {"account": "adele", "directoryRoles": ["Global Administrator"]},
        {"account": "megan@contoso.com"},
    ]}]});
    Served::of(EmulatorConfiguration::from_json(file.to_string().as_bytes()).unwrap()).await
}

fn authorize(rest: &str) -> String {
    format!(
        "contoso.com/oauth2/v2.0/authorize?client_id={CLIENT}&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A9&scope=User.Read%20openid%20offline_access{rest}"
    )
}

/// Where the browser is sent back to.
async fn location(served: &Served, path: &str) -> String {
    let response = served.client.get(served.url(path)).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 302, "{}", response.text().await.unwrap());
    response.headers()["location"].to_str().unwrap().to_owned()
}

async fn account_of_code(served: &Served, location: &str) -> String {
    let url = url::Url::parse(location).unwrap();
    let code = url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT),
        ("code", &*code),
        ("redirect_uri", "http://localhost:9"),
    ];
    let (status, answer) = served.form("contoso.com/oauth2/v2.0/token", &fields).await;
    assert_eq!(status, 200, "{answer}");
    let refresh = answer["refresh_token"].as_str().unwrap().to_owned();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", &*refresh),
        ("scope", "User.Read"),
    ];
    let (_, renewed) = served.form("contoso.com/oauth2/v2.0/token", &fields).await;
    let token = format!("Bearer {}", renewed["access_token"].as_str().unwrap());
    let (_, me) = served.send("GET", "v1.0/me", &[("authorization", &token)], None).await;
    me["userPrincipalName"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn of_several_people_one_is_chosen_on_the_page_and_stays_when_the_token_is_renewed() {
    let served = two_people().await;
    let page = served
        .client
        .get(served.url(&authorize("")))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("adele@contoso.onmicrosoft.com") && page.contains("megan@contoso.com"),
        "{page}"
    );
    let links: Vec<String> = page
        .split("href=\"/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"))
        .collect();
    let back = location(&served, &links[1]).await;
    assert_eq!(account_of_code(&served, &back).await, "megan@contoso.com");
}

#[tokio::test]
async fn a_hint_chooses_without_a_page_and_a_client_that_forbids_pages_is_told() {
    let served = two_people().await;
    let back = location(&served, &authorize("&login_hint=megan%40contoso.com")).await;
    assert_eq!(account_of_code(&served, &back).await, "megan@contoso.com");
    let back = location(&served, &authorize("&prompt=none")).await;
    assert!(
        back.contains("error=interaction_required") && back.contains("AADSTS16000"),
        "{back}"
    );
}

#[tokio::test]
async fn a_device_code_is_approved_by_who_is_chosen() {
    let served = two_people().await;
    let begin = async || {
        served
            .form(
                "contoso.com/oauth2/v2.0/devicecode",
                &[("client_id", CLIENT), ("scope", "User.Read")],
            )
            .await
            .1
    };
    let begun = begin().await;
    let code = begun["user_code"].as_str().unwrap();
    let page = served.send("GET", &format!("devicelogin?user_code={code}"), &[], None).await.1;
    assert!(page.as_str().unwrap().contains("megan@contoso.com"), "{page}");
    let approved = served
        .admin("POST", &format!("device-codes/{code}/approve?account=megan%40contoso.com"), None)
        .await;
    assert_eq!(approved.0, 204);
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", CLIENT),
        ("device_code", begun["device_code"].as_str().unwrap()),
    ];
    let (_, token) = served.form("contoso.com/oauth2/v2.0/token", &fields).await;
    let token = format!("Bearer {}", token["access_token"].as_str().unwrap());
    let (_, me) = served.send("GET", "v1.0/me", &[("authorization", &token)], None).await;
    assert_eq!(me["userPrincipalName"], "megan@contoso.com");
    assert_eq!(served.admin("POST", "device-codes/NOTACODE/approve", None).await.0, 404);
}

#[tokio::test]
async fn people_and_their_roles_are_set_by_order() {
    let served = Served::preset("empty").await;
    let people = json!([{"account": "developer", "directoryRoles": ["Application Developer"], "scopes": ["User.Read"]}]);
    let (status, shown) = served.admin("PUT", "users", Some(people)).await;
    assert_eq!(
        (status, &list(&shown)[0]["account"]),
        (200, &json!("developer@contoso.onmicrosoft.com"))
    );
    assert_eq!(served.graph("GET", "applications", None).await.0, 403);
    assert_eq!(served.admin("PUT", "users", Some(json!([{"account": ""}]))).await.0, 400);
    assert_eq!(
        served
            .admin("PUT", "users", Some(json!([{"account": "x", "directoryRoles": ["Emperor"]}])))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn troubles_with_signing_in_come_as_ordered() {
    let served = Served::preset("empty").await;
    let order = json!({"trouble": "declined", "times": 2});
    assert_eq!(served.admin("POST", "sign-in-troubles", Some(order)).await.0, 204);
    assert!(location(&served, &authorize("")).await.contains("error=access_denied"));
    assert_eq!(
        served.admin("GET", "sign-in-troubles", None).await.1,
        json!({"value": ["declined"]})
    );
    assert_eq!(served.admin("DELETE", "sign-in-troubles", None).await.0, 204);
    assert!(location(&served, &authorize("")).await.contains("code="));
    assert_eq!(
        served.admin("POST", "sign-in-troubles", Some(json!({"trouble": "tired"}))).await.0,
        400
    );
}

#[tokio::test]
async fn an_api_exchanges_a_persons_token_for_one_to_the_next_api() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../clients/unmodified/configuration.json")).unwrap();
    let served = Served::of(EmulatorConfiguration::from_json(file.to_string().as_bytes()).unwrap()).await;
    let server = "5e4e7000-0000-4000-8000-0000000005e4";
    let exchange = async |token: &str, secret: &str| {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("requested_token_use", "on_behalf_of"),
            ("client_id", server),
            ("client_secret", secret),
            ("assertion", token),
            ("scope", "https://graph.microsoft.com/User.Read"),
        ];
        served.form("contoso.com/oauth2/v2.0/token", &fields).await
    };
    let secret = "emulator-only~server-secret";
    let token = async |order: serde_json::Value| {
        let (_, answer) = served.admin("POST", "tokens", Some(order)).await;
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let audience = "api://c0170505-0000-4000-8000-00000000c0de/ConfigMgrService";
    let good = token(json!({"audience": audience, "scopes": ["user_impersonation"]})).await;
    let (status, answer) = exchange(&good, secret).await;
    assert_eq!(
        (status, &answer["scope"]),
        (200, &json!("https://graph.microsoft.com/User.Read")),
        "{answer}"
    );
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
    assert_eq!(served.send("GET", "v1.0/me", &[("authorization", &bearer)], None).await.0, 200);

    let number = |answer: &crate::Answer| answer.1["error_codes"][0].as_u64().unwrap_or_default();
    assert_eq!(number(&exchange(&good, "wrong").await), 7_000_215);
    assert_eq!(number(&exchange("junk", secret).await), 50_027);
    assert_eq!(
        number(&exchange(&token(json!({"audience": "api://other"})).await, secret).await),
        500_131
    );
    assert_eq!(
        number(&exchange(&token(json!({"audience": audience, "expired": true})).await, secret).await),
        500_133
    );
    let own = token(json!({"application": server, "audience": audience})).await;
    assert_eq!(number(&exchange(&own, secret).await), 50_027);
    let (begin, _) = good.rsplit_once('.').unwrap();
    assert_eq!(number(&exchange(&format!("{begin}.AAAA"), secret).await), 50_013);
}

#[tokio::test]
async fn a_password_is_refused_with_its_own_number() {
    let served = Served::preset("onboarded").await;
    let fields = [
        ("grant_type", "password"),
        ("client_id", "c11e4700-0000-4000-8000-000000000c11"),
        ("username", "admin@contoso.onmicrosoft.com"),
        ("password", "x"),
        ("scope", "User.Read"),
    ];
    let (status, answer) = served.form("organizations/oauth2/v2.0/token", &fields).await;
    assert_eq!(
        (status, &answer["error"], &answer["error_codes"]),
        (400, &json!("invalid_grant"), &json!([50126]))
    );
}
