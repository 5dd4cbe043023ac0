//! The trait behind which the network lies: one attempt, without judgement.
//!
//! [`Transport`] is public, so that a program can record, replay, or bring its own TLS stack. A transport
//! carries one [`Attempt`] and answers with a [`RawAnswer`] of any status or a [`TransportFailure`]; retries,
//! waits and tokens are above it, in the pipeline.

use std::{
    borrow::Cow,
    error::Error,
    fmt::{self, Debug},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use secrecy::SecretString;
use uuid::Uuid;

use super::{answer::RawAnswer, authorize::Authorization, request::Request};
use crate::error::{Diagnostic, TransportKind};

/// Carries one request to a service and its answer back, once.
///
/// The crate's own implementation speaks HTTP/2 and HTTP/1.1 over TLS, see [`HttpClient`](super::HttpClient). Another
/// one records answers, replays them, brings its own TLS stack, or leads to an emulator. Retries, waits, tokens and the
/// meaning of a status are not its business: [`HttpClient`](super::HttpClient) has them above every transport.
///
/// ```
/// use cmg_onboarding::{async_trait, http::{Attempt, HttpClient, RawAnswer, Transport, TransportFailure}};
///
/// /// Answers every request with an empty list.
/// #[derive(Debug)]
/// struct Empty;
///
/// #[async_trait]
/// impl Transport for Empty {
///     async fn attempt(&self, _attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
///         Ok(RawAnswer::new(200).with_header("content-type", "application/json").with_body(br#"{"value": []}"#))
///     }
/// }
///
/// let client = HttpClient::over(Empty);
/// # let _ = client;
/// ```
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends the request once, within its time limit, and answers with what came back, with any status. It follows
    /// no redirect and repeats nothing.
    ///
    /// # Errors
    ///
    /// If no whole answer came. The kind of the failure decides whether the request is sent again:
    /// [`TransportKind::Connect`] says that nothing was sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives the attempt up. The service may have carried it out.
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure>;

    /// Opens a connection for requests that are about to come, if the transport keeps connections and has none for this
    /// origin. Default: nothing.
    ///
    /// It is called while a token is being fetched and runs beside that, so that the first request finds its connection
    /// open. The attempt asks for the root of the origin and carries no token. Its answer and its failure mean nothing.
    /// A transport that wraps another one forwards it, or does without.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped if the request that it is for ends first.
    async fn warm(&self, _attempt: Attempt<'_>) {}
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn attempt(&self, attempt: Attempt<'_>) -> Result<RawAnswer, TransportFailure> {
        (**self).attempt(attempt).await
    }

    async fn warm(&self, attempt: Attempt<'_>) {
        (**self).warm(attempt).await;
    }
}

/// One attempt at a request.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    request: &'a Request,
    authorization: Option<&'a Authorization>,
    time_limit: Duration,
    route: Route,
}

/// What a caller of the pipeline wants of the connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Route {
    /// Past every proxy, for hosts in the same network.
    pub(crate) is_direct: bool,
    /// Whose connections these are, if the sign-in is bound to the connection.
    pub(crate) identity: Option<Uuid>,
}

impl<'a> Attempt<'a> {
    /// An attempt without a token, as a transport's own tests make it.
    #[must_use]
    pub fn new(request: &'a Request, time_limit: Duration) -> Self {
        Self::by(request, None, time_limit, Route::default())
    }

    pub(crate) const fn by(request: &'a Request, authorization: Option<&'a Authorization>, time_limit: Duration, route: Route) -> Self {
        Self {
            request,
            authorization,
            time_limit,
            route,
        }
    }

    /// What to send.
    #[must_use]
    pub const fn request(&self) -> &'a Request {
        self.request
    }

    /// The value of the `Authorization` header, if the request has one. It belongs into no record and no log.
    #[must_use]
    pub fn authorization(&self) -> Option<SecretString> {
        self.authorization.map(Authorization::header)
    }

    /// How long the attempt may take, from the first byte sent to the last one received.
    #[must_use]
    pub const fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// Whether to go past every proxy, because the host is in the same network.
    #[must_use]
    pub const fn is_direct(&self) -> bool {
        self.route.is_direct
    }

    /// Set if the service knows its caller by the connection (Kerberos): such an attempt goes over HTTP/1.1, and a
    /// connection must never serve attempts of two different identities, nor one with and one without.
    #[must_use]
    pub const fn identity(&self) -> Option<Uuid> {
        self.route.identity
    }
}

/// An attempt brought no usable answer.
#[derive(Debug)]
pub struct TransportFailure {
    kind: Option<TransportKind>,
    is_lasting: bool,
    source: Box<dyn Error + Send + Sync>,
}

impl TransportFailure {
    /// No answer, for this reason. `source` is shown and logged: it must hold neither token, body nor query.
    #[must_use]
    pub fn new(kind: TransportKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Some(kind),
            is_lasting: matches!(kind, TransportKind::Unusable | TransportKind::UntrustedCertificate),
            source: source.into(),
        }
    }

    /// The answer is longer than [`Request::longest_answer`].
    #[must_use]
    pub fn too_long() -> Self {
        Self {
            kind: None,
            is_lasting: true,
            source: Box::new(TooLong),
        }
    }

    /// The same, marked as one that another attempt meets again, of any kind: a handshake that was refused.
    #[must_use]
    pub const fn lasting(mut self) -> Self {
        self.is_lasting = true;
        self
    }

    /// How it failed; `None` if an answer came and was too long.
    #[must_use]
    pub const fn kind(&self) -> Option<TransportKind> {
        self.kind
    }

    /// Whether another attempt would meet the same trouble.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    pub(crate) fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.source
    }
}

impl fmt::Display for TransportFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Some(TransportKind::Connect) => formatter.write_str("no connection was made"),
            Some(TransportKind::UntrustedCertificate) => formatter.write_str("the certificate is not trusted"),
            Some(TransportKind::TimedOut) => formatter.write_str("no answer came in time"),
            Some(TransportKind::Interrupted) => formatter.write_str("the connection broke"),
            Some(TransportKind::Unusable) => formatter.write_str("the request could not be sent"),
            None => formatter.write_str("the answer was not read to its end"),
        }
    }
}

impl Diagnostic for TransportFailure {
    fn code(&self) -> &'static str {
        self.kind.map_or("answerTooLong", TransportKind::code)
    }

    fn help(&self) -> Cow<'_, str> {
        match self.kind {
            Some(TransportKind::Connect) => "Check proxy, firewall and DNS of this machine, then repeat the run.",
            Some(TransportKind::UntrustedCertificate) => {
                "Trust the issuer of the server's certificate (`HttpOptions::trusted_root_pem`; on the command line --trusted-root FILE)."
            }
            Some(TransportKind::TimedOut | TransportKind::Interrupted) => "Repeat the run: what was carried out is found and kept.",
            Some(TransportKind::Unusable) => "Check the endpoint. A program that embeds the crate needs its feature `rustls`.",
            None => "Something between this machine and the service may have answered in its place: check proxy and endpoint.",
        }
        .into()
    }

    fn is_retryable(&self) -> bool {
        !self.is_lasting
    }
}

impl Error for TransportFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the answer is longer than any that makes sense")]
struct TooLong;
