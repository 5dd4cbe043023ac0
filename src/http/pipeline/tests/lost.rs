//! What is told of a write whose answer was lost, also if something else fails after it.

use super::*;
use crate::error::{Diagnostic, RefusalReason, Refused};

type Outcome = Result<RawAnswer, TransportFailure>;

fn lost() -> [Outcome; 5] {
    [
        broken(TransportKind::TimedOut),
        broken(TransportKind::Interrupted),
        status(408),
        status(500),
        status(503),
    ]
}

fn certain() -> [Outcome; 3] {
    [broken(TransportKind::Connect), status(429), status(401)]
}

/// Whether an error without an answer leaves open what was done.
fn is_open(run: &Run) -> bool {
    match &run.result {
        Err(HttpError::Unreachable(error)) => error.may_have_been_carried_out(),
        other => panic!("no answer is expected, and not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_stays_open_if_no_connection_is_made_afterwards() {
    for method in [Method::Patch, Method::Delete] {
        for first in lost() {
            let refused = (0..4).map(|_| broken(TransportKind::Connect));
            let run = run(method, [first].into_iter().chain(refused)).await;
            assert!(is_open(&run), "{:?}", run.result);
            let Err(error) = &run.result else { panic!("no answer came") };
            assert!(error.to_string().contains("an earlier one may have been carried out"), "{error}");
        }
        let run = run(method, (0..5).map(|_| broken(TransportKind::Connect))).await;
        assert!(!is_open(&run), "nothing was ever sent");
    }
    for first in lost() {
        let refused = (0..4).map(|_| broken(TransportKind::Connect));
        let run = run(Method::Get, [first].into_iter().chain(refused)).await;
        assert!(!is_open(&run), "a read changes nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_stays_open_if_it_is_refused_afterwards() {
    for last in [403, 404, 400] {
        for first in lost() {
            let run = run(Method::Patch, [first, status(last)]).await;
            let trace = run.result.unwrap().trace().clone();
            let refused = Refused::new(RefusalReason::PermissionMissing, "code", "message", trace);
            assert_eq!(refused.effect(), crate::error::Effect::Unknown);
        }
        let tokens = Tokens::default();
        for first in certain() {
            let run = run_as(Method::Patch, Some(&tokens), |_| None, [first, status(last)]).await;
            assert!(!run.result.unwrap().trace().follows_lost_write);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_untrusted_certificate_after_a_lost_answer_does_not_say_that_nothing_was_sent() {
    let untrusted = || broken(TransportKind::UntrustedCertificate);
    let after = run(Method::Patch, [broken(TransportKind::Interrupted), untrusted()]).await;
    let alone = run(Method::Patch, [untrusted()]).await;
    assert!(is_open(&after) && !is_open(&alone));
    assert!(!after.result.unwrap_err().help().contains("Nothing was sent"));
    assert!(alone.result.unwrap_err().help().contains("Nothing was sent"));
}

/// Has one token, and then none.
#[derive(Default)]
struct OneToken(AtomicUsize);

#[async_trait]
impl Authorize for OneToken {
    async fn bearer(&self, _: Option<&Rejection>) -> Result<SecretString, TokenError> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(SecretString::from("token")),
            _ => Err(TokenError::new(TokenFailure::Declined, "the person said no", "sign in")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_stays_open_if_no_token_is_had_afterwards() {
    for (first, is_open) in lost()
        .into_iter()
        .map(|first| (first, true))
        .chain(certain().map(|first| (first, false)))
    {
        let run = run_as(Method::Patch, Some(&OneToken::default()), |_| None, [first]).await;
        let Err(HttpError::Authorization(error)) = run.result else {
            panic!("there is no other token")
        };
        assert_eq!(error.failure(), TokenFailure::Declined);
        assert_eq!(crate::DirectoryError::from(error).may_have_been_carried_out(), is_open);
    }
}
