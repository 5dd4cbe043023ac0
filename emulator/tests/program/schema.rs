//! The schema of a configuration file, held to what is read.

use cmg_onboarding_emulator::EmulatorConfiguration;
use serde_json::{Map, Value, json};

fn schema() -> Value {
    serde_json::from_str(EmulatorConfiguration::SCHEMA).unwrap()
}

/// An example of each value that a schema allows, so that every key of the schema is in the file.
fn example(schema: &Value, name: &str) -> Value {
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    match (schema["type"].as_str().unwrap(), schema["format"].as_str(), name) {
        ("object", ..) => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            Value::Object(
                properties
                    .iter()
                    .map(|(name, below)| (name.clone(), example(below, name)))
                    .collect(),
            )
        }
        ("array", _, "assignments" | "grants" | "servicePrincipals" | "deletedApplications" | "certificates") => json!([]),
        ("array", _, "directoryRoles") => json!(["Global Reader"]),
        ("array", ..) => json!([example(&schema["items"], name)]),
        ("integer", ..) => json!(1),
        ("boolean", ..) => json!(true),
        (_, Some("uuid"), _) => json!("5e4e7000-0000-4000-8000-0000000005e4"),
        (_, Some("date-time"), _) => json!("2026-01-01T00:00:00Z"),
        _ => json!("text.example"),
    }
}

fn read(value: &Value) -> Result<EmulatorConfiguration, String> {
    EmulatorConfiguration::from_json(value.to_string().as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn every_key_of_the_schema_is_read() {
    let whole = example(&schema(), "");
    assert!(whole["tenants"][0].as_object().unwrap().len() > 18, "{whole}");
    read(&whole).unwrap();
    for (name, one) in [
        (
            "grants",
            json!({"client": "5e4e7000-0000-4000-8000-0000000005e4", "resource": "00000003-0000-0000-c000-000000000000", "scope": "User.Read"}),
        ),
        (
            "assignments",
            json!({"principal": "5e4e7000-0000-4000-8000-0000000005e4", "resource": "00000003-0000-0000-c000-000000000000", "role": "User.Read.All"}),
        ),
    ] {
        let described = schema()["properties"]["tenants"]["items"]["properties"][name]["items"]["properties"].clone();
        assert!(one.as_object().unwrap().keys().all(|key| described.get(key).is_some()), "{name}");
        let mut file = json!({"tenants": [{"servicePrincipals": [{"appId": "5e4e7000-0000-4000-8000-0000000005e4"}]}]});
        file["tenants"][0][name] = json!([one]);
        read(&file).unwrap();
    }
}

/// Adds a key that is not known to each object that the schema closes, one at a time.
fn spoiled(schema: &Value, value: &Value, all: &mut Vec<Value>) {
    if schema["additionalProperties"] == false {
        let mut changed: Map<String, Value> = value.as_object().unwrap().clone();
        changed.insert("colour".to_owned(), json!("red"));
        all.push(Value::Object(changed));
    }
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    for (name, below) in &properties {
        let mut inner = Vec::new();
        let is_list = below["type"] == "array";
        let part = if is_list { &value[name][0] } else { &value[name] };
        if part.is_object() {
            spoiled(if is_list { &below["items"] } else { below }, part, &mut inner);
        }
        for one in inner {
            let mut changed = value.clone();
            changed[name] = if is_list { json!([one]) } else { one };
            all.push(changed);
        }
    }
}

#[test]
fn a_key_that_is_not_known_is_refused_by_its_name_wherever_it_stands() {
    let mut all = Vec::new();
    let schema = schema();
    spoiled(&schema, &example(&schema, ""), &mut all);
    assert!(all.len() >= 10, "{}", all.len());
    for file in all {
        let error = read(&file).unwrap_err();
        assert!(error.contains("`colour`"), "{error}: {file}");
    }
}

#[test]
fn presets_and_their_names_in_the_schema_are_the_same() {
    let named = schema()["properties"]["preset"]["enum"].clone();
    assert_eq!(named, json!(EmulatorConfiguration::PRESETS));
}

#[test]
fn what_a_file_speaks_of_and_does_not_have_is_told() {
    let id = "5e4e7000-0000-4000-8000-0000000005e4";
    for (tenant, expected) in [
        (json!({"deletedApplications": [id]}), id),
        (json!({"grants": [{"client": id, "resource": id, "scope": "x"}]}), id),
        (json!({"users": [{"account": "x", "directoryRoles": ["Emperor"]}]}), "Emperor"),
        (json!({"servicePrincipals": [{}]}), "appId"),
        (json!({"faults": [{"fault": "throttled", "times": 4_000_000_000_u32}]}), "1000"),
    ] {
        let error = read(&json!({"tenants": [tenant]})).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    assert!(read(&json!({"tenants": vec![json!({}); 101]})).unwrap_err().contains("100 tenants"));
    for text in ["", "[", "[]", "null", "{\"tenants\": {}}", "{\"seed\": 1}"] {
        assert!(EmulatorConfiguration::from_json(text.as_bytes()).is_err(), "{text}");
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_and_another_one_others() {
    let ids = async |seed: &str| {
        let file = json!({"seed": seed, "tenants": [{"applications": [{"displayName": "One", "passwordCredentials": [{}]}]}, {}]});
        let served = crate::Served::of(read(&file).unwrap()).await;
        served.admin("GET", "state", None).await.1["tenants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tenant| {
                json!([
                    tenant["tenantId"],
                    tenant["state"]["applications"][0]["appId"],
                    tenant["state"]["applications"][0]["passwordCredentials"][0]["keyId"]
                ])
            })
            .collect::<Vec<_>>()
    };
    let (one, again, other) = (ids("one").await, ids("one").await, ids("two").await);
    assert_eq!(one, again);
    assert!(one.iter().zip(&other).all(|(one, other)| one[0] != other[0]), "{one:?} {other:?}");
    assert_ne!(one[0], other[0]);
}
