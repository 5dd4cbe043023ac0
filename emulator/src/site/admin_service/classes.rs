//! The classes, their properties, and their rows.
//!
//! Names and types are those of the SMS Provider's classes as public class dumps show them.

use std::fmt::Write;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use super::{
    environments::{self, number_of},
    kinds::{DATE, FLAG, INT32, INT64, INTS, Object, TEXT, TEXTS, object},
};
use cmg_onboarding::site::{SiteApplication, SiteConnection, SiteDiscovery, SiteGateway, SiteHierarchy, SiteSnapshot, SiteTenant};

/// The status of a refusal, and its text.
pub(super) type Refused = (u16, String);

/// How the product writes a date that was never set, in the time zone of the captured sites.
const UNSET: &str = "1980-01-01T06:00:00Z";

/// One class of the provider.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    properties: &'static [(&'static str, &'static str)],
    rows: fn(&SiteSnapshot) -> Vec<Object>,
}

static CLASSES: [Class; 9] = [
    Class {
        name: "SMS_Site",
        key: "SiteCode",
        properties: &[
            ("SiteCode", TEXT),
            ("SiteName", TEXT),
            ("Version", TEXT),
            ("ReportingSiteCode", TEXT),
            ("BuildNumber", INT64),
        ],
        rows: sites,
    },
    Class {
        name: "SMS_AzureEnvironments",
        key: "ID",
        properties: &environments::PROPERTIES,
        rows: |_| environments::rows(),
    },
    Class {
        name: "SMS_AAD_Tenant_Ex",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("TenantID", TEXT),
            ("Name", TEXT),
            ("Environment", INT64),
            ("SiteCode", TEXT),
        ],
        rows: |site| site.tenants.iter().map(|tenant| tenant_row(site, tenant)).collect(),
    },
    Class {
        name: "SMS_AAD_Application_Ex",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("ClientID", TEXT),
            ("Name", TEXT),
            ("TenantID", INT64),
            ("IsClientApp", FLAG),
            ("IdentifierUri", TEXT),
            ("ReplyUrl", TEXT),
            ("SecretKey", TEXT),
            ("SecretKeyCreationTime", DATE),
            ("SecretKeyExpiry", DATE),
            ("ApplicationCreationTime", DATE),
            ("LastUpdateTime", DATE),
            ("Source", INT64),
            ("AssociatedAADApplications", INTS),
            ("SiteCode", TEXT),
        ],
        rows: |site| {
            site.applications
                .iter()
                .map(|application| application_row(site, application))
                .collect()
        },
    },
    Class {
        name: "SMS_Azure_CloudService",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("Name", TEXT),
            ("Description", TEXT),
            ("ServiceType", INT64),
            ("AuthenticationType", INT64),
            ("AssociatedAADWebApplications", INTS),
            ("SiteCode", TEXT),
        ],
        rows: |site| site.connections.iter().map(|connection| connection_row(site, connection)).collect(),
    },
    Class {
        name: "SMS_AzureService",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("Name", TEXT),
            ("AADApplicationId", INT64),
            ("AzureCloudServiceId", INT64),
            ("AzureEnvironmentId", INT64),
            ("SiteCode", TEXT),
        ],
        rows: gateways,
    },
    Class {
        name: "SMS_AAD_Discovery_Settings",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("CloudServiceId", INT64),
            ("AgentType", INT64),
            ("FullSyncEnabled", FLAG),
            ("DeltaSyncEnabled", FLAG),
            ("RunNow", FLAG),
            ("FullSyncSchedule", TEXT),
            ("DeltaSyncInterval", INT32),
            ("DiscoveryScopeIds", TEXTS),
            ("DiscoveryScopeNames", TEXTS),
            ("LastFullSyncTime", DATE),
            ("LastDeltaSyncTime", DATE),
            ("SiteCode", TEXT),
        ],
        rows: discovery,
    },
    // Group sync and the name-value pairs of tenants are nothing that this job makes: the classes are there, without rows.
    Class {
        name: "SMS_AAD_Sync_Settings",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("CloudServiceId", INT64),
            ("FullSyncEnabled", INT64),
            ("DeltaSyncEnabled", INT64),
            ("RunNow", INT64),
            ("FullSyncSchedule", TEXT),
            ("DeltaSyncInterval", INT64),
            ("WaterMark", INT64),
            ("LastFullSyncTime", DATE),
            ("LastDeltaSyncTime", DATE),
        ],
        rows: |_| Vec::new(),
    },
    Class {
        name: "SMS_AAD_Tenant_Ex_Property",
        key: "ID",
        properties: &[
            ("ID", INT64),
            ("TenantID", TEXT),
            ("TenantName", TEXT),
            ("PropertyName", TEXT),
            ("Value", TEXT),
        ],
        rows: |_| Vec::new(),
    },
];

