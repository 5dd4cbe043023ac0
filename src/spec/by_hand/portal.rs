//! The steps in the Azure portal.

use super::{
    super::{ClientApp, ConnectionSpec, SecretValidity, ServerApp},
    Part, PartKind, REGISTERING, SECRET_EXPIRY, SECRET_VALUE, Step, TENANT_ID, TENANT_NAME, Values, step,
};
use crate::{cloud::CloudEndpoints, ids::DirectoryObjectId};

const REGISTRAR: &str = "Application Developer, Cloud Application Administrator or Application Administrator to register the app";
const GRANTS: &str = "; Cloud Application Administrator or Application Administrator to grant admin consent";
const GRANTS_DIRECTORY_READ: &str = "; Privileged Role Administrator to grant admin consent to Directory.Read.All";
const BROKER_REDIRECT: &str = "ms-appx-web://Microsoft.AAD.BrokerPlugin/";
const SINGLE_TENANT: (&str, &str) = ("Supported account types", "Accounts in this organizational directory only");
const CONFIRM_CONSENT: &str = "Select 'Grant admin consent for' the tenant, then Yes.";

/// The tenant's name and id, unless the specification has them.
pub(super) fn tenant(spec: &ConnectionSpec, values: &Values) -> Option<Part> {
    let is_known = values.tenant_id != TENANT_ID && values.tenant_name != TENANT_NAME;
    if is_known || spec.server_app().is_reused() {
        return None;
    }
    Some(Part {
        kind: PartKind::Tenant,
        title: "Note the tenant's name and id".to_owned(),
        place: entra_id(spec),
        role: "none".to_owned(),
        steps: vec![
            step("Custom domain names", "Note the tenant's name.", &[("Name", TENANT_NAME)]),
            step("Properties", "Copy the id.", &[("Tenant ID", TENANT_ID)]),
        ],
        source: REGISTERING.to_owned(),
    })
}

/// The web (server) app, if it is not imported or reused as it is.
pub(super) fn server_app(spec: &ConnectionSpec, values: &Values) -> Option<Part> {
    let (title, first, validity) = match spec.server_app() {
        ServerApp::Create(app) => (
            "Register the web (server) app",
            vec![
                step(
                    "App registrations > New registration",
                    "Enter these values and select Register.",
                    &[
                        ("Name", &values.server_name),
                        SINGLE_TENANT,
                        ("Redirect URI, platform", "Web"),
                        ("Redirect URI", "http://localhost"),
                    ],
                ),
                step("Overview", "Copy the id.", &[("Application (client) ID", &values.server_id)]),
            ],
            app.secret_validity(),
        ),
        ServerApp::Adopt(app) => (
            "Bring the web (server) app into shape",
            vec![
                step(
                    "App registrations > All applications",
                    "Open the app with this id, and note its Display name. On the pages below add what is missing; what others have added stays.",
                    &[
                        ("Application (client) ID", &values.server_id),
                        ("Display name", &values.server_name),
                    ],
                ),
                step(
                    "Authentication",
                    "See that the app has this redirect URI and lets only this tenant sign in.",
                    &[
                        SINGLE_TENANT,
                        ("Redirect URI, platform", "Web"),
                        ("Redirect URI", "http://localhost"),
                    ],
                ),
            ],
            app.secret_validity(),
        ),
        ServerApp::Import(_) | ServerApp::Reuse(_) => return None,
    };
    let mut steps = first;
    steps.push(step(
        "Certificates & secrets > New client secret",
        "Enter these values, select Add, and copy Value and Expires at once: the value is shown only now. It is not the Secret ID.",
        &[
            ("Description", spec.name()),
            ("Expires", &validity_in_words(validity)),
            ("Value, to copy", SECRET_VALUE),
            ("Expires, to copy", SECRET_EXPIRY),
        ],
    ));
    if spec.discovers() {
        steps.extend(read_directory());
    }
    steps.extend(expose(values));
    if spec.issue_id_tokens() {
        steps.push(id_tokens());
    }
    steps.push(step(
        "Manifest",
        "See that the app's access tokens are of version 1: a gateway takes no others. Change it only if it is 2.",
        &[("requestedAccessTokenVersion", "null or 1")],
    ));
    steps.push(device_tokens(spec, values));
    if let ServerApp::Create(app) = spec.server_app() {
        steps.extend(owners(app.owners()));
    }
    let consents = if spec.discovers() { GRANTS_DIRECTORY_READ } else { "" };
    Some(part(spec, PartKind::ServerApp, title, steps, consents))
}

