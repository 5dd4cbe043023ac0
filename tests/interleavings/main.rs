//! Every order in which the requests of two runs can reach the directory and the site, and many of those of three.
//!
//! The code is the real one, from `onboard` down to the traits; below them are a directory in memory and the emulated
//! site, each request behind a gate that a scheduler opens. By itself it bounds how often a run
//! that could go on is left for another one. `.ci/interleavings` (`INTERLEAVINGS=complete`) follows every order.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod by_hand;
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

/// How much is explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// What a test of every day has time for.
    Bounded,
    /// Two runs in every order: `INTERLEAVINGS=complete`.
    Complete,
    /// The requests that one run sends side by side in every order, too, and user discovery: `INTERLEAVINGS=deep`.
    Deep,
}

fn depth() -> Depth {
    match std::env::var("INTERLEAVINGS").as_deref() {
        Ok("complete") => Depth::Complete,
        Ok("deep") => Depth::Deep,
        Ok(other) => panic!("INTERLEAVINGS={other}: complete or deep"),
        Err(_) => Depth::Bounded,
    }
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
        let directory = VirtualDirectory::new(0, Ends::Apart, lag, false);
        contract::directory(&directory, "contract-test").await.unwrap();
    }
}

/// This many runs, of which one that could go on is left for another one at most so many times: `None` for as often as
/// there are requests.
fn scenario(runs: usize, bounded: u8, in_depth: Option<u8>) -> Scenario {
    let depth = depth();
    Scenario {
        preemptions: if depth == Depth::Bounded { Some(bounded) } else { in_depth },
        any_own_order: depth == Depth::Deep,
        with_discovery: depth == Depth::Deep,
        ..Scenario::of(runs)
    }
}

#[test]
fn two_runs_from_nothing() {
    let tally = explored("two runs from nothing", scenario(2, 2, None));
    assert_eq!(tally.untold, 0);
}

#[test]
fn two_runs_without_a_site() {
    let without_site = Scenario {
        with_site: false,
        ..scenario(2, 4, None)
    };
    explored("two runs without a site", without_site);
}

#[test]
fn two_runs_that_replace_a_lost_secret() {
    let lost = Scenario {
        start: Start::LostSecret,
        ..scenario(2, 3, None)
    };
    let tally = explored("two runs that replace a lost secret", lost);
    assert_eq!(tally.untold, 0);
}

/// Two secrets that end alike cannot be told apart by the date that a site shows: both runs read back and issue one more.
#[test]
fn two_runs_whose_secrets_end_alike() {
    for start in [Start::Nothing, Start::LostSecret] {
        let alike = Scenario {
            start,
            ends: Ends::FirstOnesAlike,
            ..scenario(2, if start == Start::Nothing { 2 } else { 3 }, None)
        };
        explored("two runs whose secrets end alike", alike);
    }
}

/// What one run makes is seen by reads and by writes that refer to it only later.
#[test]
fn two_runs_on_a_directory_that_is_behind() {
    let behind = Scenario {
        lag: Duration::from_millis(700),
        ..scenario(2, 2, Some(4))
    };
    explored("two runs on a directory that is behind", behind);
}

#[test]
fn two_runs_of_which_one_dies_at_any_step() {
    for start in [Start::Nothing, Start::LostSecret] {
        let dying = Scenario {
            start,
            deaths: 1,
            ..scenario(2, 1, Some(4))
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
            ..scenario(2, 1, Some(3))
        };
        explored("two runs of which one loses a request or an answer", losing);
    }
}

#[test]
fn three_runs_that_are_left_for_another_one_now_and_then() {
    for start in [Start::Nothing, Start::LostSecret] {
        let three = Scenario {
            start,
            ..scenario(3, 1, Some(3))
        };
        explored("three runs", three);
    }
}
