//! The site's side of a connection: what is found before a run, and what becomes of a connection that is there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod checks;
mod removals;
mod reused;
mod secrets;

use cmg_onboarding::{
    AzureServicesConnection, ClientSecret, ConnectionSpec, ImportedServerApp, OnboardingError,
    connection::{AzureServicesConnectionBuilder, Blocked, Finding, FindingCode},
    site::SiteSnapshot,
    spec::ImportedClientApp,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use time::OffsetDateTime;

const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
const SERVER: &str = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a01";
const CLIENT: &str = "2b1f3c5d-1111-4bb4-8f56-b9b41a3f1a02";

/// A connection that both apps are imported for, so that no directory is asked.
fn imported(name: &str, secret: &str, expiry: OffsetDateTime) -> ConnectionSpec {
    let server = ImportedServerApp::builder()
        .tenant_name("contoso.onmicrosoft.com")
        .tenant_id(TENANT)
        .name("Server")
        .client_id(SERVER)
        .secret_key(ClientSecret::new(secret))
        .secret_key_expiry(expiry)
        .app_id_uri("https://contoso.com/ConfigMgrService");
    ConnectionSpec::builder(name)
        .server_app(server)
        .client_app(ImportedClientApp::builder().name("Client").client_id(CLIENT))
        .build()
        .unwrap()
}

/// A connection without a directory.
fn at_site(spec: ConnectionSpec, site: &EmulatedSite) -> AzureServicesConnection {
    AzureServicesConnection::builder(spec).site(site.clone()).build().unwrap()
}

fn job(spec: ConnectionSpec, tenant: &EmulatedTenant, site: &EmulatedSite) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .site(site.clone())
}

fn found(findings: &[Finding], code: FindingCode) -> Option<&Finding> {
    findings.iter().find(|finding| finding.code() == code)
}

fn codes(findings: &[Finding]) -> Vec<FindingCode> {
    findings.iter().map(Finding::code).collect()
}

async fn blocked(connection: &AzureServicesConnection) -> Blocked {
    match connection.plan(|_| ()).await {
        Err(OnboardingError::Blocked(blocked)) => blocked,
        other => panic!("it is not blocked: {other:?}"),
    }
}

fn rows(site: &EmulatedSite) -> SiteSnapshot {
    serde_json::from_value(site.state()).unwrap()
}
