//! The process dies at any moment of a run, and the same specification is run again.

use std::time::Duration;

use cmg_onboarding_emulator::{EmulatedTenant, EmulatedTenantBuilder, Timeline};

use crate::{
    support::spec,
    world::{World, undisturbed},
};

/// Ends one process at a moment. Tells where, or `None` where it was done before.
async fn kill_one(world: &World, moment: u32, timeline: Timeline, lossless: bool) -> Option<String> {
    let process = world.process_with(timeline, lossless);
    process.timeline.end_at(moment);
    match process.onboard_until_killed().await {
        None => Some(format!("killed {} ({moment}, lossless: {lossless})", process.timeline.last())),
        // A run that meets the remains of a killed one may also end by itself; what it leaves is what counts.
        Some(outcome) => {
            outcome.unwrap_or_else(|error| panic!("{moment}: {error:?}"));
            None
        }
    }
}

async fn finish(world: &World, case: &str) {
    let last = world.process();
    let outcome = last.onboard().await;
    outcome.unwrap_or_else(|error| panic!("the run after {case}: {error:#?}"));
}

/// Whether requests that are under way when their process dies are lost, or still carried out.
const EITHER: [bool; 2] = [false, true];

/// Kills a run at every moment, on tenants of this kind. Tells how many moments there were.
async fn killed_at_every_moment(tenant: impl Fn() -> EmulatedTenantBuilder, pace: Duration, lossless: &[bool]) -> u32 {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for lossless in lossless.iter().copied() {
        for moment in 1.. {
            let world = World::of(tenant());
            let timeline = Timeline::new().with_pace(move |_| pace);
            let Some(case) = kill_one(&world, moment, timeline, lossless).await else {
                break;
            };
            finish(&world, &case).await;
            world.settled().await.assert_same_as(&expected, &case);
            // And that is the end: there is nothing left to do.
            if pace.is_zero() {
                let plan = world.process().job.plan(|_| ()).await.unwrap();
                assert!(plan.is_empty(), "{case}: {plan}");
            }
            cases += 1;
        }
    }
    assert!(cases >= 60, "{cases}");
    cases
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_by_running_the_same_again() {
    let cases = killed_at_every_moment(EmulatedTenant::builder, Duration::ZERO, &EITHER).await;
    tell!("killed anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_where_its_requests_were_all_under_way_at_once() {
    let cases = killed_at_every_moment(EmulatedTenant::builder, Duration::from_millis(50), &EITHER).await;
    tell!("killed anywhere, with everything under way: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_while_the_directory_is_still_replicating() {
    let mut cases = 0;
    for (lag, lossless) in [(2, true), (8, false), (30, true)] {
        let tenant = || EmulatedTenant::builder().replication_lag(Duration::from_secs(lag));
        cases += killed_at_every_moment(tenant, Duration::from_millis(20), &[lossless]).await;
    }
    tell!("killed anywhere, with replication lag: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_where_the_create_answer_does_not_show_the_secret() {
    let tenant = || EmulatedTenant::builder().secret_in_create_answer(false);
    let cases = killed_at_every_moment(tenant, Duration::ZERO, &EITHER).await;
    tell!("killed anywhere, without a secret in the create answer: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn two_killed_runs_are_repaired_by_the_third() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for first in 1.. {
        let mut was_killed = false;
        // A fifth of all pairs, so chosen that every second moment comes up for every fifth first one.
        for second in (1 + first % 5..).step_by(5) {
            let world = World::new();
            let Some(case) = kill_one(&world, first, Timeline::new(), second % 2 == 0).await else {
                break;
            };
            was_killed = true;
            let Some(after) = kill_one(&world, second, Timeline::new(), first % 2 == 0).await else {
                break;
            };
            let case = format!("{case}, then {after}");
            finish(&world, &case).await;
            world.settled().await.assert_same_as(&expected, &case);
            cases += 1;
        }
        if !was_killed {
            break;
        }
    }
    assert!(cases > 500, "{cases}");
    tell!("killed twice: {cases} cases");
}

/// What a killed run has made is not the next run's own, so that one does not wait for it: it may stop with a typed
/// error while objects are seen and gone again. Nothing is lost by that.
#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_by_the_first_run_that_sees_what_there_is() {
    let (expected, _) = undisturbed().await;
    let lag = Duration::from_secs(8);
    let (mut cases, mut stopped) = (0, 0);
    for moment in 1.. {
        let world = World::of(EmulatedTenant::builder().replication_lag(lag).flapping(Duration::from_millis(700)));
        let process = world.process_with(Timeline::new(), true);
        process.timeline.end_at(moment);
        if process.onboard_until_killed().await.is_some() {
            break;
        }
        let case = format!("killed {}", process.timeline.last());
        drop(process);
        if world.process().onboard().await.is_err() {
            stopped += 1;
            tokio::time::sleep(lag).await;
            finish(&world, &case).await;
        }
        world.settled().await.assert_same_as(&expected, &case);
        cases += 1;
    }
    tell!("killed anywhere, with objects seen and gone again: {cases} cases, in {stopped} of which a third run was needed");
}

#[tokio::test(start_paused = true)]
async fn a_killed_registration_without_a_site_is_repaired_too() {
    let reference = World::new();
    reference.process_of(spec(), Timeline::new(), false, false).onboard().await.unwrap();
    let expected = reference.settled().await;
    let mut cases = 0;
    for moment in 1.. {
        let world = World::new();
        let process = world.process_of(spec(), Timeline::new(), true, false);
        process.timeline.end_at(moment);
        if process.onboard_until_killed().await.is_some() {
            break;
        }
        let case = format!("killed {}", process.timeline.last());
        let second = world.process_of(spec(), Timeline::new(), false, false);
        second.onboard().await.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
        world.settled().await.assert_same_tenant_as(&expected, &case);
        cases += 1;
    }
    tell!("killed anywhere, without a site: {cases} cases");
}
