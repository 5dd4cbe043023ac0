//! A code on this screen, a sign-in on another.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};
use url::Url;

use super::{
    endpoints::SignInEndpoints,
    exchange::{FormFailure, Repeat, TokenAnswer, seconds, unusable, wiped},
    kept::Kept,
    optional::with_optional_scopes,
    service::{DEFAULT_SIGN_IN_CLIENT, SignInService, common_settings, not_offered},
};
use crate::{
    clock::Clock,
    cloud::{CloudEndpoints, is_safe_endpoint},
    error::{TokenError, TokenFailure},
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    token::{AccessToken, TokenProvider, TokenRequest},
};

/// Codes that would be valid for longer are taken as valid for this long. Microsoft's are valid for 15 minutes.
const LONGEST_VALIDITY: Duration = Duration::from_secs(60 * 60);

/// No answer is asked for less often than this, however often the connection fails.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The pause between two questions unless the service names another one (RFC 8628, section 3.2).
const USUAL_PAUSE: u64 = 5;

/// What `slow_down` adds to the pause, for good (RFC 8628, section 3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

type Show = Arc<dyn Fn(&DeviceCode) + Send + Sync>;

/// Signs a person in on another device: this one shows a code, the person enters it in any browser.
///
/// For consoles on servers without a browser. Many tenants block it with Conditional Access, as Microsoft recommends;
/// the sign-in page then shows the reason, and this side may learn no more than that the sign-in was not finished in time. Put it
/// behind [`BrowserSignIn`](super::BrowserSignIn) in a [`TokenChain`](crate::TokenChain) if both may do.
/// Directory and site keep its tokens in memory; [`CachedTokens`](crate::CachedTokens) shares one sign-in
/// among several.
///
/// Source: *OAuth 2.0 device authorization grant on the Microsoft identity platform*.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, token::DeviceCodeSignIn};
///
/// let endpoints = CloudEndpoints::default();
/// let sign_in = DeviceCodeSignIn::new(endpoints.clone(), |code| eprintln!("{}", code.message()));
/// let directory = GraphDirectory::new(endpoints, sign_in);
/// # let _ = directory;
/// ```
///
/// # Cancel safety
///
/// Dropping the future ends the wait. The code stays valid on Microsoft's side until it expires, and is never redeemed.
#[derive(Clone)]
#[must_use]
pub struct DeviceCodeSignIn {
    service: SignInService,
    show: Show,
    kept: Kept,
}

/// What a person needs to sign in on another device.
///
/// It is meant to be shown, and only to that person: the person who enters the code decides which account signs in here. So
/// its `Debug` hides the code.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceCode {
    user_code: String,
    verification_address: Url,
    message: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_on: OffsetDateTime,
}

impl DeviceCode {
    /// The code to enter.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page to enter it on.
    #[must_use]
    pub const fn verification_address(&self) -> &Url {
        &self.verification_address
    }

    /// Code and page in one sentence, as Microsoft words it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The end of the code's validity.
    #[must_use]
    pub const fn expires_on(&self) -> OffsetDateTime {
        self.expires_on
    }
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeviceCode")
            .field("user_code", &"[redacted]")
            .field("verification_address", &self.verification_address.as_str())
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// The answer with a code in it.
#[derive(Deserialize)]
struct DeviceAnswer {
    #[serde(deserialize_with = "wiped")]
    device_code: Zeroizing<String>,
    user_code: String,
    #[serde(default)]
    verification_uri: Option<String>,
    /// An older name for the same.
    #[serde(default)]
    verification_url: Option<String>,
    expires_in: Value,
    #[serde(default)]
    interval: Value,
    /// Microsoft's own words for the person.
    #[serde(default)]
    message: Option<String>,
}

/// Tries an answer of the device code endpoint: the page that the person is sent to is safe to open.
#[cfg(any(fuzzing, test))]
pub(super) fn try_answer(bytes: &[u8]) -> bool {
    let Ok(answer) = serde_json::from_slice::<DeviceAnswer>(bytes) else {
        return false;
    };
    let validity = answer.validity();
    assert!(validity.as_ref().is_ok_and(|validity| *validity <= LONGEST_VALIDITY) || validity.is_err());
    assert!(answer.pause() >= Duration::from_secs(1));
    let sign_in = DeviceCodeSignIn::new(CloudEndpoints::default(), |_| {});
    let code = validity.and_then(|validity| sign_in.code(&answer, validity));
    if let Ok(code) = &code {
        assert!(is_safe_endpoint(code.verification_address()), "{}", code.verification_address());
    }
    code.is_ok()
}

impl DeviceAnswer {
    fn validity(&self) -> Result<Duration, TokenError> {
        let validity = seconds(&self.expires_in).ok_or_else(|| unusable("it does not say how long the code is valid"))?;
        Ok(Duration::from_secs(validity).min(LONGEST_VALIDITY))
    }

    fn pause(&self) -> Duration {
        let pause = Duration::from_secs(seconds(&self.interval).unwrap_or(USUAL_PAUSE));
        pause.clamp(Duration::from_secs(1), LONGEST_PAUSE)
    }
}

impl DeviceCodeSignIn {
    /// Signs in at these endpoints; `show` gets the code and puts it before the person. It is called once for each
    /// sign-in, and must not block.
    pub fn new(endpoints: CloudEndpoints, show: impl Fn(&DeviceCode) + Send + Sync + 'static) -> Self {
        Self {
            service: SignInService::new(endpoints, DEFAULT_SIGN_IN_CLIENT),
            show: Arc::new(show),
            kept: Kept::default(),
        }
    }

