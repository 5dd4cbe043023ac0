use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    http::{AnswerHeaders, answer_for_tests as answer},
    token::{DiscoveredTenant, TenantDiscoveryError},
};

const ID: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";

fn both() -> Vec<CloudEndpoints> {
    CloudEnvironment::ALL.into_iter().map(CloudEndpoints::of).collect()
}

fn read(changes: Value, asked: &CloudEndpoints, configured: &[CloudEndpoints]) -> Result<DiscoveredTenant, TenantDiscoveryError> {
    let mut document = json!({"issuer": format!("https://login.microsoftonline.com/{ID}/v2.0")});
    for (name, value) in changes.as_object().unwrap() {
        document[name] = value.clone();
    }
    let document: OpenIdDocument = serde_json::from_value(document).unwrap();
    DiscoveredTenant::read(&document, asked, configured, &answer(200, AnswerHeaders::default(), b""))
}

fn graph_of(changes: Value) -> String {
    let found = read(changes, &both()[0], &both()).unwrap();
    found.endpoints.graph().host_str().unwrap().to_owned()
}

#[test]
fn the_graph_that_is_named_decides_even_if_the_global_host_answers() {
    assert_eq!(graph_of(json!({"msgraph_host": "graph.microsoft.com"})), "graph.microsoft.com");
    assert_eq!(
        graph_of(json!({"msgraph_host": "graph.microsoft.us", "cloud_instance_name": "microsoftonline.com"})),
        "graph.microsoft.us"
    );
    let dod = read(json!({"msgraph_host": "dod-graph.microsoft.us"}), &both()[0], &both()).unwrap();
    assert_eq!(dod.endpoints, CloudEndpoints::us_government_dod());
}

#[test]
fn without_it_the_name_of_the_cloud_decides_and_then_the_host_that_answered() {
    assert_eq!(graph_of(json!({"cloud_instance_name": "microsoftonline.us"})), "graph.microsoft.us");
    assert_eq!(
        graph_of(json!({"cloud_instance_name": "microsoftonline.us", "tenant_region_sub_scope": "DOD"})),
        "dod-graph.microsoft.us"
    );
    assert_eq!(graph_of(json!({"tenant_region_sub_scope": "GCC"})), "graph.microsoft.com");
    assert_eq!(
        graph_of(json!({"msgraph_host": 7, "cloud_instance_name": null})),
        "graph.microsoft.com"
    );
}

#[test]
fn no_other_host_is_accepted() {
    for host in [
        "microsoftgraph.chinacloudapi.cn",
        "graph.microsoft.com.example.org",
        "evil.example",
        "graph.microsoft.com@evil.example",
    ] {
        let error = read(json!({"msgraph_host": host}), &both()[0], &both()).unwrap_err();
        assert!(matches!(error, TenantDiscoveryError::OtherCloud { .. }), "{host}");
    }
}

#[test]
fn an_authority_of_ones_own_keeps_its_own_graph() {
    let own = CloudEndpoints::default()
        .with_authority("http://127.0.0.1:4000".parse().unwrap())
        .unwrap()
        .with_graph("http://127.0.0.1:4001".parse().unwrap())
        .unwrap();
    for named in ["127.0.0.1:4001", "127.0.0.1", "graph.microsoft.com"] {
        let found = read(json!({"msgraph_host": named}), &own, std::slice::from_ref(&own)).unwrap();
        assert_eq!(found.endpoints, own, "{named}");
    }
}

#[test]
fn endpoints_on_other_hosts_are_left_out() {
    let found = read(
        json!({
            "msgraph_host": "graph.microsoft.com",
            "token_endpoint": format!("https://login.microsoftonline.com/{ID}/oauth2/v2.0/token"),
            "device_authorization_endpoint": "https://login.evil.example/devicecode",
            "authorization_endpoint": "http://login.microsoftonline.com/authorize",
        }),
        &both()[0],
        &both(),
    )
    .unwrap();
    assert!(found.token_endpoint.is_some());
    assert_eq!((found.device_authorization_endpoint, found.authorization_endpoint), (None, None));
}

#[test]
fn a_document_without_tenant_is_not_used() {
    for issuer in [
        json!(null),
        json!(7),
        json!(""),
        json!("x"),
        json!("https://login.microsoftonline.com/common/v2.0"),
    ] {
        let error = read(json!({"issuer": issuer}), &both()[0], &both()).unwrap_err();
        assert!(matches!(error, TenantDiscoveryError::UnexpectedAnswer(_)), "{issuer}");
    }
    let v1 = read(json!({"issuer": format!("https://sts.windows.net/{ID}/")}), &both()[0], &both()).unwrap();
    assert_eq!(v1.tenant_id.to_string(), ID);
}

proptest! {
    #[test]
    fn reading_any_document_never_panics(issuer in ".{0,80}", host in ".{0,40}", endpoint in ".{0,60}") {
        let _ = read(json!({"issuer": issuer, "msgraph_host": host, "token_endpoint": endpoint}), &both()[0], &both());
    }
}
