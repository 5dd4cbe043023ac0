//! One of every public error, however deep it lies, and what must hold for each: these tests fail if an error is added
//! that does not tell what the others do.

#![allow(clippy::unwrap_used, reason = "clippy knows only plain `cfg(test)` as tests")]

mod samples;

use std::{collections::BTreeSet, fs, path::Path};

use samples::{REASONS, Sample, refused, samples, site_errors, stopped_by, trace};

use crate::{
    OnboardingError,
    connection::StepError,
    error::{Diagnostic, RefusalReason, SiteRefusalReason, chain},
    permissions::testing::unknown_permissions,
    text::is_steering,
};

/// The public types in this crate's sources that are errors.
fn errors_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            errors_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(derived(&text));
            let public = |name: &String| text.contains(&format!("pub struct {name}")) || text.contains(&format!("pub enum {name}"));
            found.extend(by_hand(&text).filter(public));
        }
    }
}

/// `#[derive(.., thiserror::Error)] .. pub enum Name`, with any attributes between the two.
fn derived(text: &str) -> impl Iterator<Item = String> {
    text.split("thiserror::Error)]").skip(1).filter_map(|after| {
        let is_item = |line: &&str| {
            ["pub ", "enum ", "struct ", "pub(crate) "]
                .iter()
                .any(|word| line.starts_with(word))
        };
        let item = after.lines().find(is_item)?;
        let rest = item.strip_prefix("pub enum ").or_else(|| item.strip_prefix("pub struct "))?;
        rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
    })
}

fn by_hand(text: &str) -> impl Iterator<Item = String> {
    text.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("impl ")?
            .trim_start_matches("std::error::")
            .strip_prefix("Error for ")?;
        rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
    })
}

#[test]
fn every_public_error_of_the_crate_is_among_the_samples_and_so_a_diagnostic() {
    let mut found = BTreeSet::new();
    errors_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    let known: BTreeSet<String> = samples().iter().map(|sample| sample.name.to_owned()).collect();
    // So many that the search has found its way: ten errors of values are one since they became `InvalidValue`.
    assert!(found.len() >= 31, "{found:?}");
    assert_eq!(found, known);
}

#[test]
fn every_error_has_a_stable_code_in_camel_case() {
    for Sample { name, error } in samples() {
        let code = error.code();
        let is_camel = code.starts_with(|c: char| c.is_ascii_lowercase()) && code.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_camel, "{name}: {code}");
    }
}

#[test]
fn every_error_says_what_to_do_in_whole_sentences() {
    for Sample { name, error } in samples() {
        let help = error.help();
        assert!(help.starts_with(char::is_uppercase), "{name}: {help}");
        assert!(help.contains('\n') || help.ends_with(['.', '…']), "{name}: {help}");
    }
}

#[test]
fn a_permission_that_a_remedy_names_is_in_the_table_of_permissions() {
    for Sample { name, error } in samples() {
        assert_eq!(unknown_permissions(&error.help()), [""; 0], "{name}");
    }
}

#[test]
fn the_text_of_every_error_is_one_sentence_that_does_not_repeat_its_source() {
    for Sample { name, error } in samples() {
        let mut texts = vec![error.to_string()];
        let mut next = error.source();
        while let Some(source) = next {
            texts.push(source.to_string());
            next = source.source();
        }
        let last_is_ours = error.source().is_none();
        if last_is_ours {
            assert!(!texts[0].ends_with('.') && !texts[0].is_empty(), "{name}: {texts:?}");
        }
        for pair in texts.windows(2) {
            assert!(!pair[0].contains(&pair[1]), "{name}: {texts:?}");
        }
    }
}

#[test]
fn what_others_have_written_steers_no_screen() {
    for Sample { name, error } in samples() {
        for text in [error.to_string(), error.help().replace('\n', " "), chain(error.as_ref())] {
            assert!(!text.contains(is_steering), "{name}: {text:?}");
        }
    }
}

#[test]
fn an_error_answers_for_the_one_that_it_carries() {
    let error = OnboardingError::from(stopped_by(StepError::Directory(refused(RefusalReason::Throttled).into())));
    assert_eq!((error.code(), error.is_retryable()), ("throttled", true));
    assert_eq!(error.trace(), Some(&trace()));
    assert_eq!(error.refusal(), Some(RefusalReason::Throttled));
    let error = OnboardingError::from(stopped_by(StepError::Site(site_errors().remove(0))));
    assert_eq!((error.code(), error.trace()), ("siteNotSignedIn", Some(&trace())));
    assert_eq!(error.site_refusal(), Some(SiteRefusalReason::NotSignedIn));
}

#[test]
fn a_code_is_the_name_of_its_reason_in_json() {
    for reason in REASONS.into_iter().filter(|reason| *reason != RefusalReason::Other) {
        assert_eq!(serde_json::to_value(reason).unwrap(), refused(reason).code());
    }
}

#[test]
fn the_errors_themselves_know_no_codes_of_microsoft_graph() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in ["Directory_", "Authorization_", "Request_", "AsPerAppPolicy", "VerifiedDomain`"] {
            assert!(!product.contains(word), "{}: {word}", path.display());
        }
    }
}
