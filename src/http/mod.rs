//! HTTP, for everything in this crate that speaks it.
//!
//! [`HttpClient`] is the one handle: it is built from [`HttpOptions`], or over a [`Transport`] of your own, and every
//! builder takes one by its `http` setting. The order of a request is fixed: authorization, one attempt, a log event,
//! the verdict, the wait. Only `network` knows which HTTP library does the work.

mod answer;
mod authorize;
mod challenge;
mod client;
mod fingerprint;
mod network;
mod options;
mod pinning;
mod pipeline;
mod protocol;
mod proxy_trouble;
mod request;
mod retry;
mod retry_after;
mod silence;
mod transport;
mod warming;

pub use answer::{Answer, RawAnswer};
pub use client::HttpClient;
pub use fingerprint::{CertificateFingerprint, InvalidFingerprint};
pub use options::{HttpOptions, InvalidHttpOption, Proxy};
pub use pipeline::HttpError;
pub use request::{Method, Request};
pub use retry::RetryPolicy;
pub use transport::{Attempt, Transport, TransportFailure};

pub(crate) use authorize::{Authorize, Rejection, Scheme};
pub(crate) use challenge::claims_of;
pub(crate) use pinning::NotPinned;
pub(crate) use pipeline::Pipeline;
pub(crate) use request::percent_encoded;
pub(crate) use retry::Advice;

#[cfg(any(fuzzing, test))]
pub(crate) use retry_after::wait_of;

#[cfg(test)]
pub(crate) use answer::{AnswerHeaders, answer as answer_for_tests};
