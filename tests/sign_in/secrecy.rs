//! Tokens, codes, verifiers and secrets are in no log, no `Debug` and no error.

use std::{
    io,
    sync::{Arc, Mutex},
};

use cmg_onboarding::{
    CachedTokens, ClientSecret, ClientSecretSignIn, DeviceCodeSignIn, TokenProvider,
    emulator::{EmulatedTenant, SignInTrouble},
    token::{DeviceCode, EnvironmentToken},
};
use tracing_subscriber::fmt::MakeWriter;

use crate::stage::{browser, request, serve, sign_in_page, visit, wound};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_code_verifier_or_secret_is_to_be_found_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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
            shown.push_str(error.help());
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
    let provider = ClientSecretSignIn::new(endpoints, tenant.tenant_id(), tenant.automation_client().id(), secret);
    let error = wound(provider.token(&request)).await.unwrap_err();
    shown.push_str(&format!("{error:?} {provider:?} {:?}", EnvironmentToken::new("CMG_TOKEN")));

    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(log.contains("/oauth2/v2.0/token"), "the log must have something to search");
    assert!(canaries.len() >= 8);
    for canary in &canaries {
        assert!(canary.len() >= 8, "{canary}");
        assert!(!log.contains(canary.as_str()), "the log has a canary");
        assert!(!shown.contains(canary.as_str()), "what is shown has a canary");
    }
}
