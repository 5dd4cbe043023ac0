//! What goes wrong between here and Microsoft Graph, and what callers see of it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cmg_onboarding::{
    Call, CloudEndpoints, Diagnostic, Directory, DirectoryError, GraphDirectory, RetryReason, StaticToken,
    call::CallEvent,
    directory::{ApplicationKey, ApplicationProperties, NewApplication},
    error::{RefusalReason, TransportKind},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use wiremock::ResponseTemplate;

use super::support::{Graph, id, json, refusal};

fn application() -> serde_json::Value {
    json!({"id": "00000000-0000-0000-0000-000000000001", "appId": "00000000-0000-0000-0000-000000000002"})
}

async fn create(graph: &Graph) -> Result<(), DirectoryError> {
    let created = graph
        .directory()
        .create_application(Call::quiet(), &NewApplication::default())
        .await;
    created.map(drop)
}

async fn read(graph: &Graph) -> Result<(), DirectoryError> {
    let key = ApplicationKey::UniqueName("x".to_owned());
    graph.directory().application(Call::quiet(), &key).await.map(drop)
}

#[tokio::test]
async fn a_throttled_creation_is_sent_again_and_whoever_listens_is_told() {
    let throttled = refusal(429, "TooManyRequests", "slow down").insert_header("retry-after-ms", "1");
    let graph = Graph::answering([throttled, json(201, application())]).await;
    let (call, mut heard) = Call::channel();
    let new = NewApplication::default();
    graph.directory().create_application(call, &new).await.unwrap();
    let Some(CallEvent::Retried(retry)) = heard.next().await else {
        panic!("a retry is told")
    };
    assert_eq!(retry.reason, RetryReason::Throttled);
    let Some(CallEvent::Answered(trace)) = heard.next().await else {
        panic!("the answer is told")
    };
    assert_eq!((trace.attempts, trace.status), (2, Some(201)));
    assert_eq!(heard.next().await, None, "the call is over");
    let ids: Vec<_> = graph
        .requests()
        .await
        .iter()
        .map(|request| request.headers["client-request-id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1], "attempts of one call share its id");
}

#[tokio::test]
async fn a_concurrent_change_is_waited_out() {
    let conflict = refusal(409, "Directory_ConcurrencyViolation", "Please wait briefly and retry.");
    let graph = Graph::answering([conflict, json(201, application())]).await;
    create(&graph).await.unwrap();
    assert_eq!(graph.requests().await.len(), 2);
}

#[tokio::test]
async fn a_creation_is_not_sent_again_after_a_server_error() {
    for status in [500, 502, 503, 504] {
        let graph = Graph::answering([refusal(status, "ServiceNotAvailable", "busy"), json(201, application())]).await;
        let error = create(&graph).await.unwrap_err();
        assert_eq!(error.refusal(), Some(RefusalReason::ServiceUnavailable));
        assert!(error.may_have_been_carried_out());
        assert_eq!(graph.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn a_read_is_sent_again_after_a_server_error_and_after_company_trouble() {
    let company = refusal(
        404,
        "Directory_ObjectNotFound",
        "Unable to read the company information from the directory.",
    );
    let graph = Graph::answering([ResponseTemplate::new(502), company, json(200, application())]).await;
    read(&graph).await.unwrap();
    assert_eq!(graph.requests().await.len(), 3);
}

#[tokio::test]
async fn a_deletion_that_a_repeat_finds_done_is_done() {
    let gone = refusal(404, "Request_ResourceNotFound", "Resource 'x' does not exist.");
    let graph = Graph::answering([ResponseTemplate::new(504), gone]).await;
    let directory = graph.directory();
    directory.delete_application(Call::quiet(), id(1)).await.unwrap();
    let error = directory.delete_application(Call::quiet(), id(1)).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::NotFound));
}

/// A deletion that does not show yet among the deleted objects answers like this, and is waited for.
#[tokio::test]
async fn a_deletion_whose_first_attempt_did_nothing_is_not_done_by_a_repeat_that_finds_no_object() {
    let gone = || refusal(404, "Request_ResourceNotFound", "Resource 'x' does not exist.");
    let harmless = [
        refusal(429, "TooManyRequests", "slow down").insert_header("retry-after-ms", "1"),
        refusal(401, "InvalidAuthenticationToken", "expired"),
        refusal(409, "Directory_ConcurrencyViolation", "Please wait briefly and retry."),
    ];
    for first in harmless {
        let graph = Graph::answering([first, gone()]).await;
        let error = graph.directory().purge_application(Call::quiet(), id(1)).await.unwrap_err();
        assert_eq!(error.refusal(), Some(RefusalReason::NotFound));
        assert!(!error.may_have_been_carried_out(), "{error}");
        assert_eq!(graph.requests().await.len(), 2);
    }
    for status in [408, 500, 503] {
        let graph = Graph::answering([ResponseTemplate::new(status), gone()]).await;
        graph.directory().purge_application(Call::quiet(), id(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_change_that_was_lost_and_then_refused_may_have_been_carried_out() {
    let denied = refusal(403, "Authorization_RequestDenied", "Insufficient privileges.");
    let graph = Graph::answering([ResponseTemplate::new(504), denied]).await;
    let change = ApplicationProperties::default();
    let error = graph
        .directory()
        .update_application(Call::quiet(), id(1), &change)
        .await
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::PermissionMissing));
    assert!(error.may_have_been_carried_out(), "{error}");
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let graph = Graph::answering([refusal(401, "InvalidAuthenticationToken", "expired"), json(201, application())]).await;
    create(&graph).await.unwrap();
    let asked = graph.tokens.asked();
    assert_eq!(asked.iter().map(|request| request.fresh).collect::<Vec<_>>(), [false, true]);

    let graph = Graph::answering([refusal(401, "InvalidAuthenticationToken", "InvalidCloudInstance")]).await;
    let error = create(&graph).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::TokenRejected));
    assert_eq!(graph.requests().await.len(), 2);
}

#[tokio::test]
async fn the_claims_of_a_challenge_reach_the_token_provider_and_the_error() {
    let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#;
    let answer = refusal(401, "InvalidAuthenticationToken", "Continuous access evaluation").insert_header("www-authenticate", challenge);
    let graph = Graph::answering([answer]).await;
    let error = create(&graph).await.unwrap_err();
    let claims = r#"{"access_token":{}}"#;
    assert_eq!(graph.tokens.asked()[1].claims.as_deref(), Some(claims));
    let DirectoryError::Refused(refused) = error else {
        panic!("a refusal is expected")
    };
    assert_eq!((refused.reason(), refused.claims()), (RefusalReason::ClaimsChallenge, Some(claims)));
}

#[tokio::test]
async fn a_given_token_that_is_refused_is_reported_in_the_services_words() {
    let graph = Graph::answering([refusal(401, "InvalidAuthenticationToken", "InvalidCloudInstance")]).await;
    let endpoints = CloudEndpoints::default().with_graph(graph.uri().parse().unwrap()).unwrap();
    let directory = GraphDirectory::new(endpoints, StaticToken::new("abc"));
    let error = directory.tenant(Call::quiet()).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::TokenRejected));
    assert!(error.to_string().contains("InvalidCloudInstance"));
}

#[tokio::test]
async fn the_error_names_the_request_as_both_sides_know_it() {
    let graph = Graph::answering([refusal(403, "Authorization_RequestDenied", "Insufficient privileges.")]).await;
    let error = create(&graph).await.unwrap_err();
    let trace = error.trace().unwrap();
    assert_eq!((trace.method.as_str(), trace.path.as_str()), ("POST", "/v1.0/applications"));
    assert_eq!((trace.status, trace.request_id.as_deref()), (Some(403), Some("service-1")));
    let sent = graph.requests().await[0].headers["client-request-id"].to_str().unwrap().to_owned();
    assert_eq!(trace.client_request_id, Some(sent));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Graph::json(200, application()).await;
    let target = elsewhere.uri();
    let graph = Graph::answering([ResponseTemplate::new(302).insert_header("location", target.as_str())]).await;
    let error = read(&graph).await.unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalReason::Redirected));
    assert!(elsewhere.requests().await.is_empty());
}

