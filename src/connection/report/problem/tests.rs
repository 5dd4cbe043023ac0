use std::{collections::BTreeMap, io, time::Duration};

use serde_json::json;
use uuid::{Uuid, uuid};

use super::*;
use crate::{
    connection::{Blocked, FindingCode, IncompleteConnection, Report, SecretSinkError, StalePlan, StepAction, StepError, StepReport},
    error::{RefusalReason, Refused, SiteRefusalReason, SiteRefused, TokenFailure, TransportKind, Unreachable},
    spec::ConnectionSpec,
};

const TENANT: TenantId = TenantId::new(uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"));

fn trace(method: &str, path: &str, status: Option<u16>) -> RequestTrace {
    RequestTrace {
        status,
        client_request_id: Some(Uuid::nil().to_string()),
        request_id: status.map(|_| "req-1".to_owned()),
        attempts: 1,
        ..RequestTrace::new(method, path)
    }
}

fn refused(reason: RefusalReason, code: &str, status: u16) -> DirectoryError {
    Refused::new(reason, code, "No.", trace("POST", "/v1.0/applications", Some(status))).into()
}

fn broken() -> DirectoryError {
    let source = io::Error::other("connection reset");
    Unreachable::new(
        TransportKind::Interrupted,
        "graph.microsoft.com",
        trace("POST", "/v1.0/servicePrincipals", None),
        source,
    )
    .into()
}

fn no_token() -> TokenError {
    let said = SignInRefusal {
        error: "invalid_client".to_owned(),
        codes: vec![7_000_215],
        correlation_id: Some("cor-1".to_owned()),
        ..SignInRefusal::default()
    };
    TokenError::new(
        TokenFailure::BadCredentials,
        "the sign-in service does not accept the secret",
        "Give the Value.",
    )
    .with_refusal(said)
}

fn site_refusal() -> SiteError {
    SiteRefused::new("create the connection", "access denied", "Ask an administrator.")
        .because(SiteRefusalReason::RightsMissing)
        .with_trace(trace("GET", "/AdminService/wmi/SMS_Site", Some(403)))
        .into()
}

fn finding() -> Finding {
    Finding::blocker(FindingCode::TokenExpired).with("expiredOn", "2026-11-23")
}

fn stopped(steps: Vec<StepReport>, mut failures: Vec<StepFailure>) -> ApplyError {
    let mut report = Report::default();
    steps.into_iter().for_each(|step| report.push(step));
    for failure in &failures {
        report.push(StepReport::new(failure.step, StepAction::Failed));
    }
    let first = failures.remove(0);
    ApplyError::new(TENANT, first, failures, report, vec![finding()], None)
}

fn failed(step: Step, error: impl Into<StepError>) -> StepFailure {
    StepFailure::new(step, error.into())
}

fn problems() -> BTreeMap<&'static str, Problem> {
    let stale = json!({"differences": [{"path": "/tenantName", "approved": "a", "now": "b"}]});
    let spec = r#"{"name": "", "serverApp": {"create": {"name": "b"}}}"#.parse::<ConnectionSpec>().unwrap_err();
    let blocked: Blocked = serde_json::from_value(json!({"findings": [finding()]})).unwrap();
    let created = StepReport::new(Step::RegisterServerApp, StepAction::Created);
    let denied = || refused(RefusalReason::PermissionMissing, "Authorization_RequestDenied", 403);
    let of = |error: OnboardingError| error.problem();
    let sink = SecretSinkError::new("the vault is sealed", "Unseal the vault.");
    BTreeMap::from([
        ("spec", of(spec.into())),
        ("incomplete", of(IncompleteConnection::SiteMissing.into())),
        ("look: a refusal", of(ReadError::Directory(denied()).into())),
        ("look: no token", of(ReadError::Directory(no_token().into()).into())),
        ("look: the site", of(ReadError::Site(site_refusal()).into())),
        ("blocked", of(blocked.into())),
        ("stale", of(serde_json::from_value::<StalePlan>(stale).unwrap().into())),
        (
            "apply: nothing written",
            of(stopped(Vec::new(), vec![failed(Step::RegisterServerApp, denied())]).into()),
        ),
        (
            "apply: two steps of a round",
            of(stopped(
                vec![created.clone()],
                vec![
                    failed(Step::ServerServicePrincipal, broken()),
                    failed(
                        Step::IssueSecret,
                        refused(RefusalReason::SecretsForbidden, "CredentialTypeNotAllowed", 400),
                    ),
                ],
            )
            .into()),
        ),
        (
            "apply: the sink",
            of(stopped(
                vec![created.clone()],
                vec![failed(Step::RegisterServerApp, StepError::SecretSink(sink))],
            )
            .into()),
        ),
        (
            "apply: out of time",
            of(stopped(
                vec![created],
                vec![failed(
                    Step::ConsentServerApp,
                    StepError::DeadlineExceeded {
                        deadline: Duration::from_secs(9),
                    },
                )],
            )
            .into()),
        ),
        ("directory", (&broken()).into()),
        ("site", (&site_refusal()).into()),
        ("token", (&no_token()).into()),
    ])
}

