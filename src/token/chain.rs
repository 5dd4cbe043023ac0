//! Tries one token provider after the other.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;

use super::{AccessToken, TokenProvider, TokenRequest};
use crate::{
    error::{Diagnostic, TokenError, TokenFailure},
    ids::TenantId,
};

/// For how many tenants the provider that worked is remembered. Far more than tenants that are in use at once.
const MOST_TENANTS: usize = 1_024;

type Listener = Arc<dyn Fn(&BlockedProvider<'_>) + Send + Sync>;

/// Several token providers, tried in order.
///
/// It goes on to the next provider only if [`TokenFailure::concerns_this_provider_only`] says that another one may be open;
/// everything else ends the attempt, so that a person who declined is not asked again. The provider that worked is remembered
/// for each tenant, and the ones before it are not tried there again. Put it into
/// [`CachedTokens`](super::CachedTokens), so that one sign-in serves many requests. Clones share what they
/// remember, for 1,024 tenants at most; one that is forgotten begins with the first provider again.
///
/// # Cancel safety
///
/// A request may be dropped at any await, as far as the providers in the chain allow it; the next one begins with the
/// provider that worked last.
///
/// ```
/// use cmg_onboarding::{StaticToken, token::TokenChain};
///
/// let chain = TokenChain::new()
///     .then("the given token", StaticToken::new("eyJ0..."))
///     .on_blocked(|provider| eprintln!("{} is blocked: {}", provider.name, provider.error));
/// # let _ = chain;
/// ```
#[derive(Clone, Default)]
pub struct TokenChain {
    providers: Vec<NamedProvider>,
    listener: Option<Listener>,
    open: Arc<Mutex<HashMap<Option<TenantId>, usize>>>,
}

#[derive(Debug, Clone)]
struct NamedProvider {
    name: String,
    provider: Arc<dyn TokenProvider>,
}

/// One provider turned out to be blocked.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BlockedProvider<'a> {
    /// The name it was given in the chain.
    pub name: &'a str,
    /// Why.
    pub error: &'a TokenError,
    /// The provider that is tried next; `None` if this was the last one.
    pub next: Option<&'a str>,
}

impl TokenChain {
    /// Begins without any provider.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a provider to try after those before it. `name` is shown to people.
    #[must_use]
    pub fn then(mut self, name: impl Into<String>, provider: impl TokenProvider + 'static) -> Self {
        self.providers.push(NamedProvider {
            name: name.into(),
            provider: Arc::new(provider),
        });
        self
    }

    /// Tells `listener` of every provider that is blocked, before the next one is tried. Default: none.
    #[must_use]
    pub fn on_blocked(mut self, listener: impl Fn(&BlockedProvider<'_>) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    fn first_open(&self, tenant: Option<TenantId>) -> usize {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&tenant).copied().unwrap_or_default()
    }

    fn remember(&self, tenant: Option<TenantId>, index: usize) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // The first provider is where a tenant that is not remembered begins.
        if index == 0 {
            open.remove(&tenant);
            return;
        }
        if open.len() >= MOST_TENANTS && !open.contains_key(&tenant) {
            let forgotten = open.keys().next().copied();
            forgotten.map(|tenant| open.remove(&tenant));
        }
        open.insert(tenant, index);
    }
}

impl fmt::Debug for TokenChain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenChain")
            .field("providers", &self.providers)
            .field("listener", &self.listener.is_some())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl TokenProvider for TokenChain {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let first = self.first_open(request.tenant);
        let mut blocked = None;
        for (index, named) in self.providers.iter().enumerate().skip(first) {
            let error = match named.provider.token(request).await {
                Ok(token) => {
                    self.remember(request.tenant, index);
                    return Ok(token);
                }
                Err(error) => error,
            };
            if !error.failure().concerns_this_provider_only() {
                return Err(error);
            }
            if let Some(listener) = &self.listener {
                let next = self.providers.get(index + 1).map(|named| named.name.as_str());
                listener(&BlockedProvider {
                    name: &named.name,
                    error: &error,
                    next,
                });
            }
            blocked = Some(error);
        }
        Err(blocked.map_or_else(none_given, none_open))
    }

    /// Whether any of its providers does: which one is open may change.
    fn asks_a_person(&self) -> bool {
        self.providers.iter().any(|named| named.provider.asks_a_person())
    }
}

fn none_given() -> TokenError {
    TokenError::new(
        TokenFailure::NotAvailable,
        "the chain has no token provider",
        "Give the chain at least one token provider.",
    )
}

