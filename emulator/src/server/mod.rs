//! Serves a tenant on a loopback port: Microsoft Graph, the sign-in authority and, with a site, its
//! administration service, on one address.
//!
//! [`EmulatorServer`] runs in a task of its own and stops when it is dropped. Requests are answered by
//! `exchange`, which the wire without sockets uses as well, so that both answer alike.

mod admin_exchange;
mod builder;
mod cors;
mod exchange;
mod graph_headers;
mod log;
#[cfg(feature = "onboarding")]
mod received;
mod tls;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;
use url::Url;

#[cfg(feature = "onboarding")]
use super::EmulatedSite;
use super::EmulatedTenant;
use crate::{ConfigurationError, EmulatorConfiguration, admin::Admin, clock::MovableClock};
pub use builder::EmulatorServerBuilder;
pub(super) use exchange::Exchange;
#[cfg(feature = "onboarding")]
pub(super) use received::{EncodedAnswer, ReceivedRequest};
use tls::Tls;

/// How long requests that are under way may take once the server is to stop.
const LONGEST_STOP: Duration = Duration::from_secs(5);

/// Serves an [`EmulatedTenant`] on the loopback interface. Dropping it stops it.
///
/// ```
/// use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = EmulatorServer::builder(EmulatedTenant::new()).start().await?;
/// assert!(server.url().as_str().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
pub struct EmulatorServer {
    tenant: EmulatedTenant,
    #[cfg(feature = "onboarding")]
    site: Option<EmulatedSite>,
    url: Url,
    #[cfg(feature = "onboarding")]
    pub(super) endpoints: cmg_onboarding::CloudEndpoints,
    certificate: Option<String>,
    sha256: Option<[u8; 32]>,
    connections: Arc<AtomicUsize>,
    accepting: Option<JoinHandle<()>>,
    stopping: watch::Sender<()>,
    admin: Option<Admin>,
}

impl EmulatorServer {
    /// Begins a server for a tenant, and others by [`EmulatorServerBuilder::tenant`]: plain HTTP, on a port that the system chooses.
    pub const fn builder(tenant: EmulatedTenant) -> EmulatorServerBuilder {
        EmulatorServerBuilder {
            tenant,
            others: Vec::new(),
            #[cfg(feature = "onboarding")]
            site: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            names: Vec::new(),
            port: 0,
            latency: Duration::ZERO,
            tls: Tls::Off,
            beginning: None,
            logs: false,
        }
    }

    /// Begins a server for what a configuration describes, with an admin API that goes back to it.
    ///
    /// # Errors
    ///
    /// If its tenants or its site cannot be put in place.
    pub fn of_configuration(configuration: EmulatorConfiguration) -> Result<EmulatorServerBuilder, ConfigurationError> {
        let clock = MovableClock::new();
        configuration.set_clock(&clock);
        let mut tenants = configuration.tenants(&clock)?.into_iter();
        let mut builder = Self::builder(tenants.next().unwrap_or_default());
        builder.others = tenants.collect();
        #[cfg(feature = "onboarding")]
        {
            builder.site = Some(configuration.site(&clock)?);
        }
        builder.latency = Duration::from_millis(configuration.latency_milliseconds());
        builder.beginning = Some((configuration, clock));
        Ok(builder)
    }

    /// The key of the admin API; `None` unless it was begun with a configuration.
    #[must_use]
    pub fn admin_key(&self) -> Option<&str> {
        self.admin.as_ref().map(Admin::key)
    }

    /// Stops it: no new connection, requests that are under way are answered, for five seconds at most.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its end it stops the server at once.
    pub async fn stop(mut self) {
        let _ = self.stopping.send(());
        if let Some(accepting) = self.accepting.take() {
            let abort = accepting.abort_handle();
            if tokio::time::timeout(LONGEST_STOP, accepting).await.is_err() {
                abort.abort();
            }
        }
    }

    /// Where it is: `http://127.0.0.1:{port}/`, or `https://localhost:{port}/`.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The first tenant behind it.
    #[must_use]
    pub const fn tenant(&self) -> &EmulatedTenant {
        &self.tenant
    }

    /// The site that belongs to it, if one was given. [`RemoteSite`](super::RemoteSite) reaches it from elsewhere.
    #[cfg(feature = "onboarding")]
    #[must_use]
    pub const fn site(&self) -> Option<&EmulatedSite> {
        self.site.as_ref()
    }

    /// The self-signed certificate that a client has to trust; `None` without TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The SHA-256 of that certificate; `None` without TLS.
    #[must_use]
    pub const fn certificate_sha256(&self) -> Option<[u8; 32]> {
        self.sha256
    }

    /// How many TCP connections it has accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Drop for EmulatorServer {
    fn drop(&mut self) {
        // The connections are tasks of the accepting one, and end with it.
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

impl fmt::Debug for EmulatorServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EmulatorServer")
            .field("url", &self.url.as_str())
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

pub(super) async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    exchange: Exchange,
    connections: Arc<AtomicUsize>,
    stop: watch::Receiver<()>,
) {
    let mut open = JoinSet::new();
    let mut stopping = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            ordered = stopping.changed() => match ordered {
                Ok(()) => break,
                // The server was dropped, which ends this task.
                Err(_) => return,
            },
        };
        // A client that goes away before its connection is accepted is no reason to stop.
        let Ok((stream, _)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        connections.fetch_add(1, Ordering::Relaxed);
        let _ = stream.set_nodelay(true);
        while open.try_join_next().is_some() {}
        let (acceptor, exchange, stop) = (acceptor.clone(), exchange.clone(), stop.clone());
        open.spawn(async move {
            match acceptor {
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, exchange, stop).await;
                    }
                }
                None => serve(stream, exchange, stop).await,
            }
        });
    }
    drop(listener);
    while open.join_next().await.is_some() {}
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, exchange: Exchange, mut stop: watch::Receiver<()>) {
    let service = hyper::service::service_fn(move |request| {
        let exchange = exchange.clone();
        async move { Ok::<_, std::convert::Infallible>(exchange.answer(request).await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // The client sees what goes wrong with its connection.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
