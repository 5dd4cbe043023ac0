//! A tenant and a site, and the processes that come and go.

use std::time::Duration;

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, ConnectionSpec, GraphDirectory, OnboardingError, Outcome, StaticToken, WaitPolicy, token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedTenantBuilder, EmulatedWire, Timeline};

use crate::{
    end_state::{self, EndState},
    support::spec_with_discovery,
};

/// A tenant and a site.
pub(crate) struct World {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
}

/// One process with its own wire and its own moments.
pub(crate) struct Process {
    pub(crate) wire: EmulatedWire,
    pub(crate) timeline: Timeline,
    pub(crate) job: AzureServicesConnection,
    pub(crate) has_site: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(EmulatedTenant::builder())
    }

    pub(crate) fn of(tenant: EmulatedTenantBuilder) -> Self {
        Self {
            tenant: tenant.build(),
            site: EmulatedSite::new(),
        }
    }

    /// A process that is about to run the job, with discovery.
    pub(crate) fn process(&self) -> Process {
        self.process_with(Timeline::new(), false)
    }

    pub(crate) fn process_with(&self, timeline: Timeline, lossless: bool) -> Process {
        self.process_of(spec_with_discovery(), timeline, lossless, true)
    }

    pub(crate) fn process_of(&self, spec: ConnectionSpec, timeline: Timeline, lossless: bool, with_site: bool) -> Process {
        let wire = EmulatedWire::new(&self.tenant).following(&timeline).lossless(lossless);
        let mut job = AzureServicesConnection::builder(spec).directory(self.directory(&wire));
        if with_site {
            job = job.site(self.site.following(&timeline));
        }
        let job = job.build().unwrap();
        Process {
            wire,
            timeline,
            job,
            has_site: with_site,
        }
    }

    /// A process whose site takes this long for each moment.
    pub(crate) fn process_with_slow_site(&self, pace: Duration) -> Process {
        let timeline = Timeline::new();
        let wire = EmulatedWire::new(&self.tenant).following(&timeline);
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(self.directory(&wire))
            .site(self.site.following(&Timeline::new().with_pace(move |_| pace)));
        Process {
            wire,
            timeline,
            job: job.build().unwrap(),
            has_site: true,
        }
    }

    /// A process that waits for replication by this policy.
    pub(crate) fn process_that_waits(&self, policy: WaitPolicy) -> Process {
        let timeline = Timeline::new();
        let wire = EmulatedWire::new(&self.tenant).following(&timeline);
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(self.directory(&wire))
            .site(self.site.following(&timeline))
            .wait_policy(policy);
        Process {
            wire,
            timeline,
            job: job.build().unwrap(),
            has_site: true,
        }
    }

    /// A process with a token that cannot be renewed.
    pub(crate) fn process_with_one_token(&self) -> Process {
        let timeline = Timeline::new();
        let wire = EmulatedWire::new(&self.tenant).following(&timeline);
        let token = StaticToken::new(self.tenant.token_for(&Caller::global_administrator()));
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(wire.directory(token))
            .site(self.site.following(&timeline));
        Process {
            wire,
            timeline,
            job: job.build().unwrap(),
            has_site: true,
        }
    }

    fn directory(&self, wire: &EmulatedWire) -> GraphDirectory {
        let token = AccessToken::new(self.tenant.token_for(&Caller::global_administrator()));
        // Another one that is asked for is as good.
        wire.directory(token_fn(move |_| {
            let token = token.clone();
            async move { Ok(token) }
        }))
    }

    /// Tenant and site as they are, once everything can be seen.
    pub(crate) async fn settled(&self) -> EndState {
        tokio::time::sleep(Duration::from_secs(120)).await;
        end_state::of(&self.tenant, &self.site)
    }
}

impl Process {
    pub(crate) async fn onboard(&self) -> Result<Outcome, OnboardingError> {
        self.job.onboard(|_| ()).await
    }

    /// Runs until the end of the timeline; `None` where that came first.
    pub(crate) async fn onboard_until_killed(&self) -> Option<Result<Outcome, OnboardingError>> {
        tokio::select! {
            biased;
            outcome = self.onboard() => Some(outcome),
            () = self.timeline.ended() => None,
        }
    }

    pub(crate) async fn remove_until_killed(&self) -> Option<Outcome> {
        tokio::select! {
            biased;
            outcome = self.job.remove(|_| ()) => Some(outcome.unwrap()),
            () = self.timeline.ended() => None,
        }
    }
}

/// What an undisturbed run leaves, and how many moments it has.
pub(crate) async fn undisturbed() -> (EndState, u32) {
    let world = World::new();
    let process = world.process();
    process.onboard().await.unwrap();
    let state = world.settled().await;
    state.assert_one_secret_that_the_site_holds();
    (state, process.timeline.moments())
}
