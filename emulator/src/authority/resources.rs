//! What a token is for: Microsoft Graph, or another app registration of the tenant.

use serde_json::{Value, json};
use url::Url;

use super::{AuthorityRequest, OAuthError};
use crate::{
    EmulatedTenant,
    store::{Entry, Store},
    texts,
};

/// Microsoft Graph under any of its names, or an app registration's App ID URI or id.
pub(super) fn check_resource(tenant: &EmulatedTenant, request: &AuthorityRequest, resource: &str) -> Result<(), OAuthError> {
    let bare = resource.trim_end_matches('/');
    let own_host = Url::parse(&request.address).ok().map(|url| url.origin());
    let is_own = Url::parse(resource).is_ok_and(|url| url.scheme().starts_with("http") && Some(url.origin()) == own_host);
    if bare.is_empty() || is_own {
        return Ok(());
    }
    let store = tenant.store();
    if let Some(principal) = principal_named(&store, bare) {
        return check_enabled(principal, resource);
    }
    let message = texts::RESOURCE_UNKNOWN.with(&[("resource", resource), ("tenant", &tenant.settings().display_name)]);
    Err(OAuthError::new("invalid_resource", 500_011, message))
}

/// No token for a resource whose service principal is switched off. Whether there is one is another question.
pub(super) fn check_disabled_resource(tenant: &EmulatedTenant, resource: &str) -> Result<(), OAuthError> {
    let store = tenant.store();
    match principal_named(&store, resource.trim_end_matches('/')) {
        Some(principal) => check_enabled(principal, resource),
        None => Ok(()),
    }
}

/// A service principal by any of its names.
fn principal_named<'a>(store: &'a Store, bare: &str) -> Option<&'a Entry> {
    store.service_principals.iter().find(|principal| {
        let names = principal.object.get("servicePrincipalNames").and_then(Value::as_array);
        let mut names = names.into_iter().flatten().filter_map(Value::as_str);
        names.any(|name| name.trim_end_matches('/').eq_ignore_ascii_case(bare))
    })
}

fn check_enabled(principal: &Entry, resource: &str) -> Result<(), OAuthError> {
    if principal.object.get("accountEnabled") == Some(&json!(false)) {
        let message = texts::RESOURCE_DISABLED.with(&[("resource", resource)]);
        return Err(OAuthError::new("invalid_resource", 500_014, message));
    }
    Ok(())
}
