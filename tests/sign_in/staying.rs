//! A person who stays signed in is asked once, until the sign-in service wants to see the person again.

use std::collections::HashMap;

use cmg_onboarding::{BrowserSignIn, CloudEndpoints, TokenProvider, TokenRequest, error::TokenFailure};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{body_string_contains, path_regex},
};

use crate::stage::{browser, request, visit};

async fn sign_in_service() -> (MockServer, CloudEndpoints) {
    let server = MockServer::start().await;
    let address = server.uri();
    let configuration = json!({
        "issuer": format!("{address}/{{tenantid}}/v2.0"), "token_endpoint": format!("{address}/token"),
        "authorization_endpoint": format!("{address}/authorize"),
    });
    let configuration = ResponseTemplate::new(200).set_body_json(configuration);
    Mock::given(path_regex("openid-configuration$"))
        .respond_with(configuration)
        .mount(&server)
        .await;
    let endpoints = CloudEndpoints::default().with_authority(address.parse().unwrap()).unwrap();
    (server, endpoints)
}

/// The token endpoint gives this once for a form that has this in it.
async fn once(server: &MockServer, form: &str, answer: ResponseTemplate) {
    let mock = Mock::given(path_regex("/token$"))
        .and(body_string_contains(form))
        .respond_with(answer);
    mock.up_to_n_times(1).expect(1).mount(server).await;
}

fn tokens(access: &str, refresh: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "token_type": "Bearer", "expires_in": 3599, "access_token": format!("canary-7Q-{access}"), "refresh_token": format!("canary-7Q-{refresh}"),
    }))
}

fn refused(answer: Value) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(answer)
}

/// A token, and what the sign-in page was asked for if the person was.
async fn signing_in(
    provider: &BrowserSignIn,
    pages: &mut mpsc::UnboundedReceiver<Url>,
    request: &TokenRequest,
) -> (String, HashMap<String, String>) {
    let walk = async {
        let page = pages.recv().await.unwrap();
        let asked: HashMap<String, String> = page.query_pairs().into_owned().collect();
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", "c")
            .append_pair("state", &asked["state"]);
        visit(&back).await;
        asked
    };
    let (token, asked) = tokio::join!(provider.token(request), walk);
    (token.unwrap().expose().to_owned(), asked)
}

const BY_PERSON: &str = "grant_type=authorization_code";

#[tokio::test]
async fn who_stays_signed_in_is_asked_again_only_if_the_renewal_is_refused_or_a_token_was() {
    let (server, endpoints) = sign_in_service().await;
    let (provider, mut pages) = browser(&endpoints);
    let provider = provider.staying_signed_in();
    let request = request(&endpoints);

    once(&server, BY_PERSON, tokens("access-1", "refresh-1")).await;
    let (token, asked) = signing_in(&provider, &mut pages, &request).await;
    assert_eq!(token, "canary-7Q-access-1");
    assert!(asked["scope"].ends_with(" openid offline_access"), "{}", asked["scope"]);

    // Silently, by the newest refresh token, and for other scopes as well.
    once(&server, "refresh_token=canary-7Q-refresh-1", tokens("access-2", "refresh-2")).await;
    let renewed = provider.clone().token(&TokenRequest::new(["a/Other"])).await.unwrap();
    assert_eq!(renewed.expose(), "canary-7Q-access-2");
    // Optional scopes that are refused cost neither the renewal nor a second sign-in.
    let wide = request.clone().offering(["a/Offered"]);
    once(
        &server,
        "Offered",
        refused(json!({ "error": "invalid_grant", "error_codes": [65001] })),
    )
    .await;
    once(&server, "refresh_token=canary-7Q-refresh-2", tokens("access-3", "refresh-3")).await;
    assert_eq!(provider.token(&wide).await.unwrap().expose(), "canary-7Q-access-3");
    // What is not an answer of the sign-in service says nothing about the person.
    let page = ResponseTemplate::new(400).set_body_raw("<html>", "text/html");
    once(&server, "refresh_token=canary-7Q-refresh-3", page).await;
    let failed = provider.token(&request).await.unwrap_err();
    assert_eq!(failed.failure(), TokenFailure::UnexpectedAnswer, "{failed}");
    assert!(pages.try_recv().is_err(), "the person was asked once");

    once(
        &server,
        "refresh_token=canary-7Q-refresh-3",
        refused(json!({ "error": "invalid_grant", "error_codes": [70043] })),
    )
    .await;
    once(&server, BY_PERSON, tokens("access-4", "refresh-4")).await;
    assert_eq!(signing_in(&provider, &mut pages, &request).await.0, "canary-7Q-access-4");
    // A token that is refused before its end: only the person can answer that.
    once(&server, BY_PERSON, tokens("access-5", "refresh-5")).await;
    let claims = request.clone().renewed(Some(r#"{"access_token":{}}"#.to_owned()));
    let (token, asked) = signing_in(&provider, &mut pages, &claims).await;
    assert_eq!(
        (token.as_str(), asked["claims"].as_str()),
        ("canary-7Q-access-5", r#"{"access_token":{}}"#)
    );
    assert!(!format!("{provider:?}").contains("canary"));
}

#[tokio::test]
async fn who_does_not_stay_signed_in_is_asked_every_time() {
    let (server, endpoints) = sign_in_service().await;
    let (provider, mut pages) = browser(&endpoints);
    let request = request(&endpoints);
    for number in ["1", "2"] {
        once(&server, BY_PERSON, tokens(number, "given-all-the-same")).await;
        let (token, asked) = signing_in(&provider, &mut pages, &request).await;
        assert_eq!(token, format!("canary-7Q-{number}"));
        assert!(!asked["scope"].contains("offline_access"));
    }
}
