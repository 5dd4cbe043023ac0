//! Many tenants from one process with bounded concurrency, and what that takes in memory.
//!
//! ```text
//! cargo run --release --example onboard_many -- 1000 32
//! ```
//!
//! The numbers are how many tenants there are, and how many are onboarded at the same time.

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, OnboardingError, ServerAppSpec, TenantId,
    connection::{ManyResult, onboard_many},
    directory::AppManagementPolicy,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, Fault};
use uuid::Uuid;

const AT_ONCE: NonZeroUsize = NonZeroUsize::new(32).unwrap();

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let tenants: u16 = arguments.next().map_or(Ok(1000), |number| number.parse())?;
    let at_once: NonZeroUsize = arguments.next().map_or(Ok(AT_ONCE), |number| number.parse())?;
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    let most = AtomicU64::new(0);
    let before = memory();
    // A lazy iterator: a tenant's job is made when there is room for it, and is gone when it has ended.
    let jobs = (0..tenants).filter_map(|number| {
        most.fetch_max(memory().unwrap_or_default(), Ordering::Relaxed);
        job(&spec, number).ok()
    });
    let started = Instant::now();
    let (mut ended, mut failed) = (0, 0);
    // Each result is here the moment its tenant ends, and nothing is kept of it.
    let on_result = |tenant: ManyResult<TenantId>| {
        ended += 1;
        match &tenant.result {
            Ok(outcome) => {
                let client = outcome.client_app.as_ref().map(|app| app.application_id.to_string());
                println!("{}  ok      client app {}", tenant.key, client.unwrap_or_default());
            }
            Err(error) => {
                failed += 1;
                println!("{}  failed  {}", tenant.key, cmg_onboarding::error::chain(error));
            }
        }
    };
    onboard_many(jobs, at_once, |_, _| (), on_result).await;
    println!("{ended} tenants, {at_once} at once, {failed} failed, {:.2?}", started.elapsed());
    if let Some(before) = before {
        println!("memory: {before} KiB before, at most {} KiB", most.into_inner());
    }
    Ok(())
}

/// One tenant: every tenth is busy with something else, and every hundredth forbids secrets.
fn job(spec: &ConnectionSpec, number: u16) -> Result<(TenantId, AzureServicesConnection), OnboardingError> {
    let id = TenantId::new(Uuid::from_u128(0xC0FF_EE00_0000_4000_8000_0000_0000_0000 + u128::from(number)));
    let mut policy = AppManagementPolicy::default();
    policy.secrets_forbidden = number % 100 == 99;
    let tenant = EmulatedTenant::builder().tenant_id(id).policy(policy).build();
    if number % 10 == 9 {
        tenant.fail_on("POST /servicePrincipals", Fault::ServiceUnavailable);
    }
    let job = AzureServicesConnection::builder(spec.clone())
        .directory(tenant.directory())
        .site(EmulatedSite::new())
        .tenant(id)
        .build()?;
    Ok((id, job))
}

/// The resident memory of this process in KiB, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
