//! The HTTP library, and the only file that names it.
//!
//! Over TLS, HTTP/2 is spoken from the first byte, because only then do parallel first requests share one connection:
//! a client that lets TLS negotiate opens one connection for each of them, before it learns that one would do.
//! An origin that cannot do it - an old server, a proxy that inspects TLS - is asked again with negotiation, and
//! remembered. Plain HTTP goes to the loopback interface only, over HTTP/1.1; nothing there goes through a proxy.

use std::{error::Error, io, sync::OnceLock, time::Duration};

use async_trait::async_trait;
use reqwest::{
    Client, ClientBuilder, Response,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use secrecy::zeroize::Zeroizing;
use url::Url;

use super::{
    CertificateFingerprint,
    answer::{AnswerHeaders, RawAnswer},
    authorize::Authorization,
    protocol::{Protocol, Protocols},
    request::{Method, Request},
    transport::{Transport, TransportFailure},
};
use crate::{
    cloud::{is_loopback, is_safe_endpoint},
    error::{TransportKind, chain},
};

/// Longer header values are taken as missing.
const LONGEST_HEADER: usize = 16 * 1024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection that does not answer this soon to a ping is given up, so that repeats do not go to a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Certificates of issuers that are trusted beside those of the operating system.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedRoots {
    #[cfg(feature = "rustls")]
    certificates: Vec<reqwest::Certificate>,
}

impl TrustedRoots {
    /// Adds the certificates of a PEM text.
    #[cfg(feature = "rustls")]
    pub(crate) fn add_pem(&mut self, pem: &[u8]) -> Result<(), InvalidRootCertificate> {
        let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|_| InvalidRootCertificate)?;
        if found.is_empty() {
            return Err(InvalidRootCertificate);
        }
        let mut candidate = self.clone();
        candidate.certificates.extend(found);
        // The library looks into a certificate only when it builds a client.
        candidate.apply(Client::builder()).build().map_err(|_| InvalidRootCertificate)?;
        *self = candidate;
        Ok(())
    }

    /// Without TLS there is nothing to trust.
    #[cfg(not(feature = "rustls"))]
    #[expect(clippy::needless_pass_by_ref_mut, reason = "the signature is that of the build with TLS")]
    pub(crate) fn add_pem(&mut self, _pem: &[u8]) -> Result<(), InvalidRootCertificate> {
        Err(InvalidRootCertificate)
    }

    #[cfg(feature = "rustls")]
    fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.certificates.is_empty() {
            true => builder,
            false => builder.tls_certs_merge(self.certificates.iter().cloned()),
        }
    }

    #[cfg(not(feature = "rustls"))]
    fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        builder
    }
}

/// The text is not a PEM text of one or more certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trusted root certificate cannot be read")]
#[non_exhaustive]
pub struct InvalidRootCertificate;

impl InvalidRootCertificate {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        "Give the issuer's certificates as PEM text, each between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, and build the crate with its feature `rustls`, which is on by default."
    }
}

/// How the other side is reached and known again.
#[derive(Debug, Clone, Default)]
pub(crate) struct TransportSettings {
    pub(crate) roots: TrustedRoots,
    /// The only certificate that is accepted, whoever issued it.
    pub(crate) pinned: Option<CertificateFingerprint>,
    /// Past every proxy, for hosts in the same network.
    pub(crate) is_direct: bool,
    /// For sign-in that HTTP/2 does not carry.
    pub(crate) http1_only: bool,
}

/// Sends requests over the network. Its connections are opened when first needed, and shared by all its users.
#[derive(Debug, Default)]
pub(crate) struct ReqwestTransport {
    settings: TransportSettings,
    outside: Clients,
    loopback: Clients,
    protocols: Protocols,
}

/// One client per protocol, made when first needed.
#[derive(Debug, Default)]
struct Clients {
    http2: OnceLock<Client>,
    negotiated: OnceLock<Client>,
    plain: OnceLock<Client>,
}

impl ReqwestTransport {
    pub(crate) fn new(roots: TrustedRoots) -> Self {
        Self::with(TransportSettings {
            roots,
            ..TransportSettings::default()
        })
    }

