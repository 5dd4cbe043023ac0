//! Keeps tokens in memory, and lets many waiters share one sign-in.

mod key;
mod slot;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

use self::{
    key::Key,
    slot::{Cached, Failure, Served, Slot},
};
use super::{AccessToken, TokenProvider, TokenRequest};
use crate::{
    clock::{Clock, SystemClock},
    error::{TokenError, TokenFailure},
};

/// How long before its end a token is replaced.
const REFRESH_AHEAD: Duration = Duration::minutes(5);

/// How long a request waits for a new token while the old one is still good. An answer of the sign-in service takes a
/// second; what takes longer is a person, or a service that is not there.
const EARLY_REFRESH_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// How many tokens are kept at most. Far more than directories that are in use at once.
const MOST_TOKENS: usize = 1_024;

/// A [`TokenProvider`] that remembers what another one gave.
///
/// - Tokens stay in memory only, one for each tenant and set of scopes, and are wiped when they are replaced or dropped.
/// - A token is replaced five minutes before its end. One request does that, and the others go on with the old token.
///   If it fails, the old token serves until its end, and the next attempt is made half a minute later at the earliest.
///   If it takes more than ten seconds, it is given up, and the old token serves until its end.
/// - If a person is asked for each token ([`TokenProvider::asks_a_person`]), it is replaced at its end and not before.
/// - A token without a known end serves until it is refused. One that is past its end by this machine's clock when it
///   is given serves for half a minute, so that a wrong clock does not lead to a sign-in for every request.
/// - A caller that needs a token while another request is getting one waits for that one, and shares its failure, too: a person
///   who closed the sign-in page is not asked again for every request that was waiting.
/// - A request after a refusal gets a new token. Requests that name the refused token
///   ([`TokenRequest::after_refusal_of`]) and find another one here already take that one.
/// - A token with more scopes than asked for serves, too, within one tenant and one resource, if it is known what it
///   grants: by its own claims, by the `scope` that came with it, or else by what the provider was asked for. So a
///   sign-in for everything ([`all_sign_in_scopes`](super::all_sign_in_scopes)) is not followed by another
///   one for less. A set with `.default` serves only for the same set: which permissions it stands for is
///   known to the sign-in service alone.
/// - At most 1,024 tokens are kept. Beyond that, expired ones go, then others; their owners get new ones.
/// - A token that was got with claims serves requests without claims, too: it can only be the stronger one. Its successors
///   are asked for with the same claims.
///
/// # Who needs it
///
/// [`GraphDirectory`](crate::GraphDirectory) and the administration service's reader keep tokens by themselves, each its
/// own. This type shares one sign-in among several of them, or keeps tokens for anything else.
///
/// # Pooling and cloning
///
/// Clones share the same tokens. No task is spawned: a request that needs a token gets it itself.
///
/// # Cancel safety
///
/// A request may be dropped at any await. If it was the one that was getting the token, the next one that waits begins
/// anew; nothing is lost but the time.
///
/// ```
/// use cmg_onboarding::{AccessToken, CachedTokens, CloudEndpoints, GraphDirectory, token_fn};
///
/// let tokens = CachedTokens::new(token_fn(|_| async { Ok(AccessToken::new("eyJ0...")) }));
/// let one = GraphDirectory::new(CloudEndpoints::default(), tokens.clone());
/// let other = GraphDirectory::new(CloudEndpoints::default(), tokens); // one sign-in for both
/// # let _ = (one, other);
/// ```
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
    /// It says nothing for a provider that [asks a person](TokenProvider::asks_a_person) for each token.
    #[must_use]
    pub fn refreshing_ahead(mut self, ahead: std::time::Duration) -> Self {
        self.refresh_ahead = Duration::try_from(ahead).unwrap_or(Duration::MAX);
        self
    }

    /// An empty cache with the same settings, over another provider.
    #[cfg(feature = "http")]
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

    /// The slot for exactly this.
    fn slot(&self, key: &Key) -> Arc<Slot> {
        let mut slots = lock(&self.shared.slots);
        if !slots.contains_key(key) {
            make_room(&mut slots, self.clock.now());
        }
        let slot = slots.entry(key.clone());
        slot.or_insert_with(|| Arc::new(Slot::new(key.clone()))).clone()
    }

    /// The slots whose tokens may serve for this, too.
    fn akin(&self, key: &Key) -> Vec<Arc<Slot>> {
        let slots = lock(&self.shared.slots);
        let others = slots.iter().filter(|(other, _)| *other != key && other.is_akin_to(key));
        others.map(|(_, slot)| slot.clone()).collect()
    }

    /// The token of a slot: from memory, or a new one, or what another request gets meanwhile.
    async fn token_of(&self, slot: &Slot, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let (seen, served) = {
            let state = lock(&slot.state);
            (state.flights, state.serve(request, state.flights, self.clock.now()))
        };
        match served {
            Some(Served { token, is_due: false }) => return Ok(token),
            Some(Served { token, is_due: true }) => return self.refresh_early(slot, request, token).await,
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
        self.fly(slot, request).await
    }

    /// Gets a token and keeps it. The caller holds the slot's flight.
    async fn fly(&self, slot: &Slot, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let mut wanted = request.clone();
        if wanted.claims.is_none() {
            // What a claims challenge asked for once it would ask for again.
            wanted.claims = lock(&slot.state).held.as_ref().and_then(|held| held.claims.clone());
        }
        let result = self.shared.provider.token(&wanted).await;
        // A person is not asked while the old token is good: the request would wait for an answer that it does not need yet.
        let ahead = if self.asks_a_person() { Duration::ZERO } else { self.refresh_ahead };
        let now = self.clock.now();
        let mut state = lock(&slot.state);
        state.flights += 1;
        let flight = state.flights;
        match &result {
            Ok(token) => {
                state.failure = None;
                state.held = Some(Cached::new(token.clone(), wanted.claims, flight, now, ahead));
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

    /// Replaces a token that is still good, unless another request is replacing it.
    async fn refresh_early(&self, slot: &Slot, request: &TokenRequest, old: AccessToken) -> Result<AccessToken, TokenError> {
        let Ok(_flight) = slot.flight.try_lock() else {
            return Ok(old);
        };
        {
            let (mut state, now) = (lock(&slot.state), self.clock.now());
            if let Some(Served { token, is_due: false }) = state.serve(request, 0, now) {
                return Ok(token);
            }
            // Before the flight, so that one that is dropped does not begin again with each request.
            if let Some(held) = &mut state.held {
                held.put_off_refresh(now);
            }
        }
        let served = || lock(&slot.state).serve(request, 0, self.clock.now()).map(|served| served.token);
        match timeout(EARLY_REFRESH_TIMEOUT, self.fly(slot, request)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => served().ok_or(error),
            Err(_) => {
                if let Some(held) = &mut lock(&slot.state).held {
                    held.keep_to_its_end();
                }
                match served() {
                    Some(token) => Ok(token),
                    // It has ended meanwhile.
                    None => self.fly(slot, request).await,
                }
            }
        }
    }
}

#[async_trait]
impl<P: TokenProvider> TokenProvider for CachedTokens<P> {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let (key, now) = (Key::of(request), self.clock.now());
        let own = self.slot(&key);
        if let Some(Served { token, is_due: false }) = own.serve(request, now) {
            return Ok(token);
        }
        let akin = self.akin(&key);
        for other in akin.iter().filter(|other| other.grants(&key, now)) {
            if let Some(Served { token, is_due: false }) = other.serve(request, now) {
                return Ok(token);
            }
        }
        // A sign-in for more that is under way, or was there before, is not followed by one for less.
        let wider = akin
            .iter()
            .find(|other| other.key.asks_for(&key) && (other.is_flying() || other.grants(&key, now)));
        if let Some(wider) = wider {
            match self.token_of(wider, &wider.key.widened(request)).await {
                Ok(token) if wider.key.grants(&token, &key) => return Ok(token),
                // The person would only be asked the same again.
                Err(error) if is_a_persons_answer(error.failure()) => return Err(error),
                // The wider set was not granted; the narrower one may be.
                _ => {}
            }
        }
        self.token_of(&own, request).await
    }

    fn asks_a_person(&self) -> bool {
        self.shared.provider.asks_a_person()
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

const fn is_a_persons_answer(failure: TokenFailure) -> bool {
    matches!(failure, TokenFailure::Cancelled | TokenFailure::Declined | TokenFailure::TimedOut)
}

/// Drops what serves no request any more, and if that is not enough, any token that no request waits for: its owner gets
/// another one. Slots in use stay, so that a sign-in under way is shared as ever.
fn make_room(slots: &mut HashMap<Key, Arc<Slot>>, now: OffsetDateTime) {
    if slots.len() < MOST_TOKENS {
        return;
    }
    slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.is_usable(now));
    if slots.len() < MOST_TOKENS {
        return;
    }
    let mut surplus = slots.len() / 2;
    slots.retain(|_, slot| {
        let goes = surplus > 0 && Arc::strong_count(slot) == 1;
        surplus -= usize::from(goes);
        !goes
    });
}

/// A lock is never left in a half-changed state, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
