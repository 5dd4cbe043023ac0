//! [`Unreachable`] and [`UnexpectedAnswer`]: no answer came, or one that makes no sense.

use std::{borrow::Cow, error::Error, fmt, sync::Arc};

use super::{Diagnostic, RequestTrace};
use crate::text::excerpt;

/// How a request failed to get an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportKind {
    /// No connection was made, so nothing was sent. Repeated automatically, for every request.
    Connect,
    /// The server's certificate is not trusted, or is not the pinned one, so nothing was sent. Never repeated.
    UntrustedCertificate,
    /// No answer in time. The request may have been carried out: repeated automatically only if that does no harm.
    TimedOut,
    /// The connection broke. As [`TransportKind::TimedOut`].
    Interrupted,
    /// The request could not be put together, or the crate was built without TLS. Never repeated.
    Unusable,
}

impl TransportKind {
    /// The code of an error of this kind.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Connect => "notConnected",
            Self::UntrustedCertificate => "untrustedCertificate",
            Self::TimedOut => "timedOut",
            Self::Interrupted => "interrupted",
            Self::Unusable => "requestUnusable",
        }
    }
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
    /// Describes a failed request to `host`. The host's name ends on screens and in logs: it is cut after 2,000 characters,
    /// and control characters and bidirectional formatting characters become spaces.
    #[must_use]
    pub fn new(kind: TransportKind, host: impl Into<String>, trace: RequestTrace, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            host: excerpt(&host.into()),
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

    /// Whether the request may have been carried out although no answer came: by the last attempt, or, if it writes, by one
    /// before it whose answer was lost.
    #[must_use]
    pub const fn may_have_been_carried_out(&self) -> bool {
        self.trace.follows_lost_write || matches!(self.kind, TransportKind::TimedOut | TransportKind::Interrupted)
    }

    /// The same after a write that may have been carried out.
    pub(crate) const fn after_lost_write(mut self) -> Self {
        self.trace.follows_lost_write = true;
        self
    }
}

impl Diagnostic for Unreachable {
    fn code(&self) -> &'static str {
        self.kind.code()
    }

    fn help(&self) -> Cow<'_, str> {
        match self.kind {
            TransportKind::Connect => format!(
                "Check that this machine may open HTTPS connections to {} (proxy, firewall, DNS), then repeat the run.",
                self.host
            )
            .into(),
            TransportKind::UntrustedCertificate => format!(
                "{}Find out who issued the certificate that {} shows: if it is your organization (an inspecting proxy, a site's own authority), trust that root (`HttpOptions::trusted_root_pem`; on the command line --trusted-root FILE); if not, another machine answers in its place.",
                if self.trace.follows_lost_write { "" } else { "Nothing was sent. " },
                self.host
            )
            .into(),
            TransportKind::TimedOut | TransportKind::Interrupted => "Repeat the run: what was carried out is found and kept.".into(),
            TransportKind::Unusable => {
                "Check the endpoint. A program that embeds the crate needs its feature `rustls`, which is on by default.".into()
            }
        }
    }

    fn trace(&self) -> Option<&RequestTrace> {
        Some(&self.trace)
    }

    fn is_retryable(&self) -> bool {
        match self.kind {
            TransportKind::Connect | TransportKind::TimedOut | TransportKind::Interrupted => true,
            TransportKind::UntrustedCertificate | TransportKind::Unusable => false,
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TransportKind::Connect => "no connection could be made to",
            TransportKind::UntrustedCertificate => "this machine does not trust the certificate of",
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
    /// Describes an unusable answer. `problem` never contains the body. Texts are taken as those of an [`Unreachable`] are.
    #[must_use]
    pub fn new(host: impl Into<String>, problem: impl Into<String>, trace: RequestTrace) -> Self {
        Self {
            host: excerpt(&host.into()),
            problem: excerpt(&problem.into()),
            trace,
        }
    }

    /// What is wrong with the answer.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl Diagnostic for UnexpectedAnswer {
    fn code(&self) -> &'static str {
        "unexpectedAnswer"
    }

    fn help(&self) -> Cow<'_, str> {
        format!(
            "Something between this machine and {} may have answered in its place. Check proxy and endpoint, then repeat the run.",
            self.host
        )
        .into()
    }

    fn trace(&self) -> Option<&RequestTrace> {
        Some(&self.trace)
    }

    fn is_retryable(&self) -> bool {
        true
    }
}
