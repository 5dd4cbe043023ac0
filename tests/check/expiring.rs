//! The secrets of many tenants: each is answered, whatever becomes of it.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::{
    AzureServicesConnection, Call, Event, GraphDirectory, Site, SiteError, StaticToken, async_trait,
    clock::Clock,
    connection::{Answer, Cancel, Check, CheckStatus, EventKind, Verb, WatchedApp, expiring, expiring_stream},
    site::{SiteFailure, SiteOnboarded, SiteOnboarding, SiteSnapshot},
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatedWire, WireFault};
use futures_util::StreamExt;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    scene::{Scene, codes},
    support::spec,
};

const THRESHOLDS: [u16; 3] = [90, 30, 7];
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// The answer for one app.
pub(crate) async fn watch(app: WatchedApp) -> Check {
    let mut results = Vec::new();
    expiring(
        [((), app)],
        NonZeroUsize::MIN,
        THRESHOLDS,
        |_, _| (),
        |tenant| results.push(tenant.result),
    )
    .await;
    assert_eq!(results.len(), 1);
    results.remove(0)
}

fn by_client_id(scene: &Scene) -> WatchedApp {
    let app = scene.outcome.server_app.as_ref().unwrap().application_id;
    let watched = WatchedApp::new(scene.tenant.tenant_id().into(), app);
    watched.directory(scene.tenant.directory()).clock(Arc::new(scene.clock.clone()))
}

#[tokio::test]
async fn a_specification_and_a_client_id_find_the_same_secret_with_one_request() {
    let scene = Scene::new().await;
    scene.tenant.clear_requests();
    let by_id = watch(by_client_id(&scene)).await;
    assert_eq!(scene.tenant.requests().len(), 1);
    let by_spec = watch(scene.without_site().build().unwrap().into()).await;
    assert_eq!(scene.tenant.requests().len(), 2);
    for found in [&by_id, &by_spec] {
        assert_eq!(found.status, CheckStatus::Ok, "{found}");
        assert_eq!(found.next_expiry.as_ref().unwrap().used_by_site, Answer::Unknown);
        assert_eq!(
            found.application_id,
            Some(scene.outcome.server_app.as_ref().unwrap().application_id)
        );
        assert_eq!(found.tenant_id, Some(scene.tenant.tenant_id().into()));
    }
    assert_eq!((by_id.name, by_spec.name.as_deref()), (None, Some("Contoso CMG")));
    let named = watch(by_client_id(&scene).name("Contoso, west")).await;
    assert!(named.to_string().contains("Contoso, west"), "{named}");
    assert_eq!(by_id.expiries, by_spec.expiries);
    let with_site = watch(by_client_id(&scene).site(scene.site.clone())).await;
    assert_eq!(with_site.next_expiry.unwrap().used_by_site, Answer::Yes);
}

#[tokio::test]
async fn each_threshold_counts_as_in_a_check() {
    for (days, expected) in [
        (91, CheckStatus::Ok),
        (29, CheckStatus::Warning),
        (6, CheckStatus::Critical),
        (-1, CheckStatus::Critical),
    ] {
        let scene = Scene::new().await;
        scene.days_before_the_end(days);
        for app in [by_client_id(&scene), by_client_id(&scene).site(scene.site.clone())] {
            let found = watch(app).await;
            assert_eq!(found.status, expected, "{days}: {found}");
        }
    }
}

