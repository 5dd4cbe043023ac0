//! A run that ended anywhere is taken back: everything is as it was before it, and a new run works at once.

use std::time::Duration;

use cmg_onboarding::{
    connection::{EventKind, FindingCode, OnboardingError, Outcome, Step, StepAction},
    error::SiteRefused,
    site::SiteItem,
};
use cmg_onboarding_emulator::{EmulatedTenant, Timeline, WireFault};
use serde_json::{Value, json};

use crate::{
    dropped_anywhere::polled,
    end_state::list,
    two_at_once::uneven,
    world::{World, undisturbed},
};

/// A tenant with things of others in it, some of which look alike.
fn inhabited() -> World {
    inhabited_by(World::new())
}

fn inhabited_by(world: World) -> World {
    for name in ["ConfigMgr Server", "ConfigMgr Client", "Another administrator's"] {
        world.tenant.add_application(json!({
            "displayName": name,
            "passwordCredentials": [{"displayName": "theirs", "secretText": "their~secret"}],
        }));
    }
    let deleted = world
        .tenant
        .add_application(json!({"displayName": "Deleted by another administrator"}));
    assert!(world.tenant.soft_delete(deleted));
    world
}

/// Nothing of the run is left but what the product cannot remove, and the report says so.
fn assert_removed(world: &World, before: &Value, outcome: &Outcome, case: &str) {
    assert_eq!(&world.tenant.state(), before, "{case}: {outcome:#?}");
    let site = world.site.state();
    assert_eq!(list(&site, "connections").len(), 0, "{case}");
    let told: Vec<&str> = stays(outcome).collect();
    for kind in ["tenants", "applications"] {
        for row in list(&site, kind) {
            let name = row["name"].as_str().unwrap();
            let is_told = told.iter().any(|message| message.contains(name));
            assert!(is_told, "{case}: the row of {name} stays, and {outcome:#?} does not say so");
        }
    }
    let rows = list(&site, "tenants").len() + list(&site, "applications").len();
    assert_eq!(told.len(), rows, "{case}: {outcome:#?}");
}

