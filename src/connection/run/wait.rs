//! The way in which a run writes: it tries, waits for replication, and looks before it repeats, so that
//! nothing is made twice.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    backoff::{Delays, WaitPolicy},
    connection::report::{emitter::Emitter, event::EventKind, step::Step},
    error::{DirectoryError, ExceededMaxWait, RefusalReason},
};

/// How something came to be there.
#[derive(Debug, Clone)]
pub(crate) enum Ensured<T> {
    /// This run made it and has the answer.
    Created(T),
    /// This run may have made it: an attempt without an answer came before.
    Recovered(T),
    /// Another run made it in the meantime.
    Found(T),
}

/// What an attempt is about.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) step: Step,
    /// Whether what is written to was made by this run, so that "not found" means "not yet".
    pub(crate) fresh: bool,
    pub(crate) policy: WaitPolicy,
    pub(crate) emitter: &'a Emitter<'a>,
}

impl<'a> Attempt<'a> {
    /// Whether the directory turned a request down because it does not see a fresh object yet.
    ///
    /// "Unable to read the company information" looks alike, and may come after the deed.
    fn is_lagging(&self, error: &DirectoryError) -> bool {
        self.is_replication(error) && !error.may_have_been_carried_out()
    }

    fn is_replication(&self, error: &DirectoryError) -> bool {
        self.fresh && error.may_be_replication()
    }

    /// Waits once before something is tried that must not be tried at once: long enough for one look and one
    /// try.
    pub(crate) async fn pause(self, error: DirectoryError) -> Result<(), DirectoryError> {
        let mut wait = self.begin();
        wait.admit().await;
        wait.admit().await;
        wait.next(error).await
    }

    fn begin(self) -> Wait<'a> {
        Wait {
            delays: self.policy.delays(),
            started: Instant::now(),
            attempts: 0,
            before: None,
            last: None,
            attempt: self,
        }
    }
}

/// The waits between the requests of one attempt, with an event for each.
struct Wait<'a> {
    attempt: Attempt<'a>,
    delays: Delays,
    started: Instant,
    attempts: u32,
    /// When the request before the last one went out.
    before: Option<Instant>,
    last: Option<Instant>,
}

impl Wait<'_> {
    /// Lets one request go out. Two may follow each other at once, as a try and the look after it; a third
    /// one waits, so that no more than two go out within twice the shortest wait.
    async fn admit(&mut self) {
        let pace = self.pace();
        // Even a wait of no time takes up to a millisecond: timers count in milliseconds.
        if !pace.is_zero() {
            sleep(pace).await;
        }
        self.before = self.last.replace(Instant::now());
    }

    /// How long the next request has to wait for the sake of the two before it.
    fn pace(&self) -> Duration {
        let spacing = self.attempt.policy.shortest_delay().saturating_mul(2);
        self.before
            .map_or(Duration::ZERO, |before| spacing.saturating_sub(before.elapsed()))
    }

    /// Waits, or gives the error back with how long was waited when there is no time left.
    async fn next(&mut self, error: DirectoryError) -> Result<(), DirectoryError> {
        self.attempts += 1;
        let policy = self.attempt.policy;
        let shortest = policy.shortest_delay().max(self.pace());
        let left = policy.deadline().saturating_sub(self.started.elapsed());
        if left < shortest {
            return Err(match self.attempts {
                1 => error,
                polls => ExceededMaxWait::new(policy.deadline(), self.started.elapsed(), polls, error).into(),
            });
        }
        // The last question goes out at the deadline, and not one long wait before it.
        let delay = self.delays.next().max(shortest).min(left);
        let code = match &error {
            DirectoryError::Refused(refused) => refused.service_code().to_owned(),
            DirectoryError::NotVisible(_) => "notVisible".to_owned(),
            _ => "no answer".to_owned(),
        };
        self.attempt.emitter.emit(EventKind::WaitingForReplication {
            step: self.attempt.step,
            attempt: self.attempts,
            delay,
            code,
        });
        sleep(delay).await;
        Ok(())
    }
}

/// Carries out a change that must not be repeated blindly: it is repeated only if the directory has turned it
/// down because it does not see a fresh object yet. Everything else is the caller's to look into.
pub(crate) async fn settle_once<T, F>(attempt: Attempt<'_>, change: impl FnMut() -> F) -> Result<T, DirectoryError>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    repeat_while(attempt, Attempt::is_lagging, change).await
}

/// Carries out a change that may be repeated without harm, waiting for replication if the object is fresh.
pub(crate) async fn settle<T, F>(attempt: Attempt<'_>, change: impl FnMut() -> F) -> Result<T, DirectoryError>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    repeat_while(attempt, Attempt::is_replication, change).await
}

async fn repeat_while<'a, T, F>(
    attempt: Attempt<'a>,
    is_worth_waiting: impl Fn(&Attempt<'a>, &DirectoryError) -> bool,
    mut change: impl FnMut() -> F,
) -> Result<T, DirectoryError>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    let mut wait = attempt.begin();
    loop {
        wait.admit().await;
        match change().await {
            Err(error) if is_worth_waiting(&attempt, &error) => wait.next(error).await?,
            other => return other,
        }
    }
}

