//! An administration service on its bad days.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

use std::time::Duration;

use cmg_onboarding::{
    Call, Diagnostic, Site, SiteError, StaticToken,
    error::{SiteRefusalReason, SiteTrouble, chain},
    http::{HttpClient, RetryPolicy},
    site::{
        SiteSnapshot,
        admin_service::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite},
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, path_regex, query_param},
};

const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
const APP: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e12";

fn reader(address: &str) -> AdminServiceSite {
    let address = AdminServiceAddress::url(&format!("{address}/AdminService").parse().unwrap()).unwrap();
    let uri = format!("api://{TENANT}/ConfigMgrService").parse().unwrap();
    AdminServiceSite::builder(address, AdminServiceSignIn::bearer(&uri, StaticToken::new("canary-7Q")))
        .http(HttpClient::default().with_retry(RetryPolicy::default().deadline(Duration::from_millis(900))))
        .build()
        .unwrap()
}

fn class(name: &str) -> String {
    format!("/AdminService/wmi/{name}")
}

/// What every site has: itself.
async fn mount_site(server: &MockServer) {
    let site = json!({"value": [{"SiteCode": "P01", "Version": "5.00.9128.1000", "ReportingSiteCode": ""}]});
    Mock::given(path(class("SMS_Site")))
        .respond_with(ResponseTemplate::new(200).set_body_json(site))
        .with_priority(3)
        .mount(server)
        .await;
}

/// A site with these rows of one class, and none of the others but itself.
async fn site_with(name: &str, rows: Value) -> MockServer {
    let server = MockServer::start().await;
    mount_site(&server).await;
    let given = ResponseTemplate::new(200).set_body_json(json!({"@odata.context": "x", "value": rows}));
    Mock::given(method("GET"))
        .and(path(class(name)))
        .respond_with(given)
        .with_priority(2)
        .mount(&server)
        .await;
    let nothing = ResponseTemplate::new(200).set_body_json(json!({"value": []}));
    Mock::given(method("GET"))
        .and(path_regex("^/AdminService/wmi/.*"))
        .respond_with(nothing)
        .with_priority(9)
        .mount(&server)
        .await;
    server
}

async fn snapshot_of(name: &str, rows: Value) -> SiteSnapshot {
    let server = site_with(name, rows).await;
    reader(&server.uri()).snapshot(Call::quiet()).await.unwrap()
}

async fn error_of(answer: ResponseTemplate) -> SiteError {
    let server = MockServer::start().await;
    Mock::given(path_regex(".*")).respond_with(answer).mount(&server).await;
    let error = reader(&server.uri()).snapshot(Call::quiet()).await.unwrap_err();
    let told = format!("{error:?} {} {}", chain(&error), error.help());
    assert!(!told.contains("canary-7Q"), "{told}");
    error
}

#[tokio::test]
async fn a_refusal_comes_with_the_providers_words_and_with_what_to_do() {
    let text = |message: &str| json!({"error": {"code": "404", "message": message}});
    for (status, body, reason, words, help) in [
        (401, json!(null), SiteRefusalReason::NotSignedIn, "status 401", "App ID URI"),
        (
            403,
            text("No access."),
            SiteRefusalReason::RightsMissing,
            "No access.",
            "Administrative Users",
        ),
        (404, text("No class."), SiteRefusalReason::NotFound, "No class.", "SMS Provider"),
        (
            500,
            text("Generic failure"),
            SiteRefusalReason::ProviderFailed,
            "Generic failure",
            "Full Administrator",
        ),
        (
            400,
            text("Syntax error."),
            SiteRefusalReason::Other,
            "Syntax error.",
            "AdminService.log",
        ),
    ] {
        let error = error_of(ResponseTemplate::new(status).set_body_json(body)).await;
        let SiteError::Refused(refused) = &error else {
            panic!("not {error:?}")
        };
        assert_eq!(refused.reason(), reason);
        assert!(refused.message().contains(words), "{}", refused.message());
        assert!(error.help().contains(help), "{}", error.help());
        assert_eq!(refused.trace().unwrap().status, Some(status));
    }
}

