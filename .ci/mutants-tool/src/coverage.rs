//! Which test reaches which mutant: each test runs once by itself, with all mutants off.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    Failure, Place,
    build::{Built, Program, hash},
    program::{End, start},
};

/// A test that takes longer is left out.
const LONGEST: Duration = Duration::from_secs(40);

/// How many tests run at the same time.
pub(crate) const AT_ONCE: usize = 2;

pub(crate) struct Coverage {
    /// The test programs; the first ones are tried first.
    pub(crate) programs: Vec<PathBuf>,
    pub(crate) tests: Vec<Test>,
    /// Tests that fail or take too long without any mutant.
    pub(crate) left_out: Vec<String>,
}

impl Coverage {
    /// The tests that reach a mutant.
    pub(crate) fn reaching(&self, mutant: u32) -> Vec<&Test> {
        self.tests
            .iter()
            .filter(|test| test.reached.binary_search(&mutant).is_ok())
            .collect()
    }

    /// What all of them take together.
    pub(crate) fn cost(&self, mutant: u32) -> Duration {
        self.reaching(mutant).into_iter().map(|test| test.took).sum()
    }
}

pub(crate) struct Test {
    /// Its program's place in the list of programs.
    pub(crate) program: usize,
    pub(crate) name: String,
    pub(crate) took: Duration,
    /// In ascending order.
    pub(crate) reached: Vec<u32>,
}

/// One line of the file that keeps what was measured.
struct Line {
    program: String,
    test: String,
    took: Option<Duration>,
    reached: Vec<u32>,
}

/// Of the slow test programs, or of all others.
pub(crate) fn read_or_measure(place: &Place, built: &Built, slow: bool) -> Result<Coverage, Failure> {
    let mut coverage = Coverage {
        programs: Vec::new(),
        tests: Vec::new(),
        left_out: Vec::new(),
    };
    let folder = place.state.join("coverage");
    fs::create_dir_all(&folder)?;
    for (index, program) in built.programs.iter().filter(|program| program.is_slow() == slow).enumerate() {
        let file = fs::metadata(&program.path)?;
        let key = hash(format!("{:?} {} {:?}", program.path, file.len(), file.modified()?).as_bytes());
        let kept = folder.join(format!("{}-{key:x}.tsv", program.name));
        let lines = match fs::read_to_string(&kept) {
            Ok(text) => text.lines().filter_map(Line::read).collect(),
            Err(_) => {
                let lines = measure(place, program)?;
                let text: String = lines.iter().map(Line::write).collect();
                fs::write(&kept, text)?;
                lines
            }
        };
        coverage.programs.push(program.path.clone());
        for line in lines {
            match line.took {
                Some(took) => coverage.tests.push(Test {
                    program: index,
                    name: line.test,
                    took,
                    reached: line.reached,
                }),
                None => coverage.left_out.push(format!("{} {}", line.program, line.test)),
            }
        }
    }
    coverage.tests.sort_by_key(|test| (test.took, test.program));
    Ok(coverage)
}

/// A test program in the copy, with the environment that cargo gives it.
pub(crate) fn command(place: &Place, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&place.copy).stdin(Stdio::null()).stderr(Stdio::null());
    command
        .env("CARGO_MANIFEST_DIR", &place.copy)
        .env("INSTA_WORKSPACE_ROOT", &place.copy);
    command
        .env("INSTA_UPDATE", "no")
        .env_remove("RUST_BACKTRACE")
        .env_remove("CMG_MUTANT");
    command
}

fn measure(place: &Place, program: &Program) -> Result<Vec<Line>, Failure> {
    let output = command(place, &program.path).args(["--list", "--format", "terse"]).output()?;
    let list = String::from_utf8(output.stdout)?;
    let names: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    eprintln!("{}: {} tests, each once", program.name, names.len());
    let next = AtomicUsize::new(0);
    let lines = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE)
            .map(|worker| {
                let (next, lines, names) = (&next, &lines, &names);
                scope.spawn(move || -> Result<(), Failure> {
                    let record = place.state.join(format!("reached-{worker}"));
                    while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let line = alone(place, program, name, &record)?;
                        lines.lock().map_err(|_| "a worker ended early")?.insert(name.to_string(), line);
                    }
                    Ok(())
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().map_err(|_| "a worker ended early")?)
    })?;
    Ok(lines.into_inner().map_err(|_| "a worker ended early")?.into_values().collect())
}

fn alone(place: &Place, program: &Program, name: &str, record: &Path) -> Result<Line, Failure> {
    fs::write(record, "")?;
    let mut command = command(place, &program.path);
    command
        .args(["--exact", name, "--test-threads", "1"])
        .env("CMG_MUTANTS_REACHED", record);
    let started = Instant::now();
    let end = start(&mut command, LONGEST)?;
    let took = started.elapsed();
    let mut reached: Vec<u32> = fs::read_to_string(record)?.lines().filter_map(|line| line.parse().ok()).collect();
    reached.sort_unstable();
    reached.dedup();
    let took = (end == End::Passed).then_some(took);
    Ok(Line {
        program: program.name.clone(),
        test: name.to_owned(),
        took,
        reached,
    })
}

impl Line {
    fn write(&self) -> String {
        let took = self.took.map_or_else(|| "-".to_owned(), |took| took.as_micros().to_string());
        let reached: Vec<String> = self.reached.iter().map(u32::to_string).collect();
        format!("{}\t{}\t{took}\t{}\n", self.program, self.test, reached.join(","))
    }

    fn read(line: &str) -> Option<Self> {
        let mut fields = line.split('\t');
        Some(Self {
            program: fields.next()?.to_owned(),
            test: fields.next()?.to_owned(),
            took: fields.next()?.parse().ok().map(Duration::from_micros),
            reached: fields.next()?.split(',').filter_map(|id| id.parse().ok()).collect(),
        })
    }
}
