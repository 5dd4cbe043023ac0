//! A directory that does not see everywhere yet what was just made.

use std::time::Duration;

use cmg_onboarding::{
    Diagnostic, DirectoryError, Event, OnboardingError, Step, WaitPolicy,
    connection::{ApplyError, EventKind, StepError},
};
use cmg_onboarding_emulator::{EmulatedTenant, EmulatedTenantBuilder, Timeline, WireFault, WireRefusal};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    end_state::EndState,
    support::{Recorder, spec},
    world::{World, undisturbed},
};

/// The most that a round may wait for objects with this lag: what `WaitPolicy` promises, and the timer's millisecond for
/// each of its waits.
fn most_within(lag: Duration) -> Duration {
    lag.mul_f64(1.3).max(lag + Duration::from_millis(500)) + Duration::from_millis(30)
}

fn waits(events: &[Event]) -> Vec<(Step, Duration)> {
    let waits = events.iter().filter_map(|event| match &event.kind {
        EventKind::WaitingForReplication { step, delay, .. } => Some((*step, *delay)),
        _ => None,
    });
    waits.collect()
}

/// Runs the job on such a tenant: it succeeds, in no more time than its two waiting rounds need.
async fn runs_on(tenant: EmulatedTenantBuilder, longest: Duration, expected: &EndState, case: &str) {
    let world = World::of(tenant);
    let recorder = Recorder::default();
    let process = world.process();
    let started = Instant::now();
    let outcome = process.job.onboard(recorder.listen()).await;
    let spent = started.elapsed();
    outcome.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
    // Round 2 waits for the apps and round 3 for the service principals.
    let most = 2 * most_within(longest);
    assert!(spent <= most, "{case}: {spent:?} of at most {most:?}");
    // Every wait was told: no step waited for longer than its events say.
    let waits = waits(&recorder.events());
    let told = |in_round: &[Step]| {
        let by_step = in_round.iter().map(|step| {
            waits
                .iter()
                .filter(|(waiting, _)| waiting == step)
                .map(|(_, delay)| *delay)
                .sum::<Duration>()
        });
        by_step.max().unwrap_or_default()
    };
    let rounds = [
        &[Step::RegisterServerApp, Step::RegisterClientApp][..],
        &[
            Step::IssueSecret,
            Step::ServerServicePrincipal,
            Step::ClientServicePrincipal,
            Step::CompleteClientApp,
        ],
        &[Step::ConsentServerApp, Step::ConsentUserRead, Step::ConsentDirectoryRead],
    ];
    let told: Duration = rounds.into_iter().map(told).sum();
    assert!(told + Duration::from_secs(1) >= spent, "{case}: {told:?} of {spent:?} were told");
    world.settled().await.assert_same_as(expected, case);
}

/// From 0.2 to 30 s, as many in each doubling: every part of the schedule is met.
fn lags_at_random() -> impl Iterator<Item = Duration> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::from_fn(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 33) as f64 / (1_u64 << 31) as f64;
        Some(Duration::from_secs_f64(0.2 * 150_f64.powf(share)))
    })
}

#[tokio::test(start_paused = true)]
async fn lags_drawn_at_random_cost_three_tenths_or_half_a_second_per_round_at_most() {
    let (expected, _) = undisturbed().await;
    let lags: Vec<Duration> = lags_at_random().take(100).collect();
    for lag in &lags {
        let tenant = EmulatedTenant::builder().replication_lag(*lag);
        runs_on(tenant, *lag, &expected, &format!("lag of {lag:?}")).await;
    }
    tell!("lags at random: {} cases", lags.len());
}

#[tokio::test(start_paused = true)]
async fn a_wait_policy_of_the_caller_ends_the_wait_and_the_error_says_how_long_it_was() {
    let world = World::of(EmulatedTenant::builder().replication_lag(Duration::from_secs(100_000)));
    let wizard = WaitPolicy::default().with_deadline(Duration::from_secs(20));
    let process = world.process_that_waits(wizard);
    let started = Instant::now();
    let error = stopped(process.onboard().await.unwrap_err());
    assert!(started.elapsed() <= Duration::from_secs(20), "{:?}", started.elapsed());
    let StepError::Directory(DirectoryError::ExceededMaxWait(wait)) = error.error() else {
        panic!("{error:#?}");
    };
    assert_eq!(wait.max_wait(), wizard.deadline());
    assert!(wait.elapsed() > Duration::from_secs(19) && wait.poll_count() > 10, "{wait}");
    assert!(wait.last().trace().is_some());
}

