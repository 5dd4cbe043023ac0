//! A whole onboarding through a proxy that wants a password, and what an administrator is told if the proxy is the trouble.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

#[path = "support/log.rs"]
mod log;

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use cmg_onboarding::{
    AzureServicesConnection, Call, ClientAppSpec, ClientSecret, ClientSecretSignIn, CloudEndpoints, ConnectionSpec, Directory,
    DirectoryError, GraphDirectory, ServerAppSpec, StaticToken,
    error::{Diagnostic, TransportKind, Unreachable, chain},
    http::{HttpClient, HttpOptions, Proxy, RetryPolicy},
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use log::Log;
use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use url::Url;

const USER: &str = "canary-user";
const PASSWORD: &str = "canary-7Q";
/// `canary-user:canary-7Q` as the header has it.
const CREDENTIALS: &str = "Y2FuYXJ5LXVzZXI6Y2FuYXJ5LTdR";

/// Hosts that exist behind the proxy only, since nothing on the loopback interface goes through one.
const AUTHORITY: &str = "https://login.emulator.example/";
const GRAPH: &str = "https://graph.emulator.example/";

/// A proxy that leads every host to one server, if its own credentials are given.
struct ConnectProxy {
    url: Url,
    tunnels: Arc<Mutex<Vec<String>>>,
    refused: Arc<AtomicUsize>,
}

impl ConnectProxy {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let (tunnels, refused): (Arc<Mutex<Vec<String>>>, Arc<AtomicUsize>) = Default::default();
        let (opened, turned_down) = (Arc::clone(&tunnels), Arc::clone(&refused));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (opened, turned_down) = (Arc::clone(&opened), Arc::clone(&turned_down));
                tokio::spawn(async move {
                    let mut client = BufReader::new(client);
                    let mut head = String::new();
                    while !head.ends_with("\r\n\r\n") {
                        if client.read_line(&mut head).await.unwrap_or_default() == 0 {
                            return;
                        }
                    }
                    let is_known = head
                        .to_ascii_lowercase()
                        .contains(&format!("basic {CREDENTIALS}").to_ascii_lowercase());
                    if !is_known {
                        turned_down.fetch_add(1, Ordering::SeqCst);
                        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n";
                        let _ = client.write_all(answer.as_bytes()).await;
                        return;
                    }
                    opened.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { url, tunnels, refused }
    }
}

fn endpoints() -> CloudEndpoints {
    let endpoints = CloudEndpoints::default().with_graph(GRAPH.parse().unwrap()).unwrap();
    endpoints.with_authority(AUTHORITY.parse().unwrap()).unwrap()
}

/// The server's certificate has neither host's name, so that it is pinned for both.
fn options(server: &EmulatorServer, proxy: Proxy) -> HttpOptions {
    let fingerprint = server.certificate_fingerprint().unwrap();
    [AUTHORITY, GRAPH]
        .into_iter()
        .fold(HttpOptions::new().proxy(proxy), |options, origin| {
            options.pinned_certificate(&origin.parse().unwrap(), fingerprint)
        })
}

fn with_credentials(url: &Url) -> Proxy {
    Proxy::at(url.clone()).unwrap().with_credentials(USER, SecretString::from(PASSWORD))
}

#[tokio::test]
async fn a_whole_onboarding_goes_through_a_proxy_with_a_password_that_nothing_shows() {
    let (log, _guard) = Log::of_this_thread();

    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).tls(true).start().await.unwrap();
    let proxy = ConnectProxy::to(server.url().port().unwrap()).await;
    let options = options(&server, with_credentials(&proxy.url));
    let mut shown = format!("{options:?}");
    let http = HttpClient::new(options);
    let application = tenant.automation_client();
    let id = cmg_onboarding::TenantId::from(tenant.tenant_id());
    let secret = ClientSecret::new(application.secret());
    let sign_in = ClientSecretSignIn::new(endpoints(), id, application.id().into(), secret);
    let directory = GraphDirectory::builder(endpoints(), sign_in.http(http.clone()));
    let spec = ConnectionSpec::builder("Contoso CMG")
        .server_app(ServerAppSpec::builder("ConfigMgr Server"))
        .client_app(ClientAppSpec::builder("ConfigMgr Client"))
        .build()
        .unwrap();
    let job = AzureServicesConnection::builder(spec)
        .directory(directory.tenant(id).http(http.clone()).build())
        .site(EmulatedSite::new())
        .build()
        .unwrap();
    let events = Mutex::new(String::new());
    let outcome = job
        .onboard(|event| write!(events.lock().unwrap(), "{event:?}").unwrap())
        .await
        .unwrap();

    assert!(outcome.changed);
    let mut tunnels = proxy.tunnels.lock().unwrap().clone();
    tunnels.sort();
    assert_eq!(
        tunnels,
        [
            "CONNECT graph.emulator.example:443 HTTP/1.1",
            "CONNECT login.emulator.example:443 HTTP/1.1"
        ]
    );
    assert_eq!((server.connections(), proxy.refused.load(Ordering::SeqCst)), (2, 0));
    write!(shown, "{http:?}{job:?}{outcome:?}{}", events.into_inner().unwrap()).unwrap();
    shown += &log.text();
    for secret in [USER, PASSWORD, CREDENTIALS] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}

/// What is said if a request to Microsoft Graph goes by this proxy.
async fn refusal(server: &EmulatorServer, proxy: Proxy) -> Unreachable {
    let options = options(server, proxy).retry(RetryPolicy::default().first_delay(Duration::from_millis(1)));
    let token = StaticToken::new(server.tenant().token_for(&Caller::global_administrator()));
    let directory = GraphDirectory::builder(endpoints(), token).http(HttpClient::new(options)).build();
    match directory.tenant(Call::quiet()).await.unwrap_err() {
        DirectoryError::Unreachable(unreachable) => *unreachable,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_the_password_is_named_at_once() {
    let server = EmulatorServer::builder(EmulatedTenant::new()).tls(true).start().await.unwrap();
    let proxy = ConnectProxy::to(server.url().port().unwrap()).await;
    let wrong = Proxy::at(proxy.url.clone())
        .unwrap()
        .with_credentials(USER, SecretString::from("canary-8R"));
    for given in [Proxy::at(proxy.url.clone()).unwrap(), wrong] {
        let before = proxy.refused.load(Ordering::SeqCst);
        let error = refusal(&server, given).await;
        assert_eq!(error.kind(), TransportKind::Connect);
        assert!(error.help().contains("proxy"), "{}", error.help());
        let shown = chain(&error);
        assert!(
            shown.contains("graph.emulator.example") && shown.contains("`Proxy::with_credentials`"),
            "{shown}"
        );
        assert!(!format!("{error:?}{shown}{}", error.help()).contains("canary"));
        assert_eq!(
            proxy.refused.load(Ordering::SeqCst) - before,
            1,
            "a password is not tried twice: that may lock the account"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let server = EmulatorServer::builder(EmulatedTenant::new()).tls(true).start().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = refusal(&server, with_credentials(&free.parse().unwrap())).await;
    assert_eq!(error.kind(), TransportKind::Connect);
    assert!(error.help().contains("proxy"), "{}", error.help());
    assert!(chain(&error).contains("the proxy cannot be reached"), "{}", chain(&error));
    assert!(!format!("{error:?}{}{}", chain(&error), error.help()).contains("canary"));
}
