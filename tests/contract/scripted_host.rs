//! A host that plays the script: the same lines, from a site in memory.

use std::ops::ControlFlow;

use cmg_onboarding::{
    Call, ClientSecret, CloudEnvironment, DiscoverySpec, Site, async_trait,
    error::SiteUnreachable,
    site::{
        ClientAppImport, NamedConnection, ServerAppImport, SiteAction, SiteConnection, SiteDiscovery, SiteItem, SiteOnboarding,
        SiteProgress, SiteRemoval, SiteRowId,
        power_shell::{ScriptEnd, ScriptHost, ScriptRun},
    },
};
use cmg_onboarding_emulator::EmulatedSite;
use serde_json::{Value, json};
use time::OffsetDateTime;

#[derive(Debug)]
pub(crate) struct ScriptedHost(EmulatedSite);

impl ScriptedHost {
    pub(crate) const fn new(site: EmulatedSite) -> Self {
        Self(site)
    }

    async fn answer(&self, request: &Value) -> Vec<Value> {
        let snapshot = self.0.snapshot(Call::quiet()).await.unwrap();
        let mut said =
            vec![json!({"event": "site", "revision": "played", "siteCode": snapshot.info.site_code, "version": snapshot.info.version})];
        match request["operation"].as_str().unwrap() {
            "snapshot" => {
                said.extend(snapshot.tenants.iter().map(|tenant| {
                    let cloud = tenant.environment.map(CloudEnvironment::as_str);
                    json!({"event": "tenant", "id": tenant.id, "tenantId": tenant.tenant_id, "name": tenant.name, "environment": cloud})
                }));
                said.extend(snapshot.applications.iter().map(|app| {
                    json!({
                        "event": "application", "id": app.id, "clientId": app.client_id, "name": app.name, "tenant": app.tenant,
                        "isClientApp": app.is_client_app, "identifierUri": app.identifier_uri,
                        "secretExpiry": app.secret_expiry.map(OffsetDateTime::unix_timestamp),
                    })
                }));
                said.extend(snapshot.connections.iter().map(connection));
                said.extend(
                    snapshot
                        .gateways
                        .iter()
                        .flatten()
                        .map(|gateway| json!({"event": "gateway", "name": gateway.name, "connection": gateway.connection})),
                );
                said.push(json!({"event": "facts", "areGatewaysKnown": true, "isServiceConnectionPointOnline": true}));
            }
            "onboard" => match self.0.onboard(Call::quiet(), &wanted(request)).await {
                Ok(onboarded) => {
                    said.extend(onboarded.done.iter().map(progress));
                    said.push(connection(&onboarded.connection));
                }
                Err(failure) => return vec![failed(&failure)],
            },
            "remove" => {
                let row = SiteRowId(request["removal"]["connection"].as_i64().unwrap());
                let removal = SiteRemoval::new(row, request["removal"]["name"].as_str().unwrap());
                match self.0.remove(Call::quiet(), &removal).await {
                    Ok(removed) => {
                        said.push(json!({"event": "removed", "connection": removed.connection, "leftBehind": removed.left_behind}));
                    }
                    Err(error) => return vec![failed(&error)],
                }
            }
            other => panic!("the script has no operation {other}"),
        }
        said.push(json!({"event": "end"}));
        said
    }
}

#[async_trait]
impl ScriptHost for ScriptedHost {
    async fn run(
        &self,
        run: ScriptRun<'_>,
        output: &mut (dyn for<'p> FnMut(&'p [u8]) -> ControlFlow<()> + Send),
    ) -> Result<ScriptEnd, SiteUnreachable> {
        let request: Value = serde_json::from_slice(run.request()).unwrap();
        let number = request["run"].as_str().unwrap();
        for line in self.answer(&request).await {
            // Every line of the script begins so.
            let line = line.to_string().replacen('{', &format!("{{\"cmg\":2,\"run\":\"{number}\","), 1);
            if output(format!("{line}\r\n").as_bytes()).is_break() {
                break;
            }
        }
        Ok(ScriptEnd::default())
    }
}

fn connection(row: &SiteConnection) -> Value {
    let discovery = |held: &SiteDiscovery| json!({"fullSchedule": held.full_schedule, "deltaMinutes": held.delta_minutes, "groupNames": held.group_names});
    json!({
        "event": "connection", "id": row.id, "name": row.name, "description": row.description, "webApplications": row.web_applications,
        "serviceType": row.service_type, "isDiscoveryKnown": true,
        "userDiscovery": row.user_discovery.as_ref().map(discovery), "groupDiscovery": row.group_discovery.as_ref().map(discovery),
    })
}

fn progress(step: &SiteProgress) -> Value {
    let item = match step.item {
        SiteItem::Tenant => "tenant",
        SiteItem::ServerApp => "serverApp",
        SiteItem::ClientApp => "clientApp",
        SiteItem::Connection => "connection",
        _ => "discovery",
    };
    let (action, differences) = match &step.action {
        SiteAction::Created => ("created", Vec::new()),
        SiteAction::Unchanged => ("unchanged", Vec::new()),
        SiteAction::Changed => ("changed", Vec::new()),
        SiteAction::Differs(how) => ("differs", vec![how.as_str()]),
        other => panic!("the script has no word for {other:?}"),
    };
    json!({"event": "progress", "item": item, "action": action, "row": step.row, "differences": differences})
}

fn failed(error: &dyn std::error::Error) -> Value {
    json!({"event": "error", "code": "refused", "operation": "do it", "message": error.to_string(), "help": "Look again."})
}

fn wanted(request: &Value) -> SiteOnboarding {
    let wanted = &request["wanted"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (server, client) = (&wanted["serverApp"], &wanted["clientApp"]);
    let (server_id, client_id) = (
        text(&server["clientId"]).parse().unwrap(),
        text(&client["clientId"]).parse().unwrap(),
    );
    let server_app = match server["import"].as_bool().unwrap() {
        false => ServerAppImport::Known(server_id),
        true => ServerAppImport::Import {
            name: text(&server["name"]),
            client_id: server_id,
            secret_key: secret(&request["secretKey"]),
            secret_key_expiry: OffsetDateTime::from_unix_timestamp(server["secretKeyExpiry"].as_i64().unwrap()).unwrap(),
            app_id_uri: text(&server["appIdUri"]).parse().unwrap(),
        },
    };
    let client_app = match client["import"].as_bool().unwrap() {
        false => ClientAppImport::Known(client_id),
        true => ClientAppImport::Import {
            name: text(&client["name"]),
            client_id,
        },
    };
    let mut onboarding = SiteOnboarding::new(
        text(&wanted["tenantId"]).parse().unwrap(),
        text(&wanted["tenantName"]),
        text(&wanted["environment"]).parse().unwrap(),
        server_app,
        client_app,
        text(&wanted["name"]),
    );
    let rename = wanted["rename"].as_object();
    onboarding.renamed_from = rename.map(|former| NamedConnection::new(SiteRowId(former["row"].as_i64().unwrap()), text(&former["name"])));
    onboarding.discovery = wanted["users"]["off"].as_bool().map(|is_off| match is_off {
        true => DiscoverySpec::builder().users_off().build().unwrap(),
        false => DiscoverySpec::builder().users().build().unwrap(),
    });
    onboarding
}

/// From UTF-16 code units, as the script takes them.
fn secret(units: &Value) -> ClientSecret {
    let units: Vec<u16> = serde_json::from_value(units.clone()).unwrap();
    ClientSecret::new(String::from_utf16(&units).unwrap())
}
