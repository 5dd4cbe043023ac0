//! What the authority says about itself and the tenant, before anybody signs in.

use serde_json::{Value, json};

use super::{AuthorityRequest, OAuthError, check_tenant};
use crate::{EmulatedTenant, cloud::CloudEnvironment};

/// The OpenID configuration of a tenant, which is how its id and its cloud are found out.
pub(super) fn openid_configuration(
    tenant: &EmulatedTenant,
    request: &AuthorityRequest,
    named: &str,
    is_v2: bool,
) -> Result<Value, OAuthError> {
    check_tenant(tenant, named)?;
    let address = &request.address;
    let id = tenant.tenant_id();
    let version = if is_v2 { "/v2.0" } else { "" };
    let issuer = match (named, is_v2) {
        ("common" | "organizations", true) => format!("{address}/{{tenantid}}/v2.0"),
        (_, true) => format!("{address}/{id}/v2.0"),
        (_, false) => format!("https://sts.windows.net/{id}/"),
    };
    // The host alone, as the service writes it. A port belongs to it where there is one.
    let host = address.split_once("://").map_or(address.as_str(), |(_, host)| host);
    let in_path = if matches!(named, "common" | "organizations") {
        named.to_owned()
    } else {
        id.to_string()
    };
    let mut configuration = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{address}/{in_path}/oauth2{version}/authorize"),
        "token_endpoint": format!("{address}/{in_path}/oauth2{version}/token"),
        "device_authorization_endpoint": format!("{address}/{in_path}/oauth2{version}/devicecode"),
        "end_session_endpoint": format!("{address}/{in_path}/oauth2{version}/logout"),
        "jwks_uri": format!("{address}/{in_path}/discovery{version}/keys"),
        "userinfo_endpoint": format!("{address}/oidc/userinfo"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": host,
    });
    let (cloud, region, sub_region) = match tenant.environment() {
        CloudEnvironment::AzurePublicCloud => ("microsoftonline.com", "NA", None),
        CloudEnvironment::AzureUsGovernmentCloud => ("microsoftonline.us", "USGov", Some("DODCON")),
    };
    configuration["cloud_instance_name"] = json!(cloud);
    configuration["tenant_region_scope"] = json!(region);
    if let Some(sub_region) = sub_region {
        configuration["tenant_region_sub_scope"] = json!(sub_region);
    }
    Ok(configuration)
}

/// The instance discovery that Microsoft's own libraries begin with: this server is an authority of its own.
pub(super) fn instances(request: &AuthorityRequest) -> Value {
    let host = request.address.split_once("://").map_or(request.address.as_str(), |(_, host)| host);
    let endpoint = request.option("authorization_endpoint").unwrap_or_default();
    let configuration = endpoint
        .split_once("/oauth2")
        .map_or_else(|| request.address.clone(), |(tenant, _)| tenant.to_owned());
    json!({
        "tenant_discovery_endpoint": format!("{configuration}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    })
}
