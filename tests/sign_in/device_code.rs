//! The device code's way, on a clock that the test winds on.

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{CachedTokens, DeviceCodeSignIn, Diagnostic, TokenChain, TokenProvider, error::TokenFailure, token::DeviceCode};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer, SignInTrouble};
use serde_json::json;
use tokio::time::Instant;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path_regex};

use crate::stage::{Notes, browser, request, serve, sign_in_page, visit, wound};

type Shown = Arc<Mutex<Vec<DeviceCode>>>;

fn device_code(server: &EmulatorServer) -> (DeviceCodeSignIn, Shown) {
    let shown = Shown::default();
    let writer = shown.clone();
    let sign_in = DeviceCodeSignIn::new(server.endpoints().clone(), move |code| writer.lock().unwrap().push(code.clone()));
    (sign_in, shown)
}

fn polls(tenant: &EmulatedTenant) -> usize {
    tenant.requests().iter().filter(|request| request.path.ends_with("/token")).count()
}

/// Approves the code once it was polled for this often.
async fn approve_after(tenant: &EmulatedTenant, shown: &Shown, times: usize) {
    while polls(tenant) < times {
        tokio::task::yield_now().await;
    }
    let code = shown.lock().unwrap()[0].user_code().to_owned();
    assert!(tenant.approve_device_code(&code));
}

/// How long signing in takes on the paused clock, when the code is approved after so many polls.
async fn duration(tenant: &EmulatedTenant, times: usize) -> Duration {
    let server = serve(tenant).await;
    let (provider, shown) = device_code(&server);
    let (request, started) = (request(server.endpoints()), Instant::now());
    let both = async { tokio::join!(provider.token(&request), approve_after(tenant, &shown, times)).0 };
    let token = wound(both).await.unwrap();
    assert_eq!(token.claims().unwrap().scopes, ["Application.ReadWrite.All", "User.Read"]);
    started.elapsed()
}

/// At least so many seconds. The clock is wound on while a busy machine answers, too, so the upper end is generous.
fn within(measured: Duration, seconds: u64) -> bool {
    (Duration::from_secs(seconds)..Duration::from_secs(seconds + 60)).contains(&measured)
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_honoured_while_nobody_has_signed_in() {
    let tenant = EmulatedTenant::new();
    let measured = duration(&tenant, 2).await;
    assert_eq!(polls(&tenant), 3);
    assert!(within(measured, 15), "{measured:?}");
}

#[tokio::test(start_paused = true)]
async fn slow_down_adds_five_seconds_for_good() {
    let tenant = EmulatedTenant::new();
    tenant.trouble_sign_in(SignInTrouble::SlowDown);
    let measured = duration(&tenant, 2).await;
    assert_eq!(polls(&tenant), 3);
    assert!(within(measured, 5 + 10 + 10), "{measured:?}");
}

#[tokio::test(start_paused = true)]
async fn the_code_comes_as_data() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let (provider, shown) = device_code(&server);
    let request = request(server.endpoints());
    let both = async { tokio::join!(provider.token(&request), approve_after(&tenant, &shown, 1)).0 };
    wound(both).await.unwrap();
    let shown = shown.lock().unwrap();
    let [code] = shown.as_slice() else { panic!("{shown:?}") };
    assert!(code.message().contains(code.user_code()));
    assert!(code.verification_address().as_str().ends_with("/devicelogin"));
    let written = serde_json::to_value(code).unwrap();
    assert_eq!(written["userCode"], code.user_code());
    assert!(written["expiresOn"].is_string());
}

#[tokio::test(start_paused = true)]
async fn every_refusal_has_its_own_name() {
    for (trouble, expected) in [
        (SignInTrouble::Declined, TokenFailure::Declined),
        (SignInTrouble::ExpiredCode, TokenFailure::TimedOut),
        (SignInTrouble::BlockedByConditionalAccess, TokenFailure::Blocked),
        (SignInTrouble::OtherCloud, TokenFailure::WrongCloud),
        (SignInTrouble::Garbage, TokenFailure::UnexpectedAnswer),
    ] {
        let tenant = EmulatedTenant::new();
        tenant.trouble_sign_in(trouble);
        let server = serve(&tenant).await;
        let (provider, _) = device_code(&server);
        let error = wound(provider.token(&request(server.endpoints()))).await.unwrap_err();
        assert_eq!(error.failure(), expected, "{trouble:?}: {error}");
        assert_eq!(polls(&tenant), 1, "{trouble:?}");
    }
}

