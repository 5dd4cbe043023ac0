//! Runs of one specification at the same time, as when two administrators press the button at once.

use std::time::Duration;

use cmg_onboarding::{OnboardingError, Outcome};
use cmg_onboarding_emulator::{EmulatedTenant, Timeline};
use futures_util::future::join_all;

use crate::{
    end_state::EndState,
    support::spec,
    world::{World, undisturbed},
};

/// A number that looks like chance and is the same each time.
fn scattered(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A timeline on which every moment takes its own time, up to a tenth of a second.
pub(crate) fn uneven(seed: u64) -> Timeline {
    Timeline::new().with_pace(move |moment| Duration::from_millis(scattered(seed * 1_000 + u64::from(moment)) % 100))
}

/// Starts the runs this long after one another, all of them side by side.
async fn side_by_side(world: &World, runs: u64, seed: u64, apart: Duration) -> Vec<Result<Outcome, OnboardingError>> {
    let runs = (0..runs).map(|run| async move {
        tokio::time::sleep(apart * u32::try_from(run).unwrap()).await;
        world.process_with(uneven(seed * 10 + run), true).onboard().await
    });
    join_all(runs).await
}

/// How many cases there were.
#[derive(Default)]
struct Tally {
    cases: u32,
}

impl Tally {
    async fn check(&mut self, world: &World, results: Vec<Result<Outcome, OnboardingError>>, expected: &EndState, case: &str) {
        self.cases += 1;
        let mut told = 0;
        for result in results {
            match result {
                Ok(outcome) => told += u32::from(outcome.secret.is_some()),
                Err(error) => {
                    panic!("{case}: {error:#?}");
                }
            }
        }
        assert!(told <= 1, "{case}: {told} runs say that theirs is the secret in use");
        world.settled().await.assert_same_as(expected, case);
        let plan = world.process().job.plan(|_| ()).await.unwrap();
        assert!(plan.is_empty(), "{case}: {plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_end_in_one_pair_of_apps_and_one_secret() {
    let (expected, _) = undisturbed().await;
    let mut tally = Tally::default();
    for seed in 0..60 {
        for apart in [0, 50, 150, 300] {
            let world = World::new();
            let results = side_by_side(&world, 2, seed, Duration::from_millis(apart)).await;
            let case = format!("two at once, seed {seed}, {apart} ms apart");
            tally.check(&world, results, &expected, &case).await;
        }
    }
    tell!("two at once: {} cases", tally.cases);
}

#[tokio::test(start_paused = true)]
async fn two_runs_in_step_end_in_one_pair_of_apps_and_one_secret() {
    let (expected, moments) = undisturbed().await;
    let mut tally = Tally::default();
    // The second one begins when the first has come to any of its moments, and then they take turns.
    for late in 0..=moments {
        let world = World::new();
        let first = world.process();
        let second = async {
            while first.timeline.moments() < late {
                tokio::task::yield_now().await;
            }
            world.process().onboard().await
        };
        let (first, second) = tokio::join!(first.onboard(), second);
        let case = format!("in step, {late} moments apart");
        tally.check(&world, vec![first, second], &expected, &case).await;
    }
    tell!("two in step: {} cases", tally.cases);
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_on_a_replicating_directory_end_in_one_pair_of_apps_and_one_secret() {
    let (expected, _) = undisturbed().await;
    let mut tally = Tally::default();
    for seed in 0..25 {
        for lag in [2, 8, 30] {
            let world = World::of(EmulatedTenant::builder().replication_lag(Duration::from_secs(lag)));
            let results = side_by_side(&world, 2, seed, Duration::from_millis(seed * 37 % 400)).await;
            let case = format!("two at once, seed {seed}, lag of {lag} s");
            tally.check(&world, results, &expected, &case).await;
        }
    }
    tell!("two at once, with replication lag: {} cases", tally.cases);
}

/// Reading a site takes seconds where PowerShell has to start for it, and another run may be done by then.
#[tokio::test(start_paused = true)]
async fn a_run_whose_look_at_the_site_takes_longer_than_another_run_meets_no_conflict() {
    let (expected, _) = undisturbed().await;
    let mut tally = Tally::default();
    for seconds in 1..=10 {
        let world = World::of(EmulatedTenant::builder().replication_lag(Duration::from_secs(1)));
        let slow = world.process_with_slow_site(Duration::from_secs(seconds));
        let quick = world.process_with(uneven(seconds), true);
        let (slow, quick) = tokio::join!(slow.onboard(), quick.onboard());
        let case = format!("a site that takes {seconds} s");
        tally.check(&world, vec![slow, quick], &expected, &case).await;
    }
    tell!("a slow look at the site: {} cases", tally.cases);
}

#[tokio::test(start_paused = true)]
async fn three_runs_at_once_end_in_one_pair_of_apps_and_one_secret() {
    let (expected, _) = undisturbed().await;
    let mut tally = Tally::default();
    for seed in 0..60 {
        for apart in [0, 80, 200] {
            let world = World::new();
            let results = side_by_side(&world, 3, seed, Duration::from_millis(apart)).await;
            let case = format!("three at once, seed {seed}, {apart} ms apart");
            tally.check(&world, results, &expected, &case).await;
        }
    }
    tell!("three at once: {} cases", tally.cases);
}

/// One of two dies; the other, or the next one, leaves everything as it should be.
#[tokio::test(start_paused = true)]
async fn two_runs_at_once_of_which_one_is_killed_are_repaired_by_the_next() {
    let (expected, moments) = undisturbed().await;
    let mut cases = 0;
    for moment in 1..=moments {
        for seed in 0..2 {
            let world = World::new();
            let doomed = world.process_with(uneven(seed * 10 + u64::from(moment)), true);
            doomed.timeline.end_at(moment);
            let other = world.process_with(uneven(seed * 10 + 5), true);
            let (_, survived) = tokio::join!(
                async {
                    doomed.onboard_until_killed().await.map(Result::unwrap);
                    // The process is gone, and with it whatever it had under way.
                },
                other.onboard()
            );
            let case = format!("one of two killed {}, seed {seed}", doomed.timeline.last());
            survived.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            world.process().onboard().await.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            world.settled().await.assert_same_as(&expected, &case);
            cases += 1;
        }
    }
    tell!("two at once, one killed: {cases} cases");
}

/// Without a site only the directory decides between two runs: the one that made the app has its secret.
#[tokio::test(start_paused = true)]
async fn two_registrations_at_once_hand_out_one_secret_that_is_live() {
    let reference = World::new();
    let without_site = |world: &World, seed| world.process_of(spec(), uneven(seed), true, false);
    without_site(&reference, 0).onboard().await.unwrap();
    let expected = reference.settled().await;
    let mut cases = 0;
    for seed in 0..80 {
        // In every second case an answer of the first one is lost, which must not let it take the other's app for its own.
        let world = World::new();
        let processes = [without_site(&world, seed * 10), without_site(&world, seed * 10 + 1)];
        if seed % 2 == 1 {
            let fault = if seed % 4 == 1 {
                cmg_onboarding_emulator::WireFault::ResetBefore
            } else {
                cmg_onboarding_emulator::WireFault::ResetAfter
            };
            processes[0].wire.fail_on("POST /v1.0/applications", fault.clone());
            processes[0].wire.fail_on("POST /v1.0/applications", fault);
        }
        let results = join_all(processes.iter().map(|process| process.onboard())).await;
        let case = format!("two registrations, seed {seed}");
        let mut secrets = Vec::new();
        for result in results {
            let outcome = result.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            secrets.extend(
                outcome
                    .secret
                    .map(|secret| (outcome.server_app.as_ref().unwrap().application_id, secret)),
            );
        }
        let state = world.settled().await;
        assert_eq!(secrets.len(), 1, "{case}");
        let (id, secret) = &secrets[0];
        assert!(world.tenant.secret_is_live(*id, secret.value.expose()), "{case}");
        state.assert_same_tenant_as(&expected, &case);
        cases += 1;
    }
    tell!("two registrations at once: {cases} cases");
}
