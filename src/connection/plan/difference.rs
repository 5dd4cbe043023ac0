//! What an app registration lacks of its wanted shape. Lists only grow: what others have added stays.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::directory::{
    ApiApplication, ApplicationProperties, ImplicitGrantSettings, PermissionScope, PublicClientApplication, RequiredResourceAccess,
    WebApplication,
};

/// One property that is changed, of an app registration or of discovery in the site, with its old and its new value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyChange {
    /// The property, as Microsoft Graph calls it; of discovery, as the specification calls it.
    pub property: String,
    /// What it is now; `null` if it has no value.
    pub from: Value,
    /// What it becomes. A list keeps what it has; permissions are told as `{client id of the API}/{permission
    /// id}`.
    pub to: Value,
}

/// What must be changed so that `current` has everything that `wanted` asks for. Lists keep what they have.
pub(crate) fn difference(current: &ApplicationProperties, wanted: &ApplicationProperties) -> (ApplicationProperties, Vec<PropertyChange>) {
    let mut changes = Vec::new();
    let (current_web, wanted_web) = (current.web.clone().unwrap_or_default(), wanted.web.clone().unwrap_or_default());
    let (current_api, wanted_api) = (current.api.clone().unwrap_or_default(), wanted.api.clone().unwrap_or_default());
    let current_redirects = current.public_client.as_ref().and_then(|platform| platform.redirect_uris.as_ref());
    let wanted_redirects = wanted.public_client.as_ref().and_then(|platform| platform.redirect_uris.as_ref());
    let id_tokens = |web: &WebApplication| {
        web.implicit_grant_settings
            .as_ref()
            .and_then(|settings| settings.enable_id_token_issuance)
    };

    let web = WebApplication {
        home_page_url: scalar(
            "web.homePageUrl",
            current_web.home_page_url.as_ref(),
            wanted_web.home_page_url.as_ref(),
            &mut changes,
        ),
        redirect_uris: list(
            "web.redirectUris",
            current_web.redirect_uris.as_ref(),
            wanted_web.redirect_uris.as_ref(),
            &mut changes,
        ),
        implicit_grant_settings: scalar(
            "web.implicitGrantSettings.enableIdTokenIssuance",
            id_tokens(&current_web).as_ref(),
            id_tokens(&wanted_web).as_ref(),
            &mut changes,
        )
        .map(|enabled| ImplicitGrantSettings {
            enable_id_token_issuance: Some(enabled),
            ..ImplicitGrantSettings::default()
        }),
    };
    let api = ApiApplication {
        oauth2_permission_scopes: scopes(&current_api, &wanted_api, &mut changes),
        requested_access_token_version: token_version(&current_api, &wanted_api, &mut changes),
    };
    let redirects = list("publicClient.redirectUris", current_redirects, wanted_redirects, &mut changes);
    let change = ApplicationProperties {
        display_name: scalar(
            "displayName",
            current.display_name.as_ref(),
            wanted.display_name.as_ref(),
            &mut changes,
        ),
        unique_name: None,
        sign_in_audience: scalar(
            "signInAudience",
            current.sign_in_audience.as_ref(),
            wanted.sign_in_audience.as_ref(),
            &mut changes,
        ),
        identifier_uris: list(
            "identifierUris",
            current.identifier_uris.as_ref(),
            wanted.identifier_uris.as_ref(),
            &mut changes,
        ),
        web: (web != WebApplication::default()).then_some(web),
        public_client: redirects.map(|uris| PublicClientApplication { redirect_uris: Some(uris) }),
        is_fallback_public_client: scalar(
            "isFallbackPublicClient",
            current.is_fallback_public_client.as_ref(),
            wanted.is_fallback_public_client.as_ref(),
            &mut changes,
        ),
        is_device_only_auth_supported: scalar(
            "isDeviceOnlyAuthSupported",
            current.is_device_only_auth_supported.as_ref(),
            wanted.is_device_only_auth_supported.as_ref(),
            &mut changes,
        ),
        api: (api != ApiApplication::default()).then_some(api),
        required_resource_access: permissions(current, wanted, &mut changes),
        // It is set when an app is created, and left to its administrators from then on.
        service_principal_lock_configuration: None,
        // The same of the tags: an app without the tag is left as it is.
        tags: None,
    };
    (change, changes)
}

