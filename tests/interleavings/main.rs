//! Every order in which the requests of two runs can reach the directory and the site, and many of those of three.
//!
//! The code is the real one, from `onboard` down to the traits; below them are a directory in memory and the emulated
//! site, each request behind a gate that a scheduler opens. `INTERLEAVINGS=deep` explores more (minutes).

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod directory;
mod execution;
mod explorer;
mod gate;
mod site;
mod world;

use std::time::{Duration, Instant};

use cmg_onboarding::contract;
use directory::{Ends, VirtualDirectory};
use explorer::{Tally, explore};
use world::{Scenario, Start};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

fn is_deep() -> bool {
    std::env::var("INTERLEAVINGS").is_ok_and(|depth| depth == "deep")
}

fn explored(name: &str, scenario: Scenario) -> Tally {
    let started = Instant::now();
    let tally = explore(scenario);
    println!("{name}: {tally:?} in {:.1} s", started.elapsed().as_secs_f64());
    tally
}

#[tokio::test(start_paused = true)]
async fn the_virtual_directory_is_one() {
    for lag in [Duration::ZERO, Duration::from_secs(3)] {
        let directory = VirtualDirectory::new(0, Ends::Apart, lag);
        contract::directory(&directory, "contract-test").await.unwrap();
    }
}

/// The same, with every order of a run's own requests if there is time for it.
fn scenario(runs: usize) -> Scenario {
    Scenario {
        any_own_order: is_deep(),
        with_discovery: is_deep(),
        ..Scenario::of(runs)
    }
}

#[test]
fn two_runs_from_nothing_in_every_order() {
    let tally = explored("two runs from nothing", scenario(2));
    assert_eq!(tally.untold, 0);
}

#[test]
fn two_runs_without_a_site_in_every_order() {
    let without_site = Scenario {
        with_site: false,
        ..scenario(2)
    };
    explored("two runs without a site", without_site);
}

#[test]
fn two_runs_that_replace_a_lost_secret_in_every_order() {
    let lost = Scenario {
        start: Start::LostSecret,
        ..scenario(2)
    };
    let tally = explored("two runs that replace a lost secret", lost);
    assert_eq!(tally.untold, 0);
}

/// Two secrets that end alike cannot be told apart by the date that a site shows: both runs read back and issue one more.
#[test]
fn two_runs_whose_secrets_end_alike_in_every_order() {
    for start in [Start::Nothing, Start::LostSecret] {
        let alike = Scenario {
            start,
            ends: Ends::FirstOnesAlike,
            ..scenario(2)
        };
        explored("two runs whose secrets end alike", alike);
    }
}

/// What one run makes is seen by reads and by writes that refer to it only later.
#[test]
fn two_runs_on_a_directory_that_is_behind() {
    let behind = Scenario {
        lag: Duration::from_millis(700),
        preemptions: Some(if is_deep() { 4 } else { 2 }),
        ..scenario(2)
    };
    explored("two runs on a directory that is behind", behind);
}

#[test]
fn two_runs_of_which_one_dies_at_any_step() {
    for start in [Start::Nothing, Start::LostSecret] {
        let dying = Scenario {
            start,
            deaths: 1,
            preemptions: Some(if is_deep() { 4 } else { 1 }),
            ..scenario(2)
        };
        explored("two runs of which one dies", dying);
    }
}

#[test]
fn two_runs_of_which_one_loses_a_request_or_its_answer() {
    for start in [Start::Nothing, Start::LostSecret] {
        let losing = Scenario {
            start,
            losses: 1,
            preemptions: Some(if is_deep() { 3 } else { 1 }),
            ..scenario(2)
        };
        explored("two runs of which one loses a request or an answer", losing);
    }
}

#[test]
fn three_runs_that_are_left_for_another_one_now_and_then() {
    for start in [Start::Nothing, Start::LostSecret] {
        let three = Scenario {
            start,
            preemptions: Some(if is_deep() { 3 } else { 1 }),
            ..scenario(3)
        };
        explored("three runs", three);
    }
}
