//! Remembers which origins do not speak HTTP/2.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
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
pub(crate) struct Protocols(Mutex<HashMap<Origin, Protocol>>);

impl Protocols {
    pub(crate) fn of(&self, url: &Url) -> Option<Protocol> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&url.origin()).copied()
    }

    pub(crate) fn remember(&self, url: &Url, protocol: Protocol) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(url.origin(), protocol);
    }
}
