//! The trait for sign-in, and its two simplest implementations.

use std::{
    fmt::{self, Debug},
    future::Future,
    sync::Arc,
};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::AccessToken;
use crate::{
    clock::{Clock, SystemClock},
    error::{TokenError, TokenFailure},
    ids::TenantId,
};

/// Gives access tokens. Implement it to bring your own sign-in; a few lines around any Azure credential suffice.
///
/// ```
/// use cmg_onboarding::{AccessToken, TokenError, TokenProvider, TokenRequest, async_trait};
///
/// #[derive(Debug)]
/// struct FromOurVault;
///
/// #[async_trait]
/// impl TokenProvider for FromOurVault {
///     async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
///         let text = ask_the_vault(&request.scopes).map_err(TokenError::provider)?;
///         Ok(AccessToken::new(text))
///     }
/// }
/// # fn ask_the_vault(_: &[String]) -> Result<String, std::io::Error> { Ok(String::new()) }
/// ```
///
/// # Which operations which verb needs
///
/// Every verb that asks a directory, or a site by its administration service, needs tokens; the one operation is called by
/// [`GraphDirectory`](crate::GraphDirectory) and the reader of the administration service, never by a verb itself. The
/// feature `contract` holds an implementation to what is promised here.
#[async_trait]
pub trait TokenProvider: Debug + Send + Sync {
    /// A token that is valid now for what is asked.
    ///
    /// It need not remember anything: [`GraphDirectory`](crate::GraphDirectory) and the administration
    /// service's reader keep tokens in memory, and [`CachedTokens`](super::CachedTokens) does it for
    /// everything else.
    ///
    /// # Errors
    ///
    /// When no token can be had.
    ///
    /// # Cancel safety
    ///
    /// Callers may drop the future at any await; the next call begins anew.
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError>;

    /// Whether a person has to do something for each token, as in a browser. Default: no.
    ///
    /// A person is not asked as long as the last token is good; from any other provider,
    /// [`CachedTokens`](super::CachedTokens) gets the next token ahead of that. A provider that wraps another
    /// one forwards it.
    fn asks_a_person(&self) -> bool {
        false
    }
}

#[async_trait]
impl<P: TokenProvider + ?Sized> TokenProvider for Arc<P> {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        self.as_ref().token(request).await
    }

    fn asks_a_person(&self) -> bool {
        self.as_ref().asks_a_person()
    }
}

/// What a token is asked for.
///
/// ```
/// use cmg_onboarding::{TenantId, TokenRequest};
///
/// let contoso: TenantId = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11".parse()?;
/// let request = TokenRequest::new(["https://graph.microsoft.com/.default"]).in_tenant(contoso);
/// assert!(!request.fresh, "a token from memory will do");
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Fully qualified scopes, as `https://graph.microsoft.com/.default`.
    pub scopes: Vec<String>,
    /// Scopes to ask a person for as well, and to go without if consent to them is refused. A provider that asks no
    /// person passes them over. Default: none.
    pub optional_scopes: Vec<String>,
    /// The tenant to sign in to, if it is known.
    pub tenant: Option<TenantId>,
    /// Claims that the token must carry, as JSON, after a claims challenge.
    pub claims: Option<String>,
    /// The last token was refused: one from memory will not do.
    pub fresh: bool,
    refused: Option<RefusedToken>,
}

impl TokenRequest {
    /// Asks for these scopes.
    #[must_use]
    pub fn new<I: IntoIterator<Item = S>, S: Into<String>>(scopes: I) -> Self {
        Self {
            scopes: scopes.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same with further scopes that a sign-in goes without if consent to them is refused.
    #[must_use]
    pub fn offering<I: IntoIterator<Item = S>, S: Into<String>>(mut self, scopes: I) -> Self {
        self.optional_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The same for one tenant.
    #[must_use]
    pub const fn in_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The same after this token was refused: another one is wanted.
    ///
    /// A cache can then tell whether it holds another one already, so that many requests refused at once cause one
    /// sign-in, not many.
    #[must_use]
    pub fn after_refusal_of(mut self, token: &AccessToken) -> Self {
        self.fresh = true;
        self.refused = Some(RefusedToken(token.clone()));
        self
    }

    /// The token that was refused, where the caller said which one it was.
    #[must_use]
    pub fn refused_token(&self) -> Option<&AccessToken> {
        self.refused.as_ref().map(|refused| &refused.0)
    }

    /// The same after a refusal: a new token, with these claims if the refusal asked for some.
    #[must_use]
    pub fn renewed(mut self, claims: Option<String>) -> Self {
        self.fresh = true;
        self.claims = claims;
        self
    }
}

/// Kept apart from [`AccessToken`], which has no public equality.
#[derive(Debug, Clone)]
struct RefusedToken(AccessToken);

impl PartialEq for RefusedToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same_as(&other.0)
    }
}

impl Eq for RefusedToken {}

/// One token that was got elsewhere, for as long as it is valid.
///
/// ```
/// use cmg_onboarding::{StaticToken, TokenProvider, TokenRequest};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cmg_onboarding::TokenError> {
/// let token = StaticToken::new("eyJ0...").token(&TokenRequest::default()).await?;
/// assert_eq!(token.expose(), "eyJ0...");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StaticToken {
    token: AccessToken,
    clock: Arc<dyn Clock>,
}

