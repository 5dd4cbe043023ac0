//! Reads files of the lab kits, and says which assumptions of the crate each of them confirms or breaks.
//!
//! ```text
//! cargo run --example lab -- cmg-site-probe.json cmg-throwaway-site-probe.json cmg-live-tenant.json
//! ```
//!
//! `probe-site.ps1` beside this file looks at a real site and writes nothing into it; `probe-throwaway-site.ps1` tries things
//! out on a site that will be thrown away; `cargo run --example live_tenant` does so in a test tenant.

mod reader;

use std::process::ExitCode;

use reader::{Answer, Reading};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("name the files to read");
        return ExitCode::from(2);
    }
    let mut is_all_confirmed = true;
    for file in files {
        let read = std::fs::read(&file).map_err(|error| error.to_string());
        match read.and_then(|bytes| Reading::of(&bytes)) {
            Ok(reading) => {
                println!("{file} ({})", reading.kit);
                for found in &reading.findings {
                    println!("  {found}");
                }
                is_all_confirmed &= reading.findings.iter().all(|found| found.answer != Answer::Broken);
            }
            Err(problem) => {
                eprintln!("{file}: {problem}");
                return ExitCode::from(2);
            }
        }
    }
    if is_all_confirmed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
