//! The words of a second language, and what a translator may have forgotten.

use super::*;
use crate::connection::report::{
    next_step::{NextStep, record_secret_expiry},
    step_error::StepError,
};

fn german() -> Catalogue {
    serde_json::from_str(include_str!("../../../../tests/golden/catalogue.de.json")).unwrap()
}

fn findings() -> Vec<Finding> {
    serde_json::from_str(include_str!("../../../../tests/golden/findings.json")).unwrap()
}

fn violations() -> Vec<Violation> {
    serde_json::from_str(include_str!("../../../../tests/golden/violations.json")).unwrap()
}

#[test]
fn the_english_catalogue_says_what_findings_and_violations_say_themselves() {
    let english = Catalogue::english();
    for finding in findings() {
        assert_eq!(
            english.finding(&finding),
            Wording::new(finding.message(), finding.remedy()),
            "{finding}"
        );
    }
    for violation in violations() {
        let words = english.violation(&violation);
        assert!(violation.message().ends_with(&words.message), "{violation}: {}", words.message);
        assert_eq!(words.help, violation.help());
    }
    assert!(english.faults().is_empty(), "{:?}", english.faults());
}

#[test]
fn a_german_catalogue_is_whole_and_leaves_nothing_in_english() {
    let german = german();
    assert_eq!(german.faults(), Vec::<String>::new());
    for finding in findings() {
        let words = german.finding(&finding);
        assert_ne!(words.message, finding.message());
        assert!(!words.message.contains("${"), "{}", words.message);
    }
    for violation in violations() {
        let words = german.violation(&violation);
        assert!(words.message.contains("erwartet wird "), "{}", words.message);
        assert!(!words.message.contains("${"), "{}", words.message);
    }
    for (step, title) in &german.steps {
        assert_ne!(title, step.title());
    }
    let step = Finding::warning(FindingCode::StepNotDone).with("step", Step::ImportTenant);
    assert!(german.finding(&step).message.contains(german.step(Step::ImportTenant)));
    let app = Finding::warning(FindingCode::ServicePrincipalMissing).with("app", "client");
    assert!(german.finding(&app).message.starts_with("Die Client-App "));
}

#[test]
fn a_catalogue_without_a_key_or_a_parameter_is_found_out_and_falls_back_to_english() {
    let mut catalogue = Catalogue::english();
    catalogue.steps.remove(&Step::ImportTenant);
    catalogue.findings.get_mut(&FindingCode::WrongTenant).unwrap().message = "${signedin}".to_owned();
    let faults = catalogue.faults();
    for fault in [
        "steps.importTenant is missing",
        "findings.wrongTenant.message does not use signedIn",
        "findings.wrongTenant.message has no parameter signedin",
    ] {
        assert!(faults.iter().any(|found| found == fault), "{fault}: {faults:?}");
    }
    assert_eq!(catalogue.step(Step::ImportTenant), Step::ImportTenant.title());
    let finding = &findings()[0];
    assert_eq!(Catalogue::default().finding(finding).message, finding.message());
}

#[test]
fn every_code_of_a_refusal_has_its_words() {
    let english = Catalogue::english();
    assert_eq!(english.problems.len(), RefusalReason::ALL.len() + SiteRefusalReason::ALL.len());
    let error = StepError::SecretTextMissing;
    let problem = Problem::of(&error);
    assert_eq!(
        english.problem(&problem),
        Wording::new(&problem.message, &problem.help),
        "another code stays English"
    );
    let mut refused = problem;
    refused.code = "permissionMissing".to_owned();
    refused.help = "one\ntwo".to_owned();
    refused.step = Some(Step::RegisterServerApp);
    assert_eq!(english.problem(&refused).help, "one\ntwo", "lines stay");
    let mut own = english;
    own.problems.insert(
        "permissionMissing".to_owned(),
        Wording::new("Kein Recht: ${step}.", "Hilfe (${help})"),
    );
    let words = own.problem(&refused);
    assert_eq!(words.message, format!("Kein Recht: {}.", Step::RegisterServerApp.title()));
    assert_eq!(words.help, "Hilfe (one\ntwo)");
}

#[test]
fn what_was_left_empty_stays_english() {
    let mut catalogue = german();
    catalogue.violation_given.clear();
    catalogue.violation_missing.clear();
    for violation in violations() {
        assert_eq!(catalogue.violation(&violation).message, violation.message());
    }
    for finding in findings() {
        catalogue.findings.insert(finding.code(), Wording::new("", ""));
        assert_eq!(catalogue.finding(&finding).message, finding.message());
    }
    catalogue.steps.insert(Step::ImportTenant, String::new());
    assert_eq!(catalogue.step(Step::ImportTenant), Step::ImportTenant.title());
    assert!(!catalogue.faults().is_empty());
}

#[test]
fn the_help_of_an_error_in_its_message_is_a_fault() {
    let mut catalogue = german();
    catalogue
        .problems
        .insert("throttled".to_owned(), Wording::new("${help}", "${help}"));
    assert_eq!(catalogue.faults(), ["problems.throttled.message has no parameter help"]);
}

#[test]
fn a_next_step_is_told_in_the_words_of_the_catalogue_with_its_values() {
    let steps = [
        record_secret_expiry(time::macros::datetime!(2027-11-23 00:00 UTC)),
        NextStep::new(NextStepCode::HandOverSecret),
    ];
    for step in &steps {
        let own = Wording::new(&step.message, &step.how);
        assert_eq!(Catalogue::english().next_step(step), own);
        assert_eq!(Catalogue::default().next_step(step), own, "without words it stays English");
        let words = german().next_step(step);
        assert!(words.message != own.message && words.help != own.help, "{words:?}");
        assert!(!words.message.contains("${"), "{words:?}");
    }
    assert!(german().next_step(&steps[0]).message.contains("2027-11-23"));
}
