//! A tenant behind a wire without sockets: the real client against it, under tokio's paused time.
//!
//! [`EmulatedWire`] is a `Transport`. It counts and records every attempt, carries out the faults that a test
//! orders ([`WireFault`]), and hands the rest to the code that also answers for the server.

mod fault;
mod transport;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

pub use fault::{WireFault, WireRefusal};

use super::{EmulatedTenant, Timeline, locked::lock, server::Exchange};
use crate::onboarding::TenantClock;
use cmg_onboarding::{
    TokenProvider,
    cloud::CloudEndpoints,
    directory::{GraphDirectory, GraphDirectoryBuilder},
    http::HttpClient,
};
use transport::WireTransport;

/// An [`EmulatedTenant`] at the other end of a wire without sockets.
///
/// [`EmulatedWire::directory`] is this crate's own [`GraphDirectory`], with its whole pipeline of retries, and its
/// requests are answered by the code that also answers for [`EmulatorServer`](super::EmulatorServer). No socket is
/// opened and no task spawned, so that it runs under tokio's paused time: waits cost nothing.
///
/// The wire counts and records every attempt, and any of them can be ordered to meet with a [`WireFault`].
///
/// ```
/// use cmg_onboarding::{Call, Directory, StaticToken};
/// use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedWire, WireFault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cmg_onboarding::DirectoryError> {
/// let tenant = EmulatedTenant::new();
/// let wire = EmulatedWire::new(&tenant);
/// let directory = wire.directory(StaticToken::new(tenant.token_for(&Caller::global_administrator())));
/// wire.fail_at(1, WireFault::ConnectionRefused);
/// directory.tenant(Call::quiet()).await?;
/// assert_eq!(wire.requests().len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// # Cloning
///
/// Clones share one wire with one count.
#[derive(Debug, Clone)]
pub struct EmulatedWire {
    pub(super) line: Arc<Line>,
    timeline: Timeline,
    is_lossless: bool,
}

/// What the clones of a wire share.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) tenant: EmulatedTenant,
    pub(super) exchange: Exchange,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: Vec<WireRequest>,
    plan: BTreeMap<usize, WireFault>,
    by_name: Vec<(String, WireFault)>,
}

/// One attempt as the wire saw it, in the order of sending.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WireRequest {
    /// The HTTP method.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The body, which in a request to Microsoft Graph never carries a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// What attempts of one logical call share.
    pub client_request_id: String,
    /// The fault that it met.
    #[serde(skip)]
    pub fault: Option<WireFault>,
    /// The status of the answer; `None` if none arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

impl WireRequest {
    /// Method and path.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl EmulatedWire {
    /// A wire to a tenant, without trouble.
    #[must_use]
    pub fn new(tenant: &EmulatedTenant) -> Self {
        Self {
            line: Arc::new(Line {
                tenant: tenant.clone(),
                exchange: Exchange::new(tenant.clone(), Duration::ZERO, true),
                state: Mutex::default(),
            }),
            timeline: Timeline::new(),
            is_lossless: false,
        }
    }

    /// The same wire, with the moments of its requests on this timeline.
    #[must_use]
    pub fn following(mut self, timeline: &Timeline) -> Self {
        self.timeline = timeline.clone();
        self
    }

    /// Whether a request that is under way when its sender goes away still reaches the directory and is carried out.
    /// Default: it is lost.
    #[must_use]
    pub const fn lossless(mut self, is_lossless: bool) -> Self {
        self.is_lossless = is_lossless;
        self
    }

    /// This end of the wire, for everything that takes an HTTP client. Microsoft Graph answers; the sign-in service does not.
    #[must_use]
    pub fn http(&self) -> HttpClient {
        HttpClient::over(WireTransport {
            line: Arc::clone(&self.line),
            timeline: self.timeline.clone(),
            is_lossless: self.is_lossless,
        })
    }

    /// The addresses that the tenant at the other end goes by.
    #[must_use]
    pub fn endpoints(&self) -> CloudEndpoints {
        CloudEndpoints::of(self.line.tenant.environment().into())
    }

    /// This crate's own client at this end of the wire.
    #[must_use]
    pub fn directory(&self, tokens: impl TokenProvider + 'static) -> GraphDirectory {
        self.directory_builder(tokens).build()
    }

    /// The same with settings. Its clock is the tenant's.
    pub fn directory_builder(&self, tokens: impl TokenProvider + 'static) -> GraphDirectoryBuilder {
        GraphDirectory::builder(self.endpoints(), tokens)
            .clock(Arc::new(TenantClock(self.line.tenant.clone())))
            .http(self.http())
    }

    /// Lets an attempt meet with trouble, by its number from 1.
    pub fn fail_at(&self, request: usize, fault: WireFault) {
        lock(&self.line.state).plan.insert(request, fault);
    }

    /// Lets the next attempt of one kind meet with trouble. `request` is the beginning of method and path, as
    /// `POST /v1.0/servicePrincipals`. Several for one kind are met one after the other.
    pub fn fail_on(&self, request: impl Into<String>, fault: WireFault) {
        lock(&self.line.state).by_name.push((request.into(), fault));
    }

    /// Every attempt so far.
    #[must_use]
    pub fn requests(&self) -> Vec<WireRequest> {
        lock(&self.line.state).requests.clone()
    }
}

impl Line {
    /// Records an attempt, and tells its number and the fault that it meets.
    pub(super) fn begin(&self, mut request: WireRequest) -> (usize, Option<WireFault>) {
        let mut state = lock(&self.state);
        let number = state.requests.len() + 1;
        let name = request.name();
        let planned = state.plan.remove(&number);
        let fault = planned.or_else(|| {
            let position = state.by_name.iter().position(|(wanted, _)| name.starts_with(wanted.as_str()))?;
            Some(state.by_name.remove(position).1)
        });
        request.fault.clone_from(&fault);
        state.requests.push(request);
        (number, fault)
    }

    pub(super) fn finish(&self, number: usize, status: u16) {
        if let Some(request) = lock(&self.state).requests.get_mut(number - 1) {
            request.status = Some(status);
        }
    }
}
