//! Ctrl-C, and a service manager's request to end: a run is ended with its report instead of being cut off.
//!
//! As long as nothing is carried out, the program ends at once. Once a plan is being carried out, the run is asked to end:
//! its report says what exists, and a secret that was issued is where it was to go. A second signal does not wait for that.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::connection::Cancel;
use tokio::{select, time::sleep};

use crate::print::to_person;

/// How long a run that was asked to end may take to say what exists.
pub(crate) const TIME_TO_END: Duration = Duration::from_secs(10);

/// Signals are for the process, and so is what they end.
static PROCESS: LazyLock<Interrupt> = LazyLock::new(Interrupt::default);

/// What ends runs, and whether there is one to be ended.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    cancel: Cancel,
    has_begun: AtomicBool,
}

/// How an interrupted command ended without an answer of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before anything was carried out.
    Beforehand,
    /// While a plan was carried out.
    HalfWay,
}

impl Interrupt {
    /// The one of this process.
    pub(crate) fn of_process() -> &'static Self {
        &PROCESS
    }

    /// What every run has to listen to.
    pub(crate) const fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// From now on a plan is carried out.
    pub(crate) fn begin(&self) {
        self.has_begun.store(true, Ordering::Release);
    }

    /// Does the work, unless signals end it.
    pub(crate) async fn race<T>(
        &self,
        work: impl Future<Output = T>,
        mut signalled: impl AsyncFnMut(),
        patience: Duration,
    ) -> Result<T, Cut> {
        let mut work = pin!(work);
        select! {
            biased;
            done = &mut work => return Ok(done),
            () = signalled() => {}
        }
        if !self.has_begun.load(Ordering::Acquire) {
            return Err(Cut::Beforehand);
        }
        to_person("Interrupted: the run ends and says what exists. Interrupt again to end at once.");
        self.cancel.cancel();
        select! {
            biased;
            done = &mut work => Ok(done),
            () = signalled() => Err(Cut::HalfWay),
            () = sleep(patience) => Err(Cut::HalfWay),
        }
    }
}

/// The signals by which a person or a service manager ends a program. Where one cannot be listened to, it does what it does
/// to every program.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    pub(crate) async fn next(&mut self) {
        async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
            if let Some(signal) = signal
                && signal.recv().await.is_some()
            {
                return;
            }
            pending().await
        }
        select! {
            () = received(&mut self.interrupt) => {}
            () = received(&mut self.terminate) => {}
        }
    }
}

#[cfg(windows)]
pub(crate) struct Signals {
    interrupt: Option<tokio::signal::windows::CtrlC>,
    stop: Option<tokio::signal::windows::CtrlBreak>,
}

#[cfg(windows)]
impl Signals {
    pub(crate) fn listen() -> Self {
        use tokio::signal::windows::{ctrl_break, ctrl_c};

        Self {
            interrupt: ctrl_c().ok(),
            stop: ctrl_break().ok(),
        }
    }

    pub(crate) async fn next(&mut self) {
        let Self { interrupt, stop } = self;
        let interrupted = async {
            match interrupt {
                Some(signal) => signal.recv().await,
                None => pending().await,
            }
        };
        let stopped = async {
            match stop {
                Some(signal) => signal.recv().await,
                None => pending().await,
            }
        };
        select! {
            _ = interrupted => {}
            _ = stopped => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may give up")]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// A signal after each of these seconds.
    fn after(seconds: &[u64]) -> impl AsyncFnMut() {
        let mut seconds = seconds.iter().copied();
        async move || match seconds.next() {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => pending().await,
        }
    }

    /// Ends once it is told to, after so many seconds.
    async fn obedient(interrupt: &Interrupt, seconds: u64) -> &'static str {
        while !interrupt.cancel().is_cancelled() {
            sleep(Duration::from_millis(1)).await;
        }
        sleep(Duration::from_secs(seconds)).await;
        "a report"
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_nothing_interrupts_is_done() {
        let interrupt = Interrupt::default();
        let done = interrupt.race(async { 7 }, after(&[]), TIME_TO_END).await;
        assert_eq!(done, Ok(7));
        assert!(!interrupt.cancel().is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn before_a_plan_is_carried_out_the_first_signal_ends_at_once() {
        let interrupt = Interrupt::default();
        let began = Instant::now();
        let ended = interrupt.race(obedient(&interrupt, 0), after(&[2]), TIME_TO_END).await;
        assert_eq!(ended, Err(Cut::Beforehand));
        assert_eq!(began.elapsed().as_secs(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_is_asked_to_end_and_waited_for() {
        let interrupt = Interrupt::default();
        interrupt.begin();
        let ended = interrupt.race(obedient(&interrupt, 3), after(&[1]), TIME_TO_END).await;
        assert_eq!(ended, Ok("a report"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_that_does_not_end_is_waited_for_no_longer_than_it_may_take_or_until_the_second_signal() {
        for (signals, seconds) in [(&[1][..], 11), (&[1, 2], 3)] {
            let interrupt = Interrupt::default();
            interrupt.begin();
            let began = Instant::now();
            let ended = interrupt.race(obedient(&interrupt, 60), after(signals), TIME_TO_END).await;
            assert_eq!(ended, Err(Cut::HalfWay));
            assert_eq!(began.elapsed().as_secs(), seconds);
        }
    }
}
