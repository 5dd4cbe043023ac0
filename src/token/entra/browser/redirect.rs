//! Reads what the browser brings back.

use std::str;

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::{super::refusal::refused, page::Page};
use crate::error::{SignInRefusal, TokenError, TokenFailure};

/// The fields that only a sign-in page sends.
const MARKS: [&str; 3] = ["code", "error", "state"];

/// A request to the loopback address.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Not from a sign-in page; answered with this page and forgotten.
    Stray(Page),
    /// From a sign-in page, or pretending to be.
    Redirect(Redirect),
}

/// What came in the address. Wiped on drop, never shown.
pub(super) struct Redirect {
    fields: Vec<(String, Zeroizing<String>)>,
}

impl std::fmt::Debug for Redirect {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Redirect")
    }
}

impl Arrival {
    /// Reads the head of a request, up to the empty line.
    pub(super) fn read(head: &[u8], port: u16) -> Self {
        let Ok(head) = str::from_utf8(head) else {
            return Self::Stray(Page::BadRequest);
        };
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Self::Stray(Page::BadRequest);
        };
        if !lines.any(|line| is_own_host(line, port)) {
            // A page elsewhere that had its own name point to this machine.
            return Self::Stray(Page::BadRequest);
        }
        if method != "GET" {
            return Self::Stray(Page::MethodNotAllowed);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
            .collect();
        if path != "/" || !fields.iter().any(|(name, _)| MARKS.contains(&name.as_str())) {
            return Self::Stray(Page::NotFound);
        }
        Self::Redirect(Redirect { fields })
    }
}

impl Redirect {
    /// Whether it answers the sign-in with this state.
    pub(super) fn belongs_to(&self, state: &SecretString) -> bool {
        self.only("state").is_some_and(|given| is_same(given, state.expose_secret()))
    }

    /// The code in it, and the page to show.
    pub(super) fn outcome(&self) -> (Page, Result<SecretString, TokenError>) {
        if self.fields.iter().any(|(name, _)| name == "error") {
            return (Page::Refused, Err(self.refusal()));
        }
        match self.only("code").filter(|code| !code.is_empty()) {
            Some(code) => (Page::Arrived, Ok(SecretString::from(code))),
            None => (Page::Refused, Err(garbage())),
        }
    }

    /// A field that is there exactly once.
    fn only(&self, name: &str) -> Option<&str> {
        let mut found = self.fields.iter().filter(|(given, _)| given == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value.as_str()),
            _ => None,
        }
    }

    fn refusal(&self) -> TokenError {
        // The same words as in the body of an error answer, so the same reader.
        let names = [
            "error",
            "error_description",
            "error_codes",
            "trace_id",
            "correlation_id",
            "timestamp",
            "claims",
        ];
        let fields: Map<String, Value> = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), Value::from(self.only(name)?))))
            .collect();
        let mut fields = Value::Object(fields);
        add_ids(&mut fields);
        SignInRefusal::read(&fields).map_or_else(garbage, refused)
    }
}

/// In an address the ids stand in the description alone: `... Trace ID: x Correlation ID: y Timestamp: z`.
fn add_ids(fields: &mut Value) {
    let description = fields["error_description"].as_str().unwrap_or_default().to_owned();
    let ids = [
        ("Trace ID: ", "trace_id"),
        ("Correlation ID: ", "correlation_id"),
        ("Timestamp: ", "timestamp"),
    ];
    for (label, name) in ids {
        let Some((_, rest)) = description.split_once(label) else { continue };
        let end = ids.iter().filter_map(|(label, _)| rest.find(label)).min().unwrap_or(rest.len());
        let end = rest.find(['\r', '\n']).map_or(end, |line| line.min(end));
        if fields.get(name).is_none() {
            fields[name] = Value::from(rest[..end].trim());
        }
    }
}

/// `Host: localhost:{port}`, or the addresses that the name stands for.
fn is_own_host(line: &str, port: u16) -> bool {
    let Some((name, value)) = line.split_once(':') else { return false };
    let Some((host, given)) = value.trim().rsplit_once(':') else {
        return false;
    };
    let is_own = ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| host.eq_ignore_ascii_case(own));
    name.eq_ignore_ascii_case("host") && is_own && given.parse() == Ok(port)
}

/// The time it takes tells nothing but the length.
fn is_same(one: &str, two: &str) -> bool {
    let difference = one
        .bytes()
        .zip(two.bytes())
        .fold(0, |difference, (one, two)| difference | (one ^ two));
    one.len() == two.len() && difference == 0
}

/// The time ran out, and what came in the meantime belonged to another sign-in.
pub(super) fn wrong_state() -> TokenError {
    TokenError::new(
        TokenFailure::WrongState,
        "the browser came back with an answer to another sign-in, and with no other one in time",
        "Close the sign-in pages that are still open and sign in again. If it happens again, another program or web page interferes with signing in on this machine.",
    )
}

/// An answer came after the one that was taken.
pub(super) fn second_answer() -> TokenError {
    TokenError::new(
        TokenFailure::SecondAnswer,
        "a second answer to the same sign-in arrived before the first one was finished",
        "Sign in again. If it happens again, another program or web page interferes with signing in on this machine.",
    )
}

