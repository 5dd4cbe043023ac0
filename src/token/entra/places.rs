//! Where a tenant signs in: read from its OpenID configuration, and checked before anything is sent there.

use serde::Deserialize;
use url::Url;

use super::refusal::{failed, refused};
use crate::{
    call::Call,
    cloud::{CloudEndpoints, CloudEnvironment},
    error::{SignInRefusal, TokenError, TokenFailure},
    http::{Answer, Method, Pipeline, Request},
    ids::TenantId,
};

/// The addresses of one tenant's sign-in.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) token: Url,
    pub(super) authorization: Option<Url>,
    pub(super) device_code: Option<Url>,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    token_endpoint: Url,
    #[serde(default)]
    authorization_endpoint: Option<Url>,
    #[serde(default)]
    device_authorization_endpoint: Option<Url>,
    #[serde(default)]
    cloud_instance_name: Option<String>,
}

impl Places {
    /// Where the tokens of a known tenant are had, without asking: the documented shape of the token endpoint.
    ///
    /// Source: *Microsoft identity platform and OAuth 2.0 client credentials flow*.
    pub(super) fn known(endpoints: &CloudEndpoints, tenant: TenantId) -> Self {
        let mut token = endpoints.authority().clone();
        token.set_path(&format!("{}{tenant}/oauth2/v2.0/token", endpoints.authority().path()));
        Self {
            token,
            authorization: None,
            device_code: None,
        }
    }
}

/// Asks the authority where this tenant signs in; without a tenant, where any organization does.
///
/// Source: OpenID Connect discovery of the Microsoft identity platform.
pub(super) async fn find(pipeline: &Pipeline, endpoints: &CloudEndpoints, tenant: Option<TenantId>) -> Result<Places, TokenError> {
    let mut url = endpoints.authority().clone();
    let name = tenant.map_or_else(|| "organizations".to_owned(), |tenant| tenant.to_string());
    url.set_path(&format!(
        "{}{name}/v2.0/.well-known/openid-configuration",
        endpoints.authority().path()
    ));
    let request = Request::new(Method::Get, url);
    let answer = pipeline.send(Call::quiet(), &request, None, |_| None).await.map_err(failed)?;
    if !answer.is_success() {
        return Err(refusal(&answer));
    }
    let document: Document = answer.json().map_err(unusable)?;
    document.check_cloud(endpoints)?;
    document
        .check_tenant(tenant)
        .map_err(|problem| unusable(answer.unexpected(problem)))?;
    document.places(endpoints).map_err(|problem| unusable(answer.unexpected(problem)))
}

impl Document {
    /// The sign-in host of one cloud may answer for a tenant of the other, and would even sign its people in: with
    /// tokens that Microsoft Graph then refuses.
    fn check_cloud(&self, endpoints: &CloudEndpoints) -> Result<(), TokenError> {
        let cloud = match self.cloud_instance_name.as_deref() {
            Some("microsoftonline.com") => CloudEnvironment::AzurePublicCloud,
            Some("microsoftonline.us") => CloudEnvironment::AzureUsGovernmentCloud,
            Some("partner.microsoftonline.cn") => {
                return Err(TokenError::new(
                    TokenFailure::WrongCloud,
                    "the tenant is in the cloud operated by 21Vianet",
                    "A cloud management gateway is offered in the Azure public cloud and in the Azure US Government cloud only.",
                ));
            }
            _ => return Ok(()),
        };
        if cloud == endpoints.environment() {
            return Ok(());
        }
        Err(TokenError::new(
            TokenFailure::WrongCloud,
            format!("the tenant is in {cloud}, and the sign-in is for {}", endpoints.environment()),
            "Choose the Azure environment that the tenant is in.",
        ))
    }

