//! What was found, kept in a file and printed.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::Write,
    path::Path,
};

use crate::{Failure, build::Fingerprint, coverage::Coverage, list::Mutant};

#[derive(Clone)]
pub(crate) enum Outcome {
    /// By which test.
    Caught(String),
    /// A remark, or nothing.
    Missed(String),
}

/// What became of each mutant. One that was caught stays so as long as the code of its file is the same; one that was
/// missed is tried again if any source or test has changed.
pub(crate) struct Results<'a> {
    file: File,
    fingerprint: &'a Fingerprint,
    by_name: BTreeMap<String, Outcome>,
}

impl<'a> Results<'a> {
    pub(crate) fn read(path: &Path, fingerprint: &'a Fingerprint) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let mut by_name = BTreeMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [outcome, file_print, all_print, name, remark] = fields[..] else {
                continue;
            };
            let file = name.split(':').next().unwrap_or_default();
            let same_file = fingerprint.files.get(file).is_some_and(|print| print.to_string() == file_print);
            match outcome {
                "caught" if same_file => by_name.insert(name.to_owned(), Outcome::Caught(remark.to_owned())),
                "missed" if all_print == fingerprint.all.to_string() => by_name.insert(name.to_owned(), Outcome::Missed(remark.to_owned())),
                _ => None,
            };
        }
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Self {
            file,
            fingerprint,
            by_name,
        })
    }

    pub(crate) fn of(&self, mutant: &Mutant) -> Option<&Outcome> {
        self.by_name.get(&mutant.name)
    }

    /// How many mutants of a file each test has caught.
    pub(crate) fn catches_in(&self, file: &str) -> HashMap<String, usize> {
        let mut catches = HashMap::new();
        for (_, outcome) in self.by_name.range(file.to_owned()..).take_while(|(name, _)| name.starts_with(file)) {
            if let Outcome::Caught(test) = outcome {
                *catches.entry(test.clone()).or_default() += 1;
            }
        }
        catches
    }

    pub(crate) fn add(&mut self, mutant: &Mutant, outcome: Outcome) -> Result<(), Failure> {
        let (word, remark) = match &outcome {
            Outcome::Caught(remark) => ("caught", remark),
            Outcome::Missed(remark) => ("missed", remark),
        };
        let print = self.fingerprint.files.get(&mutant.file).copied().unwrap_or_default();
        writeln!(self.file, "{word}\t{print}\t{}\t{}\t{remark}", self.fingerprint.all, mutant.name)?;
        self.by_name.insert(mutant.name.clone(), outcome);
        Ok(())
    }
}

pub(crate) fn print(sample: &[&Mutant], unviable: &HashMap<u32, &str>, results: &Results<'_>, coverage: &Coverage, seed: u64) {
    for test in &coverage.left_out {
        println!("left out, because it fails or takes too long without a mutant: {test}");
    }
    // The sample ends with the last mutant that was tried, and has those before it that could not be.
    let last = sample
        .iter()
        .rposition(|mutant| results.of(mutant).is_some())
        .map_or(0, |last| last + 1);
    let drawn = &sample[..last];
    let is_left_out = |mutant: &&&Mutant| unviable.get(&mutant.id) == Some(&"not built in");
    let not_built_in: Vec<_> = drawn.iter().filter(is_left_out).collect();
    let not_compiled = drawn.iter().filter(|mutant| unviable.contains_key(&mutant.id)).count() - not_built_in.len();
    let tried: Vec<_> = drawn.iter().filter_map(|mutant| Some((*mutant, results.of(mutant)?))).collect();
    let missed: Vec<_> = tried
        .iter()
        .filter_map(|(mutant, outcome)| match outcome {
            Outcome::Missed(remark) => Some((mutant, remark)),
            Outcome::Caught(_) => None,
        })
        .collect();
    let caught = tried.len() - missed.len();
    println!(
        "{} mutants, seed {seed}, {} drawn: {} tried, {caught} caught, {} missed; {not_compiled} do not compile, {} not built in",
        sample.len(),
        drawn.len(),
        tried.len(),
        missed.len(),
        not_built_in.len()
    );
    if !tried.is_empty() {
        let (low, high) = wilson(caught as f64, tried.len() as f64);
        println!(
            "caught: {:.1} % of {}, 95 % interval {low:.1} to {high:.1} %",
            100.0 * caught as f64 / tried.len() as f64,
            tried.len()
        );
    }
    // A mutant of a `const fn` or of another part that no switch can stand in is the reader's to judge.
    for mutant in not_built_in {
        println!("not built in: {}", mutant.name);
    }
    for (mutant, remark) in missed {
        println!("missed: {}{}{remark}", mutant.name, if remark.is_empty() { "" } else { " | " });
    }
}

/// Wilson's interval with 95 %, in percent.
fn wilson(hits: f64, all: f64) -> (f64, f64) {
    let (share, z) = (hits / all, 1.96_f64);
    let scale = 1.0 + z * z / all;
    let middle = (share + z * z / (2.0 * all)) / scale;
    let half = z * (share * (1.0 - share) / all + z * z / (4.0 * all * all)).sqrt() / scale;
    (100.0 * (middle - half), 100.0 * (middle + half))
}
