//! Holds the public API against what was accepted. `.ci/public-api` calls it with the JSON that rustdoc writes.
//!
//! It is a program in Rust, not a script in another language, because the gate needs a Rust toolchain and nothing else.

mod foreign;
mod items;
mod render;
mod report;
mod shareable;

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use serde_json::Value;

use crate::{items::Api, report::Report};

/// The formats of rustdoc's JSON that this program has been run with. It changes with the compiler, without a promise.
const KNOWN_FORMATS: [u64; 1] = [57];

const USAGE: &str = "api-gate check|accept|count JSON [FOLDER]";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("public API: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (verb, json, folder) = match arguments[..] {
        [verb @ "count", json] => (verb, json, "."),
        [verb @ ("check" | "accept"), json, folder] => (verb, json, folder),
        _ => return Err(USAGE.into()),
    };
    let json: Value = serde_json::from_str(&fs::read_to_string(json)?)?;
    let format = json["format_version"].as_u64().ok_or("this is no JSON of rustdoc")?;
    if !KNOWN_FORMATS.contains(&format) {
        println!(
            "SKIPPED, NOT CHECKED: this rustdoc writes format {format} and the program knows {KNOWN_FORMATS:?}. \
             The public API, its foreign types and what can be shared between threads were not looked at."
        );
        return Ok(ExitCode::SUCCESS);
    }
    let api = Api::read(&json)?;
    let report = Report::of(&api)?;
    println!("{}", report.figures);
    if verb == "count" {
        report.second_paths.iter().for_each(|line| println!("{line}"));
        return Ok(ExitCode::SUCCESS);
    }
    for refused in &report.foreign {
        eprintln!("public API: {refused}");
    }
    let mut holds = report.foreign.is_empty();
    for (name, text) in [("public-api.txt", &report.golden), ("shareable.rs", &report.shareable)] {
        let file = Path::new(folder).join(name);
        if verb == "accept" {
            fs::write(&file, text)?;
        } else {
            holds &= report::is_as_accepted(&file, text)?;
        }
    }
    if !holds {
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
