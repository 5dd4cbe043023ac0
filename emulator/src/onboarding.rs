//! What the crate `cmg-onboarding` takes: its own types for what the emulator has.

use cmg_onboarding::{
    AccessToken, CloudEndpoints, GraphDirectory, TokenError, TokenProvider, TokenRequest, async_trait, clock::Clock, cloud, directory,
    http::CertificateFingerprint, site::admin_service::AdminServiceAddress,
};
use time::OffsetDateTime;
use url::Url;

use crate::{AppManagementPolicy, CloudEnvironment, EmulatedTenant, EmulatedWire, EmulatorServer};

impl From<cloud::CloudEnvironment> for CloudEnvironment {
    fn from(environment: cloud::CloudEnvironment) -> Self {
        match environment {
            cloud::CloudEnvironment::AzureUsGovernmentCloud => Self::AzureUsGovernmentCloud,
            _ => Self::AzurePublicCloud,
        }
    }
}

impl From<CloudEnvironment> for cloud::CloudEnvironment {
    fn from(environment: CloudEnvironment) -> Self {
        match environment {
            CloudEnvironment::AzurePublicCloud => Self::AzurePublicCloud,
            CloudEnvironment::AzureUsGovernmentCloud => Self::AzureUsGovernmentCloud,
        }
    }
}

impl From<directory::AppManagementPolicy> for AppManagementPolicy {
    fn from(policy: directory::AppManagementPolicy) -> Self {
        Self {
            secrets_forbidden: policy.secrets_forbidden,
            longest_secret: policy.longest_secret,
            uris_need_an_owner: policy.uris_need_an_owner,
            only_default_uris: policy.only_default_uris,
        }
    }
}

impl EmulatedTenant {
    /// The client of `cmg-onboarding` against this tenant, over an [`EmulatedWire`] of its own, signed in as the
    /// tenant's caller. Every request carries a new token.
    ///
    /// ```
    /// use cmg_onboarding::{Call, Directory};
    /// use cmg_onboarding_emulator::EmulatedTenant;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cmg_onboarding::DirectoryError> {
    /// let contoso = EmulatedTenant::new().directory().tenant(Call::quiet()).await?;
    /// assert_eq!(contoso.site_name(), "contoso.onmicrosoft.com");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn directory(&self) -> GraphDirectory {
        EmulatedWire::new(self).directory(CallersTokens(self.clone()))
    }
}

impl EmulatorServer {
    /// The endpoints of the tenant's cloud, with authority and Microsoft Graph at this server.
    ///
    /// If it serves several tenants, the first one's cloud counts.
    #[must_use]
    pub const fn endpoints(&self) -> &CloudEndpoints {
        &self.endpoints
    }

    /// The fingerprint of its certificate, to be pinned; `None` without TLS.
    #[must_use]
    pub fn certificate_fingerprint(&self) -> Option<CertificateFingerprint> {
        self.certificate_sha256().map(CertificateFingerprint::new)
    }

    /// The address of the site's administration service, if a site was given.
    #[must_use]
    pub fn admin_service(&self) -> Option<AdminServiceAddress> {
        self.site()?;
        let url = self.url().join("AdminService/").ok()?;
        AdminServiceAddress::url(&url).ok()
    }
}

/// The endpoints of a tenant's cloud, with authority and Microsoft Graph at a server.
pub(crate) fn endpoints_at(url: &Url, environment: CloudEnvironment) -> std::io::Result<CloudEndpoints> {
    let moved = CloudEndpoints::of(environment.into()).with_authority(url.clone());
    moved
        .and_then(|endpoints| endpoints.with_graph(url.clone()))
        .map_err(std::io::Error::other)
}

/// Tokens of a tenant's caller, a new one for every request.
#[derive(Debug)]
struct CallersTokens(EmulatedTenant);

#[async_trait]
impl TokenProvider for CallersTokens {
    async fn token(&self, _request: &TokenRequest) -> Result<AccessToken, TokenError> {
        Ok(AccessToken::new(self.0.token_for(self.0.caller())))
    }
}

/// A tenant's clock for the client at the other end.
#[derive(Debug)]
pub(crate) struct TenantClock(pub(crate) EmulatedTenant);

impl Clock for TenantClock {
    fn now(&self) -> OffsetDateTime {
        self.0.settings().clock.now()
    }
}