impl StaticToken {
    /// Uses this token until it expires.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        AccessToken::new(token).into()
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl From<AccessToken> for StaticToken {
    fn from(token: AccessToken) -> Self {
        Self {
            token,
            clock: Arc::new(SystemClock),
        }
    }
}

#[async_trait]
impl TokenProvider for StaticToken {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let text = self.token.expose();
        if text.is_empty() || text.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(TokenError::new(
                TokenFailure::Unusable,
                "the given token is not the text of an access token",
                "Give the token alone, without \"Bearer\", quotes or line breaks.",
            ));
        }
        let now: OffsetDateTime = self.clock.now();
        if let Some(end) = self.token.expires_on().filter(|end| *end <= now) {
            let (end, now) = (minute(end), minute(now));
            return Err(TokenError::new(
                TokenFailure::Expired,
                format!("the given token has expired: it was good until {end}, and this machine's clock says {now}"),
                "Get a new token and repeat the run; what is done already is found and kept. If the token is new, set this machine's clock right.",
            ));
        }
        if request.fresh {
            return Err(TokenError::new(
                TokenFailure::Expired,
                "the given token was refused, and there is no other",
                "Get a new token and repeat the run; what is done already is found and kept.",
            ));
        }
        Ok(self.token.clone())
    }
}

/// A moment to the minute, for people.
fn minute(moment: OffsetDateTime) -> String {
    let moment = moment.checked_to_offset(time::UtcOffset::UTC).unwrap_or(moment);
    format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
}

/// A [`TokenProvider`] made of a closure; see [`token_fn`].
pub struct FnTokenProvider<F>(F);

/// Makes a [`TokenProvider`] of a closure.
///
/// ```
/// use cmg_onboarding::{AccessToken, token_fn};
///
/// let provider = token_fn(|request| async move {
///     assert!(!request.scopes.is_empty());
///     Ok(AccessToken::new("eyJ0..."))
/// });
/// # let _ = provider;
/// ```
pub const fn token_fn<F, R>(closure: F) -> FnTokenProvider<F>
where
    F: Fn(TokenRequest) -> R + Send + Sync,
    R: Future<Output = Result<AccessToken, TokenError>> + Send,
{
    FnTokenProvider(closure)
}

impl<F> Debug for FnTokenProvider<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FnTokenProvider")
    }
}

#[async_trait]
impl<F, R> TokenProvider for FnTokenProvider<F>
where
    F: Fn(TokenRequest) -> R + Send + Sync,
    R: Future<Output = Result<AccessToken, TokenError>> + Send,
{
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        (self.0)(request.clone()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_static_token_is_given_until_it_is_refused() {
        let provider = StaticToken::new("abc");
        let request = TokenRequest::new(["https://graph.microsoft.com/.default"]);
        assert_eq!(provider.token(&request).await.unwrap().expose(), "abc");
        let error = provider.token(&request.renewed(None)).await.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::Expired);
    }

    #[tokio::test]
    async fn a_token_that_a_wrong_clock_calls_expired_comes_with_what_the_clock_says() {
        #[derive(Debug)]
        struct Ahead;
        impl Clock for Ahead {
            fn now(&self) -> OffsetDateTime {
                time::macros::datetime!(2026-11-27 16:00 UTC)
            }
        }
        let token = AccessToken::new("abc").expiring_on(time::macros::datetime!(2026-11-27 15:00 UTC));
        let provider = StaticToken::from(token).with_clock(Arc::new(Ahead));
        let error = provider.token(&TokenRequest::default()).await.unwrap_err();
        assert!(error.to_string().contains("2026-11-27 15:00 UTC") && error.to_string().contains("2026-11-27 16:00 UTC"));
        assert!(crate::error::Diagnostic::help(&error).contains("clock"));
    }

    #[tokio::test]
    async fn a_token_with_line_breaks_is_refused_before_it_is_sent() {
        for text in ["", "Bearer abc", "a\nb"] {
            let error = StaticToken::new(text).token(&TokenRequest::default()).await.unwrap_err();
            assert_eq!(error.failure(), TokenFailure::Unusable, "{text:?}");
        }
    }
}