/// A sign-in service that answers every poll with this.
async fn stubborn(poll: ResponseTemplate) -> (MockServer, DeviceCodeSignIn) {
    let server = MockServer::start().await;
    let address = server.uri();
    let configuration = json!({
        "issuer": format!("{address}/{{tenantid}}/v2.0"), "token_endpoint": format!("{address}/token"),
        "device_authorization_endpoint": format!("{address}/devicecode"),
    });
    let code = json!({
        "device_code": "d", "user_code": "ABC", "verification_uri": "https://microsoft.com/devicelogin", "expires_in": 12, "interval": 5,
    });
    let answers = [
        ("openid-configuration$", ResponseTemplate::new(200).set_body_json(configuration)),
        ("/devicecode$", ResponseTemplate::new(200).set_body_json(code)),
        ("/token$", poll),
    ];
    for (path, answer) in answers {
        Mock::given(path_regex(path)).respond_with(answer).mount(&server).await;
    }
    let endpoints = cmg_onboarding::CloudEndpoints::default()
        .with_authority(address.parse().unwrap())
        .unwrap();
    (server, DeviceCodeSignIn::new(endpoints, |_| {}))
}

async fn timed<F: Future>(future: F) -> (F::Output, Duration) {
    let started = Instant::now();
    (wound(future).await, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_with_the_code_even_where_the_service_never_says_so() {
    let pending = ResponseTemplate::new(400).set_body_json(json!({"error": "authorization_pending", "error_codes": [70016]}));
    let (_server, provider) = stubborn(pending).await;
    let request = request(&cmg_onboarding::CloudEndpoints::default());
    let (token, measured) = timed(provider.token(&request)).await;
    let error = token.unwrap_err();
    assert_eq!(error.failure(), TokenFailure::TimedOut);
    assert!(error.help().contains("sign-in page"), "{}", error.help());
    assert!(within(measured, 12), "{measured:?}");
}

#[tokio::test(start_paused = true)]
async fn a_conditional_access_refusal_in_the_browser_leads_on_to_the_device_code() {
    let tenant = EmulatedTenant::new();
    tenant.trouble_sign_in(SignInTrouble::BlockedByConditionalAccess);
    let server = serve(&tenant).await;
    let (in_browser, mut pages) = browser(server.endpoints());
    let (on_device, shown) = device_code(&server);
    let told = Notes::default();
    let notes = told.clone();
    let chain = TokenChain::new()
        .then("browser", in_browser)
        .then("device code", on_device)
        .on_blocked(move |way| notes.add(format!("{} -> {:?}: {}", way.name, way.next, way.error.refusal().unwrap().error)));
    let tokens = CachedTokens::new(chain);
    let request = request(server.endpoints());
    let people = async {
        visit(&sign_in_page(&mut pages).await).await;
        approve_after(&tenant, &shown, 1).await;
    };
    let (token, ()) = wound(async { tokio::join!(tokens.token(&request), people) }).await;
    token.unwrap();
    assert_eq!(told.all(), ["browser -> Some(\"device code\"): access_denied"]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_in_trouble_is_asked_again_and_named_in_the_end() {
    let (server, provider) = stubborn(ResponseTemplate::new(503).set_body_string("<html>")).await;
    let request = request(&cmg_onboarding::CloudEndpoints::default());
    let error = wound(provider.token(&request)).await.unwrap_err();
    assert_eq!(error.failure(), TokenFailure::TimedOut);
    assert!(cmg_onboarding::error::chain(&error).contains("in trouble"), "{error:?}");
    let polls = server.received_requests().await.unwrap();
    let polls = polls.iter().filter(|request| request.url.path() == "/token").count();
    assert!((2..=3).contains(&polls), "{polls}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_sign_in_asks_no_more() {
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let (provider, _) = device_code(&server);
    let request = request(server.endpoints());
    let polled = async {
        while polls(&tenant) == 0 {
            tokio::task::yield_now().await;
        }
    };
    wound(async {
        tokio::select! {
            _ = provider.token(&request) => panic!("no person signed in"),
            () = polled => {}
        }
    })
    .await;
    wound(tokio::time::sleep(Duration::from_secs(12))).await;
    assert_eq!(polls(&tenant), 1);
}