#[tokio::test]
async fn an_app_that_is_gone_disabled_or_without_secret_is_critical() {
    for (change, code) in [
        (json!({"isDisabled": true}), "appDeactivated"),
        (
            json!({"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}),
            "appDisabledByMicrosoft",
        ),
        (json!({"passwordCredentials": []}), "stepNotDone"),
    ] {
        let scene = Scene::new().await;
        let app = scene.server_app().await;
        assert!(scene.tenant.change_object(app.object_id, change));
        let found = watch(by_client_id(&scene)).await;
        assert_eq!((found.status, codes(&found)[0].as_str()), (CheckStatus::Critical, code), "{found}");
    }
    let scene = Scene::new().await;
    let empty = EmulatedTenant::builder().tenant_id(scene.tenant.tenant_id()).build();
    let gone = watch(by_client_id(&scene).directory(empty.directory())).await;
    assert_eq!((gone.status, codes(&gone)), (CheckStatus::Critical, vec!["appNotFound".to_owned()]));
    let never = AzureServicesConnection::builder(spec())
        .directory(empty.directory())
        .build()
        .unwrap();
    let never = watch(never.into()).await;
    assert_eq!(
        (never.status, codes(&never)),
        (CheckStatus::Critical, vec!["stepNotDone".to_owned()])
    );
}

#[tokio::test]
async fn an_app_that_the_site_does_not_know_is_critical() {
    let scene = Scene::new().await;
    scene.site.change(|rows| rows.applications.clear());
    let found = watch(by_client_id(&scene).site(scene.site.clone())).await;
    assert_eq!((found.status, codes(&found)[0].as_str()), (CheckStatus::Critical, "appNotInSite"));
}

#[tokio::test]
async fn without_a_directory_and_a_site_it_is_unknown_and_says_so() {
    let scene = Scene::new().await;
    let app = scene.outcome.server_app.as_ref().unwrap().application_id;
    let found = watch(WatchedApp::new(scene.tenant.tenant_id().into(), app)).await;
    assert_eq!(found.status.exit_code(), 3);
    assert_eq!(found.problem.unwrap().code, "nothingToRead");
}

fn wired(scene: &Scene) -> (EmulatedWire, GraphDirectory) {
    let wire = EmulatedWire::new(&scene.tenant);
    let token = StaticToken::new(scene.tenant.token_for(&Caller::global_administrator()));
    let directory = wire.directory(token.with_clock(Arc::new(scene.clock.clone())));
    (wire, directory)
}

#[tokio::test(start_paused = true)]
async fn a_throttled_tenant_waits_as_it_is_told_and_is_read() {
    let scene = Scene::new().await;
    let (wire, directory) = wired(&scene);
    wire.fail_at(1, WireFault::ThrottledFor(Duration::from_secs(40)));
    let started = Instant::now();
    let found = watch(by_client_id(&scene).directory(directory)).await;
    assert_eq!(found.status, CheckStatus::Ok, "{found}");
    assert!(started.elapsed() >= Duration::from_secs(40) && started.elapsed() < Duration::from_secs(41));
}

#[tokio::test(start_paused = true)]
async fn a_silent_tenant_ends_after_the_longest_silence_although_its_host_has_answered_others() {
    let scene = Scene::new().await;
    let (wire, directory) = wired(&scene);
    assert_eq!(
        watch(by_client_id(&scene).directory(directory.clone())).await.status,
        CheckStatus::Ok
    );
    for (silence, expected) in [(None, 30), (Some(5), 5)] {
        for attempt in 1..10 {
            wire.fail_at(wire.requests().len() + attempt, WireFault::TimedOutBefore);
        }
        let app = by_client_id(&scene).directory(directory.clone());
        let app = match silence {
            Some(seconds) => app.longest_silence(Duration::from_secs(seconds)),
            None => app,
        };
        let started = Instant::now();
        let found = watch(app).await;
        assert_eq!(found.status, CheckStatus::Unknown, "{found}");
        assert_eq!(found.problem.unwrap().code, "timedOut");
        assert_eq!(started.elapsed(), Duration::from_secs(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_are_asked_for_one_by_one_and_each_result_comes_at_once() {
    let scene = Scene::new().await;
    let (made, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let most = AtomicUsize::new(0);
    let jobs = (0..200).map(|number| {
        let open = made.fetch_add(1, Ordering::Relaxed) + 1 - ended.load(Ordering::Relaxed);
        most.fetch_max(open, Ordering::Relaxed);
        (number, by_client_id(&scene))
    });
    let mut keys = Vec::new();
    expiring(
        jobs,
        AT_ONCE,
        THRESHOLDS,
        |_, _| (),
        |tenant| {
            ended.fetch_add(1, Ordering::Relaxed);
            keys.push(tenant.key);
        },
    )
    .await;
    keys.sort_unstable();
    assert_eq!(keys, (0..200).collect::<Vec<_>>());
    assert!(most.into_inner() <= AT_ONCE.get() + 1);
}

#[tokio::test(start_paused = true)]
async fn as_a_stream_dropping_it_starts_no_new_tenant() {
    let scene = Scene::new().await;
    let made = AtomicUsize::new(0);
    let jobs = (0..200).map(|number| {
        made.fetch_add(1, Ordering::Relaxed);
        (number, by_client_id(&scene))
    });
    let mut results = Box::pin(expiring_stream(jobs, AT_ONCE, THRESHOLDS, |_, _| ()));
    for _ in 0..3 {
        assert_eq!(results.next().await.unwrap().result.status, CheckStatus::Ok);
    }
    drop(results);
    assert!(made.into_inner() <= AT_ONCE.get() + 3);
}

#[tokio::test(start_paused = true)]
async fn each_tenant_tells_its_own_run_with_its_key_from_start_to_end() {
    let scene = Scene::new().await;
    let (wire, throttled) = wired(&scene);
    wire.fail_at(1, WireFault::ThrottledFor(Duration::from_secs(40)));
    let jobs = || {
        let nowhere = WatchedApp::new(
            scene.tenant.tenant_id().into(),
            scene.outcome.server_app.as_ref().unwrap().application_id,
        );
        [
            ("throttled", by_client_id(&scene).directory(throttled.clone())),
            ("nowhere", nowhere),
        ]
    };
    let told = Mutex::new(Vec::new());
    let tell = |key: &&'static str, event: &Event| {
        let kind = match &event.kind {
            EventKind::RunStarted { verb: Verb::Check, .. } => "started",
            EventKind::Retried { step: None, retry, .. } if retry.delay == Duration::from_secs(40) => "retried",
            EventKind::RunFinished { changed: false, .. } => "finished",
            EventKind::RunFailed { .. } => "failed",
            other => panic!("{other}"),
        };
        told.lock().unwrap().push((*key, event.sequence, kind));
    };
    expiring(jobs(), AT_ONCE, THRESHOLDS, tell, |_| ()).await;
    let of = |wanted: &str| {
        let told = told.lock().unwrap();
        let of_key = told.iter().filter(|(key, ..)| *key == wanted);
        of_key.map(|(_, sequence, kind)| (*sequence, *kind)).collect::<Vec<_>>()
    };
    assert_eq!(of("throttled"), [(1, "started"), (2, "retried"), (3, "finished")]);
    assert_eq!(of("nowhere"), [(1, "started"), (2, "failed")]);
    let of_expiring = told.lock().unwrap().len();
    let streamed = expiring_stream(jobs(), AT_ONCE, THRESHOLDS, tell);
    assert_eq!(streamed.count().await, 2);
    assert_eq!(told.lock().unwrap().len(), 2 * of_expiring - 1, "it is throttled once");
}

#[tokio::test(start_paused = true)]
async fn the_handle_and_the_deadline_of_a_connection_end_its_watch_and_that_is_unknown() {
    let scene = Scene::new().await;
    let limit = Duration::from_secs(3);
    for is_cancelled in [true, false] {
        let (wire, throttled) = wired(&scene);
        wire.fail_at(1, WireFault::ThrottledFor(Duration::from_secs(40)));
        let cancel = Cancel::new();
        let builder = scene.with_site().directory(throttled);
        let builder = match is_cancelled {
            true => builder.cancel(&cancel),
            false => builder.deadline(limit),
        };
        let (jobs, last) = ([((), builder.build().unwrap())], Mutex::new(None));
        let (mut results, started) = (Vec::new(), Instant::now());
        let tell = |(): &(), event: &Event| *last.lock().unwrap() = Some(event.kind.clone());
        let watching = expiring(jobs, AT_ONCE, THRESHOLDS, tell, |tenant| results.push(tenant.result));
        let press = async {
            tokio::time::sleep(limit).await;
            cancel.cancel();
        };
        tokio::join!(watching, press);
        assert_eq!(
            (started.elapsed(), results.len(), results[0].status),
            (limit, 1, CheckStatus::Unknown)
        );
        let again = watch_again(&scene, is_cancelled.then_some(&cancel)).await;
        assert_eq!(
            again.problem.map(|problem| problem.code),
            is_cancelled.then(|| "cancelled".to_owned())
        );
        let code = results[0].problem.as_ref().unwrap().code.as_str();
        let last = last.into_inner().unwrap().unwrap();
        match is_cancelled {
            true => assert!(
                code == "cancelled" && matches!(last, EventKind::RunCancelled { .. }),
                "{code}: {last}"
            ),
            false => assert!(
                code == "deadlineExceeded" && matches!(last, EventKind::RunFailed { .. }),
                "{code}: {last}"
            ),
        }
    }
}

/// An app that is watched by its client id, with a handle that was used before, if one is given.
async fn watch_again(scene: &Scene, used: Option<&Cancel>) -> Check {
    let app = by_client_id(scene).deadline(Duration::from_secs(60));
    watch(match used {
        Some(cancel) => app.cancel(cancel),
        None => app,
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn what_the_directory_has_answered_is_told_although_the_site_is_cut_off() {
    let scene = Scene::new().await;
    scene.days_before_the_end(-1);
    let app = by_client_id(&scene).site(Silent).deadline(Duration::from_secs(3));
    let found = watch(app).await;
    assert_eq!(
        (found.status, codes(&found)[0].as_str()),
        (CheckStatus::Critical, "registeredSecretExpired"),
        "{found}"
    );
    assert_eq!(found.problem.unwrap().code, "deadlineExceeded");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_dropped_tells_that_it_was_cancelled_as_its_last_event() {
    let scene = Scene::new().await;
    let last = Mutex::new(None);
    let tell = |(): &(), event: &Event| *last.lock().unwrap() = Some(event.kind.clone());
    let watching = expiring([((), by_client_id(&scene).site(Silent))], AT_ONCE, THRESHOLDS, tell, |_| ());
    assert!(tokio::time::timeout(Duration::from_secs(3), watching).await.is_err());
    let last = last.into_inner().unwrap().unwrap();
    assert!(matches!(last, EventKind::RunCancelled { .. }), "{last}");
}

#[tokio::test]
async fn a_token_of_another_tenant_is_a_finding() {
    let scene = Scene::new().await;
    let app = scene.outcome.server_app.as_ref().unwrap().application_id;
    let other = "0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a77".parse().unwrap();
    let found = watch(WatchedApp::new(other, app).directory(scene.tenant.directory())).await;
    assert_eq!(codes(&found), ["wrongTenant"], "{found}");
    assert!(found.status > CheckStatus::Ok && found.problem.is_none(), "{found}");
}

/// A site that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl Site for Silent {
    async fn snapshot(&self, _: Call) -> Result<SiteSnapshot, SiteError> {
        std::future::pending().await
    }

    async fn onboard(&self, _: Call, _: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn the_time_of_the_answer_is_the_clocks() {
    let scene = Scene::new().await;
    assert_eq!(watch(by_client_id(&scene)).await.checked_at, scene.clock.now());
}
