//! A thousand tenants from one process: bounded, independent, each accounted for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::{
    AzureServicesConnection, ClientSecret, ClientSecretSignIn, Event, GraphDirectory, OnboardingError, Step, TenantId, async_trait,
    connection::{EventKind, ManyResult, NewSecret, SecretSink, SecretSinkError, onboard_many, onboard_stream},
    directory::AppManagementPolicy,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer, Fault};
use futures_util::StreamExt;
use support::{client, connection, spec};
use tokio::time::Instant;
use uuid::Uuid;

const TENANTS: usize = 1000;
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(32).unwrap();

fn tenant(number: usize) -> EmulatedTenant {
    let id = TenantId::new(Uuid::from_u128(0xC0FF_EE00_0000_4000_8000_0000_0000_0000 + number as u128));
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = number == 500;
    let tenant = EmulatedTenant::builder().tenant_id(id).policy(policy).build();
    if number == 7 {
        tenant.fail_on("POST /applications", Fault::Throttled(Some(Duration::from_secs(60))));
    }
    tenant
}

fn job(number: usize) -> AzureServicesConnection {
    connection(spec(), &tenant(number), &EmulatedSite::new())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tenants_are_onboarded_and_each_is_accounted_for() {
    let (made, ended, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let jobs = (0..TENANTS).map(|number| {
        let open = made.fetch_add(1, Ordering::Relaxed) + 1 - ended.load(Ordering::Relaxed);
        most.fetch_max(open, Ordering::Relaxed);
        (number, job(number))
    });
    let last_heard = Mutex::new(HashMap::new());
    let started = Instant::now();
    let mut results: Vec<ManyResult<usize>> = Vec::new();
    let mut first_ended = None;
    onboard_many(
        jobs,
        AT_ONCE,
        |number, _| {
            last_heard.lock().unwrap().insert(*number, started.elapsed());
        },
        |tenant| {
            ended.fetch_add(1, Ordering::Relaxed);
            first_ended.get_or_insert_with(|| made.load(Ordering::Relaxed));
            results.push(tenant);
        },
    )
    .await;

    assert_eq!(results.len(), TENANTS);
    assert!(
        first_ended.unwrap() <= AT_ONCE.get() + 1,
        "a result comes the moment its tenant ends"
    );
    results.sort_by_key(|tenant| tenant.key);
    assert!(results.iter().enumerate().all(|(index, tenant)| tenant.key == index));
    let failed: Vec<usize> = results
        .iter()
        .filter(|tenant| tenant.result.is_err())
        .map(|tenant| tenant.key)
        .collect();
    assert_eq!(failed, [500]);
    assert!(matches!(results[500].result, Err(OnboardingError::Apply(_))));
    // Only as many jobs are ever open as may run, so memory does not grow with the number of tenants.
    assert!(most.into_inner() <= AT_ONCE.get() + 1);
    // The one that was throttled for a minute kept no other waiting: in virtual time all others were done at once.
    let last_heard = last_heard.into_inner().unwrap();
    assert!(last_heard[&7] >= Duration::from_secs(60));
    let others = last_heard.iter().filter(|(number, _)| **number != 7);
    assert!(others.map(|(_, heard)| *heard).max().unwrap() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn if_the_jobs_end_early_no_new_tenant_starts_and_those_under_way_end_with_their_results() {
    let (is_stopped, started) = (AtomicBool::new(false), AtomicUsize::new(0));
    let jobs = (0..TENANTS).take_while(|_| !is_stopped.load(Ordering::Relaxed)).map(|number| {
        started.fetch_add(1, Ordering::Relaxed);
        (number, job(number))
    });
    let mut done = 0;
    onboard_many(
        jobs,
        AT_ONCE,
        |_, _| (),
        |tenant| {
            is_stopped.store(true, Ordering::Relaxed);
            done += usize::from(tenant.result.is_ok());
        },
    )
    .await;
    assert_eq!(done, started.load(Ordering::Relaxed));
    assert!((AT_ONCE.get()..=AT_ONCE.get() + 1).contains(&done), "{done}");
}

/// Remembers what it gets.
#[derive(Debug, Clone, Default)]
struct Sink(Arc<Mutex<Vec<NewSecret>>>);

#[async_trait]
impl SecretSink for Sink {
    async fn store(&self, secret: &NewSecret) -> Result<(), SecretSinkError> {
        self.0.lock().unwrap().push(secret.clone());
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_has_the_secret_of_each_of_many_tenants_before_its_site_is_asked() {
    let sink = Sink::default();
    let tenants: Vec<EmulatedTenant> = (TENANTS..TENANTS + 5).map(tenant).collect();
    let jobs = tenants.iter().map(|tenant| {
        let job = AzureServicesConnection::builder(spec()).directory(tenant.directory());
        let job = job.site(EmulatedSite::new()).secret_sink(sink.clone());
        (TenantId::from(tenant.tenant_id()), job.build().unwrap())
    });
    let imported = Mutex::new(Vec::new());
    let listen = |tenant: &TenantId, event: &Event| {
        if matches!(
            event.kind,
            EventKind::StepStarted {
                step: Step::ImportTenant,
                ..
            }
        ) {
            let is_kept = sink.0.lock().unwrap().iter().any(|kept| kept.tenant_id == *tenant);
            imported.lock().unwrap().push(is_kept);
        }
    };
    let mut issued = Vec::new();
    onboard_many(jobs, AT_ONCE, listen, |tenant| {
        issued.push((tenant.key, tenant.result.unwrap().secret.unwrap()));
    })
    .await;
    assert_eq!(imported.into_inner().unwrap(), [true; 5]);
    let kept = sink.0.lock().unwrap();
    assert_eq!((kept.len(), issued.len()), (5, 5));
    for (tenant, secret) in issued {
        let is_same = |kept: &&NewSecret| kept.tenant_id == tenant && kept.secret.value.expose() == secret.value.expose();
        assert_eq!(kept.iter().filter(is_same).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn as_a_stream_each_result_comes_when_it_is_asked_for_and_dropping_it_starts_no_new_tenant() {
    let made = AtomicUsize::new(0);
    let jobs = (0..TENANTS).map(|number| {
        made.fetch_add(1, Ordering::Relaxed);
        (number, job(number))
    });
    let mut results = Box::pin(onboard_stream(jobs, AT_ONCE, |_: &usize, _: &Event| ()));
    for _ in 0..3 {
        assert!(results.next().await.unwrap().result.is_ok());
    }
    drop(results);
    assert!(made.into_inner() <= AT_ONCE.get() + 3);
}

#[tokio::test]
async fn many_whole_onboardings_share_one_connection_to_each_host_the_sign_in_included() {
    // Past the numbers of those that are throttled or restricted.
    let tenants: Vec<_> = (TENANTS..TENANTS + 64).map(tenant).collect();
    let (first, others) = tenants.split_first().unwrap();
    let server = others
        .iter()
        .cloned()
        .fold(EmulatorServer::builder(first.clone()), |server, tenant| server.tenant(tenant));
    let server = server.tls(true).start().await.unwrap();
    // One server under two names, as sign-in service and Microsoft Graph have different hosts.
    let authority = server.url().as_str().replace("localhost", "127.0.0.1");
    let endpoints = server.endpoints().clone().with_authority(authority.parse().unwrap()).unwrap();
    let http = client(&server);
    let jobs = tenants.iter().map(|tenant| {
        let application = tenant.automation_client();
        let id = TenantId::from(tenant.tenant_id());
        let secret = ClientSecret::new(application.secret());
        let sign_in = ClientSecretSignIn::new(endpoints.clone(), id, application.id().into(), secret);
        let directory = GraphDirectory::builder(endpoints.clone(), sign_in.http(http.clone()));
        let job = AzureServicesConnection::builder(spec())
            .directory(directory.tenant(id).http(http.clone()).build())
            .site(EmulatedSite::new())
            .build();
        (id, job.unwrap())
    });
    let mut ended = 0;
    onboard_many(
        jobs,
        AT_ONCE,
        |_, _| (),
        |tenant| {
            assert!(tenant.result.unwrap().changed);
            ended += 1;
        },
    )
    .await;
    assert_eq!((ended, server.connections()), (64, 2));
    for tenant in &tenants {
        assert_eq!(support::count(&tenant.state(), "applications"), 2);
    }
}
