//! The registered shape of the two apps, and what an existing app lacks of it.
//!
//! The shape is the one of Microsoft's *Manually register Microsoft Entra apps for the CMG*, with what *Update
//! Application Settings* sets beyond it (`isDeviceOnlyAuthSupported`) and with version 1 access tokens, because the
//! product's clients ask for the App ID URI as the audience.

use serde::Serialize;
use uuid::{Uuid, uuid};

use super::found::FoundApp;
use crate::{
    directory::{
        ApiApplication, Application, ApplicationProperties, ImplicitGrantSettings, PasswordCredential, PermissionScope,
        PublicClientApplication, RequiredResourceAccess, ResourceAccess, WebApplication,
    },
    ids::{
        ApplicationId, PermissionId, TenantId,
        well_known::{DIRECTORY_READ_ALL_ROLE, MICROSOFT_GRAPH, USER_READ_SCOPE},
    },
    spec::{AppIdUri, ServerAppSpec},
};

/// The one delegated permission that the server app offers.
pub(crate) const USER_IMPERSONATION: &str = "user_impersonation";

/// How the description of every secret this crate makes begins, by which it knows its own.
pub(crate) const SECRET_MARKER: &str = "Configuration Manager CMG (cmg-onboarding)";

const SINGLE_TENANT: &str = "AzureADMyOrg";
const SERVER_REDIRECT: &str = "http://localhost";

/// The namespace of the ids that are derived rather than drawn, so that a second run derives the same.
const NAMESPACE: Uuid = uuid!("9b1c6b0e-8f0e-5f0a-9d5c-6e3a5c1f7d21");

/// The unique names that the two app registrations of one specification are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueNames {
    pub(crate) server: String,
    pub(crate) client: String,
}

impl UniqueNames {
    /// Derives the names from the specification's key: readable, and different for different keys.
    pub(crate) fn of(key: &str) -> Self {
        let digest = Uuid::new_v5(&NAMESPACE, key.as_bytes()).simple().to_string();
        let words = key.split(|character: char| !character.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let mut slug: String = words.join("-").to_ascii_lowercase().chars().take(32).collect();
        if !slug.is_empty() {
            slug.push('-');
        }
        let name = |role: &str| format!("configmgr-cmg-{role}-{slug}{}", &digest[..12]);
        Self {
            server: name("server"),
            client: name("client"),
        }
    }
}

/// The id of the permission `user_impersonation`, the same for every run on one tenant.
pub(crate) fn scope_id(tenant: TenantId, unique_name: &str) -> PermissionId {
    let name = format!("{tenant}/{unique_name}/{USER_IMPERSONATION}");
    PermissionId::new(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}

/// What tells one server app from another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerShape<'a> {
    /// The name in the consent texts, and of an app to be created.
    pub(crate) name: &'a str,
    /// For an app to be created; an adopted app keeps its own.
    pub(crate) home_page_url: Option<&'a str>,
    pub(crate) unique_name: Option<&'a str>,
}

impl<'a> ServerShape<'a> {
    /// An app to be created.
    pub(crate) fn of(spec: &'a ServerAppSpec, unique_name: &'a str) -> Self {
        Self {
            name: spec.name(),
            home_page_url: Some(spec.home_page_url()),
            unique_name: Some(unique_name),
        }
    }

    /// An app to be adopted, which keeps its name and its home page.
    pub(crate) fn adopted(app: Option<&'a FoundApp>) -> Self {
        let name = app.and_then(|app| app.application.properties.display_name.as_deref());
        Self {
            name: name.unwrap_or("the server app"),
            home_page_url: None,
            unique_name: None,
        }
    }
}

/// The server app as it is to be.
pub(crate) fn server_shape(
    wanted: &ServerShape<'_>,
    uri: &AppIdUri,
    scope: PermissionId,
    discovery: bool,
    id_tokens: bool,
) -> ApplicationProperties {
    let name = wanted.name;
    let mut permission = PermissionScope::new(scope, USER_IMPERSONATION);
    permission.admin_consent_display_name = Some(format!("Access {name}"));
    permission.admin_consent_description = Some(format!("Allow the application to access {name} on behalf of the signed-in user."));
    permission.user_consent_display_name = Some(format!("Access {name}"));
    permission.user_consent_description = Some(format!("Allow the application to access {name} on your behalf."));
    let directory_read = || RequiredResourceAccess::new(MICROSOFT_GRAPH, vec![ResourceAccess::role(DIRECTORY_READ_ALL_ROLE)]);
    ApplicationProperties {
        display_name: wanted.unique_name.map(|_| name.to_owned()),
        unique_name: wanted.unique_name.map(str::to_owned),
        sign_in_audience: Some(SINGLE_TENANT.to_owned()),
        identifier_uris: Some(vec![uri.to_string()]),
        web: Some(WebApplication {
            home_page_url: wanted.home_page_url.map(str::to_owned),
            redirect_uris: Some(vec![SERVER_REDIRECT.to_owned()]),
            implicit_grant_settings: id_token_settings(id_tokens),
        }),
        is_device_only_auth_supported: Some(true),
        api: Some(ApiApplication {
            oauth2_permission_scopes: Some(vec![permission]),
            requested_access_token_version: Some(1),
        }),
        required_resource_access: discovery.then(|| vec![directory_read()]),
        ..ApplicationProperties::default()
    }
}

/// The client app as far as it can be told before any id is known. An adopted app keeps its name.
pub(crate) fn client_shape(name: Option<&str>, unique_name: Option<&str>, id_tokens: bool) -> ApplicationProperties {
    let user_read = RequiredResourceAccess::new(MICROSOFT_GRAPH, vec![ResourceAccess::scope(USER_READ_SCOPE)]);
    ApplicationProperties {
        display_name: name.map(str::to_owned),
        unique_name: unique_name.map(str::to_owned),
        sign_in_audience: Some(SINGLE_TENANT.to_owned()),
        web: id_token_settings(id_tokens).map(|settings| WebApplication {
            implicit_grant_settings: Some(settings),
            ..WebApplication::default()
        }),
        is_fallback_public_client: Some(true),
        required_resource_access: Some(vec![user_read]),
        ..ApplicationProperties::default()
    }
}

/// Adds what the client app needs of its own id and of the server app.
pub(crate) fn complete_client_shape(shape: &mut ApplicationProperties, client: ApplicationId, server: ApplicationId, scope: PermissionId) {
    shape.public_client = Some(PublicClientApplication {
        redirect_uris: Some(vec![broker_redirect(client)]),
    });
    shape
        .required_resource_access
        .get_or_insert_default()
        .push(RequiredResourceAccess::new(server, vec![ResourceAccess::scope(scope)]));
}

/// The redirect URI of the Windows account broker for one client app.
pub(crate) fn broker_redirect(client: ApplicationId) -> String {
    format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}")
}

