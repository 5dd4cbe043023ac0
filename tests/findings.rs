//! Findings and violations as front ends receive them: one example of each code, with its parameters and its words.

#![allow(clippy::unwrap_used, reason = "clippy knows only test functions as tests")]

use std::collections::BTreeSet;

use cmg_onboarding::{
    connection::{Finding, FindingCode},
    spec::{Violation, ViolationCode},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// One finding of each code. A change in this file is a change for every front end.
const FINDINGS: &str = include_str!("golden/findings.json");

/// One violation of each code, as [`FINDINGS`].
const VIOLATIONS: &str = include_str!("golden/violations.json");

/// The examples again, with the words and the place made anew from the facts.
fn remade<T: Serialize + DeserializeOwned>(examples: &str) -> Vec<Value> {
    let examples: Vec<Value> = serde_json::from_str(examples).unwrap();
    let remake = |mut facts: Value| {
        let fields = facts.as_object_mut().unwrap();
        fields.retain(|name, _| !["message", "remedy", "help", "field", "step"].contains(&name.as_str()));
        serde_json::to_value(serde_json::from_value::<T>(facts).unwrap()).unwrap()
    };
    examples.into_iter().map(remake).collect()
}

fn assert_golden<T: Serialize + DeserializeOwned>(examples: &str) {
    let remade = remade::<T>(examples);
    let golden: Vec<Value> = serde_json::from_str(examples).unwrap();
    assert!(remade == golden, "{}", serde_json::to_string_pretty(&remade).unwrap());
}

#[test]
fn code_and_parameters_determine_the_words_of_a_finding() {
    assert_golden::<Finding>(FINDINGS);
}

#[test]
fn code_parameters_and_value_determine_the_words_of_a_violation() {
    assert_golden::<Violation>(VIOLATIONS);
}

#[test]
fn there_is_one_example_of_each_code() {
    let findings: Vec<Finding> = serde_json::from_str(FINDINGS).unwrap();
    assert_eq!(findings.iter().map(Finding::code).collect::<Vec<_>>(), FindingCode::ALL);
    let violations: Vec<Violation> = serde_json::from_str(VIOLATIONS).unwrap();
    assert_eq!(violations.iter().map(Violation::code).collect::<Vec<_>>(), ViolationCode::ALL);
}

#[test]
fn no_two_findings_say_the_same_and_none_is_left_unsaid() {
    let findings: Vec<Finding> = serde_json::from_str(FINDINGS).unwrap();
    let texts: BTreeSet<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), findings.len());
    for finding in &findings {
        assert!(!finding.to_string().contains("${"), "{finding}");
        assert!(finding.message().ends_with('.') && finding.remedy().ends_with('.'), "{finding}");
    }
}
