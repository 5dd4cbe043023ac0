//! Answers, and bodies as they come in.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Request, StatusCode, header},
    response::{IntoResponse, Response},
};
use cmg_onboarding::{OnboardingError, connection::Problem, spec::Violation};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    refusal::ServiceError,
    session::{MOST_VIOLATIONS, words::put_right},
};

/// The longest body, in bytes.
pub(super) const LONGEST_BODY: usize = 1024 * 1024;

/// A refusal: a status, and the problem as the body.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) problem: Box<Problem>,
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self {
            status: error.status(),
            problem: Box::new(error.problem()),
        }
    }
}

impl From<Problem> for Refusal {
    /// What the library refuses: wrong input is the caller's to mend, everything else lies behind this service.
    fn from(mut problem: Problem) -> Self {
        let own = ServiceError::ALL.iter().find(|error| error.problem().code == problem.code);
        let status = match own {
            Some(own) => own.status(),
            None if problem.code == "invalidSpec" => 422,
            None if problem.retryable => 503,
            None => 502,
        };
        problem.violations.truncate(MOST_VIOLATIONS);
        Self {
            status,
            problem: Box::new(problem),
        }
    }
}

impl From<OnboardingError> for Refusal {
    fn from(error: OnboardingError) -> Self {
        shortened(error.problem()).into()
    }
}

/// A message that lists thousands of fields is of no use to a reader.
fn shortened(mut problem: Problem) -> Problem {
    let all = problem.violations.len();
    if all > MOST_VIOLATIONS {
        problem.message = format!("the specification is not valid in {all} places, of which the first {MOST_VIOLATIONS} are told");
    }
    problem
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = serde_json::to_value(&self.problem).unwrap_or_default();
        put_right(&mut body);
        json(self.status, &body)
    }
}

/// An answer in JSON.
pub(super) fn json(status: u16, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The body of a request, as JSON of this form. An empty one counts as `{}`, and is declared as JSON, too: no page of another
/// origin can send that without asking.
pub(super) async fn body<T: DeserializeOwned>(request: Request<Body>) -> Result<T, Refusal> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if declared
        .and_then(|value| value.parse::<u64>().ok())
        .is_some_and(|length| length > LONGEST_BODY as u64)
    {
        return Err(ServiceError::BodyTooLarge.into());
    }
    let bytes = axum::body::to_bytes(request.into_body(), LONGEST_BODY).await;
    let bytes: Bytes = bytes.map_err(|error| {
        let is_too_long = std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("length limit"));
        if is_too_long {
            ServiceError::BodyTooLarge
        } else {
            ServiceError::BodyUnreadable
        }
    })?;
    if !is_json {
        return Err(ServiceError::ContentTypeWrong.into());
    }
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    // The reader would take the list of a form's values for the form.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(ServiceError::BodyUnreadable.into());
    }
    serde_json::from_slice(text).map_err(|_| ServiceError::BodyUnreadable.into())
}

/// A parameter of the address.
pub(super) fn parameter(request_uri: &axum::http::Uri, name: &str) -> Option<String> {
    let query = request_uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The first violations, and how many there are.
pub(super) fn first_violations(violations: &[Violation]) -> Value {
    serde_json::json!({ "total": violations.len(), "violations": violations.iter().take(MOST_VIOLATIONS).collect::<Vec<_>>() })
}
