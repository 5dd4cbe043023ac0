//! No answer, or none that makes sense.

use std::{error::Error, fmt, sync::Arc};

use super::RequestTrace;

/// How a request failed to get an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportKind {
    /// No connection was made, so nothing was sent. Repeated automatically, whatever the request.
    Connect,
    /// The server's certificate is not trusted, or is not the pinned one, so nothing was sent. Never repeated.
    UntrustedCertificate,
    /// No answer in time. The request may have been carried out: repeated automatically only where that does no harm.
    TimedOut,
    /// The connection broke. As [`TransportKind::TimedOut`].
    Interrupted,
    /// The request could not be put together, or the crate was built without TLS. Never repeated.
    Unusable,
}

/// The service was not reached, or the connection to it broke.
#[derive(Debug, Clone)]
pub struct Unreachable {
    kind: TransportKind,
    host: String,
    trace: RequestTrace,
    source: Arc<dyn Error + Send + Sync>,
}

impl Unreachable {
    /// Describes a failed request to `host`.
    #[must_use]
    pub fn new(kind: TransportKind, host: impl Into<String>, trace: RequestTrace, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            host: host.into(),
            trace,
            source: Arc::from(source.into()),
        }
    }

    /// How it failed.
    #[must_use]
    pub const fn kind(&self) -> TransportKind {
        self.kind
    }

    /// The host that was asked.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Which request.
    #[must_use]
    pub const fn trace(&self) -> &RequestTrace {
        &self.trace
    }

    /// Whether the request may have been carried out although no answer came.
    #[must_use]
    pub const fn may_have_been_carried_out(&self) -> bool {
        matches!(self.kind, TransportKind::TimedOut | TransportKind::Interrupted)
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self.kind {
            TransportKind::Connect => format!(
                "Check that this machine may open HTTPS connections to {} (proxy, firewall, DNS), then run the same again.",
                self.host
            ),
            TransportKind::UntrustedCertificate => format!(
                "Nothing was sent. Find out who issued the certificate that {} shows: if it is your organization (an inspecting proxy, a site's own authority), trust that root with `HttpOptions::trusted_root_pem`; if not, another machine answers in its place.",
                self.host
            ),
            TransportKind::TimedOut | TransportKind::Interrupted => {
                "Run the same again: what was carried out is found and kept.".to_owned()
            }
            TransportKind::Unusable => {
                "Check the endpoint, and that the crate was built with its feature `rustls`, which is on by default.".to_owned()
            }
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TransportKind::Connect => "no connection could be made to",
            TransportKind::UntrustedCertificate => "the certificate is not trusted of",
            TransportKind::TimedOut => "no answer came in time from",
            TransportKind::Interrupted => "the connection broke to",
            TransportKind::Unusable => "no request could be sent to",
        };
        write!(formatter, "{what} {} ({})", self.host, self.trace)
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The answer is not what the service sends: a proxy's page, an empty or a cut body, JSON of another shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer of {host} cannot be used: {problem} ({trace})")]
pub struct UnexpectedAnswer {
    host: String,
    problem: String,
    trace: RequestTrace,
}

impl UnexpectedAnswer {
    /// Describes an unusable answer. `problem` never contains the body.
    #[must_use]
    pub fn new(host: impl Into<String>, problem: impl Into<String>, trace: RequestTrace) -> Self {
        Self {
            host: host.into(),
            problem: problem.into(),
            trace,
        }
    }

    /// Which request.
    #[must_use]
    pub const fn trace(&self) -> &RequestTrace {
        &self.trace
    }

    /// What is wrong with the answer.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        format!(
            "Something between this machine and {} may have answered in its place. Check proxy and endpoint, then run the same again.",
            self.host
        )
    }
}
