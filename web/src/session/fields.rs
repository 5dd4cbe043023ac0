//! The inputs of the pages: which there are, in the order and under the names of the product's dialogs.

use cmg_onboarding::{
    CloudEnvironment, SecretValidity,
    connection::Finding,
    spec::{ConnectionDraft, Violation},
};
use serde_json::{Value, json};

use super::bounds::{MOST_OF_FIELD, first};

/// One input of a page.
pub(super) struct Field {
    path: &'static str,
    title: &'static str,
    kind: &'static str,
    is_required: bool,
}

const fn field(path: &'static str, title: &'static str, kind: &'static str, is_required: bool) -> Field {
    Field {
        path,
        title,
        kind,
        is_required,
    }
}

pub(super) const AZURE_SERVICES: &[Field] = &[
    field("name", "Name", "text", true),
    field("description", "Description", "text", false),
];

const ENVIRONMENT: &[Field] = &[field("environment", "Azure environment", "choice", false)];

const SERVER_CREATE: &[Field] = &[
    field("serverApp.create.name", "Application Name", "text", true),
    field("serverApp.create.homePageUrl", "HomePage URL", "text", false),
    field("serverApp.create.appIdUri", "App ID URI", "text", false),
    field("serverApp.create.secretValidity", "Secret Key validity period", "choice", false),
];
const SERVER_IMPORT: &[Field] = &[
    field("serverApp.import.tenantName", "Microsoft Entra tenant name", "text", true),
    field("serverApp.import.tenantId", "Microsoft Entra tenant ID", "text", true),
    field("serverApp.import.name", "Application Name", "text", true),
    field("serverApp.import.clientId", "Client ID", "text", true),
    field("serverApp.import.secretKey", "Secret Key", "secret", true),
    field("serverApp.import.secretKeyExpiry", "Secret Key Expiry", "text", true),
    field("serverApp.import.appIdUri", "App ID URI", "text", true),
];
const SERVER_REUSE: &[Field] = &[field("serverApp.reuse.clientId", "Web app", "text", true)];
const SERVER_ADOPT: &[Field] = &[
    field("serverApp.adopt.clientId", "Client ID", "text", true),
    field("serverApp.adopt.appIdUri", "App ID URI", "text", false),
    field("serverApp.adopt.secretValidity", "Secret Key validity period", "choice", false),
    field(
        "serverApp.adopt.keepSignInAudience",
        "Keep the supported account types",
        "flag",
        false,
    ),
    field(
        "serverApp.adopt.keepTokenVersion",
        "Keep the version of access tokens",
        "flag",
        false,
    ),
];
const CLIENT_CREATE: &[Field] = &[field("clientApp.create.name", "Application Name", "text", true)];
const CLIENT_IMPORT: &[Field] = &[
    field("clientApp.import.name", "Application Name", "text", true),
    field("clientApp.import.clientId", "Client ID", "text", true),
];
const CLIENT_REUSE: &[Field] = &[field("clientApp.reuse.clientId", "Native Client app", "text", true)];
const CLIENT_ADOPT: &[Field] = &[
    field("clientApp.adopt.clientId", "Client ID", "text", true),
    field(
        "clientApp.adopt.keepSignInAudience",
        "Keep the supported account types",
        "flag",
        false,
    ),
];

pub(super) const DISCOVERY: &[Field] = &[
    field("discovery.users", "Enable Microsoft Entra user discovery", "flag", false),
    field("discovery.users.fullSchedule", "Full discovery of users", "schedule", false),
    field(
        "discovery.users.deltaMinutes",
        "Delta discovery of users, in minutes",
        "text",
        false,
    ),
    field("discovery.groups", "Enable Microsoft Entra group discovery", "flag", false),
    field("discovery.groups.names", "Groups", "list", false),
    field("discovery.groups.fullSchedule", "Full discovery of groups", "schedule", false),
    field(
        "discovery.groups.deltaMinutes",
        "Delta discovery of groups, in minutes",
        "text",
        false,
    ),
];

/// The ways to choose an app.
pub(crate) const WAYS: [&str; 4] = ["create", "import", "reuse", "adopt"];

/// The way that is chosen for an app; `None` if none or several are.
pub(super) fn way(draft: &ConnectionDraft, app: &str) -> Option<&'static str> {
    let fields = draft.field(app)?.as_object()?;
    let mut chosen = WAYS.into_iter().filter(|way| fields.contains_key(*way));
    chosen.next().filter(|_| chosen.next().is_none())
}

/// The inputs of the App page, by the ways that are chosen.
pub(super) fn app_fields(draft: &ConnectionDraft) -> impl Iterator<Item = &'static Field> {
    let server: &[Field] = match way(draft, "serverApp") {
        Some("create") => SERVER_CREATE,
        Some("import") => SERVER_IMPORT,
        Some("reuse") => SERVER_REUSE,
        Some("adopt") => SERVER_ADOPT,
        _ => &[],
    };
    let client: &[Field] = match way(draft, "clientApp") {
        Some("create") => CLIENT_CREATE,
        Some("import") => CLIENT_IMPORT,
        Some("reuse") => CLIENT_REUSE,
        Some("adopt") => CLIENT_ADOPT,
        _ => &[],
    };
    ENVIRONMENT.iter().chain(server).chain(client)
}

/// Whether something at this path belongs to the page of these prefixes.
pub(super) fn is_below(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| {
        let rest = path.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
    })
}

/// An input as a page shows it.
pub(super) fn shown(field: &Field, draft: &ConnectionDraft, violations: &[Violation], findings: &[Finding]) -> Value {
    let is_group = field.kind == "flag";
    let at = |path: &str| match is_group {
        true => path == field.path,
        false => is_below(path, &[field.path]),
    };
    let (shown_violations, more_violations) = first(violations.iter().filter(|violation| at(violation.path())), MOST_OF_FIELD);
    let (shown_findings, more_findings) = first(findings.iter().filter(|finding| finding.field().is_some_and(at)), MOST_OF_FIELD);
    let mut shown = json!({
        "path": field.path,
        "title": field.title,
        "kind": field.kind,
        "isRequired": field.is_required,
        "violations": shown_violations,
        "moreViolations": more_violations,
        "findings": shown_findings,
        "moreFindings": more_findings,
    });
    if let Some(value) = draft.field(field.path)
        && field.kind != "secret"
    {
        shown["value"] = value.clone();
    }
    match field.path.rsplit('.').next() {
        Some("environment") => shown["choices"] = environments(),
        Some("secretValidity") => shown["choices"] = validities(),
        _ => {}
    }
    shown
}

/// The clouds.
pub(crate) fn environments() -> Value {
    let title = |cloud| match cloud {
        CloudEnvironment::AzureUsGovernmentCloud => "Azure US Government cloud",
        _ => "Azure public cloud",
    };
    [CloudEnvironment::AzurePublicCloud, CloudEnvironment::AzureUsGovernmentCloud]
        .map(|cloud| json!({ "value": cloud.as_str(), "title": title(cloud) }))
        .into_iter()
        .collect()
}

/// The validities of a secret that the wizard offers, and the one for a tenant with a policy.
pub(crate) fn validities() -> Value {
    [
        (SecretValidity::OneYear, "1 year"),
        (SecretValidity::TwoYears, "2 years"),
        (SecretValidity::LongestAllowed, "The longest that the tenant's policy allows"),
    ]
    .map(|(validity, title)| json!({ "value": validity.to_string(), "title": title }))
    .into_iter()
    .collect()
}
