//! Keeps tokens in memory, and lets many waiters share one sign-in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use super::{AccessToken, TokenProvider, TokenRequest};
use crate::{
    clock::{Clock, SystemClock},
    error::TokenError,
    ids::TenantId,
};

/// How long before its end a token is replaced.
const REFRESH_AHEAD: Duration = Duration::minutes(5);

/// The shortest time between two early refreshes, whatever became of the first one.
const PAUSE: Duration = Duration::seconds(30);

/// A [`TokenProvider`] that remembers what another one gave.
///
/// - Tokens stay in memory only, one for each tenant and set of scopes, and are wiped when they are replaced or dropped.
/// - A token is replaced five minutes before its end. One request does that, and the others go on with the old token.
///   If it fails, the old token serves until its end, and the next attempt is made half a minute later at the earliest.
/// - A token without a known end serves until it is refused. One that is past its end by this machine's clock when it
///   is given serves for half a minute, so that a wrong clock does not lead to a sign-in for every request.
/// - Whoever needs a token while another request is getting one waits for that one, and shares its failure, too: a person
///   who closed the sign-in page is not asked again for every request that was waiting.
/// - A request after a refusal gets a new token. Requests that name the refused token
///   ([`TokenRequest::after_refusal_of`]) and find another one here already take that one.
/// - A token that was got with claims serves requests without claims, too: it can only be the stronger one. Its successors
///   are asked for with the same claims.
///
/// # Pooling and cloning
///
/// Clones share the same tokens. No task is spawned: a request that needs a token gets it itself.
///
/// # Cancel safety
///
/// A request may be dropped at any await. If it was the one that was getting the token, the next one that waits begins
/// anew; nothing is lost but the time.
#[derive(Debug)]
pub struct CachedTokens<P> {
    shared: Arc<Shared<P>>,
    clock: Arc<dyn Clock>,
    refresh_ahead: Duration,
}

#[derive(Debug)]
struct Shared<P> {
    provider: P,
    slots: Mutex<HashMap<Key, Arc<Slot>>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    tenant: Option<TenantId>,
    /// In order and without repetitions.
    scopes: Vec<String>,
}

/// The token of one tenant and set of scopes.
#[derive(Debug, Default)]
struct Slot {
    /// Whoever holds it is getting a token. Nobody else is kept waiting by it: each slot has its own.
    flight: tokio::sync::Mutex<()>,
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many flights have ended, well or badly.
    flights: u64,
    held: Option<Held>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Held {
    token: AccessToken,
    claims: Option<String>,
    flight: u64,
    refresh_from: Option<OffsetDateTime>,
    usable_until: Option<OffsetDateTime>,
}

#[derive(Debug)]
struct Failure {
    error: TokenError,
    claims: Option<String>,
    flight: u64,
}

impl<P: TokenProvider> CachedTokens<P> {
    /// Remembers what `provider` gives.
    #[must_use]
    pub fn new(provider: P) -> Self {
        Self {
            shared: Arc::new(Shared {
                provider,
                slots: Mutex::default(),
            }),
            clock: Arc::new(SystemClock),
            refresh_ahead: REFRESH_AHEAD,
        }
    }

    /// The same with another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The same, replacing a token this long before its end. Default: five minutes. At most half of a token's life counts.
    #[must_use]
    pub fn refreshing_ahead(mut self, ahead: std::time::Duration) -> Self {
        self.refresh_ahead = Duration::try_from(ahead).unwrap_or(Duration::MAX);
        self
    }

    /// An empty cache with the same settings, over another provider.
    pub(super) fn over<Q>(&self, provider: Q) -> CachedTokens<Q> {
        CachedTokens {
            shared: Arc::new(Shared {
                provider,
                slots: Mutex::default(),
            }),
            clock: self.clock.clone(),
            refresh_ahead: self.refresh_ahead,
        }
    }

    fn slot(&self, request: &TokenRequest) -> Arc<Slot> {
        let mut scopes = request.scopes.clone();
        scopes.sort_unstable();
        scopes.dedup();
        let key = Key {
            tenant: request.tenant,
            scopes,
        };
        lock(&self.shared.slots).entry(key).or_default().clone()
    }

