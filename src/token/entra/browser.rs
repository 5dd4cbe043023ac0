//! A browser on this machine.

#[cfg(any(fuzzing, test))]
pub(super) mod fuzzing;
mod loopback;
mod page;
mod redirect;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::Url;

use self::{loopback::Loopback, redirect::wrong_state};
use super::{
    endpoints::SignInEndpoints,
    exchange::{Repeat, TokenAnswer},
    kept::Kept,
    optional::with_optional_scopes,
    proof::{challenge, random_text},
    service::{DEFAULT_SIGN_IN_CLIENT, SignInService, common_settings, not_offered},
};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::{TokenError, TokenFailure},
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    token::{AccessToken, TokenProvider, TokenRequest},
};

/// How long a person has for signing in, unless set.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

type Open = Arc<dyn Fn(&Url) + Send + Sync>;

/// Signs a person in with a browser on this machine, as the wizard does: authorization code with PKCE, and a redirect to
/// `http://localhost`.
///
/// This crate opens no browser. It gives the address of the sign-in page to a callback, which opens one or shows the
/// address; then it waits on a free port of the loopback interface for the browser to come back. An answer whose `state`
/// is not that of this sign-in is turned away, and the wait goes on: any web page can send the browser here. It takes one
/// answer with the right `state`, and ends with an error if a second one comes before the code is redeemed. Put it before
/// [`DeviceCodeSignIn`](super::DeviceCodeSignIn) in a [`TokenChain`](crate::TokenChain) if both may do.
/// Directory and site keep its tokens in memory; [`CachedTokens`](crate::CachedTokens) shares one sign-in
/// among several.
///
/// Of the scopes that the request offers beside those it needs ([`TokenRequest::optional_scopes`]) the person is asked
/// for all at first; if consent is refused, the page is opened once more without them.
///
/// The sign-in application needs `http://localhost` among its redirect URIs for public clients; the port does not count.
///
/// Source: *OAuth 2.0 authorization code flow on the Microsoft identity platform* and *Redirect URI (reply URL) best
/// practices and limitations*.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, token::BrowserSignIn};
///
/// let endpoints = CloudEndpoints::default();
/// let sign_in = BrowserSignIn::new(endpoints.clone(), |page| eprintln!("Sign in at {page}"));
/// let directory = GraphDirectory::new(endpoints, sign_in);
/// # let _ = directory;
/// ```
///
/// # Cancel safety
///
/// Dropping the future frees the port and ends the wait; a browser that comes back later is refused.
#[derive(Clone)]
#[must_use]
pub struct BrowserSignIn {
    service: SignInService,
    open: Open,
    sign_in_timeout: Duration,
    account: Option<String>,
    chooses_account: bool,
    kept: Kept,
}

impl BrowserSignIn {
    /// Signs in at these endpoints; `open` gets the address of the sign-in page. It is called once for each sign-in, a
    /// second time if consent to optional scopes was refused, and must not block.
    pub fn new(endpoints: CloudEndpoints, open: impl Fn(&Url) + Send + Sync + 'static) -> Self {
        Self {
            service: SignInService::new(endpoints, DEFAULT_SIGN_IN_CLIENT),
            open: Arc::new(open),
            sign_in_timeout: SIGN_IN_TIMEOUT,
            account: None,
            chooses_account: false,
            kept: Kept::default(),
        }
    }

    /// The application to sign in to. Default: [`DEFAULT_SIGN_IN_CLIENT`], with its caveats.
    pub const fn client_id(mut self, application: ApplicationId) -> Self {
        self.service.client_id = application;
        self
    }

    /// How long a person has for signing in. Default: five minutes.
    pub const fn sign_in_timeout(mut self, sign_in_timeout: Duration) -> Self {
        self.sign_in_timeout = sign_in_timeout;
        self
    }

    /// The account that the sign-in page suggests, as `admin@contoso.com`. Default: none.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Lets the person choose the account even where the browser is signed in with one. Default: no.
    pub const fn choosing_account(mut self) -> Self {
        self.chooses_account = true;
        self
    }

    /// Keeps the person signed in for as long as this provider and its clones live: a token that has run out is renewed
    /// without asking again. Default: no credential outlives the token.
    ///
    /// The sign-in then asks for `offline_access` as well, which the consent page shows. The refresh token stays in memory and
    /// is wiped on drop. If the sign-in service no longer takes it, or if a token is refused before its end, the person is
    /// asked again.
    ///
    /// Source: *Scopes and permissions in the Microsoft identity platform*, offline_access.
    pub fn staying_signed_in(mut self) -> Self {
        self.kept = Kept::on();
        self
    }

