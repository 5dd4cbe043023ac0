//! Reads a discovery document, and decides which cloud it speaks of.
//!
//! Where an answer came from does not tell: the global sign-in host answers for tenants of US Government, too. What
//! counts is the Microsoft Graph that the document names, then the name of its cloud, then the hint of its region.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{DiscoveredTenant, TenantDiscoveryError, host_of};
use crate::{
    cloud::{CloudEndpoints, CloudEnvironment},
    http::Answer,
    ids::TenantId,
};

/// The fields that are read. Each may be missing or of another type, which counts as missing.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Document(serde_json::Map<String, Value>);

/// Whether the sign-in service says that it knows no such tenant (`invalid_tenant`, AADSTS90002), or no such name.
pub(super) fn is_unknown_tenant(answer: &Answer) -> bool {
    if !matches!(answer.status(), 400 | 404) {
        return false;
    }
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let error = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str);
    matches!(error, Some("invalid_tenant" | "invalid_request"))
}

impl Document {
    /// The tenant it describes. `asked` is whose host answered, `configured` are all that were asked.
    pub(super) fn tenant(
        &self,
        asked: &CloudEndpoints,
        configured: &[CloudEndpoints],
        answer: &Answer,
    ) -> Result<DiscoveredTenant, TenantDiscoveryError> {
        let issuer = self.text("issuer").ok_or_else(|| answer.unexpected("it names no issuer"))?;
        let tenant_id = tenant_of(issuer).ok_or_else(|| answer.unexpected("its issuer names no tenant"))?;
        let endpoints = self.endpoints(asked, configured)?;
        let place = |name| self.place(name, &endpoints);
        Ok(DiscoveredTenant {
            tenant_id,
            issuer: issuer.to_owned(),
            token_endpoint: place("token_endpoint"),
            authorization_endpoint: place("authorization_endpoint"),
            device_authorization_endpoint: place("device_authorization_endpoint"),
            region_scope: self.text("tenant_region_scope").map(str::to_owned),
            region_sub_scope: self.text("tenant_region_sub_scope").map(str::to_owned),
            unasked: Vec::new(),
            endpoints,
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        let text = self.0.get(name)?.as_str()?.trim();
        (!text.is_empty() && text.len() <= 2_048).then_some(text)
    }

    /// An endpoint, if it is on the cloud's own sign-in host: secrets and codes are sent there.
    fn place(&self, name: &str, endpoints: &CloudEndpoints) -> Option<Url> {
        let url = Url::parse(self.text(name)?).ok()?;
        (url.origin() == endpoints.authority().origin() && url.username().is_empty() && url.password().is_none()).then_some(url)
    }

    /// The cloud, of the published ones or those that were configured; no other host is ever accepted.
    fn endpoints(&self, asked: &CloudEndpoints, configured: &[CloudEndpoints]) -> Result<CloudEndpoints, TenantDiscoveryError> {
        let Some(named) = self.text("msgraph_host").map(host_named) else {
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
            None => Err(TenantDiscoveryError::OtherCloud {
                host: named.chars().take(253).collect(),
            }),
        }
    }

    fn endpoints_without_graph(&self, asked: &CloudEndpoints, configured: &[CloudEndpoints]) -> CloudEndpoints {
        let environment = match self.text("cloud_instance_name") {
            Some("microsoftonline.com") => CloudEnvironment::AzurePublicCloud,
            Some("microsoftonline.us") => CloudEnvironment::AzureUsGovernmentCloud,
            _ => asked.environment(),
        };
        let is_dod = self.text("tenant_region_sub_scope") == Some("DOD");
        if is_dod && environment == CloudEnvironment::AzureUsGovernmentCloud && is_published(asked) {
            return CloudEndpoints::us_government_dod();
        }
        let own = configured.iter().find(|cloud| cloud.environment() == environment);
        own.cloned().unwrap_or_else(|| CloudEndpoints::of(environment))
    }
}

/// The tenant's id in `https://{host}/{id}/v2.0`.
fn tenant_of(issuer: &str) -> Option<TenantId> {
    let url = Url::parse(issuer).ok()?;
    url.path_segments()?.find_map(|segment| segment.parse().ok())
}

/// The host of `graph.microsoft.com` or, leniently, of `https://graph.microsoft.com/`.
fn host_named(text: &str) -> String {
    let bare = text.trim_start_matches("https://").trim_start_matches("http://");
    bare.trim_end_matches('/').to_ascii_lowercase()
}

fn has_graph(cloud: &CloudEndpoints, named: &str) -> bool {
    let host = host_of(cloud.graph());
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
