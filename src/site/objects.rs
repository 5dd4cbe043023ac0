//! What a site knows: tenants, applications and Azure service connections, after the SMS Provider's classes.
//!
//! Names and meanings follow `SMS_AAD_Tenant_Ex`, `SMS_AAD_Application_Ex`, `SMS_Azure_CloudService` and
//! `SMS_AAD_Discovery_Settings`. The encrypted secret of an application is never read.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{SiteGateway, SiteInfo, SiteRowId};
use crate::{
    cloud::CloudEnvironment,
    ids::{ApplicationId, TenantId},
    spec::Schedule,
};

/// `ServiceType` of the connection that tenant attach makes, as tools in the field read it.
const TENANT_ATTACH: i64 = 5;

/// Everything this job wants to know of a site, read in one go.
///
/// ```
/// use cmg_onboarding::{TenantId, site::SiteSnapshot};
///
/// fn show(snapshot: &SiteSnapshot, tenant: TenantId) {
///     for connection in snapshot.connections_of(tenant) {
///         println!("{}: {} gateways", connection.name, snapshot.gateways_of(connection.id).count());
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteSnapshot {
    /// The site itself.
    pub info: SiteInfo,
    /// The *Microsoft Entra tenants* node.
    pub tenants: Vec<SiteTenant>,
    /// The applications of all tenants.
    pub applications: Vec<SiteApplication>,
    /// The *Azure Services* node.
    pub connections: Vec<SiteConnection>,
    /// The *Cloud Management Gateway* node; `None` if it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateways: Option<Vec<SiteGateway>>,
    /// What the site has and the reader could not read. It is unknown, not absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadRow>,
}

impl SiteSnapshot {
    /// The row of an Entra tenant.
    #[must_use]
    pub fn tenant(&self, tenant: TenantId) -> Option<&SiteTenant> {
        self.tenants.iter().find(|row| row.tenant_id == tenant)
    }

    /// The row of an application.
    #[must_use]
    pub fn application(&self, client_id: ApplicationId) -> Option<&SiteApplication> {
        self.applications.iter().find(|row| row.client_id == client_id)
    }

    /// The tenant that an application's row belongs to.
    #[must_use]
    pub fn tenant_of(&self, application: &SiteApplication) -> Option<&SiteTenant> {
        self.tenants.iter().find(|row| row.id == application.tenant)
    }

    /// The connections whose web app belongs to an Entra tenant. The product allows one of type Cloud Management each.
    ///
    /// The connection that tenant attach makes for itself is none of them.
    pub fn connections_of(&self, tenant: TenantId) -> impl Iterator<Item = &SiteConnection> {
        let row = self.tenant(tenant).map(|row| row.id);
        let is_of_tenant = move |id: &SiteRowId| {
            let application = self.applications.iter().find(|application| application.id == *id);
            row.is_some() && application.map(|application| application.tenant) == row
        };
        self.connections
            .iter()
            .filter(|connection| !connection.is_tenant_attach())
            .filter(move |connection| connection.web_applications.iter().any(is_of_tenant))
    }

    /// The gateways that use a connection, as far as the site says which connection each one uses.
    pub fn gateways_of(&self, connection: SiteRowId) -> impl Iterator<Item = &SiteGateway> {
        let gateways = self.gateways.iter().flatten();
        gateways.filter(move |gateway| gateway.connection == Some(connection))
    }

    /// Whether a connection is of the type Cloud Management; `None` if that cannot be told.
    ///
    /// The number of that type is not documented: it is the one of a connection that a gateway uses.
    #[must_use]
    pub fn is_cloud_management(&self, connection: &SiteConnection) -> Option<bool> {
        if connection.is_tenant_attach() {
            return Some(false);
        }
        if self.gateways_of(connection.id).next().is_some() {
            return Some(true);
        }
        let own = connection.service_type?;
        let used = self.connections.iter().filter(|other| self.gateways_of(other.id).next().is_some());
        let types: Vec<i64> = used.filter_map(|other| other.service_type).collect();
        (!types.is_empty()).then(|| types.contains(&own))
    }

