//! Any one request of a run meets with any one fault.

use std::{collections::BTreeSet, time::Duration};

use cmg_onboarding::{
    Diagnostic, OnboardingError,
    connection::{PlannedAction, StepAction},
    error::SiteRefused,
    error::SiteUnreachable,
    site::SiteItem,
};
use cmg_onboarding_emulator::{EmulatedTenant, Timeline, WireFault, WireRequest};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    end_state::list,
    support::spec,
    world::{Process, World, undisturbed},
};

/// No single fault holds a run up for longer: one time-out of a minute, and the waits around it.
const LONGEST: Duration = Duration::from_secs(150);

/// What makes something when it is sent, and makes a second one, or fails, when it is sent again.
fn is_making(request: &WireRequest) -> bool {
    request.method == "POST" && !request.path.ends_with("/checkMemberObjects") && !request.path.ends_with("/removePassword")
}

/// The kind of object that a request makes or looks at, roughly: by the collection's name.
fn concerns(request: &WireRequest, made: &WireRequest) -> bool {
    let last = made.path.rsplit('/').next().unwrap_or_default();
    match last {
        "addPassword" | "applications" => request.path.contains("/applications"),
        "appRoleAssignedTo" => request.path.ends_with("/appRoleAssignments"),
        other => request.path.contains(other),
    }
}

/// Between two attempts to make one thing there is a look, unless the first one provably did nothing.
pub(crate) fn assert_never_twice_without_looking(requests: &[WireRequest], case: &str) {
    for (position, first) in requests.iter().enumerate().filter(|(_, request)| is_making(request)) {
        let proven = first.fault.as_ref().is_some_and(WireFault::proves_that_nothing_happened);
        let refused = matches!(first.status, Some(400..=499)) && first.fault.is_none();
        if proven || refused || first.status == Some(409) {
            continue;
        }
        for (distance, second) in requests[position + 1..].iter().enumerate() {
            // An added secret differs from the last one by its end alone.
            let is_same = second.path == first.path && (second.body == first.body || first.path.ends_with("/addPassword"));
            if !is_same || second.method != "POST" {
                continue;
            }
            let between = &requests[position + 1..position + 1 + distance];
            let has_looked = between.iter().any(|request| request.method == "GET" && concerns(request, first));
            assert!(has_looked, "{case}: {} was sent twice without a look", first.name());
        }
    }
}

/// Everything that the report says was made is there, by its ids.
fn assert_report_is_true(world: &World, error: &OnboardingError, case: &str) {
    let OnboardingError::Apply(error) = error else { return };
    let (tenant, site) = (world.tenant.state(), world.site.state());
    for step in error.report().steps() {
        if !matches!(step.action, StepAction::Created | StepAction::Found | StepAction::Unchanged) {
            continue;
        }
        for (name, id) in &step.ids {
            let is_there = tenant.to_string().contains(&format!("\"{id}\"")) || (*name == "row" && site.to_string().contains(id.as_str()));
            assert!(
                is_there,
                "{case}: the report has {} with {name} {id}, which is not there",
                step.step
            );
        }
    }
    let failed = error
        .report()
        .step(error.step())
        .unwrap_or_else(|| panic!("{case}: no report of the failed step"));
    assert_eq!(failed.action, StepAction::Failed, "{case}");
    assert!(!error.help().is_empty(), "{case}");
}

/// What is there is found by the next plan: it makes nothing that is there already.
async fn assert_what_is_there_is_found(world: &World, case: &str) {
    let plan = world
        .process()
        .job
        .plan(|_| ())
        .await
        .unwrap_or_else(|error| panic!("{case}: {error:#?}"));
    let state = world.tenant.state();
    let has = |kind: &str, property: &str, value: &str| list(&state, kind).iter().any(|object| object[property] == value);
    let planned = |step| plan.step(step).map(|planned| planned.action);
    use cmg_onboarding::Step::{ClientServicePrincipal, RegisterClientApp, RegisterServerApp, ServerServicePrincipal};
    for (kind, name, step) in [
        ("applications", "ConfigMgr Server", RegisterServerApp),
        ("applications", "ConfigMgr Client", RegisterClientApp),
        ("servicePrincipals", "ConfigMgr Server", ServerServicePrincipal),
        ("servicePrincipals", "ConfigMgr Client", ClientServicePrincipal),
    ] {
        let is_to_be_made = planned(step) == Some(PlannedAction::Create);
        assert_eq!(is_to_be_made, !has(kind, "displayName", name), "{case}: {step}");
    }
}

