//! The settings of a [`GraphDirectory`].

use std::sync::Arc;

use super::{
    GraphDirectory,
    client::{ClockLead, GraphClient},
};
use crate::{
    clock::{Clock, SystemClock},
    cloud::CloudEndpoints,
    http::HttpClient,
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
    optional_scopes: Vec<String>,
    clock: Arc<dyn Clock>,
    http: HttpClient,
}

impl GraphDirectoryBuilder {
    pub(super) fn new(endpoints: CloudEndpoints, tokens: Arc<dyn TokenProvider>) -> Self {
        Self {
            endpoints,
            tokens,
            tenant: None,
            scopes: None,
            optional_scopes: Vec::new(),
            clock: Arc::new(SystemClock),
            http: HttpClient::default(),
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
    /// fixed. An application that asks a person wants [`sign_in_scopes`](crate::token::sign_in_scopes): the
    /// person then consents to what the job takes, and to nothing else.
    pub fn scopes<I: IntoIterator<Item = S>, S: Into<String>>(mut self, scopes: I) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Scopes to ask a person for as well, by their full names; the sign-in goes on without them if consent to them is
    /// refused. Default: none. [`optional_sign_in_scopes`](crate::token::optional_sign_in_scopes) has what is
    /// worth offering.
    pub fn optional_scopes<I: IntoIterator<Item = S>, S: Into<String>>(mut self, scopes: I) -> Self {
        self.optional_scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Another clock, for the end of tokens, for `Retry-After` dates and for what a policy says about apps created now.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The HTTP client to use. Default: one of its own, with the defaults of
    /// [`HttpOptions`](crate::http::HttpOptions). Give all that run in one process the same one: they share connections.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = client;
        self
    }

    /// The directory.
    #[must_use]
    pub fn build(self) -> GraphDirectory {
        let pipeline = self.http.pipeline(Arc::clone(&self.clock));
        let mut request = TokenRequest::new(self.scopes.unwrap_or_else(|| vec![self.endpoints.default_scope()]));
        request.tenant = self.tenant;
        request.optional_scopes = self.optional_scopes;
        GraphDirectory::over(GraphClient {
            endpoints: self.endpoints,
            tokens: ServiceTokens::new(self.tokens, request).with_clock(Arc::clone(&self.clock)),
            clock: self.clock,
            pipeline,
            lead: ClockLead::default(),
        })
    }
}
