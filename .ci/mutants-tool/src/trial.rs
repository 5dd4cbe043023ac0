//! Tries mutants: the tests that reach one run until the first of them fails.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure, Place,
    coverage::{AT_ONCE, Coverage, Test, command},
    list::Mutant,
    order,
    program::{End, start},
    report::{Outcome, Results},
};

/// The tests are tried in stages, each on what the one before it has missed: those that are likely to catch, all others,
/// and the slow ones.
pub(crate) const STAGES: [Stage; 3] = [
    Stage {
        patience: Duration::from_secs(15),
        slow: false,
        until: 0.5,
        remark: "first tests only",
    },
    Stage {
        patience: Duration::from_secs(600),
        slow: false,
        until: 0.8,
        remark: "without the slow tests",
    },
    Stage {
        patience: Duration::from_secs(600),
        slow: true,
        until: 1.0,
        remark: "",
    },
];

pub(crate) struct Stage {
    /// What the tests of one mutant take together, measured one by one.
    patience: Duration,
    /// Whether the slow test programs are tried, and no others.
    pub(crate) slow: bool,
    /// The share of the whole time at which the stage ends.
    pub(crate) until: f64,
    /// What is said of a mutant that this stage has missed.
    pub(crate) remark: &'static str,
}

/// Tries mutants that no earlier stage has caught.
pub(crate) fn stage(
    place: &Place,
    coverage: &Coverage,
    stage: &Stage,
    mutants: &[&Mutant],
    until: Instant,
    results: &mut Results<'_>,
) -> Result<(), Failure> {
    let trial = Trial {
        place,
        coverage,
        stage,
        unsteady: Mutex::default(),
    };
    trial.each(mutants, until, results)
}

struct Trial<'a> {
    place: &'a Place,
    coverage: &'a Coverage,
    stage: &'a Stage,
    /// Tests that failed although all mutants were off.
    unsteady: Mutex<BTreeSet<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>, Failure> {
    mutex.lock().map_err(|_| "a worker ended early".into())
}

impl Trial<'_> {
    fn each(&self, mutants: &[&Mutant], until: Instant, results: &mut Results<'_>) -> Result<(), Failure> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(results);
        let work = || -> Result<(), Failure> {
            while Instant::now() < until {
                let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) else {
                    break;
                };
                let (caught_here, before) = {
                    let results = locked(&results)?;
                    (results.catches_in(&mutant.file), results.of(mutant).cloned())
                };
                let outcome = match (self.one(mutant, &caught_here)?, before) {
                    // What the slow tests do not reach may have been reached by the others.
                    (Outcome::Missed(_), Some(Outcome::Missed(note))) if self.stage.slow => {
                        Outcome::Missed(without_stage(&note).to_owned())
                    }
                    (Outcome::Missed(note), _) if note.is_empty() => Outcome::Missed(self.stage.remark.to_owned()),
                    (Outcome::Missed(note), _) => Outcome::Missed(format!("{note}, {}", self.stage.remark)),
                    (caught, _) => caught,
                };
                locked(&results)?.add(mutant, outcome)?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().map_err(|_| "a worker ended early")?)
        })
    }

    fn one(&self, mutant: &Mutant, caught_here: &HashMap<String, usize>) -> Result<Outcome, Failure> {
        let reaching = self.coverage.reaching(mutant.id);
        if reaching.is_empty() {
            return Ok(Outcome::Missed("no test reaches it".to_owned()));
        }
        let (groups, left_out) = order::groups(&reaching, caught_here, self.stage.patience);
        for tests in groups {
            if let Some(by) = self.group(mutant, tests)? {
                return Ok(Outcome::Caught(by));
            }
        }
        Ok(Outcome::Missed(if left_out == 0 {
            String::new()
        } else {
            format!("{left_out} tests were not tried")
        }))
    }

    /// What has caught a mutant, if one of these tests did.
    fn group(&self, mutant: &Mutant, mut tests: Vec<&Test>) -> Result<Option<String>, Failure> {
        loop {
            let skipped = locked(&self.unsteady)?.clone();
            tests.retain(|test| !skipped.contains(&test.name));
            if tests.is_empty() {
                return Ok(None);
            }
            match self.run(&tests, Some(mutant.id), usual(&tests))? {
                End::Passed => return Ok(None),
                End::TimedOut => return Ok(self.is_endless(mutant, &tests)?.then(|| "time limit".to_owned())),
                End::Failed(None) => return Ok(Some("the test program ended".to_owned())),
                End::Failed(Some(name)) => {
                    let Some(failed) = tests.iter().find(|test| test.name == name) else {
                        return Ok(Some(name));
                    };
                    // A test that fails now and then has caught nothing.
                    if self.run(&[failed], None, usual(&[failed]))? == End::Passed {
                        return Ok(Some(name));
                    }
                    locked(&self.unsteady)?.insert(name);
                }
            }
        }
    }

    /// Whether tests that did not end in time do so without the mutant, on a machine that may be busier than it was when the
    /// tests were measured.
    fn is_endless(&self, mutant: &Mutant, tests: &[&Test]) -> Result<bool, Failure> {
        let started = Instant::now();
        if self.run(tests, None, usual(tests))? != End::Passed {
            return Ok(false);
        }
        let limit = started.elapsed() * 5 + Duration::from_secs(10);
        Ok(self.run(tests, Some(mutant.id), limit)? != End::Passed)
    }

    /// Runs tests of one program.
    fn run(&self, tests: &[&Test], mutant: Option<u32>, limit: Duration) -> Result<End, Failure> {
        let Some(program) = tests.first().and_then(|test| self.coverage.programs.get(test.program)) else {
            return Ok(End::Passed);
        };
        let mut command = command(self.place, program);
        command
            .args(["--exact", "--test-threads", "2"])
            .args(tests.iter().map(|test| &test.name));
        if let Some(id) = mutant {
            command.env("CMG_MUTANT", id.to_string());
        }
        start(&mut command, limit)
    }
}

/// How long tests may take together.
fn usual(tests: &[&Test]) -> Duration {
    tests.iter().map(|test| test.took).sum::<Duration>() * 5 + Duration::from_secs(10)
}

/// The first stage that has not been tried on a mutant; `None` if it was caught, or if all were.
pub(crate) fn next_stage(results: &Results<'_>, mutant: &Mutant) -> Option<usize> {
    match results.of(mutant) {
        None => Some(0),
        Some(Outcome::Caught(_)) => None,
        Some(Outcome::Missed(note)) => STAGES
            .iter()
            .position(|stage| !stage.remark.is_empty() && note.ends_with(stage.remark))
            .map(|last| last + 1),
    }
}

fn without_stage(note: &str) -> &str {
    let remark = STAGES
        .iter()
        .map(|stage| stage.remark)
        .find(|remark| !remark.is_empty() && note.ends_with(remark));
    note.strip_suffix(remark.unwrap_or_default()).unwrap_or(note).trim_end_matches(", ")
}
