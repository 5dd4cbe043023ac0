//! From nothing: how many trips the whole job takes over TLS 1.3, its connections and its sign-in counted, and how many
//! of its connections wait for another one.
//!
//! Between client and emulator stand two relays, one for the sign-in service and one for Microsoft Graph, that hold
//! everything that passes for half a trip. They are real sockets under paused time: the clock moves on only if nothing
//! is left to do, so that the time at the end is a number of trips, and the time that this machine takes to compute does not count. A trip is
//! one there and one back that waits for the one before it; the connection of TCP itself is not delayed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{AzureServicesConnection, ClientSecret, ClientSecretSignIn, GraphDirectory, http::HttpClient};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer};
use support::{client, spec};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until},
};
use url::Url;

const ONE_WAY: Duration = Duration::from_millis(500);
const TRIP: Duration = Duration::from_millis(1_000);
/// Timers count whole milliseconds, and each of a trip's two halves may begin within one.
const ROUNDING: Duration = Duration::from_millis(200);

/// A relay to a server, which notes when each connection was opened.
struct Relay {
    url: Url,
    opened: Arc<Mutex<Vec<Instant>>>,
}

impl Relay {
    async fn to(server: &EmulatorServer) -> Self {
        let port = server.url().port().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let opened: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = Arc::clone(&opened);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                noted.lock().unwrap().push(Instant::now());
                let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                for stream in [&client, &server] {
                    stream.set_nodelay(true).unwrap();
                }
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(delay(from_client, to_server));
                tokio::spawn(delay(from_server, to_client));
            }
        });
        Self {
            url: url.parse().unwrap(),
            opened,
        }
    }

    fn opened(&self) -> Vec<Instant> {
        self.opened.lock().unwrap().clone()
    }
}

/// Passes on what comes, each part half a trip after it came.
async fn delay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (sender, mut held) = mpsc::unbounded_channel();
    let reading = async move {
        let mut part = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut part).await {
            let _ = sender.send((Instant::now() + ONE_WAY, part[..length].to_vec()));
        }
    };
    let writing = async move {
        while let Some((due, part)) = held.recv().await {
            sleep_until(due).await;
            if to.write_all(&part).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

/// How many trips a job takes from nothing, and when its connections were opened, counted in trips since its beginning.
async fn cold_start(tenant: &EmulatedTenant) -> (u128, Vec<u128>) {
    let server = EmulatorServer::builder(tenant.clone()).tls(true).start().await.unwrap();
    let (authority, graph) = (Relay::to(&server).await, Relay::to(&server).await);
    let endpoints = server.endpoints().clone();
    let endpoints = endpoints.with_authority(authority.url.clone()).unwrap();
    let endpoints = endpoints.with_graph(graph.url.clone()).unwrap();
    let http: HttpClient = client(&server);
    let application = tenant.automation_client();
    let sign_in = ClientSecretSignIn::new(
        endpoints.clone(),
        tenant.tenant_id().into(),
        application.id().into(),
        ClientSecret::new(application.secret()),
    );
    let directory = GraphDirectory::builder(endpoints, sign_in.http(http.clone()))
        // The tenant knows its Microsoft Graph by its names, and not by the address of the relay.
        .scopes(["https://graph.microsoft.com/.default"])
        .tenant(tenant.tenant_id().into())
        .http(http)
        .build();
    let job = AzureServicesConnection::builder(spec())
        .directory(directory)
        .site(EmulatedSite::new())
        .build()
        .unwrap();
    let started = Instant::now();
    job.onboard(|_| ()).await.unwrap();
    let trips = |end: Instant| (end + ROUNDING - started).as_millis() / TRIP.as_millis();
    let trips_of_all = trips(Instant::now());
    let opened = authority.opened().into_iter().chain(graph.opened()).map(trips).collect();
    (trips_of_all, opened)
}

#[tokio::test(start_paused = true)]
async fn from_nothing_with_a_client_secret_the_job_takes_six_trips_and_no_connection_waits_for_another() {
    let tenant = EmulatedTenant::new();
    let (trips, opened) = cold_start(&tenant).await;
    assert_eq!((trips, opened), (6, vec![0, 0]));
    // The request that opens the connection to Microsoft Graph is counted apart from the job's own: fifteen to
    // Microsoft Graph, among them the two kinds of policies that this application may read, and two to sign in.
    let requests = tenant.requests();
    let (opening, own): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.method == "HEAD");
    assert_eq!((opening.len(), own.len()), (1, 17));
}
