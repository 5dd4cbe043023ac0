//! Which protocol is spoken over TLS, over how many connections, and to whom.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may give up, and so may its helpers"
)]
#![cfg(feature = "rustls")]

#[path = "support/log.rs"]
mod log;

use std::{
    convert::Infallible,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cmg_onboarding::{
    Call, CloudEndpoints, Diagnostic, Directory, DirectoryError, GraphDirectory, StaticToken,
    directory::{ApplicationProperties, NewApplication},
    error::{TransportKind, chain},
    http::{HttpClient, HttpOptions, RetryPolicy},
};
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use log::Log;
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivateKeyDer},
};

const BODY: &str = r#"{"id": "00000000-0000-0000-0000-000000000001", "appId": "00000000-0000-0000-0000-000000000002"}"#;

const CANARY: &str = "canary-7Q";

/// What the server can do.
#[derive(Clone, Copy, PartialEq)]
enum Speaks {
    /// HTTP/2 and HTTP/1.1, negotiated.
    Both,
    /// HTTP/1.1, and says so in the handshake.
    Http1,
    /// HTTP/1.1, and negotiates nothing, as an old inspecting proxy.
    Http1Silently,
}

struct Server {
    /// What it speaks from now on. Its connections end with each change.
    speaks: watch::Sender<Speaks>,
    pem: String,
    endpoints: CloudEndpoints,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(speaks: Speaks) -> Self {
        let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(issued.signing_key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![issued.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(AtomicUsize::new(0));
        let (accepted, served) = (Arc::clone(&connections), Arc::clone(&requests));
        let (sender, receiver) = watch::channel(speaks);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                let (mut changes, served) = (receiver.clone(), Arc::clone(&served));
                let speaks = *changes.borrow_and_update();
                let mut config = config.clone();
                config.alpn_protocols = match speaks {
                    Speaks::Both => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
                    Speaks::Http1 => vec![b"http/1.1".to_vec()],
                    Speaks::Http1Silently => Vec::new(),
                };
                let acceptor = TlsAcceptor::from(Arc::new(config));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(move |_: Request<Incoming>| {
                        served.fetch_add(1, Ordering::SeqCst);
                        async { Ok::<_, Infallible>(Response::new(Full::new(BODY.as_bytes()))) }
                    });
                    let mut server = auto::Builder::new(TokioExecutor::new());
                    if speaks != Speaks::Both {
                        server = server.http1_only();
                    }
                    tokio::select! {
                        _ = server.serve_connection(TokioIo::new(stream), service) => {}
                        _ = changes.changed() => {}
                    }
                });
            }
        });
        let url = format!("https://localhost:{port}/").parse().unwrap();
        Self {
            speaks: sender,
            pem: issued.cert.pem(),
            endpoints: CloudEndpoints::default().with_graph(url).unwrap(),
            connections,
            requests,
        }
    }

    /// A client that trusts the server.
    fn client(&self) -> HttpClient {
        HttpClient::new(HttpOptions::new().trusted_root_pem(&self.pem).unwrap())
    }

    fn directory(&self) -> GraphDirectory {
        let builder = GraphDirectory::builder(self.endpoints.clone(), StaticToken::new(CANARY));
        builder.http(self.client()).build()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn read(directory: &GraphDirectory) -> Result<(), DirectoryError> {
    directory
        .service_principal(Call::quiet(), uuid::Uuid::from_u128(2).into())
        .await
        .map(drop)
}

async fn six_at_once(directory: &GraphDirectory) {
    let reads = (0..6).map(|_| read(directory));
    for result in futures_util::future::join_all(reads).await {
        result.unwrap();
    }
}

#[tokio::test]
async fn parallel_first_requests_share_one_connection() {
    let server = Server::start(Speaks::Both).await;
    let directory = server.directory();
    six_at_once(&directory).await;
    six_at_once(&directory.clone()).await;
    assert_eq!((server.requests(), server.connections()), (12, 1));
}

#[tokio::test]
async fn a_thousand_tenants_share_the_connections_of_their_client() {
    let server = Server::start(Speaks::Both).await;
    let http = server.client();
    let tenants: Vec<_> = (0..1000)
        .map(|number| {
            let tokens = StaticToken::new(format!("token-{number}"));
            let builder = GraphDirectory::builder(server.endpoints.clone(), tokens);
            builder.tenant(uuid::Uuid::from_u128(number).into()).http(http.clone()).build()
        })
        .collect();
    for result in futures_util::future::join_all(tenants.iter().map(read)).await {
        result.unwrap();
    }
    assert_eq!(server.requests(), 1000);
    assert!(server.connections() <= 8, "{} connections", server.connections());
}

#[tokio::test]
async fn a_pin_for_one_origin_does_not_open_another() {
    let (pinned, other) = (Server::start(Speaks::Both).await, Server::start(Speaks::Both).await);
    let fingerprint = cmg_onboarding::http::CertificateFingerprint::new([7; 32]);
    let options = HttpOptions::new()
        .trusted_root_pem(&other.pem)
        .unwrap()
        .pinned_certificate(pinned.endpoints.graph(), fingerprint);
    let http = HttpClient::new(options);
    let ask = async |server: &Server| {
        let builder = GraphDirectory::builder(server.endpoints.clone(), StaticToken::new(CANARY));
        read(&builder.http(http.clone()).build()).await
    };
    ask(&other).await.unwrap();
    let DirectoryError::Unreachable(refused) = ask(&pinned).await.unwrap_err() else {
        panic!("the pin is not the server's certificate")
    };
    assert_eq!(refused.kind(), TransportKind::UntrustedCertificate);
}

#[tokio::test]
async fn a_server_that_speaks_http_1_only_is_asked_again_and_remembered() {
    for speaks in [Speaks::Http1, Speaks::Http1Silently] {
        let server = Server::start(speaks).await;
        let directory = server.directory();
        read(&directory).await.unwrap();
        assert_eq!(
            (server.requests(), server.connections()),
            (1, 2),
            "one connection fails, the next one serves"
        );
        read(&directory).await.unwrap();
        assert_eq!(
            (server.requests(), server.connections()),
            (2, 2),
            "it is remembered, and its connection kept"
        );
        six_at_once(&directory).await;
        assert_eq!(server.requests(), 8);
    }
}

/// A machine that moves behind a proxy which inspects TLS, and back, without a restart of the program.
#[tokio::test]
async fn a_server_that_no_longer_speaks_http_2_is_asked_without_it_and_with_it_once_it_does_again() {
    for speaks in [Speaks::Http1, Speaks::Http1Silently] {
        let server = Server::start(Speaks::Both).await;
        let directory = server.directory();
        read(&directory).await.unwrap();
        server.speaks.send(speaks).unwrap();
        read(&directory).await.unwrap();
        six_at_once(&directory).await;
        server.speaks.send(Speaks::Both).unwrap();
        // The first one finds out.
        read(&directory).await.unwrap();
        read(&directory).await.unwrap();
        let connections = server.connections();
        six_at_once(&directory).await;
        assert_eq!(server.connections(), connections, "all share one connection again");
        assert_eq!(server.requests(), 16);
    }
}

#[tokio::test]
async fn a_change_reaches_a_server_that_no_longer_speaks_http_2() {
    for speaks in [Speaks::Http1, Speaks::Http1Silently] {
        let server = Server::start(Speaks::Both).await;
        let directory = server.directory();
        read(&directory).await.unwrap();
        server.speaks.send(speaks).unwrap();
        let change = ApplicationProperties::default();
        let changed = directory
            .update_application(Call::quiet(), uuid::Uuid::from_u128(1).into(), &change)
            .await;
        changed.unwrap();
        assert_eq!(server.requests(), 2);
    }
}

#[tokio::test]
async fn parallel_first_requests_reach_a_server_that_speaks_http_1_only() {
    for speaks in [Speaks::Http1, Speaks::Http1Silently] {
        let server = Server::start(speaks).await;
        six_at_once(&server.directory()).await;
        assert_eq!(server.requests(), 6);
    }
}

#[tokio::test]
async fn a_creation_is_sent_once_to_a_server_that_turns_http_2_down_in_the_handshake() {
    let server = Server::start(Speaks::Http1).await;
    let created = server
        .directory()
        .create_application(Call::quiet(), &NewApplication::default())
        .await;
    created.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn an_untrusted_certificate_is_reported_at_once_and_nothing_is_sent() {
    let server = Server::start(Speaks::Both).await;
    let directory = GraphDirectory::new(server.endpoints.clone(), StaticToken::new(CANARY));
    let began = Instant::now();
    let error = read(&directory).await.unwrap_err();
    let DirectoryError::Unreachable(unreachable) = &error else {
        panic!("not {error:?}")
    };
    assert_eq!(unreachable.kind(), TransportKind::UntrustedCertificate);
    assert!(error.help().contains("HttpOptions::trusted_root_pem"), "{}", error.help());
    assert!(chain(&error).to_lowercase().contains("certificate"), "{}", chain(&error));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_after_the_longest_silence() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let endpoints = CloudEndpoints::default().with_graph(url.parse().unwrap()).unwrap();
    let options = HttpOptions::new()
        .longest_silence(Duration::from_millis(50))
        .retry(RetryPolicy::default().attempts(1));
    let builder = GraphDirectory::builder(endpoints, StaticToken::new(CANARY));
    let directory = builder.http(HttpClient::new(options)).build();
    let began = Instant::now();
    let DirectoryError::Unreachable(silent) = read(&directory).await.unwrap_err() else {
        panic!("nothing is answered")
    };
    assert_eq!(silent.kind(), TransportKind::TimedOut);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_text_without_certificates_is_refused_before_anything_is_built() {
    let certificate_without_content = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "nonsense", certificate_without_content] {
        assert!(HttpOptions::new().trusted_root_pem(pem).is_err(), "{pem}");
    }
}

#[tokio::test]
async fn the_libraries_below_do_not_log_the_token_either() {
    let (log, _guard) = Log::of_this_thread();
    let server = Server::start(Speaks::Both).await;
    let directory = server.directory();
    read(&directory).await.unwrap();
    let mut shown = log.text();
    assert!(shown.contains("h2"), "the libraries below are heard: {shown}");
    write!(shown, "{directory:?}").unwrap();
    assert!(!shown.contains(CANARY), "{shown}");
}
