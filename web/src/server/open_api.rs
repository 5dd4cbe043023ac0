//! The OpenAPI document, made of the table of addresses.

use cmg_onboarding::Diagnostic;
use serde_json::{Map, Value, json};

use super::{
    schemas::schemas,
    table::{ROUTES, Route},
};
use crate::refusal::ServiceError;

/// The interface as an OpenAPI 3.1 document, which the router serves at `/openapi.json`.
#[must_use]
pub fn open_api() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method] = operation(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cmg-onboarding-web",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The Azure Services wizard of Configuration Manager over HTTP.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "security": [{ "key": [] }],
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Of the program `cmg-onboard-web`: the key of the address that it prints. A mounted router has its host's own login.",
                },
            },
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut responses = Map::new();
    for status in route.statuses {
        responses.insert(status.to_string(), success(route, *status));
    }
    let codes: Vec<&str> = ServiceError::ALL.iter().map(Diagnostic::code).collect();
    let refused = format!("Refused, or failed. Codes of the service itself: {}", codes.join(", "));
    responses.insert(
        "default".to_owned(),
        json!({ "description": refused, "content": content("Problem") }),
    );
    let mut parameters = Vec::new();
    if route.path.contains("{id}") {
        parameters.push(parameter(
            "id",
            "path",
            true,
            json!({ "type": "string", "format": "uuid" }),
            "The session",
        ));
    }
    if route.is_job {
        let seconds = json!({ "type": "integer", "minimum": 0, "maximum": 60, "default": 0 });
        parameters.push(parameter(
            "wait",
            "query",
            false,
            seconds,
            "For how many seconds the end of the job is waited for",
        ));
    }
    let number = json!({ "type": "integer", "minimum": 0, "default": 0 });
    match route.name {
        "events" => {
            parameters.push(parameter(
                "after",
                "query",
                false,
                number.clone(),
                "The number of the last event that is known",
            ));
            parameters.push(parameter(
                "Last-Event-ID",
                "header",
                false,
                number,
                "The same, as a browser sends it",
            ));
        }
        "viewConnections" => {
            let id = json!({ "type": "string", "format": "uuid" });
            parameters.push(parameter(
                "session",
                "query",
                false,
                id,
                "The session whose sign-in shows the tenant's side",
            ));
        }
        _ => {}
    }
    let mut operation = json!({ "operationId": route.name, "summary": route.summary, "responses": responses });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": content(body) });
    }
    operation
}

fn success(route: &Route, status: u16) -> Value {
    let description = match status {
        201 => "Begun",
        202 => "The job is still under way",
        204 => "Deleted",
        _ if route.is_job => "The job is over; a job that failed has left its problem in the session",
        _ => "As asked",
    };
    match (route.name, route.answer) {
        ("events", _) => json!({
            "description": "Server-sent events: `progress` with an event of a run, `session` if the session has changed, `reset` if \
                            what was asked for is no longer kept",
            "content": { "text/event-stream": { "schema": { "$ref": "#/components/schemas/Entry" } } },
        }),
        (_, "") => json!({ "description": description }),
        (_, schema) => json!({ "description": description, "content": content(schema) }),
    }
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } })
}

fn parameter(name: &str, place: &str, is_required: bool, schema: Value, description: &str) -> Value {
    json!({ "name": name, "in": place, "required": is_required, "schema": schema, "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    found.push(reference.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
        let document = open_api();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in &found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
        for name in super::super::schemas::own().as_object().into_iter().flat_map(Map::keys) {
            assert!(
                found.iter().any(|reference| reference.ends_with(&format!("/{name}"))),
                "{name} is used nowhere"
            );
        }
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut names: Vec<_> = ROUTES.iter().map(|route| route.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROUTES.len());
    }
}
