//! The state machine by itself.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

use cmg_onboarding::connection::{Finding, Problem};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{JobKind, JobSettings, JobVerb, Phase, Session, SignIn, SignInState};
use crate::refusal::ServiceError;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn filled_in() -> Session {
    let mut session = Session::new(NOW);
    let fields = json!({
        "name": "Contoso CMG",
        "serverApp.create.name": "Server",
        "clientApp.create.name": "Client",
    });
    session.edit(0, fields.as_object().unwrap(), NOW).unwrap();
    session
}

fn problem() -> Problem {
    ServiceError::TookTooLong.problem()
}

#[test]
fn a_page_opens_when_those_before_it_are_whole() {
    let open = |session: &Session| -> Vec<bool> {
        let model = session.model();
        let pages = model["pages"].as_array().unwrap();
        pages.iter().map(|page| page["isOpen"] == true).collect()
    };
    let mut session = Session::new(NOW);
    assert_eq!(open(&session), [true, false, false, false, false, false]);
    session.edit(0, json!({ "name": "Contoso CMG" }).as_object().unwrap(), NOW).unwrap();
    assert_eq!(open(&session), [true, true, false, false, false, false]);
    assert_eq!(open(&filled_in()), [true, true, true, true, false, false]);
}

#[test]
fn discovery_of_nothing_is_no_discovery() {
    let mut session = filled_in();
    session.edit(1, json!({ "discovery.users": {} }).as_object().unwrap(), NOW).unwrap();
    session
        .edit(2, json!({ "discovery.users": null }).as_object().unwrap(), NOW)
        .unwrap();
    assert!(session.specification().is_ok());
    assert_eq!(session.model()["draft"].get("discovery"), None);
}

#[test]
fn one_job_at_a_time_and_no_change_meanwhile() {
    let mut session = filled_in();
    session.begin(JobKind::Plan, JobSettings::default(), NOW).unwrap();
    let again = session.begin(JobKind::SignIn, JobSettings::default(), NOW);
    assert_eq!(again, Err(ServiceError::Busy));
    assert_eq!(session.edit(1, &serde_json::Map::new(), NOW), Err(ServiceError::Busy));
    assert_eq!(session.may(), ["cancel", "delete"]);
    session.failed(problem(), false, NOW);
    assert_eq!((session.phase(), session.job()), (Phase::Draft, None));
    assert_eq!(session.model()["problem"]["code"], "tookTooLong");
    session.edit(1, &serde_json::Map::new(), NOW).unwrap();
    assert_eq!(session.model()["problem"], Value::Null, "it was of another draft");
}

#[test]
fn a_run_needs_a_plan_and_a_preflight_is_for_an_onboarding() {
    let mut session = filled_in();
    assert_eq!(
        session.begin(JobKind::Apply, JobSettings::default(), NOW),
        Err(ServiceError::NotNow)
    );
    let removal = JobSettings {
        verb: JobVerb::Remove,
        ..JobSettings::default()
    };
    assert_eq!(session.begin(JobKind::Preflight, removal, NOW), Err(ServiceError::NotNow));
    assert_eq!(session.approve(uuid::Uuid::nil(), NOW), Err(ServiceError::NotNow));
}

#[test]
fn a_sign_in_that_is_given_up_is_no_failure() {
    let mut session = filled_in();
    session.begin(JobKind::SignIn, JobSettings::default(), NOW).unwrap();
    assert_eq!(session.sign_in().state, SignInState::Waiting);
    session.failed(problem(), true, NOW);
    assert_eq!(session.sign_in().state, SignInState::SignedOut);
    session.begin(JobKind::SignIn, JobSettings::default(), NOW).unwrap();
    let signed = SignIn {
        state: SignInState::SignedIn,
        ..SignIn::default()
    };
    session.signing_in(signed, NOW);
    assert!(session.job().is_none() && session.may().contains(&"signOut"));
    session.challenged("{\"access_token\":{}}".to_owned(), NOW);
    assert_eq!(session.model()["signIn"]["claims"], "{\"access_token\":{}}");
}

