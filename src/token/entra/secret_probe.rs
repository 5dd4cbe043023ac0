//! Tries an application's secret out at Microsoft Entra.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{client_secret::ClientSecretSignIn, service::SignInService};
use crate::{
    clock::Clock,
    cloud::CloudEndpoints,
    error::TokenError,
    http::HttpClient,
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    token::{AccessToken, ProbedResource, SecretProbe, TokenProvider, TokenRequest},
};

/// Tries an application's secret out by signing it in (client credentials).
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, ImportedServerApp, connection::ImportVerifier, token::EntraSecretProbe};
///
/// # fn example(app: ImportedServerApp) {
/// let verifier = ImportVerifier::new(app).probe(EntraSecretProbe::new(CloudEndpoints::default()));
/// # let _ = verifier;
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct EntraSecretProbe {
    service: SignInService,
}

impl EntraSecretProbe {
    /// Asks the sign-in service of this cloud.
    pub fn new(endpoints: CloudEndpoints) -> Self {
        Self {
            service: SignInService::new(endpoints, ApplicationId::new(Uuid::nil())),
        }
    }

    /// The HTTP client to use. Default: one of its own, with the defaults of
    /// [`HttpOptions`](crate::http::HttpOptions). Give all that run in one process the same one: they share connections.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.service.set_http(client);
        self
    }

    /// Another clock, for the end of tokens.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.service.set_clock(clock);
        self
    }
}

#[async_trait]
impl SecretProbe for EntraSecretProbe {
    async fn probe(
        &self,
        tenant: TenantId,
        application: ApplicationId,
        secret: &ClientSecret,
        resource: &ProbedResource,
    ) -> Result<AccessToken, TokenError> {
        let scope = match resource {
            ProbedResource::MicrosoftGraph => self.service.endpoints.default_scope(),
            ProbedResource::AppIdUri(uri) => format!("{uri}/.default"),
        };
        let mut service = self.service.clone();
        service.tenant = Some(tenant);
        service.client_id = application;
        let sign_in = ClientSecretSignIn::over(service, secret.clone());
        sign_in.token(&TokenRequest::new([scope])).await
    }
}
