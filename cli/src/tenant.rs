//! Which tenant, and how its services are reached.

use std::{path::PathBuf, sync::OnceLock};

use clap::Args;
use cmg_onboarding::{CloudEndpoints, CloudEnvironment, HttpClient, HttpOptions, TenantId, error::InvalidValue, token::TenantDiscovery};
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
    /// The tenant, by its id.
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

    /// Where the tenant is, and which one it is. Without a domain, its cloud is the given one.
    pub(crate) async fn find(&self, environment: CloudEnvironment) -> Result<(CloudEndpoints, Option<TenantId>), Ending> {
        let network = &self.network;
        match &self.domain {
            Some(domain) => network.find(domain, environment).await.map(|(endpoints, id)| (endpoints, Some(id))),
            None => Ok((network.endpoints(CloudEndpoints::of(environment))?, self.tenant)),
        }
    }
}

impl NetworkArguments {
    /// Where the tenant with this domain is, and which one it is.
    pub(crate) async fn find(&self, domain: &str, environment: CloudEnvironment) -> Result<(CloudEndpoints, TenantId), Ending> {
        let mut discovery = TenantDiscovery::new().http(self.http()?);
        if self.authority.is_some() {
            discovery = discovery.with_endpoints(vec![self.endpoints(CloudEndpoints::of(environment))?]);
        }
        let found = discovery.find(domain).await.map_err(|error| Ending::BadInput(sentence(&error)))?;
        Ok((self.endpoints(found.endpoints)?, found.tenant_id))
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
