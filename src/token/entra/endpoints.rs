//! Where a tenant signs in: read from its OpenID configuration, and checked before anything is sent there.

use url::Url;

use super::refusal::{failed, refused, unreadable};
use crate::{
    call::Call,
    cloud::CloudEndpoints,
    error::{SignInRefusal, TokenError, TokenFailure, UnexpectedAnswer},
    http::{Answer, HttpError, Method, Pipeline, Request},
    ids::TenantId,
    token::openid::{ForeignHost, NamedCloud, OpenIdDocument, document_address},
};

/// The addresses of one tenant's sign-in.
#[derive(Debug, Clone)]
pub(super) struct SignInEndpoints {
    pub(super) token: Url,
    pub(super) authorization: Option<Url>,
    pub(super) device_code: Option<Url>,
}

impl SignInEndpoints {
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

    /// Asks the authority where this tenant signs in; without a tenant, where any organization does.
    pub(super) async fn find(pipeline: &Pipeline, endpoints: &CloudEndpoints, tenant: Option<TenantId>) -> Result<Self, TokenError> {
        let name = tenant.map_or_else(|| "organizations".to_owned(), |tenant| tenant.to_string());
        let request = Request::new(Method::Get, document_address(endpoints, &name));
        let answer = pipeline.send(Call::quiet(), &request, None, |_| None).await.map_err(failed)?;
        if !answer.is_success() {
            return Err(refusal(&answer));
        }
        let document: OpenIdDocument = answer.json().map_err(unusable)?;
        check_cloud(&document, endpoints)?;
        check_tenant(&document, tenant)
            .and_then(|()| Self::read(&document, endpoints))
            .map_err(|problem| unusable(answer.unexpected(problem)))
    }

    fn read(document: &OpenIdDocument, endpoints: &CloudEndpoints) -> Result<Self, &'static str> {
        let endpoint = |name| {
            let url = document.endpoint(name, endpoints);
            url.map_err(|ForeignHost| "it sends to another host to sign in")
        };
        Ok(Self {
            token: endpoint("token_endpoint")?.ok_or("it names no token endpoint")?,
            authorization: endpoint("authorization_endpoint")?,
            device_code: endpoint("device_authorization_endpoint")?,
        })
    }
}

/// The sign-in host of one cloud may answer for a tenant of the other, and would even sign its people in: with tokens
/// that Microsoft Graph then refuses.
fn check_cloud(document: &OpenIdDocument, endpoints: &CloudEndpoints) -> Result<(), TokenError> {
    match document.named_cloud() {
        NamedCloud::Offered(cloud) if cloud != endpoints.environment() => Err(TokenError::new(
            TokenFailure::WrongCloud,
            format!("the tenant is in {cloud}, and the sign-in is for {}", endpoints.environment()),
            "Choose the Azure environment that the tenant is in.",
        )),
        NamedCloud::China => Err(TokenError::new(
            TokenFailure::WrongCloud,
            "the tenant is in the cloud operated by 21Vianet",
            "A cloud management gateway is offered in the Azure public cloud and in the Azure US Government cloud only.",
        )),
        NamedCloud::Offered(_) | NamedCloud::Unknown => Ok(()),
    }
}

fn check_tenant(document: &OpenIdDocument, asked: Option<TenantId>) -> Result<(), &'static str> {
    if document.text("issuer").is_none() {
        return Err("it names no issuer");
    }
    match (asked, document.tenant()) {
        (Some(asked), Some(named)) if asked != named => Err("it speaks of another tenant"),
        (Some(_), None) => Err("its issuer names no tenant"),
        _ => Ok(()),
    }
}

fn unusable(error: UnexpectedAnswer) -> TokenError {
    failed(HttpError::Unexpected(error))
}

fn refusal(answer: &Answer) -> TokenError {
    let body: Option<serde_json::Value> = serde_json::from_slice(answer.body()).ok();
    match body.as_ref().and_then(SignInRefusal::read) {
        Some(refusal) => refused(refusal),
        None => unreadable(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const TENANT: &str = "6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11";

    fn document(change: Value) -> OpenIdDocument {
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
        let read = |change| SignInEndpoints::read(&document(change), &CloudEndpoints::default());
        assert!(read(json!({})).is_ok());
        assert!(read(json!({"token_endpoint": null})).is_err(), "without it there is nothing to ask");
        for elsewhere in [
            "https://login.microsoftonline.com.example.org/token",
            "https://login.microsoftonline.com@example.org/token",
            "http://login.microsoftonline.com/token",
            "https://login.microsoftonline.com:8443/token",
            "https://user@login.microsoftonline.com/token",
            "data:text/plain,x",
            "token",
        ] {
            for field in ["token_endpoint", "authorization_endpoint", "device_authorization_endpoint"] {
                assert!(read(json!({ field: elsewhere })).is_err(), "{field} {elsewhere}");
            }
        }
    }

    #[test]
    fn a_tenant_of_another_cloud_is_told_before_a_person_signs_in() {
        let check = |change| check_cloud(&document(change), &CloudEndpoints::default());
        assert!(check(json!({})).is_ok());
        assert!(check(json!({"cloud_instance_name": "emulator.example"})).is_ok());
        assert!(check(json!({"msgraph_host": "127.0.0.1:4001"})).is_ok());
        for other in [
            json!({"cloud_instance_name": "microsoftonline.us"}),
            json!({"cloud_instance_name": "partner.microsoftonline.cn"}),
            // What the global sign-in host says of such tenants.
            json!({"msgraph_host": "graph.microsoft.us"}),
            json!({"msgraph_host": "microsoftgraph.chinacloudapi.cn"}),
        ] {
            assert_eq!(check(other.clone()).unwrap_err().failure(), TokenFailure::WrongCloud, "{other}");
        }
    }

    #[test]
    fn the_token_endpoint_of_a_known_tenant_is_the_one_its_document_names() {
        let endpoints = CloudEndpoints::default();
        let told = SignInEndpoints::read(&document(json!({})), &endpoints).unwrap();
        assert_eq!(SignInEndpoints::known(&endpoints, TENANT.parse().unwrap()).token, told.token);
    }

    #[test]
    fn a_document_of_another_tenant_is_not_used() {
        let own = document(json!({}));
        assert!(check_tenant(&own, Some(TENANT.parse().unwrap())).is_ok());
        assert!(check_tenant(&own, None).is_ok());
        assert!(check_tenant(&own, Some(TenantId::new(uuid::Uuid::from_u128(1)))).is_err());
        let any = document(json!({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}));
        assert!(check_tenant(&any, None).is_ok());
        assert!(check_tenant(&any, Some(TENANT.parse().unwrap())).is_err());
        assert!(check_tenant(&document(json!({"issuer": null})), None).is_err());
    }
}