    /// The application to sign in to. Default: [`DEFAULT_SIGN_IN_CLIENT`], with its caveats.
    pub const fn client_id(mut self, application: ApplicationId) -> Self {
        self.service.client_id = application;
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

    fn code(&self, answer: &DeviceAnswer, validity: Duration) -> Result<DeviceCode, TokenError> {
        let address = answer.verification_uri.as_deref().or(answer.verification_url.as_deref());
        let verification_address = address.and_then(|address| Url::parse(address).ok()).filter(is_safe_endpoint);
        let verification_address = verification_address.ok_or_else(|| unusable("the page to enter the code on is not an HTTPS page"))?;
        let user_code = answer.user_code.trim().to_owned();
        if user_code.is_empty() {
            return Err(unusable("the code is empty"));
        }
        let message = answer.message.clone().filter(|message| !message.trim().is_empty());
        let message =
            message.unwrap_or_else(|| format!("To sign in, open {verification_address} in a browser and enter the code {user_code}."));
        Ok(DeviceCode {
            user_code,
            verification_address,
            message,
            expires_on: self.service.clock.now() + validity,
        })
    }

    /// Asks until a person has signed in, or it is certain that no person will. `last` is what was said meanwhile.
    async fn poll(
        &self,
        endpoints: &SignInEndpoints,
        form: &[(&str, &str)],
        mut pause: Duration,
        last: &mut Option<FormFailure>,
    ) -> Result<TokenAnswer, TokenError> {
        loop {
            let why = match self.service.post::<TokenAnswer>(&endpoints.token, form, Repeat::Never).await {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            };
            match &why {
                FormFailure::Refused(refusal) if refusal.error == "authorization_pending" => {}
                FormFailure::Refused(refusal) if refusal.error == "slow_down" => pause += SLOW_DOWN,
                FormFailure::Passing(_) => pause = (pause * 2).min(pause.max(LONGEST_PAUSE)),
                FormFailure::Refused(_) | FormFailure::Lasting(_) => return Err(why.into()),
            }
            *last = Some(why);
            sleep(pause).await;
        }
    }
}

impl fmt::Debug for DeviceCodeSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeviceCodeSignIn")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for DeviceCodeSignIn {
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

impl DeviceCodeSignIn {
    /// Asks the person once.
    async fn ask(&self, request: TokenRequest) -> Result<AccessToken, TokenError> {
        let request = &request;
        let endpoints = self.service.sign_in_endpoints(request).await?;
        let address = endpoints.device_code.as_ref().ok_or_else(|| not_offered("device codes"))?;
        let scope = self.kept.scope(request);
        // A second code does no harm.
        let answer: DeviceAnswer = self.service.post(address, &[("scope", &scope)], Repeat::Allowed).await?;
        let (validity, pause) = (answer.validity()?, answer.pause());
        (self.show)(&self.code(&answer, validity)?);

        let mut form = vec![("grant_type", GRANT), ("device_code", answer.device_code.as_str())];
        form.extend(request.claims.as_deref().map(|claims| ("claims", claims)));
        let mut last = None;
        // No person has signed in a moment after the code was shown.
        sleep(pause.min(validity)).await;
        let polled = timeout(validity, self.poll(&endpoints, &form, pause, &mut last)).await;
        let answer = polled.unwrap_or_else(|_| Err(ran_out(last)))?;
        let token = answer.token(self.service.now())?;
        self.kept.keep(&self.service, request, &answer);
        Ok(token)
    }
}

fn ran_out(last: Option<FormFailure>) -> TokenError {
    let error = TokenError::new(
        TokenFailure::TimedOut,
        "the sign-in was not finished before the device code ran out",
        "Sign in again with a new code. If the sign-in page showed an error, the tenant may block device codes: sign in another way, with a browser on this machine for example.",
    );
    match last {
        Some(FormFailure::Refused(refusal)) => error.with_refusal(refusal),
        Some(FormFailure::Passing(failure) | FormFailure::Lasting(failure)) => error.with_source(failure),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn details(change: &Value) -> DeviceAnswer {
        let mut answer = json!({
            "device_code": "x", "user_code": "canary-7Q", "verification_uri": "https://microsoft.com/devicelogin", "expires_in": 900,
        });
        answer.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(answer).unwrap()
    }

    fn sign_in() -> DeviceCodeSignIn {
        DeviceCodeSignIn::new(CloudEndpoints::default(), |_| {})
    }

    #[test]
    fn the_code_is_there_to_be_shown_and_not_to_be_logged() {
        let code = sign_in().code(&details(&json!({})), Duration::from_secs(900)).unwrap();
        assert_eq!(code.user_code(), "canary-7Q");
        assert_eq!(
            code.message(),
            "To sign in, open https://microsoft.com/devicelogin in a browser and enter the code canary-7Q."
        );
        assert!(!format!("{code:?}").contains("canary-7Q"));
        let code = sign_in()
            .code(&details(&json!({"message": "Gehen Sie zu ..."})), Duration::ZERO)
            .unwrap();
        assert_eq!(code.message(), "Gehen Sie zu ...");
    }

    #[test]
    fn no_person_is_sent_to_a_page_that_is_not_https() {
        for address in ["http://example.com/", "javascript:alert(1)", "file:///etc/passwd"] {
            let error = sign_in()
                .code(&details(&json!({"verification_uri": address})), Duration::ZERO)
                .unwrap_err();
            assert_eq!(error.failure(), TokenFailure::UnexpectedAnswer, "{address}");
        }
        assert!(sign_in().code(&details(&json!({"user_code": " "})), Duration::ZERO).is_err());
    }
}