/// The native (client) app, if it is not imported or reused as it is.
pub(super) fn client_app(spec: &ConnectionSpec, values: &Values) -> Option<Part> {
    let (title, mut steps) = match spec.client_app() {
        ClientApp::Create(_) => (
            "Register the native (client) app",
            vec![
                step(
                    "App registrations > New registration",
                    "Enter these values, leave the redirect URI blank, and select Register.",
                    &[("Name", &values.client_name), SINGLE_TENANT],
                ),
                step("Overview", "Copy the id.", &[("Application (client) ID", &values.client_id)]),
            ],
        ),
        ClientApp::Adopt(_) => (
            "Bring the native (client) app into shape",
            vec![
                step(
                    "App registrations > All applications",
                    "Open the app with this id, and note its Display name. On the pages below add what is missing; what others have added stays.",
                    &[
                        ("Application (client) ID", &values.client_id),
                        ("Display name", &values.client_name),
                    ],
                ),
                step(
                    "Authentication",
                    "See that the app lets only this tenant sign in.",
                    &[SINGLE_TENANT],
                ),
            ],
        ),
        ClientApp::Import(_) | ClientApp::Reuse(_) => return None,
    };
    steps.push(step(
        "Authentication > Add a platform > Mobile and desktop applications",
        "Enter this value, which ends in the app's own client id, and select Configure.",
        &[("Custom redirect URIs", &format!("{BROKER_REDIRECT}{}", values.client_id))],
    ));
    steps.push(step(
        "Authentication > Advanced settings",
        "Choose this value and select Save.",
        &[("Allow public client flows", "Yes")],
    ));
    if spec.issue_id_tokens() {
        steps.push(id_tokens());
    }
    steps.push(step(
        "API permissions > Add a permission > My APIs",
        "Select the web (server) app and this permission, then Add permissions.",
        &[
            ("API", &values.server_name),
            ("Application (client) ID of the API", &values.server_id),
            ("Delegated permission", "user_impersonation"),
        ],
    ));
    steps.push(step(
        "API permissions",
        CONFIRM_CONSENT,
        &[(
            "Delegated permissions",
            "user_impersonation of the web (server) app, User.Read of Microsoft Graph",
        )],
    ));
    if let ClientApp::Create(app) = spec.client_app() {
        steps.extend(owners(app.owners()));
    }
    Some(part(spec, PartKind::ClientApp, title, steps, GRANTS))
}

fn part(spec: &ConnectionSpec, kind: PartKind, title: &str, steps: Vec<Step>, consents: &str) -> Part {
    Part {
        kind,
        title: title.to_owned(),
        place: entra_id(spec),
        role: format!("{REGISTRAR}{consents}"),
        steps,
        source: REGISTERING.to_owned(),
    }
}

fn entra_id(spec: &ConnectionSpec) -> String {
    let endpoints = CloudEndpoints::of(spec.environment());
    format!("Azure portal ({}) > Microsoft Entra ID", endpoints.portal())
}

/// What discovery needs, and the delegated permission that the procedure takes away with it.
fn read_directory() -> [Step; 2] {
    [
        step(
            "API permissions > Microsoft Graph",
            "Add the application permission, remove the delegated one, and select Update permissions.",
            &[
                ("Application permissions", "Directory.Read.All"),
                ("Delegated permissions, to remove", "User.Read"),
            ],
        ),
        step(
            "API permissions",
            CONFIRM_CONSENT,
            &[("Application permissions", "Directory.Read.All")],
        ),
    ]
}

fn expose(values: &Values) -> [Step; 2] {
    let name = &values.server_name;
    [
        step(
            "Expose an API > Application ID URI > Add",
            "Enter this value letter by letter, and select Save: clients ask for this very text.",
            &[("Application ID URI", &values.app_id_uri)],
        ),
        step(
            "Expose an API > Add a scope",
            "Enter these values and select Add scope.",
            &[
                ("Scope name", "user_impersonation"),
                ("Who can consent", "Admins and users"),
                ("Admin consent display name", &format!("Access {name}")),
                (
                    "Admin consent description",
                    &format!("Allow the application to access {name} on behalf of the signed-in user."),
                ),
            ],
        ),
    ]
}

/// Only sites that the specification says so of need it.
fn id_tokens() -> Step {
    step(
        "Manifest",
        "Set this value and select Save. Only older sites need it.",
        &[("oauth2AllowIdTokenImplicitFlow", "true")],
    )
}

/// The portal does not show it.
fn device_tokens(spec: &ConnectionSpec, values: &Values) -> Step {
    let endpoints = CloudEndpoints::of(spec.environment());
    let request = format!("{}v1.0/applications(appId='{}')", endpoints.graph(), values.server_id);
    step(
        "Microsoft Graph, such as Graph Explorer",
        "Send this request, without which devices get no token as long as no user is signed in. The portal does not show the property. \
         If you cannot send it, choose Update Application Settings on the server app in the console after importing it.",
        &[("PATCH", &request), ("Body", r#"{"isDeviceOnlyAuthSupported": true}"#)],
    )
}

/// As the portal offers it. What it does not offer is chosen as a custom end.
fn validity_in_words(validity: SecretValidity) -> String {
    match validity {
        SecretValidity::OneYear => "12 months".to_owned(),
        SecretValidity::TwoYears => "24 months".to_owned(),
        SecretValidity::Days(days) => format!("Custom: {days} days from today"),
        SecretValidity::Until(day) => format!("Custom: {day}"),
        SecretValidity::LongestAllowed => "24 months, or the longest that the tenant allows".to_owned(),
    }
}

/// Beside the person who registers the app.
fn owners(owners: &[DirectoryObjectId]) -> Option<Step> {
    let fields: Vec<(&str, String)> = owners.iter().map(|owner| ("Object ID", owner.to_string())).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, id)| (*name, id.as_str())).collect();
    (!fields.is_empty()).then(|| step("Owners > Add owners", "Select the users or applications with these ids.", &fields))
}
