use std::collections::BTreeSet;

use super::*;
use crate::{
    connection::report::finding::Finding,
    permissions::testing::unknown_permissions,
    spec::ACCEPTED_FORMS,
    words::testing::{assert_sound, documented},
};

/// Words that say nothing about who acts.
const VAGUE: [&str; 3] = ["nobody", "somebody", "whoever"];

fn assert_words(code: &str, words: Words, documented: &BTreeSet<String>) {
    for template in [words.message, words.help] {
        assert_sound(code, template, documented);
        let vague = VAGUE.iter().find(|vague| template.to_lowercase().contains(*vague));
        assert_eq!(vague, None, "{code}: {template}");
        assert_eq!(unknown_permissions(template), [""; 0], "{code}");
    }
}

#[test]
fn every_finding_has_its_words_and_every_value_in_them_is_documented() {
    let documented = documented(include_str!("../finding_code.rs"));
    let names: Vec<_> = documented.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        names,
        FindingCode::ALL.iter().map(|code| format!("{code:?}")).collect::<Vec<_>>(),
        "ALL lists every code"
    );
    for (code, (name, parameters)) in FindingCode::ALL.iter().copied().zip(&documented) {
        assert_words(name, finding(code), parameters);
    }
}

#[test]
fn every_next_step_has_its_words_and_every_value_in_them_is_documented() {
    let documented = documented(include_str!("../next_step_code.rs"));
    let names: Vec<_> = documented.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        names,
        NextStepCode::ALL.iter().map(|code| format!("{code:?}")).collect::<Vec<_>>(),
        "ALL lists every code"
    );
    for (code, (name, parameters)) in NextStepCode::ALL.iter().copied().zip(&documented) {
        assert_words(name, next_step(code), parameters);
    }
}

#[test]
fn the_forms_of_an_app_id_uri_are_those_of_the_specification() {
    assert!(finding(FindingCode::AppIdUriWithoutOwner).help.contains(ACCEPTED_FORMS));
}

#[test]
fn a_step_is_data_by_its_name_and_text_by_its_title() {
    let mut parameters = Parameters::new();
    set(&mut parameters, "step", Step::CompleteClientApp);
    set(&mut parameters, "lost", ["a", "b"]);
    let (message, _) = filled(finding(FindingCode::ConcurrentChange), &parameters);
    assert!(
        message.contains(Step::CompleteClientApp.title()) && message.ends_with("a, b."),
        "{message}"
    );
    assert_eq!(parameters["step"], "completeClientApp");
}

#[test]
fn the_example_of_each_code_has_the_parameters_that_the_code_documents() {
    let examples: Vec<Finding> = serde_json::from_str(include_str!("../../../../tests/golden/findings.json")).unwrap();
    for (example, (name, documented)) in examples.iter().zip(documented(include_str!("../finding_code.rs"))) {
        let given: BTreeSet<String> = example.parameters().keys().cloned().collect();
        assert_eq!(given, documented, "{name}");
    }
}
