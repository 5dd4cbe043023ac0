use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use proptest::prelude::*;
use tokio::time::Instant;

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
    Emitter::begin(Verb::Apply, None, &|_| (), &SystemClock)
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
    let emitter = Emitter::begin(Verb::Apply, None, &listener, &SystemClock);
    let calls = AtomicU32::new(0);
    let result = settle(attempt(true, &emitter), || async {
        match calls.fetch_add(1, Ordering::Relaxed) {
            0..3 => Err(refused(RefusalReason::NotFound)),
            _ => Ok(7),
        }
    })
    .await;
    assert_eq!(result.unwrap(), 7);
    let delays: Vec<(u32, u128)> = events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::WaitingForReplication { attempt, delay, .. } => Some((*attempt, delay.as_millis())),
            _ => None,
        })
        .collect();
    assert_eq!(delays, [(1, 500), (2, 500), (3, 500)]);
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_wait_says_what_the_last_answer_was() {
    for (error, told) in [
        (refused(RefusalReason::NotFound), "Code"),
        (crate::error::NotVisible::new("the app registration 7").into(), "notVisible"),
        (interrupted(), "noAnswer"),
    ] {
        let events = Mutex::new(Vec::new());
        let listener = |event: &Event| events.lock().unwrap().push(event.clone());
        let emitter = Emitter::begin(Verb::Apply, None, &listener, &SystemClock);
        attempt(true, &emitter).pause(error).await.unwrap();
        let events = events.lock().unwrap();
        let codes = events.iter().filter_map(|event| match &event.kind {
            EventKind::WaitingForReplication { code, .. } => Some(code.as_str()),
            _ => None,
        });
        assert_eq!(codes.collect::<Vec<_>>(), [told]);
    }
}

/// As before a second secret is added: what the first request may have left is given time to show.
#[tokio::test(start_paused = true)]
async fn a_pause_takes_the_time_of_a_look_and_of_a_try_even_for_what_is_final() {
    let started = Instant::now();
    attempt(false, &quiet()).pause(interrupted()).await.unwrap();
    let shortest = WaitPolicy::default().shortest_delay();
    assert!(started.elapsed() >= shortest * 2, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_pause_for_which_no_time_is_left_gives_the_error_back() {
    let emitter = quiet();
    let attempt = Attempt {
        policy: WaitPolicy::default().with_deadline(Duration::ZERO),
        ..attempt(false, &emitter)
    };
    assert!(matches!(attempt.pause(interrupted()).await, Err(DirectoryError::Unreachable(_))));
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
    assert!(matches!(result, Ok((7, Origin::Recovered))));
    assert_eq!(calls.into_inner(), 1);
}

fn not_connected() -> DirectoryError {
    Unreachable::new(TransportKind::Connect, "host", RequestTrace::default(), "refused").into()
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_does_not_hide_a_lost_answer() {
    for of_look in [not_connected(), refused(RefusalReason::PermissionMissing)] {
        let made: Result<(u8, Origin), _> = ensure(
            attempt(true, &quiet()),
            || async { Err(interrupted()) },
            || async { Err(of_look.clone()) },
        )
        .await;
        let error = made.unwrap_err();
        assert!(error.may_have_been_carried_out(), "{error}");
    }
    let made: Result<(u8, Origin), _> = ensure(
        attempt(true, &quiet()),
        || async { Err(refused(RefusalReason::AlreadyExists)) },
        || async { Err(not_connected()) },
    )
    .await;
    let error = made.unwrap_err();
    assert!(
        matches!(error, DirectoryError::Unreachable(_)) && !error.may_have_been_carried_out(),
        "what was refused was not written, and the look says what stands in the way: {error}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_comes_after_a_lost_answer_does_not_hide_it() {
    for last in [not_connected(), refused(RefusalReason::PermissionMissing)] {
        let calls = AtomicU32::new(0);
        let next = || async {
            match calls.fetch_add(1, Ordering::Relaxed) {
                0 => Err::<u8, _>(interrupted()),
                _ => Err(last.clone()),
            }
        };
        let error = ensure(attempt(true, &quiet()), next, || async { Ok(None) }).await.unwrap_err();
        assert_eq!(error.code(), last.code(), "the last error says what stands in the way");
        assert!(error.may_have_been_carried_out(), "{error}");
    }
    // The answer was lost, and a repeat in the same call did not find the fresh object.
    let lost = refused(RefusalReason::NotFound).after_lost_write();
    let calls = AtomicU32::new(0);
    let emitter = quiet();
    let changed = settle(attempt(true, &emitter), || async {
        match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err::<u8, _>(lost.clone()),
            _ => Err(not_connected()),
        }
    });
    assert!(changed.await.unwrap_err().may_have_been_carried_out());
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
    assert!(matches!(result, Ok((7, Origin::Made))));
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
    assert!(matches!(result, Ok((7, Origin::Elsewhere))));
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

#[tokio::test(start_paused = true)]
async fn a_deadline_that_leaves_time_for_one_wait_gives_one_more_attempt() {
    let emitter = quiet();
    let attempt = Attempt {
        policy: WaitPolicy::default().with_deadline(WaitPolicy::default().shortest_delay()),
        ..attempt(true, &emitter)
    };
    let calls = AtomicU32::new(0);
    let result = settle(attempt, || async {
        match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(refused(RefusalReason::NotFound)),
            _ => Ok(7),
        }
    });
    assert!(matches!(result.await, Ok(7)));
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
    assert!(matches!(result.await, Ok(((), Origin::Made))));
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
    let result: Result<((), Origin), _> = ensure(
        attempt(true, &quiet()),
        || async { Err(refused(RefusalReason::SecretsForbidden)) },
        || async { panic!("nothing to look for") },
    )
    .await;
    assert_eq!(result.unwrap_err().refusal(), Some(RefusalReason::SecretsForbidden));
}
