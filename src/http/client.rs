//! [`HttpClient`], the handle that every part of the crate that speaks HTTP takes.
//!
//! It holds a transport and the settings of the pipeline above it. A directory, a site or a token provider
//! takes a pipeline of its own from it; all of them share its connections.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    HttpOptions, RetryPolicy,
    answer::Answer,
    error::HttpError,
    network::NetworkTransport,
    pipeline::Pipeline,
    request::Request,
    silence::Answered,
    transport::{Route, Transport},
};
use crate::{
    call::Call,
    clock::{Clock, SystemClock},
};

/// Sends requests, and sends them again if that does no harm.
///
/// Build one per process and give it to every directory, site and token provider by their `http` setting: what uses the
/// same client shares its connections, by origin, proxy and trust. Left out, each of them has a client of its own with
/// the [defaults](HttpOptions).
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, GraphDirectory, StaticToken, http::{HttpClient, HttpOptions}};
///
/// let http = HttpClient::new(HttpOptions::new());
/// let endpoints = CloudEndpoints::default();
/// let first = GraphDirectory::builder(endpoints.clone(), StaticToken::new("eyJ0...")).http(http.clone()).build();
/// let second = GraphDirectory::builder(endpoints, StaticToken::new("eyJ1...")).http(http).build();
/// # let _ = (first, second);
/// ```
///
/// # Pooling and cloning
///
/// It is a handle: clones are cheap and share connections, of which there is one per origin for all parallel requests
/// wherever HTTP/2 is spoken. Nothing is sent before the first request, and no task of its own is left behind. Two
/// callers whose sign-in is bound to the connection (Kerberos) never share one.
#[derive(Debug, Clone)]
pub struct HttpClient {
    /// The settings of a client that goes over the network.
    network: Option<Arc<HttpOptions>>,
    transport: Arc<dyn Transport>,
    retry: RetryPolicy,
    request_timeout: Duration,
    answered: Arc<Answered>,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new(HttpOptions::new())
    }
}

impl HttpClient {
    /// A client over the network.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        let options = Arc::new(options);
        Self {
            transport: Arc::new(NetworkTransport::new(Arc::clone(&options))),
            retry: options.retry.clone(),
            request_timeout: options.request_timeout,
            network: Some(options),
            answered: Arc::default(),
        }
    }

    /// A client over this transport, with the default retries and request time-out.
    #[must_use]
    pub fn over(transport: impl Transport + 'static) -> Self {
        let options = HttpOptions::new();
        Self {
            network: None,
            transport: Arc::new(transport),
            retry: options.retry,
            request_timeout: options.request_timeout,
            answered: Arc::default(),
        }
    }

    /// The same with other retries. The connections are shared.
    #[must_use]
    pub fn with_retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The same with another limit for one attempt. The connections are shared.
    #[must_use]
    pub const fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// What carries the attempts, to be wrapped by a transport that records them.
    #[must_use]
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.transport)
    }

    /// Sends a request without a token until there is an answer that another attempt would not better, with any
    /// status.
    ///
    /// # Errors
    ///
    /// If no usable answer came, and if the answer redirects.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt under way, which may have been carried out. Nothing goes on behind it.
    pub async fn send(&self, call: Call, request: &Request) -> Result<Answer, HttpError> {
        let pipeline = self.pipeline(Arc::new(SystemClock));
        pipeline.send(call, request, None, |_| None).await
    }

    pub(crate) fn pipeline(&self, clock: Arc<dyn Clock>) -> Pipeline {
        Pipeline::new(Arc::clone(&self.transport), self.retry.clone(), self.request_timeout, clock).sharing(&self.answered)
    }

    /// The same for what a person waits for: it ends within `deadline`, and each attempt within `attempt`.
    pub(crate) fn pipeline_within(&self, deadline: Duration, attempt: Duration, clock: Arc<dyn Clock>) -> Pipeline {
        let retry = self.retry.clone().within(deadline);
        Pipeline::new(Arc::clone(&self.transport), retry, self.request_timeout.min(attempt), clock).sharing(&self.answered)
    }

    /// The same past every proxy; with connections of its own if the sign-in is bound to them.
    pub(crate) fn direct_pipeline(&self, is_direct: bool, is_bound: bool, clock: Arc<dyn Clock>) -> Pipeline {
        let own = self.network.as_ref().filter(|_| is_bound);
        let transport = match own {
            Some(options) => Arc::new(NetworkTransport::new(Arc::clone(options))),
            None => Arc::clone(&self.transport),
        };
        let identity = is_bound.then(Uuid::new_v4);
        let pipeline = Pipeline::new(transport, self.retry.clone(), self.request_timeout, clock);
        pipeline.sharing(&self.answered).by(Route { is_direct, identity })
    }
}
