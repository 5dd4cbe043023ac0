//! Finds a tenant, and the cloud it is in, by a domain name or an id, without signing in.
//!
//! Source: OpenID Connect discovery of the Microsoft identity platform. The address of a tenant's document is known;
//! the document names the tenant's id, and the Microsoft Graph that belongs to it.

mod error;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;
use url::{Host, Url};

pub use error::TenantDiscoveryError;

use super::openid::{ForeignGraph, OpenIdDocument, document_address};
use crate::{
    call::Call,
    clock::SystemClock,
    cloud::{CloudEndpoints, CloudEnvironment},
    error::{RefusalReason, Refused},
    http::{Answer, HttpClient, HttpError, Method, Pipeline, Request},
    ids::TenantId,
};

/// A person waits in front of a wizard's page for this.
const DEADLINE: Duration = Duration::from_secs(30);

const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Asks the sign-in hosts of all clouds, in parallel, which tenant a name belongs to.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use cmg_onboarding::token::TenantDiscovery;
///
/// let tenant = TenantDiscovery::new().find("contoso.com").await?;
/// println!("{} in {}", tenant.tenant_id, tenant.endpoints.environment());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TenantDiscovery {
    clouds: Vec<CloudEndpoints>,
    http: HttpClient,
}

/// A tenant as its discovery document describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiscoveredTenant {
    /// The tenant's id.
    pub tenant_id: TenantId,
    /// The hosts of the cloud it is in, with its own Microsoft Graph.
    pub endpoints: CloudEndpoints,
    /// Who issues its tokens.
    pub issuer: String,
    /// Where tokens are had, if the document names a place on the cloud's own sign-in host.
    pub token_endpoint: Option<Url>,
    /// Where a browser signs in, under the same condition.
    pub authorization_endpoint: Option<Url>,
    /// Where a device code is had, under the same condition.
    pub device_authorization_endpoint: Option<Url>,
    /// The region, as `EU`. A hint only.
    pub region_scope: Option<String>,
    /// `GCC`, `DODCON` (GCC High) or `DOD`; nothing for all others. A hint only.
    pub region_sub_scope: Option<String>,
    /// Sign-in hosts that could not be asked. The name may belong to another tenant there.
    pub unasked: Vec<String>,
}

impl Default for TenantDiscovery {
    fn default() -> Self {
        Self::new()
    }
}

impl TenantDiscovery {
    /// Asks both of the wizard's clouds.
    pub fn new() -> Self {
        Self {
            clouds: CloudEnvironment::ALL.into_iter().map(CloudEndpoints::of).collect(),
            http: HttpClient::default(),
        }
    }

    /// Asks these authorities instead.
    pub fn with_endpoints(mut self, clouds: Vec<CloudEndpoints>) -> Self {
        self.clouds = clouds;
        self
    }

    /// The HTTP client to use. Default: one of its own, with the defaults of
    /// [`HttpOptions`](crate::http::HttpOptions). Give all that run in one process the same one: they share connections.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = client;
        self
    }

    /// The one tenant that has this domain or this id.
    ///
    /// # Errors
    ///
    /// When the text is neither a domain nor an id, when no cloud knows it, when tenants in different clouds have it,
    /// and when no cloud gave a usable answer. A tenant that was found is not held back because another cloud could
    /// not be asked; [`DiscoveredTenant::unasked`] tells.
    ///
    /// # Cancel safety
    ///
    /// Nothing is changed anywhere; dropping the future ends the requests.
    pub async fn find(&self, domain_or_id: &str) -> Result<DiscoveredTenant, TenantDiscoveryError> {
        let name = tenant_name(domain_or_id)?;
        let pipeline = self.http.pipeline_within(DEADLINE, ATTEMPT_TIMEOUT, Arc::new(SystemClock));
        let answers = join_all(self.clouds.iter().map(|cloud| self.ask(&pipeline, cloud, &name))).await;

        let mut found: Vec<(DiscoveredTenant, bool)> = Vec::new();
        let mut troubles = Vec::new();
        for (cloud, answer) in self.clouds.iter().zip(answers) {
            match answer {
                Ok(None) => {}
                Ok(Some(tenant)) => {
                    let is_at_home = tenant.endpoints.authority() == cloud.authority();
                    add(&mut found, tenant, is_at_home);
                }
                Err(error) => troubles.push((cloud, error)),
            }
        }
        let unasked = troubles.iter().map(|(cloud, _)| host_of(cloud.authority())).collect();
        let mut found: Vec<_> = found.into_iter().map(|(tenant, _)| tenant).collect();
        if found.len() > 1 {
            return Err(TenantDiscoveryError::Ambiguous { name, tenants: found });
        }
        if let Some(mut tenant) = found.pop() {
            tenant.unasked = unasked;
            return Ok(tenant);
        }
        match troubles.into_iter().next() {
            Some((_, error)) => Err(error),
            None => Err(TenantDiscoveryError::Unknown { name }),
        }
    }

    /// What one authority knows; `None` where it knows no such tenant.
    async fn ask(&self, pipeline: &Pipeline, cloud: &CloudEndpoints, name: &str) -> Result<Option<DiscoveredTenant>, TenantDiscoveryError> {
        let request = Request::new(Method::Get, document_address(cloud, name));
        let answer = pipeline.send(Call::quiet(), &request, None, |_| None).await.map_err(failure)?;
        if answer.is_success() {
            let document: OpenIdDocument = answer.json()?;
            return DiscoveredTenant::read(&document, cloud, &self.clouds, &answer).map(Some);
        }
        if is_unknown_tenant(&answer) {
            return Ok(None);
        }
        Err(refusal(&answer))
    }
}

