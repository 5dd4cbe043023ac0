mod lost;
mod silence;

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use time::macros::datetime;

use super::*;
use crate::call::CallEvent;
use crate::{
    clock::FixedClock,
    error::TransportKind,
    http::{
        answer::{AnswerHeaders, RawAnswer},
        request::Method,
    },
};

/// Plays the answers of a script, and notes when each attempt was made and with which token.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Result<RawAnswer, TransportFailure>>>,
    attempts: Mutex<Vec<(Instant, Option<String>, Duration)>>,
    /// How long each attempt takes.
    takes: Duration,
    /// What connections were opened with.
    openings: Mutex<Vec<(String, Option<String>)>>,
}

#[async_trait]
impl Transport for Script {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let token = attempt.authorization().map(|header| {
            let header = header.expose_secret();
            header.strip_prefix("Bearer ").unwrap_or(header).to_owned()
        });
        self.attempts.lock().unwrap().push((Instant::now(), token, attempt.time_limit()));
        sleep(self.takes.min(attempt.time_limit())).await;
        self.answers.lock().unwrap().pop_front().expect("the script has an answer left")
    }

    async fn warm(&self, attempt: Attempt<'_>) {
        let request = attempt.request();
        let shown = format!("{} {}", request.method().as_str(), request.url());
        let token = attempt.authorization().map(|header| header.expose_secret().to_owned());
        self.openings.lock().unwrap().push((shown, token));
    }
}

fn status(status: u16) -> Result<RawAnswer, TransportFailure> {
    with_headers(status, AnswerHeaders::default())
}

fn with_headers(status: u16, headers: AnswerHeaders) -> Result<RawAnswer, TransportFailure> {
    Ok(RawAnswer {
        status,
        headers,
        body: Zeroizing::default(),
    })
}

fn waiting(seconds: &str) -> Result<RawAnswer, TransportFailure> {
    let headers = AnswerHeaders {
        retry_after: Some(seconds.to_owned()),
        ..AnswerHeaders::default()
    };
    with_headers(429, headers)
}

fn broken(kind: TransportKind) -> Result<RawAnswer, TransportFailure> {
    Err(TransportFailure::new(kind, "scripted"))
}

struct Run {
    result: Result<Answer, HttpError>,
    waits: Vec<Duration>,
    tokens: Vec<Option<String>>,
    retries: Vec<Retry>,
}

impl Run {
    fn status(&self) -> u16 {
        self.result.as_ref().unwrap().status()
    }

    fn attempts(&self) -> usize {
        self.tokens.len()
    }
}

async fn run(method: Method, answers: impl IntoIterator<Item = Result<RawAnswer, TransportFailure>>) -> Run {
    run_as(method, None, |_| None, answers).await
}

async fn run_as(
    method: Method,
    authorize: Option<&dyn Authorize>,
    advise: fn(&Answer) -> Option<Advice>,
    answers: impl IntoIterator<Item = Result<RawAnswer, TransportFailure>>,
) -> Run {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        ..Script::default()
    });
    let policy = RetryPolicy {
        seed: Some(1),
        ..RetryPolicy::default()
    };
    let clock = Arc::new(FixedClock(datetime!(2026-10-01 12:00 UTC)));
    let transport: Arc<dyn Transport> = script.clone();
    let pipeline = Pipeline::new(transport, policy, Duration::from_secs(60), clock);
    let request = Request::new(method, "https://graph.example/v1.0/applications?$filter=hidden".parse().unwrap());
    let (call, mut heard) = Call::channel();
    let result = pipeline.send(call, &request, authorize, advise).await;
    let mut retries = Vec::new();
    while let Some(event) = heard.try_next() {
        if let CallEvent::Retried(retry) = event {
            retries.push(retry);
        }
    }
    let attempts = script.attempts.lock().unwrap();
    let waits = attempts.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    Run {
        result,
        waits,
        tokens: attempts.iter().map(|(_, token, _)| token.clone()).collect(),
        retries,
    }
}

/// Numbers its tokens, notes what it was told of refusals, and may have none after a refusal.
#[derive(Default)]
struct Tokens {
    given: AtomicUsize,
    rejections: Mutex<Vec<Rejection>>,
    runs_dry: bool,
}

