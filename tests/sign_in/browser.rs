//! The browser's way.

use std::time::Duration;

use cmg_onboarding::{
    AzureServicesConnection, BrowserSignIn, CachedTokens, ClientAppSpec, CloudEndpoints, CloudEnvironment, ConnectionSpec, GraphDirectory,
    ServerAppSpec, TenantId, TokenProvider, error::TokenFailure, token::sign_in_scopes,
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, SignInTrouble};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::stage::{browser, request, serve, sign_in, sign_in_page, visit};

async fn failure(trouble: SignInTrouble) -> (TokenFailure, String, u16) {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    tenant.trouble_sign_in(trouble);
    let (token, page) = sign_in(server.endpoints(), &request(server.endpoints())).await;
    let error = token.unwrap_err();
    (error.failure(), error.to_string(), page.status)
}

#[tokio::test]
async fn an_administrator_signs_in_and_preflight_finds_nothing_in_the_way() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap();
    let (provider, mut pages) = browser(server.endpoints());
    let directory = GraphDirectory::builder(server.endpoints().clone(), CachedTokens::new(provider))
        .scopes(sign_in_scopes(&spec, server.endpoints()))
        .tenant(tenant.tenant_id().into())
        .build();
    let job = AzureServicesConnection::builder(spec).directory(directory).build().unwrap();
    let walk = async { visit(&sign_in_page(&mut pages).await).await };
    let (preflight, page) = tokio::join!(job.preflight(|_| ()), walk);
    let preflight = preflight.unwrap();
    assert!(preflight.is_clear(), "{:#?}", preflight.findings());
    assert_eq!(page.status, 200);
    assert!(page.body.contains("close this window") && page.head.contains("Cache-Control: no-store"));
    // One sign-in served every request of preflight, and nothing was asked for beyond the plan.
    assert!(pages.try_recv().is_err());
    let scopes = preflight.signed_in().unwrap().scopes.clone().unwrap();
    assert_eq!(
        scopes,
        ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All", "User.Read"],
        "the least set"
    );
    let summary = preflight.sign_in().unwrap();
    assert_eq!(
        (summary.tenant_name.as_str(), summary.tenant_id),
        ("contoso.onmicrosoft.com", tenant.tenant_id().into())
    );
    assert_eq!(summary.account, preflight.signed_in().unwrap().account);
    assert_eq!(summary.roles_held.as_deref(), Some(&["Global Administrator".to_owned()][..]));
    assert_eq!(
        summary.permissions_needed,
        ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"]
    );
    assert!(summary.role_lacking.is_none() && summary.permissions_lacking.is_empty());
}

#[tokio::test]
async fn a_code_for_another_verifier_is_refused() {
    let (failure, text, _) = failure(SignInTrouble::ForeignCode).await;
    assert_eq!(failure, TokenFailure::CodeRefused);
    assert!(
        text.contains("the code verifier does not match") && text.contains("AADSTS501481"),
        "{text}"
    );
}

#[tokio::test]
async fn an_answer_with_another_state_is_refused() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    tenant.trouble_sign_in(SignInTrouble::ForeignState);
    let (provider, mut pages) = browser(server.endpoints());
    // The wait goes on, and its end tells what came.
    let provider = provider.sign_in_timeout(Duration::from_millis(500));
    let request = request(server.endpoints());
    let walk = async { visit(&sign_in_page(&mut pages).await).await.status };
    let (token, status) = tokio::join!(provider.token(&request), walk);
    assert_eq!((token.unwrap_err().failure(), status), (TokenFailure::WrongState, 400));
}

/// Sends one request as a web page elsewhere makes a browser send it, and gives the status.
async fn from_elsewhere(port: u16, line: &str) -> u16 {
    let mut stream = TcpStream::connect(("localhost", port)).await.unwrap();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\n\
         Sec-Fetch-Mode: no-cors\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("evil.example") && !answer.to_lowercase().contains("access-control-allow"));
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_a_page_elsewhere_sends_is_answered_and_ignored_and_the_sign_in_goes_on() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let (provider, mut pages) = browser(server.endpoints());
    let request = request(server.endpoints());
    let walk = async {
        let back = sign_in_page(&mut pages).await;
        let port = back.port().unwrap();
        let mut statuses = Vec::new();
        for line in [
            "GET /?error=x",
            "GET /?code=abc&state=guessed",
            "GET /other?code=abc",
            "GET /favicon.ico",
            "OPTIONS /?code=abc",
            "POST /?code=abc",
        ] {
            statuses.push(from_elsewhere(port, line).await);
        }
        // The sign-in page itself is elsewhere, too: what tells its answer from others is the state alone.
        let query = back.query().unwrap();
        statuses.push(from_elsewhere(port, &format!("GET /?{query}")).await);
        statuses
    };
    let (token, statuses) = tokio::join!(provider.token(&request), walk);
    assert!(token.unwrap().claims().is_some());
    assert_eq!(statuses, [400, 400, 404, 404, 405, 405, 200]);
}

