//! Changes of a connection that is there, whose specification is lost: an update of the settings, and a rename with discovery.
//! Each ends anywhere, and the same command goes on from there.

use std::time::Duration;

use cmg_onboarding::{
    Call, ConnectionSpec, DiscoverySpec, ImportedClientApp, ImportedServerApp, OnboardingError, Outcome, Plan, Site,
    connection::reusing,
    directory::{ApplicationKey, ApplicationProperties, Directory, PublicClientApplication, WebApplication},
    site::SiteDiscovery,
};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatedTenantBuilder, Timeline, WireFault};

use crate::{
    any_single_fault::assert_never_twice_without_looking,
    dropped_anywhere::polled,
    end_state::EndState,
    support::spec,
    two_at_once::uneven,
    world::{Process, World},
};

const NAME: &str = "Contoso CMG";

/// What is done to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// The settings of both apps, with discovery that the console has switched on.
    Settings,
    /// Another name, discovery and the consent that it needs, with apps that this crate does not write.
    Rename,
    /// The import of both apps into a new site, with discovery and the consent that it needs.
    Import,
}

const TASKS: [Task; 3] = [Task::Settings, Task::Rename, Task::Import];

/// A stage for one task: a tenant and a site after the first day.
struct Stage {
    world: World,
    task: Task,
    wanted: ConnectionSpec,
}

impl Stage {
    async fn new(task: Task, tenant: EmulatedTenantBuilder) -> Self {
        let world = World::of(tenant);
        let first = world.process_of(spec(), Timeline::new(), false, task != Task::Import);
        let outcome = first.onboard().await.unwrap();
        // The apps are old and seen everywhere.
        tokio::time::sleep(Duration::from_secs(120)).await;
        let wanted = match task {
            Task::Settings => {
                spoil(&world, &outcome).await;
                world
                    .site
                    .change(|rows| rows.connections[0].user_discovery = Some(SiteDiscovery::default()));
                as_it_is(&world).await
            }
            Task::Rename => {
                let builder = as_it_is(&world).await.to_builder().name("Fabrikam CMG");
                builder.description("New").discovery(discovery()).build().unwrap()
            }
            Task::Import => imported(&outcome),
        };
        Self { world, task, wanted }
    }

    fn process(&self) -> Process {
        self.process_with(Timeline::new(), false)
    }

    fn process_with(&self, timeline: Timeline, lossless: bool) -> Process {
        self.world.process_of(self.wanted.clone(), timeline, lossless, true)
    }

    async fn run(&self, process: &Process) -> Result<Outcome, OnboardingError> {
        match self.task {
            Task::Settings => process.job.update_settings(None, |_| ()).await,
            Task::Rename | Task::Import => process.onboard().await,
        }
    }

    async fn plan(&self) -> Plan {
        let job = self.process().job;
        let plan = match self.task {
            Task::Settings => job.plan_settings_update(None, |_| ()).await,
            Task::Rename | Task::Import => job.plan(|_| ()).await,
        };
        plan.unwrap()
    }

    async fn finish(&self, case: &str, expected: &EndState) {
        let last = self.run(&self.process()).await;
        last.unwrap_or_else(|error| panic!("the run after {case}: {error:#?}"));
        self.assert_done(case, expected).await;
    }

    async fn assert_done(&self, case: &str, expected: &EndState) {
        self.world.settled().await.assert_same_as(expected, case);
        let plan = self.plan().await;
        assert!(plan.is_empty(), "{case}: {plan}");
    }

    async fn undisturbed(task: Task) -> EndState {
        let stage = Self::new(task, EmulatedTenant::builder()).await;
        assert!(!stage.plan().await.is_empty());
        let outcome = stage.run(&stage.process()).await.unwrap();
        assert!(outcome.changed);
        let state = stage.world.settled().await;
        let roles = &state.tenant["appRoleAssignments"];
        assert_eq!(roles.as_array().unwrap().len(), 1, "{task:?}: {roles}");
        state.assert_one_secret_that_the_site_holds();
        state
    }
}

/// Makes both apps ones that were registered by hand, before version 2309.
async fn spoil(world: &World, outcome: &Outcome) {
    let directory = world.tenant.directory();
    let old = async |id, change: ApplicationProperties| {
        let key = ApplicationKey::ApplicationId(id);
        let app = directory.application(Call::quiet(), &key).await.unwrap().unwrap();
        directory.update_application(Call::quiet(), app.object_id, &change).await.unwrap();
    };
    let mut server = ApplicationProperties::default();
    server.is_device_only_auth_supported = Some(false);
    server.web = Some({
        let mut web = WebApplication::default();
        web.redirect_uris = Some(vec!["https://contoso.com/theirs".to_owned()]);
        web
    });
    old(outcome.server_app.as_ref().unwrap().application_id, server).await;
    let mut client = ApplicationProperties::default();
    client.is_fallback_public_client = Some(false);
    client.public_client = Some({
        let mut platform = PublicClientApplication::default();
        platform.redirect_uris = Some(Vec::new());
        platform
    });
    old(outcome.client_app.as_ref().unwrap().application_id, client).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
}

