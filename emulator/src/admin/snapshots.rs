//! What there is at one moment, to go back to.

use super::{Admin, AdminAnswer, refused};
use crate::{served::Tenants, tenant::SavedTenant};

/// So many are kept: each holds a whole directory.
const MOST: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Snapshots(Vec<(String, Snapshot)>);

#[derive(Debug, Clone)]
struct Snapshot {
    tenants: Tenants,
    saved: Vec<SavedTenant>,
    clock: crate::clock::Position,
    latency: u64,
    #[cfg(feature = "onboarding")]
    site: Option<(crate::EmulatedSite, crate::site::SavedSite)>,
}

impl Snapshots {
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Admin {
    /// Keeps what there is under a name, in the place of what had it.
    pub(super) fn take_snapshot(&self, name: &str) -> Result<(), AdminAnswer> {
        let is_usable =
            !name.is_empty() && name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_usable {
            return Err(refused(
                400,
                "bodyUnusable",
                "name is made of at most 100 letters, digits, and - _ .",
            ));
        }
        let running = &self.0.running;
        let tenants = running.tenants();
        let snapshot = Snapshot {
            saved: tenants.all().map(crate::EmulatedTenant::saved).collect(),
            tenants,
            clock: self.0.clock.position(),
            latency: u64::try_from(running.latency().as_millis()).unwrap_or_default(),
            #[cfg(feature = "onboarding")]
            site: running.site().map(|site| (site.clone(), site.saved())),
        };
        let mut all = self.snapshots();
        all.0.retain(|(known, _)| known != name);
        if all.0.len() == MOST {
            return Err(refused(409, "tooManySnapshots", "There are 32 snapshots; delete one first."));
        }
        all.0.push((name.to_owned(), snapshot));
        Ok(())
    }

    /// Goes back to what was kept under a name. It can be gone back to again.
    pub(super) fn restore_snapshot(&self, name: &str) -> Result<(), AdminAnswer> {
        let found = self
            .snapshots()
            .0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, snapshot)| snapshot.clone());
        let snapshot = found.ok_or_else(missing)?;
        let running = &self.0.running;
        for (tenant, saved) in snapshot.tenants.all().zip(&snapshot.saved) {
            tenant.put_back(saved);
        }
        self.0.clock.put_back(snapshot.clock);
        running.set_latency(snapshot.latency);
        #[cfg(feature = "onboarding")]
        if let Some((site, saved)) = snapshot.site {
            site.put_back(saved);
            running.set_site(site);
        }
        running.set_tenants(snapshot.tenants);
        Ok(())
    }

    pub(super) fn forget_snapshot(&self, name: &str) -> Result<(), AdminAnswer> {
        let mut all = self.snapshots();
        let before = all.0.len();
        all.0.retain(|(known, _)| known != name);
        if all.0.len() == before { Err(missing()) } else { Ok(()) }
    }
}

fn missing() -> AdminAnswer {
    refused(404, "snapshotNotFound", "There is no snapshot of this name.")
}
