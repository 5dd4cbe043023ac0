//! The one way anything is made: try, look, wait, never twice.

use std::{future::Future, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep};

use super::{
    event::{Event, Listener},
    step::Step,
};
use crate::error::{DirectoryError, RefusalReason};

/// How long is waited for the directory to see everywhere what this run has made.
pub(crate) const REPLICATION_DEADLINE: Duration = Duration::from_secs(120);

/// How something came to be there.
#[derive(Debug, Clone)]
pub(crate) enum Ensured<T> {
    /// This run made it and has the answer.
    Created(T),
    /// This run may have made it: an attempt without an answer came before.
    Recovered(T),
    /// Somebody else made it in the meantime.
    Found(T),
}

/// Waits between attempts: 0.25 s, doubling to 8 s, up to the deadline, with an event for each.
#[derive(Debug)]
struct Patience {
    delays: backon::ExponentialBackoff,
    started: Instant,
    deadline: Duration,
    attempt: u32,
}

impl Patience {
    fn new(deadline: Duration) -> Self {
        let builder = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(8))
            .with_factor(2.0)
            .without_max_times();
        Self {
            delays: builder.build(),
            started: Instant::now(),
            deadline,
            attempt: 0,
        }
    }

    /// Waits, or gives the error back when there is no time left to wait.
    async fn wait(&mut self, step: Step, error: DirectoryError, listener: Listener<'_>) -> Result<(), DirectoryError> {
        self.attempt += 1;
        let delay = self.delays.next().unwrap_or(Duration::from_secs(8));
        if self.started.elapsed() + delay > self.deadline {
            return Err(error);
        }
        let code = match &error {
            DirectoryError::Refused(refused) => refused.code().to_owned(),
            _ => "no answer".to_owned(),
        };
        listener(&Event::WaitingForReplication {
            step,
            attempt: self.attempt,
            delay,
            code,
        });
        sleep(delay).await;
        Ok(())
    }
}

/// What an attempt was about.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) step: Step,
    /// Whether what is written to was made by this run, so that "not found" means "not yet".
    pub(crate) fresh: bool,
    pub(crate) deadline: Duration,
    pub(crate) listener: Listener<'a>,
}

impl Attempt<'_> {
    /// Whether the directory turned a request down because it does not see a fresh object yet.
    ///
    /// "Unable to read the company information" looks alike, and may come after the deed.
    fn is_lagging(&self, error: &DirectoryError) -> bool {
        self.fresh && error.may_be_replication() && !error.may_have_been_carried_out()
    }

    /// Waits once before something is tried that must not be tried at once.
    pub(crate) async fn pause(&self, error: DirectoryError) -> Result<(), DirectoryError> {
        Patience::new(self.deadline).wait(self.step, error, self.listener).await
    }
}

/// Carries out a change that must not be repeated blindly: it is repeated only where the directory has turned it down
/// because it does not see a fresh object yet. Everything else is the caller's to look into.
pub(crate) async fn settle_once<T, F>(attempt: Attempt<'_>, mut change: impl FnMut() -> F) -> Result<T, DirectoryError>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    let mut patience = Patience::new(attempt.deadline);
    loop {
        match change().await {
            Err(error) if attempt.is_lagging(&error) => patience.wait(attempt.step, error, attempt.listener).await?,
            other => return other,
        }
    }
}

