//! An application that signs in by itself with a certificate.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::{
    application::{self, Field, Proof},
    certificate::ClientCertificate,
    service::{SignInService, common_settings},
};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::TokenError,
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    token::{AccessToken, TokenProvider, TokenRequest},
};

/// Signs an application in with a certificate (client credentials with a client assertion), for services and pipelines
/// in tenants that ban client secrets.
///
/// For each sign-in it makes a new assertion: a JWT for this cloud's token endpoint, signed with `PS256` and good for ten
/// minutes. The private key never leaves the process. The certificate has to be uploaded to the app registration that
/// signs in (Entra admin center > App registrations > Certificates & secrets).
///
/// Otherwise it behaves as [`ClientSecretSignIn`](super::ClientSecretSignIn): `.default` of the scopes' resource is asked
/// for, and a tenant that the request names wins over the one given here, so that one provider with a multitenant
/// application serves many tenants.
///
/// Source: *Microsoft identity platform application authentication certificate credentials*.
///
/// ```no_run
/// use cmg_onboarding::{
///     ApplicationId, CloudEndpoints, GraphDirectory, TenantId,
///     token::{ClientCertificate, ClientCertificateSignIn},
/// };
///
/// # fn example(tenant: TenantId, application: ApplicationId) -> Result<(), Box<dyn std::error::Error>> {
/// let pem = std::fs::read("pipeline.pem")?; // the certificate and its key in one file
/// let certificate = ClientCertificate::from_pem(&pem, pem.clone())?;
/// let endpoints = CloudEndpoints::default();
/// let sign_in = ClientCertificateSignIn::new(endpoints.clone(), tenant, application, certificate);
/// let directory = GraphDirectory::new(endpoints, sign_in);
/// # let _ = directory;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ClientCertificateSignIn {
    service: SignInService,
    certificate: ClientCertificate,
}

impl ClientCertificateSignIn {
    /// Signs this application in to its tenant.
    pub fn new(endpoints: CloudEndpoints, tenant: TenantId, application: ApplicationId, certificate: ClientCertificate) -> Self {
        Self {
            service: SignInService::of_tenant(endpoints, tenant, application),
            certificate,
        }
    }

    common_settings!();
}

#[async_trait]
impl Proof for ClientCertificate {
    async fn fields(&self, service: &SignInService, token_endpoint: &Url) -> Result<Vec<Field>, TokenError> {
        self.assertion(service.client_id, token_endpoint, service.clock.now())
            .map(application::assertion)
    }
}

#[async_trait]
impl TokenProvider for ClientCertificateSignIn {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        application::sign_in(&self.service, &self.certificate, request).await
    }
}
