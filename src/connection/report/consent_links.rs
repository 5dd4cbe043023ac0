//! Where another administrator gives an admin consent.

use url::Url;

use crate::{
    cloud::CloudEndpoints,
    ids::{ApplicationId, TenantId},
    spec::AppIdUri,
    words::{Parameters, set},
};

/// Where an administrator consents to what the server app requires, by the names of the parameters: application permissions,
/// which have no scopes of their own.
pub(crate) fn of_server_app(endpoints: &CloudEndpoints, tenant: TenantId, app: ApplicationId) -> Parameters {
    let scope_and_redirect = (endpoints.default_scope(), "http://localhost".to_owned());
    links(endpoints, tenant, app, Some(scope_and_redirect))
}

/// The same for the client app, which requires the server app's permission and `User.Read`.
pub(crate) fn of_client_app(endpoints: &CloudEndpoints, tenant: TenantId, app: ApplicationId, server: Option<&AppIdUri>) -> Parameters {
    let scope_and_redirect = server.map(|uri| {
        let scopes = format!("{uri}/user_impersonation {}", endpoints.scope("User.Read"));
        (scopes, format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{app}"))
    });
    links(endpoints, tenant, app, scope_and_redirect)
}

/// Documented are the two consent URLs (*Admin consent on the Microsoft identity platform*): the second version of the endpoint
/// names scopes and a redirect URI, and none is added for this: each app has one already, whose page may not load at the end.
/// **Not documented** is the address of *API permissions* in the portal: tools in the field link to it, and the way to it in
/// words stands beside it.
fn links(endpoints: &CloudEndpoints, tenant: TenantId, app: ApplicationId, scope_and_redirect: Option<(String, String)>) -> Parameters {
    let address = |path: &str, fields: &[(&str, &str)]| {
        let mut url: Url = endpoints.authority().clone();
        url.set_path(&format!("{}{tenant}/{path}", endpoints.authority().path()));
        url.query_pairs_mut()
            .append_pair("client_id", &app.to_string())
            .extend_pairs(fields);
        url.to_string()
    };
    let portal = format!(
        "{}{tenant}#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/CallAnAPI/appId/{app}",
        endpoints.portal()
    );
    let by_scope =
        scope_and_redirect.map(|(scope, redirect)| address("v2.0/adminconsent", &[("scope", &scope), ("redirect_uri", &redirect)]));
    let mut links = Parameters::new();
    set(&mut links, "clientId", app);
    set(&mut links, "portal", portal);
    set(&mut links, "consentUrl", address("adminconsent", &[]));
    set(&mut links, "consentUrlV2", by_scope);
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CloudEnvironment;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId::new(Uuid::from_u128(0xA));
    const APP: ApplicationId = ApplicationId::new(Uuid::from_u128(0xB));

    #[test]
    fn the_links_are_those_of_the_cloud_and_the_tenant() {
        let links = of_server_app(&CloudEndpoints::of(CloudEnvironment::AzureUsGovernmentCloud), TENANT, APP);
        assert_eq!(
            links["consentUrl"],
            "https://login.microsoftonline.us/00000000-0000-0000-0000-00000000000a/adminconsent?client_id=00000000-0000-0000-0000-00000000000b"
        );
        assert!(
            links["portal"]
                .as_str()
                .unwrap()
                .starts_with("https://portal.azure.us/00000000-0000-0000-0000-00000000000a#view/")
        );
        assert_eq!(
            links["consentUrlV2"],
            "https://login.microsoftonline.us/00000000-0000-0000-0000-00000000000a/v2.0/adminconsent?client_id=00000000-0000-0000-0000-00000000000b\
             &scope=https%3A%2F%2Fgraph.microsoft.us%2F.default&redirect_uri=http%3A%2F%2Flocalhost"
        );
    }

    #[test]
    fn the_client_app_is_consented_to_with_the_redirect_uri_that_it_has() {
        let uri: AppIdUri = "api://00000000-0000-0000-0000-00000000000a/ConfigMgrService".parse().unwrap();
        let endpoints = CloudEndpoints::of(CloudEnvironment::AzurePublicCloud);
        let links = of_client_app(&endpoints, TENANT, APP, Some(&uri));
        let url: Url = links["consentUrlV2"].as_str().unwrap().parse().unwrap();
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
        assert!(!of_client_app(&endpoints, TENANT, APP, None).contains_key("consentUrlV2"));
    }
}
