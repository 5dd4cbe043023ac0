//! The way in which a run writes: it tries, waits for replication, and looks before it repeats, so that
//! nothing is made twice.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    backoff::{Delays, WaitPolicy},
    connection::report::{emitter::Emitter, event::EventKind, step::Step},
    error::{Diagnostic, DirectoryError, ExceededMaxWait, RefusalReason, TokenError},
};

/// How something came to be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was there before this run.
    #[default]
    Before,
    /// This run made it and has the answer.
    Made,
    /// This run may have made it: an attempt without an answer came before.
    Recovered,
    /// Another run made it in the meantime.
    Elsewhere,
}

impl Origin {
    /// Whether it came to be moments ago, so that the directory may not see it everywhere yet.
    pub(crate) fn is_fresh(self) -> bool {
        self != Self::Before
    }
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
            is_uncertain: false,
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
    /// Whether a request so far may have been carried out although it failed.
    is_uncertain: bool,
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

    /// The error of a request, which does not undo what a request before it may have done.
    fn told(&mut self, error: DirectoryError) -> DirectoryError {
        self.is_uncertain |= error.may_have_been_carried_out();
        if self.is_uncertain { error.after_lost_write() } else { error }
    }

    /// Waits, or gives the error back with how long was waited when there is no time left.
    async fn next(&mut self, error: DirectoryError) -> Result<(), DirectoryError> {
        self.attempts += 1;
        let error = self.told(error);
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
            DirectoryError::Token(error) => sign_in_code(error),
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

/// What the sign-in service has said, as its numbers are written.
fn sign_in_code(error: &TokenError) -> String {
    let first = error.refusal().and_then(|refusal| refusal.codes.first());
    first.map_or_else(|| error.code().to_owned(), |code| format!("AADSTS{code}"))
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

/// Asks again as long as the answer is one that is worth waiting for.
pub(crate) async fn repeat_while<'a, T, F>(
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
            Ok(done) => return Ok(done),
            Err(error) if is_worth_waiting(&attempt, &error) => wait.next(error).await?,
            Err(error) => return Err(wait.told(error)),
        }
    }
}

/// Makes something that must not be made twice, and tells how it came to be there.
///
/// Whenever an attempt may have been carried out although it failed, or the directory says that the thing is
/// there already, `look` decides; only when it is not there is `make` tried again. If the look fails after an attempt
/// that may have been carried out, that attempt's error comes back: the look's would say that nothing was written.
pub(crate) async fn ensure<T, M, L>(
    attempt: Attempt<'_>,
    mut make: impl FnMut() -> M,
    mut look: impl FnMut() -> L,
) -> Result<(T, Origin), DirectoryError>
where
    M: Future<Output = Result<T, DirectoryError>>,
    L: Future<Output = Result<Option<T>, DirectoryError>>,
{
    let mut wait = attempt.begin();
    loop {
        wait.admit().await;
        let error = match make().await {
            Ok(made) => return Ok((made, Origin::Made)),
            Err(error) => error,
        };
        let is_there = matches!(error.refusal(), Some(RefusalReason::AlreadyExists | RefusalReason::UniqueNameInUse));
        let is_lagging = attempt.is_lagging(&error);
        let is_to_be_looked_up = is_there || error.may_have_been_carried_out();
        let error = wait.told(error);
        if is_to_be_looked_up {
            wait.admit().await;
            match look().await {
                Ok(Some(found)) if wait.is_uncertain => return Ok((found, Origin::Recovered)),
                Ok(Some(found)) => return Ok((found, Origin::Elsewhere)),
                Ok(None) => {}
                Err(failed) => return Err(error.unless_certain(failed)),
            }
        } else if !is_lagging {
            return Err(error);
        }
        wait.next(error).await?;
    }
}

#[cfg(test)]
mod tests;
