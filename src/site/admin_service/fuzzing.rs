//! Rows of an administration service, for the fuzz targets.

use serde::{Deserialize, de::DeserializeOwned};

use super::assemble::Rows;
use crate::site::SiteSnapshot;

/// The lists of one snapshot, each as the service answers it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Lists {
    sites: serde_json::Value,
    environments: serde_json::Value,
    tenants: serde_json::Value,
    applications: serde_json::Value,
    connections: serde_json::Value,
    discovery: serde_json::Value,
    gateways: serde_json::Value,
}

/// Rows of every class: a snapshot is read as it was written, and no row is told twice.
pub(crate) fn admin_service_rows(input: &[u8]) -> bool {
    let Ok(lists) = serde_json::from_slice::<Lists>(input) else {
        return false;
    };
    let rows = Rows {
        sites: rows(lists.sites),
        environments: rows(lists.environments),
        tenants: rows(lists.tenants),
        applications: rows(lists.applications),
        connections: rows(lists.connections),
        discovery: rows(lists.discovery),
        gateways: serde_json::from_value(lists.gateways).ok(),
    };
    let (applications, connections) = (rows.applications.len(), rows.connections.len());
    let snapshot = rows.into_snapshot();
    assert!(snapshot.applications.len() <= applications && snapshot.connections.len() <= connections);
    let written = serde_json::to_vec(&snapshot).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<SiteSnapshot>(&written).ok().as_ref(), Some(&snapshot));
    !snapshot.applications.is_empty() || !snapshot.connections.is_empty() || !snapshot.tenants.is_empty()
}

fn rows<T: DeserializeOwned>(list: serde_json::Value) -> Vec<T> {
    serde_json::from_value(list).unwrap_or_default()
}