#[tokio::test(start_paused = true)]
async fn lag_of_all_objects_costs_its_share_per_round_at_most() {
    let (expected, _) = undisturbed().await;
    let lags = [0, 2, 8, 30].map(Duration::from_secs);
    for lag in lags {
        let tenant = EmulatedTenant::builder().replication_lag(lag);
        runs_on(tenant, lag, &expected, &format!("lag of {lag:?}")).await;
    }
    tell!("lag of all objects: {} cases", lags.len());
}

#[tokio::test(start_paused = true)]
async fn lag_of_any_one_object_is_waited_out() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    // Two apps, two service principals, two consents to delegated permissions, one to an application permission.
    for object in 0..7 {
        for lag in [2, 8, 30] {
            let lag = Duration::from_secs(lag);
            let lags = (0..7).map(|other| if other == object { lag } else { Duration::ZERO });
            let tenant = EmulatedTenant::builder().replication_lags(lags);
            runs_on(tenant, lag, &expected, &format!("lag of {lag:?} of object {object}")).await;
            cases += 1;
        }
    }
    tell!("lag of one object: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn every_mix_of_lags_is_waited_out() {
    let (expected, _) = undisturbed().await;
    let seconds = [0, 2, 8, 30];
    let mut cases = 0;
    // The four objects that others depend on, in every mix.
    for mix in 0..256_usize {
        let lags: Vec<Duration> = (0..4).map(|place| Duration::from_secs(seconds[mix >> (2 * place) & 3])).collect();
        let longest = lags.iter().max().copied().unwrap_or_default();
        let tenant = EmulatedTenant::builder().replication_lags(lags.into_iter().chain([Duration::ZERO; 3]));
        runs_on(tenant, longest, &expected, &format!("mix {mix}")).await;
        cases += 1;
    }
    tell!("mixes of lags: {cases} cases");
}

#[tokio::test(start_paused = true)]
async fn objects_that_are_seen_and_gone_again_are_waited_out() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for lag in [2, 8, 30] {
        for turn in [100, 250, 400, 1_000, 3_000] {
            let (lag, turn) = (Duration::from_secs(lag), Duration::from_millis(turn));
            let tenant = EmulatedTenant::builder().replication_lag(lag).flapping(turn);
            runs_on(tenant, lag, &expected, &format!("lag of {lag:?}, seen in turns of {turn:?}")).await;
            cases += 1;
        }
    }
    tell!("seen and gone again: {cases} cases");
}

