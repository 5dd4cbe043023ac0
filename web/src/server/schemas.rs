//! The schemas of bodies and answers.

use serde_json::{Value, json};

use crate::session::WAYS;

/// Every schema by its name.
pub(super) fn schemas() -> Value {
    let mut all = own();
    if let Value::Object(all) = &mut all {
        all.extend(cmg_onboarding::schema::definitions("#/components/schemas/"));
    }
    all
}

/// Those of this crate. The others are the library's.
pub(super) fn own() -> Value {
    let mut all = bodies();
    if let (Value::Object(all), Value::Object(more)) = (&mut all, answers()) {
        all.extend(more);
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

/// What the library has, and the same as text.
fn with_text(name: &str) -> Value {
    json!({ "allOf": [reference(name), object(&["text"], json!({ "text": text() }))] })
}

fn bodies() -> Value {
    json!({
        "Nothing": closed(&[], json!({})),
        "NewSession": closed(&[], json!({ "draft": reference("ConnectionDraft") })),
        "Edits": closed(&["revision", "fields"], json!({
            "revision": whole(),
            "fields": { "type": "object", "description": "Values by the paths of their fields, such as `serverApp.create.name`; null takes a field out", "additionalProperties": true },
        })),
        "WholeDraft": closed(&["revision", "draft"], json!({ "revision": whole(), "draft": reference("ConnectionDraft") })),
        "Validate": { "oneOf": [
            closed(&["path"], json!({ "path": text(), "value": {} })),
            closed(&["draft"], json!({ "draft": reference("ConnectionDraft") })),
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
            "removalScope": reference("RemovalScope"),
            "stateNoGateway": flag(),
            "stateAppsUnused": flag(),
            "policyExempt": flag(),
            "removeSupersededSecrets": flag(),
            "stateCreatedByConsole": { "type": ["boolean", "null"] },
            "stateShownSince": or_null(moment()),
            "withoutSite": flag(),
        })),
        "PlanNamed": closed(&["planId"], json!({ "planId": id() })),
        "HandOverAsked": closed(&["recipientCertificate", "days"], json!({
            "recipientCertificate": { "type": "string", "description": "The recipient's certificate in PEM" },
            "days": { "type": "integer", "minimum": 1, "maximum": 30 },
        })),
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
                "draft": reference("ConnectionDraft"),
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
            "handedOver": { "type": "string", "enum": ["no", "unknown"], "description": "Of a lost one: whether it was handed over before the service ended" },
        })),
        "Page": object(&["page", "title", "isComplete", "isOpen"], json!({
            "page": { "type": "string", "enum": ["azureServices", "app", "discovery", "summary", "progress", "completion"] },
            "title": text(), "isComplete": { "type": "boolean" }, "isOpen": { "type": "boolean" },
            "fields": list(reference("Field")),
            "violations": list(reference("Violation")), "moreViolations": whole(),
            "findings": list(reference("Finding")), "moreFindings": whole(),
            "preflight": or_null(reference("Preflight")),
            "plan": or_null(reference("ShownPlan")),
            "steps": list(reference("StepProgress")),
            "outcome": or_null(reference("Outcome")),
            "changed": { "type": "boolean" },
            "clientSettings": or_null(json!({ "type": "object" })),
            "ccmsetupProperties": or_null(text()),
            "nextSteps": list(reference("NextStep")),
        })),
        "Field": object(&["path", "title", "kind", "isRequired", "violations", "moreViolations", "findings", "moreFindings"], json!({
            "path": text(), "title": text(), "kind": { "type": "string", "enum": ["text", "choice", "schedule", "flag", "list", "secret"] },
            "isRequired": { "type": "boolean" }, "value": {}, "choices": list(reference("Choice")),
            "violations": list(reference("Violation")), "moreViolations": whole(),
            "findings": list(reference("Finding")), "moreFindings": whole(),
        })),
        "ShownPlan": object(&["id", "document", "text", "changes", "isEmpty"], json!({
            "id": id(), "document": reference("PlanDocument"), "text": text(), "isEmpty": { "type": "boolean" },
            "changes": list(object(&["step", "title", "action", "when", "round", "lines"], json!({
                "step": reference("Step"), "title": text(), "action": reference("PlannedAction"), "when": reference("When"), "round": whole(),
                "lines": list(object(&["label", "value"], json!({ "label": text(), "value": text() }))),
            }))),
        })),
        "StepProgress": object(&["step", "title", "round", "when", "state", "retries", "waits"], json!({
            "step": reference("Step"), "title": text(), "round": whole(), "when": reference("When"),
            "state": { "type": "string", "enum": ["waiting", "running", "done", "failed", "skipped"] },
            "action": reference("StepAction"), "object": text(), "retries": whole(), "waits": whole(), "error": text(), "help": text(),
        })),
        "Violations": object(&["total", "violations"], json!({ "total": whole(), "violations": list(reference("Violation")) })),
        "KnownApps": object(&["serverApps", "clientApps"], json!({ "serverApps": list(reference("KnownApp")), "clientApps": list(reference("KnownApp")) })),
        "Secret": object(&["applicationId", "keyId", "expiresOn", "value"], json!({ "applicationId": id(), "keyId": id(), "expiresOn": moment(), "value": text() })),
        "SealedHandOver": object(&["text", "fingerprint", "recipient", "expiresOn"], json!({ "text": text(), "fingerprint": text(), "recipient": text(), "expiresOn": moment() })),
        "ShownView": with_text("ConnectionView"),
        "ShownCheck": with_text("Check"),
        "ShownConnections": with_text("ConnectionsView"),
        "Entry": { "oneOf": [
            object(&["sequence", "event"], json!({ "sequence": whole(), "event": reference("Event") })),
            object(&["sequence", "revision", "phase"], json!({ "sequence": whole(), "revision": whole(), "phase": reference("Phase"), "job": or_null(reference("Job")) })),
            object(&["first"], json!({ "first": whole() })),
        ]},
    })
}
