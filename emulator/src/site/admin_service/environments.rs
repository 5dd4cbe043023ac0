//! The clouds that a site knows (`SMS_AzureEnvironments`).

use cmg_onboarding::cloud::CloudEnvironment;
use serde_json::json;

use super::kinds::{INT64, Object, TEXT, object};

/// Source: the names, a class dump of version 2002. The endpoints, Microsoft's pages about the clouds; what is not known is empty.
pub(super) const PROPERTIES: [(&str, &str); 21] = [
    ("ID", INT64),
    ("EnvironmentName", TEXT),
    ("ActiveDirectoryEndpoint", TEXT),
    ("ResourceManagerEndpoint", TEXT),
    ("ManagementPortalURL", TEXT),
    ("PublishSettingsURL", TEXT),
    ("ServiceManagementEndpoint", TEXT),
    ("GalleryEndpoint", TEXT),
    ("GraphEndpoint", TEXT),
    ("MicrosoftGraphEndpoint", TEXT),
    ("CMMicroServiceResourceEndpoint", TEXT),
    ("KeyVaultEndpoint", TEXT),
    ("KeyVaultDNSSuffix", TEXT),
    ("StorageEndpointSuffix", TEXT),
    ("SQLDatabaseDNSSuffix", TEXT),
    ("TrafficManagerDNSSuffix", TEXT),
    ("ServiceBusEndpointSuffix", TEXT),
    ("CloudServiceSuffix", TEXT),
    ("GatewayService", TEXT),
    ("IntuneWebPortalLoginURL", TEXT),
    ("MDMEnrollmentURL", TEXT),
];

pub(super) fn rows() -> Vec<Object> {
    let row = |environment: CloudEnvironment| {
        let (sign_in, graph, management) = match environment {
            CloudEnvironment::AzureUsGovernmentCloud => (
                "https://login.microsoftonline.us/",
                "https://graph.microsoft.us/",
                "https://management.usgovcloudapi.net/",
            ),
            _ => (
                "https://login.microsoftonline.com/",
                "https://graph.microsoft.com/",
                "https://management.azure.com/",
            ),
        };
        object(json!({
            "ID": number_of(environment), "EnvironmentName": environment, "ActiveDirectoryEndpoint": sign_in,
            "MicrosoftGraphEndpoint": graph, "ResourceManagerEndpoint": management,
        }))
    };
    CloudEnvironment::ALL.into_iter().map(row).collect()
}

/// As sites of the field have them.
pub(super) const fn number_of(environment: CloudEnvironment) -> i64 {
    match environment {
        CloudEnvironment::AzureUsGovernmentCloud => 2,
        _ => 1,
    }
}
