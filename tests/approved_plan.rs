//! A plan that is approved in one process and carried out in another, and plans that have grown old.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

mod support;

use std::{sync::Arc, time::Duration};

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, ConnectionSpec, Diagnostic, GraphDirectory, OnboardingError, Step,
    clock::{Clock, ManualClock, SystemClock},
    connection::{
        AzureServicesConnectionBuilder, Cancel, EventKind, FindingCode, PlanDocument, PlannedAction, ReadError, StepError, Written,
    },
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire, Timeline};
use serde_json::{Value, json};
use support::{Recorder, place_of, spec, spec_with_discovery};

fn directory(tenant: &EmulatedTenant) -> GraphDirectory {
    let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
    EmulatedWire::new(tenant).directory(token_fn(move |_| {
        let token = token.clone();
        async move { Ok(token) }
    }))
}

fn job(spec: ConnectionSpec, tenant: &EmulatedTenant, site: &EmulatedSite) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec)
        .directory(directory(tenant))
        .site(site.clone())
}

/// The document as another process reads it.
fn stored(document: &PlanDocument) -> PlanDocument {
    serde_json::from_str(&serde_json::to_string(document).unwrap()).unwrap()
}

#[tokio::test]
async fn a_document_reads_back_as_it_was_written() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec_with_discovery(), &tenant, &site).build().unwrap();
    let plan = connection.plan(|_| ()).await.unwrap();
    assert_eq!(stored(plan.document()), *plan.document());
    plan.apply(|_| ()).await.unwrap();
    let again = connection.plan(|_| ()).await.unwrap();
    assert_eq!(stored(again.document()), *again.document());
}