#[test]
fn another_life_of_the_service_has_the_draft_and_no_sign_in() {
    let mut session = filled_in();
    session
        .edit(
            1,
            json!({ "serverApp": { "import": { "secretKey": "canary-7Q" } } })
                .as_object()
                .unwrap(),
            NOW,
        )
        .unwrap();
    let stored = session.stored();
    assert!(!stored.to_string().contains("canary"));
    let again = Session::restore(stored).unwrap();
    assert_eq!((again.id(), again.name()), (session.id(), "Contoso CMG"));
    assert_eq!(again.sign_in().state, SignInState::SignedOut);
    assert!(Session::restore(json!({})).is_err());
}

#[test]
fn a_run_that_was_cut_off_is_told_as_interrupted() {
    let mut stored = filled_in().stored();
    stored["phase"] = "running".into();
    let session = Session::restore(stored).unwrap();
    assert_eq!(session.phase(), Phase::Interrupted);
    assert!(
        session.model()["notice"]
            .as_str()
            .unwrap()
            .contains("Nothing in the tenant or the site is lost")
    );
}

#[test]
fn ten_thousand_findings_and_violations_are_counted_and_the_first_are_told() {
    let mut session = filled_in();
    let finding =
        |number: u32| json!({ "severity": "warning", "code": "groupNotFound", "parameters": { "groups": [format!("Group {number}")] } });
    let findings: Vec<Value> = (0..10_000).map(finding).collect();
    let of_field: Vec<Finding> = serde_json::from_value(json!(findings)).unwrap();
    assert_eq!(of_field[0].field(), Some("discovery.groups.names"));
    let preflight = json!({ "version": 1, "findings": findings });
    session.begin(JobKind::Preflight, JobSettings::default(), NOW).unwrap();
    session.checked(preflight, of_field, NOW);
    let told = |session: &Session| {
        let model = session.model();
        let field = model["pages"][2]["fields"].as_array().unwrap().iter();
        let field = field
            .clone()
            .find(|field| field["path"] == "discovery.groups.names")
            .unwrap()
            .clone();
        (model.to_string().len(), field, model["pages"][3].clone())
    };
    let (length, field, summary) = told(&session);
    assert!(length < 200_000, "{length}");
    assert_eq!(
        (field["findings"].as_array().unwrap().len(), &field["moreFindings"]),
        (20, &json!(9_980))
    );
    assert_eq!(
        (summary["findings"].as_array().unwrap().len(), &summary["moreFindings"]),
        (100, &json!(9_900))
    );
    assert_eq!(summary["preflight"]["findings"].as_array().unwrap().len(), 100);

    let names = vec![""; 10_000];
    session
        .edit(1, json!({ "discovery.groups.names": names }).as_object().unwrap(), NOW)
        .unwrap();
    let (length, field, _) = told(&session);
    assert!(length < 300_000, "{length}");
    assert_eq!(
        (field["violations"].as_array().unwrap().len(), &field["moreViolations"]),
        (20, &json!(9_980))
    );
    let mut draft = serde_json::Map::new();
    (0..10_000).for_each(|number| drop(draft.insert(format!("unknown{number}"), number.into())));
    session.edit(2, &draft, NOW).unwrap();
    let (length, _, summary) = told(&session);
    assert!(length < 1_000_000, "{length}");
    assert_eq!(
        (summary["violations"].as_array().unwrap().len(), &summary["moreViolations"]),
        (100, &json!(9_900))
    );
}

#[test]
fn a_finding_names_the_setting_of_a_plan_and_not_a_call_of_the_library() {
    let mut session = filled_in();
    let of_policy = json!({ "severity": "blocker", "code": "policyNotRead", "parameters": { "permission": "Policy.Read.All" } });
    let findings: Vec<Finding> = serde_json::from_value(json!([of_policy])).unwrap();
    assert!(findings[0].remedy().contains("policy_exempt(true)"), "{}", findings[0].remedy());
    session.begin(JobKind::Preflight, JobSettings::default(), NOW).unwrap();
    session.checked(json!({ "findings": findings }), findings, NOW);
    let summary = session.model()["pages"][3].clone();
    for shown in [&summary["findings"][0], &summary["preflight"]["findings"][0]] {
        let remedy = shown["remedy"].as_str().unwrap();
        assert!(remedy.contains("(policyExempt)") && !remedy.contains("policy_exempt"), "{remedy}");
    }
}