#[tokio::test]
async fn a_refused_consent_to_optional_scopes_opens_the_page_once_more_without_them() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    tenant.trouble_sign_in(SignInTrouble::Declined);
    let (provider, mut pages) = browser(server.endpoints());
    let offered = server.endpoints().scope("Policy.Read.All");
    let request = request(server.endpoints()).offering([offered.clone()]);
    let walk = async {
        let mut asked = Vec::new();
        for _ in 0..2 {
            let page = pages.recv().await.unwrap();
            asked.push(page.query_pairs().any(|(name, value)| name == "scope" && value.contains(&offered)));
            visit(&visit(&page).await.location().unwrap()).await;
        }
        asked
    };
    let (token, asked) = tokio::join!(provider.token(&request), walk);
    let granted = token.unwrap().claims().unwrap().scopes;
    assert_eq!(asked, [true, false]);
    assert!(!granted.contains(&"Policy.Read.All".to_owned()) && granted.contains(&"User.Read".to_owned()));
}

#[tokio::test]
async fn optional_scopes_are_asked_for_with_the_others_and_cost_no_second_page() {
    let caller = Caller::global_administrator().with_scopes(["Application.ReadWrite.All", "User.Read", "Policy.Read.All"]);
    let tenant = EmulatedTenant::builder().caller(caller).build();
    let server = serve(&tenant).await;
    let request = request(server.endpoints()).offering([server.endpoints().scope("Policy.Read.All")]);
    let (token, _) = sign_in(server.endpoints(), &request).await;
    assert!(token.unwrap().claims().unwrap().scopes.contains(&"Policy.Read.All".to_owned()));
}

#[tokio::test]
async fn no_other_web_page_ends_a_sign_in() {
    let tenant = EmulatedTenant::new();
    // Slow enough for other pages to come while the code is being redeemed.
    let server = cmg_onboarding_emulator::EmulatorServer::builder(tenant)
        .latency(Duration::from_millis(400))
        .start()
        .await
        .unwrap();
    let (provider, mut pages) = browser(server.endpoints());
    let walk = async {
        let back = sign_in_page(&mut pages).await;
        let other = |query: &str| Url::parse(&format!("http://localhost:{}/?{query}", back.port().unwrap())).unwrap();
        let mut statuses = Vec::new();
        for query in ["error=x", "code=abc", "code=abc&state=guessed"] {
            statuses.push(visit(&other(query)).await.status);
        }
        statuses.push(visit(&back).await.status);
        statuses.push(visit(&other("error=x")).await.status);
        statuses
    };
    let request = request(server.endpoints());
    let both = async { tokio::join!(provider.token(&request), walk) };
    let (token, statuses) = tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
    assert!(token.unwrap().claims().is_some());
    assert_eq!(statuses, [400, 400, 400, 200, 400]);
}

#[tokio::test]
async fn a_garbage_answer_is_called_so() {
    let (failure, text, _) = failure(SignInTrouble::Garbage).await;
    assert_eq!(failure, TokenFailure::UnexpectedAnswer);
    assert!(!text.contains("guest network"), "{text}");
}

#[tokio::test]
async fn a_person_who_declines_is_told_apart_from_a_policy_that_does() {
    let (declined, _, status) = failure(SignInTrouble::Declined).await;
    assert_eq!((declined, status), (TokenFailure::Declined, 200));
    let (blocked, text, _) = failure(SignInTrouble::BlockedByConditionalAccess).await;
    assert_eq!(blocked, TokenFailure::Blocked);
    assert!(text.contains("Conditional Access") && text.contains("correlation id"), "{text}");
}

