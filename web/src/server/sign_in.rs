//! Signing in, in the ways that a place offers.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicBool, AtomicUsize, Ordering},
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
use crate::session::{
    Session,
    sign_in::{ShownDeviceCode, SignIn, SignInState},
};

/// Takes a token of the host's own sign-in.
pub(super) fn with_token(live: &Arc<Live>, session: &mut Session, token: String) {
    let tokens = HostToken {
        token: AccessToken::new(token),
        live: Arc::downgrade(live),
        is_refused: AtomicBool::new(false),
    };
    let signed = Signed {
        tokens: Arc::new(tokens),
        asks_a_person: false,
    };
    succeed(live, session, SignInWay::Token, signed);
}

/// Goes by the tokens that the place provides.
pub(super) fn provided(live: &Live, session: &mut Session, tokens: Arc<dyn TokenProvider>) {
    let signed = Signed {
        tokens,
        asks_a_person: false,
    };
    succeed(live, session, SignInWay::Provided, signed);
}

/// Waits for a person: in a browser on this machine, or with a code in any browser. The person stays signed in until the session
/// is signed out: tokens that run out are renewed without asking, by what is in memory alone.
pub(super) async fn by_person(live: Arc<Live>, place: Place, environment: CloudEnvironment, way: SignInWay) {
    let endpoints = place.endpoints(environment);
    let client = place.client_id.unwrap_or(DEFAULT_SIGN_IN_CLIENT);
    let tokens: Arc<dyn TokenProvider> = match way {
        SignInWay::Browser => {
            let shown = Arc::downgrade(&live);
            let sign_in = BrowserSignIn::new(endpoints.clone(), move |page: &Url| show_page(&shown, page));
            let sign_in = sign_in.client_id(client).choosing_account().staying_signed_in();
            let sign_in = sign_in.http(place.http.clone()).clock(live.clock.clone());
            cached(
                &live,
                match place.tenant {
                    Some(tenant) => sign_in.tenant(tenant),
                    None => sign_in,
                },
            )
        }
        _ => {
            let shown = Arc::downgrade(&live);
            let sign_in = DeviceCodeSignIn::new(endpoints.clone(), move |code: &DeviceCode| show_code(&shown, code));
            let sign_in = sign_in.client_id(client).staying_signed_in();
            let sign_in = sign_in.http(place.http.clone()).clock(live.clock.clone());
            cached(
                &live,
                match place.tenant {
                    Some(tenant) => sign_in.tenant(tenant),
                    None => sign_in,
                },
            )
        }
    };
    let mut request = TokenRequest::new(all_sign_in_scopes(&endpoints)).offering(optional_sign_in_scopes(&endpoints));
    if let Some(tenant) = place.tenant {
        request = request.in_tenant(tenant);
    }
    match tokens.token(&request).await {
        Ok(_) => {
            let asking = Asking {
                tokens,
                live: Arc::downgrade(&live),
                way,
                asked: AtomicUsize::new(0),
            };
            let signed = Signed {
                tokens: Arc::new(asking),
                asks_a_person: true,
            };
            live.report(|session| succeed(&live, session, way, signed));
        }
        Err(error) => fail(&live, way, &error),
    }
}

/// The tokens, each kept until it runs out.
fn cached<P: TokenProvider + 'static>(live: &Live, tokens: P) -> Arc<dyn TokenProvider> {
    Arc::new(CachedTokens::new(tokens).with_clock(live.clock.clone()))
}

fn succeed(live: &Live, session: &mut Session, way: SignInWay, signed: Signed) {
    live.sign(signed);
    session.signing_in(signed_in(way), live.clock.now());
}

fn signed_in(way: SignInWay) -> SignIn {
    SignIn {
        state: SignInState::SignedIn,
        way: Some(way.name().to_owned()),
        ..SignIn::default()
    }
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

fn show_page(live: &Weak<Live>, page: &Url) {
    waiting(live, SignInWay::Browser, |sign_in| sign_in.address = Some(page.to_string()));
}

fn show_code(live: &Weak<Live>, code: &DeviceCode) {
    let shown = ShownDeviceCode {
        user_code: code.user_code().to_owned(),
        address: code.verification_address().to_string(),
        message: code.message().to_owned(),
        expires_on: code.expires_on(),
    };
    waiting(live, SignInWay::DeviceCode, |sign_in| sign_in.device_code = Some(shown));
}

/// A page is shown where to go. It may be asked for again in the middle of a job.
fn waiting(live: &Weak<Live>, way: SignInWay, fill: impl FnOnce(&mut SignIn)) {
    let Some(live) = live.upgrade() else {
        return;
    };
    let mut sign_in = SignIn {
        state: SignInState::Waiting,
        way: Some(way.name().to_owned()),
        ..SignIn::default()
    };
    fill(&mut sign_in);
    let now = live.clock.now();
    live.report(|session| session.signing_in(sign_in, now));
}

/// The tokens of a person who has signed in. If the person is asked again in the middle of a job, the page shows where to go
/// for as long as that takes, and that the account is signed in again afterwards.
#[derive(Debug)]
struct Asking {
    tokens: Arc<dyn TokenProvider>,
    live: Weak<Live>,
    way: SignInWay,
    /// How many requests wait for a token.
    asked: AtomicUsize,
}

/// One request that waits for a token. Dropped, too, if its job is cancelled meanwhile.
struct Waits<'a>(&'a Asking);

