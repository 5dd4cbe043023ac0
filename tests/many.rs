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
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::{
    AzureServicesConnection, OnboardingError, TenantId,
    connection::{EventKind, onboard_many},
    directory::AppManagementPolicy,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, Fault};
use support::{connection, spec};
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
    let results = onboard_many(jobs, AT_ONCE, |number, event| {
        last_heard.lock().unwrap().insert(*number, started.elapsed());
        let is_last = matches!(&event.kind, EventKind::StepDone { step, .. } if *step == cmg_onboarding::Step::CreateConnection);
        if is_last || matches!(&event.kind, EventKind::StepFailed { .. }) {
            ended.fetch_add(1, Ordering::Relaxed);
        }
    })
    .await;

    assert_eq!(results.len(), TENANTS);
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
    // The one that was throttled for a minute kept nobody waiting: in virtual time all others were done at once.
    let last_heard = last_heard.into_inner().unwrap();
    assert!(last_heard[&7] >= Duration::from_secs(60));
    let others = last_heard.iter().filter(|(number, _)| **number != 7);
    assert!(others.map(|(_, heard)| *heard).max().unwrap() < Duration::from_secs(1));
}
