//! The run's future is dropped at any of its await points, and the same process runs the same again.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use cmg_onboarding_emulator::{EmulatedTenant, EmulatedTenantBuilder, Timeline};

use crate::world::{World, undisturbed};

/// A future that is polled so many times and no more.
pub(crate) struct Polled<F> {
    inner: Pin<Box<F>>,
    polls: u32,
}

impl<F: Future> Future for Polled<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

pub(crate) fn polled<F: Future>(inner: F, polls: u32) -> Polled<F> {
    Polled {
        inner: Box::pin(inner),
        polls,
    }
}

async fn dropped_after_every_poll(tenant: impl Fn() -> EmulatedTenantBuilder, pace: Duration, lossless: bool) -> u32 {
    let (expected, _) = undisturbed().await;
    for polls in 1.. {
        let world = World::of(tenant());
        let process = world.process_with(Timeline::new().with_pace(move |_| pace), lossless);
        if let Some(outcome) = polled(process.onboard(), polls).await {
            outcome.unwrap();
            return polls - 1;
        }
        let case = format!("dropped after {polls} polls, {}", process.timeline.last());
        // The same handle, as a program would that gives up waiting and tries again later.
        process.onboard().await.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
        world.settled().await.assert_same_as(&expected, &case);
    }
    0
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_is_repaired_by_the_next_one_of_the_same_process() {
    let mut cases = 0;
    for lossless in [false, true] {
        cases += dropped_after_every_poll(EmulatedTenant::builder, Duration::ZERO, lossless).await;
    }
    assert!(cases > 40, "{cases}");
    tell!("dropped anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_run_is_repaired_while_the_directory_is_still_replicating() {
    let lagging = || EmulatedTenant::builder().replication_lag(Duration::from_secs(8));
    let cases = dropped_after_every_poll(lagging, Duration::from_millis(7), true).await;
    tell!("dropped anywhere, with replication lag: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_again_and_again_gets_there_in_the_end() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for polls in 4..40 {
        let world = World::new();
        let process = world.process_with(Timeline::new(), true);
        let mut runs = 0;
        // Each run is given a little more time than the one before.
        while polled(process.onboard(), polls + runs).await.is_none() {
            runs += 1;
        }
        let case = format!("{runs} dropped runs of {polls} polls and more");
        world.settled().await.assert_same_as(&expected, &case);
        cases += runs;
    }
    tell!("dropped again and again: {cases} cases");
}
