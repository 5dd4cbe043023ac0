//! One struct for each class that the reader asks for, with the properties that it asks for.
//!
//! Names and types follow the classes of the SMS Provider. [`Row::PROPERTIES`] is the `$select` of a list: every property
//! of the class that the struct has, and no other. A row that is asked for by its key comes with all its properties and
//! with the provider's own (`@odata.etag`, `__CLASS`, `__PATH` and the like). What is not named here is dropped while
//! the answer is read; so is an application's `SecretKey`, should a site send it unasked.

use serde::{Deserialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::lenient;
use crate::site::SiteRowId;

/// A row of one class.
pub(super) trait Row: DeserializeOwned {
    const CLASS: &'static str;
    /// What is asked for. Every property that is read, and no other.
    const PROPERTIES: &'static str;
}

/// A class with properties that the provider calls lazy: a list may leave them out, and a row by its key has them.
pub(super) trait LazyRow: Row {
    /// The key to ask for, if the list may have left out what the reader needs.
    fn incomplete(&self) -> Option<i64>;

    /// The same row, if it was asked for by its key: null in it means that there is nothing.
    fn asked_for_by_key(self) -> Self;
}

/// Whether a list left a property out: it is null there, or empty and among those that the row itself calls lazy.
fn is_left_out<T>(value: Option<&Vec<T>>, property: &str, lazy: Option<&Vec<String>>) -> bool {
    let is_lazy = || lazy.is_some_and(|names| names.iter().any(|name| name == property));
    value.is_none_or(|items| items.is_empty() && is_lazy())
}

/// `SMS_Site`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SiteRow {
    #[serde(rename = "SiteCode", default, deserialize_with = "lenient::text")]
    pub(super) site_code: Option<String>,
    #[serde(rename = "Version", default, deserialize_with = "lenient::text")]
    pub(super) version: Option<String>,
    #[serde(rename = "ReportingSiteCode", default, deserialize_with = "lenient::text")]
    pub(super) reporting_site_code: Option<String>,
}

impl Row for SiteRow {
    const CLASS: &'static str = "SMS_Site";
    const PROPERTIES: &'static str = "SiteCode,Version,ReportingSiteCode";
}

/// `SMS_AzureEnvironments`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct EnvironmentRow {
    #[serde(rename = "ID", default, deserialize_with = "lenient::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "EnvironmentName", default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
}

impl Row for EnvironmentRow {
    const CLASS: &'static str = "SMS_AzureEnvironments";
    const PROPERTIES: &'static str = "ID,EnvironmentName";
}

/// `SMS_AAD_Tenant_Ex`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TenantRow {
    #[serde(rename = "ID", default, deserialize_with = "lenient::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "TenantID", default, deserialize_with = "lenient::text")]
    pub(super) tenant_id: Option<String>,
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "Environment", default, deserialize_with = "lenient::number")]
    pub(super) environment: Option<i64>,
}

impl Row for TenantRow {
    const CLASS: &'static str = "SMS_AAD_Tenant_Ex";
    const PROPERTIES: &'static str = "ID,TenantID,Name,Environment";
}

/// `SMS_AAD_Application_Ex`. Its `TenantID` is the number of a row, not a GUID.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ApplicationRow {
    #[serde(rename = "ID", default, deserialize_with = "lenient::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "ClientID", default, deserialize_with = "lenient::text")]
    pub(super) client_id: Option<String>,
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "TenantID", default, deserialize_with = "lenient::number")]
    pub(super) tenant: Option<i64>,
    #[serde(rename = "IsClientApp", default, deserialize_with = "lenient::flag")]
    pub(super) is_client_app: Option<bool>,
    #[serde(rename = "IdentifierUri", default, deserialize_with = "lenient::text")]
    pub(super) identifier_uri: Option<String>,
    #[serde(rename = "ReplyUrl", default, deserialize_with = "lenient::text")]
    pub(super) reply_url: Option<String>,
    #[serde(rename = "SecretKeyExpiry", default, deserialize_with = "lenient::moment")]
    pub(super) secret_expiry: Option<OffsetDateTime>,
    #[serde(rename = "ApplicationCreationTime", default, deserialize_with = "lenient::moment")]
    pub(super) created: Option<OffsetDateTime>,
    #[serde(rename = "SecretKeyCreationTime", default, deserialize_with = "lenient::moment")]
    pub(super) secret_created: Option<OffsetDateTime>,
    #[serde(rename = "LastUpdateTime", default, deserialize_with = "lenient::moment")]
    pub(super) updated: Option<OffsetDateTime>,
    #[serde(rename = "Source", default, deserialize_with = "lenient::number")]
    pub(super) source: Option<i64>,
    #[serde(rename = "AssociatedAADApplications", default, deserialize_with = "lenient::rows")]
    pub(super) associated: Option<Vec<SiteRowId>>,
}

