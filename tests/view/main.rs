//! Seeing connections as they are, listing what this crate has made, and removing from either.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "clippy knows only test functions as tests"
)]
#![cfg(feature = "sign-in")]

#[allow(dead_code, reason = "what becomes of a damage by a plan, another test asks")]
#[path = "../damaged/damages.rs"]
mod damages;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../emulator_http/support.rs"]
mod http;
#[path = "../support/mod.rs"]
mod support;

mod damaged;
mod inventory;
mod page;
mod parts;
mod removals;

use cmg_onboarding::{
    ConnectionSpec, DirectoryHandle, Outcome, SiteHandle,
    connection::{ConnectionView, ConnectionsView, Finding, ViewOptions, connections},
    site::SiteSnapshot,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use support::{connection, spec_with_discovery};

/// A connection with discovery that was set up and is healthy.
pub(crate) struct Connected {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    pub(crate) outcome: Outcome,
}

impl Connected {
    pub(crate) async fn new() -> Self {
        Self::of(spec_with_discovery()).await
    }

    pub(crate) async fn of(spec: ConnectionSpec) -> Self {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::builder().version("5.00.9132.1000").build());
        let outcome = connection(spec, &tenant, &site).onboard(|_| ()).await.unwrap();
        Self { tenant, site, outcome }
    }

    /// The page of the whole site, from nothing but the two handles.
    pub(crate) async fn all(&self) -> ConnectionsView {
        all(&self.site, Some(&self.tenant)).await
    }

    /// The one connection, from nothing but the two handles.
    pub(crate) async fn view(&self) -> ConnectionView {
        let mut all = self.all().await;
        assert_eq!(all.connections.len(), 1);
        all.connections.remove(0)
    }

    /// The view of the specification.
    pub(crate) async fn view_of_spec(&self) -> ConnectionView {
        self.view_of(spec_with_discovery()).await
    }

    pub(crate) async fn view_of(&self, spec: ConnectionSpec) -> ConnectionView {
        connection(spec, &self.tenant, &self.site).view(|_| ()).await.unwrap()
    }
}

pub(crate) async fn all(site: &EmulatedSite, tenant: Option<&EmulatedTenant>) -> ConnectionsView {
    let site = SiteHandle::from(site.clone());
    let directory = tenant.map(|tenant| DirectoryHandle::from(tenant.directory()));
    connections(&site, directory.as_ref(), &ViewOptions::default(), |_| ())
        .await
        .unwrap()
}

pub(crate) fn codes(findings: &[Finding]) -> Vec<String> {
    let name = |finding: &Finding| serde_json::to_value(finding.code()).unwrap().as_str().unwrap().to_owned();
    findings.iter().map(name).collect()
}

pub(crate) fn rows(site: &EmulatedSite) -> SiteSnapshot {
    serde_json::from_value(site.state()).unwrap()
}
