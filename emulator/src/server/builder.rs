//! Puts a server together and starts it.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch};
use url::Url;

#[cfg(feature = "onboarding")]
use super::EmulatedSite;
use super::{
    EmulatedTenant, EmulatorServer, Exchange, accept,
    tls::{Identity, Tls},
};
use crate::{EmulatorConfiguration, admin::Admin, clock::MovableClock};

/// Puts an [`EmulatorServer`] together.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until start() is called"]
pub struct EmulatorServerBuilder {
    pub(super) tenant: EmulatedTenant,
    pub(super) others: Vec<EmulatedTenant>,
    #[cfg(feature = "onboarding")]
    pub(super) site: Option<EmulatedSite>,
    pub(super) host: IpAddr,
    pub(super) names: Vec<String>,
    pub(super) port: u16,
    pub(super) latency: Duration,
    pub(super) tls: Tls,
    pub(super) beginning: Option<(EmulatorConfiguration, MovableClock)>,
    pub(super) logs: bool,
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
    pub fn tls(mut self, uses_tls: bool) -> Self {
        self.tls = if uses_tls { Tls::SelfSigned } else { Tls::Off };
        self
    }

    /// TLS with a certificate of an authority that this file holds, certificate and private key in PEM: it is made if there is
    /// none, so that clients trust it once. Only an authority that was made here is taken.
    pub fn certificate_authority(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls = Tls::Authority(file.into());
        self
    }

    /// TLS with a certificate that is given: files in PEM, the certificate's chain and its private key.
    pub fn certificate(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Tls::Given(chain.into(), key.into());
        self
    }

    /// The address to listen at. Default: `127.0.0.1`. Every client that reaches it may do what the tenant's callers may.
    pub const fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// Another name that clients reach it by, for its certificate and for the admin API; may be called repeatedly.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Whether each request is one line on standard error. Default: no.
    pub const fn log(mut self, logs: bool) -> Self {
        self.logs = logs;
        self
    }

    /// Starts it in a task of its own.
    ///
    /// # Errors
    ///
    /// If the port cannot be had, or no certificate can be made.
    pub async fn start(self) -> std::io::Result<EmulatorServer> {
        let listener = TcpListener::bind((self.host, self.port)).await?;
        let bound = listener.local_addr()?;
        let names = self.all_names();
        let identity = Identity::of(&self.tls, &names)?;
        let url = address(bound, identity.is_some())?;
        let exchange = Exchange::new(self.tenant.clone(), self.latency, identity.is_some()).with_others(self.others);
        #[cfg(feature = "onboarding")]
        let exchange = exchange.beside(self.site.clone());
        let running = exchange.running().clone();
        let admin = self
            .beginning
            .map(|(beginning, clock)| Admin::new(names, beginning, clock, running.clone()));
        let exchange = exchange.with_admin(admin.clone(), self.logs);
        let connections = Arc::new(AtomicUsize::new(0));
        let sha256 = identity.as_ref().map(|identity| identity.sha256);
        let (acceptor, certificate) = identity.map_or((None, None), |identity| (Some(identity.acceptor), Some(identity.certificate)));
        let (stopping, stop) = watch::channel(());
        let accepting = tokio::spawn(accept(listener, acceptor, exchange, Arc::clone(&connections), stop));
        Ok(EmulatorServer {
            #[cfg(feature = "onboarding")]
            endpoints: crate::onboarding::endpoints_at(&url, self.tenant.environment())?,
            tenant: self.tenant,
            #[cfg(feature = "onboarding")]
            site: self.site,
            url,
            certificate,
            sha256,
            connections,
            accepting: Some(accepting),
            stopping,
            admin,
        })
    }

    /// All names that it answers to.
    fn all_names(&self) -> Vec<String> {
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut names: Vec<String> = own.into();
        if !self.host.is_unspecified() && !names.contains(&self.host.to_string()) {
            names.push(self.host.to_string());
        }
        names.extend(self.names.iter().cloned());
        names
    }
}

fn address(bound: SocketAddr, uses_tls: bool) -> std::io::Result<Url> {
    let is_here = bound.ip().is_unspecified() || bound.ip().is_loopback();
    let text = match (uses_tls, is_here) {
        (true, true) => format!("https://localhost:{}/", bound.port()),
        (true, false) => format!("https://{bound}/"),
        (false, true) if bound.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST) => format!("http://{bound}/"),
        (false, true) => format!("http://127.0.0.1:{}/", bound.port()),
        (false, false) => format!("http://{bound}/"),
    };
    Url::parse(&text).map_err(std::io::Error::other)
}