    pub(crate) fn with(settings: TransportSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// The client for a URL and a protocol; `None` leaves the protocol to TLS.
    fn client(&self, url: &Url, protocol: Option<Protocol>) -> Result<Client, TransportFailure> {
        let is_local = is_loopback(url);
        let clients = if is_local { &self.loopback } else { &self.outside };
        let slot = match protocol {
            Some(Protocol::Http2) => &clients.http2,
            Some(Protocol::Http1) => &clients.plain,
            None => &clients.negotiated,
        };
        if let Some(client) = slot.get() {
            return Ok(client.clone());
        }
        let common = Client::builder()
            .user_agent(concat!("cmg-onboarding/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        let common = if is_local || self.settings.is_direct {
            common.no_proxy()
        } else {
            common
        };
        let shaped = match protocol {
            Some(Protocol::Http2) => common
                .http2_prior_knowledge()
                .http2_keep_alive_interval(KEEP_ALIVE)
                .http2_keep_alive_timeout(KEEP_ALIVE),
            Some(Protocol::Http1) => common.http1_only(),
            None => common,
        };
        let built = self.trusting(shaped, protocol)?.build();
        let client = built.map_err(|error| TransportFailure::new(TransportKind::Unusable, error.without_url()))?;
        Ok(slot.get_or_init(|| client).clone())
    }

    /// Decides whose certificate is accepted.
    #[cfg(feature = "rustls")]
    fn trusting(&self, builder: ClientBuilder, protocol: Option<Protocol>) -> Result<ClientBuilder, TransportFailure> {
        let Some(fingerprint) = self.settings.pinned else {
            return Ok(self.settings.roots.apply(builder));
        };
        let protocols: &[&[u8]] = match protocol {
            Some(Protocol::Http2) => &[b"h2"],
            Some(Protocol::Http1) => &[b"http/1.1"],
            None => &[b"h2", b"http/1.1"],
        };
        let config = super::pinning::tls_config(fingerprint, protocols);
        let config = config.map_err(|error| TransportFailure::new(TransportKind::Unusable, error))?;
        Ok(builder.tls_backend_preconfigured(config))
    }

    #[cfg(not(feature = "rustls"))]
    fn trusting(&self, builder: ClientBuilder, _: Option<Protocol>) -> Result<ClientBuilder, TransportFailure> {
        Ok(self.settings.roots.apply(builder))
    }

    async fn exchange(
        &self,
        client: Client,
        request: &Request,
        authorization: Option<&Authorization>,
        limit: Duration,
        proves: Option<Protocol>,
    ) -> Result<RawAnswer, TransportFailure> {
        let response = client
            .execute(built(&client, request, authorization, limit)?)
            .await
            .map_err(failure)?;
        if let Some(protocol) = proves {
            self.protocols.remember(request.url(), protocol);
        }
        let status = response.status().as_u16();
        let headers = headers(response.headers());
        let body = body(response, request.longest_answer()).await?;
        Ok(RawAnswer { status, headers, body })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn attempt(
        &self,
        request: &Request,
        authorization: Option<&Authorization>,
        limit: Duration,
    ) -> Result<RawAnswer, TransportFailure> {
        let url = request.url();
        if !is_safe_endpoint(url) {
            return Err(TransportFailure::new(
                TransportKind::Unusable,
                "only HTTPS is spoken outside this machine",
            ));
        }
        if url.scheme() == "http" || self.settings.http1_only {
            let client = self.client(url, Some(Protocol::Http1))?;
            return self.exchange(client, request, authorization, limit, None).await;
        }
        let http2 = || self.client(url, Some(Protocol::Http2));
        let negotiated = || self.client(url, None);
        match self.protocols.of(url) {
            Some(Protocol::Http2) => return self.exchange(http2()?, request, authorization, limit, None).await,
            Some(Protocol::Http1) => return self.exchange(negotiated()?, request, authorization, limit, None).await,
            None => {}
        }
        let first = self.exchange(http2()?, request, authorization, limit, Some(Protocol::Http2)).await;
        let Err(error) = first else { return first };
        // Another request may have found out in the meantime that the origin does speak HTTP/2.
        if !may_want_http1(&error, request.is_repeatable()) || self.protocols.of(url) == Some(Protocol::Http2) {
            return Err(error);
        }
        self.exchange(negotiated()?, request, authorization, limit, Some(Protocol::Http1))
            .await
    }
}

/// Whether a server or a proxy that speaks HTTP/1.1 only would have failed like this, and asking again does no harm.
fn may_want_http1(failure: &TransportFailure, repeatable: bool) -> bool {
    match failure {
        TransportFailure::Unreachable {
            kind: TransportKind::Connect,
            source,
            ..
        } => handshake_failure(source.as_ref()).is_some(),
        TransportFailure::Unreachable { kind, .. } => *kind == TransportKind::Interrupted && repeatable,
        TransportFailure::TooLong | TransportFailure::NotPinned(_) => false,
    }
}

fn built(
    client: &Client,
    request: &Request,
    authorization: Option<&Authorization>,
    limit: Duration,
) -> Result<reqwest::Request, TransportFailure> {
    let method = match request.method() {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client
        .request(method, request.url().clone())
        .timeout(limit)
        .header("accept", "application/json")
        .header("client-request-id", request.client_request_id());
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(&authorization.header())
            .map_err(|_| TransportFailure::new(TransportKind::Unusable, "the token has characters that no token has"))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    if let Some(body) = request.body() {
        builder = builder.header(CONTENT_TYPE, body.content_type).body(body.bytes.to_vec());
    }
    builder
        .build()
        .map_err(|error| TransportFailure::new(TransportKind::Unusable, error.without_url()))
}

async fn body(mut response: Response, longest: usize) -> Result<Zeroizing<Vec<u8>>, TransportFailure> {
    let announced = response.content_length().unwrap_or_default();
    if announced > longest as u64 {
        return Err(TransportFailure::TooLong);
    }
    // Reserved at once, so that growing leaves no unwiped copies; but never on the word of a header alone.
    let reserved = usize::try_from(announced).unwrap_or_default().min(64 * 1024);
    let mut bytes = Zeroizing::new(Vec::with_capacity(reserved));
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if bytes.len() + chunk.len() > longest {
            return Err(TransportFailure::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn headers(map: &HeaderMap) -> AnswerHeaders {
    let usable = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        (text.len() <= LONGEST_HEADER).then(|| text.to_owned())
    };
    let text = |name: &str| map.get(name).and_then(usable);
    AnswerHeaders {
        content_type: text("content-type"),
        request_id: text("request-id").or_else(|| text("x-ms-request-id")),
        date: text("date"),
        retry_after: text("retry-after"),
        retry_after_milliseconds: text("retry-after-ms").or_else(|| text("x-ms-retry-after-ms")),
        location: text("location"),
        www_authenticate: map.get_all("www-authenticate").iter().filter_map(usable).collect(),
    }
}

/// Sorts a library error into the kinds that decide on repeating. The URL is dropped: its query is nobody's business.
fn failure(error: reqwest::Error) -> TransportFailure {
    let error = error.without_url();
    let kind = match () {
        () if error.is_builder() || is_without_tls(&error) => TransportKind::Unusable,
        () if error.is_connect() => TransportKind::Connect,
        () if error.is_timeout() => TransportKind::TimedOut,
        () => TransportKind::Interrupted,
    };
    let lasting = kind == TransportKind::Connect && handshake_failure(&error) == Some(io::ErrorKind::InvalidData);
    #[cfg(feature = "rustls")]
    if let Some(refusal) = super::pinning::not_pinned(&error) {
        return TransportFailure::NotPinned(refusal);
    }
    TransportFailure::Unreachable {
        kind,
        lasting,
        source: Box::new(error),
    }
}

/// A client that was built without TLS says so only in words.
fn is_without_tls(error: &reqwest::Error) -> bool {
    error.is_connect() && chain(error).contains("scheme is not http")
}

/// How a connection failed after the other side was reached: TLS trouble is `InvalidData`, the rest is a hang-up.
fn handshake_failure(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        let Some(trouble) = error.downcast_ref::<io::Error>() else {
            next = error.source();
            continue;
        };
        if is_handshake_trouble(trouble.kind()) {
            return Some(trouble.kind());
        }
        // An I/O error hides the error it wraps from its list of sources.
        next = trouble.get_ref().map(|inner| inner as &(dyn Error + 'static));
    }
    None
}

const fn is_handshake_trouble(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}