#[tokio::test]
async fn what_was_approved_a_day_ago_is_done_by_another_process() {
    let clock = ManualClock::new(SystemClock.now());
    let tenants = clock.clone();
    let tenant = EmulatedTenant::builder().clock(move || tenants.now()).build();
    let site = EmulatedSite::builder().clock(Arc::new(clock.clone())).build();
    let connect = || {
        job(spec_with_discovery(), &tenant, &site)
            .clock(Arc::new(clock.clone()))
            .build()
            .unwrap()
    };
    let approved = stored(connect().plan(|_| ()).await.unwrap().document());
    clock.advance(time::Duration::days(1));
    let plan = connect().plan_from(&approved, |_| ()).await.unwrap();
    assert_eq!(plan.changes().len(), approved.changes.len());
    let outcome = plan.apply(|_| ()).await.unwrap();
    for planned in approved.changes.iter().filter(|planned| planned.action == PlannedAction::Create) {
        let reported = outcome.report.step(planned.step);
        assert!(
            reported.is_some() || planned.when == cmg_onboarding::connection::When::IfNeeded,
            "{}",
            planned.step
        );
    }
    assert!(connect().plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_plan_whose_job_was_done_meanwhile_is_stale_and_writes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let approved = connection.plan(|_| ()).await.unwrap().document().clone();
    connection.onboard(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    let Err(OnboardingError::Stale(stale)) = connection.plan_from(&approved, |_| ()).await else {
        panic!("the plan is stale")
    };
    assert!(
        stale
            .differences
            .iter()
            .any(|difference| difference.path.contains("registerServerApp")),
        "{stale:?}"
    );
    // What was approved is shown as the document has it, and not as it is compared.
    let written = serde_json::to_value(&approved).unwrap();
    let written = |step: &str| {
        written["changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["step"] == step)
            .cloned()
    };
    for difference in &stale.differences {
        let path: Vec<&str> = difference.path.splitn(4, '/').collect();
        let ["", "changes", step, rest @ ..] = path.as_slice() else {
            continue;
        };
        let approved = written(step).unwrap_or_default();
        let part = rest.iter().try_fold(&approved, |part, rest| part.pointer(&format!("/{rest}")));
        assert_eq!(*part.unwrap_or(&Value::Null), difference.approved, "{difference}");
    }
    assert!(
        stale
            .differences
            .iter()
            .any(|difference| difference.approved.to_string().contains("expiresAbout")),
        "{stale:?}"
    );
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn a_removal_is_approved_like_every_plan_and_a_job_that_onboards_takes_none() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    connection.onboard(|_| ()).await.unwrap();
    let saved = serde_json::to_string(connection.plan_removal(|_| ()).await.unwrap().document()).unwrap();
    let approved: PlanDocument = serde_json::from_str(&saved).unwrap();
    let before = (tenant.state(), site.state());
    let Err(OnboardingError::Stale(stale)) = connection.plan_from(&approved, |_| ()).await else {
        panic!("the document was put in the place of another one")
    };
    let paths: Vec<&str> = stale.differences.iter().map(|difference| difference.path.as_str()).collect();
    assert_eq!(paths, ["/verb"], "a plan for something else differs in nearly everything");
    let onboarding = connection.plan(|_| ()).await.unwrap();
    assert!(connection.removal_from(onboarding.document(), |_| ()).await.is_err());
    assert_eq!((tenant.state(), site.state()), before);
    let plan = connection.removal_from(&approved, |_| ()).await.unwrap();
    assert!(plan.apply(|_| ()).await.unwrap().changed);
}

/// A forged document is never carried out: each of its parts is compared with what would be done.
#[tokio::test]
async fn every_part_of_a_document_that_says_something_else_makes_it_stale() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec_with_discovery(), &tenant, &site).build().unwrap();
    let document = serde_json::to_value(connection.plan(|_| ()).await.unwrap().document()).unwrap();
    let mut leaves = Vec::new();
    collect_leaves("", &document, &mut leaves);
    let (mut refused, mut cases) = (0, 0);
    for path in leaves {
        let mut forged = document.clone();
        let part = forged.pointer_mut(&path).unwrap();
        *part = match &*part {
            Value::String(text) => json!(format!("{text}x")),
            Value::Number(number) => json!(number.as_u64().unwrap() + 1),
            other => json!(other.is_null()),
        };
        // What does not even read is refused by reading.
        let Ok(forged) = serde_json::from_value::<PlanDocument>(forged) else {
            continue;
        };
        cases += 1;
        let is_noise = path.starts_with("/findings") || path == "/madeOn";
        match connection.plan_from(&forged, |_| ()).await {
            Err(OnboardingError::Stale(stale)) => {
                assert!(!is_noise, "{path}: time alone makes no plan stale: {stale:?}");
                refused += 1;
            }
            Ok(_) => assert!(is_noise, "{path} was forged and it was not noticed"),
            Err(error) => panic!("{path}: {error}"),
        }
    }
    assert!(refused > 50, "{refused} of {cases}");
}

fn collect_leaves(path: &str, value: &Value, leaves: &mut Vec<String>) {
    match value {
        Value::Object(parts) => parts
            .iter()
            .for_each(|(name, part)| collect_leaves(&format!("{path}/{name}"), part, leaves)),
        Value::Array(parts) => parts
            .iter()
            .enumerate()
            .for_each(|(index, part)| collect_leaves(&format!("{path}/{index}"), part, leaves)),
        _ => leaves.push(path.to_owned()),
    }
}

/// Whether a path is the date beside the rule of a secret's end.
#[tokio::test(start_paused = true)]
async fn an_old_plan_that_keeps_what_is_gone_is_refused_and_a_fresh_one_is_not_read_again() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let outcome = connection.onboard(|_| ()).await.unwrap();
    let old = connection.plan(|_| ()).await.unwrap();
    assert!(old.is_empty());
    assert!(
        !old.clone().apply(|_| ()).await.unwrap().changed,
        "a plan of this moment counts as read"
    );
    assert!(tenant.soft_delete(outcome.server_app.as_ref().unwrap().application_id));
    tokio::time::advance(Duration::from_secs(61)).await;
    let recorder = Recorder::default();
    let Err(OnboardingError::Stale(_) | OnboardingError::Blocked(_)) = old.apply(recorder.listen()).await else {
        panic!("the plan keeps an app that is gone")
    };
    let events = recorder.events();
    assert!(matches!(events.last().unwrap().kind, EventKind::RunFailed { .. }));
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::StepStarted { .. })));
}

