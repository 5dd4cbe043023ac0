//! One build with all mutants that compile together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    Failure, Place, copy,
    list::{Genre, Mutant},
    rewrite::{Mark, rewrite},
};

/// The test programs that are tried after the library's own tests: those that let whole runs go well or wrong.
const TESTS: [&str; 38] = [
    "adopting",
    "approved_plan",
    "bad_days",
    "by_hand",
    "callers",
    "check",
    "cold_start",
    "compared",
    "contract",
    "findings",
    "front_end_json",
    "graph_wire",
    "hand_over",
    "hardened",
    "http_tls",
    "in_use",
    "interleavings",
    "many",
    "observability",
    "one_app",
    "orchestration",
    "own_site",
    "permissions",
    "proven_secret",
    "proxy",
    "registrations",
    "renewal",
    "review",
    "round_trips",
    "schema",
    "settings",
    "site_side",
    "spec_properties",
    "stale_reads",
    "summary",
    "verify",
    "view",
    "whole_job",
];

/// Those that take minutes: they get what all others have missed.
const SLOW_TESTS: [&str; 2] = ["resilience", "approved_plan_mutations"];

/// What the copy's library gets: the switch, and the record of the mutants that were reached.
const SWITCH: &str = r#"
pub(crate) fn mutant_is(id: u32) -> bool {
    use std::{fs::File, io::Write, sync::OnceLock, sync::atomic::{AtomicU64, Ordering}};
    static ACTIVE: OnceLock<u32> = OnceLock::new();
    static RECORD: OnceLock<Option<File>> = OnceLock::new();
    static REACHED: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];
    let active = *ACTIVE.get_or_init(|| std::env::var("CMG_MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(0));
    let record = RECORD.get_or_init(|| {
        let path = std::env::var_os("CMG_MUTANTS_REACHED")?;
        File::options().create(true).append(true).open(path).ok()
    });
    if let Some(mut file) = record.as_ref() {
        let bit = 1 << (id % 64);
        if REACHED[id as usize / 64].fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            let _ = file.write_all(format!("{id}\n").as_bytes());
        }
    }
    active == id
}
"#;

pub(crate) struct Built {
    /// The test programs: the library's own tests first, the slow ones last.
    pub(crate) programs: Vec<Program>,
    /// The mutants that are not in the build, with the reason.
    pub(crate) left_out: BTreeMap<u32, String>,
    pub(crate) fingerprint: Fingerprint,
}

