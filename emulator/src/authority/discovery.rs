//! What the authority says about itself and the tenant, before any person signs in.

use serde_json::{Value, json};

use super::{AuthorityAnswer, AuthorityRequest, OAuthError, check_tenant};
use crate::{EmulatedTenant, caller::read_token, cloud::CloudEnvironment};

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

/// How an account signs in, which libraries ask before they send a password.
pub(super) fn user_realm(tenant: &EmulatedTenant, user: &str) -> Value {
    let domain = user.split_once('@').map_or(user, |(_, domain)| domain);
    let is_known = tenant.settings().is_named(domain);
    json!({
        "ver": "1.0", "account_type": if is_known { "Managed" } else { "Unknown" }, "domain_name": domain,
        "cloud_instance_name": "microsoftonline.com", "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    })
}

/// Who the bearer of a token is.
pub(super) fn user_info(request: &AuthorityRequest) -> AuthorityAnswer {
    let token = request
        .authorization
        .as_deref()
        .and_then(|header| header.split_once(' '))
        .map(|(_, token)| token.trim());
    let Some(claims) = token.and_then(read_token).filter(|claims| claims.contains_key("scp")) else {
        return AuthorityAnswer::Json(
            401,
            json!({"error": {"code": "InvalidAuthenticationToken", "message": "Access token is empty."}}),
        );
    };
    let text = |name: &str| claims.get(name).cloned().unwrap_or(Value::Null);
    AuthorityAnswer::Json(200, json!({"sub": text("sub"), "name": text("upn"), "email": text("upn")}))
}

/// Nothing is kept in the browser, so that there is nothing to forget; the browser is sent where the client asks.
pub(super) fn logged_out(request: &AuthorityRequest) -> AuthorityAnswer {
    let next = request
        .option("post_logout_redirect_uri")
        .filter(|next| next.starts_with("https://") || next.starts_with("http://"));
    next.map_or_else(
        || {
            AuthorityAnswer::Page(
                200,
                "<!doctype html><title>Emulator sign-in</title><p>You signed out of your account.</p>".to_owned(),
            )
        },
        AuthorityAnswer::Redirect,
    )
}