fn garbage() -> TokenError {
    TokenError::new(
        TokenFailure::UnexpectedAnswer,
        "the browser came back without a code and without an error",
        "Sign in again. If it happens again, something between the browser and the sign-in service changes its answers.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATE: &str = "s-7Q";

    fn arrival(line: &str) -> Arrival {
        Arrival::read(format!("{line}\r\nUser-Agent: x\r\nHost: localhost:8400\r\n\r\n").as_bytes(), 8400)
    }

    fn redirect(query: &str) -> Redirect {
        match arrival(&format!("GET /?{query} HTTP/1.1")) {
            Arrival::Redirect(redirect) => redirect,
            Arrival::Stray(page) => panic!("{page:?}"),
        }
    }

    fn belongs(query: &str) -> bool {
        redirect(query).belongs_to(&SecretString::from(STATE))
    }

    fn judged(query: &str) -> (Page, Result<SecretString, TokenError>) {
        assert!(belongs(query), "{query}");
        redirect(query).outcome()
    }

    fn failure(query: &str) -> TokenFailure {
        judged(query).1.unwrap_err().failure()
    }

    #[test]
    fn the_code_is_taken_when_the_state_is_ours() {
        let (page, code) = judged("code=0.A%2Bb&state=s-7Q&session_state=x");
        assert_eq!((page, code.unwrap().expose_secret()), (Page::Arrived, "0.A+b"));
    }

    #[test]
    fn an_answer_to_another_sign_in_is_not_taken() {
        for query in [
            "code=a",
            "code=a&state=other",
            "code=a&state=",
            "code=a&state=s-7Q&state=s-7Q",
            "error=access_denied&state=x",
        ] {
            assert!(!belongs(query), "{query}");
        }
    }

    #[test]
    fn an_answer_without_exactly_one_code_is_garbage() {
        for query in [
            "state=s-7Q",
            "state=s-7Q&code=",
            "state=s-7Q&code=a&code=b",
            "state=s-7Q&error=%3Cb%3E",
        ] {
            assert_eq!(failure(query), TokenFailure::UnexpectedAnswer, "{query}");
        }
    }

    #[test]
    fn a_refusal_keeps_its_codes_and_ids() {
        let query = "state=s-7Q&error=access_denied&error_description=AADSTS53003%3a+Access+has+been+blocked.%0d%0a\
                     Trace+ID%3a+t-1%0d%0aCorrelation+ID%3a+c-2%0d%0aTimestamp%3a+2026-10-01+12%3a00%3a00Z";
        let error = judged(query).1.unwrap_err();
        assert_eq!(error.failure(), TokenFailure::Blocked);
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.codes, [53003]);
        assert_eq!(refusal.trace_id.as_deref(), Some("t-1"));
        assert_eq!(refusal.correlation_id.as_deref(), Some("c-2"));
        assert_eq!(refusal.timestamp.as_deref(), Some("2026-10-01 12:00:00Z"));
    }

    #[test]
    fn what_no_sign_in_page_sends_is_a_stray() {
        for (line, expected) in [
            ("GET /favicon.ico HTTP/1.1", Page::NotFound),
            ("GET / HTTP/1.1", Page::NotFound),
            ("GET /?utm=1 HTTP/1.1", Page::NotFound),
            ("GET /other?code=a&state=s-7Q HTTP/1.1", Page::NotFound),
            ("POST /?code=a&state=s-7Q HTTP/1.1", Page::MethodNotAllowed),
            ("GET /?code=a&state=s-7Q HTTP/2", Page::BadRequest),
            ("nonsense", Page::BadRequest),
        ] {
            let Arrival::Stray(page) = arrival(line) else { panic!("{line}") };
            assert_eq!(page, expected, "{line}");
        }
        for host in ["localhost:8401", "example.com:8400", "localhost", "localhost.example.com:8400"] {
            let head = format!("GET /?code=a&state=s-7Q HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert!(
                matches!(Arrival::read(head.as_bytes(), 8400), Arrival::Stray(Page::BadRequest)),
                "{host}"
            );
        }
    }

    #[test]
    fn no_page_is_kept_or_repeats_what_was_sent() {
        let all = [
            Page::Arrived,
            Page::Refused,
            Page::Foreign,
            Page::Late,
            Page::NotFound,
            Page::MethodNotAllowed,
            Page::BadRequest,
        ];
        for page in all {
            let text = String::from_utf8(page.bytes()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("Cache-Control: no-store") && head.contains("Connection: close"));
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            assert!(!body.contains("<script") && !body.contains("http"));
        }
    }

    proptest! {
        #[test]
        fn reading_any_request_never_panics(head in proptest::collection::vec(any::<u8>(), 0..300), query in ".{0,120}") {
            let _ = Arrival::read(&head, 8400);
            if let Arrival::Redirect(redirect) = arrival(&format!("GET /?{query} HTTP/1.1")) {
                let _ = redirect.belongs_to(&SecretString::from(STATE));
                let _ = redirect.outcome();
            }
        }
    }
}