/// What the requests to a tenant have written.
fn writes(tenant: &EmulatedTenant) -> usize {
    let is_write = |method: &str| method != "GET";
    tenant.requests().iter().filter(|request| is_write(&request.method)).count()
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_that_makes_apps_ends_before_its_second_round_if_the_site_has_changed() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let old = connection.plan(|_| ()).await.unwrap();
    // Another administrator imports the tenant under another name, and then connects it.
    let other = EmulatedTenant::new();
    let renamed = ConnectionSpec::builder("Another connection");
    let renamed = renamed.server_app(cmg_onboarding::ServerAppSpec::builder("Other Server"));
    let renamed = renamed
        .client_app(cmg_onboarding::ClientAppSpec::builder("Other Client"))
        .build()
        .unwrap();
    job(renamed, &other, &site).build().unwrap().onboard(|_| ()).await.unwrap();
    let rows = site.state();
    tokio::time::advance(Duration::from_secs(61)).await;
    let recorder = Recorder::default();
    let Err(OnboardingError::Apply(error)) = old.apply(recorder.listen()).await else {
        panic!("the tenant has another connection by now")
    };
    assert!(matches!(error.error(), StepError::Blocked(_) | StepError::Stale(_)), "{error:?}");
    assert_eq!(error.step(), Step::ServerServicePrincipal, "the first step that had not begun");
    assert!(error.report().step(Step::RegisterServerApp).is_some());
    assert!(error.report().step(Step::ImportTenant).is_none());
    assert!(error.secret().is_some(), "the secret that came with the app is not lost");
    assert_eq!(error.effect(), Written::Partial);
    assert_eq!(site.state(), rows);
    let started: Vec<Step> = recorder
        .events()
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::StepStarted { step, .. } => Some(step),
            _ => None,
        })
        .collect();
    let once: std::collections::BTreeSet<&Step> = started.iter().collect();
    assert_eq!(once.len(), started.len(), "{started:?}");
    // The next run finds the apps that were made.
    site.change(|rows| rows.connections.clear());
    connection.onboard(|_| ()).await.unwrap();
    assert_eq!(tenant.state()["applications"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_that_another_run_has_carried_out_meanwhile_is_stale_and_blames_no_other_app() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = || job(spec(), &tenant, &site).build().unwrap();
    let old = connection().plan(|_| ()).await.unwrap();
    connection().onboard(|_| ()).await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    let before = (tenant.state(), site.state());
    let Err(OnboardingError::Apply(error)) = old.apply(|_| ()).await else {
        panic!("its job is done")
    };
    let StepError::Stale(stale) = error.error() else {
        panic!("{error:?}")
    };
    assert!(
        stale
            .differences
            .iter()
            .any(|difference| difference.path.starts_with("/changes/createConnection")),
        "{stale:?}"
    );
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test(start_paused = true)]
async fn what_an_old_plan_finds_when_it_is_looked_at_again_is_in_the_outcome() {
    for makes_apps in [true, false] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let connection = job(spec(), &tenant, &site).build().unwrap();
        if !makes_apps {
            connection.onboard(|_| ()).await.unwrap();
            site.change(|rows| rows.connections.clear());
        }
        let old = connection.plan(|_| ()).await.unwrap();
        let count = |findings: &[cmg_onboarding::connection::Finding]| {
            let is_meant = |finding: &&cmg_onboarding::connection::Finding| finding.code() == FindingCode::ServiceConnectionPointOffline;
            findings.iter().filter(is_meant).count()
        };
        assert_eq!(count(old.findings()), 0);
        site.change(|rows| rows.info.is_service_connection_point_online = Some(false));
        tokio::time::advance(Duration::from_secs(61)).await;
        let known = old.findings().to_vec();
        let outcome = old.apply(|_| ()).await.unwrap();
        assert_eq!(count(&outcome.findings), 1, "makes apps: {makes_apps}");
        for finding in known {
            let is_same = |told: &&cmg_onboarding::connection::Finding| **told == finding;
            assert_eq!(outcome.findings.iter().filter(is_same).count(), 1, "{finding}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_for_a_reused_server_app_ends_at_the_service_principal_of_the_client_app_if_the_site_has_changed() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let outcome = job(spec(), &tenant, &site).build().unwrap().onboard(|_| ()).await.unwrap();
    let connected = site.state();
    site.change(|rows| rows.connections.clear());
    let reused = ConnectionSpec::builder("Contoso CMG")
        .key("second")
        .server_app(cmg_onboarding::ReusedApp::new(outcome.server_app.unwrap().application_id))
        .client_app(cmg_onboarding::ClientAppSpec::builder("Second Client"))
        .build()
        .unwrap();
    let old = job(reused, &tenant, &site).build().unwrap().plan(|_| ()).await.unwrap();
    site.change(|rows| *rows = serde_json::from_value(connected).unwrap());
    tokio::time::advance(Duration::from_secs(61)).await;
    let Err(OnboardingError::Apply(error)) = old.apply(|_| ()).await else {
        panic!("the site has a connection by now")
    };
    assert!(matches!(error.error(), StepError::Blocked(_) | StepError::Stale(_)), "{error:?}");
    assert_eq!(error.step(), Step::ClientServicePrincipal);
}

#[tokio::test(start_paused = true)]
async fn an_old_plan_whose_first_round_changes_an_app_is_read_before_it_writes() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let outcome = connection.onboard(|_| ()).await.unwrap();
    let server = outcome.server_app.unwrap().application_id;
    assert!(tenant.change_object(server, json!({"web": {"homePageUrl": "https://elsewhere.example"}})));
    let old = connection.plan(|_| ()).await.unwrap();
    assert_eq!(old.step(Step::RegisterServerApp).unwrap().action, PlannedAction::Update);
    assert!(tenant.change_object(server, json!({"web": {"homePageUrl": "https://again.example"}})));
    let before = writes(&tenant);
    tokio::time::advance(Duration::from_secs(61)).await;
    let Err(OnboardingError::Stale(_)) = old.apply(|_| ()).await else {
        panic!("the app has another home page by now")
    };
    assert_eq!(writes(&tenant), before);
}

#[tokio::test]
async fn a_description_in_the_site_alone_is_no_change_and_plan_and_run_agree() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    connection.onboard(|_| ()).await.unwrap();
    site.change(|rows| rows.connections[0].description = Some("written in the console".to_owned()));
    for _ in 0..2 {
        let plan = connection.plan(|_| ()).await.unwrap();
        assert!(plan.is_empty(), "{plan}");
        assert_eq!(plan.step(Step::CreateConnection).unwrap().action, PlannedAction::Keep);
        assert!(!plan.apply(|_| ()).await.unwrap().changed);
    }
}

#[tokio::test]
async fn a_dropped_run_tells_that_it_was_cancelled_as_its_last_event() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let recorder = Recorder::default();
    {
        let listen = recorder.listen();
        let run = connection.onboard(listen);
        tokio::pin!(run);
        let polled = futures_util::poll!(run.as_mut());
        assert!(polled.is_pending() || polled.is_ready());
    }
    let events = recorder.events();
    let is_end = |kind: &EventKind| matches!(kind, EventKind::RunCancelled { .. } | EventKind::RunFinished { .. });
    assert!(is_end(&events.last().unwrap().kind), "{events:?}");
    assert_eq!(events.iter().filter(|event| is_end(&event.kind)).count(), 1);
}

