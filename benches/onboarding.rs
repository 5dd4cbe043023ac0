//! The whole job against the emulator over TLS, and the floor it is measured against: its four dependent round trips.
//!
//! `cargo bench --bench onboarding` prints the times, and at the end the ratio of the job to the floor, both measured in
//! the same run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a bench ends at the first error"
)]

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use cmg_onboarding::{
    AzureServicesConnection, Call, ClientAppSpec, ConnectionSpec, Directory, DiscoverySpec, GraphDirectory, ServerAppSpec, StaticToken,
    http::{HttpClient, HttpOptions},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use criterion::{BenchmarkId, Criterion};
use tokio::runtime::Runtime;

/// Dependent round trips of the job: look, create, complete, consent.
const ROUND_TRIPS: u32 = 4;

fn spec() -> ConnectionSpec {
    ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .discovery(DiscoverySpec::builder().users())
        .build()
        .expect("the specification is valid")
}

/// A tenant of its own, served over TLS, and a directory that speaks to it over an open connection.
async fn prepare(latency: Duration) -> (EmulatorServer, GraphDirectory) {
    let tenant = EmulatedTenant::new();
    let token = StaticToken::new(tenant.token_for(&Caller::global_administrator()));
    let server = EmulatorServer::builder(tenant)
        .tls(true)
        .latency(latency)
        .start()
        .await
        .expect("a free port");
    let options = HttpOptions::new().trusted_root_pem(server.certificate_pem().unwrap_or_default());
    let directory = GraphDirectory::builder(server.endpoints().clone(), token)
        .http(HttpClient::new(options.expect("the emulator's certificate")))
        .build();
    directory.tenant(Call::quiet()).await.expect("the emulator answers");
    (server, directory)
}

async fn job(latency: Duration) -> Duration {
    let (_server, directory) = prepare(latency).await;
    let job = AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(EmulatedSite::new())
        .build()
        .expect("directory and site are there");
    let started = Instant::now();
    job.onboard(|_| ()).await.expect("the job succeeds");
    started.elapsed()
}

async fn floor(latency: Duration) -> Duration {
    let (_server, directory) = prepare(latency).await;
    let started = Instant::now();
    for _ in 0..ROUND_TRIPS {
        directory.tenant(Call::quiet()).await.expect("the emulator answers");
    }
    started.elapsed()
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let ratios = Mutex::new(Vec::new());
    for milliseconds in [0, 20] {
        let latency = Duration::from_millis(milliseconds);
        let measured = Mutex::new([Vec::new(), Vec::new()]);
        let mut group = criterion.benchmark_group(format!("onboarding at {milliseconds} ms"));
        for (index, name) in ["floor", "job"].into_iter().enumerate() {
            group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    for _ in 0..iterations {
                        let time = runtime.block_on(async { if index == 0 { floor(latency).await } else { job(latency).await } });
                        measured.lock().expect("no panic")[index].push(time);
                        total += time;
                    }
                    total
                });
            });
        }
        group.finish();
        let [floor, job] = measured.into_inner().expect("no panic").map(median);
        ratios.lock().expect("no panic").push((milliseconds, floor, job));
    }
    for (milliseconds, floor, job) in ratios.into_inner().expect("no panic") {
        let ratio = job.as_secs_f64() / floor.as_secs_f64();
        println!("{milliseconds} ms a request: job {job:?}, floor of {ROUND_TRIPS} round trips {floor:?}, ratio {ratio:.2}");
        // At 20 ms, what the crate adds of its own is little beside the round trips.
        assert!(milliseconds == 0 || ratio <= 1.10, "the job takes {ratio:.2} times the floor");
    }
    criterion.final_summary();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
