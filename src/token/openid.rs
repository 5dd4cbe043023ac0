//! Reads a tenant's OpenID configuration, for finding a tenant and for signing in.
//!
//! Which host answered does not tell the cloud: the global sign-in host answers for tenants of US Government, too. What
//! counts is the Microsoft Graph that the document names, then the name of its cloud, then the hint of its region.
//! Codes, secrets and passwords go to the addresses in it, so they must be on the host where the caller signs in.
//!
//! Source: OpenID Connect discovery of the Microsoft identity platform.

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    http::percent_encoded,
    ids::TenantId,
};

/// Longer texts are not read. Addresses and names have a few hundred bytes at most.
const LONGEST_TEXT: usize = 2_048;

/// The Microsoft Graph operated by 21Vianet.
#[cfg(feature = "sign-in")]
const GRAPH_IN_CHINA: &str = "microsoftgraph.chinacloudapi.cn";

/// The document. Each field may be missing or of another type, which counts as missing.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct OpenIdDocument(Map<String, Value>);

/// The cloud that a document names.
#[cfg(feature = "sign-in")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamedCloud {
    Offered(CloudEnvironment),
    /// Operated by 21Vianet; the wizard does not offer it.
    China,
    /// None, or one of a test's own.
    Unknown,
}

/// The document names a Microsoft Graph at this host, which is in none of the wizard's clouds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignGraph(pub(super) String);

/// Where a document sends to, if it is another host than the one where the caller signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ForeignHost;

/// The address of a tenant's document. `tenant` is an id, a domain name, or `organizations`.
pub(super) fn document_address(endpoints: &CloudEndpoints, tenant: &str) -> Url {
    let mut url = endpoints.authority().clone();
    let base = url.path().trim_end_matches('/').to_owned();
    let tenant = percent_encoded(tenant);
    url.set_path(&format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"));
    url
}

impl OpenIdDocument {
    /// A text that is there and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?.trim();
        (!text.is_empty() && text.len() <= LONGEST_TEXT).then_some(text)
    }

    /// The tenant's id in the issuer, as `https://{host}/{id}/v2.0`.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        let url = Url::parse(self.text("issuer")?).ok()?;
        url.path_segments()?.find_map(|segment| segment.parse().ok())
    }

    /// An address to sign in at; `None` if the document names none.
    pub(super) fn endpoint(&self, name: &str, endpoints: &CloudEndpoints) -> Result<Option<Url>, ForeignHost> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let url = Url::parse(text).map_err(|_| ForeignHost)?;
        let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_own = is_bare && url.origin() == endpoints.authority().origin();
        if is_own { Ok(Some(url)) } else { Err(ForeignHost) }
    }

    /// The cloud that the document names by itself.
    #[cfg(feature = "sign-in")]
    pub(super) fn named_cloud(&self) -> NamedCloud {
        let graph = self.graph_host();
        if graph.as_deref() == Some(GRAPH_IN_CHINA) {
            return NamedCloud::China;
        }
        let known = graph.and_then(|host| published().into_iter().find(|cloud| has_graph(cloud, &host)));
        match (known, self.text("cloud_instance_name")) {
            (Some(cloud), _) => NamedCloud::Offered(cloud.environment()),
            (None, Some("partner.microsoftonline.cn")) => NamedCloud::China,
            (None, _) => self.named_environment().map_or(NamedCloud::Unknown, NamedCloud::Offered),
        }
    }

    /// The endpoints of the cloud, of the published ones or those that are `configured`; no other host is ever accepted.
    /// `asked` is whose sign-in host answered.
    pub(super) fn cloud_endpoints(&self, asked: &CloudEndpoints, configured: &[CloudEndpoints]) -> Result<CloudEndpoints, ForeignGraph> {
        let Some(named) = self.graph_host() else {
            return Ok(self.endpoints_without_graph(asked, configured));
        };
        if let Some(own) = configured.iter().find(|cloud| has_graph(cloud, &named)) {
            return Ok(own.clone());
        }
        let published = published().into_iter().find(|cloud| has_graph(cloud, &named));
        match published {
            // An authority of one's own, an emulator say, keeps its own Microsoft Graph.
            Some(cloud) if !is_published(asked) => Ok(configured
                .iter()
                .find(|own| own.environment() == cloud.environment())
                .unwrap_or(asked)
                .clone()),
            Some(cloud) => Ok(cloud),
            None => Err(ForeignGraph(named.chars().take(253).collect())),
        }
    }

    fn endpoints_without_graph(&self, asked: &CloudEndpoints, configured: &[CloudEndpoints]) -> CloudEndpoints {
        let environment = self.named_environment().unwrap_or_else(|| asked.environment());
        let is_dod = self.text("tenant_region_sub_scope") == Some("DOD");
        if is_dod && environment == CloudEnvironment::AzureUsGovernmentCloud && is_published(asked) {
            return CloudEndpoints::us_government_dod();
        }
        let own = configured.iter().find(|cloud| cloud.environment() == environment);
        own.cloned().unwrap_or_else(|| CloudEndpoints::of(environment))
    }

    fn named_environment(&self) -> Option<CloudEnvironment> {
        match self.text("cloud_instance_name")? {
            "microsoftonline.com" => Some(CloudEnvironment::AzurePublicCloud),
            "microsoftonline.us" => Some(CloudEnvironment::AzureUsGovernmentCloud),
            _ => None,
        }
    }

    /// The host of `graph.microsoft.com` or, leniently, of `https://graph.microsoft.com/`.
    fn graph_host(&self) -> Option<String> {
        let text = self.text("msgraph_host")?;
        let bare = text.trim_start_matches("https://").trim_start_matches("http://");
        Some(bare.trim_end_matches('/').to_ascii_lowercase())
    }
}

fn has_graph(cloud: &CloudEndpoints, named: &str) -> bool {
    let host = cloud.graph().host_str().unwrap_or_default();
    let with_port = cloud.graph().port().map(|port| format!("{host}:{port}"));
    host == named || with_port.as_deref() == Some(named)
}

fn published() -> [CloudEndpoints; 3] {
    [
        CloudEndpoints::of(CloudEnvironment::AzurePublicCloud),
        CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud),
        CloudEndpoints::us_government_dod(),
    ]
}

fn is_published(cloud: &CloudEndpoints) -> bool {
    published().iter().any(|known| known.authority() == cloud.authority())
}

#[cfg(test)]
mod tests;
