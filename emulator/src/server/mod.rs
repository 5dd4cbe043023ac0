//! Serves a tenant on a loopback port: Microsoft Graph, the sign-in authority and, with a site, its
//! administration service, on one address.
//!
//! [`EmulatorServer`] runs in a task of its own and stops when it is dropped. Requests are answered by
//! `exchange`, which the wire without sockets uses as well, so that both answer alike.

mod cors;
mod exchange;
#[cfg(feature = "onboarding")]
mod heard;
mod tenants;
mod tls;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
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
    task::{JoinHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;
use url::Url;

#[cfg(feature = "onboarding")]
use super::EmulatedSite;
use super::EmulatedTenant;
pub(super) use exchange::Exchange;
#[cfg(feature = "onboarding")]
pub(super) use heard::{EncodedAnswer, ReceivedRequest};
use tls::Identity;

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
    accepting: JoinHandle<()>,
}

impl EmulatorServer {
    /// Begins a server for a tenant, and others by [`EmulatorServerBuilder::tenant`]: plain HTTP, on a port that the system chooses.
    pub const fn builder(tenant: EmulatedTenant) -> EmulatorServerBuilder {
        EmulatorServerBuilder {
            tenant,
            others: Vec::new(),
            #[cfg(feature = "onboarding")]
            site: None,
            port: 0,
            latency: Duration::ZERO,
            uses_tls: false,
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
        self.accepting.abort();
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

/// Puts an [`EmulatorServer`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until start() is called"]
pub struct EmulatorServerBuilder {
    tenant: EmulatedTenant,
    others: Vec<EmulatedTenant>,
    #[cfg(feature = "onboarding")]
    site: Option<EmulatedSite>,
    port: u16,
    latency: Duration,
    uses_tls: bool,
}

impl EmulatorServerBuilder {
    /// The site that belongs to the tenant. Its administration service is served for reading, on `/AdminService/wmi/` and
    /// as behind a cloud management gateway on `/CCM_Proxy_ServerAuth/{number}/AdminService/wmi/`. Default: none.
    #[cfg(feature = "onboarding")]
    pub fn site(mut self, site: EmulatedSite) -> Self {
        self.site = Some(site);
        self
    }

    /// Another tenant on the same address; may be called repeatedly. Default: none.
    ///
    /// The authority tells tenants apart by the id or domain in the path, Microsoft Graph by the tenant that issued the
    /// token. `common` and `organizations` are the first tenant, so every tenant needs an id and domains of its own.
    pub fn tenant(mut self, tenant: EmulatedTenant) -> Self {
        self.others.push(tenant);
        self
    }

    /// The port. Default: one that the system chooses.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How long every answer takes. Default: no time.
    pub const fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Whether it speaks TLS, with a self-signed certificate, made when it starts, for `localhost` and `127.0.0.1`. Default: no.
    pub const fn tls(mut self, uses_tls: bool) -> Self {
        self.uses_tls = uses_tls;
        self
    }

    /// Starts it in a task of its own.
    ///
    /// # Errors
    ///
    /// If the port cannot be had, or no certificate can be made.
    pub async fn start(self) -> std::io::Result<EmulatorServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
        let identity = if self.uses_tls { Some(Identity::new()?) } else { None };
        let url = address(listener.local_addr()?, self.uses_tls)?;
        let exchange = Exchange::new(self.tenant.clone(), self.latency, self.uses_tls).with_others(self.others);
        #[cfg(feature = "onboarding")]
        let exchange = exchange.beside(self.site.clone());
        let connections = Arc::new(AtomicUsize::new(0));
        let sha256 = identity.as_ref().map(|identity| identity.sha256);
        let (acceptor, certificate) = identity.map_or((None, None), |identity| (Some(identity.acceptor), Some(identity.certificate)));
        let accepting = tokio::spawn(accept(listener, acceptor, exchange, Arc::clone(&connections)));
        Ok(EmulatorServer {
            #[cfg(feature = "onboarding")]
            endpoints: super::onboarding::endpoints_at(&url, self.tenant.environment())?,
            tenant: self.tenant,
            #[cfg(feature = "onboarding")]
            site: self.site,
            url,
            certificate,
            sha256,
            connections,
            accepting,
        })
    }
}

fn address(bound: SocketAddr, uses_tls: bool) -> std::io::Result<Url> {
    let text = if uses_tls {
        format!("https://localhost:{}/", bound.port())
    } else {
        format!("http://127.0.0.1:{}/", bound.port())
    };
    Url::parse(&text).map_err(std::io::Error::other)
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, exchange: Exchange, connections: Arc<AtomicUsize>) {
    let mut open = JoinSet::new();
    loop {
        // A client that goes away before its connection is accepted is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        connections.fetch_add(1, Ordering::Relaxed);
        let _ = stream.set_nodelay(true);
        while open.try_join_next().is_some() {}
        let (acceptor, exchange) = (acceptor.clone(), exchange.clone());
        open.spawn(async move {
            match acceptor {
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, exchange).await;
                    }
                }
                None => serve(stream, exchange).await,
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, exchange: Exchange) {
    let service = hyper::service::service_fn(move |request| {
        let exchange = exchange.clone();
        async move { Ok::<_, std::convert::Infallible>(exchange.answer(request).await) }
    });
    // The client sees what goes wrong with its connection.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
