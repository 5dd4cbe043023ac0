//! Who may have a token here: the app registration of the client, as the directory has it.

use serde_json::json;

use super::OAuthError;
use crate::{
    EmulatedTenant,
    store::{Entry, role_name_of_graph},
    texts,
};

/// No token through an app registration that is switched off, in itself or in its service principal; and none for an
/// application by itself that has no service principal here.
///
/// Sources: *Deactivate an app registration*, 2026-03-16; *Create a service principal*: an application without one gets no
/// token since 2026-03-31. What is not registered here is another question.
pub(super) fn check_client(tenant: &EmulatedTenant, client_id: &str, acts_by_itself: bool) -> Result<(), OAuthError> {
    let store = tenant.store();
    let is_it = |entry: &&Entry| entry.text("appId").eq_ignore_ascii_case(client_id);
    let application = store.applications.iter().find(is_it);
    let principal = store.service_principals.iter().find(is_it);
    if acts_by_itself && principal.is_none() {
        let tenant_id = tenant.tenant_id().to_string();
        let message = texts::NO_SERVICE_PRINCIPAL.with(&[("appId", client_id), ("tenant", &tenant_id)]);
        return Err(OAuthError::new("invalid_client", 7_000_229, message));
    }
    let objects = application.into_iter().chain(principal);
    let disabled = objects.clone().find(|entry| {
        let is = |name: &str, value: bool| entry.object.get(name) == Some(&json!(value));
        let by_microsoft = entry.text("disabledByMicrosoftStatus");
        let is_disabled_by_microsoft = !by_microsoft.is_empty() && by_microsoft != "NotDisabled";
        is("isDisabled", true) || is("accountEnabled", false) || is_disabled_by_microsoft
    });
    if let Some(disabled) = disabled {
        let message = texts::APPLICATION_DISABLED.with(&[("appId", client_id), ("name", disabled.text("displayName"))]);
        return Err(OAuthError::new("unauthorized_client", 7_000_112, message));
    }
    Ok(())
}

/// The names of the application permissions that an app has been given.
pub(super) fn granted_roles(tenant: &EmulatedTenant, client_id: &str) -> Vec<String> {
    let store = tenant.store();
    let principal = store
        .service_principals
        .iter()
        .find(|principal| principal.text("appId").eq_ignore_ascii_case(client_id));
    let Some(id) = principal.map(|principal| principal.text("id")) else {
        return Vec::new();
    };
    let held = store.assignments.iter().filter(|assignment| assignment.text("principalId") == id);
    held.filter_map(|assignment| role_name_of_graph(assignment.text("appRoleId")))
        .map(str::to_owned)
        .collect()
}
