//! Many tenants at 20 ms a request, by how many run at the same time, against the floor: what their dependent round
//! trips take when nothing else does.
//!
//! `cargo bench --bench many` prints the times, and at the end the ratios, all measured in one run.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench has nobody to report to")]

use std::{
    num::NonZeroUsize,
    sync::Mutex,
    time::{Duration, Instant},
};

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ConnectionSpec, GraphDirectory, ServerAppSpec, StaticToken, connection::onboard_many,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use criterion::{BenchmarkId, Criterion};
use tokio::runtime::Runtime;

const TENANTS: usize = 64;
const LATENCY: Duration = Duration::from_millis(20);
/// Dependent round trips of one tenant: look, create, complete, consent.
const ROUND_TRIPS: u32 = 4;

async fn run(at_once: usize) -> Duration {
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .expect("the specification is valid");
    let mut servers = Vec::new();
    for _ in 0..TENANTS {
        let server = EmulatorServer::builder(EmulatedTenant::new()).latency(LATENCY).start();
        servers.push(server.await.expect("a free port"));
    }
    let jobs = servers.iter().map(|server| {
        let token = StaticToken::new(server.tenant().token_for(&Caller::global_administrator()));
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(GraphDirectory::new(server.endpoints().clone(), token))
            .site(EmulatedSite::new())
            .build();
        ((), job.expect("directory and site are there"))
    });
    let started = Instant::now();
    let at_once = NonZeroUsize::new(at_once).expect("at least one");
    onboard_many(jobs, at_once, |(), _| (), |tenant| assert!(tenant.result.is_ok())).await;
    started.elapsed()
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    let mut ratios = Vec::new();
    let mut group = criterion.benchmark_group("64 tenants at 20 ms");
    for at_once in [1, 8, 64] {
        let measured = Mutex::new(Vec::new());
        group.bench_function(BenchmarkId::new("at once", at_once), |bencher| {
            bencher.iter_custom(|iterations| {
                (0..iterations)
                    .map(|_| {
                        let time = runtime.block_on(run(at_once));
                        measured.lock().unwrap().push(time);
                        time
                    })
                    .sum()
            });
        });
        let mut times = measured.into_inner().unwrap();
        times.sort_unstable();
        let rounds = u32::try_from(TENANTS.div_ceil(at_once)).unwrap_or(u32::MAX);
        ratios.push((
            at_once,
            times.get(times.len() / 2).copied().unwrap_or_default(),
            LATENCY * ROUND_TRIPS * rounds,
        ));
    }
    group.finish();
    for (at_once, time, floor) in ratios {
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!("{TENANTS} tenants, {at_once} at once: {time:?}, floor {floor:?}, ratio {ratio:.2}");
    }
    criterion.final_summary();
}
