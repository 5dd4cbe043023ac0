//! The two clouds that the wizard offers, and the hosts that belong to each.
//!
//! [`CloudEnvironment`] is the choice of the wizard's App page; [`CloudEndpoints`] are the addresses that
//! follow from it, or others for an emulator or a private link. Every address is HTTPS, or on the loopback
//! interface of this machine.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Url;

use crate::{
    error::{InvalidValue, ValueKind},
    ids::{TenantId, well_known::MICROSOFT_GRAPH},
};

/// The *Azure environment* of the wizard's App page.
///
/// Written `AzurePublicCloud` and `AzureUSGovernmentCloud` in text and JSON, as the wizard writes them.
///
/// ```
/// use cmg_onboarding::CloudEnvironment;
///
/// let cloud: CloudEnvironment = "AzureUSGovernmentCloud".parse()?;
/// assert_eq!(cloud, CloudEnvironment::AzureUsGovernmentCloud);
/// # Ok::<(), cmg_onboarding::error::InvalidValue>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CloudEnvironment {
    /// The tenant is in the global Azure cloud. Microsoft 365 GCC tenants are here, too.
    #[default]
    AzurePublicCloud,
    /// The tenant is in the Azure US Government cloud (GCC High or DoD).
    AzureUsGovernmentCloud,
}

impl CloudEnvironment {
    /// Every environment the wizard offers.
    pub const ALL: [Self; 2] = [Self::AzurePublicCloud, Self::AzureUsGovernmentCloud];

    /// The name as the wizard writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AzurePublicCloud => "AzurePublicCloud",
            Self::AzureUsGovernmentCloud => "AzureUSGovernmentCloud",
        }
    }

    /// The cloud whose Microsoft Graph a token's audience names, if the audience tells.
    ///
    /// The bare application id of Microsoft Graph is the same in every cloud and tells nothing.
    #[must_use]
    pub fn of_audience(audience: &str) -> Option<Self> {
        match host_of(audience)?.as_str() {
            "graph.microsoft.com" => Some(Self::AzurePublicCloud),
            "graph.microsoft.us" | "dod-graph.microsoft.us" => Some(Self::AzureUsGovernmentCloud),
            _ => None,
        }
    }

    /// The cloud that issued a token, if the issuer tells (`sts.windows.net` is shared and does not).
    #[must_use]
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        match host_of(issuer)?.as_str() {
            "login.microsoftonline.com" => Some(Self::AzurePublicCloud),
            "login.microsoftonline.us" => Some(Self::AzureUsGovernmentCloud),
            _ => None,
        }
    }
}

impl fmt::Display for CloudEnvironment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for CloudEnvironment {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| InvalidValue::new(ValueKind::Environment).with_given(text))
    }
}

impl Serialize for CloudEnvironment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CloudEnvironment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The hosts of one cloud: where to sign in, where Microsoft Graph is, which portal an administrator opens.
///
/// Start from [`CloudEndpoints::of`]; the DoD Graph host and custom endpoints are explicit choices.
///
/// ```
/// use cmg_onboarding::{CloudEndpoints, CloudEnvironment};
///
/// let endpoints = CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud);
/// assert_eq!(endpoints.graph().host_str(), Some("graph.microsoft.us"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CloudEndpoints {
    environment: CloudEnvironment,
    authority: Url,
    graph: Url,
    portal: Url,
}

impl CloudEndpoints {
    /// The published endpoints of a cloud. For US Government these are the ones of GCC High (L4).
    ///
    /// Source: *Microsoft Graph national cloud deployments* and *Microsoft Entra authentication in national clouds*.
    #[must_use]
    pub fn of(environment: CloudEnvironment) -> Self {
        let (authority, graph, portal) = match environment {
            CloudEnvironment::AzurePublicCloud => (
                "https://login.microsoftonline.com/",
                "https://graph.microsoft.com/",
                "https://portal.azure.com/",
            ),
            CloudEnvironment::AzureUsGovernmentCloud => (
                "https://login.microsoftonline.us/",
                "https://graph.microsoft.us/",
                "https://portal.azure.us/",
            ),
        };
        Self {
            environment,
            authority: known_url(authority),
            graph: known_url(graph),
            portal: known_url(portal),
        }
    }

    /// The endpoints of the Department of Defense environment (L5): US Government with its own Graph host.
    #[must_use]
    pub fn us_government_dod() -> Self {
        Self {
            graph: known_url("https://dod-graph.microsoft.us/"),
            ..Self::of(CloudEnvironment::AzureUsGovernmentCloud)
        }
    }

    /// The same cloud with another authority, for an emulator or a private link.
    ///
    /// # Errors
    ///
    /// If the URL is neither HTTPS nor on the loopback interface, or carries a user, a query or a fragment.
    pub fn with_authority(mut self, authority: Url) -> Result<Self, InvalidValue> {
        self.authority = endpoint(authority)?;
        Ok(self)
    }

    /// The same cloud with another Microsoft Graph, for an emulator or a private link.
    ///
    /// # Errors
    ///
    /// As [`CloudEndpoints::with_authority`].
    pub fn with_graph(mut self, graph: Url) -> Result<Self, InvalidValue> {
        self.graph = endpoint(graph)?;
        Ok(self)
    }

    /// Which of the wizard's environments these endpoints belong to.
    #[must_use]
    pub const fn environment(&self) -> CloudEnvironment {
        self.environment
    }