    fn check_tenant(&self, asked: Option<TenantId>) -> Result<(), &'static str> {
        let issuer = Url::parse(&self.issuer).ok();
        let mut segments = issuer.as_ref().and_then(Url::path_segments).into_iter().flatten();
        let named: Option<TenantId> = segments.find_map(|segment| segment.parse().ok());
        match (asked, named) {
            (Some(asked), Some(named)) if asked != named => Err("it speaks of another tenant"),
            (Some(_), None) => Err("its issuer names no tenant"),
            _ => Ok(()),
        }
    }

    /// Codes, secrets and passwords go to these addresses, so they must be where the caller meant to sign in.
    fn places(self, endpoints: &CloudEndpoints) -> Result<Places, &'static str> {
        let is_own = |url: &Url| {
            let is_bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
            is_bare && url.origin() == endpoints.authority().origin()
        };
        let all = [
            Some(&self.token_endpoint),
            self.authorization_endpoint.as_ref(),
            self.device_authorization_endpoint.as_ref(),
        ];
        if !all.into_iter().flatten().all(is_own) {
            return Err("it sends to another host to sign in");
        }
        Ok(Places {
            token: self.token_endpoint,
            authorization: self.authorization_endpoint,
            device_code: self.device_authorization_endpoint,
        })
    }
}

fn unusable(error: crate::error::UnexpectedAnswer) -> TokenError {
    failed(crate::http::HttpError::Unexpected(error))
}

fn refusal(answer: &Answer) -> TokenError {
    let body: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
    match body.as_ref().and_then(SignInRefusal::read) {
        Some(refusal) => refused(refusal),
        None => super::refusal::unreadable(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";

    fn document(change: Value) -> Document {
        let mut document = json!({
            "issuer": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
            "token_endpoint": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/authorize"),
            "cloud_instance_name": "microsoftonline.com",
        });
        document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn an_address_elsewhere_is_not_signed_in_at() {
        let endpoints = CloudEndpoints::default();
        assert!(document(json!({})).places(&endpoints).is_ok());
        for elsewhere in [
            "https://login.microsoftonline.com.example.org/token",
            "https://login.microsoftonline.com@example.org/token",
            "http://login.microsoftonline.com/token",
            "https://login.microsoftonline.com:8443/token",
            "https://user@login.microsoftonline.com/token",
            "data:text/plain,x",
        ] {
            for field in ["token_endpoint", "authorization_endpoint", "device_authorization_endpoint"] {
                assert!(
                    document(json!({ field: elsewhere })).places(&endpoints).is_err(),
                    "{field} {elsewhere}"
                );
            }
        }
    }

    #[test]
    fn the_token_endpoint_of_a_known_tenant_is_the_one_its_document_names() {
        let endpoints = CloudEndpoints::default();
        let told = document(json!({})).places(&endpoints).unwrap();
        assert_eq!(Places::known(&endpoints, TENANT.parse().unwrap()).token, told.token);
    }

    #[test]
    fn a_tenant_of_another_cloud_is_told_before_anybody_signs_in() {
        let endpoints = CloudEndpoints::default();
        assert!(document(json!({})).check_cloud(&endpoints).is_ok());
        assert!(
            document(json!({"cloud_instance_name": "emulator.example"}))
                .check_cloud(&endpoints)
                .is_ok()
        );
        for other in ["microsoftonline.us", "partner.microsoftonline.cn"] {
            let error = document(json!({"cloud_instance_name": other})).check_cloud(&endpoints).unwrap_err();
            assert_eq!(error.failure(), TokenFailure::WrongCloud);
        }
    }

    #[test]
    fn a_document_of_another_tenant_is_not_used() {
        let own = document(json!({}));
        assert!(own.check_tenant(Some(TENANT.parse().unwrap())).is_ok());
        assert!(own.check_tenant(None).is_ok());
        assert!(own.check_tenant(Some(TenantId::new(uuid::Uuid::from_u128(1)))).is_err());
        let any = document(json!({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}));
        assert!(any.check_tenant(None).is_ok());
        assert!(any.check_tenant(Some(TENANT.parse().unwrap())).is_err());
    }
}
