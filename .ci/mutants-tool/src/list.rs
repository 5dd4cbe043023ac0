//! The mutants, as `cargo mutants` lists them.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::Failure;

/// The rooms that decide what is written.
const ROOMS: [&str; 6] = [
    "src/connection",
    "src/http",
    "src/directory/graph/classify",
    "src/spec",
    "src/permissions",
    "src/token/claims",
];

/// Tests are no mutants' place.
const WITHOUT: [&str; 3] = ["**/tests.rs", "**/tests/**", "**/fuzzing.rs"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
    Other,
}

pub(crate) struct Mutant {
    /// From 1, in the order of the list.
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) genre: Genre,
    pub(crate) replacement: String,
    /// Line and column, both from 1; columns count characters.
    pub(crate) start: (usize, usize),
    pub(crate) end: (usize, usize),
}

pub(crate) fn all(repository: &Path) -> Result<Vec<Mutant>, Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["mutants", "--list", "--json", "--package", "cmg-onboarding"])
        .current_dir(repository);
    for pattern in WITHOUT {
        command.args(["--exclude", pattern]);
    }
    for room in ROOMS {
        command.args(["--file", &format!("{room}*.rs"), "--file", &format!("{room}/**")]);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("cargo mutants: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let list: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let mutants: Option<Vec<Mutant>> = (1..).zip(&list).map(|(id, value)| read(id, value)).collect();
    mutants.ok_or_else(|| "cargo mutants writes a list that this program does not know".into())
}

fn read(id: u32, value: &Value) -> Option<Mutant> {
    let text = |key: &str| Some(value.get(key)?.as_str()?.to_owned());
    let place = |end: &str| {
        let number = |key: &str| usize::try_from(value.pointer(&format!("/span/{end}/{key}"))?.as_u64()?).ok();
        Some((number("line")?, number("column")?))
    };
    Some(Mutant {
        id,
        name: text("name")?,
        file: text("file")?,
        genre: match text("genre")?.as_str() {
            "FnValue" => Genre::FnValue,
            "BinaryOperator" => Genre::BinaryOperator,
            "UnaryOperator" => Genre::UnaryOperator,
            "MatchArm" => Genre::MatchArm,
            "MatchArmGuard" => Genre::MatchArmGuard,
            "StructField" => Genre::StructField,
            _ => Genre::Other,
        },
        replacement: text("replacement")?,
        start: place("start")?,
        end: place("end")?,
    })
}

/// In an order by chance, the same for the same seed.
pub(crate) fn shuffled(mutants: &[Mutant], seed: u64) -> Vec<&Mutant> {
    let mut state = seed;
    // SplitMix64.
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let mut order: Vec<&Mutant> = mutants.iter().collect();
    for last in (1..order.len()).rev() {
        let other = next() % (last as u64 + 1);
        order.swap(last, usize::try_from(other).unwrap_or(0));
    }
    order
}
