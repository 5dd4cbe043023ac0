//! What a caller passes along with each request: who wants to hear of retries.

use std::{fmt, time::Duration};

use serde::Serialize;

/// The context of one call on a [`crate::Directory`] or a [`crate::Site`].
///
/// It is `Copy` and borrows what it needs. [`Call::quiet`] serves whoever does not want to hear anything.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    observer: Option<&'a (dyn Fn(&Retry) + Send + Sync)>,
}

impl<'a> Call<'a> {
    /// Nobody listens.
    #[must_use]
    pub const fn quiet() -> Self {
        Self { observer: None }
    }

    /// `observer` is told of every attempt that is repeated.
    #[must_use]
    pub const fn observed(observer: &'a (dyn Fn(&Retry) + Send + Sync)) -> Self {
        Self { observer: Some(observer) }
    }

    /// Tells the observer, if there is one. For implementers of the traits.
    pub fn retried(&self, retry: &Retry) {
        if let Some(observer) = self.observer {
            observer(retry);
        }
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("observed", &self.observer.is_some()).finish()
    }
}

/// One attempt failed and will be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Retry {
    /// Which request, as method and path without query.
    pub request: String,
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// How long is waited before the next one.
    #[serde(rename = "delayMilliseconds", serialize_with = "milliseconds")]
    pub delay: Duration,
    /// Why.
    pub reason: RetryReason,
}

impl Retry {
    /// Describes a repeated attempt.
    #[must_use]
    pub fn new(request: impl Into<String>, attempt: u32, delay: Duration, reason: RetryReason) -> Self {
        Self {
            request: request.into(),
            attempt,
            delay,
            reason,
        }
    }
}

/// Why an attempt is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RetryReason {
    /// The service asked to slow down (429).
    Throttled,
    /// The service is busy or faulty (5xx).
    ServiceUnavailable,
    /// No connection, a time-out, or a connection that broke.
    Connection,
    /// Somebody else changed the same object at the same moment (409 `Directory_ConcurrencyViolation`).
    ConcurrentChange,
    /// The token was refused and a fresh one is asked for.
    TokenRefused,
}

impl fmt::Display for RetryReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Throttled => "the service asked to slow down",
            Self::ServiceUnavailable => "the service is busy",
            Self::Connection => "the connection failed",
            Self::ConcurrentChange => "the object was being changed by somebody else",
            Self::TokenRefused => "the token was refused",
        })
    }
}

pub(crate) fn milliseconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
