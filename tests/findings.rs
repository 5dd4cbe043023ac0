//! Findings as front ends receive them: one example of each code, with its parameters and its words.

use std::collections::BTreeSet;

use cmg_onboarding::connection::{Finding, FindingCode};
use serde_json::Value;

/// One finding of each code. A change in this file is a change for every front end.
const GOLDEN: &str = include_str!("golden/findings.json");

#[test]
fn there_is_one_example_of_each_code() {
    let examples: Vec<Finding> = serde_json::from_str(GOLDEN).unwrap();
    let codes: Vec<FindingCode> = examples.iter().map(Finding::code).collect();
    assert_eq!(codes, FindingCode::ALL);
}

#[test]
fn code_and_parameters_determine_the_words() {
    let examples: Vec<Value> = serde_json::from_str(GOLDEN).unwrap();
    let remade: Vec<Value> = examples
        .iter()
        .map(|example| {
            let mut facts = example.clone();
            let fields = facts.as_object_mut().unwrap();
            fields.retain(|name, _| name != "message" && name != "remedy");
            let finding: Finding = serde_json::from_value(facts).unwrap();
            serde_json::to_value(finding).unwrap()
        })
        .collect();
    assert!(remade == examples, "{}", serde_json::to_string_pretty(&remade).unwrap());
}

#[test]
fn every_value_stands_in_the_words_with_which_it_is_told() {
    let texts: BTreeSet<String> = FindingCode::ALL
        .into_iter()
        .zip(serde_json::from_str::<Vec<Finding>>(GOLDEN).unwrap())
        .map(|(code, finding)| {
            let text = finding.to_string();
            assert!(!text.contains("${") && !text.contains("  "), "{code:?}: {text}");
            assert!(
                finding.message().ends_with('.') && finding.remedy().ends_with('.'),
                "{code:?}: {text}"
            );
            text
        })
        .collect();
    assert_eq!(texts.len(), FindingCode::ALL.len(), "no two codes say the same");
}
