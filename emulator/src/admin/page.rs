//! The page at `/`: what there is, for people. Plain HTML, and no script.

use serde_json::Value;

use super::Admin;
use crate::EmulatedTenant;

/// So many of the last requests are shown.
const SHOWN_REQUESTS: usize = 50;

/// The page for who shows the key in the address, and one line for all others.
pub(crate) fn page(admin: Option<&Admin>, host: &str, key: &str) -> (u16, String) {
    let Some(admin) = admin else {
        return (200, whole("<p>This emulator has no admin API, and no page.</p>", false));
    };
    if let Err((status, _)) = admin.admits(host, key) {
        let status = if key.is_empty() && status == 401 { 200 } else { status };
        return (
            status,
            whole("<p>Open this page with ?key=, with the adminKey that --print-env gives.</p>", false),
        );
    }
    let tenants = admin.0.running.tenants();
    let parts: String = tenants.all().map(tenant).chain(site(admin)).collect();
    (200, whole(&parts, true))
}

#[cfg(feature = "onboarding")]
fn site(admin: &Admin) -> Option<String> {
    let state = admin.0.running.site()?.state();
    let parts = [
        rows("Connections", &state["connections"], &["id", "name", "serviceType"]),
        rows("Tenants of the site", &state["tenants"], &["id", "name", "tenantId"]),
        rows(
            "Apps of the site",
            &state["applications"],
            &["id", "name", "clientId", "secretExpiry"],
        ),
    ];
    Some(format!("<h1>Site</h1>{}", parts.concat()))
}

#[cfg(not(feature = "onboarding"))]
const fn site(_: &Admin) -> Option<String> {
    None
}

fn tenant(tenant: &EmulatedTenant) -> String {
    let state = tenant.state();
    let secrets: Vec<Value> = list(&state["applications"])
        .flat_map(|app| list(&app["passwordCredentials"]).map(move |secret| with_owner(secret, app)))
        .collect();
    let mut text = format!("<h1>{} {}</h1>", escaped(tenant.initial_domain()), tenant.tenant_id());
    text.push_str(&rows(
        "App registrations",
        &state["applications"],
        &["displayName", "appId", "identifierUris", "createdDateTime"],
    ));
    text.push_str(&rows(
        "Service principals",
        &state["servicePrincipals"],
        &["displayName", "appId", "id", "accountEnabled"],
    ));
    text.push_str(&rows(
        "Secrets, never their text",
        &Value::Array(secrets),
        &["app", "displayName", "hint", "keyId", "endDateTime"],
    ));
    text.push_str(&rows(
        "Delegated permissions granted",
        &state["oauth2PermissionGrants"],
        &["clientId", "resourceId", "consentType", "scope"],
    ));
    text.push_str(&rows(
        "Application permissions assigned",
        &state["appRoleAssignments"],
        &["principalDisplayName", "resourceDisplayName", "appRoleId"],
    ));
    text.push_str(&rows(
        "Deleted app registrations",
        &state["deletedApplications"],
        &["displayName", "appId", "deletedDateTime"],
    ));
    let requests = tenant.last_requests(SHOWN_REQUESTS);
    let requests = serde_json::to_value(requests).unwrap_or_default();
    text.push_str(&rows(
        "The last requests",
        &requests,
        &["status", "method", "path", "clientRequestId"],
    ));
    text
}

fn with_owner(secret: &Value, app: &Value) -> Value {
    let mut shown = secret.clone();
    shown["app"] = app["displayName"].clone();
    shown
}

fn rows(title: &str, objects: &Value, columns: &[&str]) -> String {
    let cells = |object: &Value| {
        columns
            .iter()
            .map(|column| format!("<td>{}</td>", escaped(&shown(&object[*column]))))
            .collect::<String>()
    };
    let body: String = list(objects).map(|object| format!("<tr>{}</tr>", cells(object))).collect();
    if body.is_empty() {
        return format!("<h2>{title}</h2><p>None.</p>");
    }
    let head: String = columns.iter().map(|column| format!("<th>{column}</th>")).collect();
    format!("<h2>{title}</h2><table><tr>{head}</tr>{body}</table>")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A page that grows by being loaded again.
fn whole(body: &str, grows: bool) -> String {
    let again = if grows { "<meta http-equiv=\"refresh\" content=\"3\">" } else { "" };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">{again}\
         <title>cmg-emulator</title><style>body{{font:14px sans-serif;margin:2em}}table{{border-collapse:collapse}}\
         td,th{{border:1px solid #999;padding:.2em .5em;text-align:left;vertical-align:top}}</style></head><body>{body}</body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_text() {
        let objects = serde_json::json!([{"displayName": "<script>alert(1)</script>"}]);
        let text = rows("Apps", &objects, &["displayName"]);
        assert!(text.contains("&lt;script&gt;") && !text.contains("<script"), "{text}");
    }
}