async fn as_it_is(world: &World) -> ConnectionSpec {
    let rows = world.site.snapshot(Call::quiet()).await.unwrap();
    reusing(&rows, NAME).unwrap()
}

fn discovery() -> cmg_onboarding::spec::DiscoverySpecBuilder {
    DiscoverySpec::builder()
        .user_schedule("every 7 days from 02:30 UTC".parse().unwrap())
        .groups(["Ops"])
}

fn imported(outcome: &Outcome) -> ConnectionSpec {
    let (server, client): (ImportedServerApp, ImportedClientApp) = outcome.hand_over().unwrap();
    ConnectionSpec::builder(NAME)
        .server_app(server)
        .client_app(client)
        .discovery(discovery())
        .build()
        .unwrap()
}

/// Kills a task at every moment. Tells how many moments there were.
async fn killed_at_every_moment(task: Task, tenant: impl Fn() -> EmulatedTenantBuilder, pace: Duration, lossless: bool) -> u32 {
    let expected = Stage::undisturbed(task).await;
    for moment in 1.. {
        let stage = Stage::new(task, tenant()).await;
        let process = stage.process_with(Timeline::new().with_pace(move |_| pace), lossless);
        process.timeline.end_at(moment);
        let ended = tokio::select! {
            biased;
            outcome = stage.run(&process) => Some(outcome),
            () = process.timeline.ended() => None,
        };
        let case = format!("{task:?} killed {} ({moment}, lossless: {lossless})", process.timeline.last());
        drop(process);
        if let Some(outcome) = ended {
            outcome.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            return moment - 1;
        }
        stage.finish(&case, &expected).await;
    }
    0
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_killed_anywhere_is_finished_by_the_next_one() {
    let mut cases = 0;
    for task in TASKS {
        for lossless in [false, true] {
            let moments = killed_at_every_moment(task, EmulatedTenant::builder, Duration::ZERO, lossless).await;
            assert!(moments >= 14, "{task:?}: {moments}");
            cases += moments;
        }
    }
    tell!("change killed anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_killed_is_finished_while_the_directory_is_still_replicating() {
    let mut cases = 0;
    for task in TASKS {
        for (lag, lossless) in [(2, true), (8, false), (30, true)] {
            let tenant = || EmulatedTenant::builder().replication_lag(Duration::from_secs(lag));
            cases += killed_at_every_moment(task, tenant, Duration::from_millis(20), lossless).await;
        }
    }
    tell!("change killed anywhere, with replication lag: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_dropped_anywhere_is_finished_by_the_same_process() {
    let mut cases = 0;
    for task in TASKS {
        let expected = Stage::undisturbed(task).await;
        for lossless in [false, true] {
            for polls in 1.. {
                let stage = Stage::new(task, EmulatedTenant::builder()).await;
                let process = stage.process_with(Timeline::new(), lossless);
                if let Some(outcome) = polled(stage.run(&process), polls).await {
                    outcome.unwrap();
                    break;
                }
                let case = format!("{task:?} dropped after {polls} polls, {}", process.timeline.last());
                let again = stage.run(&process).await;
                again.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
                stage.assert_done(&case, &expected).await;
                cases += 1;
            }
        }
    }
    tell!("change dropped anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_of_a_change_is_survived_or_told_and_mended_by_the_next_one() {
    let (mut cases, mut succeeded) = (0, 0);
    for task in TASKS {
        let expected = Stage::undisturbed(task).await;
        for fault in WireFault::all() {
            for number in 1.. {
                let stage = Stage::new(task, EmulatedTenant::builder()).await;
                let process = stage.process();
                process.wire.fail_at(number, fault.clone());
                let result = stage.run(&process).await;
                let requests = process.wire.requests();
                let Some(hit) = requests.get(number - 1) else { break };
                let case = format!("{task:?}, {fault:?} at {number}, {}", hit.name());
                assert_never_twice_without_looking(&requests, &case);
                cases += 1;
                succeeded += u32::from(result.is_ok());
                stage.finish(&case, &expected).await;
            }
        }
    }
    assert!(succeeded * 2 > cases, "{succeeded} of {cases}");
    tell!("any single fault of a change: {cases} cases, of which {succeeded} succeed at once");
}

#[tokio::test(start_paused = true)]
async fn two_changes_at_once_come_to_the_same() {
    let mut cases = 0;
    for task in TASKS {
        let expected = Stage::undisturbed(task).await;
        for seed in 0..15 {
            for lag in [0, 8] {
                let stage = Stage::new(task, EmulatedTenant::builder().replication_lag(Duration::from_secs(lag))).await;
                let (first, second) = (
                    stage.process_with(uneven(seed * 10), true),
                    stage.process_with(uneven(seed * 10 + 1), true),
                );
                let late = async {
                    tokio::time::sleep(Duration::from_millis(seed * 37 % 400)).await;
                    stage.run(&second).await
                };
                let (one, other) = tokio::join!(stage.run(&first), late);
                let case = format!("{task:?} twice at once, seed {seed}, lag of {lag} s");
                for result in [one, other] {
                    result.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
                }
                stage.assert_done(&case, &expected).await;
                cases += 1;
            }
        }
    }
    tell!("two changes at once: {cases} cases");
}
