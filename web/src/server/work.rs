//! The work of a job: it goes on without the request that has started it.

use std::{future::Future, pin::Pin};

use cmg_onboarding::connection::Cancel;
use tokio::task::{AbortHandle, JoinError};

/// The work of a job, before it starts.
pub(super) struct Work {
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
    cancel: Option<Cancel>,
}

/// How the job that is under way is ended.
pub(super) struct UnderWay {
    /// The task that does it, and the one that reports its end.
    tasks: [AbortHandle; 2],
    /// Of a job that writes: it ends at a moment of its own, with its report.
    cancel: Option<Cancel>,
}

impl Work {
    /// Work that has no handle of its own to end it: it can be aborted at any moment, since it writes nothing.
    pub(super) fn reading(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self {
            work: Box::pin(work),
            cancel: None,
        }
    }

    /// Work that writes: it ends at a moment of its own.
    pub(super) fn writing(work: impl Future<Output = ()> + Send + 'static, cancel: Cancel) -> Self {
        Self {
            work: Box::pin(work),
            cancel: Some(cancel),
        }
    }

    /// Starts it. If it ends early, by an abort or a panic, that is told.
    pub(super) fn start(self, ended_early: impl FnOnce(JoinError) + Send + 'static) -> UnderWay {
        let work = tokio::spawn(self.work);
        let abort = work.abort_handle();
        let watch = tokio::spawn(async move {
            if let Err(error) = work.await {
                ended_early(error);
            }
        });
        UnderWay {
            tasks: [abort, watch.abort_handle()],
            cancel: self.cancel,
        }
    }
}

impl UnderWay {
    /// Ends work that writes at a moment of its own, and work that reads at once.
    pub(super) fn stop(&self) {
        let [work, _] = &self.tasks;
        match &self.cancel {
            Some(cancel) => cancel.cancel(),
            None => work.abort(),
        }
    }

    /// Ends it at once, as the end of the process does.
    pub(super) fn kill(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
