//! [`Call`], the context that travels with each operation on a directory or a site.
//!
//! A run makes a channel, gives one end to each operation it calls, and reads what they tell from the other:
//! repeated attempts, answered requests, items done in the site. An implementation of a trait only has to
//! call [`Call::retried`], [`Call::answered`] or [`Call::progress`]; doing nothing with the call is right,
//! too. Nothing is spawned, and an event that is not read is dropped with the channel.

pub(crate) mod progress;

use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::progress::SiteProgress;
use crate::error::RequestTrace;

/// The context of one call on a [`Directory`](crate::Directory) or a [`Site`](crate::Site).
///
/// It is owned and cheap to clone. An implementation tells it what happens meanwhile; the caller reads that from the
/// [`CallEvents`] of [`Call::channel`]. [`Call::quiet`] is for a caller that wants no events.
///
/// ```
/// use cmg_onboarding::{Call, Retry, RetryReason, call::CallEvent};
///
/// let (call, mut events) = Call::channel();
/// call.retried(Retry::new("GET /v1.0/organization", 1, std::time::Duration::from_secs(1), RetryReason::Throttled));
/// assert!(matches!(events.try_next(), Some(CallEvent::Retried(_))));
/// assert!(events.try_next().is_none());
/// ```
#[derive(Clone, Default)]
pub struct Call {
    events: Option<UnboundedSender<(Tag, CallEvent)>>,
    tag: Tag,
}

/// By what a run tells its calls apart: several of them share one channel.
pub(crate) type Tag = u8;

impl Call {
    /// A call whose events are dropped.
    #[must_use]
    pub const fn quiet() -> Self {
        Self { events: None, tag: 0 }
    }

    /// A call, and the events that it tells.
    #[must_use]
    pub fn channel() -> (Self, CallEvents) {
        let (sender, receiver) = unbounded_channel();
        let call = Self {
            events: Some(sender),
            tag: 0,
        };
        (call, CallEvents(receiver))
    }

    /// A call on the same channel, whose events come with this tag.
    pub(crate) fn tagged(&self, tag: Tag) -> Self {
        Self {
            events: self.events.clone(),
            tag,
        }
    }

    /// Tells of an attempt that failed and is repeated. For implementations of the traits.
    pub fn retried(&self, retry: Retry) {
        self.tell(CallEvent::Retried(retry));
    }

    /// Tells of a request that was answered. For implementations of the traits.
    pub fn answered(&self, request: RequestTrace) {
        self.tell(CallEvent::Answered(request));
    }

    /// Tells of an item that is done in the site. For implementations of [`Site`](crate::Site).
    pub fn progress(&self, progress: SiteProgress) {
        self.tell(CallEvent::Progress(progress));
    }

    /// Passes on what another call has told.
    pub(crate) fn tell(&self, event: CallEvent) {
        if let Some(events) = &self.events {
            // The receiver is gone: the caller wants no more events.
            let _ = events.send((self.tag, event));
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("is_heard", &self.events.is_some()).finish()
    }
}

/// What a call tells while it is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallEvent {
    /// An attempt failed and is repeated.
    Retried(Retry),
    /// A request was answered, by success or refusal.
    Answered(RequestTrace),
    /// An item is done in the site.
    Progress(SiteProgress),
}

/// The events of a call, in order.
#[derive(Debug)]
pub struct CallEvents(UnboundedReceiver<(Tag, CallEvent)>);

impl CallEvents {
    /// The next event, waiting for it; `None` when every clone of the call is gone.
    ///
    /// # Cancel safety
    ///
    /// The future may be dropped at any await: no event is lost.
    pub async fn next(&mut self) -> Option<CallEvent> {
        self.0.recv().await.map(|(_, event)| event)
    }

    /// The next event that is there already.
    pub fn try_next(&mut self) -> Option<CallEvent> {
        self.0.try_recv().ok().map(|(_, event)| event)
    }

    /// The next event that is there already, with its tag.
    pub(crate) fn try_next_tagged(&mut self) -> Option<(Tag, CallEvent)> {
        self.0.try_recv().ok()
    }

    /// The next event with its tag; the task is woken when there is one.
    pub(crate) fn poll_next_tagged(&mut self, context: &mut Context<'_>) -> Poll<Option<(Tag, CallEvent)>> {
        self.0.poll_recv(context)
    }
}

/// One attempt failed and will be repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Retry {
    /// Which request, as method and path without query.
    pub request: String,
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// The wait before the next one.
    #[serde(rename = "delayMilliseconds", with = "milliseconds")]
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RetryReason {
    /// The service asked to slow down (429).
    Throttled,
    /// The service is busy or faulty (5xx).
    ServiceUnavailable,
    /// No connection, a time-out, or a connection that broke.
    Connection,
    /// Another client changed the same object at the same moment (409 `Directory_ConcurrencyViolation`).
    ConcurrentChange,
    /// The token was refused and a fresh one is asked for.
    TokenRefused,
}

impl RetryReason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::Throttled,
        Self::ServiceUnavailable,
        Self::Connection,
        Self::ConcurrentChange,
        Self::TokenRefused,
    ];
}

impl fmt::Display for RetryReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Throttled => "the service asked to slow down",
            Self::ServiceUnavailable => "the service is busy",
            Self::Connection => "the connection failed",
            Self::ConcurrentChange => "the object was being changed by another client",
            Self::TokenRefused => "the token was refused",
        })
    }
}

/// A duration as whole milliseconds.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Ok(Duration::from_millis(u64::deserialize(deserializer)?))
    }
}
