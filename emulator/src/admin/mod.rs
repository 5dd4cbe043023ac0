//! The admin API below `/_emulator/`: what a test in any language orders over HTTP.
//!
//! `openapi.json` beside this file describes it; a test holds both together. Every request shows the key that was made when the
//! server was started, from loopback too, and names the server by a name that it has: a web page in a browser of this
//! machine is loopback as well, and so is a name that an attacker lets point here.

mod orders;
mod page;
mod routes;
mod snapshots;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    EmulatedTenant, EmulatorConfiguration,
    clock::MovableClock,
    locked::lock,
    served::{Running, Tenants},
};
pub(crate) use page::page;
use snapshots::Snapshots;

/// The header that carries the key.
pub(crate) const KEY_HEADER: &str = "x-emulator-key";

/// The description of the API.
pub(crate) const OPENAPI: &str = include_str!("openapi.json");

/// What the admin API acts on.
#[derive(Debug, Clone)]
pub(crate) struct Admin(Arc<Inner>);

struct Inner {
    key: String,
    /// The names that a request may have in its `Host`, in lower case and without a port.
    hosts: Vec<String>,
    /// What a reset goes back to.
    beginning: EmulatorConfiguration,
    clock: MovableClock,
    running: Running,
    snapshots: Mutex<Snapshots>,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Admin").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// A request to the admin API.
#[derive(Debug)]
pub(crate) struct AdminRequest<'a> {
    pub(crate) method: &'a str,
    /// The path below `/_emulator/`.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a str,
    pub(crate) host: &'a str,
    pub(crate) key: &'a str,
    pub(crate) body: &'a [u8],
}

/// An answer: status and JSON; no body with 204.
pub(crate) type AdminAnswer = (u16, Value);

impl Admin {
    pub(crate) fn new(hosts: Vec<String>, beginning: EmulatorConfiguration, clock: MovableClock, running: Running) -> Self {
        Self(Arc::new(Inner {
            key: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            beginning,
            clock,
            running,
            snapshots: Mutex::default(),
        }))
    }

    pub(crate) fn key(&self) -> &str {
        &self.0.key
    }

    /// Whether a request may be answered: its `Host` is one of the server's names, and it shows the key.
    pub(crate) fn admits(&self, host: &str, key: &str) -> Result<(), AdminAnswer> {
        if !self.is_own_host(host) {
            return Err(refused(
                421,
                "hostNotServed",
                "The Host of the request is none of this emulator's names. Start it with --name NAME to add one.",
            ));
        }
        if aws_lc_rs::constant_time::verify_slices_are_equal(key.as_bytes(), self.0.key.as_bytes()).is_err() {
            let message = format!("Show the key that --print-env gave as adminKey, in the header {KEY_HEADER}.");
            return Err(refused(401, "keyMissing", &message));
        }
        Ok(())
    }

    /// Answers a request.
    pub(crate) fn answer(&self, request: &AdminRequest<'_>) -> AdminAnswer {
        match self.admits(request.host, request.key) {
            Ok(()) => routes::answer(self, request).unwrap_or_else(|refusal| refusal),
            Err(refusal) => refusal,
        }
    }

    fn is_own_host(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        self.0.hosts.contains(&name)
    }

    /// Puts new tenants, a new site and a clock in place of what there is.
    fn begin(&self, configuration: &EmulatorConfiguration) -> Result<(), AdminAnswer> {
        let inner = &self.0;
        configuration.set_clock(&inner.clock);
        let tenants = configuration.tenants(&inner.clock).map_err(unusable)?;
        #[cfg(feature = "onboarding")]
        inner.running.set_site(configuration.site(&inner.clock).map_err(unusable)?);
        inner.running.set_latency(configuration.latency_milliseconds());
        inner.running.set_tenants(Tenants::of(tenants));
        Ok(())
    }

    /// The tenant that a query or a body names by id or domain; the first one without a name.
    fn tenant(&self, name: Option<&str>) -> Result<EmulatedTenant, AdminAnswer> {
        let tenants = self.0.running.tenants();
        match name {
            None => Ok(tenants.first().clone()),
            Some(name) => {
                let found = tenants.named(name).cloned();
                found.ok_or_else(|| refused(404, "tenantNotFound", "The emulator has no tenant of this id or domain."))
            }
        }
    }

    fn snapshots(&self) -> std::sync::MutexGuard<'_, Snapshots> {
        lock(&self.0.snapshots)
    }
}

/// A refusal in the form of the API.
fn refused(status: u16, code: &str, message: &str) -> AdminAnswer {
    (status, json!({"error": {"code": code, "message": message}}))
}

fn unusable(error: impl std::fmt::Display) -> AdminAnswer {
    refused(400, "unusable", &error.to_string())
}