/// Makes something that must not be made twice.
///
/// Whenever an attempt may have been carried out although it failed, or the directory says that the thing is
/// there already, `look` decides; only when it is not there is `make` tried again.
pub(crate) async fn ensure<T, M, L>(
    attempt: Attempt<'_>,
    mut make: impl FnMut() -> M,
    mut look: impl FnMut() -> L,
) -> Result<Ensured<T>, DirectoryError>
where
    M: Future<Output = Result<T, DirectoryError>>,
    L: Future<Output = Result<Option<T>, DirectoryError>>,
{
    let mut wait = attempt.begin();
    let mut is_uncertain = false;
    loop {
        wait.admit().await;
        let error = match make().await {
            Ok(made) => return Ok(Ensured::Created(made)),
            Err(error) => error,
        };
        let is_there = matches!(error.refusal(), Some(RefusalReason::AlreadyExists | RefusalReason::UniqueNameInUse));
        is_uncertain |= error.may_have_been_carried_out();
        if is_there || error.may_have_been_carried_out() {
            wait.admit().await;
            if let Some(found) = look().await? {
                return Ok(if is_uncertain {
                    Ensured::Recovered(found)
                } else {
                    Ensured::Found(found)
                });
            }
        } else if !attempt.is_lagging(&error) {
            return Err(error);
        }
        wait.next(error).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    };

    use proptest::prelude::*;

    use super::*;
    use crate::error::{Refused, RequestTrace, TransportKind, Unreachable};
    use crate::{
        clock::SystemClock,
        connection::report::event::{Event, Verb},
    };

    fn refused(reason: RefusalReason) -> DirectoryError {
        Refused::new(reason, "Code", "message", RequestTrace::default()).into()
    }

    fn interrupted() -> DirectoryError {
        Unreachable::new(TransportKind::Interrupted, "host", RequestTrace::default(), "reset").into()
    }

    fn quiet() -> Emitter<'static> {
        Emitter::begin(Verb::Apply, &|_| (), &SystemClock)
    }

    fn attempt<'a>(fresh: bool, emitter: &'a Emitter<'a>) -> Attempt<'a> {
        Attempt {
            step: Step::ServerServicePrincipal,
            fresh,
            policy: WaitPolicy::default(),
            emitter,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_object_is_waited_for_with_growing_delays() {
        let events = Mutex::new(Vec::new());
        let listener = |event: &Event| events.lock().unwrap().push(event.clone());
        let emitter = Emitter::begin(Verb::Apply, &listener, &SystemClock);
        let calls = AtomicU32::new(0);
        let result = settle(attempt(true, &emitter), || async {
            match calls.fetch_add(1, Ordering::Relaxed) {
                0..3 => Err(refused(RefusalReason::NotFound)),
                _ => Ok(7),
            }
        })
        .await;
        assert_eq!(result.unwrap(), 7);
        let delays: Vec<u128> = events
            .lock()
            .unwrap()
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::WaitingForReplication { delay, .. } => Some(delay.as_millis()),
                _ => None,
            })
            .collect();
        assert_eq!(delays, [500, 500, 500]);
    }

    #[tokio::test]
    async fn not_found_is_final_for_an_object_that_this_run_has_not_made() {
        let calls = AtomicU32::new(0);
        let result: Result<(), _> = settle(attempt(false, &quiet()), || async {
            calls.fetch_add(1, Ordering::Relaxed);
            Err(refused(RefusalReason::NotFound))
        })
        .await;
        assert_eq!(
            (result.unwrap_err().refusal(), calls.into_inner()),
            (Some(RefusalReason::NotFound), 1)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_at_the_deadline_and_says_how_long_and_how_often_it_waited() {
        let started = Instant::now();
        let result: Result<(), _> = settle(attempt(true, &quiet()), || async { Err(refused(RefusalReason::NotFound)) }).await;
        let error = result.unwrap_err();
        assert_eq!(error.refusal(), Some(RefusalReason::NotFound));
        let DirectoryError::ExceededMaxWait(error) = error else {
            panic!("{error:?}");
        };
        let deadline = WaitPolicy::default().deadline();
        assert_eq!(
            (started.elapsed(), error.elapsed(), error.max_wait()),
            (deadline, deadline, deadline)
        );
        assert_eq!(error.poll_count(), 21);
        assert_eq!(
            error.to_string(),
            "after 21 attempts within 120 s the directory still does not see what was just made"
        );
        assert!(
            std::error::Error::source(&*error)
                .unwrap()
                .to_string()
                .contains("refused with Code")
        );
    }

    #[tokio::test]
    async fn a_lost_answer_is_looked_up_before_anything_is_sent_again() {
        let calls = AtomicU32::new(0);
        let result = ensure(
            attempt(true, &quiet()),
            || async {
                calls.fetch_add(1, Ordering::Relaxed);
                Err(interrupted())
            },
            || async { Ok(Some(7)) },
        )
        .await;
        assert!(matches!(result, Ok(Ensured::Recovered(7))));
        assert_eq!(calls.into_inner(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_provably_did_not_happen_is_made_again() {
        let calls = AtomicU32::new(0);
        let result = ensure(
            attempt(true, &quiet()),
            || async {
                match calls.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(interrupted()),
                    _ => Ok(7),
                }
            },
            || async { Ok(None) },
        )
        .await;
        assert!(matches!(result, Ok(Ensured::Created(7))));
    }

    #[tokio::test(start_paused = true)]
    async fn already_there_but_not_visible_yet_is_looked_up_until_it_shows() {
        let looks = AtomicU32::new(0);
        let result = ensure(
            attempt(false, &quiet()),
            || async { Err::<u8, _>(refused(RefusalReason::AlreadyExists)) },
            || async { Ok((looks.fetch_add(1, Ordering::Relaxed) >= 2).then_some(7)) },
        )
        .await;
        assert!(matches!(result, Ok(Ensured::Found(7))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_leaves_no_time_to_wait_gives_the_refusal_itself() {
        let emitter = quiet();
        let attempt = Attempt {
            policy: WaitPolicy::default().with_deadline(Duration::from_millis(100)),
            ..attempt(true, &emitter)
        };
        let result: Result<(), _> = settle(attempt, || async { Err(refused(RefusalReason::NotFound)) }).await;
        assert!(matches!(result, Err(DirectoryError::Refused(_))));
    }

    /// How a request of [`paced`] ends.
    #[derive(Debug, Clone, Copy)]
    enum Answer {
        NotYet,
        Lost,
        AlreadyThere,
    }

    /// Makes something, with these answers in turn, and every look in vain; gives the times of all requests.
    async fn paced(answers: &[Answer]) -> Vec<Duration> {
        let started = Instant::now();
        let times = Mutex::new(Vec::new());
        let calls = AtomicU32::new(0);
        let note = || times.lock().unwrap().push(started.elapsed());
        let emitter = quiet();
        let result = ensure(
            attempt(true, &emitter),
            || async {
                note();
                let call = calls.fetch_add(1, Ordering::Relaxed);
                match answers.get(usize::try_from(call).unwrap()) {
                    Some(Answer::NotYet) => Err(refused(RefusalReason::NotFound)),
                    Some(Answer::Lost) => Err(interrupted()),
                    Some(Answer::AlreadyThere) => Err(refused(RefusalReason::AlreadyExists)),
                    None => Ok(()),
                }
            },
            || async {
                note();
                Ok(None)
            },
        );
        assert!(matches!(result.await, Ok(Ensured::Created(()))));
        times.into_inner().unwrap()
    }

    /// Virtual time stands still while a test of proptest runs in it, so each case gets a runtime of its own.
    fn in_virtual_time<T>(work: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
    }

    fn any_answer() -> impl Strategy<Value = Answer> {
        prop_oneof![Just(Answer::NotYet), Just(Answer::Lost), Just(Answer::AlreadyThere)]
    }

    proptest! {
        #[test]
        fn a_lag_costs_at_most_three_tenths_or_half_a_second_and_one_request(
            lag in 200_u64..30_000, request in 0_u64..400,
        ) {
            let (lag, request) = (Duration::from_millis(lag), Duration::from_millis(request));
            let (spent, requests) = in_virtual_time(async {
                let started = Instant::now();
                let requests = AtomicU32::new(0);
                settle(attempt(true, &quiet()), || async {
                    requests.fetch_add(1, Ordering::Relaxed);
                    // The directory looks when the request reaches it, and the answer takes its time.
                    let is_seen = started.elapsed() >= lag;
                    sleep(request).await;
                    if is_seen { Ok(()) } else { Err(refused(RefusalReason::NotFound)) }
                })
                .await
                .unwrap();
                (started.elapsed(), requests.into_inner())
            });
            let most = lag.mul_f64(1.3).max(lag + Duration::from_millis(500));
            // The request that misses by a hair, and the one that hits; and the timer's millisecond.
            prop_assert!(spent <= most + request * 2 + Duration::from_millis(1), "{spent:?} of {most:?}");
            prop_assert!(f64::from(requests) <= spent.as_secs_f64() * 2.0 + 1.0, "{requests} in {spent:?}");
        }

        #[test]
        fn no_more_than_two_requests_go_out_in_any_second(answers in proptest::collection::vec(any_answer(), 0..20)) {
            let times = in_virtual_time(paced(&answers));
            for three in times.windows(3) {
                prop_assert!(three[2] - three[0] >= Duration::from_secs(1), "{times:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_refusal_is_final() {
        let result: Result<Ensured<()>, _> = ensure(
            attempt(true, &quiet()),
            || async { Err(refused(RefusalReason::SecretsForbidden)) },
            || async { panic!("nothing to look for") },
        )
        .await;
        assert_eq!(result.unwrap_err().refusal(), Some(RefusalReason::SecretsForbidden));
    }
}
