//! The one request pipeline, for everything that speaks HTTP.
//!
//! The order is fixed: endpoint check, authorization, one attempt, a log event, the verdict, the wait. Only
//! `client` knows which HTTP library does the work; every other file is free of it.

mod answer;
mod authorize;
mod challenge;
mod client;
mod fingerprint;
mod pinning;
mod pipeline;
mod protocol;
mod request;
mod retry;
mod retry_after;
mod transport;

pub(crate) use answer::Answer;
#[cfg(feature = "emulator")]
pub(crate) use authorize::Authorization;
pub(crate) use authorize::{Authorize, Rejection, Scheme};
pub(crate) use challenge::claims_of;
pub use client::InvalidRootCertificate;
pub(crate) use client::{ReqwestTransport, TransportSettings, TrustedRoots};
pub use fingerprint::{CertificateFingerprint, InvalidFingerprint};
pub(crate) use pinning::NotPinned;
pub(crate) use pipeline::{HttpError, Pipeline};
pub(crate) use request::{Method, Request, percent_encoded};
pub(crate) use retry::{Advice, RetryPolicy};

#[cfg(any(test, feature = "emulator"))]
pub(crate) use answer::AnswerHeaders;
#[cfg(feature = "emulator")]
pub(crate) use answer::RawAnswer;
#[cfg(fuzzing)]
pub(crate) use retry_after::wait_of;

#[cfg(test)]
pub(crate) use answer::answer as answer_for_tests;
#[cfg(feature = "emulator")]
pub(crate) use transport::{Transport, TransportFailure};