/// The misleading refusals of eventual consistency, each with the request that meets with it.
fn misleading() -> Vec<(&'static str, WireRefusal)> {
    let bad_request = |message| WireRefusal::new(400, "Request_BadRequest", message);
    let missing =
        "Resource '00000000-0000-4000-8000-000000000000' does not exist or one of its queried reference-property objects are not present.";
    let company = || {
        WireRefusal::new(
            404,
            "Directory_ObjectNotFound",
            "Unable to read the company information from the directory.",
        )
    };
    let principals = "POST /v1.0/servicePrincipals";
    let grants = "POST /v1.0/oauth2PermissionGrants";
    let mut all = vec![
        (
            principals,
            bad_request("The appId '...' of the service principal does not reference a valid application object.")
                .with_detail("NoBackingApplicationObject", "appId"),
        ),
        (
            principals,
            bad_request("The appId '...' of the service principal does not reference a valid application object."),
        ),
        (
            principals,
            WireRefusal::new(
                403,
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in the local tenant",
            ),
        ),
        (
            "PATCH /v1.0/applications",
            WireRefusal::new(404, "Request_ResourceNotFound", missing),
        ),
        (
            "PATCH /v1.0/applications",
            bad_request("Invalid value specified.").with_detail("InvalidValue", "api.preAuthorizedApplications.delegatedPermissionIds"),
        ),
        (
            "POST /v1.0/servicePrincipals/",
            WireRefusal::new(404, "Request_ResourceNotFound", "Not a valid reference update."),
        ),
        ("POST /v1.0/servicePrincipals/", bad_request("Not a valid reference update.")),
        (grants, WireRefusal::new(404, "Request_ResourceNotFound", missing)),
        (grants, bad_request(missing)),
    ];
    for request in [
        "POST /v1.0/applications",
        principals,
        grants,
        "PATCH /v1.0/applications",
        "POST /v1.0/servicePrincipals/",
    ] {
        let message = "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.";
        all.extend([
            (request, WireRefusal::new(409, "Directory_ConcurrencyViolation", message)),
            (request, company()),
            (request, company().carried_out()),
        ]);
    }
    // Our own lost request made it, and the repeated one is told that it is there already.
    all.extend([
        (
            "POST /v1.0/applications",
            bad_request("Another object with the same value for property uniqueName already exists.")
                .with_detail("ObjectConflict", "uniqueName")
                .carried_out(),
        ),
        (
            principals,
            WireRefusal::new(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                "The service principal name is already in use.",
            )
            .carried_out(),
        ),
        (
            grants,
            WireRefusal::new(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.").carried_out(),
        ),
        (grants, bad_request("Permission entry already exists.").carried_out()),
        (
            "POST /v1.0/servicePrincipals/",
            bad_request("Permission being assigned already exists on the object").carried_out(),
        ),
    ]);
    all
}

#[tokio::test(start_paused = true)]
async fn misleading_refusals_on_what_the_run_has_made_are_waited_out() {
    let (expected, _) = undisturbed().await;
    let mut cases = 0;
    for (request, refusal) in misleading() {
        for times in 1..=4 {
            let world = World::new();
            let process = world.process();
            let is_carried_out = WireFault::Refusal(refusal.clone()).is_carried_out();
            for _ in 0..times {
                process.wire.fail_on(request, WireFault::Refusal(refusal.clone()));
            }
            let case = format!("{times} times {refusal:?} on {request}");
            let outcome = process.onboard().await;
            outcome.unwrap_or_else(|error| panic!("{case}: {error:#?}"));
            crate::any_single_fault::assert_never_twice_without_looking(&process.wire.requests(), &case);
            world.settled().await.assert_same_as(&expected, &case);
            cases += 1;
            if is_carried_out {
                break;
            }
        }
    }
    tell!("misleading refusals: {cases} cases");
}

/// A lost answer to an added secret that looks like a 404.
#[tokio::test(start_paused = true)]
async fn an_added_secret_whose_answer_is_misleading_leaves_no_second_one() {
    let (expected, _) = undisturbed().await;
    let company = "Unable to read the company information from the directory.";
    let company = WireRefusal::new(404, "Directory_ObjectNotFound", company);
    for refusal in [company.clone(), company.carried_out()] {
        let world = World::of(EmulatedTenant::builder().secret_in_create_answer(false));
        let process = world.process();
        process
            .wire
            .fail_on("POST /v1.0/applications/", WireFault::Refusal(refusal.clone()));
        process.onboard().await.unwrap_or_else(|error| panic!("{refusal:?}: {error:#?}"));
        let case = format!("{refusal:?}");
        crate::any_single_fault::assert_never_twice_without_looking(&process.wire.requests(), &case);
        world.settled().await.assert_same_as(&expected, &case);
    }
}

/// The error of a run that stopped half-way.
fn stopped(error: OnboardingError) -> ApplyError {
    match error {
        OnboardingError::Apply(error) => error,
        other => panic!("{other:#?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_this_run_did_not_make_is_not_waited_for() {
    for (step, is_server) in [(Step::ServerServicePrincipal, true), (Step::ClientServicePrincipal, false)] {
        let world = World::new();
        // Both apps are there without service principals, from a run that was cut off.
        let first = world.process_of(spec(), Timeline::new(), false, true);
        let plan = first.job.plan(|_| ()).await.unwrap();
        first.wire.fail_on("POST /v1.0/servicePrincipals", WireFault::Redirect);
        first.wire.fail_on("POST /v1.0/servicePrincipals", WireFault::Redirect);
        plan.apply(|_| ()).await.unwrap_err();
        let second = world.process_of(spec(), Timeline::new(), false, true);
        let plan = second.job.plan(|_| ()).await.unwrap();
        // Another administrator deletes one of them between plan and apply.
        let name = if is_server { "ConfigMgr Server" } else { "ConfigMgr Client" };
        let state = world.tenant.state();
        let app = crate::end_state::list(&state, "applications")
            .iter()
            .find(|app| app["displayName"] == json!(name));
        let id: uuid::Uuid = app.unwrap()["appId"].as_str().unwrap().parse().unwrap();
        assert!(world.tenant.soft_delete(id));
        let recorder = Recorder::default();
        let started = Instant::now();
        let Err(OnboardingError::Apply(error)) = plan.apply(recorder.listen()).await else {
            panic!("{step}");
        };
        assert_eq!(started.elapsed(), Duration::ZERO, "{step}: {error:?}");
        assert_eq!(waits(&recorder.events()), [], "{step}");
        let StepError::Directory(_) = error.error() else {
            panic!("{step}: {error:#?}");
        };
        let failed = error
            .report()
            .steps()
            .iter()
            .any(|report| report.step == step && report.note.is_some());
        assert!(failed, "{step}: {}", error.report());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lag_without_end_is_waited_for_to_the_deadline_and_no_longer() {
    let world = World::of(EmulatedTenant::builder().replication_lag(Duration::from_secs(100_000)));
    let started = Instant::now();
    let error = stopped(world.process().onboard().await.unwrap_err());
    assert!(started.elapsed() <= Duration::from_secs(120), "{:?}", started.elapsed());
    assert!(error.help().contains("repeat the run"), "{}", error.help());
}
