//! Many tenants from one process, over HTTP, with bounded concurrency.
//!
//! ```text
//! cargo run --release --example onboard_many -- --tenants 1000 --at-once 32
//! ```

use std::{num::NonZeroUsize, time::Instant};

use clap::Parser;
use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, GraphDirectory, ServerAppSpec, StaticToken, TenantId,
    connection::onboard_many,
    emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer, Fault},
};
use uuid::Uuid;

/// Onboards many emulated tenants and shows that one's trouble is not the others'.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many tenants.
    #[arg(long, default_value_t = 100)]
    tenants: u16,
    /// How many of them at the same time.
    #[arg(long, default_value = "16")]
    at_once: NonZeroUsize,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()?;

    // The emulators stand for the cloud: they are there before the job begins, and their memory is not its own.
    let mut servers = Vec::new();
    for number in 0..arguments.tenants {
        let id = TenantId::new(Uuid::from_u128(0xC0FF_EE00_0000_4000_8000_0000_0000_0000 + u128::from(number)));
        let tenant = EmulatedTenant::builder().tenant_id(id).build();
        // Every tenth tenant is busy with something else.
        if number % 10 == 9 {
            tenant.fail_on("POST /servicePrincipals", Fault::ServiceUnavailable);
        }
        servers.push(EmulatorServer::builder(tenant).start().await?);
    }
    let before = memory();

    let jobs = servers.iter().map(|server| {
        let tenant = server.tenant();
        let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(GraphDirectory::new(server.endpoints().clone(), token))
            .site(EmulatedSite::new())
            .tenant(tenant.tenant_id())
            .build();
        (tenant.tenant_id(), job)
    });
    let jobs = jobs.filter_map(|(tenant, job)| job.ok().map(|job| (tenant, job)));
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
    if let (Some(before), Some(after)) = (before, memory()) {
        println!("memory: {before} KiB before, {after} KiB after");
    }
    Ok(())
}

/// The resident memory of this process in KiB, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
