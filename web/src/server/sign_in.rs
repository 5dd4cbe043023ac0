//! Signing in, in the ways that a place offers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use cmg_onboarding::{
    AccessToken, BrowserSignIn, CachedTokens, CloudEnvironment, DeviceCodeSignIn, TokenError, TokenProvider, TokenRequest, async_trait,
    error::TokenFailure,
    token::{DEFAULT_SIGN_IN_CLIENT, DeviceCode, all_sign_in_scopes, optional_sign_in_scopes},
};
use url::Url;

use super::{
    drive::token_problem,
    live::{Live, Signed},
    place::{Place, SignInWay},
};
use crate::session::sign_in::{ShownDeviceCode, SignIn, SignInState};

/// Takes a token of the host's own sign-in.
pub(super) fn with_token(live: &Arc<Live>, token: String) {
    let tokens = HostToken {
        token: AccessToken::new(token),
        live: Arc::downgrade(live),
        is_refused: AtomicBool::new(false),
    };
    succeed(
        live,
        SignInWay::Token,
        Signed {
            tokens: Arc::new(tokens),
            asks_a_person: false,
        },
    );
}

/// Goes by the tokens that the place provides.
pub(super) fn provided(live: &Arc<Live>, tokens: Arc<dyn TokenProvider>) {
    let signed = Signed {
        tokens,
        asks_a_person: false,
    };
    succeed(live, SignInWay::Provided, signed);
}

/// Waits for a person: in a browser on this machine, or with a code in any browser.
pub(super) async fn by_person(live: Arc<Live>, place: Place, environment: CloudEnvironment, way: SignInWay) {
    let endpoints = place.endpoints(environment);
    let client = place.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT);
    let tokens: Arc<dyn TokenProvider> = match way {
        SignInWay::Browser => {
            let shown = live.clone();
            let sign_in = BrowserSignIn::new(endpoints.clone(), move |page: &Url| show_page(&shown, page));
            let sign_in = sign_in.client_id(client).choosing_account().http(place.http.clone());
            Arc::new(CachedTokens::new(match place.tenant {
                Some(tenant) => sign_in.tenant(tenant),
                None => sign_in,
            }))
        }
        _ => {
            let shown = live.clone();
            let sign_in = DeviceCodeSignIn::new(endpoints.clone(), move |code: &DeviceCode| show_code(&shown, code));
            let sign_in = sign_in.client_id(client).http(place.http.clone());
            Arc::new(CachedTokens::new(match place.tenant {
                Some(tenant) => sign_in.tenant(tenant),
                None => sign_in,
            }))
        }
    };
    let mut request = TokenRequest::new(all_sign_in_scopes(&endpoints)).offering(optional_sign_in_scopes(&endpoints));
    if let Some(tenant) = place.tenant {
        request = request.in_tenant(tenant);
    }
    match tokens.token(&request).await {
        Ok(_) => {
            let signed = Signed {
                tokens,
                asks_a_person: true,
            };
            succeed(&live, way, signed);
        }
        Err(error) => fail(&live, way, &error),
    }
}

fn succeed(live: &Live, way: SignInWay, signed: Signed) {
    live.sign(Some(signed));
    let now = live.clock.now();
    let sign_in = SignIn {
        state: SignInState::SignedIn,
        way: Some(way.name().to_owned()),
        ..SignIn::default()
    };
    live.report(|session| session.signing_in(sign_in, now));
}

fn fail(live: &Live, way: SignInWay, error: &TokenError) {
    let now = live.clock.now();
    let sign_in = SignIn {
        state: SignInState::Failed,
        way: Some(way.name().to_owned()),
        problem: Some(token_problem(error)),
        claims: error.refusal().and_then(|refusal| refusal.claims.clone()),
        ..SignIn::default()
    };
    live.report(|session| session.signing_in(sign_in, now));
}

fn show_page(live: &Live, page: &Url) {
    waiting(live, SignInWay::Browser, |sign_in| sign_in.address = Some(page.to_string()));
}

fn show_code(live: &Live, code: &DeviceCode) {
    let shown = ShownDeviceCode {
        user_code: code.user_code().to_owned(),
        address: code.verification_address().to_string(),
        message: code.message().to_owned(),
        expires_on: code.expires_on(),
    };
    waiting(live, SignInWay::DeviceCode, |sign_in| sign_in.device_code = Some(shown));
}

/// A page is shown where to go. It may be asked for again in the middle of a job.
fn waiting(live: &Live, way: SignInWay, fill: impl FnOnce(&mut SignIn)) {
    let mut sign_in = SignIn {
        state: SignInState::Waiting,
        way: Some(way.name().to_owned()),
        ..SignIn::default()
    };
    fill(&mut sign_in);
    let now = live.clock.now();
    live.report(|session| session.signing_in(sign_in, now));
}

/// A token of the host's own sign-in. It cannot be renewed here: what the directory asks for instead is told to the page.
#[derive(Debug)]
struct HostToken {
    token: AccessToken,
    live: std::sync::Weak<Live>,
    is_refused: AtomicBool,
}

#[async_trait]
impl TokenProvider for HostToken {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        if !request.fresh && !self.is_refused.load(Ordering::Acquire) {
            return Ok(self.token.clone());
        }
        self.is_refused.store(true, Ordering::Release);
        if let Some(claims) = &request.claims
            && let Some(live) = self.live.upgrade()
        {
            let now = live.clock.now();
            live.report(|session| session.challenged(claims.clone(), now));
        }
        Err(TokenError::new(
            TokenFailure::Expired,
            "the directory no longer accepts the token of the host's sign-in",
            "Sign in again with the host's own sign-in, with the claims that the session's `signIn.claims` names if there are any, and give the new token.",
        ))
    }
}
