//! Carries one attempt over the wire: the fault that was ordered for it, or the answer of the tenant.

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde_json::json;
use time::format_description::well_known::Rfc2822;
use tokio::time::sleep;

use super::{Line, WireFault, WireRequest};
use crate::{
    server::{EncodedAnswer, ReceivedRequest},
    texts,
    timeline::{Moment, Timeline},
};
use cmg_onboarding::{
    error::TransportKind,
    http::{Attempt, RawAnswer, Request, Transport, TransportFailure},
};

#[derive(Debug)]
pub(super) struct WireTransport {
    pub(super) line: Arc<Line>,
    pub(super) timeline: Timeline,
    pub(super) is_lossless: bool,
}

/// A request on its way. Unless it is lost, it arrives even if its sender no longer waits for it.
struct UnderWay<'a> {
    line: &'a Line,
    received: Option<ReceivedRequest>,
    arrives: bool,
}

impl UnderWay<'_> {
    fn arrive(&mut self) -> Option<EncodedAnswer> {
        self.received.take().map(|received| self.line.exchange.answer_received(&received))
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if self.arrives {
            self.arrive();
        }
    }
}

#[async_trait]
impl Transport for WireTransport {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let request = attempt.request();
        let name = format!("{} {}", request.method().as_str(), request.url().path());
        self.timeline.pass(Moment::BeforeSending, &name).await;
        let (number, fault) = self.line.begin(recorded(request));
        let is_carried_out = fault.as_ref().is_none_or(WireFault::is_carried_out);
        let mut under_way = UnderWay {
            line: &self.line,
            received: is_carried_out.then(|| received(&attempt)),
            arrives: self.is_lossless,
        };
        // While it is on its way, other tasks run.
        tokio::task::yield_now().await;
        let said = under_way.arrive();
        drop(under_way);
        self.timeline.pass(Moment::CarriedOut, &name).await;
        let answer = self.outcome(fault, said, attempt.time_limit()).await;
        if let Ok(answer) = &answer {
            self.line.finish(number, answer.status());
        }
        self.timeline.pass(Moment::Answered, &name).await;
        answer
    }
}

impl WireTransport {
    async fn outcome(&self, fault: Option<WireFault>, said: Option<EncodedAnswer>, limit: Duration) -> Result<RawAnswer, TransportFailure> {
        let broken = |kind, error: io::ErrorKind| Err(TransportFailure::new(kind, io::Error::from(error)));
        let Some(fault) = fault else {
            return match said {
                Some(said) => Ok(raw(said)),
                None => broken(TransportKind::Interrupted, io::ErrorKind::ConnectionReset),
            };
        };
        let mut answer = said.map_or_else(|| page(200, ""), raw);
        match fault {
            WireFault::ConnectionRefused => return broken(TransportKind::Connect, io::ErrorKind::ConnectionRefused),
            WireFault::ResetBefore | WireFault::ResetAfter => {
                return broken(TransportKind::Interrupted, io::ErrorKind::ConnectionReset);
            }
            WireFault::TimedOutBefore | WireFault::TimedOutAfter => {
                sleep(limit).await;
                return broken(TransportKind::TimedOut, io::ErrorKind::TimedOut);
            }
            WireFault::Throttled => answer = refusal(429, "TooManyRequests", texts::THROTTLED.text),
            WireFault::ThrottledFor(wait) => {
                answer = refusal(429, "TooManyRequests", texts::THROTTLED.text);
                answer = answer.with_header("retry-after", &wait.as_secs().to_string());
            }
            WireFault::ThrottledUntil(wait) => {
                answer = refusal(429, "TooManyRequests", texts::THROTTLED.text);
                let moment = self.line.tenant.settings().clock.now() + wait;
                let text = moment.to_offset(time::UtcOffset::UTC).format(&Rfc2822).unwrap_or_default();
                answer = answer.with_header("retry-after", &text.replace("+0000", "GMT"));
            }
            // A gateway in front of the service answers with a page of its own.
            WireFault::StatusBefore(status @ (502 | 504)) | WireFault::StatusAfter(status @ (502 | 504)) => {
                answer = page(status, "<html><title>Bad gateway</title></html>");
            }
            WireFault::StatusBefore(status) | WireFault::StatusAfter(status) => {
                answer = refusal(status, "serviceNotAvailable", texts::UNAVAILABLE.text);
            }
            WireFault::TokenRefused => answer = refusal(401, "InvalidAuthenticationToken", texts::TOKEN_REVOKED.text),
            WireFault::ConcurrentChange => {
                answer = refusal(409, "Directory_ConcurrencyViolation", texts::CONCURRENT_CHANGE.text);
            }
            WireFault::TruncatedBody => {
                let half = answer.body()[..answer.body().len() / 2].to_vec();
                answer = answer.with_body(&half);
            }
            WireFault::WebPage => answer = page(200, "<html><title>Sign in to the proxy</title></html>"),
            WireFault::EmptyBefore | WireFault::EmptyAfter => answer = page(200, ""),
            WireFault::Redirect => {
                answer = page(302, "").with_header("location", "https://proxy.example/sign-in");
            }
            WireFault::Refusal(refusal) => answer = graph(refusal.status(), refusal.body().to_string()),
        }
        Ok(answer)
    }
}

fn recorded(request: &Request) -> WireRequest {
    let body = request.body();
    WireRequest {
        method: request.method().as_str().to_owned(),
        path: request.url().path().to_owned(),
        body: body.and_then(|body| serde_json::from_slice(body).ok()),
        client_request_id: request.client_request_id().to_owned(),
        fault: None,
        status: None,
    }
}

fn received(attempt: &Attempt<'_>) -> ReceivedRequest {
    let request = attempt.request();
    let url = request.url();
    let content_type = request.headers().into_iter().find(|(name, _)| *name == "content-type");
    ReceivedRequest {
        method: request.method().as_str().to_owned(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        client_request_id: request.client_request_id().to_owned(),
        content_type: content_type.map(|(_, value)| value.to_owned()),
        authorization: attempt.authorization().map(|header| header.expose_secret().to_owned()),
        body: request.body().map(<[u8]>::to_vec).unwrap_or_default(),
        address: url.origin().ascii_serialization(),
    }
}

fn raw(said: EncodedAnswer) -> RawAnswer {
    let headers = [
        ("content-type", said.content_type),
        ("request-id", said.request_id),
        ("retry-after", said.retry_after),
        ("www-authenticate", said.www_authenticate),
    ];
    let answer = RawAnswer::new(said.status).with_body(&said.body);
    headers.into_iter().fold(answer, |answer, (name, value)| match value {
        Some(value) => answer.with_header(name, &value),
        None => answer,
    })
}

fn refusal(status: u16, code: &str, message: &str) -> RawAnswer {
    graph(status, json!({"error": {"code": code, "message": message}}).to_string())
}

fn graph(status: u16, body: String) -> RawAnswer {
    RawAnswer::new(status)
        .with_header("content-type", "application/json")
        .with_header("request-id", &uuid::Uuid::new_v4().to_string())
        .with_body(body.as_bytes())
}

/// What a machine in between sends, without the marks of the service.
fn page(status: u16, text: &str) -> RawAnswer {
    let answer = RawAnswer::new(status).with_body(text.as_bytes());
    if text.is_empty() {
        return answer;
    }
    answer.with_header("content-type", "text/html; charset=utf-8")
}
