//! The schemas of bodies and answers.

use serde_json::{Value, json};

use crate::{refusal::ServiceError, session::WAYS};
use cmg_onboarding::Diagnostic;

/// Every schema by its name.
pub(super) fn schemas() -> Value {
    let mut all = bodies();
    for more in [answers(), of_the_library()] {
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
    }
    all
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn or_null(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
        return schema;
    }
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// The same for what the service reads: it refuses fields that it does not know.
fn closed(required: &[&str], properties: Value) -> Value {
    let mut schema = object(required, properties);
    schema["additionalProperties"] = false.into();
    schema
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn flag() -> Value {
    json!({ "type": "boolean", "default": false })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn whole() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn bodies() -> Value {
    json!({
        "Nothing": closed(&[], json!({})),
        "NewSession": closed(&[], json!({ "draft": reference("Draft") })),
        "Edits": closed(&["revision", "fields"], json!({
            "revision": whole(),
            "fields": { "type": "object", "description": "Values by the paths of their fields, such as `serverApp.create.name`; null takes a field out", "additionalProperties": true },
        })),
        "WholeDraft": closed(&["revision", "draft"], json!({ "revision": whole(), "draft": reference("Draft") })),
        "Validate": { "oneOf": [
            closed(&["path"], json!({ "path": text(), "value": {} })),
            closed(&["draft"], json!({ "draft": reference("Draft") })),
        ]},
        "SignInAsked": closed(&["way"], json!({
            "way": reference("SignInWay"),
            "token": { "type": "string", "writeOnly": true, "description": "With `token`: a bearer token for Microsoft Graph" },
        })),
        "SignInWay": { "type": "string", "enum": ["provided", "browser", "deviceCode", "token"] },
        "JobSettings": closed(&[], json!({
            "verb": { "type": "string", "enum": ["onboard", "updateSettings", "renewSecret", "removeOldSecrets", "remove"], "default": "onboard" },
            "only": { "type": ["string", "null"], "enum": ["server", "client", null] },
            "leaveConsents": flag(),
            "reissueSecret": flag(),
            "removalScope": { "type": "string", "enum": ["connection", "connectionAndApps"] },
            "stateNoGateway": flag(),
            "stateAppsUnused": flag(),
            "withoutSite": flag(),
        })),
        "PlanNamed": closed(&["planId"], json!({ "planId": id() })),
        "HandOverAsked": closed(&["recipientCertificate", "days"], json!({
            "recipientCertificate": { "type": "string", "description": "The recipient's certificate in PEM" },
            "days": { "type": "integer", "minimum": 1, "maximum": 30 },
        })),
        "Draft": { "type": "object", "description": "A specification, as far as it is filled in. An imported secret is taken and never given back" },
    })
}

fn answers() -> Value {
    let phases = [
        "draft",
        "planned",
        "approved",
        "running",
        "done",
        "failed",
        "cancelled",
        "interrupted",
    ];
    json!({
        "Service": object(&["version", "against", "site", "signInWays", "folder", "notices", "choices"], json!({
            "version": { "const": 1 },
            "against": { "type": "string", "enum": ["emulator", "entra"] },
            "site": or_null(object(&["kind"], json!({ "kind": { "type": "string", "enum": ["emulated", "powerShell", "other"] } }))),
            "signInWays": list(reference("SignInWay")),
            "folder": { "type": "boolean" },
            "notices": list(text()),
            "choices": object(&["environments", "secretValidities", "serverApp", "clientApp"], json!({
                "environments": list(reference("Choice")),
                "secretValidities": list(reference("Choice")),
                "serverApp": list(json!({ "type": "string", "enum": WAYS })),
                "clientApp": list(json!({ "type": "string", "enum": WAYS })),
            })),
        })),
        "Choice": object(&["value", "title"], json!({ "value": text(), "title": text() })),
        "SessionList": object(&["sessions"], json!({
            "sessions": list(object(&["id", "name", "phase", "changedAt"], json!({ "id": id(), "name": text(), "phase": reference("Phase"), "changedAt": moment() }))),
        })),
        "Phase": { "type": "string", "enum": phases },
        "Job": object(&["kind", "startedAt"], json!({ "kind": { "type": "string", "enum": ["signIn", "preflight", "plan", "apply"] }, "startedAt": moment() })),
        "Session": object(
            &["version", "id", "revision", "draftRevision", "lastSequence", "changedAt", "phase", "job", "may", "notice", "signIn", "settings", "draft",
              "needsSecret", "problem", "secret", "page", "pages"],
            json!({
                "version": { "const": 1 },
                "id": id(),
                "revision": whole(),
                "draftRevision": whole(),
                "lastSequence": whole(),
                "changedAt": moment(),
                "phase": reference("Phase"),
                "job": or_null(reference("Job")),
                "may": list(json!({ "type": "string", "enum": ["cancel", "delete", "editDraft", "signIn", "signOut", "preflight", "plan", "approve", "apply", "takeSecret", "handOver"] })),
                "notice": or_null(text()),
                "signIn": reference("SignIn"),
                "settings": reference("JobSettings"),
                "draft": reference("Draft"),
                "needsSecret": { "type": "boolean" },
                "problem": or_null(reference("Problem")),
                "secret": reference("SecretState"),
                "page": text(),
                "pages": { "type": "array", "items": reference("Page"), "minItems": 6, "maxItems": 6 },
            }),
        ),
        "SignIn": object(&["state"], json!({
            "state": { "type": "string", "enum": ["signedOut", "waiting", "signedIn", "failed"] },
            "way": reference("SignInWay"),
            "address": text(),
            "deviceCode": object(&["userCode", "address", "message", "expiresOn"], json!({ "userCode": text(), "address": text(), "message": text(), "expiresOn": moment() })),
            "claims": { "type": "string", "description": "The claims challenge that the next token has to answer" },
            "problem": reference("Problem"),
        })),
        "SecretState": object(&["state"], json!({
            "state": { "type": "string", "enum": ["none", "held", "handedOver", "lost"] },
            "applicationId": id(), "keyId": id(), "expiresOn": moment(),
        })),
        "Page": object(&["page", "title", "isComplete", "isOpen"], json!({
            "page": { "type": "string", "enum": ["azureServices", "app", "discovery", "summary", "progress", "completion"] },
            "title": text(), "isComplete": { "type": "boolean" }, "isOpen": { "type": "boolean" },
            "fields": list(reference("Field")),
            "violations": list(reference("Violation")),
            "findings": list(reference("Finding")),
            "preflight": or_null(json!({ "type": "object" })),
            "plan": or_null(reference("ShownPlan")),
            "steps": list(reference("StepProgress")),
            "outcome": or_null(json!({ "type": "object", "description": "The library's outcome, without any secret" })),
            "changed": { "type": "boolean" },
            "clientSettings": or_null(json!({ "type": "object" })),
            "ccmsetupProperties": or_null(text()),
            "nextSteps": list(object(&["code", "message", "how"], json!({ "code": text(), "message": text(), "how": text() }))),
        })),
        "Field": object(&["path", "title", "kind", "isRequired", "violations", "findings"], json!({
            "path": text(), "title": text(), "kind": { "type": "string", "enum": ["text", "choice", "schedule", "flag", "list", "secret"] },
            "isRequired": { "type": "boolean" }, "value": {}, "choices": list(reference("Choice")),
            "violations": list(reference("Violation")), "findings": list(reference("Finding")),
        })),
        "ShownPlan": object(&["id", "document", "text", "changes", "isEmpty"], json!({
            "id": id(), "document": reference("PlanDocument"), "text": text(), "isEmpty": { "type": "boolean" },
            "changes": list(object(&["step", "title", "action", "when", "round", "lines"], json!({
                "step": text(), "title": text(), "action": text(), "when": text(), "round": whole(),
                "lines": list(object(&["label", "value"], json!({ "label": text(), "value": text() }))),
            }))),
        })),
        "StepProgress": object(&["step", "title", "round", "when", "state", "retries", "waits"], json!({
            "step": text(), "title": text(), "round": whole(), "when": text(),
            "state": { "type": "string", "enum": ["waiting", "running", "done", "failed", "skipped"] },
            "action": text(), "object": text(), "retries": whole(), "waits": whole(), "error": text(), "help": text(),
        })),
        "Violations": object(&["total", "violations"], json!({ "total": whole(), "violations": list(reference("Violation")) })),
        "KnownApps": object(&["serverApps", "clientApps"], json!({ "serverApps": list(reference("KnownApp")), "clientApps": list(reference("KnownApp")) })),
        "Secret": object(&["applicationId", "keyId", "expiresOn", "value"], json!({ "applicationId": id(), "keyId": id(), "expiresOn": moment(), "value": text() })),
        "SealedHandOver": object(&["text", "fingerprint", "recipient", "expiresOn"], json!({ "text": text(), "fingerprint": text(), "recipient": text(), "expiresOn": moment() })),
        "Entry": { "oneOf": [
            object(&["sequence", "event"], json!({ "sequence": whole(), "event": reference("Event") })),
            object(&["sequence", "revision", "phase"], json!({ "sequence": whole(), "revision": whole(), "phase": reference("Phase"), "job": or_null(reference("Job")) })),
            object(&["first"], json!({ "first": whole() })),
        ]},
    })
}

/// What the library has, as far as it is needed here.
fn of_the_library() -> Value {
    let codes: Vec<&str> = ServiceError::ALL.iter().map(Diagnostic::code).collect();
    let with_text = |what: &str| {
        let mut schema = object(&["text"], json!({ "text": text() }));
        schema["description"] = format!("The library's `{what}` as JSON, and the same as text").into();
        schema
    };
    json!({
        "Problem": object(&["version", "code", "message", "help", "retryable", "effect"], json!({
            "version": { "const": 1 },
            "code": { "type": "string", "description": format!("A code of the library, or one of the service: {}", codes.join(", ")) },
            "message": text(), "help": text(), "retryable": { "type": "boolean" },
            "effect": { "type": "string", "enum": ["nothing", "partial", "unknown"] },
            "step": text(), "tenant": text(), "request": { "type": "object" },
            "signIn": { "type": "object", "properties": { "claims": { "type": ["string", "null"] } } },
            "failures": list(json!({ "type": "object" })),
            "findings": list(reference("Finding")),
            "violations": list(reference("Violation")),
            "differences": list(json!({ "type": "object" })),
        })),
        "Violation": object(&["path", "code", "message"], json!({ "path": text(), "code": text(), "message": text() })),
        "Finding": object(&["code", "severity", "message", "remedy"], json!({
            "code": text(), "severity": { "type": "string", "enum": ["blocker", "warning", "note"] }, "message": text(), "remedy": text(),
            "field": { "type": ["string", "null"] }, "step": { "type": ["string", "null"] },
        })),
        "KnownApp": object(&["clientId", "name"], json!({ "clientId": id(), "name": text(), "tenantId": id(), "tenantName": text(), "services": list(text()) })),
        "PlanDocument": object(&["version", "verb", "changes"], json!({ "version": whole(), "verb": text(), "changes": list(json!({ "type": "object" })) })),
        "Event": object(&["run", "sequence", "at", "elapsedMilliseconds", "event"], json!({
            "run": id(), "sequence": whole(), "at": moment(), "elapsedMilliseconds": whole(), "event": text(),
        })),
        "View": with_text("ConnectionView"),
        "Check": with_text("Check"),
        "Connections": with_text("ConnectionsView"),
    })
}