impl Class {
    /// Without regard to case, as on sites since version 2006.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CLASSES.iter().find(|class| class.name.eq_ignore_ascii_case(name))
    }

    /// Whether this site shows the class. One that does not tell its gateways has no such class.
    pub(super) fn is_served(&self, site: &SiteSnapshot) -> bool {
        self.name != "SMS_AzureService" || site.gateways.is_some()
    }

    /// A property by its name, or the service's refusal of one that the class does not have.
    pub(super) fn known(&self, property: String) -> Result<String, Refused> {
        if self.properties.iter().any(|(name, _)| *name == property) {
            return Ok(property);
        }
        let message = format!("Could not find a property named '{property}' on type 'AdminService.{}'.", self.name);
        Err((400, message))
    }

    /// The rows, each with all properties of its class: the provider leaves none out.
    pub(super) fn rows(&self, site: &SiteSnapshot) -> Vec<Object> {
        let mut rows = (self.rows)(site);
        for row in &mut rows {
            for (name, kind) in self.properties {
                let value = row.entry(*name).or_insert(Value::Null);
                if value.is_null() {
                    *value = never_set(kind);
                }
            }
        }
        rows
    }

    pub(super) fn property_count(&self) -> usize {
        self.properties.len()
    }
}

/// The service's own description, with what is emulated of it.
pub(super) fn metadata() -> String {
    let mut text = String::from(
        r#"<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="AdminService" xmlns="http://docs.oasis-open.org/odata/ns/edm">"#,
    );
    // Writing to a String cannot fail.
    for class in &CLASSES {
        let _ = write!(
            text,
            r#"<EntityType Name="{}"><Key><PropertyRef Name="{}" /></Key>"#,
            class.name, class.key
        );
        for (name, kind) in class.properties {
            let _ = write!(text, r#"<Property Name="{name}" Type="{kind}" />"#);
        }
        text.push_str("</EntityType>");
    }
    text.push_str(r#"<EntityContainer Name="Container">"#);
    for class in &CLASSES {
        let _ = write!(text, r#"<EntitySet Name="{0}" EntityType="AdminService.{0}" />"#, class.name);
    }
    text.push_str("</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>");
    text
}

fn sites(site: &SiteSnapshot) -> Vec<Object> {
    let info = &site.info;
    let above = match &info.hierarchy {
        SiteHierarchy::Below { reports_to } => reports_to.as_str(),
        _ => "",
    };
    vec![object(json!({
        "SiteCode": info.site_code, "SiteName": "Emulated", "Version": info.version, "ReportingSiteCode": above,
        "BuildNumber": info.build(),
    }))]
}

/// What the provider writes for a property that nothing was ever written to: strings empty, numbers 0, lists empty.
fn never_set(kind: &str) -> Value {
    match kind {
        INT64 | INT32 => json!(0),
        TEXT => json!(""),
        FLAG => json!(false),
        DATE => json!(UNSET),
        _ => json!([]),
    }
}

fn tenant_row(site: &SiteSnapshot, tenant: &SiteTenant) -> Object {
    let environment = tenant.environment_number.or_else(|| tenant.environment.map(number_of));
    object(json!({
        "ID": tenant.id, "TenantID": tenant.tenant_id, "Name": tenant.name, "Environment": environment,
        "SiteCode": site.info.site_code,
    }))
}

fn application_row(site: &SiteSnapshot, application: &SiteApplication) -> Object {
    // In form like what a site encrypts, and nothing inside.
    let secret = (!application.is_client_app).then_some("0C0100000000000000000000");
    object(json!({
        "ID": application.id, "ClientID": application.client_id, "Name": application.name, "TenantID": application.tenant,
        "IsClientApp": application.is_client_app, "IdentifierUri": application.identifier_uri,
        "ReplyUrl": application.reply_url, "SecretKey": secret, "SecretKeyCreationTime": date(application.secret_created),
        "SecretKeyExpiry": date(application.secret_expiry), "ApplicationCreationTime": date(application.created),
        "LastUpdateTime": date(application.updated), "Source": application.source,
        "AssociatedAADApplications": application.associated_applications, "SiteCode": site.info.site_code,
    }))
}

fn connection_row(site: &SiteSnapshot, connection: &SiteConnection) -> Object {
    object(json!({
        "ID": connection.id, "Name": connection.name, "Description": connection.description.as_deref().unwrap_or_default(),
        "ServiceType": connection.service_type,
        "AssociatedAADWebApplications": connection.web_applications, "SiteCode": site.info.site_code,
    }))
}

fn gateways(site: &SiteSnapshot) -> Vec<Object> {
    let row = |(index, gateway): (usize, &SiteGateway)| {
        object(json!({
            "ID": index + 1, "Name": gateway.name, "AzureCloudServiceId": gateway.connection, "AzureEnvironmentId": 1,
            "SiteCode": site.info.site_code,
        }))
    };
    site.gateways.iter().flatten().enumerate().map(row).collect()
}

/// A row for each kind of discovery of each connection, numbered in their order.
fn discovery(site: &SiteSnapshot) -> Vec<Object> {
    let kinds = site.connections.iter().flat_map(|connection| {
        let users = connection.user_discovery.as_ref().map(|discovery| (connection, discovery, 0));
        let groups = connection.group_discovery.as_ref().map(|discovery| (connection, discovery, 1));
        users.into_iter().chain(groups)
    });
    kinds
        .enumerate()
        .map(|(index, (connection, discovery, kind))| discovery_row(site, (index + 1, kind), connection, discovery))
        .collect()
}

/// Which number is which kind is not known: users and groups have two, if the site was given none.
fn discovery_row(site: &SiteSnapshot, (id, kind): (usize, i64), connection: &SiteConnection, discovery: &SiteDiscovery) -> Object {
    let schedule = discovery.full_schedule.as_ref().map(ToString::to_string);
    let derived = |name: &String| Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string();
    let ids: Vec<String> = match discovery.group_ids.is_empty() {
        true => discovery.group_names.iter().map(derived).collect(),
        false => discovery.group_ids.clone(),
    };
    object(json!({
        "ID": id, "CloudServiceId": connection.id, "AgentType": discovery.agent_type.unwrap_or(kind),
        // Switched on is what a row of the emulated site stands for.
        "FullSyncEnabled": true, "DeltaSyncEnabled": discovery.delta_minutes.is_some(), "RunNow": false,
        "FullSyncSchedule": schedule.or_else(|| discovery.full_schedule_text.clone()).unwrap_or_default(),
        "DeltaSyncInterval": discovery.delta_minutes.unwrap_or_default(),
        "DiscoveryScopeIds": ids, "DiscoveryScopeNames": discovery.group_names,
        "LastFullSyncTime": date(discovery.last_full_sync), "LastDeltaSyncTime": date(discovery.last_delta_sync),
        "SiteCode": site.info.site_code,
    }))
}

fn date(moment: Option<OffsetDateTime>) -> String {
    moment
        .and_then(|moment| moment.format(&Rfc3339).ok())
        .unwrap_or_else(|| UNSET.to_owned())
}
