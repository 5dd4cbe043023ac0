//! The token of one tenant and set of scopes, and for which requests it serves.

use std::sync::Mutex;

use time::{Duration, OffsetDateTime};

use super::{key::Key, lock};
use crate::{
    error::TokenError,
    token::{AccessToken, TokenRequest},
};

/// The shortest time between two early refreshes, also if the first one failed.
const PAUSE: Duration = Duration::seconds(30);

#[derive(Debug)]
pub(super) struct Slot {
    /// What its tokens are asked for.
    pub(super) key: Key,
    /// Held by the request that is getting a token. It keeps no other request waiting: each slot has its own.
    pub(super) flight: tokio::sync::Mutex<()>,
    /// Never held across an await.
    pub(super) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// How many flights have ended, well or badly.
    pub(super) flights: u64,
    pub(super) held: Option<Cached>,
    pub(super) failure: Option<Failure>,
}

#[derive(Debug)]
pub(super) struct Cached {
    token: AccessToken,
    pub(super) claims: Option<String>,
    flight: u64,
    refresh_from: Option<OffsetDateTime>,
    usable_until: Option<OffsetDateTime>,
}

#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: TokenError,
    pub(super) claims: Option<String>,
    pub(super) flight: u64,
}

/// A token from memory, and whether it is due to be replaced.
pub(super) struct Served {
    pub(super) token: AccessToken,
    pub(super) is_due: bool,
}

impl Slot {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            flight: tokio::sync::Mutex::default(),
            state: Mutex::default(),
        }
    }

    /// The token from memory, if it serves a request that comes now.
    pub(super) fn serve(&self, request: &TokenRequest, now: OffsetDateTime) -> Option<Served> {
        let state = lock(&self.state);
        state.serve(request, state.flights, now)
    }

    /// Whether a token of this slot has what `wanted` asks for. False without a token.
    pub(super) fn grants(&self, wanted: &Key, now: OffsetDateTime) -> bool {
        let state = lock(&self.state);
        let usable = state.held.as_ref().filter(|held| held.is_usable(now));
        usable.is_some_and(|held| self.key.grants(&held.token, wanted))
    }

    pub(super) fn is_flying(&self) -> bool {
        self.flight.try_lock().is_err()
    }

    pub(super) fn is_usable(&self, now: OffsetDateTime) -> bool {
        lock(&self.state).held.as_ref().is_some_and(|held| held.is_usable(now))
    }
}

impl State {
    /// The token from memory, if it serves. `seen` is how many flights had ended when the request came.
    pub(super) fn serve(&self, request: &TokenRequest, seen: u64, now: OffsetDateTime) -> Option<Served> {
        let held = self.held.as_ref()?;
        if request.claims.is_some() && request.claims != held.claims {
            return None;
        }
        if !held.is_usable(now) {
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
    pub(super) fn failure_since(&self, seen: u64, request: &TokenRequest) -> Option<TokenError> {
        let failure = self.failure.as_ref()?;
        (failure.flight > seen && failure.claims == request.claims).then(|| failure.error.clone())
    }
}

impl Cached {
    pub(super) fn new(token: AccessToken, claims: Option<String>, flight: u64, now: OffsetDateTime, ahead: Duration) -> Self {
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

    pub(super) fn put_off_refresh(&mut self, now: OffsetDateTime) {
        self.refresh_from = self.refresh_from.map(|start| start.max(now.saturating_add(PAUSE)));
    }

    /// It is not replaced ahead of its end.
    pub(super) const fn keep_to_its_end(&mut self) {
        self.refresh_from = None;
    }

    fn is_usable(&self, now: OffsetDateTime) -> bool {
        self.usable_until.is_none_or(|end| end > now)
    }
}