pub(crate) struct Program {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl Program {
    pub(crate) fn is_slow(&self) -> bool {
        SLOW_TESTS.contains(&self.name.as_str())
    }
}

/// What the results are of.
pub(crate) struct Fingerprint {
    /// Of the sources and tests together.
    pub(crate) all: u64,
    /// Of the code of each file, without its tests.
    pub(crate) files: BTreeMap<String, u64>,
}

pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn all(place: &Place, sources: &BTreeMap<String, String>, mutants: &[Mutant]) -> Result<Built, Failure> {
    let memory = place.state.join("unviable.tsv");
    let mut unviable = remembered(&memory, sources, mutants);
    loop {
        let marks = write(place, sources, mutants, &unviable)?;
        let (programs, errors) = build(place)?;
        if errors.is_empty() {
            let built: BTreeSet<u32> = marks.values().flatten().map(|mark| mark.id).collect();
            let mut left_out: BTreeMap<u32, String> = mutants
                .iter()
                .filter(|mutant| !built.contains(&mutant.id))
                .map(|mutant| (mutant.id, "not built in".to_owned()))
                .collect();
            left_out.extend(unviable);
            return Ok(Built {
                programs,
                left_out,
                fingerprint: fingerprint(place, sources)?,
            });
        }
        let before = unviable.len();
        for error in &errors {
            for id in culprits(error, &marks) {
                unviable.entry(id).or_insert_with(|| error.text.clone());
            }
        }
        eprintln!("{} errors; {} mutants do not compile so far", errors.len(), unviable.len());
        if unviable.len() == before {
            return Err(format!("the copy does not compile, and no mutant is the reason: {}", errors[0].text).into());
        }
        remember(&memory, sources, mutants, &unviable)?;
    }
}

/// Writes the sources with their mutants into the copy, and says where they are.
fn write(
    place: &Place,
    sources: &BTreeMap<String, String>,
    mutants: &[Mutant],
    unviable: &BTreeMap<u32, String>,
) -> Result<BTreeMap<String, Vec<Mark>>, Failure> {
    let mut marks = BTreeMap::new();
    for (file, source) in sources {
        let here = mutants.iter().filter(|mutant| mutant.file == *file && mutant.genre != Genre::Other);
        let here: Vec<&Mutant> = here.filter(|mutant| !unviable.contains_key(&mutant.id)).collect();
        let mut text = source.clone();
        if !here.is_empty() {
            let rewritten = rewrite(source, &here).map_err(|error| format!("{file}: {error}"))?;
            text = rewritten.text;
            marks.insert(file.clone(), rewritten.marks);
        }
        if file == "src/lib.rs" {
            let words = mutants.len() / 64 + 1;
            text = format!("#![allow(warnings)]\n{text}{}", SWITCH.replace("WORDS", &words.to_string()));
        }
        copy::write(&place.copy.join(file), text.as_bytes())?;
    }
    Ok(marks)
}

struct CompileError {
    text: String,
    /// File and bytes: the main places first.
    spans: Vec<(String, Range<usize>)>,
}

fn build(place: &Place) -> Result<(Vec<Program>, Vec<CompileError>), Failure> {
    let mut command = Command::new("cargo");
    command.args([
        "test",
        "--locked",
        "--no-run",
        "--package",
        "cmg-onboarding",
        "--message-format=json",
        "--lib",
    ]);
    for test in TESTS.iter().chain(&SLOW_TESTS) {
        command.args(["--test", test]);
    }
    command
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .current_dir(&place.copy)
        .stderr(Stdio::piped());
    let output = command.output()?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut programs = Vec::new();
    let mut errors = Vec::new();
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let kind = message.pointer("/target/kind/0").and_then(Value::as_str).unwrap_or_default();
        if let Some(path) = message["executable"].as_str() {
            let name = if kind == "test" {
                message["target"]["name"].as_str().unwrap_or_default()
            } else {
                "lib"
            };
            programs.push(Program {
                name: name.to_owned(),
                path: path.into(),
            });
        }
        if message["message"]["level"] == "error" {
            errors.extend(compile_error(&message["message"]));
        }
    }
    if !output.status.success() && errors.is_empty() {
        return Err(format!("cargo test --no-run: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    programs.sort_by_key(|program| (program.is_slow(), program.name != "lib", program.name.clone()));
    Ok((programs, errors))
}

/// `None` for the one that counts the others.
fn compile_error(message: &Value) -> Option<CompileError> {
    let mut spans: Vec<&Value> = message["spans"].as_array()?.iter().collect();
    spans.sort_by_key(|span| span["is_primary"] != true);
    let children = message["children"].as_array().into_iter().flatten();
    spans.extend(children.filter_map(|child| child["spans"].as_array()).flatten());
    let spans: Vec<_> = spans.into_iter().filter_map(place_of).collect();
    let text = message["message"].as_str().unwrap_or_default().replace(['\n', '\t'], " ");
    (!spans.is_empty()).then_some(CompileError { text, spans })
}

fn place_of(span: &Value) -> Option<(String, Range<usize>)> {
    let file = span["file_name"].as_str()?;
    if file.starts_with("src/") {
        let byte = |key: &str| usize::try_from(span[key].as_u64()?).ok();
        return Some((file.to_owned(), byte("byte_start")?..byte("byte_end")?));
    }
    place_of(span.pointer("/expansion/span")?)
}

/// The mutants that an error is about: those in whose own text it is, or else all of the smallest expression around it.
fn culprits(error: &CompileError, marks: &BTreeMap<String, Vec<Mark>>) -> Vec<u32> {
    for (file, span) in &error.spans {
        let Some(marks) = marks.get(file) else { continue };
        let within = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
        let own: Vec<u32> = marks
            .iter()
            .filter(|mark| mark.own.iter().any(within))
            .map(|mark| mark.id)
            .collect();
        if !own.is_empty() {
            return own;
        }
        let smallest = marks.iter().filter(|mark| within(&mark.around)).map(|mark| mark.around.len()).min();
        if let Some(smallest) = smallest {
            let around = marks.iter().filter(|mark| within(&mark.around) && mark.around.len() == smallest);
            return around.map(|mark| mark.id).collect();
        }
    }
    Vec::new()
}

fn fingerprint(place: &Place, sources: &BTreeMap<String, String>) -> Result<Fingerprint, Failure> {
    let mut files = BTreeMap::new();
    let mut all = DefaultHasher::new();
    for (file, text) in sources {
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
        files.insert(file.clone(), hash(code.as_bytes()));
        text.hash(&mut all);
    }
    for folder in ["tests", "emulator/src"] {
        hash_folder(&place.copy.join(folder), &mut all)?;
    }
    Ok(Fingerprint { all: all.finish(), files })
}

fn hash_folder(folder: &std::path::Path, hasher: &mut DefaultHasher) -> Result<(), Failure> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            hash_folder(&path, hasher)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            fs::read(path)?.hash(hasher);
        }
    }
    Ok(())
}

/// What did not compile before does not compile now if its file is the same.
fn remembered(memory: &std::path::Path, sources: &BTreeMap<String, String>, mutants: &[Mutant]) -> BTreeMap<u32, String> {
    let text = fs::read_to_string(memory).unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, '\t');
        Some(((fields.next()?.to_owned(), fields.next()?), fields.next()?))
    });
    let known: BTreeMap<(String, &str), &str> = lines.collect();
    let of = |mutant: &Mutant| {
        let source = hash(sources.get(&mutant.file)?.as_bytes()).to_string();
        Some((mutant.id, (*known.get(&(source, mutant.name.as_str()))?).to_owned()))
    };
    mutants.iter().filter_map(of).collect()
}

fn remember(
    memory: &std::path::Path,
    sources: &BTreeMap<String, String>,
    mutants: &[Mutant],
    unviable: &BTreeMap<u32, String>,
) -> Result<(), Failure> {
    let mut text = String::new();
    for mutant in mutants {
        if let (Some(why), Some(source)) = (unviable.get(&mutant.id), sources.get(&mutant.file)) {
            text.push_str(&format!("{}\t{}\t{why}\n", hash(source.as_bytes()), mutant.name));
        }
    }
    Ok(fs::write(memory, text)?)
}
