//! The whole job over HTTP against the emulator: how much it sends, what it survives, what it leaves alone.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::time::Duration;

use cmg_onboarding::{
    ClientAppSpec, ConnectionSpec, Diagnostic, DirectoryError, Event, OnboardingError, RetryReason, ServerAppSpec, Step,
    connection::{Finding, FindingCode, ReadError, StepError},
    error::TokenFailure,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, Fault};
use serde_json::json;
use support::{Recorder, over_http, spec, spec_with_discovery};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

async fn served() -> (EmulatedTenant, EmulatedSite, EmulatorServer) {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    (tenant, site, server)
}

/// Method and path without query, version and ids, of every request so far.
fn sent(tenant: &EmulatedTenant) -> Vec<String> {
    let shorten = |path: &str| path.split(['?', '(']).next().unwrap_or_default().replace("/v1.0", "");
    tenant
        .requests()
        .iter()
        .map(|request| format!("{} {}", request.method, shorten(&request.path)))
        .collect()
}

#[tokio::test]
async fn the_job_takes_at_most_fourteen_requests_and_two_connections() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let server = EmulatorServer::builder(tenant.clone()).tls(true).start().await.unwrap();
    let job = over_http(spec_with_discovery(), &server, &tenant)
        .site(site.clone())
        .build()
        .unwrap();
    assert!(job.onboard(|_| ()).await.unwrap().changed);
    let requests = sent(&tenant);
    assert!(requests.len() <= 14, "{}: {requests:#?}", requests.len());
    assert!(server.connections() <= 2, "{} connections", server.connections());
}

