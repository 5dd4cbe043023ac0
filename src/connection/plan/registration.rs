//! The registered shape of the two apps.
//!
//! The shape is the one of Microsoft's *Manually register Microsoft Entra apps for the CMG*, with what
//! *Update Application Settings* sets beyond it (`isDeviceOnlyAuthSupported`) and with version 1 access
//! tokens, because the product's clients ask for the App ID URI as the audience.

use uuid::{Uuid, uuid};

use crate::{
    connection::report::step::AppRole,
    directory::{
        ApiApplication, Application, ApplicationProperties, ImplicitGrantSettings, PermissionScope, PublicClientApplication,
        RequiredResourceAccess, ResourceAccess, ServicePrincipalLockConfiguration, WebApplication,
    },
    ids::{
        ApplicationId, PermissionId, TenantId,
        well_known::{DIRECTORY_READ_ALL_ROLE, MICROSOFT_GRAPH, USER_READ_SCOPE},
    },
    spec::AppIdUri,
};

/// The one delegated permission that the server app offers.
pub(crate) const USER_IMPERSONATION: &str = "user_impersonation";

/// How the description of every secret this crate makes begins, by which it knows its own.
pub(crate) const SECRET_MARKER: &str = "Configuration Manager CMG (cmg-onboarding)";

/// The tag of every app registration that this crate makes, by which a person finds them. Apps that were there before, and
/// those of older versions, have none and get none.
pub(crate) const TAG: &str = "configmgr-cmg-onboarding";

/// Who may sign in to both apps: accounts of this tenant.
pub(crate) const SINGLE_TENANT: &str = "AzureADMyOrg";

/// The redirect URI of the server app, on the platform Web.
pub(crate) const SERVER_REDIRECT: &str = "http://localhost";

/// How the redirect URI of the client app begins; the client id follows.
pub(crate) const BROKER_REDIRECT: &str = "ms-appx-web://Microsoft.AAD.BrokerPlugin/";

/// The namespace of the ids that are derived rather than drawn, so that a second run derives the same.
const NAMESPACE: Uuid = uuid!("9b1c6b0e-8f0e-5f0a-9d5c-6e3a5c1f7d21");

/// The unique names that the two app registrations of one specification are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueNames {
    pub(crate) server: String,
    pub(crate) client: String,
}

/// How the unique name of every server app begins that this crate makes.
pub(crate) const SERVER_NAME: &str = "configmgr-cmg-server-";

/// The same of client apps.
pub(crate) const CLIENT_NAME: &str = "configmgr-cmg-client-";

/// How many hexadecimal digits of a digest of the key a unique name ends in.
const DIGEST_LENGTH: usize = 12;

impl UniqueNames {
    /// The names of the pair that this unique name belongs to, and whose it is of the two; `None` if this crate makes no such
    /// name. The key itself cannot be told from it.
    pub(crate) fn of_pair(unique_name: &str) -> Option<(AppRole, Self)> {
        let name = unique_name.to_ascii_lowercase();
        let server = name.strip_prefix(SERVER_NAME).map(|rest| (AppRole::Server, rest));
        let client = || name.strip_prefix(CLIENT_NAME).map(|rest| (AppRole::Client, rest));
        let (role, rest) = server.or_else(client)?;
        let (slug, digest) = rest.rsplit_once('-').unwrap_or(("", rest));
        let is_digest = digest.len() == DIGEST_LENGTH && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_slug = slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (is_digest && is_slug).then(|| {
            let names = Self {
                server: format!("{SERVER_NAME}{rest}"),
                client: format!("{CLIENT_NAME}{rest}"),
            };
            (role, names)
        })
    }

