//! Remembers which origins speak HTTP/2, and to which one the first connection is being opened.
//!
//! [`Protocols`] belongs to one transport. An origin of which nothing is known is asked over HTTP/2 first. The last
//! answer decides, as a machine may move to another network meanwhile, behind a proxy that speaks HTTP/1.1 only, and
//! back. [`Opening`] keeps two requests from opening the first connection to one origin at once.

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
    /// It failed over HTTP/2, and has not answered over it since. Asked with a choice of both.
    Http1,
}

/// The protocols of the few origins one client speaks to.
#[derive(Debug, Default)]
pub(crate) struct Protocols {
    known: Mutex<HashMap<Origin, Protocol>>,
    opening: Mutex<HashSet<Origin>>,
}

impl Protocols {
    pub(crate) fn of(&self, url: &Url) -> Option<Protocol> {
        lock(&self.known).get(&url.origin()).copied()
    }

    pub(crate) fn remember(&self, url: &Url, protocol: Protocol) {
        lock(&self.known).insert(url.origin(), protocol);
    }

    /// The right to open the first connection to an origin; `None` if the origin has answered before, or if another
    /// request is opening one.
    pub(crate) fn begin_opening(&self, url: &Url) -> Option<Opening<'_>> {
        let is_first = self.of(url).is_none() && lock(&self.opening).insert(url.origin());
        is_first.then(|| Opening {
            protocols: self,
            origin: url.origin(),
        })
    }
}

/// Exists while a request opens the first connection to an origin. Once it is dropped, another request may try.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    protocols: &'a Protocols,
    origin: Origin,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        lock(&self.protocols.opening).remove(&self.origin);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_opens_the_first_connection_to_an_origin_and_none_opens_it_again() {
        let protocols = Protocols::default();
        let url = |text: &str| Url::parse(text).unwrap();
        let first = protocols.begin_opening(&url("https://one.example/a"));
        assert!(first.is_some());
        assert!(
            protocols.begin_opening(&url("https://one.example/b")).is_none(),
            "another request is opening it"
        );
        assert!(protocols.begin_opening(&url("https://two.example/")).is_some(), "another origin");
        drop(first);
        assert!(
            protocols.begin_opening(&url("https://one.example/b")).is_some(),
            "the first one failed"
        );
        protocols.remember(&url("https://one.example/"), Protocol::Http1);
        assert!(protocols.begin_opening(&url("https://one.example/c")).is_none(), "it has answered");
        assert_eq!(protocols.of(&url("https://one.example/d")), Some(Protocol::Http1));
    }
}
