//! The router behind a login of the host's own, below a path, for several users.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
};
use cmg_onboarding_web::{Place, Service, User, router};
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Answer, draft, send};

/// A host whose login believes a header.
async fn host() -> u16 {
    hosted(|mounted| Router::new().nest("/onboarding", mounted)).await
}

async fn hosted(mount: impl FnOnce(Router) -> Router) -> u16 {
    let service = Service::builder(|_| Place::default()).build().unwrap();
    let login = middleware::from_fn(|mut request: Request, next: Next| async move {
        let name = request.headers().get("x-user").and_then(|name| name.to_str().ok());
        if let Some(user) = name.and_then(|name| User::new(name).ok()) {
            request.extensions_mut().insert(user);
        }
        next.run(request).await
    });
    let app = mount(router(service).layer(login));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    port
}

async fn ask(port: u16, user: &str, method: &str, path: &str, body: Option<serde_json::Value>) -> Answer {
    let path = format!("/onboarding{path}");
    send(port, method, &path, &[("x-user", user)], body.map(|body| body.to_string())).await
}

#[tokio::test]
async fn users_are_apart_from_one_another() {
    let port = host().await;
    let begun = ask(port, "anna", "POST", "/api/sessions", Some(json!({ "draft": draft() })))
        .await
        .expect(201);
    let id = begun["id"].as_str().unwrap();
    let own = ask(port, "anna", "GET", "/api/sessions", None).await.expect(200);
    assert_eq!(own["sessions"][0]["id"], id);
    assert_eq!(
        ask(port, "bert", "GET", "/api/sessions", None).await.expect(200)["sessions"],
        json!([])
    );
    for (method, rest) in [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/events"),
        ("POST", "/secret"),
        ("POST", "/cancel"),
        ("GET", "/view"),
    ] {
        let answer = ask(port, "bert", method, &format!("/api/sessions/{id}{rest}"), None).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "notFound"), "{method} {rest}");
    }
    assert_eq!(ask(port, "anna", "GET", &format!("/api/sessions/{id}"), None).await.status, 200);
}

#[tokio::test]
async fn without_a_user_nothing_of_the_interface_is_to_be_had() {
    let port = host().await;
    for path in ["/api/service", "/api/sessions"] {
        let answer = send(port, "GET", &format!("/onboarding{path}"), &[], None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "userMissing"));
    }
    let page = send(port, "GET", "/onboarding/index.html", &[], None).await;
    assert_eq!(page.status, 200);
    assert!(page.headers.contains_key("content-security-policy"));
    let site = ask(port, "anna", "GET", "/api/connections", None).await;
    assert_eq!(site.code(), "noSite");
}

#[tokio::test]
async fn a_user_has_fifty_sessions_and_another_one_is_not_hindered() {
    let port = host().await;
    for _ in 0..50 {
        ask(port, "anna", "POST", "/api/sessions", Some(json!({}))).await.expect(201);
    }
    let refused = ask(port, "anna", "POST", "/api/sessions", Some(json!({}))).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "tooManySessions"));
    ask(port, "bert", "POST", "/api/sessions", Some(json!({}))).await.expect(201);
}

#[tokio::test]
async fn a_browser_that_asks_for_the_mounted_path_is_sent_below_it() {
    let port = host().await;
    let answer = ask(port, "anna", "GET", "", None).await;
    assert_eq!(
        (answer.status, answer.headers.get("location").map(String::as_str)),
        (303, Some("./onboarding/index.html"))
    );
    let page = ask(port, "anna", "GET", "/index.html", None).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn the_mounted_path_leads_to_the_page_with_a_slash_and_without_one() {
    let port = hosted(|mounted| Router::new().nest_service("/onboarding", mounted)).await;
    let answer = ask(port, "anna", "GET", "", None).await;
    assert_eq!(
        (answer.status, answer.headers.get("location").map(String::as_str)),
        (303, Some("./onboarding/index.html"))
    );
    for path in ["/", "/index.html", "/?a=b"] {
        let page = ask(port, "anna", "GET", path, None).await;
        assert!(page.status == 200 && page.text.contains("modules/main.js"), "{path}: {}", page.text);
        assert!(page.headers.contains_key("content-security-policy"));
    }
    // What belongs to the page is below it, and so is the interface.
    assert_eq!(ask(port, "anna", "GET", "/modules/main.js", None).await.status, 200);
    ask(port, "anna", "GET", "/api/service", None).await.expect(200);
    assert_eq!(ask(port, "anna", "GET", "/nothing/", None).await.code(), "notFound");
}
