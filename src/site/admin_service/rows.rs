//! The rows as they come, and what is asked of them.
//!
//! Names and types follow the classes of the SMS Provider. What is not named here is dropped while the answer is read;
//! so is an application's `SecretKey`, should a site send it unasked.

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
    #[serde(rename = "Source", default, deserialize_with = "lenient::number")]
    pub(super) source: Option<i64>,
    #[serde(rename = "AssociatedAADApplications", default, deserialize_with = "lenient::rows")]
    pub(super) associated: Option<Vec<SiteRowId>>,
}

impl Row for ApplicationRow {
    const CLASS: &'static str = "SMS_AAD_Application_Ex";
    const PROPERTIES: &'static str = "ID,ClientID,Name,TenantID,IsClientApp,IdentifierUri,ReplyUrl,SecretKeyExpiry,ApplicationCreationTime,Source,AssociatedAADApplications";
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
}

impl Row for ConnectionRow {
    const CLASS: &'static str = "SMS_Azure_CloudService";
    const PROPERTIES: &'static str = "ID,Name,Description,ServiceType,AssociatedAADWebApplications";
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
}

impl Row for DiscoveryRow {
    const CLASS: &'static str = "SMS_AAD_Discovery_Settings";
    const PROPERTIES: &'static str = "ID,CloudServiceId,AgentType,FullSyncEnabled,DeltaSyncEnabled,FullSyncSchedule,DeltaSyncInterval,DiscoveryScopeIds,DiscoveryScopeNames,LastFullSyncTime,LastDeltaSyncTime";
}
