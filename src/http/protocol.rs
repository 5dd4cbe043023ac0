//! Remembers which origins do not speak HTTP/2, and which are being asked for the first time.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use url::{Origin, Url};

/// What is known of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    /// It has answered over HTTP/2.
    Http2,
    /// It failed over HTTP/2 and answered over HTTP/1.1.
    Http1,
}

/// The protocols of the few origins one client speaks to.
#[derive(Debug, Default)]
pub(crate) struct Protocols {
    known: Mutex<HashMap<Origin, Protocol>>,
    asked: Mutex<HashSet<Origin>>,
}

impl Protocols {
    pub(crate) fn of(&self, url: &Url) -> Option<Protocol> {
        lock(&self.known).get(&url.origin()).copied()
    }

    pub(crate) fn remember(&self, url: &Url, protocol: Protocol) {
        lock(&self.known).insert(url.origin(), protocol);
    }

    /// The turn to open the first connection to an origin; `None` if it is known, or if another one is at it.
    pub(crate) fn first_to_ask(&self, url: &Url) -> Option<Turn<'_>> {
        let is_first = self.of(url).is_none() && lock(&self.asked).insert(url.origin());
        is_first.then(|| Turn {
            protocols: self,
            origin: url.origin(),
        })
    }
}

/// Held while the first connection to an origin is being opened. Dropped, another one may try.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    protocols: &'a Protocols,
    origin: Origin,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.protocols.asked).remove(&self.origin);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
