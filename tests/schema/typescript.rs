//! TypeScript declarations, made from the schema.

use std::fmt::Write as _;

use serde_json::{Map, Value};

const HEAD: &str = "// What a front end of cmg-onboarding sends and receives. Made from cmg-onboarding.schema.json; do not edit.\n";

/// A file of declarations: a type for each definition, in the order of their names.
pub(crate) fn declarations(document: &Value) -> String {
    let mut text = HEAD.to_owned();
    for (name, schema) in document["$defs"].as_object().into_iter().flatten() {
        text.push('\n');
        comment(&mut text, schema, "");
        writeln!(text, "export type {name} = {};", type_of(schema, "")).unwrap();
    }
    text
}

fn comment(text: &mut String, schema: &Value, indent: &str) {
    let Some(words) = schema["description"].as_str() else {
        return;
    };
    let lines: Vec<&str> = words.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [line] => writeln!(text, "{indent}/** {line} */").unwrap(),
        lines => {
            writeln!(text, "{indent}/**").unwrap();
            for line in lines {
                let line = format!("{indent} * {line}");
                writeln!(text, "{}", line.trim_end()).unwrap();
            }
            writeln!(text, "{indent} */").unwrap();
        }
    }
}

fn type_of(schema: &Value, indent: &str) -> String {
    let Value::Object(rules) = schema else {
        return "unknown".to_owned();
    };
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(value) = rules.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    let mut parts = Vec::new();
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let types: Vec<String> = choices.iter().map(|one| type_of(one, indent)).collect();
            parts.push(types.join(" | "));
        }
    }
    if rules.contains_key("properties") || rules.contains_key("type") && parts.is_empty() {
        parts.push(match &schema["type"] {
            Value::Array(types) => types.iter().map(|one| plain(one, rules, indent)).collect::<Vec<_>>().join(" | "),
            one => plain(one, rules, indent),
        });
    }
    match parts.as_slice() {
        [] => "unknown".to_owned(),
        [only] => only.clone(),
        several => several.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" & "),
    }
}

fn plain(kind: &Value, rules: &Map<String, Value>, indent: &str) -> String {
    match kind.as_str() {
        Some("string") => "string".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("null") => "null".to_owned(),
        Some("array") => format!(
            "Array<{}>",
            rules
                .get("items")
                .map_or_else(|| "unknown".to_owned(), |items| type_of(items, indent))
        ),
        Some("object") => object(rules, indent),
        other => panic!("{other:?} is not a type that the schema is known to have"),
    }
}

fn object(rules: &Map<String, Value>, indent: &str) -> String {
    let Some(properties) = rules.get("properties").and_then(Value::as_object) else {
        return match rules.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("Record<string, {}>", type_of(values, indent)),
            _ => "Record<string, unknown>".to_owned(),
        };
    };
    let required: Vec<&str> = rules
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let inner = format!("{indent}  ");
    let mut text = String::from("{\n");
    for (name, schema) in properties {
        comment(&mut text, schema, &inner);
        let optional = if required.contains(&name.as_str()) { "" } else { "?" };
        writeln!(text, "{inner}{name}{optional}: {};", type_of(schema, &inner)).unwrap();
    }
    text.push_str(indent);
    text.push('}');
    text
}