fn stays(outcome: &Outcome) -> impl Iterator<Item = &str> {
    let findings = outcome.findings.iter();
    findings
        .filter(|finding| finding.code() == FindingCode::SiteRowStays)
        .map(|finding| finding.message())
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_killed_anywhere_can_be_removed() {
    let mut cases = 0;
    for lossless in [false, true] {
        for moment in 1.. {
            let world = inhabited();
            let before = world.tenant.state();
            let process = world.process_with(Timeline::new(), lossless);
            process.timeline.end_at(moment);
            let is_over = process.onboard_until_killed().await.is_some();
            let case = format!("killed {}", process.timeline.last());
            drop(process);
            let report = world.process().remove_until_killed().await.unwrap();
            assert_removed(&world, &before, &report, &case);
            let outcome = world.process().onboard().await;
            assert!(outcome.unwrap_or_else(|error| panic!("{case}: {error:#?}")).changed);
            cases += 1;
            if is_over {
                break;
            }
        }
    }
    tell!("killed anywhere and removed: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_failed_anywhere_can_be_removed() {
    let mut cases = 0;
    for fault in [
        WireFault::Redirect,
        WireFault::WebPage,
        WireFault::TruncatedBody,
        WireFault::StatusAfter(500),
        WireFault::EmptyAfter,
    ] {
        for number in 1.. {
            let world = inhabited();
            let before = world.tenant.state();
            let process = world.process();
            process.wire.fail_at(number, fault.clone());
            let _ = process.onboard().await;
            if process.wire.requests().len() < number {
                break;
            }
            let case = format!("{fault:?} at {number}");
            let report = world.process().remove_until_killed().await.unwrap();
            assert_removed(&world, &before, &report, &case);
            world.process().onboard().await.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            cases += 1;
        }
    }
    for item in [
        SiteItem::Tenant,
        SiteItem::ServerApp,
        SiteItem::ClientApp,
        SiteItem::Connection,
        SiteItem::Discovery,
    ] {
        let world = inhabited();
        let before = world.tenant.state();
        world.site.fail_at(item, SiteRefused::new("do it", "no", "Do it again."));
        world.process().onboard().await.unwrap_err();
        let report = world.process().remove_until_killed().await.unwrap();
        assert_removed(&world, &before, &report, &format!("the site failed at the {item}"));
        world.process().onboard().await.unwrap();
        cases += 1;
    }
    tell!("failed anywhere and removed: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_killed_anywhere_is_finished_by_the_next_one() {
    let mut cases = 0;
    for lossless in [false, true] {
        for moment in 1.. {
            let world = inhabited();
            let before = world.tenant.state();
            world.process().onboard().await.unwrap();
            let removal = world.process_with(Timeline::new(), lossless);
            removal.timeline.end_at(moment);
            let is_over = removal.remove_until_killed().await.is_some();
            let case = format!("removal killed {}", removal.timeline.last());
            drop(removal);
            let last = world.process().remove_until_killed().await.unwrap();
            assert_eq!(world.tenant.state(), before, "{case}: {last:#?}");
            assert_eq!(list(&world.site.state(), "connections").len(), 0, "{case}");
            assert!(world.process().onboard().await.unwrap().changed, "{case}");
            cases += 1;
            if is_over {
                break;
            }
        }
    }
    tell!("removal killed anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_of_a_removal_is_survived_or_told_and_mended_by_the_next_one() {
    let (mut cases, mut succeeded) = (0, 0);
    for fault in WireFault::all() {
        for number in 1.. {
            let world = inhabited();
            let before = world.tenant.state();
            world.process().onboard().await.unwrap();
            let removal = world.process();
            removal.wire.fail_at(number, fault.clone());
            let result = removal.job.remove(|_| ()).await;
            let requests = removal.wire.requests();
            let Some(hit) = requests.get(number - 1) else { break };
            let case = format!("{fault:?} at {number}, {}", hit.name());
            cases += 1;
            let is_done = result.is_ok();
            if is_done {
                succeeded += 1;
            } else {
                world.process().remove_until_killed().await.unwrap();
            }
            assert_eq!(world.tenant.state(), before, "{case}: {result:#?}");
            assert!(world.process().onboard().await.unwrap().changed, "{case}");
        }
    }
    tell!("any single fault of a removal: {cases} cases, of which {succeeded} succeed at once");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_dropped_anywhere_is_finished_by_the_same_process() {
    let mut cases = 0;
    for lossless in [false, true] {
        for polls in 1.. {
            let world = inhabited();
            let before = world.tenant.state();
            world.process().onboard().await.unwrap();
            let removal = world.process_with(Timeline::new(), lossless);
            if let Some(outcome) = polled(removal.job.remove(|_| ()), polls).await {
                outcome.unwrap();
                break;
            }
            let case = format!("removal dropped after {polls} polls, {}", removal.timeline.last());
            let last = removal.job.remove(|_| ()).await;
            last.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            assert_eq!(world.tenant.state(), before, "{case}");
            assert_eq!(list(&world.site.state(), "connections").len(), 0, "{case}");
            cases += 1;
        }
    }
    assert!(cases > 10, "{cases}");
    tell!("removal dropped anywhere: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_killed_is_finished_while_the_directory_is_still_replicating() {
    let mut cases = 0;
    for (lag, lossless) in [(2, true), (8, false), (30, true)] {
        let lag = Duration::from_secs(lag);
        for moment in 1.. {
            let world = inhabited_by(World::of(EmulatedTenant::builder().replication_lag(lag).change_lag(lag)));
            tokio::time::sleep(lag).await;
            let before = world.tenant.state();
            world.process().onboard().await.unwrap();
            tokio::time::sleep(Duration::from_secs(120)).await;
            let removal = world.process_with(Timeline::new().with_pace(|_| Duration::from_millis(20)), lossless);
            removal.timeline.end_at(moment);
            let is_over = removal.remove_until_killed().await.is_some();
            let case = format!("removal killed {}, with a lag of {lag:?}", removal.timeline.last());
            drop(removal);
            // One at once, which may still see what is gone, and one when all is seen.
            let _ = world.process().job.remove(|_| ()).await;
            tokio::time::sleep(lag * 2).await;
            let last = world.process().job.remove(|_| ()).await;
            last.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            assert_eq!(world.tenant.state(), before, "{case}");
            assert_eq!(list(&world.site.state(), "connections").len(), 0, "{case}");
            cases += 1;
            if is_over {
                break;
            }
        }
    }
    tell!("removal killed anywhere, with replication lag: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn two_removals_at_once_take_the_same_away_and_nothing_else() {
    let (mut cases, mut done) = (0, 0);
    for seed in 0..30 {
        let world = inhabited();
        let before = world.tenant.state();
        world.process().onboard().await.unwrap();
        let (first, second) = (
            world.process_with(uneven(seed * 10), true),
            world.process_with(uneven(seed * 10 + 1), true),
        );
        let late = async {
            tokio::time::sleep(Duration::from_millis(seed * 37 % 400)).await;
            second.job.remove(|_| ()).await
        };
        let (one, other) = tokio::join!(first.job.remove(|_| ()), late);
        let case = format!("two removals, seed {seed}");
        for result in [one, other] {
            match result {
                Ok(_) => done += 1,
                // What the other one takes away meanwhile cannot be read; nothing was written then.
                Err(OnboardingError::Read(_)) => {}
                Err(error) => panic!("{case}: {error:#?}"),
            }
        }
        world
            .process()
            .job
            .remove(|_| ())
            .await
            .unwrap_or_else(|error| panic!("{case}: {error:#?}"));
        assert_eq!(world.tenant.state(), before, "{case}");
        assert_eq!(list(&world.site.state(), "connections").len(), 0, "{case}");
        assert!(world.process().onboard().await.unwrap().changed, "{case}");
        cases += 1;
    }
    assert!(done * 4 >= cases * 2 * 3, "{done} of {} come to an end", cases * 2);
    tell!("two removals at once: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn apps_stay_where_their_connection_cannot_be_removed() {
    let world = World::new();
    world.process().onboard().await.unwrap();
    let before = (world.tenant.state(), world.site.state());
    let process = world.process();
    // Not the look at the site, but the removal.
    let site = world.site.clone();
    let removal = process.job.remove(move |event| {
        if matches!(event.kind, EventKind::StepStarted { .. }) {
            site.fail_next(SiteRefused::new("remove the connection", "access denied", "Ask for rights."));
        }
    });
    let OnboardingError::Apply(error) = removal.await.unwrap_err() else {
        panic!("the site refuses to remove the connection");
    };
    assert_eq!(
        (error.step(), error.report().steps().len()),
        (Step::RemoveConnection, 1),
        "{error:#?}"
    );
    assert_eq!((world.tenant.state(), world.site.state()), before);
    let outcome = world.process().remove_until_killed().await.unwrap();
    let removed = outcome.report.steps().iter().filter(|step| step.action == StepAction::Removed);
    assert_eq!(removed.count(), 3, "{outcome:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_still_replicating_is_removed_as_soon_as_it_can_be_seen() {
    let (expected, _) = undisturbed().await;
    let lag = Duration::from_secs(8);
    for waited in [0, 4, 9] {
        let world = World::of(EmulatedTenant::builder().replication_lag(lag));
        let before = world.tenant.state();
        world.process().onboard().await.unwrap();
        tokio::time::sleep(Duration::from_secs(waited)).await;
        world.process().remove_until_killed().await.unwrap();
        tokio::time::sleep(lag).await;
        world.process().remove_until_killed().await.unwrap();
        assert_eq!(world.tenant.state(), before, "after {waited} s");
        world.process().onboard().await.unwrap();
        world.settled().await.assert_same_tenant_as(&expected, "after a removal");
    }
}
