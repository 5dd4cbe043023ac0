//! What several test files share: the usual specifications, a directory over HTTP, and a recorder of events.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

use std::sync::Mutex;

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, DiscoverySpec, Event, GraphDirectory, ServerAppSpec, StaticToken, Step,
    connection::{AzureServicesConnectionBuilder, EventKind, Finding, FindingCode},
    http::{HttpClient, HttpOptions},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use serde_json::Value;

/// The specification most tests use: both apps created, no discovery.
pub(crate) fn spec() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap()
}

/// The same with user discovery.
pub(crate) fn spec_with_discovery() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(DiscoverySpec::builder().users())
        .build()
        .unwrap()
}

/// A connection whose directory is the tenant without a socket between.
pub(crate) fn connection(spec: ConnectionSpec, tenant: &EmulatedTenant, site: &EmulatedSite) -> AzureServicesConnection {
    AzureServicesConnection::builder(spec)
        .directory(tenant.directory())
        .site(site.clone())
        .build()
        .unwrap()
}

/// A directory over HTTP, signed in as this caller.
pub(crate) fn directory(server: &EmulatorServer, tenant: &EmulatedTenant, caller: &Caller) -> GraphDirectory {
    let builder = GraphDirectory::builder(server.endpoints().clone(), StaticToken::new(tenant.token_for(caller)));
    builder.http(client(server)).build()
}

/// A client that trusts the server.
pub(crate) fn client(server: &EmulatorServer) -> HttpClient {
    let options = HttpOptions::new();
    HttpClient::new(match server.certificate_pem() {
        Some(pem) => options.trusted_root_pem(pem).unwrap(),
        None => options,
    })
}

/// A connection over HTTP, by the global administrator.
pub(crate) fn over_http(spec: ConnectionSpec, server: &EmulatorServer, tenant: &EmulatedTenant) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec).directory(directory(server, tenant, &Caller::global_administrator()))
}

/// Collects the events of a run.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    pub(crate) fn listen(&self) -> impl Fn(&Event) + Send + Sync + '_ {
        |event| self.0.lock().unwrap().push(event.clone())
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

/// How many objects of a kind a tenant's state has.
pub(crate) fn count(state: &Value, kind: &str) -> usize {
    state[kind].as_array().unwrap_or_else(|| panic!("no {kind} in the state")).len()
}

/// Checks that a finding has exactly the parameters of its code's example, but for those that may be missing.
pub(crate) fn assert_documented(finding: &Finding) {
    const OPTIONAL: [&str; 8] = [
        "account",
        "codes",
        "expiresOn",
        "gateway",
        "heldUntil",
        "name",
        "serviceType",
        "tenantName",
    ];
    let examples: Vec<Finding> = serde_json::from_str(include_str!("../golden/findings.json")).unwrap();
    let example = examples.iter().find(|example| example.code() == finding.code()).unwrap();
    let documented = example.parameters().keys();
    let missing: Vec<_> = documented
        .filter(|name| !finding.parameters().contains_key(*name) && !OPTIONAL.contains(&name.as_str()))
        .collect();
    let unknown: Vec<_> = finding
        .parameters()
        .keys()
        .filter(|name| !example.parameters().contains_key(*name))
        .collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "{finding:?}: missing {missing:?}, unknown {unknown:?}"
    );
}

/// Whether a finding is told of a step, with the parameters that it should have.
pub(crate) fn is_told(findings: &[Finding], code: FindingCode, step: Step) -> bool {
    let told = findings
        .iter()
        .find(|finding| finding.code() == code && finding.step() == Some(step));
    told.inspect(|finding| assert_documented(finding)).is_some()
}

/// The step of an event that begins or ends one, with its place in the plan.
pub(crate) fn place_of(kind: &EventKind) -> Option<(Step, usize, usize, u8)> {
    match kind {
        EventKind::StepStarted {
            step, index, total, round, ..
        }
        | EventKind::StepDone {
            step, index, total, round, ..
        }
        | EventKind::StepFailed {
            step, index, total, round, ..
        }
        | EventKind::StepSkipped {
            step, index, total, round, ..
        } => Some((*step, *index, *total, *round)),
        _ => None,
    }
}
