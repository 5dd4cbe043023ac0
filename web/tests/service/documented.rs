//! Every address answers as the OpenAPI document says.

use serde_json::{Value, json};

use crate::client::Served;

/// Checks a value against a schema of the document, as far as its schemas go.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = document
            .pointer(reference.trim_start_matches('#'))
            .ok_or_else(|| format!("{at}: {reference}"))?;
        return check(document, found, value, at);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check(document, part, value, at)?;
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[several].as_array() {
            let wrong: Vec<_> = choices
                .iter()
                .filter_map(|choice| check(document, choice, value, at).err())
                .collect();
            return if wrong.len() < choices.len() {
                Ok(())
            } else {
                Err(wrong.join("; "))
            };
        }
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_allowed = match &schema["type"] {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(|allowed| allowed == kind),
        one => one == kind || (one == "number" && kind == "integer"),
    };
    if !is_allowed {
        return Err(format!("{at}: {kind} instead of {}", schema["type"]));
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        return Err(format!("{at}: {value} instead of {}", schema["const"]));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        return Err(format!("{at}: {value} is not among {choices:?}"));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            return Err(format!("{at}: {name} is missing in {value}"));
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            check(document, schema, value, &format!("{at}.{name}"))?;
        }
    }
    let known = |name: &String| schema["properties"].get(name).is_some();
    if schema["additionalProperties"] == false
        && let Some(unknown) = value.as_object().and_then(|fields| fields.keys().find(|name| !known(name)))
    {
        return Err(format!("{at}: {unknown} is unknown"));
    }
    for (number, item) in value.as_array().into_iter().flatten().enumerate() {
        check(document, &schema["items"], item, &format!("{at}[{number}]"))?;
    }
    Ok(())
}

#[tokio::test]
async fn every_address_answers_as_the_document_says() {
    let served = Served::start().await;
    let document = served.get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    let id = served.session().await;
    let plan = served.approved(&id, json!({})).await;
    let bodies = |name: &str| match name {
        "createSession" => json!({ "draft": {} }),
        "editDraft" => json!({ "revision": 1, "fields": { "description": "Text" } }),
        "replaceDraft" => json!({ "revision": 2, "draft": crate::client::draft() }),
        "validate" => json!({ "path": "name", "value": "" }),
        "signIn" => json!({ "way": "provided" }),
        "approve" | "apply" => json!({ "planId": plan }),
        "handOver" => json!({ "recipientCertificate": "", "days": 1 }),
        _ => json!({}),
    };
    let mut asked = 0;
    // The order in which the answers are as rich as can be; what is not named comes in between, what ends it last.
    let rank = |name: &str| match name {
        "apply" => 0,
        "editDraft" | "preflight" | "plan" => 2,
        "replaceDraft" => 3,
        "deleteSession" => 9,
        _ => 1,
    };
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((path, method, operation, operation["operationId"].as_str().unwrap()));
        }
    }
    operations.sort_by_key(|(.., name)| rank(name));
    for (path, method, operation, name) in operations {
        if name == "events" {
            let (name, data) = served.events(&id, 0).await.next().await.unwrap();
            assert_eq!(name, "session");
            let entry = json!({ "$ref": "#/components/schemas/Entry" });
            check(&document, &entry, &data, "events").unwrap();
            continue;
        }
        asked += 1;
        let mut address = path.replace("{id}", &id);
        if operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|parameter| parameter["name"] == "wait")
        {
            address.push_str("?wait=60");
        }
        let body = operation.get("requestBody").map(|_| bodies(name));
        if let Some(body) = &body {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            check(&document, schema, body, name).unwrap();
        }
        let answer = served.ask(&method.to_ascii_uppercase(), &address, body.as_ref()).await;
        let documented = operation["responses"].get(answer.status.to_string());
        let documented = documented.unwrap_or_else(|| {
            assert!(answer.status >= 400, "{name}: {} is not documented", answer.status);
            &operation["responses"]["default"]
        });
        if let Some(content) = documented.get("content") {
            assert_eq!(answer.headers["content-type"], "application/json", "{name}");
            if let Err(wrong) = check(&document, &content["application/json"]["schema"], &answer.json(), name) {
                panic!("{wrong}");
            }
        } else {
            assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{name}");
        }
    }
    assert_eq!(asked, 21);
}

#[tokio::test]
async fn every_file_of_the_page_is_served_as_what_it_is() {
    let served = Served::start().await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/status", "text/html"),
        ("/style.css", "text/css"),
        ("/modules/main.js", "text/javascript"),
    ] {
        let file = served.get(path).await;
        assert_eq!(file.status, 200);
        assert!(file.headers["content-type"].starts_with(kind), "{path}");
    }
}