struct Tally {
    cases: u32,
    succeeded: u32,
}

/// Lets each request of the job meet with each fault.
async fn every_fault_at_every_request(faults: Vec<WireFault>, process: impl Fn(&World) -> Process, lag: Duration) -> Tally {
    let tenant = || World::of(EmulatedTenant::builder().replication_lag(lag));
    let reference = tenant();
    process(&reference).onboard().await.unwrap();
    let expected = reference.settled().await;
    let mut tally = Tally { cases: 0, succeeded: 0 };
    for fault in faults {
        for number in 1.. {
            let world = tenant();
            let first = process(&world);
            first.wire.fail_at(number, fault.clone());
            let started = Instant::now();
            let result = first.onboard().await;
            let requests = first.wire.requests();
            let Some(hit) = requests.get(number - 1) else { break };
            let case = format!("{fault:?} at request {number}, {}", hit.name());
            assert!(started.elapsed() <= LONGEST, "{case}: {:?}", started.elapsed());
            assert_never_twice_without_looking(&requests, &case);
            tally.cases += 1;
            match result {
                Ok(outcome) => {
                    tally.succeeded += 1;
                    assert!(outcome.changed, "{case}");
                }
                Err(error) => {
                    assert!(
                        matches!(error, OnboardingError::Read(_) | OnboardingError::Apply(_)),
                        "{case}: {error:#?}"
                    );
                    assert_report_is_true(&world, &error, &case);
                    if lag.is_zero() {
                        assert_what_is_there_is_found(&world, &case).await;
                    }
                    let second = process(&world);
                    second
                        .onboard()
                        .await
                        .unwrap_or_else(|error| panic!("the run after {case}: {error:#?}"));
                    assert_never_twice_without_looking(&second.wire.requests(), &case);
                }
            }
            let state = world.settled().await;
            state.assert_same_tenant_as(&expected, &case);
            if first.has_site {
                state.assert_same_as(&expected, &case);
            }
        }
    }
    tally
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_is_survived_or_told_truthfully_and_mended_by_the_next_run() {
    let tally = every_fault_at_every_request(WireFault::all(), World::process, Duration::ZERO).await;
    assert!(tally.cases > 300, "{}", tally.cases);
    tell!(
        "any single fault: {} cases, of which {} succeed at once",
        tally.cases,
        tally.succeeded
    );
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_is_survived_while_the_directory_is_still_replicating() {
    // Those after which it is not known whether anything happened.
    let mut faults = WireFault::all();
    faults.retain(|fault| {
        !fault.proves_that_nothing_happened() && !matches!(fault, WireFault::StatusBefore(502..) | WireFault::StatusAfter(502..))
    });
    let tally = every_fault_at_every_request(faults, World::process, Duration::from_secs(5)).await;
    tell!(
        "any single fault, with replication lag: {} cases, of which {} succeed at once",
        tally.cases,
        tally.succeeded
    );
}

#[tokio::test(start_paused = true)]
async fn any_single_fault_of_a_registration_without_a_site_is_survived_or_mended() {
    let without_site = |world: &World| world.process_of(spec(), Timeline::new(), false, false);
    let tally = every_fault_at_every_request(WireFault::all(), without_site, Duration::ZERO).await;
    tell!(
        "any single fault, without a site: {} cases, of which {} succeed at once",
        tally.cases,
        tally.succeeded
    );
}

/// A run that adds a secret to an app that is there, and removes the lost one.
#[tokio::test(start_paused = true)]
async fn any_single_fault_of_a_run_that_replaces_a_lost_secret_is_survived_or_mended() {
    let (expected, _) = undisturbed().await;
    let (mut cases, mut succeeded) = (0, 0);
    for fault in WireFault::all() {
        for number in 1.. {
            let world = World::new();
            // The run before registered the apps for this site, and the site failed before it took the secret.
            world
                .site
                .fail_at(SiteItem::Tenant, SiteRefused::new("add the tenant", "down", "wait"));
            world.process().onboard().await.unwrap_err();
            let first = world.process();
            first.wire.fail_at(number, fault.clone());
            let result = first.onboard().await;
            let requests = first.wire.requests();
            let Some(hit) = requests.get(number - 1) else { break };
            let case = format!("{fault:?} at request {number}, {}", hit.name());
            assert_never_twice_without_looking(&requests, &case);
            cases += 1;
            match result {
                Ok(_) => succeeded += 1,
                Err(error) => {
                    assert_report_is_true(&world, &error, &case);
                    let second = world.process().onboard().await;
                    second.unwrap_or_else(|error| panic!("the run after {case}: {error:#?}"));
                }
            }
            world.settled().await.assert_same_as(&expected, &case);
        }
    }
    tell!("any single fault, replacing a secret: {cases} cases, of which {succeeded} succeed at once");
}

/// A token that cannot be renewed is a typed error, and the next run has a new one.
#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_in_mid_run_and_cannot_be_renewed_ends_the_run_with_what_to_do() {
    let (expected, _) = undisturbed().await;
    let mut helps = BTreeSet::new();
    for number in 1.. {
        let world = World::new();
        let process = world.process_with_one_token();
        process.wire.fail_at(number, WireFault::TokenRefused);
        let result = process.onboard().await;
        if process.wire.requests().len() < number {
            break;
        }
        let error = result.expect_err("there is no other token");
        helps.insert(error.help().into_owned());
        assert_report_is_true(&world, &error, "the token was refused");
        world.process().onboard().await.unwrap();
        world
            .settled()
            .await
            .assert_same_as(&expected, &format!("the token was refused at {number}"));
    }
    assert!(helps.iter().all(|help| help.contains("Sign in again")), "{helps:#?}");
}

/// Bodies of requests are recorded, and none has the text of a secret in it.
#[tokio::test(start_paused = true)]
async fn no_request_carries_a_secret() {
    let world = World::new();
    let process = world.process();
    let secret = process.onboard().await.unwrap().secret.unwrap();
    let bodies: Vec<Value> = process.wire.requests().iter().map(|request| json!(request)).collect();
    assert!(!json!(bodies).to_string().contains(secret.value.expose()));
}

/// The site fails at any of its operations, before or after it has done what was asked.
#[tokio::test(start_paused = true)]
async fn any_single_fault_of_the_site_is_told_truthfully_and_mended_by_the_next_run() {
    let (expected, _) = undisturbed().await;
    let lost = || SiteUnreachable::new("the connection to the site broke", "Run the same again.");
    let mut cases = 0;
    let items = [
        SiteItem::Tenant,
        SiteItem::ServerApp,
        SiteItem::ClientApp,
        SiteItem::Connection,
        SiteItem::Discovery,
    ];
    for item in items {
        for is_done in [false, true] {
            let world = World::new();
            if is_done {
                world.site.fail_after(item, lost());
            } else {
                world.site.fail_at(item, lost());
            }
            let case = format!("the site broke off at the {item}, done: {is_done}");
            let error = world.process().onboard().await.expect_err(&case);
            assert_report_is_true(&world, &error, &case);
            assert_what_is_there_is_found(&world, &case).await;
            world.process().onboard().await.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            world.settled().await.assert_same_as(&expected, &case);
            cases += 1;
        }
    }
    // And where it cannot be read, or not be written to at all.
    for is_look in [false, true] {
        let world = World::new();
        let process = world.process();
        let result = if is_look {
            world.site.fail_next(lost());
            process.onboard().await
        } else {
            let plan = process.job.plan(|_| ()).await.unwrap();
            world.site.fail_next(lost());
            plan.apply(|_| ()).await
        };
        let case = format!("the site is not reached, at the first look: {is_look}");
        assert_report_is_true(&world, &result.expect_err(&case), &case);
        world.process().onboard().await.unwrap();
        world.settled().await.assert_same_as(&expected, &case);
        cases += 1;
    }
    tell!("any single fault of the site: {cases} cases");
}
