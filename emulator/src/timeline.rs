//! The moments of one run, so that a test can slow it down or end it at any of them.

use std::{
    fmt,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::Notify, task::yield_now, time::sleep};

use super::tenant::lock;

/// The moments of one run, counted over everything that it talks to.
///
/// Every request of an [`EmulatedWire`](super::EmulatedWire) and every operation of an [`EmulatedSite`](super::EmulatedSite)
/// that follows a timeline has three moments: before it is sent, after it was carried out, and after its answer arrived.
/// The timeline counts them, can let time pass at each, and can end the run at one: from then on nothing that follows
/// it answers any more, as after a power cut. The test then drops the run.
///
/// Clones share one timeline.
///
/// ```
/// use cmg_onboarding::{Call, Directory, StaticToken};
/// use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedWire, Timeline};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tenant = EmulatedTenant::new();
/// let timeline = Timeline::new();
/// let wire = EmulatedWire::new(&tenant).following(&timeline);
/// let directory = wire.directory(StaticToken::new(tenant.token_for(&Caller::global_administrator())));
///
/// timeline.end_at(2);
/// tokio::select! {
///     _ = directory.tenant(Call::quiet()) => panic!("the answer never arrives"),
///     () = timeline.ended() => {}
/// }
/// assert_eq!(timeline.last(), "after carrying out GET /v1.0/organization");
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Timeline {
    inner: Arc<Inner>,
    pace: Option<Pace>,
}

type Pace = Arc<dyn Fn(u32) -> Duration + Send + Sync>;

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    moments: u32,
    end_at: Option<u32>,
    has_ended: bool,
    last: String,
}

/// One of the three moments of a request or an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    BeforeSending,
    CarriedOut,
    Answered,
}

impl Timeline {
    /// A timeline without end, on which no time passes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same timeline with this much time passing at each moment, by its number from 1. Default: none; what else can
    /// go on goes on.
    #[must_use]
    pub fn with_pace(mut self, pace: impl Fn(u32) -> Duration + Send + Sync + 'static) -> Self {
        self.pace = Some(Arc::new(pace));
        self
    }

    /// Ends the run at a moment, by its number from 1.
    pub fn end_at(&self, moment: u32) {
        lock(&self.inner.state).end_at = Some(moment);
    }

    /// Completes when the end has come.
    pub async fn ended(&self) {
        let notified = self.inner.ended.notified();
        if self.has_ended() {
            return;
        }
        notified.await;
    }

    /// Whether the end has come.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        lock(&self.inner.state).has_ended
    }

    /// How many moments there have been.
    #[must_use]
    pub fn moments(&self) -> u32 {
        lock(&self.inner.state).moments
    }

    /// The last moment, for people.
    #[must_use]
    pub fn last(&self) -> String {
        lock(&self.inner.state).last.clone()
    }

    /// Lives through one moment, unless it is the last.
    pub(super) async fn pass(&self, moment: Moment, what: &str) {
        let number = {
            let mut state = lock(&self.inner.state);
            if !state.has_ended {
                state.moments += 1;
                state.last = match moment {
                    Moment::BeforeSending => format!("before {what}"),
                    Moment::CarriedOut => format!("after carrying out {what}"),
                    Moment::Answered => format!("after the answer to {what}"),
                };
                state.has_ended = state.end_at == Some(state.moments);
            }
            if state.has_ended { None } else { Some(state.moments) }
        };
        let Some(number) = number else {
            self.inner.ended.notify_waiters();
            return pending().await;
        };
        match self.pace.as_ref().map(|pace| pace(number)).filter(|time| !time.is_zero()) {
            Some(time) => sleep(time).await,
            None => yield_now().await,
        }
        // Another holder of the timeline may have ended it meanwhile.
        if self.has_ended() {
            pending::<()>().await;
        }
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.inner.state);
        formatter
            .debug_struct("Timeline")
            .field("moments", &state.moments)
            .field("has_ended", &state.has_ended)
            .finish_non_exhaustive()
    }
}
