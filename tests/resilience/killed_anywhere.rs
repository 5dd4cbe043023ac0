//! The process dies at any moment of a run, and the same specification is run again.

use std::time::Duration;

use cmg_onboarding::emulator::{EmulatedTenant, EmulatedTenantBuilder, Timeline};

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

/// Kills a run at every moment, on tenants of this kind. Tells how many moments there were.
async fn killed_at_every_moment(tenant: impl Fn() -> EmulatedTenantBuilder, pace: Duration) -> u32 {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for lossless in [false, true] {
        for moment in 1.. {
            let world = World::of(tenant());
            let timeline = Timeline::new().with_pace(move |_| pace);
            let Some(case) = kill_one(&world, moment, timeline, lossless).await else {
                break;
            };
            finish(&world, &case).await;
            world.settled().await.assert_same_as(&expected, &case);
            // And that is the end: there is nothing left to do.
            let plan = world.process().job.plan().await.unwrap();
            assert!(plan.is_empty(), "{case}: {plan}");
            cases += 1;
        }
    }
    assert!(cases > 60, "{cases}");
    cases
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_by_running_the_same_again() {
    let cases = killed_at_every_moment(EmulatedTenant::builder, Duration::ZERO).await;
    println!("killed anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_where_its_requests_were_all_under_way_at_once() {
    let cases = killed_at_every_moment(EmulatedTenant::builder, Duration::from_millis(50)).await;
    println!("killed anywhere, with everything under way: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_while_the_directory_is_still_replicating() {
    let mut cases = 0;
    for lag in [2, 8, 30] {
        let tenant = || EmulatedTenant::builder().replication_lag(Duration::from_secs(lag));
        cases += killed_at_every_moment(tenant, Duration::from_millis(20)).await;
    }
    println!("killed anywhere, with replication lag: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_killed_run_is_repaired_where_the_create_answer_does_not_show_the_secret() {
    let cases = killed_at_every_moment(|| EmulatedTenant::builder().secret_in_create_answer(false), Duration::ZERO).await;
    println!("killed anywhere, without a secret in the create answer: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn two_killed_runs_are_repaired_by_the_third() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for first in 1.. {
        let mut was_killed = false;
        // Every second moment is next to one that is tried, and every one comes up for some first one.
        for second in (1 + first % 3..).step_by(3) {
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
    assert!(cases > 1_000, "{cases}");
    println!("killed twice: {cases} cases");
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
    println!("killed anywhere, without a site: {cases} cases");
}
