//! The inputs from which a fuzzer of the emulator starts: each is answered, and most of them are understood.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "../fuzz/emulator.rs"]
mod emulator;

use std::fs;

type Target = (&'static str, fn(&[u8]) -> bool);

const TARGETS: [Target; 3] = [
    ("emulator_filter", emulator::filter),
    ("emulator_route", emulator::route),
    ("emulator_configuration", emulator::configuration),
];

#[test]
fn the_seeds_of_the_emulators_targets_are_answered_and_most_of_them_are_understood() {
    for (name, try_input) in TARGETS {
        let folder = format!("{}/fuzz/seeds/{name}", env!("CARGO_MANIFEST_DIR"));
        let seeds: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let refused: Vec<_> = seeds.iter().filter(|seed| !try_input(&fs::read(seed).unwrap())).collect();
        assert!(seeds.len() >= 3 && refused.len() * 4 < seeds.len(), "{name}: {refused:?}");
    }
}

/// What fuzzers have kept, if they have run here: how much of it is understood.
#[test]
#[ignore = "fuzz/run asks for it, to print how many inputs got past the parsers"]
fn what_fuzzers_have_found_breaks_nothing() {
    for (name, try_input) in TARGETS {
        let folder = format!("{}/fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
        let Ok(corpus) = fs::read_dir(folder) else { continue };
        let inputs: Vec<_> = corpus.map(|entry| entry.unwrap().path()).collect();
        let reached = inputs.iter().filter(|input| try_input(&fs::read(input).unwrap())).count();
        println!("past the parser: {name} {reached} of {}", inputs.len());
    }
}

#[test]
fn a_configuration_that_is_refused_is_told_where() {
    for refused in [
        "",
        "[]",
        "{",
        r#"{"colour": 1}"#,
        r#"{"preset": "none"}"#,
        r#"{"preset": "onboarded", "tenants": [{"users": [{"account": 1}]}]}"#,
        r#"{"tenants": [{}, {"users": [{}]}]}"#,
        r#"{"tenants": [{"users": [{"account": "x", "directoryRoles": ["King"]}]}]}"#,
        r#"{"tenants": [{"servicePrincipals": [{}]}]}"#,
        r#"{"tenants": [{"grants": [{"client": "00000000-0000-4000-8000-000000000001", "resource": "00000003-0000-0000-c000-000000000000", "scope": "x"}]}]}"#,
        r#"{"tenants": [{"assignments": [{"principal": "00000003-0000-0000-c000-000000000000", "resource": "00000003-0000-0000-c000-000000000000", "role": "x"}]}]}"#,
        r#"{"tenants": [{"deletedApplications": ["00000000-0000-4000-8000-000000000001"]}]}"#,
        r#"{"tenants": [{"faults": [{"fault": "throttled", "times": 100000}]}]}"#,
        r#"{"tenants": [{"automationClient": {"certificates": ["!"]}}]}"#,
        r#"{"site": {"rows": {"tenants": 1}}}"#,
    ] {
        assert!(!emulator::configuration(refused.as_bytes()), "{refused}");
    }
}

/// A long chain is what overflowed its stack once.
#[test]
fn long_chains_and_deep_brackets_in_a_filter_are_answered() {
    for text in [
        format!("displayName in ({}'1')", "'1',".repeat(3_000)),
        format!("{}true", "not ".repeat(5_000)),
        "(".repeat(10_000),
        vec!["id eq '1'"; 1_000].join(" or "),
    ] {
        emulator::filter(text.as_bytes());
    }
}
