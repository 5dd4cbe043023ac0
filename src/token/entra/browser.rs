//! A browser on this machine.

mod loopback;
mod page;
mod redirect;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::future::{Either, select};
use oauth2::{AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope};
use secrecy::{SecretString, zeroize::Zeroize};
use tokio::time::timeout;
use url::Url;

use self::loopback::Loopback;
use super::{
    exchange::{Exchange, PLACEHOLDER},
    places::Places,
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
const PATIENCE: Duration = Duration::from_secs(5 * 60);

type Open = Arc<dyn Fn(&Url) + Send + Sync>;

/// Signs a person in with a browser on this machine, as the wizard does: authorization code with PKCE, and a redirect to
/// `http://localhost`.
///
/// This crate opens no browser. It gives the address of the sign-in page to a callback, which opens one or shows the
/// address; then it waits on a free port of the loopback interface for the browser to come back. It takes one answer,
/// compares its `state`, and ends with an error where it is not the one, or where a second one comes before the code is
/// redeemed. Put it into [`crate::CachedTokens`], and before [`super::DeviceCodeSignIn`] in a [`crate::TokenChain`]
/// where both may do.
///
/// The sign-in application needs `http://localhost` among its redirect URIs for public clients; the port does not count.
///
/// Source: *OAuth 2.0 authorization code flow on the Microsoft identity platform* and *Redirect URI (reply URL) best
/// practices and limitations*.
///
/// ```
/// use cmg_onboarding::{CachedTokens, CloudEndpoints, token::BrowserSignIn};
///
/// let sign_in = BrowserSignIn::new(CloudEndpoints::default(), |page| eprintln!("Sign in at {page}"));
/// let tokens = CachedTokens::new(sign_in);
/// # let _ = tokens;
/// ```
///
/// # Cancel safety
///
/// Dropping the future frees the port and ends the wait; a browser that comes back later finds nobody.
#[derive(Clone)]
#[must_use]
pub struct BrowserSignIn {
    service: SignInService,
    open: Open,
    patience: Duration,
    account: Option<String>,
    chooses_account: bool,
}

impl BrowserSignIn {
    /// Signs in at these endpoints; `open` gets the address of the sign-in page. It is called once for each sign-in, and
    /// must not block.
    pub fn new(endpoints: CloudEndpoints, open: impl Fn(&Url) + Send + Sync + 'static) -> Self {
        Self {
            service: SignInService::new(endpoints, DEFAULT_SIGN_IN_CLIENT),
            open: Arc::new(open),
            patience: PATIENCE,
            account: None,
            chooses_account: false,
        }
    }

    /// The application to sign in to. Default: [`super::DEFAULT_SIGN_IN_CLIENT`], with its caveats.
    pub const fn client_id(mut self, application: ApplicationId) -> Self {
        self.service.client_id = application;
        self
    }

    /// How long a person has for signing in. Default: five minutes.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
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

    common_settings!();

    /// The address of the sign-in page, with what is kept to check and to redeem the answer.
    fn prepare(&self, places: &Places, redirect: &RedirectUrl, request: &TokenRequest) -> Result<Prepared, TokenError> {
        let authorization = places.authorization.clone().ok_or_else(|| not_offered("sign-in page"))?;
        let client = self.service.client(places).set_auth_uri(AuthUrl::from_url(authorization));
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut asked = client
            .authorize_url(CsrfToken::new_random)
            .set_redirect_uri(std::borrow::Cow::Borrowed(redirect))
            .set_pkce_challenge(challenge)
            .add_scopes(request.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("response_mode", "query");
        if self.chooses_account {
            asked = asked.add_extra_param("prompt", "select_account");
        }
        if let Some(account) = &self.account {
            asked = asked.add_extra_param("login_hint", account);
        }
        if let Some(claims) = &request.claims {
            asked = asked.add_extra_param("claims", claims);
        }
        let (page, state) = asked.url();
        Ok(Prepared {
            page,
            state: kept(state.into_secret()),
            verifier: kept(verifier.into_secret()),
        })
    }

    async fn redeem(
        &self,
        places: &Places,
        redirect: RedirectUrl,
        code: SecretString,
        verifier: SecretString,
        request: &TokenRequest,
    ) -> Result<AccessToken, TokenError> {
        let client = self.service.client(places).set_redirect_uri(redirect);
        // A code is good for one redemption: asking twice would have the second answer refused, and the first one lost.
        let exchange = Exchange::new(self.service.pipeline(), false)
            .with_field("code", code)
            .with_field("code_verifier", verifier);
        let mut asked = client.exchange_code(AuthorizationCode::new(PLACEHOLDER.to_owned()));
        if let Some(claims) = &request.claims {
            asked = asked.add_extra_param("claims", claims);
        }
        let result = asked.request_async(&exchange).await;
        exchange.token(result, self.service.clock.now())
    }
}

/// What one sign-in goes by.
struct Prepared {
    page: Url,
    state: SecretString,
    verifier: SecretString,
}

/// Moves a text into a type that is wiped, leaving no copy.
fn kept(mut text: String) -> SecretString {
    let secret = SecretString::from(text.as_str());
    text.zeroize();
    secret
}

impl fmt::Debug for BrowserSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BrowserSignIn")
            .field("service", &self.service)
            .field("patience", &self.patience)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for BrowserSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let places = self.service.places(request).await?;
        let mut loopback = Loopback::bind().await.map_err(no_port)?;
        // Without a slash at the end: that is how the redirect URI is registered, and the path counts.
        let redirect =
            RedirectUrl::new(format!("http://localhost:{}", loopback.port())).map_err(|_| no_port(std::io::ErrorKind::Other.into()))?;
        let prepared = self.prepare(&places, &redirect, request)?;
        (self.open)(&prepared.page);
        let code = timeout(self.patience, loopback.answer(&prepared.state))
            .await
            .map_err(|_| nobody())??;
        // The port stays open until the code is redeemed, so that an answer from somebody else does not pass unseen.
        let redeemed = std::pin::pin!(self.redeem(&places, redirect, code, prepared.verifier, request));
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

fn nobody() -> TokenError {
    TokenError::new(
        TokenFailure::TimedOut,
        "nobody finished signing in with the browser in time",
        "Sign in again. If the sign-in page showed an error, it names what stands in the way; if no page opened, open its address by hand.",
    )
}

#[cfg(test)]
mod tests;