fn none_open(last: TokenError) -> TokenError {
    let help = last.help().into_owned();
    let refusal = last.refusal().cloned();
    let trace = last.trace().cloned();
    let mut error = TokenError::new(last.failure(), "no token provider of the chain is open", help).with_source(last);
    if let Some(refusal) = refusal {
        error = error.with_refusal(refusal);
    }
    match trace {
        Some(trace) => error.with_trace(trace),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::token_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn failing(failure: TokenFailure, calls: &Arc<AtomicUsize>) -> impl TokenProvider + 'static {
        let calls = calls.clone();
        token_fn(move |_| {
            calls.fetch_add(1, Ordering::Relaxed);
            async move { Err(TokenError::new(failure, "closed", "Try another way.")) }
        })
    }

    fn working() -> impl TokenProvider + 'static {
        token_fn(|_| async { Ok(AccessToken::new("abc")) })
    }

    #[tokio::test]
    async fn a_blocked_provider_is_reported_and_the_next_one_tried() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = {
            let told = told.clone();
            move |provider: &BlockedProvider<'_>| told.lock().unwrap().push(format!("{} then {:?}", provider.name, provider.next))
        };
        let calls = Arc::default();
        let chain = TokenChain::new()
            .then("browser", failing(TokenFailure::NotAvailable, &calls))
            .then("device code", failing(TokenFailure::Blocked, &calls))
            .then("given", working())
            .on_blocked(listener);
        assert_eq!(chain.token(&TokenRequest::default()).await.unwrap().expose(), "abc");
        assert_eq!(
            *told.lock().unwrap(),
            ["browser then Some(\"device code\")", "device code then Some(\"given\")"]
        );
    }

    #[tokio::test]
    async fn the_provider_that_worked_is_remembered_for_its_tenant_only() {
        let calls = Arc::default();
        let chain = TokenChain::new()
            .then("a", failing(TokenFailure::Blocked, &calls))
            .then("b", working());
        let request = TokenRequest::default();
        for _ in 0..3 {
            chain.clone().token(&request).await.unwrap();
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        let elsewhere = request.in_tenant(TenantId::new(uuid::Uuid::from_u128(1)));
        chain.token(&elsewhere).await.unwrap();
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_remembered_does_not_grow_with_the_number_of_tenants() {
        let (first, second) = (Arc::default(), Arc::default());
        let chain = TokenChain::new()
            .then("a", failing(TokenFailure::Blocked, &first))
            .then("b", failing(TokenFailure::Blocked, &second))
            .then("c", working());
        let ask = |number| TokenRequest::default().in_tenant(TenantId::new(uuid::Uuid::from_u128(number)));
        for number in 0..3_000 {
            chain.token(&ask(number)).await.unwrap();
        }
        assert_eq!(chain.open.lock().unwrap().len(), MOST_TENANTS);
        chain.token(&ask(2_999)).await.unwrap();
        assert_eq!(first.load(Ordering::Relaxed), 3_000, "the latest one is remembered");
        let simple = TokenChain::new().then("a", working());
        simple.token(&ask(1)).await.unwrap();
        assert!(simple.open.lock().unwrap().is_empty(), "the first provider is not worth a memory");
    }

    #[tokio::test]
    async fn no_provider_is_asked_again_after_any_other_failure() {
        for failure in [
            TokenFailure::Declined,
            TokenFailure::Cancelled,
            TokenFailure::TimedOut,
            TokenFailure::ConsentMissing,
            TokenFailure::WrongTenant,
            TokenFailure::BadCredentials,
            TokenFailure::Unreachable,
            TokenFailure::UnexpectedAnswer,
            TokenFailure::Expired,
            TokenFailure::Unusable,
            TokenFailure::Provider,
            TokenFailure::WrongCloud,
            TokenFailure::WrongState,
            TokenFailure::SecondAnswer,
            TokenFailure::CodeRefused,
            TokenFailure::ApplicationRefused,
            TokenFailure::Refused,
        ] {
            let chain = TokenChain::new().then("a", failing(failure, &Arc::default())).then("b", working());
            let error = chain.token(&TokenRequest::default()).await.unwrap_err();
            assert_eq!(error.failure(), failure);
        }
    }

    #[tokio::test]
    async fn when_every_provider_is_blocked_the_last_reason_is_the_source() {
        let chain = TokenChain::new().then("a", failing(TokenFailure::Blocked, &Arc::default()));
        let error = chain.token(&TokenRequest::default()).await.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::Blocked);
        assert_eq!(crate::error::chain(&error), "no token provider of the chain is open: closed");
        assert_eq!(error.help(), "Try another way.");
        let empty = TokenChain::new().token(&TokenRequest::default()).await.unwrap_err();
        assert_eq!(empty.failure(), TokenFailure::NotAvailable);
    }
}