impl Row for ApplicationRow {
    const CLASS: &'static str = "SMS_AAD_Application_Ex";
    const PROPERTIES: &'static str = "ID,ClientID,Name,TenantID,IsClientApp,IdentifierUri,ReplyUrl,SecretKeyExpiry,ApplicationCreationTime,SecretKeyCreationTime,LastUpdateTime,Source,AssociatedAADApplications";
}

/// `SMS_Azure_CloudService`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ConnectionRow {
    #[serde(rename = "ID", default, deserialize_with = "lenient::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "Description", default, deserialize_with = "lenient::text")]
    pub(super) description: Option<String>,
    #[serde(rename = "ServiceType", default, deserialize_with = "lenient::number")]
    pub(super) service_type: Option<i64>,
    #[serde(rename = "AssociatedAADWebApplications", default, deserialize_with = "lenient::rows")]
    pub(super) web_applications: Option<Vec<SiteRowId>>,
    #[serde(skip)]
    is_asked_for_by_key: bool,
}

impl LazyRow for ConnectionRow {
    /// A connection without web apps is odd enough to be looked at once more.
    fn incomplete(&self) -> Option<i64> {
        let has_any = self.web_applications.as_ref().is_some_and(|apps| !apps.is_empty());
        self.id.filter(|_| !self.is_asked_for_by_key && !has_any)
    }

    fn asked_for_by_key(mut self) -> Self {
        self.is_asked_for_by_key = true;
        self
    }
}

impl Row for ConnectionRow {
    const CLASS: &'static str = "SMS_Azure_CloudService";
    const PROPERTIES: &'static str = "ID,Name,Description,ServiceType,AssociatedAADWebApplications";
}

/// `SMS_AzureService`: a cloud management gateway. A public reference page of the class lacks `AzureCloudServiceId`, so
/// older sites may refuse the question.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct GatewayRow {
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "AzureCloudServiceId", default, deserialize_with = "lenient::number")]
    pub(super) connection: Option<i64>,
}

impl Row for GatewayRow {
    const CLASS: &'static str = "SMS_AzureService";
    const PROPERTIES: &'static str = "Name,AzureCloudServiceId";
}

/// `SMS_AAD_Discovery_Settings`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct DiscoveryRow {
    #[serde(rename = "ID", default, deserialize_with = "lenient::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "CloudServiceId", default, deserialize_with = "lenient::number")]
    pub(super) connection: Option<i64>,
    #[serde(rename = "AgentType", default, deserialize_with = "lenient::number")]
    pub(super) agent_type: Option<i64>,
    #[serde(rename = "FullSyncEnabled", default, deserialize_with = "lenient::flag")]
    pub(super) full_enabled: Option<bool>,
    #[serde(rename = "DeltaSyncEnabled", default, deserialize_with = "lenient::flag")]
    pub(super) delta_enabled: Option<bool>,
    #[serde(rename = "FullSyncSchedule", default, deserialize_with = "lenient::text")]
    pub(super) full_schedule: Option<String>,
    #[serde(rename = "DeltaSyncInterval", default, deserialize_with = "lenient::number")]
    pub(super) delta_minutes: Option<i64>,
    #[serde(rename = "DiscoveryScopeIds", default, deserialize_with = "lenient::texts")]
    pub(super) scope_ids: Option<Vec<String>>,
    #[serde(rename = "DiscoveryScopeNames", default, deserialize_with = "lenient::texts")]
    pub(super) scope_names: Option<Vec<String>>,
    #[serde(rename = "LastFullSyncTime", default, deserialize_with = "lenient::moment")]
    pub(super) last_full_sync: Option<OffsetDateTime>,
    #[serde(rename = "LastDeltaSyncTime", default, deserialize_with = "lenient::moment")]
    pub(super) last_delta_sync: Option<OffsetDateTime>,
    #[serde(rename = "__LAZYPROPERTIES", default, deserialize_with = "lenient::texts")]
    lazy: Option<Vec<String>>,
    #[serde(skip)]
    is_asked_for_by_key: bool,
}

impl DiscoveryRow {
    /// Whether it is known which groups the row has, none included.
    pub(super) fn are_scopes_known(&self) -> bool {
        let lazy = self.lazy.as_ref();
        let is_left_out = is_left_out(self.scope_ids.as_ref(), "DiscoveryScopeIds", lazy)
            || is_left_out(self.scope_names.as_ref(), "DiscoveryScopeNames", lazy);
        self.is_asked_for_by_key || !is_left_out
    }
}

impl LazyRow for DiscoveryRow {
    fn incomplete(&self) -> Option<i64> {
        self.id.filter(|_| !self.are_scopes_known())
    }

    fn asked_for_by_key(mut self) -> Self {
        self.is_asked_for_by_key = true;
        self
    }
}

impl Row for DiscoveryRow {
    const CLASS: &'static str = "SMS_AAD_Discovery_Settings";
    const PROPERTIES: &'static str = "ID,CloudServiceId,AgentType,FullSyncEnabled,DeltaSyncEnabled,FullSyncSchedule,DeltaSyncInterval,DiscoveryScopeIds,DiscoveryScopeNames,LastFullSyncTime,LastDeltaSyncTime";
}
