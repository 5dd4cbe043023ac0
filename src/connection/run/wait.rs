//! The way in which a run writes: it tries, waits for replication, and looks before it repeats, so that
//! nothing is made twice.

use std::future::Future;

use tokio::time::sleep;

use crate::{
    backoff::{WaitPolicy, Waits},
    connection::report::{
        emitter::Emitter,
        event::{EventKind, NO_ANSWER, UNEXPECTED_ANSWER},
        step::Step,
    },
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
    /// Whether what is read or written came to be moments ago, so that "not found" means "not yet".
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
        let mut waits = self.policy.waits();
        waits.admit().await;
        waits.admit().await;
        self.wait(&mut waits, told(error, &mut false)).await
    }

    /// Waits, or gives the error back with how long was waited if there is no time left.
    async fn wait(self, waits: &mut Waits, error: DirectoryError) -> Result<(), DirectoryError> {
        let Some(delay) = waits.next() else {
            return Err(match waits.count() {
                1 => error,
                polls => ExceededMaxWait::new(self.policy.deadline(), waits.elapsed(), polls, error).into(),
            });
        };
        let code = match &error {
            DirectoryError::Refused(refused) => refused.service_code().to_owned(),
            DirectoryError::NotVisible(_) => "notVisible".to_owned(),
            DirectoryError::Token(error) => sign_in_code(error),
            DirectoryError::UnexpectedAnswer(_) => UNEXPECTED_ANSWER.to_owned(),
            _ => NO_ANSWER.to_owned(),
        };
        self.emitter.emit(EventKind::WaitingForReplication {
            step: self.step,
            attempt: waits.count(),
            delay,
            code,
        });
        sleep(delay).await;
        Ok(())
    }
}

/// The error of a request, which does not undo what a request before it may have done. `is_uncertain` says whether a request
/// so far may have been carried out although it failed.
fn told(error: DirectoryError, is_uncertain: &mut bool) -> DirectoryError {
    *is_uncertain |= error.may_have_been_carried_out();
    if *is_uncertain { error.after_lost_write() } else { error }
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
    let (mut waits, mut is_uncertain) = (attempt.policy.waits(), false);
    loop {
        waits.admit().await;
        let error = match change().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let is_waited_for = is_worth_waiting(&attempt, &error);
        let error = told(error, &mut is_uncertain);
        if !is_waited_for {
            return Err(error);
        }
        attempt.wait(&mut waits, error).await?;
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
    let (mut waits, mut is_uncertain) = (attempt.policy.waits(), false);
    loop {
        waits.admit().await;
        let error = match make().await {
            Ok(made) => return Ok((made, Origin::Made)),
            Err(error) => error,
        };
        let is_there = matches!(error.refusal(), Some(RefusalReason::AlreadyExists | RefusalReason::UniqueNameInUse));
        let is_lagging = attempt.is_lagging(&error);
        let is_to_be_looked_up = is_there || error.may_have_been_carried_out();
        let error = told(error, &mut is_uncertain);
        if is_to_be_looked_up {
            waits.admit().await;
            match look().await {
                Ok(Some(found)) if is_uncertain => return Ok((found, Origin::Recovered)),
                Ok(Some(found)) => return Ok((found, Origin::Elsewhere)),
                Ok(None) => {}
                Err(failed) => return Err(error.unless_certain(failed)),
            }
        } else if !is_lagging {
            return Err(error);
        }
        attempt.wait(&mut waits, error).await?;
    }
}

#[cfg(test)]
mod tests;
