//! Which tenant, and how its services are reached.

use std::{path::PathBuf, sync::OnceLock};

use clap::Args;
use cmg_onboarding::{
    CloudEndpoints, CloudEnvironment, HttpClient, HttpOptions, TenantId,
    error::InvalidValue,
    token::{DiscoveredTenant, TenantDiscovery, TenantDiscoveryError},
};
use url::Url;

use crate::{
    bad_input::BadInput,
    ending::{Ending, sentence},
    files,
};

/// The flags for the tenant.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Tenant")]
pub(crate) struct TenantArguments {
    /// The tenant, by one of its domains; also finds its cloud.
    #[arg(long, value_name = "DOMAIN", conflicts_with = "tenant")]
    pub(crate) domain: Option<String>,
    /// The tenant, by its id. Without a specification its cloud is found by the id, as --domain finds it.
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<TenantId>,
    #[command(flatten)]
    pub(crate) network: NetworkArguments,
}

/// The flags for how services are reached.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArguments {
    /// The authority to sign in at, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    pub(crate) authority: Option<Url>,
    /// The address of Microsoft Graph, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    pub(crate) graph: Option<Url>,
    /// A certificate in PEM to trust besides the system's, for an emulator or an inspecting proxy.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    #[arg(skip)]
    http: OnceLock<HttpClient>,
}

impl TenantArguments {
    /// Whether no flag names a tenant.
    pub(crate) const fn is_left_out(&self) -> bool {
        self.domain.is_none() && self.tenant.is_none() && self.network.graph.is_none() && self.network.authority.is_none()
    }

    /// Where the tenant is, and which one it is. `environment` is what the specification says.
    pub(crate) async fn find(&self, environment: Option<CloudEnvironment>) -> Result<(CloudEndpoints, Option<TenantId>), Ending> {
        let network = &self.network;
        match (&self.domain, self.tenant) {
            (Some(domain), _) => network.find(domain, environment).await.map(|(endpoints, id)| (endpoints, Some(id))),
            (None, Some(tenant)) => Ok((network.locate(tenant, environment).await?, Some(tenant))),
            (None, None) => Ok((network.endpoints(CloudEndpoints::of(environment.unwrap_or_default()))?, None)),
        }
    }
}

impl NetworkArguments {
    /// Where the tenant with this domain is, and which one it is.
    pub(crate) async fn find(&self, domain: &str, environment: Option<CloudEnvironment>) -> Result<(CloudEndpoints, TenantId), Ending> {
        let found = self.discover(domain, self.own_cloud(environment)?).await?;
        Ok((self.endpoints(found.endpoints)?, found.tenant_id))
    }

    /// Where the tenant with this id is. The global cloud has one place; US Government has two, and without a specification
    /// no cloud is known: then the tenant's sign-in host tells, by the id.
    pub(crate) async fn locate(&self, tenant: TenantId, environment: Option<CloudEnvironment>) -> Result<CloudEndpoints, Ending> {
        if self.graph.is_some() || environment == Some(CloudEnvironment::AzurePublicCloud) {
            return Ok(self.endpoints(CloudEndpoints::of(environment.unwrap_or_default()))?);
        }
        let clouds = match self.own_cloud(environment)? {
            Some(own) => Some(own),
            None => environment.map(|environment| vec![CloudEndpoints::of(environment)]),
        };
        let found = self.discover(&tenant.to_string(), clouds).await?;
        Ok(self.endpoints(found.endpoints)?)
    }

    /// The cloud of the authority that is named, if one is. By a published one its cloud is chosen.
    fn own_cloud(&self, environment: Option<CloudEnvironment>) -> Result<Option<Vec<CloudEndpoints>>, BadInput> {
        let Some(authority) = &self.authority else {
            return Ok(None);
        };
        let mut published = CloudEnvironment::ALL.into_iter().map(CloudEndpoints::of);
        let chosen = published.find(|cloud| cloud.authority() == authority);
        let cloud = chosen.unwrap_or_else(|| CloudEndpoints::of(environment.unwrap_or_default()));
        Ok(Some(vec![self.endpoints(cloud)?]))
    }

    async fn discover(&self, domain_or_id: &str, clouds: Option<Vec<CloudEndpoints>>) -> Result<DiscoveredTenant, Ending> {
        let mut discovery = TenantDiscovery::new().http(self.http()?);
        if let Some(clouds) = clouds {
            discovery = discovery.with_endpoints(clouds);
        }
        discovery.find(domain_or_id).await.map_err(|error| not_found(&error))
    }

