//! Many tenants from one process over TLS, each from its sign-in on: a client secret, then the whole job. One HTTP client
//! serves them all, against one server under two names, as sign-in service and Microsoft Graph have different hosts.
//!
//! `cargo bench --bench many` prints how long 64 tenants take at 20 ms a request, by how many run at the same time,
//! against the floor: what their dependent round trips take when nothing else does. Then it onboards a thousand once, and
//! says how many connections that took.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench ends at the first error")]

use std::{
    num::NonZeroUsize,
    sync::Mutex,
    time::{Duration, Instant},
};

use cmg_onboarding::{
    AzureServicesConnection, ClientAppSpec, ClientSecret, ClientSecretSignIn, CloudEndpoints, ConnectionSpec, GraphDirectory,
    ServerAppSpec, TenantId,
    connection::onboard_many,
    http::{HttpClient, HttpOptions},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer};
use criterion::{BenchmarkId, Criterion};
use tokio::runtime::Runtime;
use uuid::Uuid;

const TENANTS: usize = 64;
const LATENCY: Duration = Duration::from_millis(20);
/// Dependent round trips of one tenant: sign in, look, create, complete, consent.
const ROUND_TRIPS: u32 = 5;

/// The tenants, and one server for all of them.
struct World {
    tenants: Vec<EmulatedTenant>,
    server: EmulatorServer,
    endpoints: CloudEndpoints,
}

impl World {
    async fn with(tenants: usize) -> Self {
        let tenants: Vec<_> = (0..tenants as u128)
            .map(|number| {
                let id = Uuid::from_u128(0xC0FF_EE00_0000_4000_8000_0000_0000_0000 + number);
                EmulatedTenant::builder().tenant_id(id).build()
            })
            .collect();
        let (first, others) = tenants.split_first().expect("at least one");
        let builder = others
            .iter()
            .cloned()
            .fold(EmulatorServer::builder(first.clone()), |builder, tenant| builder.tenant(tenant));
        let server = builder.tls(true).latency(LATENCY).start().await.expect("a free port");
        let authority = server.url().as_str().replace("localhost", "127.0.0.1");
        let endpoints = server.endpoints().clone().with_authority(authority.parse().expect("a URL"));
        Self {
            tenants,
            endpoints: endpoints.expect("it is on the loopback interface"),
            server,
        }
    }

    fn job(&self, tenant: &EmulatedTenant, spec: &ConnectionSpec, http: &HttpClient) -> AzureServicesConnection {
        let application = tenant.automation_client();
        let id = TenantId::from(tenant.tenant_id());
        let secret = ClientSecret::new(application.secret());
        let sign_in = ClientSecretSignIn::new(self.endpoints.clone(), id, application.id().into(), secret);
        let directory = GraphDirectory::builder(self.endpoints.clone(), sign_in.http(http.clone()));
        let job = AzureServicesConnection::builder(spec.clone())
            .directory(directory.tenant(id).http(http.clone()).build())
            .site(EmulatedSite::new())
            .build();
        job.expect("directory and site are there")
    }

    /// How long all tenants take with this many at the same time.
    async fn run(&self, at_once: usize) -> Duration {
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("ConfigMgr Server"))
            .client_app(ClientAppSpec::builder("ConfigMgr Client"))
            .build()
            .expect("the specification is valid");
        let options = HttpOptions::new().trusted_root_pem(self.server.certificate_pem().unwrap_or_default());
        let http = HttpClient::new(options.expect("the emulator's certificate"));
        let jobs = self.tenants.iter().map(|tenant| ((), self.job(tenant, &spec, &http)));
        let started = Instant::now();
        let at_once = NonZeroUsize::new(at_once).expect("at least one");
        onboard_many(jobs, at_once, |(), _| (), |tenant| assert!(tenant.result.is_ok())).await;
        started.elapsed()
    }
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
                        let time = runtime.block_on(async { World::with(TENANTS).await.run(at_once).await });
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
    runtime.block_on(async {
        let (tenants, at_once) = (1_000, 32);
        let world = World::with(tenants).await;
        let time = world.run(at_once).await;
        let connections = world.server.connections();
        println!("{tenants} tenants, {at_once} at once, from the sign-in on: {time:?}, {connections} connections");
        assert!(connections <= 8);
    });
    criterion.final_summary();
}
