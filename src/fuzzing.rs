//! The parsers of bytes from outside, for the fuzz targets in `fuzz/` and for the test that replays their seeds.
//!
//! Each target takes any bytes, checks what must hold of all that comes in, and says whether the input got past the
//! parser: a target whose inputs never do has tried nothing.

use time::OffsetDateTime;

use crate::{
    connection::PlanDocument,
    directory, http,
    site::{self, SiteOnboarded, SiteRemoved, SiteSnapshot},
    spec::{ConnectionSpec, Schedule},
    text::is_steering,
    token::{self, TokenClaims},
};

/// One target: its name, which is that of its program and of its folder of seeds, and what it tries.
type Target = (&'static str, fn(&[u8]) -> bool);

/// Every target.
pub const TARGETS: &[Target] = &[
    ("token_claims", token_claims),
    ("challenge", challenge),
    ("retry_after", retry_after),
    ("error_envelope", directory::fuzzing::error_envelope),
    ("next_link", directory::fuzzing::next_link),
    ("schedule_token", schedule_token),
    ("site_answer", site_answer),
    ("specification", specification),
    ("plan_document", plan_document),
    ("discovery_document", token::fuzzing::discovery_document),
    #[cfg(feature = "sign-in")]
    ("sign_in_answer", token::fuzzing::sign_in_answer),
    #[cfg(feature = "sign-in")]
    ("redirect", token::fuzzing::redirect),
    #[cfg(feature = "hand-over")]
    ("hand_over", crate::hand_over::fuzzing::hand_over),
    ("script_lines", site::power_shell::fuzzing::script_lines),
    ("admin_service_rows", site::admin_service::fuzzing::admin_service_rows),
];

/// Tries one input on the target of this name, and says whether it got past the parser.
///
/// # Panics
///
/// If there is no such target, or if the input breaks what must hold.
#[must_use]
#[expect(clippy::panic, reason = "a misspelt target must not pass for one that found nothing")]
pub fn run(target: &str, input: &[u8]) -> bool {
    match TARGETS.iter().find(|(name, _)| *name == target) {
        Some((_, try_input)) => try_input(input),
        None => panic!("there is no target {target}"),
    }
}

fn text_of(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// The claims of an access token: a token is for a person or for an application, and its debug output steers no terminal.
fn token_claims(input: &[u8]) -> bool {
    let Some(claims) = text_of(input).and_then(TokenClaims::read) else {
        return false;
    };
    assert!(
        claims
            .scopes
            .iter()
            .all(|scope| !scope.is_empty() && !scope.contains(char::is_whitespace))
    );
    assert!(!format!("{claims:?}").contains(is_steering));
    true
}

/// The claims of a `WWW-Authenticate` header: a JSON object or nothing.
fn challenge(input: &[u8]) -> bool {
    let claims = text_of(input).and_then(|text| http::claims_of(&[text.to_owned()]));
    let is_object = |claims: &String| serde_json::from_str::<serde_json::Value>(claims).is_ok_and(|claims| claims.is_object());
    assert!(claims.as_ref().is_none_or(is_object));
    claims.is_some()
}

/// The wait that a `Retry-After` asks for: as long as the moment is away, if it is one.
fn retry_after(input: &[u8]) -> bool {
    let Some(text) = text_of(input) else { return false };
    let now = OffsetDateTime::UNIX_EPOCH;
    let wait = http::wait_of(text, now);
    let later = http::wait_of(text, now + time::Duration::HOUR);
    assert!(
        later.zip(wait).is_none_or(|(later, wait)| later <= wait),
        "a later clock never waits longer"
    );
    wait.is_some()
}

/// A schedule token of the product: what is read is written back, and read as the same again.
fn schedule_token(input: &[u8]) -> bool {
    let Some(schedule) = text_of(input).and_then(|text| text.parse::<Schedule>().ok()) else {
        return false;
    };
    assert_eq!(schedule.to_string().parse::<Schedule>().as_ref(), Ok(&schedule));
    true
}

/// What a site tells, as JSON: what is read is written back the same.
fn site_answer(input: &[u8]) -> bool {
    let onboarded = serde_json::from_slice::<SiteOnboarded>(input).is_ok();
    let removed = serde_json::from_slice::<SiteRemoved>(input).is_ok();
    let Ok(snapshot) = serde_json::from_slice::<SiteSnapshot>(input) else {
        return onboarded || removed;
    };
    assert_same(&snapshot);
    for tenant in &snapshot.tenants {
        let of_tenant: Vec<_> = snapshot.connections_of(tenant.tenant_id).collect();
        assert!(of_tenant.len() <= snapshot.connections.len());
    }
    true
}

/// A specification: each wrong field is told without what may be a secret, and without what steers a terminal.
fn specification(input: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(input) else {
        return false;
    };
    let secret = document.pointer("/serverApp/import/secretKey").and_then(|secret| secret.as_str());
    let secret = secret.filter(|secret| secret.len() >= 12 && is_there_once(&document, secret));
    let told = match text_of(input).unwrap_or_default().parse::<ConnectionSpec>() {
        Ok(spec) => format!("{spec:?} {}", serde_json::to_string(&spec).unwrap_or_default()),
        Err(invalid) => {
            let lines: Vec<String> = invalid.violations().iter().map(ToString::to_string).collect();
            assert!(lines.iter().all(|line| !line.contains(is_steering)), "{lines:?}");
            lines.concat()
        }
    };
    assert!(secret.is_none_or(|secret| !told.contains(secret)), "the secret is told");
    document.get("serverApp").is_some()
}

/// Whether a text is in no key, and in one value alone.
fn is_there_once(document: &serde_json::Value, text: &str) -> bool {
    document.to_string().matches(text).count() == 1
}

/// A saved plan: what is read is written back the same.
fn plan_document(input: &[u8]) -> bool {
    let Ok(document) = serde_json::from_slice::<PlanDocument>(input) else {
        return false;
    };
    assert_same(&document);
    true
}

/// Asserts that a value is read as it was written.
fn assert_same<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let written = serde_json::to_vec(value).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<T>(&written).ok().as_ref(), Some(value));
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::*;

    fn folder(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
    }

    fn names(folder: PathBuf) -> BTreeSet<String> {
        let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    /// The inputs that a fuzzer starts from hold what each target promises, and most of them reach it.
    #[test]
    fn the_seeds_of_every_target_get_past_its_parser_and_break_nothing() {
        for (name, try_input) in TARGETS {
            let seeds: Vec<_> = fs::read_dir(folder("seeds").join(name))
                .unwrap_or_else(|error| panic!("no seeds for {name}: {error}"))
                .map(|entry| entry.unwrap().path())
                .collect();
            let reached = seeds.iter().filter(|seed| try_input(&fs::read(seed).unwrap())).count();
            assert!(
                seeds.len() >= 3 && reached * 2 > seeds.len(),
                "{name}: {reached} of {} seeds get past the parser",
                seeds.len()
            );
        }
    }

    /// What fuzzers have kept, if they have run here: how much of it gets past the parsers.
    #[test]
    #[ignore = "fuzz/run asks for it, to print how many inputs got past the parsers"]
    fn what_fuzzers_have_found_breaks_nothing() {
        for (name, try_input) in TARGETS {
            let Ok(corpus) = fs::read_dir(folder("corpus").join(name)) else {
                continue;
            };
            let inputs: Vec<_> = corpus.map(|entry| entry.unwrap().path()).collect();
            let reached = inputs.iter().filter(|input| try_input(&fs::read(input).unwrap())).count();
            println!("past the parser: {name} {reached} of {}", inputs.len());
        }
    }

    #[test]
    fn every_target_has_a_program_seeds_and_a_dictionary() {
        let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        // Those of the emulator, which this crate does not know, are replayed by `tests/emulator_seeds.rs`.
        let targets: BTreeSet<String> = targets
            .into_iter()
            .chain(["emulator_configuration", "emulator_filter", "emulator_route"].map(str::to_owned))
            .collect();
        assert_eq!(names(folder("fuzz_targets")), targets);
        assert_eq!(names(folder("seeds")), targets);
        assert_eq!(names(folder("dictionaries")), targets);
        let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
        for target in &targets {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        }
    }
}