    /// The endpoints that the flags name, on top of the cloud's own.
    pub(crate) fn endpoints(&self, mut endpoints: CloudEndpoints) -> Result<CloudEndpoints, BadInput> {
        let bad = |error: InvalidValue| BadInput::of(&error);
        if let Some(authority) = &self.authority {
            endpoints = endpoints.with_authority(authority.clone()).map_err(bad)?;
        }
        if let Some(graph) = &self.graph {
            endpoints = endpoints.with_graph(graph.clone()).map_err(bad)?;
        }
        Ok(endpoints)
    }

    /// Whether a new secret can be tried out at these endpoints. A Microsoft Graph of its own without an authority of its
    /// own may be an emulator, whose secrets are not for the cloud's sign-in service.
    pub(crate) const fn tries_secrets(&self) -> bool {
        self.graph.is_none() || self.authority.is_some()
    }

    /// The one HTTP client of this program: all that speaks HTTP shares its connections.
    pub(crate) fn http(&self) -> Result<HttpClient, BadInput> {
        if let Some(client) = self.http.get() {
            return Ok(client.clone());
        }
        let mut options = HttpOptions::new();
        if let Some(path) = &self.trusted_root {
            let pem = files::read(path)?;
            options = options
                .trusted_root_pem(pem.as_slice())
                .map_err(|error| BadInput(error.to_string()))?;
        }
        Ok(self.http.get_or_init(|| HttpClient::new(options)).clone())
    }
}

/// A name that leads to no one tenant is bad input. A sign-in service that cannot be asked stands in the way.
fn not_found(error: &TenantDiscoveryError) -> Ending {
    let message = sentence(error);
    match error {
        TenantDiscoveryError::Ambiguous { .. } => Ending::BadInput(format!(
            "{message} The cloud is chosen by --authority https://login.microsoftonline.com or --authority https://login.microsoftonline.us."
        )),
        TenantDiscoveryError::InvalidName { .. } | TenantDiscoveryError::Unknown { .. } => Ending::BadInput(message),
        _ => Ending::Refused(message),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may give up, and so may its helpers")]
mod tests {
    use cmg_onboarding_emulator::{EmulatedTenant, EmulatorServer};

    use super::*;

    fn at(authority: &str) -> NetworkArguments {
        NetworkArguments {
            authority: Some(authority.parse().unwrap()),
            ..NetworkArguments::default()
        }
    }

    #[tokio::test]
    async fn a_tenant_of_us_government_is_found_by_its_id_without_a_specification() {
        let tenant = EmulatedTenant::builder()
            .environment(CloudEnvironment::AzureUsGovernmentCloud)
            .build();
        let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
        let network = at(server.endpoints().authority().as_str());
        let clouds = vec![server.endpoints().clone()];
        let found = network.discover(&tenant.tenant_id().to_string(), Some(clouds)).await.unwrap();
        assert_eq!(found.endpoints.environment(), CloudEnvironment::AzureUsGovernmentCloud);

        // An id that the sign-in service does not know shows that it was asked, and is bad input.
        let unknown = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        let asked = network.locate(unknown, None).await;
        assert!(
            matches!(&asked, Err(Ending::BadInput(message)) if message.contains("no tenant has the name")),
            "{asked:?}"
        );
        // The specification says which one of the global cloud: nothing is asked.
        assert!(network.locate(unknown, Some(CloudEnvironment::AzurePublicCloud)).await.is_ok());
    }

    #[tokio::test]
    async fn a_sign_in_service_that_cannot_be_reached_stands_in_the_way_and_is_no_bad_input() {
        // The port is closed again by the time it is asked.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let network = at(&format!("http://127.0.0.1:{port}/"));
        let unreachable = network.find("contoso.com", None).await;
        assert!(matches!(unreachable, Err(Ending::Refused(_))), "{unreachable:?}");
        let no_name = network.find("no name", None).await;
        assert!(matches!(no_name, Err(Ending::BadInput(_))), "{no_name:?}");
    }

    #[test]
    fn a_published_authority_chooses_its_cloud() {
        let cloud = |network: &NetworkArguments| network.own_cloud(None).unwrap().unwrap().pop().unwrap();
        let chosen = cloud(&at("https://login.microsoftonline.us/"));
        assert_eq!(chosen, CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud));
        assert_eq!(cloud(&at("http://127.0.0.1:1/")).environment(), CloudEnvironment::AzurePublicCloud);
        assert!(NetworkArguments::default().own_cloud(None).unwrap().is_none());
    }
}
