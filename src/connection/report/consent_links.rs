//! Where another administrator gives an admin consent.

use url::Url;

use crate::{
    cloud::CloudEndpoints,
    ids::{ApplicationId, TenantId},
    spec::AppIdUri,
};

/// The addresses at which an administrator consents to what one app requires.
///
/// Documented are the two consent URLs (*Admin consent on the Microsoft identity platform*). **Not documented** is the address
/// of the portal's page: tools in the field link to it, and the way to it in words stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsentLinks {
    /// *API permissions* of the app in the cloud's portal.
    pub(crate) portal: String,
    /// Consents to everything that the registration requires.
    pub(crate) consent_url: String,
    /// The same by the second version of the endpoint, which names scopes and a redirect URI.
    pub(crate) consent_url_v2: Option<String>,
}

/// What an app requires, as the second version of the endpoint names it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Required<'a> {
    /// The client app: the server app's permission and `User.Read`.
    OfClientApp(Option<&'a AppIdUri>),
    /// The server app: application permissions, which have no scopes of their own.
    OfServerApp,
}

impl ConsentLinks {
    pub(crate) fn of(endpoints: &CloudEndpoints, tenant: TenantId, app: ApplicationId, required: Required<'_>) -> Self {
        let address = |path: &str, fields: &[(&str, &str)]| {
            let mut url: Url = endpoints.authority().clone();
            url.set_path(&format!("{}{tenant}/{path}", endpoints.authority().path()));
            url.query_pairs_mut()
                .append_pair("client_id", &app.to_string())
                .extend_pairs(fields);
            url.to_string()
        };
        // No redirect URI is added for this: each app has one already, whose page may not load at the end.
        let scope_and_redirect = match required {
            Required::OfServerApp => Some((endpoints.default_scope(), "http://localhost".to_owned())),
            Required::OfClientApp(uri) => uri.map(|uri| {
                let scopes = format!("{uri}/user_impersonation {}", endpoints.scope("User.Read"));
                (scopes, format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{app}"))
            }),
        };
        Self {
            portal: format!(
                "{}{tenant}#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/{app}",
                endpoints.portal()
            ),
            consent_url: address("adminconsent", &[]),
            consent_url_v2: scope_and_redirect
                .map(|(scope, redirect)| address("v2.0/adminconsent", &[("scope", &scope), ("redirect_uri", &redirect)])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CloudEnvironment;
    use uuid::Uuid;

    fn links(environment: CloudEnvironment, required: Required<'_>) -> ConsentLinks {
        let (tenant, app) = (TenantId::new(Uuid::from_u128(0xA)), ApplicationId::new(Uuid::from_u128(0xB)));
        ConsentLinks::of(&CloudEndpoints::of(environment), tenant, app, required)
    }

    #[test]
    fn the_links_are_those_of_the_cloud_and_the_tenant() {
        let links = links(CloudEnvironment::AzureUsGovernmentCloud, Required::OfServerApp);
        assert_eq!(
            links.consent_url,
            "https://login.microsoftonline.us/00000000-0000-0000-0000-00000000000a/adminconsent?client_id=00000000-0000-0000-0000-00000000000b"
        );
        assert!(
            links
                .portal
                .starts_with("https://portal.azure.us/00000000-0000-0000-0000-00000000000a#view/")
        );
        assert_eq!(
            links.consent_url_v2.unwrap(),
            "https://login.microsoftonline.us/00000000-0000-0000-0000-00000000000a/v2.0/adminconsent?client_id=00000000-0000-0000-0000-00000000000b\
             &scope=https%3A%2F%2Fgraph.microsoft.us%2F.default&redirect_uri=http%3A%2F%2Flocalhost"
        );
    }

    #[test]
    fn the_client_app_is_consented_to_with_the_redirect_uri_that_it_has() {
        let uri: AppIdUri = "api://00000000-0000-0000-0000-00000000000a/ConfigMgrService".parse().unwrap();
        let links = links(CloudEnvironment::AzurePublicCloud, Required::OfClientApp(Some(&uri)));
        let url: Url = links.consent_url_v2.unwrap().parse().unwrap();
        let fields: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(
            fields["scope"],
            format!("{uri}/user_impersonation https://graph.microsoft.com/User.Read")
        );
        assert_eq!(
            fields["redirect_uri"],
            "ms-appx-web://Microsoft.AAD.BrokerPlugin/00000000-0000-0000-0000-00000000000b"
        );
        assert_eq!(fields.len(), 3);
        assert!(
            self::links(CloudEnvironment::AzurePublicCloud, Required::OfClientApp(None))
                .consent_url_v2
                .is_none()
        );
    }
}
