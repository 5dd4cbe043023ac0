//! Carries out one call, from the first attempt to the last.
//!
//! [`Pipeline::send`] is the loop: token, attempt, log event, verdict, wait. It answers with the first answer
//! that another attempt would not better, with any status; what a status means is for the caller. A token
//! that the service refuses with 401 is renewed once. Each repetition is told through the [`Call`]. If the answer to
//! a write is lost, what comes after it says so: its [`RequestTrace`] carries it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use tracing::Instrument;
use url::Url;

use super::{
    answer::Answer,
    authorize::{Authorization, Authorize, Rejection, Scheme},
    challenge::claims_of,
    error::HttpError,
    request::{Method, Request},
    retry::{Advice, RetryPolicy, Schedule, after_answer, after_failure, may_be_done, may_be_lost},
    retry_after::requested_wait,
    silence::{Answered, Silence},
    spans,
    transport::{Attempt, Route, Transport, TransportFailure},
    warming::{Warming, root_of},
};
use crate::{
    call::{Call, Retry, RetryReason},
    clock::Clock,
    error::{RequestTrace, TokenError, TokenFailure, UnexpectedAnswer, Unreachable},
};

/// Sends requests and repeats them if that does no harm. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    transport: Arc<dyn Transport>,
    policy: RetryPolicy,
    attempt_timeout: Duration,
    clock: Arc<dyn Clock>,
    route: Route,
    answered: Arc<Answered>,
}

impl Pipeline {
    pub(crate) fn new(transport: Arc<dyn Transport>, policy: RetryPolicy, attempt_timeout: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            transport,
            policy,
            attempt_timeout,
            clock,
            route: Route::default(),
            answered: Arc::default(),
        }
    }

    /// The same, sharing with other pipelines what is known of which hosts have answered.
    pub(crate) fn sharing(mut self, answered: &Arc<Answered>) -> Self {
        self.answered = Arc::clone(answered);
        self
    }

    /// The same over the connections of this route.
    pub(crate) const fn by(mut self, route: Route) -> Self {
        self.route = route;
        self
    }

    /// Sends a request until there is an answer that another attempt would not better, with any status.
    ///
    /// `advise` may know from an answer's body what its status does not tell.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt under way, which may have been carried out. Nothing goes on behind it.
    pub(crate) async fn send(
        &self,
        call: Call,
        request: &Request,
        authorize: Option<&dyn Authorize>,
        advise: fn(&Answer) -> Option<Advice>,
    ) -> Result<Answer, HttpError> {
        let span = spans::of_request(request);
        let result = self.repeat(call, request, authorize, advise).instrument(span.clone()).await;
        spans::record(&span, &result);
        result
    }

    async fn repeat(
        &self,
        call: Call,
        request: &Request,
        authorize: Option<&dyn Authorize>,
        advise: fn(&Answer) -> Option<Advice>,
    ) -> Result<Answer, HttpError> {
        let mut schedule = self.policy.begin();
        let mut credentials = Credentials::new(authorize);
        let mut warming = Warming::new(self.warm(request.url()));
        let mut attempt = 0;
        let mut silence = Silence::default();
        // Whether an attempt before this one may have been carried out.
        let mut is_uncertain = false;
        loop {
            attempt += 1;
            let authorization = match warming.beside_token(credentials.next(&mut schedule)).await {
                Ok(authorization) => authorization,
                Err(Denied::NoToken(error)) if is_uncertain => return Err(HttpError::Authorization(error.after_lost_write())),
                Err(Denied::NoToken(error)) => return Err(HttpError::Authorization(error)),
                Err(Denied::NoOther(answer)) => return Ok(*answer),
            };
            // A repeat may not outlast the deadline; the first attempt gets the time it needs.
            let limit = match attempt {
                1 => self.attempt_timeout,
                _ => self.attempt_timeout.min(schedule.remaining().max(Duration::from_secs(1))),
            };
            let limit = silence.limit(limit);
            let began = Instant::now();
            let attempted = self
                .transport
                .attempt(Attempt::by(request, authorization.as_ref(), limit, self.route));
            let attempted = attempted.instrument(spans::of_attempt(attempt));
            let outcome = warming.beside_attempt(attempted).await;
            spans::log(request, attempt, began.elapsed(), &outcome);
            let trace = RequestTrace {
                follows_lost_write: is_uncertain,
                ..request.trace(attempt)
            };
            let (reason, delay, end) = match outcome {
                Err(failure) => {
                    is_uncertain |= request.writes() && may_be_lost(&failure);
                    let most = after_failure(&failure, request.is_repeatable());
                    let delay = most.and_then(|most| schedule.next_delay(attempt, most, None));
                    let host = (&*self.answered, request.url());
                    let delay = delay.filter(|delay| silence.allows(failure.kind(), began, *delay, host));
                    (Some(RetryReason::Connection), delay, Err(failed(request, trace, failure)))
                }
                Ok(raw) => {
                    silence.end();
                    self.answered.remember(request.url());
                    let answer = Answer::new(raw, request.host(), trace);
                    if matches!(answer.status(), 300..=399) {
                        return Err(redirected(request, &answer));
                    }
                    if credentials.renew_after(&answer) {
                        call.retried(Retry::new(request.title(), attempt, Duration::ZERO, RetryReason::TokenRefused));
                        credentials.keep(answer);
                        continue;
                    }
                    let advice = if answer.is_success() { None } else { advise(&answer) };
                    is_uncertain |= request.writes() && may_be_done(answer.status(), advice);
                    let reason = after_answer(answer.status(), request.is_repeatable(), advice);
                    let asked = requested_wait(answer.headers(), self.clock.now());
                    let delay = reason.and_then(|_| schedule.next_delay(attempt, u32::MAX, asked));
                    (reason, delay, Ok(answer))
                }
            };
            let (Some(reason), Some(delay)) = (reason, delay) else {
                if let Ok(answer) = &end {
                    call.answered(answer.trace().clone());
                }
                return end;
            };
            call.retried(Retry::new(request.title(), attempt, delay, reason));
            sleep(delay).await;
        }
    }

    /// Awaits a token for requests to this service, and opens a connection to it in the meantime.
    pub(crate) async fn beside_warming<T>(&self, service: &Url, token: impl Future<Output = T>) -> T {
        Warming::new(self.warm(service)).beside_token(token).await
    }

    /// Opens a connection to the origin of a URL, with a request that carries no token.
    async fn warm(&self, url: &Url) {
        let opening = Request::new(Method::Head, root_of(url));
        let attempt = Attempt::by(&opening, None, self.attempt_timeout, self.route);
        self.transport.warm(attempt).await;
    }
}