#[tokio::test]
async fn a_500_with_the_providers_words_is_asked_once_and_a_bare_one_again() {
    let spoken = error_of(ResponseTemplate::new(500).set_body_json(json!({"error": {"message": "Generic failure"}}))).await;
    let SiteError::Refused(spoken) = spoken else {
        panic!("not {spoken:?}")
    };
    assert_eq!(spoken.trace().unwrap().attempts, 1);
    let bare = error_of(ResponseTemplate::new(500)).await;
    let SiteError::Refused(bare) = bare else { panic!("not {bare:?}") };
    assert!(bare.trace().unwrap().attempts > 1);
}

#[tokio::test]
async fn a_sign_in_page_in_between_is_no_answer_of_a_site() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html");
    let error = error_of(page).await;
    let SiteError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.trouble(), SiteTrouble::UnusableAnswer);
    assert!(chain(&error).contains("web page"), "{}", chain(&error));
    let error = error_of(ResponseTemplate::new(302).insert_header("location", "https://portal.example/login")).await;
    assert!(chain(&error).contains("portal.example"), "{}", chain(&error));
}

#[tokio::test]
async fn an_answer_that_is_cut_in_the_middle_is_told_from_one_that_is_wrong() {
    for (body, problem) in [
        (r#"{"value": [{"ID": 1, "#, "cut off"),
        (r#"{"values": []}"#, "not a list"),
        (r#"{"value": [7]}"#, "another shape"),
    ] {
        let error = error_of(ResponseTemplate::new(200).set_body_raw(body, "application/json")).await;
        let SiteError::Unreachable(unreachable) = &error else {
            panic!("not {error:?}")
        };
        assert_eq!(unreachable.trouble(), SiteTrouble::UnusableAnswer);
        assert!(chain(&error).contains(problem), "{}", chain(&error));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_an_answer_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let begun = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{\"value\": [{\"ID\": 1,";
                let _ = stream.write_all(begun.as_bytes()).await;
            });
        }
    });
    let error = reader(&address).snapshot(Call::quiet()).await.unwrap_err();
    serving.abort();
    let SiteError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.trouble(), SiteTrouble::NotReached);
    assert!(chain(&error).contains("the connection broke"), "{}", chain(&error));
}

#[tokio::test]
async fn pages_are_followed_on_the_same_service_and_nowhere_else() {
    let server = MockServer::start().await;
    mount_site(&server).await;
    let address = server.uri();
    let application = |id: i64| json!({"ID": id, "ClientID": APP, "TenantID": 1, "IsClientApp": false, "Name": format!("{id}")});
    let page =
        |rows: Value, next: Option<String>| ResponseTemplate::new(200).set_body_json(json!({"value": rows, "@odata.nextLink": next}));
    let first = page(
        json!([application(1)]),
        Some(format!("{address}/AdminService/wmi/SMS_AAD_Application_Ex?$skip=1")),
    );
    let second = page(json!([application(2)]), None);
    let applications = || Mock::given(path(class("SMS_AAD_Application_Ex")));
    applications()
        .and(query_param("$skip", "1"))
        .respond_with(second)
        .with_priority(1)
        .mount(&server)
        .await;
    applications().respond_with(first).with_priority(2).mount(&server).await;
    Mock::given(path_regex(".*"))
        .respond_with(page(json!([]), None))
        .with_priority(9)
        .mount(&server)
        .await;
    let read = reader(&address).snapshot(Call::quiet()).await.unwrap();
    let names: Vec<&str> = read.applications.iter().map(|application| application.name.as_str()).collect();
    assert_eq!(names, ["1", "2"]);

    let elsewhere = page(json!([]), Some("https://evil.example/AdminService/wmi/X".to_owned()));
    let error = error_of(elsewhere).await;
    assert!(chain(&error).contains("next page"), "{}", chain(&error));
}