/// The id of `user_impersonation` in an app registration, if it offers it enabled.
pub(crate) fn offered_scope(application: &Application) -> Option<PermissionId> {
    let scopes = application.properties.api.as_ref()?.oauth2_permission_scopes.as_ref()?;
    let scope = scopes.iter().find(|scope| scope.value.as_deref() == Some(USER_IMPERSONATION))?;
    scope.is_enabled.then_some(scope.id)
}

/// The secrets of an app registration that this crate has made.
pub(crate) fn own_secrets(application: &Application) -> impl Iterator<Item = &PasswordCredential> {
    let is_own = |password: &&PasswordCredential| password.display_name.as_deref().is_some_and(|name| name.starts_with(SECRET_MARKER));
    application.password_credentials.iter().filter(is_own)
}

/// One property that is to be changed, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PropertyChange {
    /// The property, as Microsoft Graph calls it.
    pub property: &'static str,
    /// What it is now.
    pub from: String,
    /// What it becomes. Lists only grow: what is there stays.
    pub to: String,
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
    };
    (change, changes)
}

fn scalar<T: Clone + PartialEq + ToString>(
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
        property,
        from: current.map_or_else(|| "nothing".to_owned(), ToString::to_string),
        to: wanted.to_string(),
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
        property,
        from: shown(&held),
        to: shown(&all),
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
        property: "api.oauth2PermissionScopes",
        from: "user_impersonation missing or disabled".to_owned(),
        to: "user_impersonation enabled".to_owned(),
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
    let mut added = Vec::new();
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
                added.push(format!("{} of {}", access.id, resource.resource_app_id));
            }
        }
    }
    if added.is_empty() {
        return None;
    }
    changes.push(PropertyChange {
        property: "requiredResourceAccess",
        from: "permissions missing".to_owned(),
        to: format!("with {}", added.join(", ")),
    });
    Some(held)
}

fn id_token_settings(wanted: bool) -> Option<ImplicitGrantSettings> {
    wanted.then(|| ImplicitGrantSettings {
        enable_id_token_issuance: Some(true),
        ..ImplicitGrantSettings::default()
    })
}

fn shown(values: &[String]) -> String {
    if values.is_empty() {
        "nothing".to_owned()
    } else {
        values.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TENANT: TenantId = TenantId::new(uuid!("6f0c1a52-3d1c-4b55-9c6b-0a4f5b7a1e11"));

    fn server() -> ApplicationProperties {
        let spec = ServerAppSpec::builder("Server").build().unwrap();
        server_shape(
            &ServerShape::of(&spec, "unique"),
            &AppIdUri::default_of(TENANT),
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
    fn mending_keeps_what_others_have_added() {
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

    #[test]
    fn unique_names_are_readable_and_stable() {
        let names = UniqueNames::of("Contoso CMG");
        assert_eq!(names, UniqueNames::of("Contoso CMG"));
        assert!(names.server.starts_with("configmgr-cmg-server-contoso-cmg-"), "{}", names.server);
        assert_ne!(names.server, UniqueNames::of("Contoso-CMG").server);
    }

    proptest! {
        #[test]
        fn unique_names_of_any_key_need_no_escaping(key in ".{1,200}") {
            let names = UniqueNames::of(&key);
            for name in [&names.server, &names.client] {
                prop_assert!(name.len() < 100);
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            }
        }
    }
}