    /// Derives the names from the specification's key: readable, and different for different keys.
    pub(crate) fn of(key: &str) -> Self {
        let digest = Uuid::new_v5(&NAMESPACE, key.as_bytes()).simple().to_string();
        let words = key.split(|character: char| !character.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let mut slug: String = words.join("-").to_ascii_lowercase().chars().take(32).collect();
        if !slug.is_empty() {
            slug.push('-');
        }
        let name = |beginning: &str| format!("{beginning}{slug}{}", &digest[..DIGEST_LENGTH]);
        Self {
            server: name(SERVER_NAME),
            client: name(CLIENT_NAME),
        }
    }
}

/// The id of the permission `user_impersonation`, the same for every run on one tenant.
pub(crate) fn scope_id(tenant: TenantId, unique_name: &str) -> PermissionId {
    let name = format!("{tenant}/{unique_name}/{USER_IMPERSONATION}");
    PermissionId::new(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}

/// What every server app has. `name` is the one in the consent texts; name and home page are the caller's to
/// add.
pub(crate) fn server_shape(
    name: &str,
    uri: Option<&AppIdUri>,
    scope: PermissionId,
    discovery: bool,
    id_tokens: bool,
) -> ApplicationProperties {
    let mut permission = PermissionScope::new(scope, USER_IMPERSONATION);
    permission.admin_consent_display_name = Some(format!("Access {name}"));
    permission.admin_consent_description = Some(format!("Allow the application to access {name} on behalf of the signed-in user."));
    permission.user_consent_display_name = Some(format!("Access {name}"));
    permission.user_consent_description = Some(format!("Allow the application to access {name} on your behalf."));
    ApplicationProperties {
        sign_in_audience: Some(SINGLE_TENANT.to_owned()),
        identifier_uris: uri.map(|uri| vec![uri.to_string()]),
        web: Some(WebApplication {
            redirect_uris: Some(vec![SERVER_REDIRECT.to_owned()]),
            implicit_grant_settings: id_token_settings(id_tokens),
            ..WebApplication::default()
        }),
        is_device_only_auth_supported: Some(true),
        api: Some(ApiApplication {
            oauth2_permission_scopes: Some(vec![permission]),
            requested_access_token_version: Some(1),
        }),
        required_resource_access: discovery.then(read_directory_data),
        ..ApplicationProperties::default()
    }
}

/// The permission by which discovery reads the directory, as a server app asks for it.
pub(crate) fn read_directory_data() -> Vec<RequiredResourceAccess> {
    vec![RequiredResourceAccess::new(
        MICROSOFT_GRAPH,
        vec![ResourceAccess::role(DIRECTORY_READ_ALL_ROLE)],
    )]
}

/// What every client app has as far as it can be told before any id is known. The name is the caller's to
/// add.
pub(crate) fn client_shape(id_tokens: bool) -> ApplicationProperties {
    let user_read = RequiredResourceAccess::new(MICROSOFT_GRAPH, vec![ResourceAccess::scope(USER_READ_SCOPE)]);
    ApplicationProperties {
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

/// What an app registration has beside its shape when it is created: its names, its tag, and the lock that the portal sets on
/// every new one.
pub(crate) fn created(shape: ApplicationProperties, name: &str, unique_name: &str) -> ApplicationProperties {
    ApplicationProperties {
        display_name: Some(name.to_owned()),
        unique_name: Some(unique_name.to_owned()),
        tags: Some(vec![TAG.to_owned()]),
        service_principal_lock_configuration: Some(ServicePrincipalLockConfiguration::of_all_properties()),
        ..shape
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
    format!("{BROKER_REDIRECT}{client}")
}

/// The id of `user_impersonation` in an app registration, if it offers it enabled.
pub(crate) fn offered_scope(application: &Application) -> Option<PermissionId> {
    let scopes = application.properties.api.as_ref()?.oauth2_permission_scopes.as_ref()?;
    let scope = scopes.iter().find(|scope| scope.value.as_deref() == Some(USER_IMPERSONATION))?;
    scope.is_enabled.then_some(scope.id)
}

fn id_token_settings(wanted: bool) -> Option<ImplicitGrantSettings> {
    wanted.then(|| ImplicitGrantSettings {
        enable_id_token_issuance: Some(true),
        ..ImplicitGrantSettings::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unique_names_are_readable_and_stable() {
        let names = UniqueNames::of("Contoso CMG");
        assert_eq!(names, UniqueNames::of("Contoso CMG"));
        assert!(names.server.starts_with("configmgr-cmg-server-contoso-cmg-"), "{}", names.server);
        assert_ne!(names.server, UniqueNames::of("Contoso-CMG").server);
    }

    #[test]
    fn a_client_app_is_a_public_client_of_one_tenant_that_asks_for_user_read() {
        let shape = client_shape(false);
        assert_eq!(shape.sign_in_audience.as_deref(), Some("AzureADMyOrg"));
        assert_eq!((shape.is_fallback_public_client, &shape.web), (Some(true), &None));
        let user_read = RequiredResourceAccess::new(MICROSOFT_GRAPH, vec![ResourceAccess::scope(USER_READ_SCOPE)]);
        assert_eq!(shape.required_resource_access, Some(vec![user_read]));
        let settings = client_shape(true).web.unwrap().implicit_grant_settings.unwrap();
        assert_eq!(settings.enable_id_token_issuance, Some(true));
    }

    #[test]
    fn names_of_other_makers_belong_to_no_pair() {
        for name in [
            "",
            "configmgr-cmg-server-",
            "configmgr-cmg-server-contoso",
            "configmgr-cmg-server-contoso-0123456789ag",
            "configmgr-cmg-server-contoso-0123456789abc",
            "configmgr-cmg-server-cont/so-0123456789ab",
            "configmgr-cmg-other-contoso-0123456789ab",
            "x-configmgr-cmg-server-contoso-0123456789ab",
        ] {
            assert_eq!(UniqueNames::of_pair(name), None, "{name}");
        }
        let (role, names) = UniqueNames::of_pair("configmgr-cmg-client-0123456789ab").unwrap();
        assert_eq!(
            (role, names.server.as_str()),
            (AppRole::Client, "configmgr-cmg-server-0123456789ab")
        );
    }

    proptest! {
        #[test]
        fn unique_names_of_any_key_need_no_escaping(key in ".{1,200}") {
            let names = UniqueNames::of(&key);
            for name in [&names.server, &names.client] {
                prop_assert!(name.len() < 100);
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            }
            prop_assert_eq!(UniqueNames::of_pair(&names.server), Some((AppRole::Server, names.clone())));
            prop_assert_eq!(UniqueNames::of_pair(&names.client), Some((AppRole::Client, names)));
        }
    }
}