#[async_trait]
impl Authorize for Tokens {
    async fn bearer(&self, rejection: Option<&Rejection>) -> Result<SecretString, TokenError> {
        if let Some(rejection) = rejection {
            self.rejections.lock().unwrap().push(rejection.clone());
            if self.runs_dry {
                return Err(TokenError::new(TokenFailure::Expired, "no other", "get one"));
            }
        }
        // A user who takes ten minutes to sign in.
        sleep(Duration::from_secs(600)).await;
        Ok(SecretString::from(format!("token-{}", self.given.fetch_add(1, Ordering::SeqCst))))
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_what_the_service_asks_for_if_that_is_longer_than_the_policys() {
    let run = run(
        Method::Post,
        [waiting("7"), waiting("0"), waiting("Thu, 01 Oct 2026 12:00:30 GMT"), status(201)],
    )
    .await;
    assert_eq!(run.status(), 201);
    assert_eq!(run.waits[0], Duration::from_secs(7));
    assert!(run.waits[1] >= Duration::from_millis(500) && run.waits[1] <= Duration::from_secs(1));
    assert_eq!(run.waits[2], Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn without_retry_after_the_waits_grow() {
    let run = run(Method::Post, [status(429), status(429), status(429), status(201)]).await;
    assert_eq!(run.status(), 201);
    assert!(
        run.waits[0] >= Duration::from_millis(250) && run.waits[1] >= Duration::from_millis(500) && run.waits[2] >= Duration::from_secs(1)
    );
    let told: Vec<_> = run.retries.iter().map(|retry| (retry.attempt, retry.reason)).collect();
    assert_eq!(
        told,
        [
            (1, RetryReason::Throttled),
            (2, RetryReason::Throttled),
            (3, RetryReason::Throttled)
        ]
    );
    assert!(run.retries.iter().all(|retry| retry.request == "POST /v1.0/applications"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_ends_the_call_at_once() {
    let began = Instant::now();
    let run = run(Method::Get, [waiting("3600")]).await;
    assert_eq!((run.status(), run.attempts()), (429, 1));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_first_attempt_gets_its_whole_time_and_a_repeat_what_is_left_of_the_deadline() {
    let script = Arc::new(Script {
        answers: Mutex::new([status(503), status(200)].into()),
        takes: Duration::from_secs(1),
        ..Script::default()
    });
    let policy = RetryPolicy {
        deadline: Duration::from_secs(10),
        seed: Some(1),
        ..RetryPolicy::default()
    };
    let clock = Arc::new(FixedClock(datetime!(2026-10-01 12:00 UTC)));
    let transport: Arc<dyn Transport> = script.clone();
    let pipeline = Pipeline::new(transport, policy, Duration::from_secs(60), clock);
    let request = Request::new(Method::Get, "https://graph.example/v1.0/applications".parse().unwrap());
    pipeline.send(Call::quiet(), &request, None, |_| None).await.unwrap();
    let attempts = script.attempts.lock().unwrap();
    let (first, second) = (&attempts[0], &attempts[1]);
    assert_eq!(first.2, Duration::from_secs(60));
    assert_eq!(second.2, Duration::from_secs(10) - (second.0 - first.0));
}

#[tokio::test(start_paused = true)]
async fn a_post_is_not_sent_again_after_a_server_error_or_a_lost_connection() {
    for failure in [status(500), status(503), status(408)] {
        assert_eq!(run(Method::Post, [failure]).await.attempts(), 1);
    }
    for kind in [TransportKind::TimedOut, TransportKind::Interrupted] {
        let run = run(Method::Post, [broken(kind)]).await;
        assert_eq!(run.attempts(), 1);
        let Err(HttpError::Unreachable(error)) = run.result else {
            panic!("an error is expected")
        };
        assert!(error.may_have_been_carried_out());
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_is_sent_again_if_no_connection_was_made() {
    let run = run(
        Method::Post,
        [broken(TransportKind::Connect), broken(TransportKind::Connect), status(201)],
    )
    .await;
    assert_eq!((run.status(), run.attempts()), (201, 3));
    assert_eq!(run.retries[0].reason, RetryReason::Connection);
}

#[tokio::test(start_paused = true)]
async fn a_missing_service_is_reported_within_half_a_minute() {
    let began = Instant::now();
    let run = run(Method::Get, (0..5).map(|_| broken(TransportKind::Connect))).await;
    assert!(run.result.is_err());
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn an_untrusted_certificate_is_reported_at_once() {
    for failure in [
        TransportFailure::new(TransportKind::UntrustedCertificate, "untrusted"),
        TransportFailure::new(TransportKind::Connect, "turned down").lasting(),
    ] {
        assert_eq!(run(Method::Get, [Err(failure)]).await.attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_outlives_lost_connections_and_server_errors() {
    let answers = [
        broken(TransportKind::Interrupted),
        status(500),
        broken(TransportKind::TimedOut),
        status(502),
        status(200),
    ];
    let run = run(Method::Get, answers).await;
    assert_eq!((run.status(), run.attempts()), (200, 5));
    assert_eq!(run.result.unwrap().trace().attempts, 5);
}

#[tokio::test(start_paused = true)]
async fn trouble_that_lasts_ends_with_its_last_answer_before_the_deadline() {
    let began = Instant::now();
    let run = run(Method::Get, (0..20).map(|_| status(503))).await;
    assert_eq!(run.status(), 503);
    assert!(run.attempts() > 5 && began.elapsed() <= Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn what_the_caller_knows_better_decides_on_repeating() {
    fn conflict(_: &Answer) -> Option<Advice> {
        Some(Advice::RepeatAlways(RetryReason::ConcurrentChange))
    }
    let run = run_as(Method::Post, None, conflict, [status(409), status(201)]).await;
    assert_eq!(run.status(), 201);
    assert_eq!(run.retries[0].reason, RetryReason::ConcurrentChange);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_reported_and_not_followed() {
    let headers = AnswerHeaders {
        location: Some("https://portal.example/login?x=canary-7Q".to_owned()),
        ..AnswerHeaders::default()
    };
    let run = run(Method::Get, [with_headers(302, headers)]).await;
    let Err(HttpError::Redirected { to, trace }) = run.result else {
        panic!("a redirect is expected")
    };
    assert_eq!((to.as_deref(), trace.status), (Some("portal.example"), Some(302)));
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_and_the_fresh_one_serves_the_rest_of_the_call() {
    let tokens = Tokens::default();
    let answers = [status(401), status(429), status(201)];
    let run = run_as(Method::Post, Some(&tokens), |_| None, answers).await;
    assert_eq!(run.status(), 201);
    let used: Vec<_> = run.tokens.iter().flatten().map(String::as_str).collect();
    assert_eq!(used, ["token-0", "token-1", "token-1"]);
    assert_eq!(run.retries[0].reason, RetryReason::TokenRefused);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_too_ends_the_call() {
    let run = run_as(Method::Get, Some(&Tokens::default()), |_| None, [status(401), status(401)]).await;
    assert_eq!((run.status(), run.attempts()), (401, 2));
}

#[tokio::test(start_paused = true)]
async fn the_claims_of_a_challenge_reach_the_token_provider() {
    let claims = r#"{"access_token":{"acrs":{"value":"c1"}}}"#;
    let headers = AnswerHeaders {
        www_authenticate: vec![format!(
            r#"Bearer error="insufficient_claims", claims="{}""#,
            STANDARD.encode(claims)
        )],
        ..AnswerHeaders::default()
    };
    let tokens = Tokens::default();
    let run = run_as(Method::Get, Some(&tokens), |_| None, [with_headers(401, headers), status(200)]).await;
    assert_eq!(run.status(), 200);
    assert_eq!(tokens.rejections.lock().unwrap()[0].claims.as_deref(), Some(claims));
}

#[tokio::test(start_paused = true)]
async fn without_another_token_the_refusal_itself_is_reported() {
    let tokens = Tokens {
        runs_dry: true,
        ..Tokens::default()
    };
    let run = run_as(Method::Get, Some(&tokens), |_| None, [status(401)]).await;
    assert_eq!((run.status(), run.attempts()), (401, 1));
}

#[tokio::test(start_paused = true)]
async fn time_spent_on_signing_in_does_not_count_against_the_deadline() {
    let tokens = Tokens::default();
    let run = run_as(Method::Get, Some(&tokens), |_| None, [status(503), waiting("60"), status(200)]).await;
    assert_eq!(run.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_opened_while_a_token_is_fetched_by_a_request_that_carries_none() {
    let script = Arc::new(Script {
        answers: Mutex::new([status(200), status(200)].into()),
        ..Script::default()
    });
    let transport: Arc<dyn Transport> = script.clone();
    let pipeline = Pipeline::new(
        transport,
        RetryPolicy::default(),
        Duration::from_secs(60),
        Arc::new(crate::clock::SystemClock),
    );
    let request = Request::new(Method::Get, "https://graph.example/v1.0/me?$select=id".parse().unwrap());
    for authorize in [Some(&Tokens::default() as &dyn Authorize), None] {
        pipeline.send(Call::quiet(), &request, authorize, |_| None).await.unwrap();
        let opened = script.openings.lock().unwrap().clone();
        assert_eq!(
            opened,
            [("HEAD https://graph.example/".to_owned(), None)],
            "only a token is waited for"
        );
    }
    assert_eq!(script.attempts.lock().unwrap().len(), 2, "an opening is not an attempt");
}
