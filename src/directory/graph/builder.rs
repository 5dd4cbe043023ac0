//! The settings of a [`GraphDirectory`].

use std::{sync::Arc, time::Duration};

use super::{GraphDirectory, client::GraphClient};
#[cfg(feature = "emulator")]
use crate::http::Transport;
use crate::{
    clock::{Clock, SystemClock},
    cloud::CloudEndpoints,
    http::{InvalidRootCertificate, Pipeline, ReqwestTransport, RetryPolicy, TrustedRoots},
    ids::TenantId,
    token::{ServiceTokens, TokenProvider, TokenRequest},
};

/// Puts a [`GraphDirectory`] together. Nothing is sent before the first call on the result.
#[derive(Debug, Clone)]
#[must_use]
pub struct GraphDirectoryBuilder {
    endpoints: CloudEndpoints,
    tokens: Arc<dyn TokenProvider>,
    tenant: Option<TenantId>,
    scopes: Option<Vec<String>>,
    clock: Arc<dyn Clock>,
    roots: TrustedRoots,
    retry_deadline: Duration,
    request_timeout: Duration,
    #[cfg(feature = "emulator")]
    transport: Option<Arc<dyn Transport>>,
}

impl GraphDirectoryBuilder {
    pub(super) fn new(endpoints: CloudEndpoints, tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            endpoints,
            tokens,
            tenant: None,
            scopes: None,
            clock: Arc::new(SystemClock),
            roots: TrustedRoots::default(),
            retry_deadline: RetryPolicy::default().deadline,
            request_timeout: Duration::from_secs(60),
            #[cfg(feature = "emulator")]
            transport: None,
        }
    }

    /// The tenant to sign in to. Left out, the token provider decides.
    pub fn tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// The scopes that tokens are asked for, by their full names. Default: everything that the sign-in application was
    /// granted, `.default`.
    ///
    /// The default is right for applications that sign in by themselves, and for the Azure CLI, whose permissions are
    /// fixed. An application that asks a person wants [`crate::token::sign_in_scopes`]: the person then consents to what
    /// the job takes, and to nothing else.
    pub fn scopes<I: IntoIterator<Item = S>, S: Into<String>>(mut self, scopes: I) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Another clock, for the end of tokens, for `Retry-After` dates and for what a policy says about apps created now.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Trusts these issuers beside those of the operating system, as an inspecting proxy may need. Adds up.
    ///
    /// # Errors
    ///
    /// When the text is not one or more certificates in PEM.
    pub fn trusted_root_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InvalidRootCertificate> {
        self.roots.add_pem(pem.as_ref())?;
        Ok(self)
    }

    /// How long a call is repeated at most, from its first attempt; two minutes unless set. Signing in does not count.
    pub const fn retry_deadline(mut self, deadline: Duration) -> Self {
        self.retry_deadline = deadline;
        self
    }

    /// How long one attempt may take; one minute unless set.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Another way to the other end than the network.
    #[cfg(feature = "emulator")]
    pub(crate) fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The directory.
    #[must_use]
    pub fn build(self) -> GraphDirectory {
        let policy = RetryPolicy {
            deadline: self.retry_deadline,
            ..RetryPolicy::default()
        };
        let network = || Arc::new(ReqwestTransport::new(self.roots));
        #[cfg(feature = "emulator")]
        let transport = self.transport.unwrap_or_else(|| network());
        #[cfg(not(feature = "emulator"))]
        let transport = network();
        let pipeline = Pipeline::new(transport, policy, self.request_timeout, Arc::clone(&self.clock));
        let mut request = TokenRequest::new(self.scopes.unwrap_or_else(|| vec![self.endpoints.default_scope()]));
        request.tenant = self.tenant;
        GraphDirectory::over(GraphClient {
            endpoints: self.endpoints,
            tokens: ServiceTokens::new(self.tokens, request).with_clock(Arc::clone(&self.clock)),
            clock: self.clock,
            pipeline,
        })
    }
}
