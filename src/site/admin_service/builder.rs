//! The settings of an [`AdminServiceSite`]: HTTP client and clock.

use std::sync::Arc;

use super::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite, client::AdminServiceClient};
use crate::{
    clock::{Clock, SystemClock},
    error::InvalidValue,
    http::HttpClient,
};

/// Puts an [`AdminServiceSite`] together. Nothing is sent before the first call on the result.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct AdminServiceSiteBuilder {
    address: AdminServiceAddress,
    sign_in: AdminServiceSignIn,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl AdminServiceSiteBuilder {
    pub(super) fn new(address: AdminServiceAddress, sign_in: AdminServiceSignIn) -> Self {
        Self {
            address,
            sign_in,
            http: HttpClient::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// The HTTP client to use. Default: one of its own, with the defaults of
    /// [`HttpOptions`](crate::http::HttpOptions). Give all that run in one process the same one: they share connections.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = client;
        self
    }

    /// Another clock, for the end of tokens and for `Retry-After` dates.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The site.
    ///
    /// # Errors
    ///
    /// If Kerberos is to be used with an address that has no name.
    pub fn build(self) -> Result<AdminServiceSite, InvalidValue> {
        #[cfg(feature = "kerberos")]
        if self.sign_in.is_negotiated() && !self.address.has_name() {
            return Err(InvalidValue::new(crate::error::ValueKind::KerberosName));
        }
        let is_bound = self.sign_in.is_negotiated();
        let pipeline = self
            .http
            .direct_pipeline(self.address.is_direct(), is_bound, Arc::clone(&self.clock));
        Ok(AdminServiceSite {
            client: Arc::new(AdminServiceClient {
                address: self.address,
                sign_in: self.sign_in.with_clock(self.clock),
                pipeline,
            }),
        })
    }
}