#[tokio::test]
async fn answers_that_make_no_sense_are_said_to_make_none() {
    let page = "<!DOCTYPE html><html><body>Sign in to the Internet, canary-7Q</body></html>";
    for (answer, problem) in [
        (ResponseTemplate::new(200).set_body_raw(page, "text/html"), "it is a web page"),
        (ResponseTemplate::new(200), "it has no body"),
        (
            ResponseTemplate::new(200).set_body_raw(r#"{"id": "0000"#, "application/json"),
            "its JSON is cut off",
        ),
        (json(200, json!({"value": "of another shape"})), "another shape"),
        (json(200, json!([])), "another shape"),
        (ResponseTemplate::new(403).set_body_raw(page, "text/html"), "a web page"),
        (
            ResponseTemplate::new(404).set_body_string("Not Found"),
            "no error of Microsoft Graph",
        ),
    ] {
        let graph = Graph::answering([answer]).await;
        let error = read(&graph).await.unwrap_err();
        let DirectoryError::UnexpectedAnswer(error) = error else {
            panic!("{problem}: not {error:?}")
        };
        assert!(error.problem().contains(problem), "{}", error.problem());
        assert!(!format!("{error} {error:?}").contains("canary-7Q"));
    }
}

#[tokio::test]
async fn an_order_that_is_answered_without_body_is_done() {
    let signed = ResponseTemplate::new(200).insert_header("request-id", "service-1");
    for answer in [ResponseTemplate::new(204), signed] {
        let graph = Graph::answering([answer]).await;
        graph.directory().remove_password(Call::quiet(), id(1), id(2)).await.unwrap();
    }
}

#[tokio::test]
async fn an_order_that_somebody_else_answers_is_not_done() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>Please sign in to the proxy</html>", "text/html");
    for answer in [ResponseTemplate::new(200), page] {
        let graph = Graph::answering([answer]).await;
        let error = graph.directory().remove_password(Call::quiet(), id(1), id(2)).await.unwrap_err();
        assert!(
            matches!(error, DirectoryError::UnexpectedAnswer(_)) && error.may_have_been_carried_out(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let graph = Graph::answering([ResponseTemplate::new(200).set_body_bytes(vec![b' '; 8 * 1024 * 1024 + 1])]).await;
    let error = read(&graph).await.unwrap_err();
    assert!(matches!(error, DirectoryError::UnexpectedAnswer(_)), "{error}");
}

#[tokio::test]
async fn a_next_page_on_another_host_is_not_asked_for() {
    let elsewhere = Graph::json(200, json!({"value": []})).await;
    let link = format!("{}/v1.0/oauth2PermissionGrants?$skiptoken=x", elsewhere.uri());
    let graph = Graph::json(200, json!({"value": [], "@odata.nextLink": link})).await;
    let error = graph.directory().permission_grants(Call::quiet(), id(1)).await.unwrap_err();
    assert!(matches!(error, DirectoryError::UnexpectedAnswer(_)), "{error}");
    assert!(elsewhere.requests().await.is_empty());
}

#[tokio::test]
async fn a_list_that_never_ends_is_given_up() {
    let graph = Graph::circular().await;
    let error = graph.directory().role_assignments(Call::quiet(), id(1)).await.unwrap_err();
    assert!(matches!(error, DirectoryError::UnexpectedAnswer(_)), "{error}");
    assert_eq!(graph.requests().await.len(), 100);
}

#[tokio::test]
async fn a_list_is_bounded_in_sum_and_not_only_page_by_page() {
    let item = json!({"id": uuid::Uuid::from_u128(1), "appId": uuid::Uuid::from_u128(1), "displayName": "x".repeat(7 * 1024 * 1024)});
    let graph = Graph::circular_with(json!([item])).await;
    let error = graph
        .directory()
        .deleted_applications(Call::quiet(), &["wanted".to_owned()])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("more than 32 MiB"), "{error}");
    assert_eq!(
        graph.requests().await.len(),
        5,
        "the fifth page of 7 MiB is the first one beyond the bound"
    );
}

/// A server that reads each request and hangs up without an answer.
async fn hanging_up() -> (GraphDirectory, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoints = CloudEndpoints::default()
        .with_graph(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap())
        .unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            if stream.read(&mut request).await.unwrap_or(0) == 0 {
                continue;
            }
            if seen.fetch_add(1, Ordering::SeqCst) > 0 {
                let body = application().to_string();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (GraphDirectory::new(endpoints, StaticToken::new("abc")), count)
}

#[tokio::test]
async fn a_creation_is_not_sent_again_after_a_lost_connection() {
    let (directory, count) = hanging_up().await;
    let error = directory
        .create_application(Call::quiet(), &NewApplication::default())
        .await
        .unwrap_err();
    let DirectoryError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.kind(), TransportKind::Interrupted);
    assert!(error.may_have_been_carried_out());
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_read_is_sent_again_after_a_lost_connection() {
    let (directory, count) = hanging_up().await;
    let key = ApplicationKey::UniqueName("x".to_owned());
    assert!(directory.application(Call::quiet(), &key).await.unwrap().is_some());
    assert_eq!(count.load(Ordering::SeqCst), 2);
}