/// Carries out a change that may be repeated without harm, waiting for replication where the object is fresh.
pub(crate) async fn settle<T, F>(attempt: Attempt<'_>, mut change: impl FnMut() -> F) -> Result<T, DirectoryError>
where
    F: Future<Output = Result<T, DirectoryError>>,
{
    let mut patience = Patience::new(attempt.deadline);
    loop {
        match change().await {
            Err(error) if attempt.fresh && error.may_be_replication() => patience.wait(attempt.step, error, attempt.listener).await?,
            other => return other,
        }
    }
}

/// Makes something that must not be made twice.
///
/// Whenever an attempt may have been carried out although it failed, or the directory says that the thing is there
/// already, `look` decides; only when it is not there is `make` tried again.
pub(crate) async fn ensure<T, M, L>(
    attempt: Attempt<'_>,
    mut make: impl FnMut() -> M,
    mut look: impl FnMut() -> L,
) -> Result<Ensured<T>, DirectoryError>
where
    M: Future<Output = Result<T, DirectoryError>>,
    L: Future<Output = Result<Option<T>, DirectoryError>>,
{
    let mut patience = Patience::new(attempt.deadline);
    let mut is_uncertain = false;
    loop {
        let error = match make().await {
            Ok(made) => return Ok(Ensured::Created(made)),
            Err(error) => error,
        };
        let is_there = matches!(error.refusal(), Some(RefusalReason::AlreadyExists | RefusalReason::UniqueNameInUse));
        is_uncertain |= error.may_have_been_carried_out();
        let is_lagging = attempt.is_lagging(&error);
        if is_there || error.may_have_been_carried_out() {
            if let Some(found) = look().await? {
                return Ok(if is_uncertain {
                    Ensured::Recovered(found)
                } else {
                    Ensured::Found(found)
                });
            }
        } else if !is_lagging {
            return Err(error);
        }
        patience.wait(attempt.step, error, attempt.listener).await?;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    };

    use super::*;
    use crate::error::{Refused, RequestTrace, TransportKind, Unreachable};

    fn refused(reason: RefusalReason) -> DirectoryError {
        Refused::new(reason, "Code", "message", RequestTrace::default()).into()
    }

    fn interrupted() -> DirectoryError {
        Unreachable::new(TransportKind::Interrupted, "host", RequestTrace::default(), "reset").into()
    }

    fn attempt(fresh: bool, listener: Listener<'_>) -> Attempt<'_> {
        Attempt {
            step: Step::ServerServicePrincipal,
            fresh,
            deadline: REPLICATION_DEADLINE,
            listener,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_object_is_waited_for_with_growing_delays() {
        let events = Mutex::new(Vec::new());
        let listener = |event: &Event| events.lock().unwrap().push(event.clone());
        let calls = AtomicU32::new(0);
        let result = settle(attempt(true, &listener), || async {
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
            .map(|event| match event {
                Event::WaitingForReplication { delay, .. } => delay.as_millis(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(delays, [250, 500, 1000]);
    }

    #[tokio::test]
    async fn not_found_on_somebody_elses_object_is_final() {
        let calls = AtomicU32::new(0);
        let result: Result<(), _> = settle(attempt(false, &|_| ()), || async {
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
    async fn waiting_ends_at_the_deadline_with_the_last_refusal() {
        let started = Instant::now();
        let result: Result<(), _> = settle(attempt(true, &|_| ()), || async { Err(refused(RefusalReason::NotFound)) }).await;
        assert_eq!(result.unwrap_err().refusal(), Some(RefusalReason::NotFound));
        assert!(started.elapsed() <= REPLICATION_DEADLINE && started.elapsed() > REPLICATION_DEADLINE / 2);
    }

    #[tokio::test]
    async fn a_lost_answer_is_looked_up_before_anything_is_sent_again() {
        let calls = AtomicU32::new(0);
        let result = ensure(
            attempt(true, &|_| ()),
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
            attempt(true, &|_| ()),
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
            attempt(false, &|_| ()),
            || async { Err::<u8, _>(refused(RefusalReason::AlreadyExists)) },
            || async { Ok((looks.fetch_add(1, Ordering::Relaxed) >= 2).then_some(7)) },
        )
        .await;
        assert!(matches!(result, Ok(Ensured::Found(7))));
    }

    #[tokio::test]
    async fn a_refusal_is_final() {
        let result: Result<Ensured<()>, _> = ensure(
            attempt(true, &|_| ()),
            || async { Err(refused(RefusalReason::SecretsForbidden)) },
            || async { panic!("nothing to look for") },
        )
        .await;
        assert_eq!(result.unwrap_err().refusal(), Some(RefusalReason::SecretsForbidden));
    }
}
