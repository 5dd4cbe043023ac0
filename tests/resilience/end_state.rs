//! What is left when everything is over, comparable between runs: ids, times and orders do not matter, all else does.

use std::collections::BTreeMap;

use cmg_onboarding::{ApplicationId, ClientSecret};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};

/// The server app's name in the specifications of the tests.
const SERVER: &str = "ConfigMgr Server";

const MICROSOFT_GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Values that differ from run to run and mean nothing.
const NOISE: [&str; 7] = [
    "created",
    "createdDateTime",
    "startDateTime",
    "endDateTime",
    "hint",
    "keyId",
    "secretExpiry",
];

/// Tenant and site at the end.
#[derive(Debug)]
pub(crate) struct EndState {
    pub(crate) tenant: Value,
    pub(crate) site: Value,
    secrets: Vec<Value>,
    held: Option<(ClientSecret, Value)>,
    held_is_live: bool,
}

pub(crate) fn of(tenant: &EmulatedTenant, site: &EmulatedSite) -> EndState {
    let (raw, rows) = (tenant.state(), site.state());
    let names = names(&raw, &rows);
    let server = list(&raw, "applications").iter().find(|app| app["displayName"] == SERVER);
    let id: Option<ApplicationId> = server.and_then(|app| app["appId"].as_str()?.parse().ok());
    let row = id.and_then(|id| list(&rows, "applications").iter().find(|row| row["clientId"] == json!(id)));
    let held = id
        .and_then(|id| site.secret_of(id))
        .map(|secret| (secret, row.map_or(Value::Null, |row| row["secretExpiry"].clone())));
    let is_live = |secret: &ClientSecret| id.is_some_and(|id| tenant.secret_is_live(id, secret.expose()));
    EndState {
        held_is_live: held.as_ref().is_some_and(|(secret, _)| is_live(secret)),
        held,
        secrets: server.map(|app| list(app, "passwordCredentials").to_vec()).unwrap_or_default(),
        tenant: normalised(&raw, &names),
        site: normalised(&rows, &names),
    }
}

impl EndState {
    /// One live secret, which is the one that the site holds, with its own end.
    pub(crate) fn assert_one_secret_that_the_site_holds(&self) {
        assert_eq!(self.secrets.len(), 1, "secrets: {:#?}", self.secrets);
        let (_, expiry) = self.held.as_ref().expect("the site holds a secret");
        assert!(self.held_is_live, "the site holds a secret that is no more");
        assert_eq!(
            expiry, &self.secrets[0]["endDateTime"],
            "the site says another end than the directory"
        );
    }

    /// The same tenant and site as that of another run, secret included.
    pub(crate) fn assert_same_as(&self, other: &Self, case: &str) {
        assert_same("tenant", &self.tenant, &other.tenant, case);
        assert_same("site", &self.site, &other.site, case);
        self.assert_one_secret_that_the_site_holds();
    }

    /// The same tenant alone.
    pub(crate) fn assert_same_tenant_as(&self, other: &Self, case: &str) {
        assert_same("tenant", &self.tenant, &other.tenant, case);
    }
}

/// Compares, and shows only the lines that differ.
fn assert_same(what: &str, left: &Value, right: &Value, case: &str) {
    if left == right {
        return;
    }
    let lines = |value: &Value| -> Vec<String> {
        let text = serde_json::to_string_pretty(value).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let (left, right) = (lines(left), lines(right));
    let only = |one: &[String], other: &[String]| -> Vec<String> { one.iter().filter(|line| !other.contains(line)).cloned().collect() };
    panic!(
        "the {what} is not as expected, {case}\ntoo much ({} lines): {:#?}\ntoo little ({} lines): {:#?}",
        left.len(),
        only(&left, &right),
        right.len(),
        only(&right, &left)
    );
}

pub(crate) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// Names for every id, from what does not change between runs.
fn names(tenant: &Value, site: &Value) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for kind in ["applications", "deletedApplications"] {
        for app in list(tenant, kind) {
            let name = app["uniqueName"]
                .as_str()
                .or_else(|| app["displayName"].as_str())
                .unwrap_or_default();
            add(&mut names, &app["id"], format!("object id of {name}"));
            add(&mut names, &app["appId"], format!("client id of {name}"));
        }
    }
    for kind in ["servicePrincipals", "deletedServicePrincipals"] {
        for principal in list(tenant, kind) {
            let of = names.get(principal["appId"].as_str().unwrap_or_default()).cloned();
            let of = of.unwrap_or_else(|| principal["appId"].to_string());
            add(&mut names, &principal["id"], format!("principal of {of}"));
        }
    }
    for (kind, key) in [("tenants", "tenantId"), ("applications", "clientId"), ("connections", "name")] {
        for row in list(site, kind) {
            let key = row[key].as_str().unwrap_or_default();
            let of = names.get(key).cloned().unwrap_or_else(|| key.to_owned());
            names.insert(row["id"].to_string(), format!("row of {of}"));
        }
    }
    names
}

fn add(names: &mut BTreeMap<String, String>, id: &Value, name: String) {
    if let Some(id) = id.as_str() {
        names.insert(id.to_owned(), name);
    }
}

fn normalised(value: &Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        // The same in every tenant, and long.
        Value::Object(object) if object.get("appId").is_some_and(|id| id == MICROSOFT_GRAPH) => {
            let mut same = object.clone();
            same.remove("id");
            Value::Object(same)
        }
        Value::Object(object) => {
            let is_consent = object.contains_key("consentType") || object.contains_key("appRoleId");
            let parts = object.iter().map(|(name, value)| {
                let is_secret = object.contains_key("keyId") && name == "displayName";
                let is_noise = NOISE.contains(&name.as_str()) || is_secret || (is_consent && name == "id");
                let value = if is_noise && !value.is_null() {
                    json!("...")
                } else {
                    normalised(value, names)
                };
                (name.clone(), value)
            });
            Value::Object(parts.collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| normalised(item, names)).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) => {
            let may_have_id = text.len() >= 36 && text.contains('-');
            let ids = names.iter().filter(|(id, _)| may_have_id && id.len() == 36);
            Value::String(ids.fold(text.clone(), |text, (id, name)| text.replace(id.as_str(), name)))
        }
        Value::Number(number) => names.get(&number.to_string()).map_or_else(|| value.clone(), |name| json!(name)),
        other => other.clone(),
    }
}
