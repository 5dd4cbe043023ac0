//! The HTTP library. Beside this file, only [`roots`](super::roots) names it.
//!
//! Over TLS, HTTP/2 is spoken from the first byte, because only then do parallel first requests share one connection:
//! a client that lets TLS negotiate opens one connection for each of them, before it learns that one would do.
//! If an origin cannot do it, such as an old server or a proxy that inspects TLS, the transport asks it again with
//! negotiation, and remembers that until it speaks HTTP/2 again. Plain HTTP goes to the loopback interface only, over HTTP/1.1; nothing there goes through a proxy.

use std::{
    collections::HashMap,
    error::Error,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::{
    Client, ClientBuilder, Response, Version,
    header::{AUTHORIZATION, HeaderValue},
    redirect::Policy,
};
use secrecy::{ExposeSecret, zeroize::Zeroizing};

use super::{
    CertificateFingerprint, HttpOptions,
    answer::RawAnswer,
    options::ProxyChoice,
    protocol::{Protocol, Protocols},
    proxy_trouble::ProxyTrouble,
    request::Method,
    transport::{Attempt, Transport, TransportFailure},
};
use crate::{
    cloud::{is_loopback, is_safe_endpoint},
    error::{TransportKind, chain},
};

/// A connection that does not answer this soon to a ping is given up, so that repeats do not go to a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Sends requests over the network. Its connections are opened when first needed, and shared by all its users.
#[derive(Debug)]
pub(super) struct NetworkTransport {
    options: Arc<HttpOptions>,
    clients: Mutex<HashMap<Settings, Client>>,
    protocols: Protocols,
}

/// What attempts that share a connection have in common, beside the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Settings {
    /// `None` leaves the protocol to TLS.
    protocol: Option<Protocol>,
    is_past_proxy: bool,
    pin: Option<CertificateFingerprint>,
}

impl NetworkTransport {
    pub(super) fn new(options: Arc<HttpOptions>) -> Self {
        Self {
            options,
            clients: Mutex::default(),
            protocols: Protocols::default(),
        }
    }

    /// The client for an attempt and a protocol.
    fn client(&self, attempt: &Attempt<'_>, protocol: Option<Protocol>) -> Result<Client, TransportFailure> {
        let url = attempt.request().url();
        let settings = Settings {
            protocol,
            is_past_proxy: attempt.is_direct() || is_loopback(url),
            pin: self.options.pin_of(url),
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&settings) {
            return Ok(client.clone());
        }
        let built = self.builder(settings)?.build();
        let client = built.map_err(|error| TransportFailure::new(TransportKind::Unusable, error.without_url()))?;
        clients.insert(settings, client.clone());
        Ok(client)
    }