#[tokio::test]
async fn properties_that_a_list_leaves_out_are_read_row_by_row() {
    let server = site_with(
        "SMS_Azure_CloudService",
        json!([{"ID": "16777300", "Name": "CMG", "AssociatedAADWebApplications": null}, {"ID": 2, "Name": "b", "AssociatedAADWebApplications": []}]),
    )
    .await;
    let row = json!({"value": [{"ID": 16_777_300, "Name": "CMG", "AssociatedAADWebApplications": [16_777_217]}]});
    Mock::given(path(class("SMS_Azure_CloudService(16777300)")))
        .respond_with(ResponseTemplate::new(200).set_body_json(row))
        .with_priority(1)
        .expect(1)
        .mount(&server)
        .await;
    let read = reader(&server.uri()).snapshot(Call::quiet()).await.unwrap();
    assert_eq!(read.connections[0].web_applications.len(), 1);
    assert_eq!(read.connections[1].web_applications.len(), 0);
}

#[tokio::test]
async fn a_service_that_shows_no_site_says_nothing_about_it() {
    let server = site_with("SMS_Site", json!([])).await;
    let error = reader(&server.uri()).snapshot(Call::quiet()).await.unwrap_err();
    let SiteError::Refused(refused) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(refused.reason(), SiteRefusalReason::RightsMissing);
    assert!(error.help().contains("Administrative Users"), "{}", error.help());
}

#[tokio::test]
async fn an_app_whose_row_cannot_be_read_is_not_one_that_the_site_does_not_know() {
    let server = site_with("SMS_AAD_Application_Ex", json!([{"ID": 1, "ClientID": APP, "TenantID": 1}])).await;
    let error = reader(&server.uri())
        .application(Call::quiet(), APP.parse().unwrap())
        .await
        .unwrap_err();
    assert!(chain(&error).contains("IsClientApp"), "{}", chain(&error));
}

#[tokio::test]
async fn rows_are_read_as_different_versions_write_them() {
    let rows = json!([
        {"ID": "16777217", "ClientID": APP, "Name": "a", "TenantID": "1", "IsClientApp": 0, "SecretKeyExpiry": "1970-01-01T00:00:00Z",
         "SecretKey": "0C0100canary-7Q", "Unknown": {"deep": [1, 2]}},
        {"ID": 2, "ClientID": APP.to_uppercase(), "Name": "b", "TenantID": 1, "IsClientApp": true, "SecretKeyExpiry": "9999-12-31T23:59:59.9999999-08:00"},
        {"ID": 3, "ClientID": "nonsense", "TenantID": 1},
        null,
    ]);
    let read = snapshot_of("SMS_AAD_Application_Ex", rows).await;
    assert_eq!(read.applications.len(), 2);
    let unread: Vec<_> = read.unread.iter().map(|row| (row.row.unwrap().0, row.property.as_str())).collect();
    assert_eq!(unread, [(3, "ClientID")], "what cannot be read is told");
    assert_eq!(read.applications[0].id.0, 16_777_217);
    assert_eq!(read.applications[0].secret_expiry, None);
    assert!(read.applications[1].is_client_app && read.applications[1].secret_expiry.is_some());
    let told = format!("{read:?} {}", serde_json::to_string(&read).unwrap());
    assert!(!told.contains("canary-7Q") && !told.contains("0C0100"), "{told}");
}

#[tokio::test]
async fn ten_thousand_applications_in_one_long_answer_are_read() {
    let padding = "x".repeat(900);
    let rows: Vec<Value> = (1..=10_000)
        .map(|id| json!({"ID": id, "ClientID": APP, "TenantID": 1, "IsClientApp": false, "Name": "n", "IdentifierUri": format!("api://{padding}"), "__PATH": padding}))
        .collect();
    let read = snapshot_of("SMS_AAD_Application_Ex", Value::Array(rows)).await;
    assert_eq!(read.applications.len(), 10_000);
}
