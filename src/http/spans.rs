//! What requests tell to `tracing`: a span for each request, one for each of its attempts, and a line for each answer.
//!
//! Never a query, a header, a body or a token. Targets and fields are part of the interface:
//! [`manual::observability`](crate::manual::observability) lists them.

use std::time::Duration;

use tracing::{Span, field::Empty};

use super::{
    answer::{Answer, RawAnswer},
    error::HttpError,
    request::Request,
    transport::TransportFailure,
};

/// The target of requests.
const TARGET: &str = "cmg_onboarding::http";

/// The span of a request, from its first attempt to its last.
pub(crate) fn of_request(request: &Request) -> Span {
    let (method, path, host) = (request.method().as_str(), request.url().path(), request.host());
    let client_request_id = request.client_request_id();
    tracing::debug_span!(target: TARGET, "request", method, host, path, client_request_id, status = Empty, attempts = Empty)
}

/// Says in the span of a request how it ended.
pub(crate) fn record(span: &Span, result: &Result<Answer, HttpError>) {
    let Ok(answer) = result else { return };
    span.record("status", answer.status());
    span.record("attempts", answer.trace().attempts);
}

/// The span of one attempt.
pub(crate) fn of_attempt(attempt: u32) -> Span {
    tracing::debug_span!(target: TARGET, "attempt", attempt)
}

/// One line for each attempt, inside the span of the request.
pub(crate) fn log(request: &Request, attempt: u32, lasted: Duration, outcome: &Result<RawAnswer, TransportFailure>) {
    let (method, path, host) = (request.method().as_str(), request.url().path(), request.host());
    let client_request_id = request.client_request_id();
    let elapsed_ms = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok(answer) => {
            let request_id = answer.headers.request_id.as_deref().unwrap_or_default();
            let status = answer.status;
            tracing::debug!(target: TARGET, method, host, path, attempt, status, client_request_id, request_id, elapsed_ms, "answered");
        }
        Err(failure) => {
            let (kind, error) = (failure.kind(), crate::error::chain(failure));
            tracing::debug!(target: TARGET, method, host, path, attempt, client_request_id, ?kind, %error, elapsed_ms, "no answer");
        }
    }
}