impl DiscoveredTenant {
    /// The tenant that a document describes. `asked` is whose host answered, `configured` are all that were asked.
    pub(super) fn read(
        document: &OpenIdDocument,
        asked: &CloudEndpoints,
        configured: &[CloudEndpoints],
        answer: &Answer,
    ) -> Result<Self, TenantDiscoveryError> {
        let issuer = document.text("issuer").ok_or_else(|| answer.unexpected("it names no issuer"))?;
        let tenant_id = document.tenant().ok_or_else(|| answer.unexpected("its issuer names no tenant"))?;
        let endpoints = document
            .cloud_endpoints(asked, configured)
            .map_err(|ForeignGraph(host)| TenantDiscoveryError::OtherCloud { host })?;
        let endpoint = |name| document.endpoint(name, &endpoints).ok().flatten();
        Ok(Self {
            tenant_id,
            issuer: issuer.to_owned(),
            token_endpoint: endpoint("token_endpoint"),
            authorization_endpoint: endpoint("authorization_endpoint"),
            device_authorization_endpoint: endpoint("device_authorization_endpoint"),
            region_scope: document.text("tenant_region_scope").map(str::to_owned),
            region_sub_scope: document.text("tenant_region_sub_scope").map(str::to_owned),
            unasked: Vec::new(),
            endpoints,
        })
    }
}

/// Whether the sign-in service says that it knows no such tenant (`invalid_tenant`, AADSTS90002), or no such name.
fn is_unknown_tenant(answer: &Answer) -> bool {
    if !matches!(answer.status(), 400 | 404) {
        return false;
    }
    let body: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let error = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str);
    matches!(error, Some("invalid_tenant" | "invalid_request"))
}

/// Two answers about the same tenant in the same cloud are one; the one from the cloud's own host is kept.
fn add(found: &mut Vec<(DiscoveredTenant, bool)>, tenant: DiscoveredTenant, is_at_home: bool) {
    let same = found
        .iter_mut()
        .find(|(other, _)| other.tenant_id == tenant.tenant_id && other.endpoints.environment() == tenant.endpoints.environment());
    match same {
        None => found.push((tenant, is_at_home)),
        Some(other) if is_at_home && !other.1 => *other = (tenant, true),
        Some(_) => {}
    }
}

/// A domain in ASCII, or an id.
fn tenant_name(given: &str) -> Result<String, TenantDiscoveryError> {
    let text = given.trim();
    if let Ok(id) = text.parse::<TenantId>() {
        return Ok(id.to_string());
    }
    let invalid = || TenantDiscoveryError::InvalidName {
        name: text.chars().take(253).collect(),
    };
    // The parser of URLs knows which characters a domain may have, and how the others are written in ASCII.
    let Ok(Host::Domain(domain)) = Host::parse(text) else {
        return Err(invalid());
    };
    let domain = domain.trim_end_matches('.');
    let is_label = |label: &str| {
        let has_only_usual = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (1..=63).contains(&label.len()) && has_only_usual
    };
    // A name without a dot would be one of the platform's own words, as "common".
    let is_domain = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label);
    if is_domain { Ok(domain.to_owned()) } else { Err(invalid()) }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn failure(error: HttpError) -> TenantDiscoveryError {
    match error {
        HttpError::Unreachable(error) => error.into(),
        HttpError::Unexpected(error) => error.into(),
        HttpError::Redirected { to, trace } => {
            let message = format!("the answer redirects to {}", to.as_deref().unwrap_or("somewhere else"));
            Refused::new(RefusalReason::Redirected, "redirect", message, trace).into()
        }
        // No token is asked for here.
        HttpError::Authorization(error) => Refused::new(
            RefusalReason::Other,
            "token",
            error.to_string(),
            crate::error::RequestTrace::default(),
        )
        .into(),
    }
}

fn refusal(answer: &Answer) -> TenantDiscoveryError {
    let reason = match answer.status() {
        429 => RefusalReason::Throttled,
        408 | 500..=599 => RefusalReason::ServiceUnavailable,
        status => {
            return answer
                .unexpected(format!("it has status {status} and is not an answer of the sign-in service"))
                .into();
        }
    };
    let code = format!("status {}", answer.status());
    Refused::new(reason, code, "the answer says nothing more", answer.trace().clone()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn domains_and_ids_are_taken_in_every_usual_writing() {
        let id = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";
        for (given, taken) in [
            (" contoso.com ", "contoso.com"),
            ("Contoso.OnMicrosoft.com.", "contoso.onmicrosoft.com"),
            ("m\u{fc}nchen.example", "xn--mnchen-3ya.example"),
            ("{6F0C1A52-3D1C-4B55-9C6B-0A4F5B7A1E11}", id),
            (id, id),
        ] {
            assert_eq!(tenant_name(given).unwrap(), taken);
        }
    }

    #[test]
    fn what_is_no_tenants_name_is_refused_before_anything_is_asked() {
        for given in [
            "",
            " ",
            "common",
            "organizations",
            "consumers",
            "contoso",
            "a/b.com",
            "a.com/..",
            "..",
            "a..com",
            "user@contoso.com",
            "https://contoso.com",
            "127.0.0.1",
            "a.com?x=1",
            "a.com#x",
            "a b.com",
            "a%2fb.com",
        ] {
            assert!(
                matches!(tenant_name(given), Err(TenantDiscoveryError::InvalidName { .. })),
                "{given}"
            );
        }
        assert!(tenant_name(&format!("{}.com", "a.".repeat(200))).is_err());
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_segment(given in ".{0,60}") {
            if let Ok(name) = tenant_name(&given) {
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')));
                prop_assert!(name.contains('.') || name.parse::<TenantId>().is_ok());
            }
        }
    }
}
