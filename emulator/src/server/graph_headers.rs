//! What stands around Microsoft Graph's bodies: headers, and addresses of new objects.

use hyper::header::{CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY, VARY};
use serde_json::Value;

use crate::{EmulatedTenant, graph::GraphRequest};

/// Which machine of the service answered, in the form of the service's own.
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"EMULATOR"}}"#;

/// The headers that each answer has.
///
/// Source: recordings of the Azure CLI, 2022 and April 2025.
pub(super) fn let_see(headers: &mut HeaderMap) {
    for (name, value) in [
        (HeaderName::from_static("odata-version"), "4.0"),
        (CACHE_CONTROL, "no-cache"),
        (STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (VARY, "Accept-Encoding"),
        (HeaderName::from_static("x-ms-ags-diagnostic"), DIAGNOSTIC),
        (HeaderName::from_static("x-ms-resource-unit"), "1"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Where a new object is. Apps and service principals are directory objects, whose address names the tenant and the type.
///
/// Source: recordings of the Azure CLI, 2022 and April 2025.
pub(super) fn created_at(tenant: &EmulatedTenant, value: &Value, request: &GraphRequest) -> String {
    let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
    let set = request
        .segments
        .first()
        .and_then(|first| first.split('(').next())
        .unwrap_or_default();
    let type_name = match (set, request.segments.len()) {
        ("applications", 1) => "Application",
        ("servicePrincipals", 1) => "ServicePrincipal",
        _ => return format!("{}/{set}/{id}", request.root),
    };
    let server = request.root.rsplit_once('/').map_or("", |(server, _)| server);
    format!(
        "{server}/v2/{}/directoryObjects/{id}/Microsoft.DirectoryServices.{type_name}",
        tenant.tenant_id()
    )
}

/// The version that a path is of, in which links stay.
pub(super) fn version(path: &str) -> &'static str {
    let first = path.split('/').find(|part| !part.is_empty());
    if first == Some("beta") { "beta" } else { "v1.0" }
}