    /// Gets a token and keeps it. The caller holds the slot's flight.
    async fn fly(&self, slot: &Slot, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let mut wanted = request.clone();
        if wanted.claims.is_none() {
            // What a claims challenge asked for once it would ask for again.
            wanted.claims = lock(&slot.state).held.as_ref().and_then(|held| held.claims.clone());
        }
        let result = self.shared.provider.token(&wanted).await;
        let now = self.clock.now();
        let mut state = lock(&slot.state);
        state.flights += 1;
        let flight = state.flights;
        match &result {
            Ok(token) => {
                state.failure = None;
                state.held = Some(Held::new(token.clone(), wanted.claims, flight, now, self.refresh_ahead));
            }
            Err(error) => {
                state.failure = Some(Failure {
                    error: error.clone(),
                    claims: request.claims.clone(),
                    flight,
                });
                if let Some(held) = &mut state.held {
                    held.put_off_refresh(now);
                }
            }
        }
        result
    }

    /// Replaces a token that is still good, unless somebody else is at it.
    async fn refresh_early(&self, slot: &Slot, request: &TokenRequest, old: AccessToken) -> Result<AccessToken, TokenError> {
        let Ok(_flight) = slot.flight.try_lock() else {
            return Ok(old);
        };
        let still_due = lock(&slot.state).serve(request, 0, self.clock.now());
        if let Some(Served { token, is_due: false }) = still_due {
            return Ok(token);
        }
        match self.fly(slot, request).await {
            Ok(token) => Ok(token),
            Err(error) => {
                let served = lock(&slot.state).serve(request, 0, self.clock.now());
                served.map(|served| served.token).ok_or(error)
            }
        }
    }
}

#[async_trait]
impl<P: TokenProvider> TokenProvider for CachedTokens<P> {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let slot = self.slot(request);
        let (seen, served) = {
            let state = lock(&slot.state);
            (state.flights, state.serve(request, state.flights, self.clock.now()))
        };
        match served {
            Some(Served { token, is_due: false }) => return Ok(token),
            Some(Served { token, is_due: true }) => return self.refresh_early(&slot, request, token).await,
            None => {}
        }
        let _flight = slot.flight.lock().await;
        {
            let state = lock(&slot.state);
            if let Some(served) = state.serve(request, seen, self.clock.now()) {
                return Ok(served.token);
            }
            if let Some(error) = state.failure_since(seen, request) {
                return Err(error);
            }
        }
        self.fly(&slot, request).await
    }
}

impl<P> Clone for CachedTokens<P> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            clock: self.clock.clone(),
            refresh_ahead: self.refresh_ahead,
        }
    }
}

/// A token from memory, and whether it is due to be replaced.
struct Served {
    token: AccessToken,
    is_due: bool,
}

impl State {
    /// The token from memory, if it serves. `seen` is how many flights had ended when the request came.
    fn serve(&self, request: &TokenRequest, seen: u64, now: OffsetDateTime) -> Option<Served> {
        let held = self.held.as_ref()?;
        if request.claims.is_some() && request.claims != held.claims {
            return None;
        }
        if held.usable_until.is_some_and(|end| end <= now) {
            return None;
        }
        let is_another = request
            .refused_token()
            .map_or(held.flight > seen, |refused| !held.token.is_same_as(refused));
        if request.fresh && !is_another {
            return None;
        }
        Some(Served {
            token: held.token.clone(),
            is_due: held.refresh_from.is_some_and(|start| start <= now),
        })
    }

    /// The failure of a flight that ended while this request was waiting for it.
    fn failure_since(&self, seen: u64, request: &TokenRequest) -> Option<TokenError> {
        let failure = self.failure.as_ref()?;
        (failure.flight > seen && failure.claims == request.claims).then(|| failure.error.clone())
    }
}

impl Held {
    fn new(token: AccessToken, claims: Option<String>, flight: u64, now: OffsetDateTime, ahead: Duration) -> Self {
        let soonest = now.saturating_add(PAUSE);
        let end = token.expires_on();
        // A token that is born nearly expired would otherwise be due at once, and so would the one after it.
        let refresh_from = end.map(|end| end.saturating_sub(ahead.min((end - now) / 2)).max(soonest));
        Self {
            token,
            claims,
            flight,
            refresh_from,
            usable_until: end.map(|end| if end <= now { soonest } else { end }),
        }
    }

    fn put_off_refresh(&mut self, now: OffsetDateTime) {
        self.refresh_from = self.refresh_from.map(|start| start.max(now.saturating_add(PAUSE)));
    }
}

/// A lock is never left in a half-changed state, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
