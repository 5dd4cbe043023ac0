//! Tenant or site has changed since a plan was approved: either exactly what was approved is written, or the
//! plan is refused before the first write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "clippy knows only test functions as tests")]

#[path = "../support/mod.rs"]
mod support;

mod answers;

use cmg_onboarding::{
    AccessToken, AzureServicesConnection, Call, Directory, GraphDirectory, OnboardingError,
    directory::{ApplicationKey, ApplicationProperties},
    ids::ApplicationId,
    site::SiteSnapshot,
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatedWire};
use serde_json::{Value, json};
use support::spec_with_discovery;

/// A tenant and a site with a connection that has drifted, so that a plan has something to change on each side.
pub(crate) struct Drifted {
    pub(crate) tenant: EmulatedTenant,
    pub(crate) site: EmulatedSite,
    pub(crate) wire: EmulatedWire,
    job: AzureServicesConnection,
    apps: [ApplicationId; 2],
}

pub(crate) fn directory(tenant: &EmulatedTenant, wire: &EmulatedWire) -> GraphDirectory {
    let token = AccessToken::new(tenant.token_for(&Caller::global_administrator()));
    wire.directory(token_fn(move |_| {
        let token = token.clone();
        async move { Ok(token) }
    }))
}

impl Drifted {
    pub(crate) async fn new() -> Self {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let wire = EmulatedWire::new(&tenant);
        let job = AzureServicesConnection::builder(spec_with_discovery())
            .directory(directory(&tenant, &wire))
            .site(site.clone())
            .build()
            .unwrap();
        let outcome = job.onboard(|_| ()).await.unwrap();
        let apps = [
            outcome.server_app.as_ref().unwrap().application_id,
            outcome.client_app.as_ref().unwrap().application_id,
        ];
        let world = Self {
            tenant,
            site,
            wire,
            job,
            apps,
        };
        world
            .patch(apps[0], json!({"displayName": "Renamed", "isDeviceOnlyAuthSupported": false}))
            .await
            .unwrap();
        world.patch(apps[1], json!({"publicClient": {"redirectUris": []}})).await.unwrap();
        world.site.change(|rows| rows.connections[0].user_discovery = None);
        world
    }

    /// Changes an app as a colleague would, over a wire of its own.
    async fn patch(&self, app: ApplicationId, change: Value) -> Result<(), cmg_onboarding::DirectoryError> {
        let directory = directory(&self.tenant, &EmulatedWire::new(&self.tenant));
        let found = directory
            .application(Call::quiet(), &ApplicationKey::ApplicationId(app))
            .await?
            .unwrap();
        let change: ApplicationProperties = serde_json::from_value(change).unwrap();
        directory.update_application(Call::quiet(), found.object_id, &change).await
    }

    async fn properties(&self, app: ApplicationId) -> Value {
        let directory = directory(&self.tenant, &EmulatedWire::new(&self.tenant));
        let found = directory
            .application(Call::quiet(), &ApplicationKey::ApplicationId(app))
            .await
            .unwrap();
        serde_json::to_value(found.unwrap().properties).unwrap()
    }

    /// What was written over the job's wire since this many requests, without ids and dates.
    pub(crate) fn writes_since(&self, requests: usize) -> Vec<String> {
        let sent = self.wire.requests();
        let writes = sent.iter().skip(requests).filter(|request| request.method != "GET");
        let shown = writes.map(|request| format!("{} {} {}", request.method, request.path, request.body.clone().unwrap_or_default()));
        let mut shown: Vec<String> = shown.map(|text| without_ids(&text)).collect();
        shown.sort();
        shown
    }
}

/// Replaces everything that looks like a GUID.
pub(crate) fn without_ids(text: &str) -> String {
    let is_of_guid = |character: char| character.is_ascii_hexdigit() || character == '-';
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_of_guid) {
        let length = rest[start..].find(|character| !is_of_guid(character)).unwrap_or(rest.len() - start);
        let word = &rest[start..start + length];
        shown.push_str(&rest[..start]);
        shown.push_str(if word.len() == 36 { "{id}" } else { word });
        rest = &rest[start + length..];
    }
    shown + rest
}

pub(crate) fn leaves(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(parts) => parts.iter().for_each(|(name, part)| leaves(&format!("{path}/{name}"), part, found)),
        Value::Array(parts) => {
            found.push(path.to_owned());
            parts
                .iter()
                .enumerate()
                .for_each(|(index, part)| leaves(&format!("{path}/{index}"), part, found));
        }
        _ => found.push(path.to_owned()),
    }
}

