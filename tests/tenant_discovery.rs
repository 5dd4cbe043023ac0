//! Tenant lookup against scripted sign-in hosts on the loopback interface.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]

use std::time::Duration;

use cmg_onboarding::{
    CloudEndpoints, CloudEnvironment, Diagnostic,
    error::RefusalReason,
    http::{HttpClient, RetryPolicy},
    token::{DiscoveredTenant, TenantDiscovery, TenantDiscoveryError},
};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";

async fn host(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// The endpoints of a cloud whose sign-in host is this server; its Microsoft Graph has a name that differs from the other's.
fn cloud(environment: CloudEnvironment, server: &MockServer) -> CloudEndpoints {
    CloudEndpoints::of(environment)
        .with_authority(server.uri().parse().unwrap())
        .unwrap()
}

fn document(tenant: &str, graph: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "issuer": format!("https://login.example/{tenant}/v2.0"),
        "msgraph_host": graph,
        "cloud_instance_name": "ignored",
        "tenant_region_scope": "EU",
    }))
}

fn unknown() -> ResponseTemplate {
    let body: Value = json!({"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant 'x' not found.", "error_codes": [90002]});
    ResponseTemplate::new(400).set_body_json(body)
}

/// Asks a global and a US Government host that answer as told.
async fn find(global: ResponseTemplate, government: ResponseTemplate) -> Result<DiscoveredTenant, TenantDiscoveryError> {
    let (global, government) = (host(global).await, host(government).await);
    let clouds = vec![
        cloud(CloudEnvironment::AzurePublicCloud, &global),
        cloud(CloudEnvironment::AzureUsGovernmentCloud, &government),
    ];
    let discovery = TenantDiscovery::new()
        .with_endpoints(clouds)
        .http(HttpClient::default().with_retry(RetryPolicy::default().deadline(Duration::from_millis(1))));
    discovery.find("contoso.com").await
}

#[tokio::test]
async fn a_tenant_that_one_cloud_knows_is_found() {
    let found = find(document(ONE, "graph.microsoft.com"), unknown()).await.unwrap();
    assert_eq!(found.tenant_id.to_string(), ONE);
    assert_eq!(found.endpoints.environment(), CloudEnvironment::AzurePublicCloud);
    assert_eq!(found.region_scope.as_deref(), Some("EU"));
    assert!(found.unasked.is_empty());
}

#[tokio::test]
async fn both_hosts_that_know_the_same_government_tenant_give_one_answer() {
    let found = find(document(ONE, "graph.microsoft.us"), document(ONE, "graph.microsoft.us"))
        .await
        .unwrap();
    assert_eq!(found.endpoints.environment(), CloudEnvironment::AzureUsGovernmentCloud);
}

#[tokio::test]
async fn a_name_that_is_two_tenants_is_never_decided_silently() {
    for second in [ONE, TWO] {
        let error = find(document(ONE, "graph.microsoft.com"), document(second, "graph.microsoft.us"))
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("AzurePublicCloud") && text.contains("AzureUSGovernmentCloud") && text.contains(second),
            "{text}"
        );
        let TenantDiscoveryError::Ambiguous { tenants, .. } = error else {
            panic!("not {error:?}")
        };
        assert_eq!(tenants.len(), 2);
    }
}

#[tokio::test]
async fn a_name_that_no_tenant_has_is_said_to_be_unknown() {
    let error = find(unknown(), unknown()).await.unwrap_err();
    assert!(matches!(&error, TenantDiscoveryError::Unknown { .. }), "{error:?}");
    assert!(error.help().contains("Domain names"));
}

#[tokio::test]
async fn a_host_that_cannot_be_asked_does_not_hide_a_tenant_but_is_named() {
    let found = find(document(ONE, "graph.microsoft.com"), ResponseTemplate::new(503))
        .await
        .unwrap();
    assert_eq!(found.unasked, ["127.0.0.1"]);
    let error = find(unknown(), ResponseTemplate::new(503)).await.unwrap_err();
    let TenantDiscoveryError::Refused(refused) = error else {
        panic!("not {error:?}")
    };
    assert_eq!(refused.reason(), RefusalReason::ServiceUnavailable);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_said_to_make_none() {
    for answer in [
        ResponseTemplate::new(200).set_body_raw("<html>", "text/html"),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_json(json!([1])),
        ResponseTemplate::new(200).set_body_json(json!({})),
        ResponseTemplate::new(403).set_body_raw("<html>", "text/html"),
        ResponseTemplate::new(404),
    ] {
        let error = find(answer, unknown()).await.unwrap_err();
        assert!(matches!(&error, TenantDiscoveryError::UnexpectedAnswer(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_tenant_of_another_cloud_is_named_as_such() {
    let error = find(document(ONE, "microsoftgraph.chinacloudapi.cn"), unknown()).await.unwrap_err();
    assert!(matches!(&error, TenantDiscoveryError::OtherCloud { .. }), "{error:?}");
    assert!(error.to_string().contains("chinacloudapi"));
}

#[tokio::test]
async fn the_name_is_one_segment_of_the_address_and_no_token_goes_along() {
    let server = host(document(ONE, "graph.microsoft.com")).await;
    let discovery = TenantDiscovery::new().with_endpoints(vec![cloud(CloudEnvironment::AzurePublicCloud, &server)]);
    discovery.find(" M\u{fc}nchen.example ").await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(
        requests[0].url.path(),
        "/xn--mnchen-3ya.example/v2.0/.well-known/openid-configuration"
    );
    assert!(!requests[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_text_that_names_no_tenant_is_refused_without_asking() {
    let server = host(unknown()).await;
    let discovery = TenantDiscovery::new().with_endpoints(vec![cloud(CloudEnvironment::AzurePublicCloud, &server)]);
    let error = discovery.find("../common").await.unwrap_err();
    assert!(matches!(error, TenantDiscoveryError::InvalidName { .. }));
    assert!(server.received_requests().await.unwrap().is_empty());
}
