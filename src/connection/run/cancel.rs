//! Ends a run from outside: one that writes, with its report, and one that reads.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::{sync::Notify, time::sleep};

use crate::connection::report::read_error::ReadError;

/// A handle that ends runs from outside, such as from a *Cancel* button. Clones are one handle.
///
/// Dropping a run's future ends it, too, but leaves no report. A run that is writing and is ended by this handle gives its
/// [`ApplyError`](crate::connection::ApplyError) with the report of what was done, and the secret if one was
/// issued. What is under way at that moment may still be carried out; the next run of the same specification
/// finds it. A run that is reading ends with [`ReadError::Cancelled`](crate::connection::ReadError::Cancelled): nothing was
/// written.
///
/// ```
/// use cmg_onboarding::connection::Cancel;
///
/// let cancel = Cancel::new();
/// let button = cancel.clone();
/// button.cancel();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    is_cancelled: Arc<AtomicBool>,
    told: Arc<Notify>,
}

impl Cancel {
    /// A handle that has not been used yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends every run that listens to this handle, and every one that is started later: each verb of a connection that was
    /// built with it, those that only read included. A handle is used once: to run again, build the connection with a new
    /// one.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Acquire)
    }

    async fn cancelled(&self) {
        let told = self.told.notified();
        let mut told = pin!(told);
        // Registered before the flag is read, so that no call in between is missed.
        told.as_mut().enable();
        if !self.is_cancelled() {
            told.await;
        }
    }
}

/// Does the work, unless the caller's handle or deadline ends it early: then says why. The run has lasted for `elapsed` so
/// far.
pub(crate) async fn within<T>(
    cancel: Option<&Cancel>,
    deadline: Option<Duration>,
    elapsed: Duration,
    work: impl Future<Output = T>,
) -> Result<T, ReadError> {
    let cancelled = async {
        match cancel {
            Some(cancel) => cancel.cancelled().await,
            None => pending().await,
        }
        ReadError::Cancelled
    };
    let late = async {
        match deadline {
            Some(deadline) => {
                sleep(deadline.saturating_sub(elapsed)).await;
                ReadError::DeadlineExceeded { deadline }
            }
            None => pending().await,
        }
    };
    let (cancelled, late) = (pin!(cancelled), pin!(late));
    let stop = select(cancelled, late);
    match select(pin!(stop), pin!(work)).await {
        Either::Left((Either::Left((why, _)) | Either::Right((why, _)), _)) => Err(why),
        Either::Right((done, _)) => Ok(done),
    }
}