#[test]
fn every_kind_of_error_is_one_form_of_data() {
    insta::assert_json_snapshot!(problems());
}

#[test]
fn a_problem_reads_back_from_its_json() {
    for (name, problem) in problems() {
        let text = serde_json::to_string(&problem).unwrap();
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem, "{name}");
    }
}

#[test]
fn only_what_was_refused_before_any_write_has_written_nothing() {
    let effect = |name: &str| problems().remove(name).unwrap().effect;
    assert_eq!(effect("apply: nothing written"), Written::Nothing);
    assert_eq!(effect("apply: the sink"), Written::Partial);
    assert_eq!(effect("apply: two steps of a round"), Written::Unknown);
    assert_eq!(effect("blocked"), Written::Nothing);
}

#[test]
fn a_failed_step_that_was_answered_before_has_written_something() {
    let mut report = StepReport::new(Step::ClientServicePrincipal, StepAction::Failed);
    report.requests = vec![trace("POST", "/v1.0/servicePrincipals", Some(201))];
    let denied = refused(RefusalReason::PermissionMissing, "Authorization_RequestDenied", 403);
    let error = stopped(vec![report], vec![failed(Step::ClientServicePrincipal, denied)]);
    assert_eq!(error.effect(), Written::Partial);
}

#[test]
fn a_step_whose_only_request_was_refused_has_written_nothing() {
    for status in [400, 403] {
        let mut report = StepReport::new(Step::RegisterServerApp, StepAction::Failed);
        report.requests = vec![trace("POST", "/v1.0/applications", Some(status))];
        let denied = refused(RefusalReason::PermissionMissing, "Authorization_RequestDenied", status);
        let error = stopped(vec![report], vec![failed(Step::RegisterServerApp, denied)]);
        assert_eq!(error.effect(), Written::Nothing, "{status}");
    }
}

#[test]
fn repeating_helps_only_if_it_mends_every_failure() {
    let throttled = || refused(RefusalReason::Throttled, "TooManyRequests", 429);
    let forbidden = refused(RefusalReason::SecretsForbidden, "CredentialTypeNotAllowed", 400);
    let one = stopped(Vec::new(), vec![failed(Step::RegisterServerApp, throttled())]);
    assert!(one.is_retryable());
    let both = vec![
        failed(Step::RegisterServerApp, throttled()),
        failed(Step::RegisterClientApp, forbidden),
    ];
    assert!(!stopped(Vec::new(), both).is_retryable());
    assert!(!OnboardingError::from(IncompleteConnection::NothingToDo).is_retryable());
}

#[test]
fn a_run_that_ends_because_its_plan_is_stale_tells_the_differences() {
    let stale = json!({"differences": [{"path": "/tenantName", "approved": "a", "now": "b"}]});
    let stale: StalePlan = serde_json::from_value(stale).unwrap();
    let differences = stale.differences.clone();
    let error = stopped(Vec::new(), vec![failed(Step::ServerServicePrincipal, StepError::Stale(stale))]);
    let problem = OnboardingError::from(error).problem();
    assert_eq!(
        (problem.differences, problem.step),
        (differences, Some(Step::ServerServicePrincipal))
    );
}

#[test]
fn a_failed_step_may_have_been_carried_out_if_no_answer_came() {
    let unreachable = SiteError::from(crate::error::SiteUnreachable::new(
        "the site was not reached",
        "Look at the network.",
    ));
    for (error, expected) in [
        (StepError::Site(unreachable), true),
        (StepError::Site(site_refusal()), false),
        (broken().into(), true),
        (
            refused(RefusalReason::PermissionMissing, "Authorization_RequestDenied", 403).into(),
            false,
        ),
        (StepError::Cancelled, true),
        (StepError::NotRegistered, false),
    ] {
        assert_eq!(error.may_have_been_carried_out(), expected, "{error:?}");
    }
}
