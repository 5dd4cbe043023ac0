//! HTTP, for everything in this crate that speaks it.
//!
//! [`HttpClient`] is the one handle: it is built from [`HttpOptions`], or over a [`Transport`] of your own,
//! and every builder takes one by its `http` setting. Clones share connections, by origin, proxy and trust.
//!
//! One call goes this way: `pipeline` gets a token (`authorize`), hands one attempt to the transport, logs
//! it, and asks `retry` whether to send it again and when; `retry_after` and `silence` say how long to wait
//! and when to give a host up; `warming` opens a connection while a token is being fetched. `network` is the
//! transport over the network and, beside `roots`, the only file that names the HTTP library; `protocol` remembers which
//! origins speak HTTP/2, `pinning` accepts one certificate, `proxy_trouble` explains a proxy.
//!
//! What this module guarantees: HTTPS only, but for the loopback interface; redirects are never followed; a
//! request that is not safe to repeat is sent again only if it provably did nothing; tokens, bodies and
//! queries are in no log, no error and no `Debug`; nothing is spawned, and dropping a future ends its
//! request.

mod answer;
mod authorize;
mod challenge;
mod client;
mod error;
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
mod roots;
mod silence;
mod spans;
mod transport;
mod warming;

pub use answer::{Answer, RawAnswer};
pub use client::HttpClient;
pub use error::HttpError;
pub use fingerprint::CertificateFingerprint;
pub use options::{HttpOptions, Proxy};
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
