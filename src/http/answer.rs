//! What a service answered: status, the few headers that this crate looks at, and the body, limited in
//! length.
//!
//! [`RawAnswer`] is what a transport brings back from one attempt. [`Answer`] is the last one of a call, with
//! the trace of its request. Bodies may carry a secret: they are wiped on drop and appear neither in `Debug`
//! nor in an error.

use std::fmt;

use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{RequestTrace, UnexpectedAnswer};

/// Longer header values are taken as missing.
const LONGEST_HEADER: usize = 16 * 1024;

/// The headers that anything here looks at.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerHeaders {
    pub(crate) content_type: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) retry_after_milliseconds: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) www_authenticate: Vec<String>,
}

/// What one attempt brought: status, the headers that this crate looks at, and the body.
///
/// The body may carry a secret: it is wiped on drop, and `Debug` shows neither body nor headers.
#[derive(Clone)]
pub struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) headers: AnswerHeaders,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl RawAnswer {
    /// An answer with this status, and neither headers nor body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: AnswerHeaders::default(),
            body: Zeroizing::default(),
        }
    }

    /// The same with a header; case does not count. Headers that this crate does not look at are dropped, and so are
    /// values of more than 16 KiB.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.set(name, value);
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.body = Zeroizing::new(body.to_vec());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The headers that are kept, with names in lower case: what a record needs to be replayed.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        self.headers.all()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl AnswerHeaders {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if value.len() > LONGEST_HEADER {
            return;
        }
        let name = name.to_ascii_lowercase();
        if name == "www-authenticate" {
            self.www_authenticate.push(value.to_owned());
            return;
        }
        let (slot, is_second_choice) = match name.as_str() {
            "content-type" => (&mut self.content_type, false),
            "request-id" => (&mut self.request_id, false),
            "x-ms-request-id" => (&mut self.request_id, true),
            "date" => (&mut self.date, false),
            "retry-after" => (&mut self.retry_after, false),
            "retry-after-ms" => (&mut self.retry_after_milliseconds, false),
            "x-ms-retry-after-ms" => (&mut self.retry_after_milliseconds, true),
            "location" => (&mut self.location, false),
            _ => return,
        };
        if slot.is_none() || !is_second_choice {
            *slot = Some(value.to_owned());
        }
    }

    fn all(&self) -> Vec<(&'static str, &str)> {
        let single = [
            ("content-type", &self.content_type),
            ("request-id", &self.request_id),
            ("date", &self.date),
            ("retry-after", &self.retry_after),
            ("retry-after-ms", &self.retry_after_milliseconds),
            ("location", &self.location),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let challenges = self.www_authenticate.iter().map(|value| ("www-authenticate", value.as_str()));
        single.chain(challenges).collect()
    }
}

/// The final answer to a request, with any status. Its body is wiped on drop and never in `Debug`.
pub struct Answer {
    raw: RawAnswer,
    host: String,
    trace: RequestTrace,
}