#[tokio::test]
async fn a_second_run_only_reads() {
    let (tenant, site, server) = served().await;
    let job = over_http(spec_with_discovery(), &server, &tenant)
        .site(site.clone())
        .build()
        .unwrap();
    job.onboard(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    tenant.clear_requests();
    assert!(!job.onboard(|_| ()).await.unwrap().changed);
    assert!(
        sent(&tenant).iter().all(|request| request.starts_with("GET ")),
        "{:#?}",
        sent(&tenant)
    );
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn names_and_uris_with_special_characters_survive_the_wire() {
    let (tenant, site, server) = served().await;
    let name = r#"O'Brien & "Söhne" 100% #1 <x> %27 日本"#;
    let spec = ConnectionSpec::builder(name)
        .server_app(ServerAppSpec::builder(name).app_id_uri("https://contoso.com/%27+%23'".replace('\'', "")))
        .client_app(ClientAppSpec::builder(name))
        .build()
        .unwrap();
    let job = over_http(spec, &server, &tenant).site(site).build().unwrap();
    job.onboard(|_| ()).await.unwrap();
    assert!(!job.onboard(|_| ()).await.unwrap().changed);
}

#[tokio::test]
async fn throttling_is_waited_out_and_told() {
    let (tenant, site, server) = served().await;
    tenant.throttle(2, Some(Duration::ZERO));
    let recorder = Recorder::default();
    let job = over_http(spec(), &server, &tenant).site(site).build().unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    tenant.fail_on("POST /servicePrincipals", Fault::Throttled(Some(Duration::ZERO)));
    plan.apply(recorder.listen()).await.unwrap();
    let retried = recorder.events().into_iter().find_map(|event| match event.kind {
        cmg_onboarding::connection::EventKind::Retried { step, retry, .. } => Some((step, retry.reason)),
        _ => None,
    });
    let (step, reason) = retried.expect("the throttled request was repeated");
    assert_eq!(reason, RetryReason::Throttled);
    assert!(matches!(step, Some(Step::ServerServicePrincipal | Step::ClientServicePrincipal)));
}

#[tokio::test]
async fn a_write_that_was_carried_out_although_it_failed_is_not_repeated_blindly() {
    for request in [
        "POST /applications",
        "POST /servicePrincipals",
        "POST /oauth2PermissionGrants",
        "PATCH /applications",
        "POST /servicePrincipals/",
    ] {
        for fault in [Fault::CarriedOutButNotFound, Fault::ServiceUnavailable, Fault::ConcurrentChange] {
            let (tenant, site, server) = served().await;
            let clean = EmulatedTenant::new();
            tenant.fail_on(request, fault);
            let job = over_http(spec_with_discovery(), &server, &tenant)
                .site(site.clone())
                .build()
                .unwrap();
            let outcome = job
                .onboard(|_| ())
                .await
                .unwrap_or_else(|error| panic!("{request} {fault:?}: {error:?}"));
            support::connection(spec_with_discovery(), &clean, &EmulatedSite::new())
                .onboard(|_| ())
                .await
                .unwrap();
            for kind in ["applications", "servicePrincipals", "oauth2PermissionGrants", "appRoleAssignments"] {
                let (state, expected) = (tenant.state(), clean.state());
                assert_eq!(support::count(&state, kind), support::count(&expected, kind), "{request} {fault:?}");
            }
            let secret = outcome.secret.unwrap();
            assert!(site.holds_secret(outcome.server_app.as_ref().unwrap().application_id, secret.value.expose()));
            assert!(tenant.secret_is_live(outcome.server_app.as_ref().unwrap().application_id, secret.value.expose()));
        }
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_before_anything_is_sent() {
    let (tenant, site, server) = served().await;
    let directory = support::directory(&server, &tenant, &Caller::global_administrator().expired());
    let job = cmg_onboarding::AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(site)
        .build()
        .unwrap();
    let error = job.onboard(|_| ()).await.unwrap_err();
    let OnboardingError::Read(ReadError::Directory(DirectoryError::Token(error))) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.failure(), TokenFailure::Expired);
    assert_eq!(sent(&tenant), [] as [&str; 0]);
}

#[tokio::test]
async fn a_token_for_another_service_tenant_or_cloud_is_refused_before_anything_is_sent() {
    let other_tenant = uuid::Uuid::from_u128(0xB);
    for (caller, expected) in [
        (
            Caller::global_administrator().with_audience("https://management.azure.com/"),
            FindingCode::WrongAudience,
        ),
        (Caller::global_administrator().with_tenant(other_tenant), FindingCode::WrongTenant),
        (
            Caller::global_administrator().with_audience("https://graph.microsoft.us"),
            FindingCode::WrongCloud,
        ),
    ] {
        let (tenant, site, server) = served().await;
        let job = cmg_onboarding::AzureServicesConnection::builder(spec())
            .directory(support::directory(&server, &tenant, &caller))
            .site(site)
            .tenant(tenant.tenant_id().into())
            .build()
            .unwrap();
        for result in [job.onboard(|_| ()).await, job.remove(|_| ()).await] {
            let OnboardingError::Blocked(blocked) = result.unwrap_err() else {
                panic!("{expected:?}");
            };
            assert_eq!(blocked.blockers().map(Finding::code).collect::<Vec<_>>(), [expected]);
        }
        let preflight = job.preflight(|_| ()).await.unwrap();
        assert!(
            preflight.signed_in().unwrap().account.is_some(),
            "who is signed in is known all the same"
        );
        assert_eq!(sent(&tenant), [] as [&str; 0], "{expected:?}");
    }
}

/// A proxy that answers in the directory's place.
async fn answering(template: ResponseTemplate) -> (MockServer, OnboardingError) {
    let proxy = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&proxy).await;
    let tenant = EmulatedTenant::new();
    let endpoints = cmg_onboarding::CloudEndpoints::default()
        .with_graph(proxy.uri().parse().unwrap())
        .unwrap();
    let token = cmg_onboarding::StaticToken::new(tenant.token_for(&Caller::global_administrator()));
    let job = cmg_onboarding::AzureServicesConnection::builder(spec())
        .directory(cmg_onboarding::GraphDirectory::new(endpoints, token))
        .build()
        .unwrap();
    let error = job.onboard(|_| ()).await.unwrap_err();
    (proxy, error)
}

#[tokio::test]
async fn answers_that_are_not_the_directorys_stop_the_job_before_it_writes() {
    for template in [
        ResponseTemplate::new(200).set_body_raw("<html>Please sign in to the proxy</html>", "text/html"),
        ResponseTemplate::new(200).set_body_raw("{\"value\": [", "application/json"),
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_json(json!(["not", "an", "object"])),
        ResponseTemplate::new(302).insert_header("Location", "https://example.com/"),
    ] {
        let (proxy, error) = answering(template).await;
        assert!(matches!(error, OnboardingError::Read(_)), "{error:?}");
        assert!(!error.help().is_empty());
        let requests = proxy.received_requests().await.unwrap();
        assert!(requests.iter().all(|request| request.method.as_str() == "GET"));
    }
}

#[tokio::test]
async fn a_failed_step_keeps_the_request_ids_for_support() {
    let (tenant, site, server) = served().await;
    let mut policy = cmg_onboarding::directory::AppManagementPolicy::default();
    policy.secrets_forbidden = true;
    let strict = EmulatedTenant::builder().policy(policy).build();
    let strict_server = EmulatorServer::builder(strict.clone()).start().await.unwrap();
    let job = over_http(spec(), &strict_server, &strict).site(site).build().unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the tenant allows no secrets");
    };
    let StepError::Directory(cause) = error.error() else {
        panic!("{error:?}");
    };
    let trace = cause.trace().unwrap();
    assert!(
        trace.request_id.is_some() && trace.client_request_id.is_some() && trace.date.is_some(),
        "{trace}"
    );
    drop((tenant, server));
}

#[tokio::test]
async fn throttling_while_looking_is_told_without_a_step() {
    let (tenant, site, server) = served().await;
    tenant.throttle(1, Some(Duration::ZERO));
    let recorder = Recorder::default();
    let job = over_http(spec(), &server, &tenant).site(site).build().unwrap();
    job.onboard(recorder.listen()).await.unwrap();
    let is_told = |event: &Event| matches!(&event.kind, cmg_onboarding::connection::EventKind::Retried { step: None, retry, .. } if retry.reason == RetryReason::Throttled);
    assert!(recorder.events().iter().any(is_told));
}