#[tokio::test]
async fn reading_is_told_from_start_to_end_too() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = job(spec(), &tenant, &site).build().unwrap();
    let recorder = Recorder::default();
    connection.preflight(recorder.listen()).await.unwrap();
    connection.plan(recorder.listen()).await.unwrap();
    let kinds: Vec<EventKind> = recorder.events().into_iter().map(|event| event.kind).collect();
    let begins = kinds.iter().filter(|kind| matches!(kind, EventKind::RunStarted { .. })).count();
    let ends = kinds
        .iter()
        .filter(|kind| matches!(kind, EventKind::RunFinished { changed: false, .. }))
        .count();
    assert_eq!((begins, ends), (2, 2));
}

#[tokio::test]
async fn the_report_names_the_run_the_caller_and_the_request_of_each_write() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let recorder = Recorder::default();
    let outcome = job(spec(), &tenant, &site)
        .build()
        .unwrap()
        .onboard(recorder.listen())
        .await
        .unwrap();
    assert_eq!(outcome.report.run(), Some(recorder.events()[0].run));
    assert!(outcome.report.caller().is_some());
    for step in [
        Step::RegisterServerApp,
        Step::ServerServicePrincipal,
        Step::CompleteClientApp,
        Step::ConsentUserRead,
    ] {
        let requests = &outcome.report.step(step).unwrap().requests;
        assert!(requests.iter().any(|request| request.request_id.is_some()), "{step}: {requests:?}");
    }
    let text = serde_json::to_string(&outcome.report).unwrap();
    assert_eq!(serde_json::from_str::<cmg_onboarding::Report>(&text).unwrap(), outcome.report);
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_its_first_step_has_written_nothing_and_says_so() {
    let (tenant, site, cancel) = (EmulatedTenant::new(), EmulatedSite::new(), Cancel::new());
    let connection = job(spec(), &tenant, &site).cancel(&cancel).build().unwrap();
    let plan = connection.plan(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    cancel.cancel();
    let recorder = Recorder::default();
    let error = plan.apply(recorder.listen()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.effect(), error.problem().effect),
        ("cancelled", Written::Nothing, Written::Nothing)
    );
    assert!(
        recorder.events().iter().all(|event| place_of(&event.kind).is_none()),
        "no step has begun"
    );
    assert_eq!((tenant.state(), site.state()), before);
}

