//! What a front end receives, as JSON: it comes in as it went out, and files of this version stay readable.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use std::collections::BTreeSet;

use cmg_onboarding::{
    ConnectionSpec, Diagnostic, Event, OnboardingError, Outcome, Preflight, Report,
    connection::{PlanDocument, Problem, SignInSummary, review::Review},
    directory::{AppManagementPolicy, SignedIn, Tenant},
    site::SiteInfo,
    spec::{ConnectionDraft, by_hand::ByHand},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use support::{Recorder, connection, spec, spec_with_discovery};

/// Reads a value as this type and writes it again.
fn again<T: Serialize + DeserializeOwned>(value: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(value.clone()).unwrap()).unwrap()
}

/// The same value comes out that went in.
fn assert_comes_back<T: Serialize + DeserializeOwned>(value: &T) -> Value {
    let json = serde_json::to_value(value).unwrap();
    assert_eq!(again::<T>(&json), json);
    json
}

/// Every path of a value, without the numbers of lists and the names of maps that are data.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_data = at.ends_with("/ids") || at.ends_with("/parameters");
                paths(value, &if is_data { at.to_owned() } else { format!("{at}/{name}") }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, at, found)),
        _ => drop(found.insert(at.to_owned())),
    }
}

/// A file of an earlier version is read, and what is written today has every field of it. A change of a file here is a
/// change for every front end.
fn assert_golden<T: Serialize + DeserializeOwned>(golden: &str, today: &Value) {
    let golden: Value = serde_json::from_str(golden).unwrap();
    assert_eq!(again::<T>(&golden), golden, "an old file is read whole");
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    paths(&golden, "", &mut old);
    paths(today, "", &mut new);
    let missing: Vec<_> = old.difference(&new).collect();
    assert!(
        missing.is_empty(),
        "no longer written: {missing:?}\n{}",
        serde_json::to_string_pretty(today).unwrap()
    );
}

#[tokio::test]
async fn outcome_report_and_events_come_in_as_they_went_out() {
    let recorder = Recorder::default();
    let outcome = connection(spec_with_discovery(), &EmulatedTenant::new(), &EmulatedSite::new())
        .onboard(recorder.listen())
        .await
        .unwrap();
    let secret = outcome.secret.as_ref().unwrap().value.expose().to_owned();
    let json = assert_comes_back::<Outcome>(&outcome);
    assert_comes_back::<Report>(&outcome.report);
    assert!(!json.to_string().contains(&secret));
    assert_golden::<Outcome>(include_str!("golden/outcome.json"), &json);

    let read: Outcome = serde_json::from_value(json).unwrap();
    assert_eq!(read.report, outcome.report);
    assert_eq!(read.secret.as_ref().unwrap().value.expose(), "");
    assert!(read.hand_over().is_none(), "there is no secret to hand over");

    let events = recorder.events();
    for event in &events {
        assert_comes_back::<Event>(event);
    }
    assert_golden::<Vec<Event>>(include_str!("golden/events.json"), &serde_json::to_value(&events).unwrap());
}

#[test]
fn events_and_reports_of_before_they_had_a_version_are_read_as_the_first_one() {
    let mut events: Value = serde_json::from_str(include_str!("golden/events.json")).unwrap();
    for event in events.as_array_mut().unwrap() {
        event.as_object_mut().unwrap().remove("version").unwrap();
    }
    let events: Vec<Event> = serde_json::from_value(events).unwrap();
    assert!(events.len() > 20 && events.iter().all(|event| event.version == 1));
    let mut outcome: Value = serde_json::from_str(include_str!("golden/outcome.json")).unwrap();
    outcome["report"].as_object_mut().unwrap().remove("version").unwrap();
    let outcome: Outcome = serde_json::from_value(outcome).unwrap();
    assert_eq!(outcome.report.version, 1);
    assert!(!outcome.report.steps().is_empty());
}

#[tokio::test]
async fn what_a_preflight_shows_comes_in_as_it_went_out() {
    let preflight = connection(spec(), &EmulatedTenant::new(), &EmulatedSite::new())
        .preflight(|_| ())
        .await
        .unwrap();
    assert_comes_back::<SignInSummary>(preflight.sign_in().unwrap());
    assert_comes_back::<SignedIn>(preflight.signed_in().unwrap());
    assert_comes_back::<Tenant>(preflight.tenant().unwrap());
    assert_comes_back::<SiteInfo>(preflight.site().unwrap());
    let json = assert_comes_back::<Preflight>(&preflight);
    assert_golden::<Preflight>(include_str!("golden/preflight.json"), &json);

    let read: Preflight = serde_json::from_value(json).unwrap();
    assert!(
        preflight.is_clear() && !read.is_clear(),
        "a plan is made of what tenant and site say now"
    );
    let refused = read.into_plan().unwrap_err();
    assert_eq!(refused.to_string(), "this preflight has no plan");
    assert!(refused.help().contains("another preflight"));
}

#[tokio::test]
async fn a_plan_and_its_review_come_in_as_they_went_out() {
    let plan = connection(spec_with_discovery(), &EmulatedTenant::new(), &EmulatedSite::new())
        .plan(|_| ())
        .await
        .unwrap();
    let json = assert_comes_back::<PlanDocument>(plan.document());
    assert_golden::<PlanDocument>(include_str!("golden/plan.json"), &json);
    let json = assert_comes_back::<Review>(&plan.review());
    assert_golden::<Review>(include_str!("golden/review.json"), &json);
}

#[tokio::test]
async fn a_problem_comes_in_as_it_went_out() {
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    let tenant = EmulatedTenant::builder().policy(policy).build();
    let error: OnboardingError = connection(spec(), &tenant, &EmulatedSite::new()).onboard(|_| ()).await.unwrap_err();
    let json = assert_comes_back::<Problem>(&error.problem());
    assert_golden::<Problem>(include_str!("golden/problem.json"), &json);
}

#[test]
fn steps_for_people_and_specifications_come_in_as_they_went_out() {
    let json = assert_comes_back::<ByHand>(&spec_with_discovery().by_hand());
    assert_golden::<ByHand>(include_str!("golden/by_hand.json"), &json);
    let json = assert_comes_back::<ConnectionSpec>(&spec_with_discovery());
    assert_golden::<ConnectionSpec>(include_str!("golden/specification.json"), &json);
    let mut draft = ConnectionDraft::default();
    draft.set("name", "Contoso CMG");
    draft.set("serverApp.create.name", "");
    let json = assert_comes_back::<ConnectionDraft>(&draft);
    assert_golden::<ConnectionDraft>(include_str!("golden/draft.json"), &json);
}