impl Answer {
    pub(crate) fn new(raw: RawAnswer, host: &str, mut trace: RequestTrace) -> Self {
        trace.status = Some(raw.status);
        trace.request_id.clone_from(&raw.headers.request_id);
        trace.date.clone_from(&raw.headers.date);
        Self {
            raw,
            host: host.to_owned(),
            trace,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.raw.status
    }

    /// Whether the status is one of success (2xx).
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.raw.status, 200..=299)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.raw.body
    }

    pub(crate) const fn headers(&self) -> &AnswerHeaders {
        &self.raw.headers
    }

    /// Which request it answers, after how many attempts.
    #[must_use]
    pub const fn trace(&self) -> &RequestTrace {
        &self.trace
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// If the body is not JSON of this shape. The error tells what is wrong and never quotes the body.
    #[expect(clippy::result_large_err, reason = "every caller boxes it at once")]
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, UnexpectedAnswer> {
        serde_json::from_slice(self.body()).map_err(|error| {
            let place = || format!("line {} column {}", error.line(), error.column());
            match error.classify() {
                Category::Data => self.unexpected(format!("its JSON has another shape than expected, at {}", place())),
                _ if self.body().is_empty() => self.unexpected("it has no body"),
                _ if self.is_html() => self.unexpected("it is a web page"),
                Category::Eof => self.unexpected("its JSON is cut off"),
                Category::Syntax | Category::Io => self.unexpected(format!("it is not JSON, at {}", place())),
            }
        })
    }

    pub(crate) fn unexpected(&self, problem: impl Into<String>) -> UnexpectedAnswer {
        UnexpectedAnswer::new(&self.host, problem, self.trace.clone())
    }

    /// Whether a browser would show it: proxies and sign-in portals answer like this in the place of a service.
    pub(crate) fn is_html(&self) -> bool {
        let declared = self.headers().content_type.as_deref();
        declared.is_some_and(|kind| kind.to_ascii_lowercase().contains("html")) || self.body().trim_ascii_start().first() == Some(&b'<')
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Answer")
            .field("status", &self.raw.status)
            .field("body_length", &self.raw.body.len())
            .field("trace", &self.trace)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) fn answer(status: u16, headers: AnswerHeaders, body: &[u8]) -> Answer {
    let raw = RawAnswer {
        status,
        headers,
        body: Zeroizing::new(body.to_vec()),
    };
    Answer::new(raw, "graph.example", RequestTrace::new("GET", "/v1.0/x"))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Shape {
        #[allow(dead_code)]
        id: u32,
    }

    #[test]
    fn headers_of_two_names_count_by_the_first_choice_in_either_order() {
        let told = |headers: &[(&str, &str)]| {
            let mut kept = AnswerHeaders::default();
            headers.iter().for_each(|(name, value)| kept.set(name, value));
            (kept.request_id, kept.retry_after_milliseconds)
        };
        let (first, second) = (Some("1".to_owned()), Some("2".to_owned()));
        assert_eq!(told(&[("x-ms-request-id", "2")]), (second.clone(), None));
        assert_eq!(told(&[("Request-Id", "1"), ("x-ms-request-id", "2")]), (first.clone(), None));
        assert_eq!(told(&[("x-ms-request-id", "2"), ("request-id", "1")]), (first.clone(), None));
        assert_eq!(told(&[("X-MS-Retry-After-Ms", "2")]), (None, second));
        assert_eq!(told(&[("x-ms-retry-after-ms", "2"), ("retry-after-ms", "1")]), (None, first));
        let long = "1".repeat(LONGEST_HEADER + 1);
        assert_eq!(told(&[("request-id", &long)]), (None, None));
    }

    #[test]
    fn an_answer_gives_what_it_was_made_of() {
        let raw = RawAnswer::new(429)
            .with_header("Retry-After", "7")
            .with_header("X-Other", "dropped")
            .with_header("WWW-Authenticate", "Bearer")
            .with_body(b"busy");
        assert_eq!((raw.status(), raw.body()), (429, &b"busy"[..]));
        assert_eq!(raw.headers(), [("retry-after", "7"), ("www-authenticate", "Bearer")]);
    }

    #[test]
    fn an_unusable_body_is_described_and_never_quoted() {
        let told = |body: &[u8]| {
            let error = answer(200, AnswerHeaders::default(), body).json::<Shape>().unwrap_err();
            assert!(!error.to_string().contains("canary-7Q"));
            error.problem().to_owned()
        };
        assert_eq!(told(b""), "it has no body");
        assert_eq!(told(b"<html>canary-7Q</html>"), "it is a web page");
        assert_eq!(told(br#"{"id": "#), "its JSON is cut off");
        assert!(told(br#"{"id": "canary-7Q"}"#).contains("another shape"));
        assert!(told(b"canary-7Q").contains("not JSON"));
    }
}
