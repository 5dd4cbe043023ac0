use std::collections::{HashMap, HashSet};

use super::*;

fn endpoints() -> SignInEndpoints {
    SignInEndpoints {
        token: Url::parse("https://login.microsoftonline.com/organizations/oauth2/v2.0/token").unwrap(),
        authorization: Some(Url::parse("https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize").unwrap()),
        device_code: None,
    }
}

fn prepared(sign_in: &BrowserSignIn, request: &TokenRequest) -> (HashMap<String, String>, Url, Attempt) {
    let attempt = Attempt::new(8400, &Arc::new(random_text().unwrap())).unwrap();
    let page = sign_in.page(&endpoints(), &attempt, request).unwrap();
    (page.query_pairs().into_owned().collect(), page, attempt)
}

fn sign_in() -> BrowserSignIn {
    BrowserSignIn::new(CloudEndpoints::default(), |_| {})
}

#[test]
fn the_address_asks_for_what_the_plan_takes_and_proves_itself_by_pkce() {
    let request = TokenRequest::new(["https://graph.microsoft.com/User.Read", "openid"]).renewed(Some("{\"a\":1}".to_owned()));
    let (query, page, attempt) = prepared(&sign_in().account("admin@contoso.com").choosing_account(), &request);
    assert_eq!(query["response_type"], "code");
    assert_eq!(query["response_mode"], "query");
    assert_eq!(query["redirect_uri"], "http://localhost:8400");
    assert_eq!(query["client_id"], DEFAULT_SIGN_IN_CLIENT.to_string());
    assert_eq!(query["scope"], "https://graph.microsoft.com/User.Read openid");
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["prompt"], "select_account");
    assert_eq!(query["login_hint"], "admin@contoso.com");
    assert_eq!(query["claims"], "{\"a\":1}");
    assert_eq!(query["state"], attempt.state.expose_secret());
    assert!(!page.as_str().contains(attempt.verifier.expose_secret()));
    assert_eq!(query["code_challenge"], challenge(&attempt.verifier));
}

#[test]
fn verifier_and_state_differ_from_run_to_run() {
    let (sign_in, request) = (sign_in(), TokenRequest::new(["openid"]));
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let (query, _, attempt) = prepared(&sign_in, &request);
        assert!(seen.insert(attempt.verifier.expose_secret().to_owned()));
        assert!(seen.insert(attempt.state.expose_secret().to_owned()));
        assert!(seen.insert(query["code_challenge"].clone()));
        assert!(
            attempt.verifier.expose_secret().len() >= 43,
            "RFC 7636 wants 43 characters at least"
        );
    }
}

#[tokio::test]
async fn every_sign_in_has_a_port_of_its_own() {
    let state = Arc::new(random_text().unwrap());
    let (one, two) = (Loopback::bind(&state).await.unwrap(), Loopback::bind(&state).await.unwrap());
    assert_ne!(one.port(), two.port());
}
