//! The clouds that a tenant can be in.

use url::Url;

/// The cloud that a tenant is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CloudEnvironment {
    /// The global Azure cloud.
    #[default]
    AzurePublicCloud,
    /// The Azure US Government cloud.
    AzureUsGovernmentCloud,
}

impl CloudEnvironment {
    /// The cloud whose Microsoft Graph a token's audience names, if it names one.
    pub(crate) fn of_audience(audience: &str) -> Option<Self> {
        match Url::parse(audience).ok()?.host_str()? {
            "graph.microsoft.com" => Some(Self::AzurePublicCloud),
            "graph.microsoft.us" | "dod-graph.microsoft.us" => Some(Self::AzureUsGovernmentCloud),
            _ => None,
        }
    }
}