#[tokio::test]
async fn a_tenant_in_the_other_cloud_is_found_out_before_and_at_the_page() {
    let (failure, _, _) = failure(SignInTrouble::OtherCloud).await;
    assert_eq!(failure, TokenFailure::WrongCloud);

    let tenant = EmulatedTenant::builder()
        .environment(CloudEnvironment::AzureUsGovernmentCloud)
        .build();
    let server = serve(&tenant).await;
    let public = CloudEndpoints::default()
        .with_authority(server.endpoints().authority().clone())
        .unwrap();
    let (provider, mut pages) = browser(&public);
    let error = provider.token(&request(&public)).await.unwrap_err();
    assert_eq!(error.failure(), TokenFailure::WrongCloud);
    assert!(error.to_string().contains("AzureUSGovernmentCloud"));
    assert!(pages.try_recv().is_err(), "no person was sent to a sign-in page");
}

#[tokio::test]
async fn a_tenant_that_nobody_knows_is_called_so() {
    let server = serve(&EmulatedTenant::new()).await;
    let (provider, _pages) = browser(server.endpoints());
    let unknown = request(server.endpoints()).in_tenant(TenantId::new(uuid::Uuid::from_u128(9)));
    let error = provider.token(&unknown).await.unwrap_err();
    assert_eq!(error.failure(), TokenFailure::WrongTenant);
}

#[tokio::test]
async fn a_second_answer_ends_the_sign_in() {
    let tenant = EmulatedTenant::new();
    // Slow enough for the second answer to come while the code is being redeemed.
    let server = cmg_onboarding_emulator::EmulatorServer::builder(tenant)
        .latency(Duration::from_millis(150))
        .start()
        .await
        .unwrap();
    let (provider, mut pages) = browser(server.endpoints());
    let twice = async {
        let back = sign_in_page(&mut pages).await;
        let first = visit(&back).await;
        let second = visit(&back).await;
        (first.status, second.status)
    };
    let request = request(server.endpoints());
    let (token, statuses) = tokio::join!(provider.token(&request), twice);
    assert_eq!(token.unwrap_err().failure(), TokenFailure::SecondAnswer);
    assert_eq!(statuses, (200, 409));
}

#[tokio::test]
async fn strays_and_silent_connections_disturb_nobody() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let (provider, mut pages) = browser(server.endpoints());
    let walk = async {
        let back = sign_in_page(&mut pages).await;
        let port = back.port().unwrap();
        // What browsers do: open a connection ahead, look for an icon, hang up in mid-sentence.
        let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut cut = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        cut.write_all(b"GET /?code=").await.unwrap();
        drop(cut);
        let icon = visit(&Url::parse(&format!("http://localhost:{port}/favicon.ico")).unwrap()).await;
        let other = visit(&Url::parse(&format!("http://localhost:{port}/")).unwrap()).await;
        (icon.status, other.status, visit(&back).await.status)
    };
    let request = request(server.endpoints());
    let (token, statuses) = tokio::join!(provider.token(&request), walk);
    assert!(token.unwrap().claims().is_some());
    assert_eq!(statuses, (404, 404, 200));
}

#[tokio::test]
async fn whoever_waits_for_nobody_is_told_so_and_the_port_is_free_again() {
    let server = serve(&EmulatedTenant::new()).await;
    let (provider, mut pages) = browser(server.endpoints());
    let request = request(server.endpoints());
    let provider: BrowserSignIn = provider.sign_in_timeout(Duration::from_millis(30));
    assert_eq!(provider.token(&request).await.unwrap_err().failure(), TokenFailure::TimedOut);

    let provider = provider.sign_in_timeout(Duration::from_secs(300));
    let page = {
        let _first = pages.recv().await.unwrap();
        let waiting = provider.token(&request);
        // Dropped as soon as the page is there.
        tokio::select! {
            _ = waiting => panic!("no person signed in"),
            page = pages.recv() => page.unwrap(),
        }
    };
    let (_, redirect) = page.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let port = Url::parse(&redirect).unwrap().port().unwrap();
    assert!(TcpListener::bind(("127.0.0.1", port)).await.is_ok());
}

#[tokio::test]
async fn a_code_is_redeemed_once_only() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let (token, _) = sign_in(server.endpoints(), &request(server.endpoints())).await;
    token.unwrap();
    let redemptions = tenant.requests().iter().filter(|request| request.path.ends_with("/token")).count();
    assert_eq!(redemptions, 1);
}
