//! Trouble on the way to the directory, as clients meet it on bad networks and on bad days of a service.

use std::time::Duration;

use serde_json::{Value, json};

/// One piece of trouble that a request over an [`EmulatedWire`](super::EmulatedWire) is to meet.
///
/// If a fault can come before or after the directory has carried the request out, it says which: a client cannot tell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// Nothing listens at the address. The request is not carried out.
    ConnectionRefused,
    /// The connection breaks before the directory has read the request.
    ResetBefore,
    /// The connection breaks after the directory has carried the request out.
    ResetAfter,
    /// No answer in the time that the client allows; the request was not carried out.
    TimedOutBefore,
    /// No answer in the time that the client allows; the request was carried out.
    TimedOutAfter,
    /// 429 without `Retry-After`.
    Throttled,
    /// 429 with `Retry-After` in seconds.
    ThrottledFor(Duration),
    /// 429 with `Retry-After` as an HTTP date, this long from now.
    ThrottledUntil(Duration),
    /// A status of the 5xx kind; the request was not carried out.
    StatusBefore(u16),
    /// A status of the 5xx kind; the request was carried out.
    StatusAfter(u16),
    /// 401: the token is accepted no more. The request is not carried out.
    TokenRefused,
    /// 409 `Directory_ConcurrencyViolation`. The request is not carried out.
    ConcurrentChange,
    /// The request is carried out, and the answer's body ends in the middle.
    TruncatedBody,
    /// 200 with the page of a proxy. The request is not carried out.
    WebPage,
    /// 200 with nothing in it; the request was not carried out.
    EmptyBefore,
    /// 200 with nothing in it; the request was carried out.
    EmptyAfter,
    /// 302 to another host. The request is not carried out.
    Redirect,
    /// A refusal of Microsoft Graph, to the letter.
    Refusal(WireRefusal),
}

/// A refusal of Microsoft Graph to order: the misleading ones of its eventual consistency, for instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRefusal {
    status: u16,
    body: Value,
    is_carried_out: bool,
}

impl WireRefusal {
    /// A refusal with this status, code and message; the request is not carried out.
    #[must_use]
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            body: json!({"error": {"code": code, "message": message}}),
            is_carried_out: false,
        }
    }

    /// The same with one entry of `details`.
    #[must_use]
    pub fn with_detail(mut self, code: &str, target: &str) -> Self {
        self.body["error"]["details"] = json!([{"code": code, "message": "", "target": target}]);
        self
    }

    /// The same, although the request is carried out.
    #[must_use]
    pub const fn carried_out(mut self) -> Self {
        self.is_carried_out = true;
        self
    }

    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    pub(super) const fn body(&self) -> &Value {
        &self.body
    }
}

impl WireFault {
    /// Every fault there is, refusals aside: for tests that try each.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::ConnectionRefused,
            Self::ResetBefore,
            Self::ResetAfter,
            Self::TimedOutBefore,
            Self::TimedOutAfter,
            Self::Throttled,
            Self::ThrottledFor(Duration::from_secs(7)),
            Self::ThrottledUntil(Duration::from_secs(9)),
        ];
        for status in [500, 502, 503, 504] {
            all.extend([Self::StatusBefore(status), Self::StatusAfter(status)]);
        }
        all.extend([
            Self::TokenRefused,
            Self::ConcurrentChange,
            Self::TruncatedBody,
            Self::WebPage,
            Self::EmptyBefore,
            Self::EmptyAfter,
            Self::Redirect,
        ]);
        all
    }

    /// Whether the directory carries the request out.
    #[must_use]
    pub const fn is_carried_out(&self) -> bool {
        match self {
            Self::ResetAfter | Self::TimedOutAfter | Self::StatusAfter(_) | Self::TruncatedBody | Self::EmptyAfter => true,
            Self::Refusal(refusal) => refusal.is_carried_out,
            _ => false,
        }
    }

    /// Whether the client can tell for certain that the request was not carried out.
    #[must_use]
    pub fn proves_that_nothing_happened(&self) -> bool {
        match self {
            Self::ConnectionRefused
            | Self::Throttled
            | Self::ThrottledFor(_)
            | Self::ThrottledUntil(_)
            | Self::TokenRefused
            | Self::ConcurrentChange => true,
            // "Unable to read the company information" is said of writes that were carried out, too.
            Self::Refusal(refusal) => refusal.body["error"]["code"] != "Directory_ObjectNotFound",
            _ => false,
        }
    }
}
