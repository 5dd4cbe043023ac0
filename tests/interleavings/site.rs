//! The emulated site with a gate before each thing that it does.

use std::{future::poll_fn, task::Poll};

use cmg_onboarding::{
    Call, Site, SiteError, async_trait,
    site::{SiteFailure, SiteOnboarded, SiteOnboarding, SiteSnapshot},
};
use cmg_onboarding_emulator::{EmulatedSite, Timeline};

use crate::gate::{Gate, Touched, digest};

const WHAT: &str = "site";

#[derive(Debug)]
pub(crate) struct GatedSite {
    site: EmulatedSite,
    timeline: Timeline,
    gate: Gate,
}

impl GatedSite {
    pub(crate) fn new(site: &EmulatedSite, gate: Gate) -> Self {
        let timeline = Timeline::new();
        Self {
            site: site.following(&timeline),
            timeline,
            gate,
        }
    }

    /// Notes what the site holds by now, and that the run has heard it.
    fn note(&self, name: &str) {
        let state = self.site.state();
        let held = state["applications"].as_array().into_iter().flatten().find_map(|row| {
            let id = row["clientId"].as_str()?.parse().ok()?;
            Some((id, self.site.secret_of(id)?.expose().to_owned()))
        });
        let digest = digest(state.to_string());
        self.gate.told(name, digest);
        if let Some(gates) = self.gate.of_all() {
            gates.note_site(digest, held);
        }
    }
}

#[async_trait]
impl Site for GatedSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let name = "look at the site";
        self.gate.pass(name, Touched::read(WHAT)).await;
        let snapshot = self.site.snapshot(call).await;
        self.note(name);
        snapshot
    }

    /// The emulated site gives way once before and once after each of its items; the ones before are where the gate is.
    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        let mut name = "begin in the site".to_owned();
        self.gate.pass(&name, Touched::read(WHAT)).await;
        let mut onboarding = self.site.onboard(call, wanted);
        loop {
            let polled = poll_fn(|context| Poll::Ready(onboarding.as_mut().poll(context))).await;
            if let Poll::Ready(answer) = polled {
                self.note(&name);
                return answer;
            }
            if self.timeline.last().starts_with("before ") {
                self.note(&name);
                name = self.timeline.last().replacen("before", "do", 1);
                self.gate.pass(&name, Touched::written(WHAT)).await;
            }
        }
    }
}
