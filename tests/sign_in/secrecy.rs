//! Tokens, codes, verifiers and secrets are in no log, no `Debug` and no error.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock},
};

use cmg_onboarding::{
    CachedTokens, ClientSecret, ClientSecretSignIn, CloudEndpoints, DeviceCodeSignIn, Diagnostic, TokenProvider,
    token::{DeviceCode, EnvironmentToken},
};
use cmg_onboarding_emulator::{EmulatedTenant, SignInTrouble};
use serde_json::json;
use url::Url;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path_regex};

use crate::log::Log;
use crate::stage::{browser, request, serve, sign_in_page, visit, wound};

/// One log for all tests of this file's program: subscribers that come and go side by side lose events.
fn logging() -> Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    let start = || {
        let log = Log::default();
        tracing::subscriber::set_global_default(log.subscriber()).unwrap();
        log
    };
    LOG.get_or_init(start).clone()
}

#[tokio::test]
async fn code_and_verifier_go_to_the_token_endpoint_and_nowhere_else() {
    let log = logging();
    let server = MockServer::start().await;
    let address = server.uri();
    let configuration = json!({
        "issuer": format!("{address}/{{tenantid}}/v2.0"), "token_endpoint": format!("{address}/token"),
        "authorization_endpoint": format!("{address}/authorize"),
    });
    let answer = json!({
        "token_type": "Bearer", "expires_in": 3599, "access_token": "canary-7Q-access", "scope": "openid User.Read",
        "refresh_token": "canary-7Q-refresh", "id_token": "canary-7Q-id",
    });
    for (path, body) in [("openid-configuration$", configuration), ("/token$", answer)] {
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path_regex(path)).respond_with(answer).mount(&server).await;
    }
    let endpoints = CloudEndpoints::default().with_authority(address.parse().unwrap()).unwrap();
    let (provider, mut pages) = browser(&endpoints);
    let request = request(&endpoints).renewed(Some(r#"{"access_token":{}}"#.to_owned()));
    let walk = async {
        let page = pages.recv().await.unwrap();
        let asked: HashMap<String, String> = page.query_pairs().into_owned().collect();
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", "canary-7Q-code+/=")
            .append_pair("state", &asked["state"]);
        visit(&back).await;
        asked
    };
    let (token, asked) = tokio::join!(provider.token(&request), walk);
    let token = token.unwrap();
    assert_eq!(token.expose(), "canary-7Q-access");
    assert_eq!(token.granted_scopes().unwrap(), ["openid", "User.Read"]);

    let received = server.received_requests().await.unwrap();
    let redemption = received.iter().find(|request| request.url.path() == "/token").unwrap();
    let form: HashMap<String, String> = url::form_urlencoded::parse(&redemption.body).into_owned().collect();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "canary-7Q-code+/=");
    assert_eq!(form["redirect_uri"], asked["redirect_uri"]);
    assert_eq!(form["claims"], r#"{"access_token":{}}"#);
    assert_eq!(asked["claims"], form["claims"]);
    assert!((43..=128).contains(&form["code_verifier"].len()));
    assert!(!form.contains_key("client_secret") && !asked["scope"].contains("offline_access"));

    let shown = format!("{} {token:?} {provider:?}", log.text());
    assert!(shown.contains("answered"));
    for canary in ["canary-7Q", &form["code_verifier"], &asked["state"]] {
        assert!(!shown.contains(canary), "{canary}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_code_verifier_or_secret_is_to_be_found_anywhere() {
    let log = logging();
    let tenant = EmulatedTenant::new();
    let server = serve(&tenant).await;
    let endpoints = server.endpoints().clone();
    let request = request(&endpoints);
    let (mut canaries, mut shown) = (Vec::new(), String::new());

    // The browser: once well, once with a code that is refused.
    for trouble in [None, Some(SignInTrouble::ForeignCode)] {
        trouble.into_iter().for_each(|trouble| tenant.trouble_sign_in(trouble));
        let (provider, mut pages) = browser(&endpoints);
        let tokens = CachedTokens::new(provider);
        let walk = async {
            let back = sign_in_page(&mut pages).await;
            let page = visit(&back).await;
            (back, page)
        };
        let (token, (back, page)) = wound(async { tokio::join!(tokens.token(&request), walk) }).await;
        let secrets = back.query_pairs().filter(|(name, _)| name == "code" || name == "state");
        canaries.extend(secrets.map(|(_, value)| value.into_owned()));
        if let Ok(token) = &token {
            canaries.push(token.expose().to_owned());
            canaries.push(token.expose().split('.').nth(1).unwrap().to_owned());
        }
        shown.push_str(&format!("{token:?} {tokens:?} {page:?}"));
        if let Err(error) = &token {
            shown.push_str(&cmg_onboarding::error::chain(error));
            shown.push_str(&error.help());
            shown.push_str(&serde_json::to_string(error.refusal().unwrap()).unwrap());
        }
    }

    // The device code: its user code is for one person's eyes.
    let seen: Arc<Mutex<Vec<DeviceCode>>> = Arc::default();
    let writer = seen.clone();
    let provider = DeviceCodeSignIn::new(endpoints.clone(), move |code| writer.lock().unwrap().push(code.clone()));
    tenant.trouble_sign_in(SignInTrouble::Declined);
    let error = wound(provider.token(&request)).await.unwrap_err();
    canaries.push(seen.lock().unwrap()[0].user_code().to_owned());
    shown.push_str(&format!("{error:?} {provider:?} {seen:?}"));

    // The client secret: wrong, and echoed by the service.
    let secret = ClientSecret::new("canary-7Q~secret");
    canaries.push(secret.expose().to_owned());
    let provider = ClientSecretSignIn::new(endpoints, tenant.tenant_id().into(), tenant.automation_client().id().into(), secret);
    let error = wound(provider.token(&request)).await.unwrap_err();
    shown.push_str(&format!("{error:?} {provider:?} {:?}", EnvironmentToken::new("CMG_TOKEN")));

    let log = log.text();
    assert!(log.contains("/oauth2/v2.0/token"), "the log must have something to search");
    assert!(canaries.len() >= 8);
    for canary in &canaries {
        assert!(canary.len() >= 8, "{canary}");
        assert!(!log.contains(canary.as_str()), "the log has a canary");
        assert!(!shown.contains(canary.as_str()), "what is shown has a canary");
    }
}