/// What `current` lacks of `wanted`: of lists the missing values only, so that it can be added to what is
/// there by then.
pub(crate) fn lacking(current: &ApplicationProperties, wanted: &ApplicationProperties) -> (ApplicationProperties, Vec<PropertyChange>) {
    let (mut adds, changes) = difference(current, wanted);
    remove_held(&mut adds.identifier_uris, current.identifier_uris.as_ref());
    if let Some(web) = &mut adds.web {
        remove_held(
            &mut web.redirect_uris,
            current.web.as_ref().and_then(|web| web.redirect_uris.as_ref()),
        );
    }
    if let Some(client) = &mut adds.public_client {
        let held = current.public_client.as_ref().and_then(|client| client.redirect_uris.as_ref());
        remove_held(&mut client.redirect_uris, held);
    }
    if let Some(api) = &mut adds.api {
        let held = current.api.as_ref().and_then(|api| api.oauth2_permission_scopes.as_ref());
        remove_held(&mut api.oauth2_permission_scopes, held);
    }
    let held = current.required_resource_access.as_deref().unwrap_or_default();
    for resource in adds.required_resource_access.iter_mut().flatten() {
        let of_resource = held.iter().filter(|held| held.resource_app_id == resource.resource_app_id);
        let of_resource: Vec<_> = of_resource.flat_map(|held| &held.resource_access).collect();
        resource.resource_access.retain(|access| !of_resource.contains(&access));
    }
    if let Some(resources) = &mut adds.required_resource_access {
        resources.retain(|resource| !resource.resource_access.is_empty());
    }
    (adds, changes)
}

fn remove_held<T: PartialEq>(values: &mut Option<Vec<T>>, held: Option<&Vec<T>>) {
    if let (Some(values), Some(held)) = (values, held) {
        values.retain(|value| !held.contains(value));
    }
}

fn scalar<T: Clone + PartialEq + Into<Value>>(
    property: &'static str,
    current: Option<&T>,
    wanted: Option<&T>,
    changes: &mut Vec<PropertyChange>,
) -> Option<T> {
    let wanted = wanted?;
    if current == Some(wanted) {
        return None;
    }
    changes.push(PropertyChange {
        property: property.to_owned(),
        from: current.cloned().map_or(Value::Null, Into::into),
        to: wanted.clone().into(),
    });
    Some(wanted.clone())
}

fn list(
    property: &'static str,
    current: Option<&Vec<String>>,
    wanted: Option<&Vec<String>>,
    changes: &mut Vec<PropertyChange>,
) -> Option<Vec<String>> {
    let held = current.cloned().unwrap_or_default();
    let missing: Vec<String> = wanted?.iter().filter(|value| !held.contains(value)).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    let all: Vec<String> = held.iter().cloned().chain(missing).collect();
    changes.push(PropertyChange {
        property: property.to_owned(),
        from: held.into(),
        to: all.clone().into(),
    });
    Some(all)
}

fn scopes(current: &ApiApplication, wanted: &ApiApplication, changes: &mut Vec<PropertyChange>) -> Option<Vec<PermissionScope>> {
    let mut held = current.oauth2_permission_scopes.clone().unwrap_or_default();
    let mut is_changed = false;
    for scope in wanted.oauth2_permission_scopes.iter().flatten() {
        match held.iter_mut().find(|existing| existing.value == scope.value) {
            Some(existing) if existing.is_enabled => {}
            Some(existing) => {
                existing.is_enabled = true;
                is_changed = true;
            }
            None => {
                held.push(scope.clone());
                is_changed = true;
            }
        }
    }
    if !is_changed {
        return None;
    }
    changes.push(PropertyChange {
        property: "api.oauth2PermissionScopes".to_owned(),
        from: enabled_scopes(current.oauth2_permission_scopes.as_deref().unwrap_or_default()),
        to: enabled_scopes(&held),
    });
    Some(held)
}

/// Nothing and 1 are the same for a single-tenant app.
fn token_version(current: &ApiApplication, wanted: &ApiApplication, changes: &mut Vec<PropertyChange>) -> Option<i32> {
    let current = current.requested_access_token_version.unwrap_or(1);
    scalar(
        "api.requestedAccessTokenVersion",
        Some(&current),
        wanted.requested_access_token_version.as_ref(),
        changes,
    )
}

fn permissions(
    current: &ApplicationProperties,
    wanted: &ApplicationProperties,
    changes: &mut Vec<PropertyChange>,
) -> Option<Vec<RequiredResourceAccess>> {
    let mut held = current.required_resource_access.clone().unwrap_or_default();
    let mut is_changed = false;
    for resource in wanted.required_resource_access.iter().flatten() {
        let index = held
            .iter()
            .position(|existing| existing.resource_app_id == resource.resource_app_id);
        let index = index.unwrap_or_else(|| {
            held.push(RequiredResourceAccess::new(resource.resource_app_id, Vec::new()));
            held.len() - 1
        });
        for access in &resource.resource_access {
            if !held[index].resource_access.contains(access) {
                held[index].resource_access.push(*access);
                is_changed = true;
            }
        }
    }
    if !is_changed {
        return None;
    }
    changes.push(PropertyChange {
        property: "requiredResourceAccess".to_owned(),
        from: permission_names(current.required_resource_access.as_deref().unwrap_or_default()),
        to: permission_names(&held),
    });
    Some(held)
}

