//! How many of the small mistakes that a program puts into the code are found by the tests. `.ci/mutants` calls it.
//!
//! `cargo mutants` makes the list. One build for each mutant would take days for some thousands of them, so this program
//! builds all of them into one copy of the crate, each behind a switch that the environment sets, and finds out once
//! which test reaches which mutant. A mutant then costs a run of the tests that reach it, the quick ones first, up to the
//! first that fails. What no test reaches is missed without a run.

mod build;
mod copy;
mod coverage;
mod list;
mod order;
mod program;
mod report;
mod rewrite;
mod trial;

use std::{
    collections::HashMap,
    env,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use crate::{list::Mutant, report::Results};

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "mutants REPOSITORY STATE SECONDS SEED [ONLY]
    REPOSITORY  the folder of the crate, which is read and never written
    STATE       a folder for the copy and the results
    SECONDS     for how long mutants are tried
    SEED        which sample: the same seed goes on where the last call ended
    ONLY        a file: of the mutants whose name contains one of its lines, those that were not caught are tried";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (repository, state, seconds, seed, only) = match arguments[..] {
        [repository, state, seconds, seed] => (repository, state, seconds, seed, None),
        [repository, state, seconds, seed, only] => (repository, state, seconds, seed, Some(only)),
        _ => return Err(USAGE.into()),
    };
    let time = Duration::from_secs(seconds.parse().map_err(|_| format!("SECONDS is a number, not {seconds}"))?);
    let seed: u64 = seed.parse().map_err(|_| format!("SEED is a number, not {seed}"))?;
    let repository = Path::new(repository).canonicalize()?;
    std::fs::create_dir_all(state)?;
    let state = Path::new(state).canonicalize()?;
    let only = only.map(std::fs::read_to_string).transpose()?;

    let place = Place {
        copy: state.join("copy"),
        state,
    };
    let mutants = list::all(&repository)?;
    let plain = copy::update(&repository, &place.copy)?;
    let built = build::all(&place, &plain, &mutants)?;
    let mut results = Results::read(&place.state.join("results.tsv"), &built.fingerprint)?;
    let mut sample = list::shuffled(&mutants, seed);
    if let Some(only) = &only {
        let wanted: Vec<&str> = only.lines().filter(|line| !line.is_empty()).collect();
        sample.retain(|mutant| wanted.iter().any(|part| mutant.name.contains(part)));
    }
    let unviable: HashMap<u32, &str> = built.left_out.iter().map(|(id, why)| (*id, why.as_str())).collect();
    let quick = coverage::read_or_measure(&place, &built, false)?;
    let start = Instant::now();
    for (index, stage) in trial::STAGES.iter().enumerate() {
        let open = sample.iter().copied().filter(|mutant| !unviable.contains_key(&mutant.id));
        let mut open: Vec<&Mutant> = open.filter(|mutant| trial::next_stage(&results, mutant) == Some(index)).collect();
        let until = start + time.mul_f64(stage.until);
        eprintln!("stage {} of {}: {} mutants", index + 1, trial::STAGES.len(), open.len());
        if open.is_empty() || Instant::now() >= until {
            continue;
        }
        let slow = if stage.slow {
            Some(coverage::read_or_measure(&place, &built, true)?)
        } else {
            None
        };
        let coverage = slow.as_ref().unwrap_or(&quick);
        if index > 0 {
            // The order of the sample does not matter any more: what takes little comes first.
            open.sort_by_key(|mutant| coverage.cost(mutant.id));
        }
        trial::stage(&place, coverage, stage, &open, until, &mut results)?;
    }
    report::print(&sample, &unviable, &results, &quick, seed);
    Ok(())
}

/// Where the copy is, and what is kept between two calls.
struct Place {
    state: PathBuf,
    copy: PathBuf,
}
