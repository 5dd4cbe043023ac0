//! The seam between the retry loop and the HTTP library: one attempt, no judgement.

use std::{error::Error, fmt::Debug, time::Duration};

use super::{answer::RawAnswer, authorize::Authorization, pinning::NotPinned, request::Request};
use crate::error::TransportKind;
use async_trait::async_trait;

/// Makes one attempt.
#[async_trait]
pub(crate) trait Transport: Debug + Send + Sync {
    /// Sends the request once; any status is an answer.
    async fn attempt(
        &self,
        request: &Request,
        authorization: Option<&Authorization>,
        limit: Duration,
    ) -> Result<RawAnswer, TransportFailure>;
}

/// One attempt brought no answer.
#[derive(Debug)]
pub(crate) enum TransportFailure {
    /// There is nobody to talk to, or the talk ended early.
    Unreachable {
        kind: TransportKind,
        /// A handshake that was turned down (an untrusted certificate, say): the next one will be, too.
        lasting: bool,
        source: Box<dyn Error + Send + Sync>,
    },
    /// The answer is longer than any that makes sense.
    TooLong,
    /// Somebody else answers than the one whose certificate is pinned. Nothing was sent.
    #[cfg_attr(not(feature = "rustls"), expect(dead_code, reason = "nothing is pinned without TLS"))]
    NotPinned(NotPinned),
}

impl TransportFailure {
    pub(crate) fn new(kind: TransportKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreachable {
            kind,
            lasting: false,
            source: source.into(),
        }
    }
}
