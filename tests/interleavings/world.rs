//! What is explored: how many runs, from where they start, and what may go wrong.

use std::{sync::Arc, time::Duration};

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, ClientAppSpec, ConnectionSpec, DiscoverySpec, ServerAppSpec, SiteHandle, clock::FixedClock,
    error::SiteRefused, site::SiteItem,
};
use cmg_onboarding_emulator::EmulatedSite;
use time::{OffsetDateTime, macros::datetime};

use crate::{
    directory::{Ends, VirtualDirectory},
    gate::{Gate, Gates},
    site::GatedSite,
};

/// The time of day in every execution: it stands still, and waits go by tokio's timer.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

/// From where the runs start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// An empty tenant and an empty site.
    Nothing,
    /// Everything is registered, and the site took nothing: the secret is lost.
    LostSecret,
}

/// What is explored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) runs: usize,
    pub(crate) start: Start,
    pub(crate) with_site: bool,
    /// User discovery, with its application permission.
    pub(crate) with_discovery: bool,
    pub(crate) ends: Ends,
    pub(crate) lag: Duration,
    /// Whether the directory never shows a secret that one of these runs has added.
    pub(crate) hides_added: bool,
    /// How many requests of run 0 lose their way or their answer.
    pub(crate) losses: u8,
    /// How often run 0 dies.
    pub(crate) deaths: u8,
    /// How often a run that could go on may be left for another one; `None` for as often as there are requests.
    pub(crate) preemptions: Option<u8>,
    /// Whether the requests that one run sends side by side come in any order, too; else in one.
    pub(crate) any_own_order: bool,
}

impl Scenario {
    /// This many runs from nothing, with a site, without trouble.
    pub(crate) const fn of(runs: usize) -> Self {
        Self {
            runs,
            start: Start::Nothing,
            with_site: true,
            with_discovery: false,
            ends: Ends::Apart,
            lag: Duration::ZERO,
            hides_added: false,
            losses: 0,
            deaths: 0,
            preemptions: None,
            any_own_order: false,
        }
    }

    fn spec(self) -> ConnectionSpec {
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("ConfigMgr Server"))
            .client_app(ClientAppSpec::builder("ConfigMgr Client"));
        let spec = match self.with_discovery {
            true => spec.discovery(DiscoverySpec::builder().users()),
            false => spec,
        };
        spec.build().unwrap()
    }
}

/// One tenant and one site, and the gate of those who meet there.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) directory: VirtualDirectory,
    pub(crate) site: EmulatedSite,
    pub(crate) gates: Gates,
}

impl World {
    pub(crate) async fn new(scenario: Scenario) -> Self {
        let world = Self {
            scenario,
            directory: VirtualDirectory::new(scenario.runs, scenario.ends, scenario.lag, scenario.hides_added),
            site: EmulatedSite::builder().clock(Arc::new(FixedClock(NOW))).build(),
            gates: Gates::default(),
        };
        if scenario.start == Start::LostSecret {
            let down = SiteRefused::new("add the tenant", "down", "wait");
            world.site.fail_at(SiteItem::Tenant, down);
            world.alone().onboard(|_| ()).await.unwrap_err();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        world
    }

    /// A run that meets the gate at each of its requests.
    pub(crate) fn run(&self, number: usize) -> AzureServicesConnection {
        let gate = self.gates.of_run(number);
        let site = GatedSite::new(&self.site, gate.clone());
        self.job(gate, site.into())
    }

    /// The server app that the site knows, and the secret that it holds for it.
    pub(crate) fn held(&self) -> Option<(ApplicationId, String)> {
        let app = self.directory.server_app()?;
        Some((app, self.site.secret_of(app)?.expose().to_owned()))
    }

    /// A run without a gate.
    pub(crate) fn alone(&self) -> AzureServicesConnection {
        self.job(Gate::default(), self.site.clone().into())
    }

    fn job(&self, gate: Gate, site: SiteHandle) -> AzureServicesConnection {
        let job = AzureServicesConnection::builder(self.scenario.spec())
            .directory(self.directory.behind(gate))
            .clock(Arc::new(FixedClock(NOW)));
        let job = match self.scenario.with_site {
            true => job.site(site),
            false => job,
        };
        job.build().unwrap()
    }
}
