//! The settings of an [`AdminServiceSite`].

use std::{sync::Arc, time::Duration};

use super::{AdminServiceAddress, AdminServiceSignIn, AdminServiceSite, client::AdminServiceClient};
use crate::{
    clock::{Clock, SystemClock},
    http::{CertificateFingerprint, InvalidRootCertificate, Pipeline, ReqwestTransport, RetryPolicy, TransportSettings},
};

/// Puts an [`AdminServiceSite`] together. Nothing is sent before the first call on the result.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until build() is called"]
pub struct AdminServiceSiteBuilder {
    address: AdminServiceAddress,
    sign_in: AdminServiceSignIn,
    settings: TransportSettings,
    clock: Arc<dyn Clock>,
    retry_deadline: Duration,
    request_timeout: Duration,
}

impl AdminServiceSiteBuilder {
    pub(super) fn new(address: AdminServiceAddress, sign_in: AdminServiceSignIn) -> Self {
        Self {
            address,
            sign_in,
            settings: TransportSettings::default(),
            clock: Arc::new(SystemClock),
            retry_deadline: RetryPolicy::default().deadline,
            request_timeout: Duration::from_secs(60),
        }
    }

    /// Trusts these issuers beside those of the operating system, as a site's own root. Adds up.
    ///
    /// # Errors
    ///
    /// When the text is not one or more certificates in PEM.
    pub fn trusted_root_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self, InvalidRootCertificate> {
        self.settings.roots.add_pem(pem.as_ref())?;
        Ok(self)
    }

    /// Accepts exactly this certificate and no other, whoever issued it and whatever name and dates it has; that the
    /// server holds its key is still proved. For the certificate that a site signs for itself and binds to port 443.
    ///
    /// With a pin, [`trusted_root_pem`](Self::trusted_root_pem) and the operating system's roots play no part.
    pub const fn pinned_certificate(mut self, fingerprint: CertificateFingerprint) -> Self {
        self.settings.pinned = Some(fingerprint);
        self
    }

    /// Another clock, for the end of tokens and for `Retry-After` dates.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
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

    /// The site.
    ///
    /// # Errors
    ///
    /// When Kerberos is to be used with an address that has no name.
    pub fn build(self) -> Result<AdminServiceSite, KerberosNeedsAName> {
        #[cfg(feature = "kerberos")]
        if self.sign_in.is_negotiated() && !self.address.has_name() {
            return Err(KerberosNeedsAName);
        }
        let settings = TransportSettings {
            is_direct: self.address.is_direct(),
            // Windows signs in over HTTP/1.1 only.
            http1_only: self.sign_in.is_negotiated(),
            ..self.settings
        };
        let policy = RetryPolicy {
            deadline: self.retry_deadline,
            ..RetryPolicy::default()
        };
        let transport = Arc::new(ReqwestTransport::with(settings));
        Ok(AdminServiceSite {
            client: Arc::new(AdminServiceClient {
                address: self.address,
                sign_in: self.sign_in.with_clock(Arc::clone(&self.clock)),
                pipeline: Pipeline::new(transport, policy, self.request_timeout, self.clock),
            }),
        })
    }
}

/// Kerberos knows a server by its name, and the address is a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Kerberos knows the SMS Provider by its full host name, and an IP address was given")]
#[non_exhaustive]
pub struct KerberosNeedsAName;

impl KerberosNeedsAName {
    /// What to do about it.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        "Give the provider's full host name, as cm01.corp.contoso.com."
    }
}