/// A connection to a tenant whose every request takes a second.
fn slow_tenant(tenant: &EmulatedTenant) -> AzureServicesConnectionBuilder {
    let slow = Timeline::new().with_pace(|_| Duration::from_secs(1));
    let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
    let wire = EmulatedWire::new(tenant).following(&slow);
    let directory = wire.directory(token_fn(move |_| {
        let token = token.clone();
        async move { Ok(token) }
    }));
    AzureServicesConnection::builder(spec()).directory(directory)
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_is_cancelled_or_too_slow_ends_at_once_and_has_written_nothing() {
    const LIMIT: Duration = Duration::from_millis(500);
    for is_cancelled in [true, false] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let before = (tenant.state(), site.state());
        for verb in [
            "preflight",
            "check",
            "plan",
            "removal",
            "settings",
            "renewal",
            "view",
            "onboard",
            "remove",
        ] {
            let cancel = Cancel::new();
            let builder = slow_tenant(&tenant).site(site.clone());
            let builder = match is_cancelled {
                true => builder.cancel(&cancel),
                false => builder.deadline(LIMIT),
            };
            let (connection, recorder) = (builder.build().unwrap(), Recorder::default());
            let events = recorder.listen();
            let run = async {
                let read = match verb {
                    "preflight" => connection.preflight(events).await.map(drop).map_err(OnboardingError::from),
                    "check" => connection.check(events).await.map(drop).map_err(OnboardingError::from),
                    "view" => connection.view(events).await.map(drop).map_err(OnboardingError::from),
                    "plan" => connection.plan(events).await.map(drop),
                    "removal" => connection.plan_removal(events).await.map(drop),
                    "settings" => connection.plan_settings_update(None, events).await.map(drop),
                    "renewal" => connection.plan_renewal(events).await.map(drop),
                    "remove" => connection.remove(events).await.map(drop),
                    _ => connection.onboard(events).await.map(drop),
                };
                read.unwrap_err()
            };
            let press = async {
                tokio::time::sleep(LIMIT).await;
                cancel.cancel();
            };
            let started = tokio::time::Instant::now();
            let (error, ()) = tokio::join!(run, press);
            assert_eq!(started.elapsed(), LIMIT, "{verb}");
            let is_meant = match &error {
                OnboardingError::Read(ReadError::Cancelled) => is_cancelled && error.code() == "cancelled" && !error.is_retryable(),
                OnboardingError::Read(ReadError::DeadlineExceeded { deadline }) => {
                    !is_cancelled && *deadline == LIMIT && error.code() == "deadlineExceeded" && error.is_retryable()
                }
                _ => false,
            };
            assert!(is_meant, "{verb}: {error:?}");
            assert_eq!(error.effect(), Written::Nothing);
            let last = recorder.events().pop().unwrap().kind;
            let expected = match is_cancelled {
                true => matches!(last, EventKind::RunCancelled { .. }),
                false => matches!(last, EventKind::RunFailed { .. }),
            };
            assert!(expected, "{verb}: {last:?}");
        }
        assert_eq!((tenant.state(), site.state()), before);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_run_counts_from_its_start_and_includes_the_reading() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    let connection = |limit| slow_tenant(&tenant).site(site.clone()).deadline(limit).build().unwrap();
    let started = tokio::time::Instant::now();
    let plan = connection(Duration::from_secs(60)).plan(|_| ()).await.unwrap();
    let limit = started.elapsed() + Duration::from_millis(1500);
    assert!(plan.changes().len() > 10);
    let started = tokio::time::Instant::now();
    let error = connection(limit).onboard(|_| ()).await.unwrap_err();
    assert_eq!(started.elapsed(), limit);
    let OnboardingError::Apply(error) = error else {
        panic!("it has begun to write: {error:?}")
    };
    assert!(matches!(error.error(), StepError::DeadlineExceeded { deadline } if *deadline == limit));
    assert!(error.report().step(Step::RegisterServerApp).is_some(), "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cancelled_or_too_slow_ends_with_its_report_and_the_next_run_completes_it() {
    for is_cancelled in [true, false] {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let cancel = Cancel::new();
        let builder = slow_tenant(&tenant).site(site.clone()).cancel(&cancel);
        let builder = if is_cancelled {
            builder
        } else {
            builder.deadline(Duration::from_secs(11))
        };
        let connection = builder.build().unwrap();
        let recorder = Recorder::default();
        let run = connection.onboard(recorder.listen());
        let press = async {
            tokio::time::sleep(Duration::from_secs(12)).await;
            if is_cancelled {
                cancel.cancel();
            }
        };
        let (result, ()) = tokio::join!(run, press);
        let Err(OnboardingError::Apply(error)) = result else {
            panic!("{result:?}")
        };
        let skipped = |event: &cmg_onboarding::Event| matches!(event.kind, EventKind::StepSkipped { step, .. } if step == error.step());
        assert!(!recorder.events().iter().any(skipped), "{} was not needed", error.step());
        let is_meant = match error.error() {
            StepError::Cancelled => is_cancelled,
            StepError::DeadlineExceeded { .. } => !is_cancelled,
            _ => false,
        };
        assert!(is_meant, "{error:?}");
        assert!(error.report().step(Step::RegisterServerApp).is_some(), "{}", error.report());
        assert!(error.secret().is_some(), "the secret that was issued is not lost");
        let told_of = |wanted: Step| {
            let places = recorder.events().into_iter().filter_map(|event| place_of(&event.kind));
            places.filter(|(step, ..)| *step == wanted).collect::<Vec<_>>()
        };
        for event in recorder.events() {
            if let EventKind::StepStarted { step, .. } = event.kind {
                let [begun, ended] = told_of(step)[..] else {
                    panic!("{step} begins once and ends once: {:?}", told_of(step))
                };
                assert_eq!(begun, ended, "it ends at the place at which it began");
                let is_skipped =
                    |event: &cmg_onboarding::Event| matches!(event.kind, EventKind::StepSkipped { step: other, .. } if other == step);
                let is_told = error.report().step(step).is_some() || recorder.events().iter().any(is_skipped);
                assert!(is_told, "{step} is not in the report");
            }
        }
        let open = error.report().step(error.step()).unwrap();
        assert_eq!(open.action, cmg_onboarding::connection::StepAction::Failed);
        let last = recorder.events().pop().unwrap().kind;
        assert_eq!(matches!(last, EventKind::RunCancelled { .. }), is_cancelled, "{last:?}");
        job(spec(), &tenant, &site).build().unwrap().onboard(|_| ()).await.unwrap();
        assert!(job(spec(), &tenant, &site).build().unwrap().plan(|_| ()).await.unwrap().is_empty());
    }
}