    fn builder(&self, settings: Settings) -> Result<ClientBuilder, TransportFailure> {
        let common = Client::builder()
            .user_agent(&self.options.user_agent)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.options.connect_timeout)
            .read_timeout(self.options.longest_silence)
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate();
        let common = match &self.options.proxy.0 {
            _ if settings.is_past_proxy => common.no_proxy(),
            ProxyChoice::None => common.no_proxy(),
            ProxyChoice::System => common,
            ProxyChoice::At { url, credentials } => {
                let proxy = reqwest::Proxy::all(url.clone());
                let proxy = proxy.map_err(|error| TransportFailure::new(TransportKind::Unusable, error.without_url()))?;
                common.proxy(match credentials {
                    Some((user, password)) => proxy.basic_auth(user, password.expose_secret()),
                    None => proxy,
                })
            }
        };
        let shaped = match settings.protocol {
            Some(Protocol::Http2) => common
                .http2_prior_knowledge()
                .http2_keep_alive_interval(KEEP_ALIVE)
                .http2_keep_alive_timeout(KEEP_ALIVE),
            Some(Protocol::Http1) => common.http1_only(),
            None => common,
        };
        self.trusting(shaped, settings)
    }

    /// Decides whose certificate is accepted.
    #[cfg(feature = "rustls")]
    fn trusting(&self, builder: ClientBuilder, settings: Settings) -> Result<ClientBuilder, TransportFailure> {
        let unusable = |error| TransportFailure::new(TransportKind::Unusable, error);
        let Some(fingerprint) = settings.pin else {
            let mut roots = Vec::new();
            for text in &self.options.roots {
                roots.extend(reqwest::Certificate::from_pem_bundle(text).map_err(|error| unusable(Box::new(error)))?);
            }
            return Ok(if roots.is_empty() {
                builder
            } else {
                builder.tls_certs_merge(roots)
            });
        };
        let protocols: &[&[u8]] = match settings.protocol {
            Some(Protocol::Http2) => &[b"h2"],
            Some(Protocol::Http1) => &[b"http/1.1"],
            None => &[b"h2", b"http/1.1"],
        };
        let config = super::pinning::tls_config(fingerprint, protocols);
        let config = config.map_err(|error| TransportFailure::new(TransportKind::Unusable, error))?;
        Ok(builder.tls_backend_preconfigured(config))
    }

    #[cfg(not(feature = "rustls"))]
    fn trusting(&self, builder: ClientBuilder, _: Settings) -> Result<ClientBuilder, TransportFailure> {
        Ok(builder)
    }

    /// Sends the request with this client. `tells` whether the answer's protocol is to be remembered.
    async fn exchange(&self, client: Client, attempt: &Attempt<'_>, tells: bool) -> Result<RawAnswer, TransportFailure> {
        let response = client.execute(built(&client, attempt)?).await.map_err(failure)?;
        if tells {
            let protocol = match response.version() {
                Version::HTTP_2 => Protocol::Http2,
                _ => Protocol::Http1,
            };
            self.protocols.remember(attempt.request().url(), protocol);
        }
        let mut answer = RawAnswer::new(response.status().as_u16());
        for (name, value) in response.headers() {
            if let Ok(value) = value.to_str() {
                answer.headers.set(name.as_str(), value);
            }
        }
        answer.body = body(response, attempt.request().longest_answer()).await?;
        Ok(answer)
    }
}

#[async_trait]
impl Transport for NetworkTransport {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        let attempt = &attempt;
        let url = attempt.request().url();
        if !is_safe_endpoint(url) {
            return Err(TransportFailure::new(
                TransportKind::Unusable,
                "only HTTPS is spoken outside this machine",
            ));
        }
        // Windows signs in over HTTP/1.1 only.
        if url.scheme() == "http" || attempt.identity().is_some() {
            let client = self.client(attempt, Some(Protocol::Http1))?;
            return self.exchange(client, attempt, false).await;
        }
        let negotiated = || self.client(attempt, None);
        let known = self.protocols.of(url);
        if known == Some(Protocol::Http1) {
            return self.exchange(negotiated()?, attempt, true).await;
        }
        let http2 = self.client(attempt, Some(Protocol::Http2))?;
        let first = self.exchange(http2, attempt, true).await;
        let Err(error) = first else { return first };
        // What has spoken HTTP/2 may be behind a proxy by now that does not. But another request may have found out in the
        // meantime that an origin of which nothing was known does speak it.
        let has_turned_out = known.is_none() && self.protocols.of(url) == Some(Protocol::Http2);
        if has_turned_out || !may_want_http1(&error) {
            return Err(error);
        }
        if error.kind() == Some(TransportKind::Interrupted) && attempt.request().writes() {
            // It may have been carried out, which is for the caller to know. The next attempt finds out how to speak.
            self.protocols.remember(url, Protocol::Http1);
            return Err(error);
        }
        self.exchange(negotiated()?, attempt, true).await
    }

    async fn warm(&self, attempt: Attempt<'_>) {
        let url = attempt.request().url();
        // Plain HTTP needs no handshake, and a connection that is bound to an identity is opened by its own sign-in.
        if url.scheme() != "https" || attempt.identity().is_some() {
            return;
        }
        let Some(_opening) = self.protocols.begin_opening(url) else {
            return;
        };
        // The request that needs the connection meets the same trouble and tells it.
        let _ = self.attempt(attempt).await;
    }
}