/// Gives the token of each attempt, and decides whether another one may be tried.
struct Credentials<'a> {
    authorize: Option<&'a dyn Authorize>,
    refused: Option<Box<Answer>>,
    renewed: Option<secrecy::SecretString>,
    was_renewed: bool,
}

enum Denied {
    NoToken(TokenError),
    /// The token was refused and there is no other: the refusal tells more than that.
    NoOther(Box<Answer>),
}

impl<'a> Credentials<'a> {
    const fn new(authorize: Option<&'a dyn Authorize>) -> Self {
        Self {
            authorize,
            refused: None,
            renewed: None,
            was_renewed: false,
        }
    }

    async fn next(&mut self, schedule: &mut Schedule) -> Result<Option<Authorization>, Denied> {
        let Some(authorize) = self.authorize else { return Ok(None) };
        let scheme = authorize.scheme();
        if let Some(renewed) = &self.renewed {
            let token = renewed.clone();
            return Ok(Some(Authorization { scheme, token }));
        }
        let asked = Instant::now();
        let refused = self.refused.take();
        let rejection = refused.as_ref().map(|answer| Rejection {
            claims: claims_of(&answer.headers().www_authenticate),
        });
        let token = authorize.bearer(rejection.as_ref()).await;
        schedule.extend_by(asked.elapsed());
        match (token, refused) {
            (Ok(token), refused) => {
                if refused.is_some() {
                    self.renewed = Some(token.clone());
                }
                Ok(Some(Authorization { scheme, token }))
            }
            (Err(error), Some(answer)) if error.failure() == TokenFailure::Expired => Err(Denied::NoOther(answer)),
            (Err(error), _) => Err(Denied::NoToken(error)),
        }
    }

    /// Whether the answer refuses the token and a fresh one has not been tried. Harmless for every request: a token
    /// is looked at before anything is done.
    fn renew_after(&mut self, answer: &Answer) -> bool {
        let is_renewable = self.authorize.is_some_and(|authorize| authorize.scheme() == Scheme::Bearer);
        let renews = answer.status() == 401 && is_renewable && !self.was_renewed;
        self.was_renewed |= renews;
        renews
    }

    fn keep(&mut self, answer: Answer) {
        self.refused = Some(Box::new(answer));
    }
}

fn failed(request: &Request, trace: RequestTrace, failure: TransportFailure) -> HttpError {
    match failure.kind() {
        None => HttpError::Unexpected(UnexpectedAnswer::new(
            request.host(),
            "it is longer than any answer that makes sense",
            trace,
        )),
        Some(kind) => HttpError::Unreachable(Unreachable::new(kind, request.host(), trace, failure.into_source())),
    }
}

fn redirected(request: &Request, answer: &Answer) -> HttpError {
    let to = answer.headers().location.as_deref().and_then(|location| {
        let target: Url = request.url().join(location).ok()?;
        target.host_str().map(str::to_owned)
    });
    HttpError::Redirected {
        to,
        trace: answer.trace().clone(),
    }
}

#[cfg(test)]
mod tests;