    common_settings!();

    /// The address of the sign-in page.
    fn page(&self, endpoints: &SignInEndpoints, attempt: &Attempt, request: &TokenRequest) -> Result<Url, TokenError> {
        let mut page = endpoints.authorization.clone().ok_or_else(|| not_offered("sign-in page"))?;
        page.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("client_id", &self.service.client_id.to_string())
            .append_pair("redirect_uri", &attempt.redirect)
            .append_pair("scope", &self.kept.scope(request))
            .append_pair("state", attempt.state.expose_secret())
            .append_pair("code_challenge", &challenge(&attempt.verifier))
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(self.chooses_account.then_some(("prompt", "select_account")))
            .extend_pairs(self.account.as_ref().map(|account| ("login_hint", account)))
            .extend_pairs(request.claims.as_ref().map(|claims| ("claims", claims)));
        Ok(page)
    }

    async fn redeem(
        &self,
        endpoints: &SignInEndpoints,
        attempt: &Attempt,
        code: &SecretString,
        request: &TokenRequest,
    ) -> Result<AccessToken, TokenError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", attempt.redirect.as_str()),
            ("code_verifier", attempt.verifier.expose_secret()),
        ];
        form.extend(request.claims.as_deref().map(|claims| ("claims", claims)));
        let answer: TokenAnswer = self.service.post(&endpoints.token, &form, Repeat::Never).await?;
        let token = answer.token(self.service.now())?;
        self.kept.keep(&self.service, request, &answer);
        Ok(token)
    }
}

/// What one sign-in goes by.
struct Attempt {
    redirect: String,
    state: Arc<SecretString>,
    verifier: SecretString,
}

impl Attempt {
    fn new(port: u16, state: &Arc<SecretString>) -> Result<Self, TokenError> {
        Ok(Self {
            // Without a slash at the end: that is how the redirect URI is registered, and the path counts.
            redirect: format!("http://localhost:{port}"),
            state: Arc::clone(state),
            verifier: random_text()?,
        })
    }
}

impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BrowserSignIn")
            .field("service", &self.service)
            .field("sign_in_timeout", &self.sign_in_timeout)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for BrowserSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        if let Some(token) = self.kept.renew(&self.service, request).await? {
            return Ok(token);
        }
        with_optional_scopes(request, |request| self.ask(request)).await
    }

    fn asks_a_person(&self) -> bool {
        !self.kept.has_any()
    }
}

impl BrowserSignIn {
    /// Asks the person once.
    async fn ask(&self, request: TokenRequest) -> Result<AccessToken, TokenError> {
        let request = &request;
        let endpoints = self.service.sign_in_endpoints(request).await?;
        let state = Arc::new(random_text()?);
        let mut loopback = Loopback::bind(&state).await.map_err(no_port)?;
        let attempt = Attempt::new(loopback.port(), &state)?;
        (self.open)(&self.page(&endpoints, &attempt, request)?);
        let Ok(code) = timeout(self.sign_in_timeout, loopback.answer()).await else {
            return Err(if loopback.has_turned_away() {
                wrong_state()
            } else {
                not_finished()
            });
        };
        let code = code?;
        // The port stays open until the code is redeemed, so that an answer from another program does not pass unseen.
        let redeemed = std::pin::pin!(self.redeem(&endpoints, &attempt, &code, request));
        let second = std::pin::pin!(loopback.second_answer());
        match select(second, redeemed).await {
            Either::Left((error, _)) => Err(error),
            Either::Right((token, _)) => token,
        }
    }
}

fn no_port(error: std::io::Error) -> TokenError {
    TokenError::new(
        TokenFailure::NotAvailable,
        "no port of the loopback interface could be opened for the browser's answer",
        "Sign in another way, with a device code for example.",
    )
    .with_source(error)
}

fn not_finished() -> TokenError {
    TokenError::new(
        TokenFailure::TimedOut,
        "the sign-in in the browser was not finished in time",
        "Sign in again. If the sign-in page showed an error, it names what stands in the way; if no page opened, open its address by hand.",
    )
}

#[cfg(test)]
mod tests;