/// Whether a server or a proxy that speaks HTTP/1.1 only would have failed like this.
fn may_want_http1(failure: &TransportFailure) -> bool {
    match failure.kind() {
        Some(TransportKind::Connect) => failure.source().is_some_and(|source| handshake_failure(source).is_some()),
        Some(TransportKind::Interrupted) => true,
        _ => false,
    }
}

fn built(client: &Client, attempt: &Attempt<'_>) -> Result<reqwest::Request, TransportFailure> {
    let request = attempt.request();
    let method = match request.method() {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut builder = client.request(method, request.url().clone()).timeout(attempt.time_limit());
    for (name, value) in request.headers() {
        builder = builder.header(name, value);
    }
    if let Some(authorization) = attempt.authorization() {
        let mut value = HeaderValue::from_maybe_shared(wiped(authorization.expose_secret().as_bytes()))
            .map_err(|_| TransportFailure::new(TransportKind::Unusable, "the token has characters that no token has"))?;
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    if let Some(body) = request.body() {
        builder = builder.body(wiped(body));
    }
    builder
        .build()
        .map_err(|error| TransportFailure::new(TransportKind::Unusable, error.without_url()))
}

/// Bytes for the library, which are wiped when the last of its parts has dropped them.
fn wiped(bytes: &[u8]) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes.to_vec()))
}

async fn body(mut response: Response, longest: usize) -> Result<Zeroizing<Vec<u8>>, TransportFailure> {
    let announced = response.content_length().unwrap_or_default();
    if announced > longest as u64 {
        return Err(TransportFailure::too_long());
    }
    // Reserved at once, so that growing leaves no unwiped copies; but never on the word of a header alone.
    let reserved = usize::try_from(announced).unwrap_or_default().min(64 * 1024);
    let mut bytes = Zeroizing::new(Vec::with_capacity(reserved));
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if bytes.len() + chunk.len() > longest {
            return Err(TransportFailure::too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Sorts a library error into the kinds that decide on repeating. The URL is dropped: its query may be confidential.
fn failure(error: reqwest::Error) -> TransportFailure {
    let error = error.without_url();
    #[cfg(feature = "rustls")]
    if let Some(trouble) = super::pinning::untrusted(&error) {
        let kind = TransportKind::UntrustedCertificate;
        return match super::pinning::not_pinned(trouble) {
            Some(refusal) => TransportFailure::new(kind, refusal),
            None => TransportFailure::new(kind, error),
        };
    }
    let error = match ProxyTrouble::of(error) {
        Ok(trouble) => {
            let is_lasting = trouble.is_lasting();
            let failure = TransportFailure::new(TransportKind::Connect, trouble);
            return if is_lasting { failure.lasting() } else { failure };
        }
        Err(error) => error,
    };
    let kind = match () {
        () if error.is_builder() || is_without_tls(&error) => TransportKind::Unusable,
        () if error.is_connect() => TransportKind::Connect,
        () if error.is_timeout() => TransportKind::TimedOut,
        () => TransportKind::Interrupted,
    };
    let is_lasting = kind == TransportKind::Connect && handshake_failure(&error) == Some(io::ErrorKind::InvalidData);
    let failure = TransportFailure::new(kind, error);
    if is_lasting { failure.lasting() } else { failure }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_may_be_as_long_as_is_taken_and_no_byte_longer() {
        let answer = || Response::from(hyper::http::Response::new("12345"));
        assert_eq!(answer().content_length(), Some(5));
        assert_eq!(*body(answer(), 5).await.unwrap(), b"12345");
        assert!(body(answer(), 4).await.is_err());
    }
}
