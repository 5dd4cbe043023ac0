//! The apps that an administrator may choose, as the console's *Browse* dialog lists them.

use serde::{Deserialize, Serialize};

use super::{SiteSnapshot, objects::SiteApplication};
use crate::{
    cloud::CloudEnvironment,
    ids::{ApplicationId, TenantId},
};

/// One app that the site knows and that a [`ReusedApp`](crate::ReusedApp) can name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnownApp {
    /// *Client ID*.
    pub client_id: ApplicationId,
    /// The friendly name.
    pub name: String,
    /// The tenant; `None` if the site does not show its row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The tenant's name; `None` as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_name: Option<String>,
    /// The names of the Azure services that use it; `None` if they are not known: of a client app, or because a service or its
    /// web apps could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<Vec<String>>,
}

impl SiteSnapshot {
    /// The web (server) apps of a cloud, by tenant and name. An app whose cloud is not known is among them.
    #[must_use]
    pub fn known_server_apps(&self, environment: CloudEnvironment) -> Vec<KnownApp> {
        self.known_apps(environment, false)
    }

    /// The native (client) apps of a cloud, as above.
    #[must_use]
    pub fn known_client_apps(&self, environment: CloudEnvironment) -> Vec<KnownApp> {
        self.known_apps(environment, true)
    }

    fn known_apps(&self, environment: CloudEnvironment, are_client_apps: bool) -> Vec<KnownApp> {
        let of_cloud = |app: &&SiteApplication| {
            let cloud = self.tenant_of(app).and_then(|tenant| tenant.environment);
            app.is_client_app == are_client_apps && cloud.is_none_or(|cloud| cloud == environment)
        };
        let known = |app: &SiteApplication| {
            let tenant = self.tenant_of(app);
            KnownApp {
                client_id: app.client_id,
                name: app.name.clone(),
                tenant_id: tenant.map(|tenant| tenant.tenant_id),
                tenant_name: tenant.map(|tenant| tenant.name.clone()),
                services: self.services_of(app),
            }
        };
        let mut apps: Vec<KnownApp> = self.applications.iter().filter(of_cloud).map(known).collect();
        apps.sort_by(|one, other| (&one.tenant_name, &one.name).cmp(&(&other.tenant_name, &other.name)));
        apps
    }

    fn services_of(&self, app: &SiteApplication) -> Option<Vec<String>> {
        let has_unread_service = || self.unread.iter().any(|row| row.class == "SMS_Azure_CloudService");
        if app.is_client_app || self.unread_connections().next().is_some() || has_unread_service() {
            return None;
        }
        let using = self.connections.iter().filter(|service| service.web_applications.contains(&app.id));
        Some(using.map(|service| service.name.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{SiteConnection, SiteRowId, SiteTenant, UnreadRow};
    use uuid::Uuid;

    fn app(row: i64, name: &str, tenant: i64, is_client_app: bool) -> SiteApplication {
        let id = ApplicationId::new(Uuid::from_u128(u128::try_from(row).unwrap()));
        SiteApplication::new(SiteRowId(row), id, name, SiteRowId(tenant), is_client_app)
    }

    fn site() -> SiteSnapshot {
        let tenant = |row: i64, name: &str, cloud| {
            let id = TenantId::new(Uuid::from_u128(u128::try_from(row).unwrap()));
            SiteTenant::new(SiteRowId(row), id, name, cloud)
        };
        SiteSnapshot {
            tenants: vec![
                tenant(1, "contoso", Some(CloudEnvironment::AzurePublicCloud)),
                tenant(2, "agency", Some(CloudEnvironment::AzureUsGovernmentCloud)),
                tenant(3, "unread", None),
            ],
            applications: vec![
                app(11, "Server B", 1, false),
                app(12, "Server A", 1, false),
                app(13, "Client", 1, true),
                app(14, "Agency", 2, false),
                app(15, "Unread", 3, false),
                app(16, "Orphan", 9, false),
            ],
            connections: vec![SiteConnection::new(SiteRowId(21), "CMG", None, vec![SiteRowId(11)])],
            ..SiteSnapshot::default()
        }
    }

    #[test]
    fn the_apps_of_a_cloud_come_by_tenant_and_name_with_the_services_that_use_them() {
        let apps = site().known_server_apps(CloudEnvironment::AzurePublicCloud);
        let told: Vec<_> = apps
            .iter()
            .map(|app| (app.tenant_name.as_deref(), app.name.as_str(), app.services.as_ref().unwrap().len()))
            .collect();
        let expected = [
            (None, "Orphan", 0),
            (Some("contoso"), "Server A", 0),
            (Some("contoso"), "Server B", 1),
            (Some("unread"), "Unread", 0),
        ];
        assert_eq!(told, expected);
        assert_eq!(apps[2].services.as_deref(), Some(&["CMG".to_owned()][..]));
    }

    #[test]
    fn what_uses_a_client_app_is_not_known() {
        let apps = site().known_client_apps(CloudEnvironment::AzurePublicCloud);
        assert_eq!(apps.len(), 1);
        assert_eq!(apps[0].services, None);
    }

    #[test]
    fn a_service_that_was_not_read_leaves_the_use_of_all_apps_open() {
        let mut site = site();
        site.unread = vec![UnreadRow::new("SMS_Azure_CloudService", None, "ID")];
        let apps = site.known_server_apps(CloudEnvironment::AzurePublicCloud);
        assert!(apps.len() == 4 && apps.iter().all(|app| app.services.is_none()));
        site.unread = vec![UnreadRow::new("SMS_AAD_Tenant_Ex", None, "ID")];
        let apps = site.known_server_apps(CloudEnvironment::AzurePublicCloud);
        assert!(apps.iter().all(|app| app.services.is_some()), "a tenant uses no app");
    }

    #[test]
    fn a_service_whose_web_apps_were_not_read_leaves_the_use_of_all_apps_open() {
        let mut site = site();
        site.connections.push(SiteConnection::new(SiteRowId(22), "Other", None, Vec::new()));
        assert!(
            site.known_server_apps(CloudEnvironment::AzurePublicCloud)
                .iter()
                .all(|app| app.services.is_none())
        );
    }
}