impl<'a> Waits<'a> {
    fn new(asking: &'a Asking) -> Self {
        asking.asked.fetch_add(1, Ordering::AcqRel);
        Self(asking)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let asking = self.0;
        if asking.asked.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let Some(live) = asking.live.upgrade() else {
            return;
        };
        if !live.look(Session::is_asked_again) {
            return;
        }
        let now = live.clock.now();
        live.report(|session| {
            if session.is_asked_again() {
                let after = live.signed().map_or_else(SignIn::default, |_| signed_in(asking.way));
                session.signing_in(after, now);
            }
        });
    }
}

#[async_trait]
impl TokenProvider for Asking {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let _waits = Waits::new(self);
        self.tokens.token(request).await
    }

    fn asks_a_person(&self) -> bool {
        self.tokens.asks_a_person()
    }
}

/// A token of the host's own sign-in. It cannot be renewed here: what the directory asks for instead is told to the page.
#[derive(Debug)]
struct HostToken {
    token: AccessToken,
    live: Weak<Live>,
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use std::time::Duration;

    use cmg_onboarding::{clock::SystemClock, token_fn};

    use super::*;
    use crate::{server::user::User, session::phase::JobKind};

    /// A session whose person is asked again for every token.
    fn asked_again(answer: impl Fn() -> Option<Result<AccessToken, TokenError>> + Send + Sync + 'static) -> (Arc<Live>, TokenRequest) {
        let clock = Arc::new(SystemClock);
        let session = Session::new(time::OffsetDateTime::UNIX_EPOCH);
        let live = Live::new(User::new("local").unwrap(), session, None, &Place::default(), clock);
        let live = Arc::new(live);
        let weak = Arc::downgrade(&live);
        let tokens = token_fn(move |_| {
            waiting(&weak, SignInWay::DeviceCode, |sign_in| {
                sign_in.address = Some("https://login.example/".to_owned());
            });
            let answer = answer();
            async move {
                match answer {
                    Some(answer) => answer,
                    None => std::future::pending().await,
                }
            }
        });
        let asking = Asking {
            tokens: Arc::new(tokens),
            live: Arc::downgrade(&live),
            way: SignInWay::DeviceCode,
            asked: AtomicUsize::new(0),
        };
        let signed = Signed {
            tokens: Arc::new(asking),
            asks_a_person: true,
        };
        live.report(|session| succeed(&live, session, SignInWay::DeviceCode, signed));
        (live, TokenRequest::new(["User.Read"]))
    }

    /// The same, while the person has not answered yet.
    async fn being_asked() -> (Arc<Live>, impl Future<Output = Result<AccessToken, TokenError>>) {
        let (live, request) = asked_again(|| None);
        let tokens = live.signed().unwrap().tokens;
        let mut asking = Box::pin(async move { tokens.token(&request).await });
        assert!(tokio::time::timeout(Duration::ZERO, &mut asking).await.is_err());
        (live, asking)
    }

    fn sign_in(live: &Live) -> SignIn {
        live.look(|session| session.sign_in().clone())
    }

    #[tokio::test]
    async fn a_person_who_is_asked_again_is_signed_in_again_afterwards() {
        let refused = || TokenError::new(TokenFailure::Expired, "declined", "Sign in again.");
        for is_refused in [false, true] {
            let (live, request) = asked_again(move || {
                Some(match is_refused {
                    true => Err(refused()),
                    false => Ok(AccessToken::new("token")),
                })
            });
            let tokens = live.signed().unwrap().tokens;
            assert_eq!(tokens.token(&request).await.is_err(), is_refused);
            assert_eq!(sign_in(&live), signed_in(SignInWay::DeviceCode), "no page shows the code of before");
        }
    }

    #[tokio::test]
    async fn a_job_that_is_cancelled_while_the_person_is_asked_again_leaves_the_account_signed_in() {
        let (live, asking) = being_asked().await;
        assert_eq!(sign_in(&live).state, SignInState::Waiting);
        assert!(live.signed().is_some(), "the next job goes by the same account");
        drop(asking);
        assert_eq!(sign_in(&live), signed_in(SignInWay::DeviceCode));
    }

    #[tokio::test]
    async fn another_cloud_signs_out_a_person_who_is_asked_again() {
        let (live, asking) = being_asked().await;
        let now = live.clock.now();
        let mut fields = serde_json::Map::new();
        fields.insert("environment".to_owned(), "azureUsGovernmentCloud".into());
        live.change(|session| session.edit(0, &fields, now)).unwrap();
        drop(asking);
        assert_eq!(sign_in(&live).state, SignInState::SignedOut);
        assert!(live.signed().is_none());
    }

    #[tokio::test]
    async fn who_has_signed_out_meanwhile_is_not_signed_in_again() {
        let (live, asking) = being_asked().await;
        let now = live.clock.now();
        live.change(|session| session.begin(JobKind::SignIn, session.settings().clone(), now))
            .unwrap();
        assert!(live.signed().is_none());
        drop(asking);
        assert_eq!(sign_in(&live).state, SignInState::Waiting, "of the new sign-in");
    }
}
