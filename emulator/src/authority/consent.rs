//! What a token may say: the permissions that were consented to, and the roles that were assigned.

use serde_json::Value;
use tokio::time::Instant;

use super::{
    OAuthError,
    clients::Client,
    resources::Resource,
    scopes::{DEFAULT, Scopes},
};
use crate::{
    EmulatedTenant,
    object::Object,
    store::{Collection, Store},
    texts,
};

/// The delegated permissions of a user's token: those that were asked for, each of them consented to.
///
/// The sign-in page of the emulator asks for no consent, so that what was not granted before is refused.
pub(super) fn scopes(
    tenant: &EmulatedTenant,
    client: &Client,
    user: &str,
    resource: &Resource,
    wanted: &Scopes,
) -> Result<Vec<String>, OAuthError> {
    let consented = consented(tenant, client, user, resource);
    let names: Vec<&String> = wanted.names.iter().filter(|name| *name != DEFAULT).collect();
    let holds = |name: &str| consented.iter().any(|held| held.eq_ignore_ascii_case(name));
    // Microsoft's own clients have what the tenant's caller was given.
    let is_of_microsoft = client.is_of_microsoft && resource.is_graph;
    if wanted.asks_for_everything() {
        let has_any = wanted.names.is_empty() && has_any_grant(tenant, client);
        if consented.is_empty() && !is_of_microsoft && !has_any {
            return Err(not_consented(client));
        }
        return Ok(consented);
    }
    if !is_of_microsoft {
        for name in &names {
            if holds(name) {
                continue;
            }
            let exists = resource.scope_names().any(|offered| offered.eq_ignore_ascii_case(name));
            return Err(if exists || resource.is_graph {
                not_consented(client)
            } else {
                let values = [("name", &*client.name), ("scope", name.as_str()), ("resource", &*resource.name)];
                OAuthError::new("invalid_client", 650_053, texts::SCOPE_UNKNOWN.with(&values))
            });
        }
    }
    let is_wanted = |held: &String| names.iter().any(|name| name.eq_ignore_ascii_case(held));
    Ok(consented.into_iter().filter(is_wanted).collect())
}

/// The roles of an application's token: those that were assigned to it at this resource.
pub(super) fn roles(tenant: &EmulatedTenant, client: &Client, resource: &Resource) -> Result<Vec<String>, OAuthError> {
    let store = tenant.store();
    let principal = client.principal_id().to_owned();
    let is_its = |assignment: &&crate::store::Entry| {
        assignment.text("principalId") == principal && assignment.text("resourceId") == resource.text("id")
    };
    let held: Vec<_> = store.assignments.iter().filter(is_its).collect();
    if held.is_empty() && resource.requires_assignment() && !resource.is_graph {
        let values = [
            ("client", client.id.as_str()),
            ("name", &client.name),
            ("resource", resource.text("appId")),
            ("resourceName", resource.text("displayName")),
        ];
        return Err(OAuthError::new(
            "invalid_grant",
            501_051,
            texts::APPLICATION_NOT_ASSIGNED.with(&values),
        ));
    }
    let names = held
        .iter()
        .filter_map(|assignment| resource.role_name(assignment.text("appRoleId")));
    Ok(names.map(str::to_owned).collect())
}

/// Whether a user may use an application that asks for an assignment first, and the resource behind it.
pub(super) fn check_user_assigned(
    tenant: &EmulatedTenant,
    client: &Client,
    (user, account): (&str, &str),
    resource: &Resource,
) -> Result<(), OAuthError> {
    let store = tenant.store();
    let principals = client.principal.iter().chain(std::iter::once(&resource.principal));
    for principal in principals {
        let is_required = principal.get("appRoleAssignmentRequired") == Some(&Value::Bool(true));
        let id = text(principal, "id");
        let is_assigned = store
            .assignments
            .iter()
            .any(|one| one.text("principalId") == user && one.text("resourceId") == id);
        if is_required && !is_assigned {
            let values = [
                ("name", text(principal, "displayName")),
                ("appId", text(principal, "appId")),
                ("account", account),
            ];
            return Err(OAuthError::new(
                "interaction_required",
                50105,
                texts::USER_NOT_ASSIGNED.with(&values),
            ));
        }
    }
    Ok(())
}

/// The names of the permissions that a client has at a resource for a user.
fn consented(tenant: &EmulatedTenant, client: &Client, user: &str, resource: &Resource) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if client.is_of_microsoft && resource.is_graph {
        names.extend(tenant.caller().scopes().iter().cloned());
    }
    let store = tenant.store();
    let client_id = client.principal_id();
    let grants = store.seen(Collection::Grants, Instant::now()).filter(|grant| {
        let is_for_user = text(grant, "consentType") == "AllPrincipals" || text(grant, "principalId") == user;
        !client_id.is_empty() && text(grant, "clientId") == client_id && text(grant, "resourceId") == resource.text("id") && is_for_user
    });
    for grant in grants {
        names.extend(text(grant, "scope").split_whitespace().map(str::to_owned));
    }
    names.extend(pre_authorized(&store, client, resource));
    if !resource.is_graph {
        names.retain(|name| resource.scope_names().any(|offered| offered.eq_ignore_ascii_case(name)));
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.to_ascii_lowercase()));
    names
}

/// What the resource's app registration grants a client by itself.
fn pre_authorized(store: &Store, client: &Client, resource: &Resource) -> Vec<String> {
    let mut applications = store.applications.iter();
    let Some(application) = applications.find(|entry| entry.text("appId") == resource.text("appId")) else {
        return Vec::new();
    };
    let api = application.object.get("api");
    let list = |name: &str| api.and_then(|api| api.get(name)?.as_array().cloned()).unwrap_or_default();
    let of_client = list("preAuthorizedApplications")
        .into_iter()
        .filter(|one| one["appId"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&client.id)));
    let ids: Vec<Value> = of_client
        .flat_map(|one| one["delegatedPermissionIds"].as_array().cloned().unwrap_or_default())
        .collect();
    let scopes = list("oauth2PermissionScopes")
        .into_iter()
        .filter(|scope| ids.contains(&scope["id"]));
    scopes.filter_map(|scope| scope["value"].as_str().map(str::to_owned)).collect()
}

fn has_any_grant(tenant: &EmulatedTenant, client: &Client) -> bool {
    let id = client.principal_id();
    !id.is_empty()
        && tenant
            .store()
            .seen(Collection::Grants, Instant::now())
            .any(|grant| text(grant, "clientId") == id)
}

fn not_consented(client: &Client) -> OAuthError {
    let values = [("appId", client.id.as_str()), ("name", &client.name)];
    OAuthError::new("invalid_grant", 65001, texts::NOT_CONSENTED.with(&values))
}

fn text<'a>(object: &'a Object, property: &str) -> &'a str {
    object.get(property).and_then(Value::as_str).unwrap_or_default()
}
