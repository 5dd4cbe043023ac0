//! The emulated site from another process: the same site for every process that asks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use cmg_onboarding::{Call, Diagnostic, OnboardingError, Site, error::SiteRefused, site::SiteItem};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};
use support::{over_http, spec_with_discovery};

#[tokio::test]
async fn a_second_run_against_one_emulator_changes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    let run = || {
        over_http(spec_with_discovery(), &server, &tenant)
            .site(RemoteSite::builder(server.url().clone()).build())
            .build()
            .unwrap()
    };
    let first = run().onboard(|_| ()).await.unwrap();
    assert!(site.holds_secret(first.server_app.unwrap().application_id, first.secret.unwrap().value.expose()));
    let before = (tenant.state(), site.state());
    assert!(!run().onboard(|_| ()).await.unwrap().changed);
    assert_eq!((tenant.state(), site.state()), before);
    assert!(run().remove(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn a_refusal_arrives_with_what_was_done_before_it() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).site(site.clone()).start().await.unwrap();
    site.fail_at(SiteItem::Connection, SiteRefused::new("create the connection", "no", "Look there."));
    let remote = RemoteSite::builder(server.url().clone()).build();
    let job = over_http(spec_with_discovery(), &server, &tenant).site(remote).build().unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the site refuses the connection");
    };
    assert!(error.help().contains("Look there."));
    assert!(error.report().step(SiteItem::ClientApp.into()).is_some());
}

/// Sends a request as it is written, and gives the status of the answer.
async fn status_of(address: &str, headers: &str, body: &str) -> u16 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("{headers}host: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_web_page_cannot_speak_to_the_site() {
    const REMOVE: &str = r#"{"operation": "remove", "connection": 1, "name": "Contoso CMG"}"#;
    const POST: &str = "POST /emulator/site HTTP/1.1\r\n";
    const JSON: &str = "content-type: application/json; charset=utf-8\r\n";
    const ID: &str = "client-request-id: 1\r\n";
    let server = EmulatorServer::builder(EmulatedTenant::new())
        .site(EmulatedSite::new())
        .start()
        .await
        .unwrap();
    let address = format!("127.0.0.1:{}", server.url().port().unwrap());
    assert_eq!(
        status_of(&address, &format!("{POST}{JSON}{ID}"), REMOVE).await,
        200,
        "as a program asks"
    );
    for (headers, why) in [
        (
            format!("{POST}content-type: text/plain\r\n"),
            "a form of a page, or fetch without preflight",
        ),
        (POST.to_owned(), "no content type"),
        (format!("{POST}{JSON}"), "no header of its own"),
        (format!("{POST}content-type: text/plain\r\n{ID}"), "another content type"),
        (format!("{POST}{JSON}{ID}origin: https://evil.example\r\n"), "a foreign origin"),
        (format!("{POST}{JSON}{ID}origin: null\r\n"), "a page in a sandbox"),
        (format!("{POST}{JSON}{ID}sec-fetch-site: cross-site\r\n"), "a browser that says so"),
        (format!("GET /emulator/site HTTP/1.1\r\n{JSON}{ID}"), "an image"),
    ] {
        assert_eq!(status_of(&address, &headers, REMOVE).await, 403, "{why}");
    }
    // What a browser asks before it sends such a request: it is never told that it may.
    let preflight = "OPTIONS /emulator/site HTTP/1.1\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\n";
    assert_eq!(status_of(&address, preflight, "").await, 403);
}

#[tokio::test]
async fn a_server_without_a_site_is_not_taken_for_one() {
    let server = EmulatorServer::builder(EmulatedTenant::new()).start().await.unwrap();
    let error = RemoteSite::builder(server.url().clone())
        .build()
        .snapshot(Call::quiet())
        .await
        .unwrap_err();
    assert!(error.help().contains("started with a site"), "{error:?}");
}
