//! A request, independent of the transport that sends it.
//!
//! A [`Request`] is built once and sent as often as needed; its attempts share one client request id. It
//! knows whether it is safe to repeat. `Debug` shows neither its query nor its body.

use std::fmt::{self, Write};

use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::error::RequestTrace;

/// The methods this crate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Asks for an answer without a body. It only opens a connection, see [`Transport::warm`](super::Transport::warm).
    Head,
    /// Creates, or asks a question with a body.
    Post,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request; its attempts share the client request id.
///
/// `Debug` shows method, path and that id: neither query, header nor body.
pub struct Request {
    method: Method,
    url: Url,
    body: Option<Body>,
    repeatable: bool,
    longest_answer: usize,
    client_request_id: String,
}

/// Longer answers are cut off. A page of 999 objects of Microsoft Graph has about one megabyte.
const USUAL_LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// A body with its content type. Wiped on drop, because a form may carry a secret.
struct Body {
    content_type: &'static str,
    bytes: Zeroizing<Vec<u8>>,
}

impl Request {
    /// A request that is safe to repeat, unless it is a POST.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            body: None,
            repeatable: method != Method::Post,
            longest_answer: USUAL_LONGEST_ANSWER,
            client_request_id: Uuid::new_v4().to_string(),
        }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = Some(Body {
            content_type: "application/json",
            bytes: Zeroizing::new(body.to_string().into_bytes()),
        });
        self
    }

    /// A form that is encoded already.
    #[cfg(feature = "sign-in")]
    pub(crate) fn with_form(mut self, encoded: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(Body {
            content_type: "application/x-www-form-urlencoded",
            bytes: encoded,
        });
        self
    }

    /// Takes answers of up to this many bytes, for a service that gives everything at once.
    pub(crate) const fn accepting(mut self, bytes: usize) -> Self {
        self.longest_answer = bytes;
        self
    }

    /// Declares that carrying out the request twice has the effect of once, as a read by POST.
    #[must_use]
    pub const fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Where it goes. The query may hold what is confidential.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The headers to send, `Authorization` not among them.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        let common = [
            ("accept", "application/json"),
            ("client-request-id", self.client_request_id.as_str()),
        ];
        let content_type = self.body.as_ref().map(|body| ("content-type", body.content_type));
        common.into_iter().chain(content_type).collect()
    }

    /// The body to send. It may hold a secret.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        Some(&self.body.as_ref()?.bytes)
    }

    /// Whether carrying it out twice has the effect of once.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    /// How many bytes the body of an answer has at most; a longer answer is [too long](super::TransportFailure::too_long).
    #[must_use]
    pub const fn longest_answer(&self) -> usize {
        self.longest_answer
    }

    /// What all attempts of this request share.
    #[must_use]
    pub fn client_request_id(&self) -> &str {
        &self.client_request_id
    }

    /// Whether it may change anything: a lost answer then leaves open what was done.
    pub(crate) const fn writes(&self) -> bool {
        !matches!(self.method, Method::Get | Method::Head)
    }

    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Method and path, as shown to people.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.method.as_str(), self.url.path())
    }

    pub(crate) fn trace(&self, attempts: u32) -> RequestTrace {
        let mut trace = RequestTrace::new(self.method.as_str(), self.url.path());
        trace.client_request_id = Some(self.client_request_id.clone());
        trace.attempts = attempts;
        trace
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("client_request_id", &self.client_request_id)
            .finish_non_exhaustive()
    }
}

/// Text with everything but RFC 3986's unreserved characters percent-encoded, for one path segment or query value.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_is_not_repeated_by_default() {
        let url = Url::parse("https://example.com/").unwrap();
        for method in [Method::Get, Method::Patch, Method::Delete] {
            assert!(Request::new(method, url.clone()).is_repeatable());
        }
        assert!(!Request::new(Method::Post, url.clone()).is_repeatable());
        assert!(Request::new(Method::Post, url).repeatable().is_repeatable());
    }

    #[test]
    fn a_url_is_encoded_so_that_no_character_ends_its_segment() {
        assert_eq!(percent_encoded("a'b%c#d?e/f ü"), "a%27b%25c%23d%3Fe%2Ff%20%C3%BC");
    }

    #[test]
    fn debug_output_has_neither_query_nor_body() {
        let url = Url::parse("https://example.com/a?b=canary-7Q").unwrap();
        let request = Request::new(Method::Post, url).with_json(&serde_json::json!({"x": "canary-7Q"}));
        assert!(!format!("{request:?}").contains("canary-7Q"));
    }
}