    /// The native apps that may belong to a server app: those that the site associates with it, else all of its tenant. `None`
    /// if the right one may be a row that was not read.
    pub(crate) fn client_apps_of(&self, server: &SiteApplication) -> Option<Vec<&SiteApplication>> {
        let names = |app: &SiteApplication, other: SiteRowId| app.associated_applications.contains(&other);
        let is_associated = |app: &&SiteApplication| names(server, app.id) || names(app, server.id);
        let of_tenant = || {
            let rows = self.applications.iter();
            rows.filter(|row| row.is_client_app && row.tenant == server.tenant && row.id != server.id)
        };
        let associated: Vec<&SiteApplication> = of_tenant().filter(is_associated).collect();
        if !associated.is_empty() {
            return Some(associated);
        }
        let is_known = |row: &SiteRowId| self.applications.iter().any(|app| app.id == *row);
        let is_whole = !self.has_unread_application() && server.associated_applications.iter().all(is_known);
        is_whole.then(|| of_tenant().collect())
    }

    /// Whether an application may be there whose row could not be read.
    pub(crate) fn has_unread_application(&self) -> bool {
        self.unread.iter().any(|row| row.class == "SMS_AAD_Application_Ex")
    }

    /// The connections whose web apps could not be read, so that nothing tells which tenant they belong to.
    pub(crate) fn unread_connections(&self) -> impl Iterator<Item = &SiteConnection> {
        let others = self.connections.iter().filter(|connection| !connection.is_tenant_attach());
        others.filter(|connection| !connection.is_read())
    }
}

/// A row that the site has and that could not be read, because of one of its properties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UnreadRow {
    /// The class of the SMS Provider, as `SMS_AAD_Application_Ex`.
    pub class: String,
    /// The row, if its id could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<SiteRowId>,
    /// The property, as `ClientID`.
    pub property: String,
}

impl UnreadRow {
    /// Names class, row and property.
    #[must_use]
    pub fn new(class: impl Into<String>, row: Option<SiteRowId>, property: impl Into<String>) -> Self {
        Self {
            class: class.into(),
            row,
            property: property.into(),
        }
    }
}

/// One row of the *Microsoft Entra tenants* node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteTenant {
    /// The row.
    pub id: SiteRowId,
    /// The Entra tenant.
    pub tenant_id: TenantId,
    /// The name as typed on import.
    pub name: String,
    /// The cloud; `None` where the site's number for it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<CloudEnvironment>,
    /// The site's own number for the cloud (`Environment`), where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_number: Option<i64>,
    /// The site's own name for that number (`SMS_AzureEnvironments.EnvironmentName`), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_name: Option<String>,
}

impl SiteTenant {
    /// Describes a tenant row.
    #[must_use]
    pub fn new(id: SiteRowId, tenant_id: TenantId, name: impl Into<String>, environment: Option<CloudEnvironment>) -> Self {
        Self {
            id,
            tenant_id,
            name: name.into(),
            environment,
            environment_number: None,
            environment_name: None,
        }
    }
}

/// One application that the site knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteApplication {
    /// The row.
    pub id: SiteRowId,
    /// The application (client) id.
    pub client_id: ApplicationId,
    /// The friendly name.
    pub name: String,
    /// The row of its tenant.
    pub tenant: SiteRowId,
    /// Native (client) app or web (server) app.
    pub is_client_app: bool,
    /// The App ID URI of a server app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier_uri: Option<String>,
    /// When the secret of a server app expires, where set.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub secret_expiry: Option<OffsetDateTime>,
    /// When the app was created, where set. Since version 2409 the console renews no secret of an app older than 800
    /// days.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub created: Option<OffsetDateTime>,
    /// When the secret was made or stored (`SecretKeyCreationTime`), if it was read. Which of the two is not
    /// documented.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub secret_created: Option<OffsetDateTime>,
    /// When the row was changed last (`LastUpdateTime`), if it was read.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub updated: Option<OffsetDateTime>,
    /// The redirect URI that the site knows, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_url: Option<String>,
    /// The site's own number for where the app came from (`Source`). Its meaning is not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<i64>,
    /// The rows of the apps that belong to this one (`AssociatedAADApplications`), where they were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub associated_applications: Vec<SiteRowId>,
}

