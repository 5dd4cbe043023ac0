//! What a token is for: Microsoft Graph, or another app registration of the tenant.

use serde_json::{Value, json};

use super::{AuthorityRequest, OAuthError, scopes::is_graph};
use crate::{
    EmulatedTenant,
    caller::graph_resource,
    ids::well_known::MICROSOFT_GRAPH,
    object::Object,
    store::{Entry, Store},
    texts,
};

/// The resource that a token is for.
#[derive(Debug)]
pub(super) struct Resource {
    /// As it was asked for.
    pub(super) name: String,
    /// Its service principal; empty if the tenant has none for Microsoft Graph.
    pub(super) principal: Object,
    pub(super) is_graph: bool,
    /// Whether its app registration asks for tokens of version 2 (`requestedAccessTokenVersion`).
    pub(super) takes_version_2: bool,
}

impl Resource {
    /// Microsoft Graph under any of its names, or an app registration's App ID URI or id. Its service principal is there and
    /// switched on.
    pub(super) fn find(tenant: &EmulatedTenant, request: &AuthorityRequest, name: &str) -> Result<Self, OAuthError> {
        let store = tenant.store();
        let bare = name.trim_end_matches('/');
        let named = principal_named(&store, bare);
        let is_graph_here = is_graph(name, request) && (named.is_some() || !is_of_a_cloud(name));
        let is_its = |entry: &&Entry| entry.text("appId") == MICROSOFT_GRAPH.to_string();
        let found = named.or_else(|| store.service_principals.iter().find(|entry| is_graph_here && is_its(entry)));
        let Some(principal) = found else {
            if is_graph_here {
                return Ok(Self::graph(name, Object::new()));
            }
            let message = texts::RESOURCE_UNKNOWN.with(&[("resource", name), ("tenant", &tenant.settings().display_name)]);
            return Err(OAuthError::new("invalid_resource", 500_011, message));
        };
        if principal.object.get("accountEnabled") == Some(&json!(false)) {
            let message = texts::RESOURCE_DISABLED.with(&[("resource", name)]);
            return Err(OAuthError::new("invalid_resource", 500_014, message));
        }
        if is_its(&principal) {
            return Ok(Self::graph(name, principal.object.clone()));
        }
        let application = store
            .applications
            .iter()
            .find(|entry| entry.text("appId") == principal.text("appId"));
        let version = application.and_then(|entry| entry.object.get("api")?.get("requestedAccessTokenVersion"));
        Ok(Self {
            name: name.to_owned(),
            principal: principal.object.clone(),
            is_graph: false,
            takes_version_2: version == Some(&json!(2)),
        })
    }

    /// Microsoft Graph, by any of its addresses.
    pub(super) fn graph(name: &str, principal: Object) -> Self {
        Self {
            name: name.to_owned(),
            principal,
            is_graph: true,
            takes_version_2: false,
        }
    }

    /// The audience of a token for it: its client id in version 2, what it was asked for by in version 1.
    pub(super) fn audience(&self, tenant: &EmulatedTenant) -> String {
        if self.takes_version_2 {
            self.text("appId").to_owned()
        } else if self.name.is_empty() {
            graph_resource(tenant.environment()).to_owned()
        } else {
            self.name.clone()
        }
    }

    pub(super) fn text(&self, property: &str) -> &str {
        self.principal.get(property).and_then(Value::as_str).unwrap_or_default()
    }

    /// The names of the delegated permissions that it offers.
    pub(super) fn scope_names(&self) -> impl Iterator<Item = &str> {
        let scopes = self.principal.get("oauth2PermissionScopes").and_then(Value::as_array);
        let enabled = scopes.into_iter().flatten().filter(|scope| scope["isEnabled"] != json!(false));
        enabled.filter_map(|scope| scope["value"].as_str())
    }

    /// The name of one of its app roles. The default role has none.
    pub(super) fn role_name(&self, id: &str) -> Option<&str> {
        let roles = self.principal.get("appRoles").and_then(Value::as_array);
        let mut found = roles
            .into_iter()
            .flatten()
            .filter(|role| role["id"].as_str().is_some_and(|given| given.eq_ignore_ascii_case(id)));
        found.next()?["value"].as_str()
    }

    pub(super) fn requires_assignment(&self) -> bool {
        self.principal.get("appRoleAssignmentRequired") == Some(&json!(true))
    }
}

/// Microsoft Graph of a cloud has to be one of the tenant's own, any other address need not.
fn is_of_a_cloud(name: &str) -> bool {
    crate::cloud::CloudEnvironment::of_audience(name).is_some()
}

/// A service principal by any of its names.
fn principal_named<'a>(store: &'a Store, bare: &str) -> Option<&'a Entry> {
    store.service_principals.iter().find(|principal| {
        let names = principal.object.get("servicePrincipalNames").and_then(Value::as_array);
        let mut names = names.into_iter().flatten().filter_map(Value::as_str);
        names.any(|name| name.trim_end_matches('/').eq_ignore_ascii_case(bare))
    })
}
