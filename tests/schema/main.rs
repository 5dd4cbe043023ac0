//! The schema of what a front end sees: checked in, and true of everything that is written.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

#[path = "../support/mod.rs"]
mod support;
mod typescript;
mod validator;

use std::{env, fs, path::Path};

use cmg_onboarding::{OnboardingError, connection::Catalogue, directory::AppManagementPolicy, schema, spec::ConnectionDraft};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde::Serialize;
use serde_json::{Value, json};
use support::{Recorder, connection, spec, spec_with_discovery};
use validator::Validator;

/// The checked-in file has this text. `CMG_ACCEPT_SCHEMA=1 cargo test --test schema` writes it instead.
fn assert_checked_in(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema").join(name);
    if env::var_os("CMG_ACCEPT_SCHEMA").is_some() {
        fs::write(&path, text).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        checked_in == text,
        "{} is not what the types say. Read what has changed as a change for every front end, and accept it with CMG_ACCEPT_SCHEMA=1",
        path.display()
    );
}

fn assert_valid(kind: &str, value: &impl Serialize) {
    let document = schema::document();
    let errors = Validator::new(&document).errors(kind, &serde_json::to_value(value).unwrap());
    assert!(errors.is_empty(), "{kind}:\n{}", errors.join("\n"));
}

fn golden(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    let items = list.as_array().unwrap();
    assert!(!items.is_empty());
    items.iter()
}

#[test]
fn the_checked_in_schema_is_what_the_types_say() {
    let text = format!("{}\n", serde_json::to_string_pretty(&schema::document()).unwrap());
    assert_checked_in("cmg-onboarding.schema.json", &text);
}

#[test]
fn the_checked_in_declarations_for_typescript_are_those_of_the_schema() {
    assert_checked_in("cmg-onboarding.d.ts", &typescript::declarations(&schema::document()));
}

#[test]
fn the_checked_in_english_catalogue_is_the_one_that_texts_are_made_from() {
    let english = Catalogue::english();
    assert_valid("Catalogue", &english);
    let text = serde_json::to_string_pretty(&english).unwrap();
    assert_checked_in("catalogue.en.json", &format!("{text}\n"));
    assert_eq!(serde_json::from_str::<Catalogue>(&text).unwrap(), english);
}

#[test]
fn every_golden_file_is_valid() {
    assert_valid("Catalogue", &golden(include_str!("../golden/catalogue.de.json")));
    assert_valid("ConnectionDraft", &golden(include_str!("../golden/draft.json")));
    assert_valid("PlanDocument", &golden(include_str!("../golden/plan.json")));
    assert_valid("Preflight", &golden(include_str!("../golden/preflight.json")));
    assert_valid("Review", &golden(include_str!("../golden/review.json")));
    assert_valid("ByHand", &golden(include_str!("../golden/by_hand.json")));
    assert_valid("Check", &golden(include_str!("../golden/check.json")));
    assert_valid("ConnectionView", &golden(include_str!("../golden/connection_view.json")));
    assert_valid("Inventory", &golden(include_str!("../golden/inventory.json")));
    assert_valid("Outcome", &golden(include_str!("../golden/outcome.json")));
    assert_valid("Problem", &golden(include_str!("../golden/problem.json")));
    assert_valid("ConnectionSpec", &golden(include_str!("../golden/specification.json")));
    for event in each(&golden(include_str!("../golden/events.json"))) {
        assert_valid("Event", event);
    }
    for finding in each(&golden(include_str!("../golden/findings.json"))) {
        assert_valid("Finding", finding);
    }
    for violation in each(&golden(include_str!("../golden/violations.json"))) {
        assert_valid("Violation", violation);
    }
}

#[tokio::test]
async fn everything_that_a_run_writes_is_valid() {
    let (tenant, site, recorder) = (EmulatedTenant::new(), EmulatedSite::new(), Recorder::default());
    let connection = connection(spec_with_discovery(), &tenant, &site);
    let preflight = connection.preflight(recorder.listen()).await.unwrap();
    assert_valid("Preflight", &preflight);
    let plan = preflight.into_plan().unwrap();
    assert_valid("PlanDocument", plan.document());
    assert_valid("Review", &plan.review());
    let outcome = plan.apply(recorder.listen()).await.unwrap();
    assert_valid("Outcome", &outcome);
    assert_valid("ByHand", &connection.spec().by_hand());
    assert_valid("ConnectionSpec", connection.spec());
    assert_valid("ConnectionDraft", &ConnectionDraft::from(connection.spec()));

    let view = connection.view(|_| ()).await.unwrap();
    assert_valid("ConnectionView", &view);
    assert_valid("Check", &connection.check(recorder.listen()).await.unwrap());
    let again = connection.plan(recorder.listen()).await.unwrap();
    assert_valid("PlanDocument", again.document());
    let removal = connection.plan_removal(recorder.listen()).await.unwrap();
    assert_valid("PlanDocument", removal.document());
    assert_valid("Review", &removal.review());
    removal.apply(recorder.listen()).await.unwrap();
    let events = recorder.events();
    assert!(events.len() > 40, "{}", events.len());
    for event in &events {
        assert_valid("Event", event);
    }
}

#[tokio::test]
async fn a_refused_run_is_told_in_valid_words() {
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    let tenant = EmulatedTenant::builder().policy(policy).build();
    let recorder = Recorder::default();
    let error: OnboardingError = connection(spec(), &tenant, &EmulatedSite::new())
        .onboard(recorder.listen())
        .await
        .unwrap_err();
    assert_valid("Problem", &error.problem());
    recorder.events().iter().for_each(|event| assert_valid("Event", event));
    let invalid = ConnectionDraft::default().complete().unwrap_err();
    assert_valid("InvalidSpec", &invalid);
    assert_valid("Problem", &OnboardingError::from(invalid).problem());
}

#[test]
fn a_specification_needs_its_author_to_give_little_and_no_other_field() {
    let minimal = json!({
        "name": "Contoso CMG",
        "serverApp": {"create": {"name": "ConfigMgr Server"}},
        "clientApp": {"create": {"name": "ConfigMgr Client"}},
    });
    assert_valid("ConnectionSpec", &minimal);
    let document = schema::document();
    let validator = Validator::new(&document);
    for (field, value) in [
        ("extra", json!(1)),
        ("serverApp", json!({})),
        ("name", Value::Null),
        ("environment", json!("AzureMoon")),
    ] {
        let mut wrong = minimal.clone();
        wrong[field] = value;
        assert!(!validator.errors("ConnectionSpec", &wrong).is_empty(), "{field}");
    }
}

#[test]
fn an_imported_secret_may_be_given_and_is_marked_as_never_written() {
    let import = &schema::document()["$defs"]["ImportedServerApp"];
    assert_eq!(import["properties"]["secretKey"]["writeOnly"], true);
    assert!(!import["required"].as_array().unwrap().contains(&json!("secretKey")));
}

#[test]
fn a_document_that_is_wrong_is_found_wrong() {
    let document = schema::document();
    let validator = Validator::new(&document);
    let events = golden(include_str!("../golden/events.json"));
    for (field, value) in [
        ("run", json!("not a GUID")),
        ("at", json!("yesterday")),
        ("sequence", json!("1")),
        ("event", json!("runForgotten")),
    ] {
        let mut event = events[0].clone();
        assert!(validator.errors("Event", &event).is_empty());
        event[field] = value;
        assert!(!validator.errors("Event", &event).is_empty(), "{field}");
    }
}