impl SiteApplication {
    /// Describes an application row without App ID URI and expiry.
    #[must_use]
    pub fn new(id: SiteRowId, client_id: ApplicationId, name: impl Into<String>, tenant: SiteRowId, is_client_app: bool) -> Self {
        Self {
            id,
            client_id,
            name: name.into(),
            tenant,
            is_client_app,
            identifier_uri: None,
            secret_expiry: None,
            created: None,
            secret_created: None,
            updated: None,
            reply_url: None,
            source: None,
            associated_applications: Vec::new(),
        }
    }
}

/// One Azure service connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteConnection {
    /// The row.
    pub id: SiteRowId,
    /// *Name*.
    pub name: String,
    /// *Description*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The rows of its web apps; empty if they could not be read.
    pub web_applications: Vec<SiteRowId>,
    /// User discovery as the site has it; `None` where it is off or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_discovery: Option<SiteDiscovery>,
    /// Group discovery as the site has it; `None` where it is off or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_discovery: Option<SiteDiscovery>,
    /// The site's own number for the kind of service (`ServiceType`), where it was read. The one of Cloud Management is
    /// not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<i64>,
    /// Whether its discovery settings could not be read, so that nothing tells whether discovery is on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_discovery_unread: bool,
}

impl SiteConnection {
    /// Describes a connection row without discovery.
    #[must_use]
    pub fn new(id: SiteRowId, name: impl Into<String>, description: Option<String>, web_applications: Vec<SiteRowId>) -> Self {
        Self {
            id,
            name: name.into(),
            description,
            web_applications,
            user_discovery: None,
            group_discovery: None,
            service_type: None,
            is_discovery_unread: false,
        }
    }

    /// Whether its web apps could be read.
    pub(crate) const fn is_read(&self) -> bool {
        !self.web_applications.is_empty()
    }

    /// Whether it is the connection that tenant attach (co-management's upload) makes for itself: the one kind whose
    /// number is known.
    #[must_use]
    pub fn is_tenant_attach(&self) -> bool {
        self.service_type == Some(TENANT_ATTACH)
    }
}

/// Discovery as the site has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteDiscovery {
    /// When everything is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_schedule: Option<Schedule>,
    /// How often changes are read, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_minutes: Option<u32>,
    /// The groups, by name. Empty for user discovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_names: Vec<String>,
    /// The groups, by their object ids in Entra, where they were read. Empty for user discovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_ids: Vec<String>,
    /// The full schedule as the site wrote it, where it was read, also where it is no single schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_schedule_text: Option<String>,
    /// The site's own number for the kind of discovery (`AgentType`), where it was read. Its meaning is not documented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<i64>,
    /// When everything was read last.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub last_full_sync: Option<OffsetDateTime>,
    /// When changes were read last.
    #[serde(with = "time::serde::rfc3339::option", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub last_delta_sync: Option<OffsetDateTime>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reading_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = serde_json::from_slice::<SiteSnapshot>(&bytes);
        }

        #[test]
        fn what_is_read_is_written_back_the_same(
            id in any::<i64>(), tenant in any::<i64>(), name in ".{0,40}", client in any::<[u8; 16]>(), expiry in "[0-9T:.Z+-]{0,30}",
        ) {
            let client = uuid::Uuid::from_bytes(client);
            let text = serde_json::json!({
                "info": {"siteCode": name, "version": expiry},
                "tenants": [{"id": tenant, "tenantId": client, "name": name}],
                "applications": [
                    {"id": id, "clientId": client, "name": name, "tenant": tenant, "isClientApp": true, "secretExpiry": expiry},
                ],
                "connections": [{"id": id, "name": name, "webApplications": [id, tenant]}],
            });
            let without_expiry = text.to_string().replace(&format!("\"secretExpiry\":{}", serde_json::json!(expiry)), "\"x\":0");
            for text in [text.to_string(), without_expiry] {
                if let Ok(read) = serde_json::from_str::<SiteSnapshot>(&text) {
                    let written = serde_json::to_string(&read).unwrap();
                    prop_assert_eq!(&serde_json::from_str::<SiteSnapshot>(&written).unwrap(), &read);
                    let _ = read.connections_of(TenantId::new(client)).count();
                }
            }
        }
    }
}
