//! How refusals are told apart.

mod known;
mod published;

use crate::Diagnostic;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::{
    error::DirectoryError,
    http::{AnswerHeaders, answer_for_tests as answer},
};

fn refused(status: u16, body: &Value) -> Refused {
    match refusal(&answer(status, AnswerHeaders::default(), body.to_string().as_bytes())) {
        DirectoryError::Refused(refused) => *refused,
        other => panic!("a refusal is expected, not {other:?}"),
    }
}

fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message}})
}

fn detailed(code: &str, message: &str, detail: &str, target: &str) -> Value {
    json!({"error": {"code": code, "message": message, "details": [{"code": detail, "message": message, "target": target}]}})
}

#[test]
fn the_refusals_that_waiting_can_mend_are_told_apart() {
    let ours = refused(404, &error("Request_ResourceNotFound", "Resource 'x' does not exist."));
    let right = refused(
        403,
        &error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    );
    let misleading = refused(
        403,
        &error(
            "Authorization_RequestDenied",
            "the backing application of the service principal being created must in the local tenant",
        ),
    );
    assert!(ours.may_be_replication() && misleading.may_be_replication() && !right.may_be_replication());
}

#[test]
fn a_backing_application_that_has_not_arrived_is_told_by_a_refusal_of_rights_only() {
    let reason = |code: &str| refused(403, &error(code, "The backing application was not found.")).reason();
    assert_eq!(reason("Authorization_RequestDenied"), RefusalReason::ReferenceNotFound);
    assert_eq!(reason("Request_BadRequest"), RefusalReason::PermissionMissing);
}

#[test]
fn what_may_have_been_carried_out_although_it_was_refused_is_told_as_data() {
    let company = "Unable to read the company information from the directory.";
    let effect = |status, code: &str, message: &str| refused(status, &error(code, message)).effect();
    assert_eq!(effect(404, "Directory_ObjectNotFound", company), Effect::Unknown);
    assert_eq!(effect(503, "Service_Unavailable", "x"), Effect::Unknown);
    assert_eq!(effect(404, "Request_ResourceNotFound", "x"), Effect::None);
    assert_eq!(effect(403, "Authorization_RequestDenied", "x"), Effect::None);
    assert_eq!(effect(429, "TooManyRequests", "x"), Effect::None);
}

#[test]
fn a_challenge_carries_its_claims() {
    let claims = r#"{"access_token":{"acrs":{"value":"c1"}}}"#;
    let headers = AnswerHeaders {
        www_authenticate: vec![format!(
            r#"Bearer error="insufficient_claims", claims="{}""#,
            STANDARD.encode(claims)
        )],
        ..AnswerHeaders::default()
    };
    let DirectoryError::Refused(refused) = refusal(&answer(401, headers, b"")) else {
        panic!("a refusal is expected")
    };
    assert_eq!((refused.reason(), refused.claims()), (RefusalReason::ClaimsChallenge, Some(claims)));
}

#[test]
fn an_answer_of_a_host_in_between_is_not_taken_for_the_directorys() {
    for (status, body) in [
        (403, "<html>Blocked</html>"),
        (404, "Not Found"),
        (404, ""),
        (407, "{}"),
        (400, r#"{"error":"x"}"#),
    ] {
        let answer = answer(status, AnswerHeaders::default(), body.as_bytes());
        assert!(matches!(refusal(&answer), DirectoryError::UnexpectedAnswer(_)), "{status} {body}");
        assert!(!is_absent(&answer));
    }
}

#[test]
fn statuses_that_speak_for_themselves_need_no_body() {
    for (status, reason) in [
        (401, RefusalReason::TokenRejected),
        (429, RefusalReason::Throttled),
        (502, RefusalReason::ServiceUnavailable),
    ] {
        let DirectoryError::Refused(refused) = refusal(&answer(status, AnswerHeaders::default(), b"<html>")) else {
            panic!("a refusal")
        };
        assert_eq!(
            (refused.reason(), refused.service_code()),
            (reason, format!("status {status}").as_str())
        );
    }
}

#[test]
fn only_the_directorys_own_word_makes_an_object_absent() {
    let absent = |code: &str, message: &str| is_absent(&answer(404, AnswerHeaders::default(), error(code, message).to_string().as_bytes()));
    assert!(absent("Request_ResourceNotFound", "Resource 'x' does not exist."));
    assert!(!absent(
        "Directory_ObjectNotFound",
        "Unable to read the company information from the directory."
    ));
    assert!(absent("Directory_ObjectNotFound", "Unable to read the object."));
    assert!(absent(
        "Request_ResourceNotFound",
        "Unable to read the company information from the directory."
    ));
}

#[test]
fn the_retry_loop_is_told_of_conflicts_and_of_company_trouble() {
    let advised = |status, code: &str, message: &str| {
        advice(&answer(
            status,
            AnswerHeaders::default(),
            error(code, message).to_string().as_bytes(),
        ))
    };
    assert_eq!(
        advised(409, "Directory_ConcurrencyViolation", "wait"),
        Some(Advice::RepeatAlways(RetryReason::ConcurrentChange))
    );
    assert_eq!(
        advised(
            404,
            "Directory_ObjectNotFound",
            "Unable to read the company information from the directory."
        ),
        Some(Advice::RepeatIfSafe(RetryReason::ServiceUnavailable))
    );
    assert_eq!(advised(404, "Request_ResourceNotFound", "x"), None);
    assert_eq!(advised(409, "Request_MultipleObjectsWithSameKeyValue", "x"), None);
}
