//! A code on this screen, a sign-in on another.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use oauth2::{DeviceAuthorizationResponse, DeviceAuthorizationUrl, ExtraDeviceAuthorizationFields, Scope};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};
use url::Url;

use super::{
    exchange::Exchange,
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

/// The clock of `oauth2` must not end the wait: it is the wall clock, and tokio's timer decides here.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

type Show = Arc<dyn Fn(&DeviceCode) + Send + Sync>;

/// Signs a person in on another device: this one shows a code, the person enters it in any browser.
///
/// For consoles on servers without a browser. Many tenants block it with Conditional Access, as Microsoft recommends;
/// the sign-in page then shows the reason, and this side may learn no more than that nobody finished in time. Put it
/// into [`crate::CachedTokens`], and behind [`super::BrowserSignIn`] in a [`crate::TokenChain`] where both may do.
///
/// Source: *OAuth 2.0 device authorization grant on the Microsoft identity platform*.
///
/// ```
/// use cmg_onboarding::{CachedTokens, CloudEndpoints, token::DeviceCodeSignIn};
///
/// let sign_in = DeviceCodeSignIn::new(CloudEndpoints::default(), |code| eprintln!("{}", code.message()));
/// let tokens = CachedTokens::new(sign_in);
/// # let _ = tokens;
/// ```
///
/// # Cancel safety
///
/// Dropping the future ends the wait. The code stays valid on Microsoft's side until it expires, and nobody redeems it.
#[derive(Clone)]
#[must_use]
pub struct DeviceCodeSignIn {
    service: SignInService,
    show: Show,
}

/// What a person needs to sign in on another device.
///
/// It is meant to be shown, and only to that person: whoever enters the code decides which account signs in here. So
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

/// What Microsoft adds to the answer.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    #[serde(default)]
    message: Option<String>,
}

impl ExtraDeviceAuthorizationFields for Message {}

impl DeviceCodeSignIn {
    /// Signs in at these endpoints; `show` gets the code and puts it before the person. It is called once for each
    /// sign-in, and must not block.
    pub fn new(endpoints: CloudEndpoints, show: impl Fn(&DeviceCode) + Send + Sync + 'static) -> Self {
        Self {
            service: SignInService::new(endpoints, DEFAULT_SIGN_IN_CLIENT),
            show: Arc::new(show),
        }
    }

    /// The application to sign in to. Default: [`super::DEFAULT_SIGN_IN_CLIENT`], with its caveats.
    pub const fn client_id(mut self, application: ApplicationId) -> Self {
        self.service.client_id = application;
        self
    }

    common_settings!();

    fn code(&self, details: &DeviceAuthorizationResponse<Message>, validity: Duration) -> Result<DeviceCode, TokenError> {
        let unusable = |problem: &str| {
            TokenError::new(
                TokenFailure::UnexpectedAnswer,
                format!("the sign-in service's answer cannot be used: {problem}"),
                "Check proxy and authority, then sign in again.",
            )
        };
        let address = details.verification_uri().as_str();
        let verification_address = Url::parse(address).ok().filter(is_safe_endpoint);
        let verification_address = verification_address.ok_or_else(|| unusable("the page to enter the code on is no HTTPS page"))?;
        let user_code = details.user_code().secret().trim().to_owned();
        if user_code.is_empty() {
            return Err(unusable("the code is empty"));
        }
        let message = details.extra_fields().message.clone().filter(|message| !message.trim().is_empty());
        let message =
            message.unwrap_or_else(|| format!("To sign in, open {verification_address} in a browser and enter the code {user_code}."));
        Ok(DeviceCode {
            user_code,
            verification_address,
            message,
            expires_on: self.service.clock.now() + validity,
        })
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
        let places = self.service.places(request).await?;
        let address = places.device_code.clone().ok_or_else(|| not_offered("device codes"))?;
        let client = self
            .service
            .client(&places)
            .set_device_authorization_url(DeviceAuthorizationUrl::from_url(address));
        // A second code does no harm; a second redemption would.
        let beginning = Exchange::new(self.service.pipeline(), true);
        let scopes = request.scopes.iter().cloned().map(Scope::new);
        let asked = client.exchange_device_code().add_scopes(scopes);
        let details: DeviceAuthorizationResponse<Message> = beginning.conclude(asked.request_async(&beginning).await)?;
        let validity = details.expires_in().min(LONGEST_VALIDITY);
        let pause = details.interval().clamp(Duration::from_secs(1), LONGEST_PAUSE);
        (self.show)(&self.code(&details, validity)?);

        let exchange = beginning.not_repeatable();
        let mut asked = client
            .exchange_device_access_token(&details)
            .set_max_backoff_interval(LONGEST_PAUSE);
        if let Some(claims) = &request.claims {
            asked = asked.add_extra_param("claims", claims);
        }
        // Nobody has signed in a moment after the code was shown.
        sleep(pause.min(validity)).await;
        let result = timeout(validity, asked.request_async(&exchange, sleep, Some(NEVER))).await;
        let Ok(result) = result else {
            return Err(ran_out(exchange));
        };
        exchange.token(result, self.service.clock.now())
    }
}

fn ran_out(exchange: Exchange<'_>) -> TokenError {
    let error = TokenError::new(
        TokenFailure::TimedOut,
        "nobody finished signing in before the device code ran out",
        "Sign in again with a new code. If the sign-in page showed an error, the tenant may block device codes: sign in another way, with a browser on this machine for example.",
    );
    match exchange.into_last() {
        (_, Some(failure)) => error.with_source(failure),
        (Some(refusal), None) => error.with_refusal(refusal),
        (None, None) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn details(change: &serde_json::Value) -> DeviceAuthorizationResponse<Message> {
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
    fn nobody_is_sent_to_a_page_that_is_not_https() {
        for address in ["http://example.com/", "javascript:alert(1)", "file:///etc/passwd"] {
            let error = sign_in()
                .code(&details(&json!({"verification_uri": address})), Duration::ZERO)
                .unwrap_err();
            assert_eq!(error.failure(), TokenFailure::UnexpectedAnswer, "{address}");
        }
        assert!(sign_in().code(&details(&json!({"user_code": " "})), Duration::ZERO).is_err());
    }
}