/// Other values in the place of one.
pub(crate) fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) if text.len() == 36 => vec![json!("0d9f2c1e-5a52-4bb4-8f56-b9b41a3f1a77"), Value::Null],
        Value::String(text) => vec![
            json!(format!("{text}x")),
            json!(text.to_uppercase()),
            json!(format!("{text}/")),
            json!(text.chars().rev().collect::<String>()),
            json!(""),
            Value::Null,
        ],
        Value::Bool(held) => vec![json!(!held), Value::Null],
        Value::Number(number) => vec![json!(number.as_i64().unwrap_or_default() + 1), json!(0), json!(-1), Value::Null],
        Value::Array(_) => vec![json!([]), Value::Null],
        _ => vec![json!("x"), json!(1)],
    }
}

/// The first level of a change to an app: what a PATCH replaces.
fn patch_of(mutated: &Value, path: &str) -> Value {
    let name = path.split('/').nth(1).unwrap();
    json!({ name: mutated[name].clone() })
}

#[tokio::test]
async fn every_single_change_since_the_approval_leads_to_the_approved_effect_or_to_a_refusal_before_the_first_write() {
    let control = Drifted::new().await;
    let plan = control.job.plan(|_| ()).await.unwrap();
    assert!(!plan.is_empty());
    let before = control.wire.requests().len();
    plan.apply(|_| ()).await.unwrap();
    let approved_writes = control.writes_since(before);
    assert!(!approved_writes.is_empty());

    let template = Drifted::new().await;
    let mut cases: Vec<(Option<usize>, String, Value)> = Vec::new();
    for app in 0..2 {
        let properties = template.properties(template.apps[app]).await;
        let mut paths = Vec::new();
        leaves("", &properties, &mut paths);
        for path in paths {
            let value = properties.pointer(&path).unwrap();
            cases.extend(others(value).into_iter().map(|other| (Some(app), path.clone(), other)));
        }
    }
    let rows = template.site.state();
    let mut paths = Vec::new();
    leaves("", &rows, &mut paths);
    for path in paths {
        let value = rows.pointer(&path).unwrap();
        cases.extend(others(value).into_iter().map(|other| (None, path.clone(), other)));
    }

    let (mut done, mut refused, mut impossible) = (0, 0, 0);
    for (app, path, other) in cases {
        let world = Drifted::new().await;
        let document = world.job.plan(|_| ()).await.unwrap().document().clone();
        let is_possible = match app {
            Some(app) => {
                let mut properties = world.properties(world.apps[app]).await;
                *properties.pointer_mut(&path).unwrap() = other.clone();
                let change = patch_of(&properties, &path);
                serde_json::from_value::<ApplicationProperties>(change.clone()).is_ok()
                    && world.patch(world.apps[app], change).await.is_ok()
            }
            None => {
                let mut rows = world.site.state();
                *rows.pointer_mut(&path).unwrap() = other.clone();
                serde_json::from_value::<SiteSnapshot>(rows).is_ok_and(|rows| {
                    world.site.change(|held| *held = rows);
                    true
                })
            }
        };
        if !is_possible {
            impossible += 1;
            continue;
        }
        let case = format!("{} {path} = {other}", app.map_or("site", |app| ["server app", "client app"][app]));
        let before = world.wire.requests().len();
        match world.job.plan_from(&document, |_| ()).await {
            Ok(plan) => {
                done += 1;
                let result = plan.apply(|_| ()).await;
                let writes = world.writes_since(before);
                match result {
                    Ok(_) => assert_eq!(writes, approved_writes, "{case}"),
                    Err(error) => assert!(
                        writes.iter().all(|write| approved_writes.contains(write)),
                        "{case}: {error}: {writes:?}"
                    ),
                }
            }
            Err(OnboardingError::Stale(_) | OnboardingError::Blocked(_) | OnboardingError::Read(_)) => {
                refused += 1;
                assert_eq!(world.writes_since(before), [] as [String; 0], "{case}");
            }
            Err(error) => panic!("{case}: {error}"),
        }
    }
    println!("one change since the approval: {done} done as approved, {refused} refused, {impossible} not possible");
    assert!(done + refused > 150 && refused > 40, "{done} done, {refused} refused");
}
