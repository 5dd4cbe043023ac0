//! Many tenants from one process with bounded concurrency, and what that takes in memory.
//!
//! ```text
//! cargo run --release --example onboard_many -- --tenants 1000 --at-once 32
//! ```

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use clap::Parser;
use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, OnboardingError, ServerAppSpec, TenantId,
    connection::onboard_many,
    directory::AppManagementPolicy,
    emulator::{EmulatedSite, EmulatedTenant, Fault},
};
use uuid::Uuid;

/// Onboards many emulated tenants and shows that one's trouble is not the others'.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many tenants.
    #[arg(long, default_value_t = 1000)]
    tenants: u16,
    /// How many of them at the same time.
    #[arg(long, default_value = "32")]
    at_once: NonZeroUsize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;
    let most = AtomicU64::new(0);
    let before = memory();
    // A lazy iterator: a tenant's job is made when there is room for it, and is gone when it has ended.
    let jobs = (0..arguments.tenants).filter_map(|number| {
        most.fetch_max(memory().unwrap_or_default(), Ordering::Relaxed);
        job(&spec, number).ok()
    });
    let started = Instant::now();
    let results = onboard_many(jobs, arguments.at_once, |_, _| ()).await;
    let elapsed = started.elapsed();

    for tenant in &results {
        match &tenant.result {
            Ok(outcome) => println!("{}  ok      client app {}", tenant.key, outcome.client_app.application_id),
            Err(error) => println!("{}  failed  {}", tenant.key, cmg_onboarding::error::chain(error)),
        }
    }
    let failed = results.iter().filter(|tenant| tenant.result.is_err()).count();
    println!(
        "{} tenants, {} at once, {failed} failed, {elapsed:.2?}",
        results.len(),
        arguments.at_once
    );
    if let Some(before) = before {
        let results = results.len();
        println!(
            "memory: {before} KiB before, at most {} KiB with {results} results",
            most.into_inner()
        );
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