    /// Where users and applications sign in, without a tenant.
    #[must_use]
    pub const fn authority(&self) -> &Url {
        &self.authority
    }

    /// The root of Microsoft Graph, without a version.
    #[must_use]
    pub const fn graph(&self) -> &Url {
        &self.graph
    }

    /// The portal an administrator opens.
    #[must_use]
    pub const fn portal(&self) -> &Url {
        &self.portal
    }

    /// The scope that asks for everything the sign-in application was granted on Microsoft Graph.
    #[must_use]
    pub fn default_scope(&self) -> String {
        self.scope(".default")
    }

    /// A delegated Graph permission as a fully qualified scope, which is the only way to name a cloud's own Graph.
    #[must_use]
    pub fn scope(&self, permission: &str) -> String {
        format!("{}/{permission}", self.graph.as_str().trim_end_matches('/'))
    }

    /// Whether a token with this audience is meant for these endpoints' Microsoft Graph.
    ///
    /// The bare application id of Microsoft Graph is accepted: it names no cloud.
    #[must_use]
    pub fn accepts_audience(&self, audience: &str) -> bool {
        if audience.eq_ignore_ascii_case(&MICROSOFT_GRAPH.to_string()) {
            return true;
        }
        if let Some(cloud) = CloudEnvironment::of_audience(audience) {
            return cloud == self.environment;
        }
        let given = Url::parse(audience).ok();
        given.is_some_and(|given| given.origin() == self.graph.origin())
    }

    /// The page of the portal that lists a tenant's app registrations.
    #[must_use]
    pub fn app_registrations_page(&self, tenant: TenantId) -> String {
        format!("{}{tenant}#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade", self.portal)
    }
}

impl Default for CloudEndpoints {
    fn default() -> Self {
        Self::of(CloudEnvironment::default())
    }
}

/// Whether a URL may be spoken to: HTTPS anywhere, plain HTTP on the loopback interface only.
pub(crate) fn is_safe_endpoint(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether a URL's host is this machine itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(domain)) => domain.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn endpoint(mut url: Url) -> Result<Url, InvalidValue> {
    let refused = |reason| {
        let mut shown = url.clone();
        let _ = shown.set_password(None);
        Err(InvalidValue::new(ValueKind::Endpoint).with_given(shown.as_str()).because(reason))
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it carries a user name or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("it carries a query or a fragment");
    }
    if !is_safe_endpoint(&url) {
        return refused("only HTTPS is accepted, and plain HTTP on the loopback interface");
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn host_of(text: &str) -> Option<String> {
    Url::parse(text).ok()?.host_str().map(str::to_ascii_lowercase)
}

#[expect(clippy::expect_used, reason = "the texts are constants of this file, and a test reads them all")]
fn known_url(text: &str) -> Url {
    Url::parse(text).expect("a constant URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_written_as_the_wizard_writes_them() {
        let written = serde_json::to_string(&CloudEnvironment::ALL).unwrap();
        assert_eq!(written, r#"["AzurePublicCloud","AzureUSGovernmentCloud"]"#);
    }

    #[test]
    fn every_environment_reads_back_from_its_own_text() {
        for environment in CloudEnvironment::ALL {
            assert_eq!(environment.to_string().parse(), Ok(environment));
            assert_eq!(CloudEndpoints::of(environment).environment(), environment);
        }
        assert!("AzureChinaCloud".parse::<CloudEnvironment>().is_err());
    }

    #[test]
    fn only_the_dod_choice_uses_the_dod_graph() {
        let high = CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud);
        let dod = CloudEndpoints::us_government_dod();
        assert_eq!(high.default_scope(), "https://graph.microsoft.us/.default");
        assert_eq!(dod.default_scope(), "https://dod-graph.microsoft.us/.default");
        assert_eq!(dod.authority(), high.authority());
    }

    #[test]
    fn an_audience_of_another_cloud_is_not_accepted() {
        let public = CloudEndpoints::default();
        assert!(public.accepts_audience("https://graph.microsoft.com"));
        assert!(public.accepts_audience("https://graph.microsoft.com/"));
        assert!(public.accepts_audience("00000003-0000-0000-c000-000000000000"));
        assert!(!public.accepts_audience("https://graph.microsoft.us"));
        assert!(!public.accepts_audience("https://management.azure.com/"));
    }

    #[test]
    fn plain_http_is_refused_outside_the_loopback_interface() {
        let endpoints = CloudEndpoints::default();
        for refused in [
            "http://graph.microsoft.com",
            "ftp://localhost/",
            "https://user:word@example.com/",
            "https://example.com/?a=b",
            "http://127.0.0.1.example.com/",
        ] {
            let result = endpoints.clone().with_graph(Url::parse(refused).unwrap());
            assert!(result.is_err(), "{refused}");
        }
        for accepted in [
            "http://127.0.0.1:8080",
            "http://localhost:1/x",
            "http://[::1]/",
            "https://example.com",
        ] {
            let result = endpoints.clone().with_graph(Url::parse(accepted).unwrap()).unwrap();
            assert!(result.graph().path().ends_with('/'), "{accepted}");
        }
    }

    #[test]
    fn a_refused_endpoint_is_shown_without_its_password() {
        let url = Url::parse("https://user:canary-7Q@example.com/").unwrap();
        let error = CloudEndpoints::default().with_graph(url).unwrap_err();
        assert!(!error.to_string().contains("canary-7Q"));
    }
}