fn enabled_scopes(scopes: &[PermissionScope]) -> Value {
    let enabled = scopes.iter().filter(|scope| scope.is_enabled);
    enabled.map(|scope| scope.value.clone().unwrap_or_default()).collect()
}

fn permission_names(resources: &[RequiredResourceAccess]) -> Value {
    let of = |resource: &RequiredResourceAccess| {
        let id = resource.resource_app_id;
        let names = resource.resource_access.iter().map(move |access| format!("{id}/{}", access.id));
        names.collect::<Vec<_>>()
    };
    resources.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        connection::plan::registration::{scope_id, server_shape},
        directory::ResourceAccess,
        ids::{
            PermissionId, TenantId,
            well_known::{MICROSOFT_GRAPH, USER_READ_SCOPE},
        },
        spec::AppIdUri,
    };
    use uuid::{Uuid, uuid};

    const TENANT: TenantId = TenantId::new(uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"));

    fn server() -> ApplicationProperties {
        server_shape(
            "Server",
            Some(&AppIdUri::default_of(TENANT)),
            scope_id(TENANT, "unique"),
            true,
            false,
        )
    }

    #[test]
    fn an_app_of_the_wanted_shape_needs_no_change() {
        let (change, changes) = difference(&server(), &server());
        assert_eq!(change, ApplicationProperties::default());
        assert_eq!(changes, []);
    }

    #[test]
    fn id_tokens_that_are_switched_off_are_switched_on_by_the_request_and_not_only_in_the_summary() {
        let mut wanted = server();
        wanted.web.as_mut().unwrap().implicit_grant_settings = Some(ImplicitGrantSettings {
            enable_id_token_issuance: Some(true),
            ..ImplicitGrantSettings::default()
        });
        let (change, changes) = difference(&server(), &wanted);
        let sent = serde_json::to_value(&change).unwrap();
        assert_eq!(
            sent,
            serde_json::json!({ "web": { "implicitGrantSettings": { "enableIdTokenIssuance": true } } })
        );
        assert_eq!(changes.len(), 1, "{changes:?}");
    }

    #[test]
    fn an_update_keeps_what_other_administrators_have_added() {
        let mut current = server();
        current.identifier_uris = Some(vec!["https://contoso.com/old".to_owned()]);
        current.web.as_mut().unwrap().redirect_uris = Some(vec!["https://contoso.com/callback".to_owned()]);
        current.required_resource_access = Some(vec![RequiredResourceAccess::new(
            MICROSOFT_GRAPH,
            vec![ResourceAccess::scope(USER_READ_SCOPE)],
        )]);
        let (change, changes) = difference(&current, &server());
        assert_eq!(changes.len(), 3);
        assert_eq!(
            change.identifier_uris.unwrap(),
            ["https://contoso.com/old".to_owned(), AppIdUri::default_of(TENANT).to_string()]
        );
        assert_eq!(
            change.web.unwrap().redirect_uris.unwrap(),
            ["https://contoso.com/callback", "http://localhost"]
        );
        let graph = &change.required_resource_access.unwrap()[0];
        assert_eq!(graph.resource_access.len(), 2);
        assert_eq!(change.display_name, None);
    }

    #[test]
    fn a_disabled_scope_is_enabled_under_its_own_id() {
        let mut current = server();
        let own = PermissionId::new(Uuid::nil());
        let scope = &mut current.api.as_mut().unwrap().oauth2_permission_scopes.as_mut().unwrap()[0];
        (scope.id, scope.is_enabled) = (own, false);
        let (change, _) = difference(&current, &server());
        let scopes = change.api.unwrap().oauth2_permission_scopes.unwrap();
        assert_eq!((scopes.len(), scopes[0].id, scopes[0].is_enabled), (1, own, true));
    }

    #[test]
    fn no_token_version_means_version_one() {
        let mut current = server();
        current.api.as_mut().unwrap().requested_access_token_version = None;
        assert_eq!(difference(&current, &server()).1, []);
        current.api.as_mut().unwrap().requested_access_token_version = Some(2);
        assert_eq!(
            difference(&current, &server()).0.api.unwrap().requested_access_token_version,
            Some(1)
        );
    }
}
