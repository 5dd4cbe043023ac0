//! The steps in the Configuration Manager console: the Azure Services wizard, with *Import* for each app.

use super::{
    super::{ClientApp, ConnectionSpec, DiscoverySpec, Schedule, ServerApp},
    Part, PartKind, SECRET_VALUE, Step, Values, WIZARD, step,
};

pub(super) fn import(spec: &ConnectionSpec, values: &Values) -> Part {
    let mut steps = vec![azure_services(spec), environment(spec)];
    steps.push(server_app(spec, values));
    steps.push(client_app(spec, values));
    steps.push(discovery(spec.discovery()));
    steps.push(step("Summary", "Review the settings and complete the wizard.", &[]));
    steps.push(step(
        "after the wizard",
        "Put the end of the secret into a calendar: the console raises no notification for imported apps. Exclude the server app from \
         Conditional Access policies on all resources.",
        &[
            ("Secret Key Expiry", &values.secret_expiry),
            ("Client ID of the server app", &values.server_id),
        ],
    ));
    Part {
        kind: PartKind::Import,
        title: "Import the apps into the site".to_owned(),
        place: "Configuration Manager console > Administration > Cloud Services > Azure Services > Configure Azure Services".to_owned(),
        role: "Infrastructure Administrator or Full Administrator in the site; no role in Microsoft Entra".to_owned(),
        steps,
        source: WIZARD.to_owned(),
    }
}

fn azure_services(spec: &ConnectionSpec) -> Step {
    let mut fields = vec![("Name", spec.name())];
    fields.extend(spec.description().map(|description| ("Description", description)));
    fields.push(("Service", "Cloud Management"));
    step("Azure Services", "Enter these values and select Next.", &fields)
}

fn environment(spec: &ConnectionSpec) -> Step {
    step("App", "Choose this value.", &[("Azure environment", spec.environment().as_str())])
}

fn server_app(spec: &ConnectionSpec, values: &Values) -> Step {
    if let ServerApp::Reuse(_) = spec.server_app() {
        return reuse("App > Web app > Browse", &values.server_id);
    }
    step(
        "App > Web app > Browse > Import",
        "Enter these values, select Verify, then OK.",
        &[
            ("Microsoft Entra tenant Name", &values.tenant_name),
            ("Microsoft Entra tenant ID", &values.tenant_id),
            ("Application Name", &values.server_name),
            ("Client ID", &values.server_id),
            ("Secret Key", SECRET_VALUE),
            ("Secret Key Expiry", &values.secret_expiry),
            ("App ID URI", &values.app_id_uri),
        ],
    )
}

fn client_app(spec: &ConnectionSpec, values: &Values) -> Step {
    if let ClientApp::Reuse(_) = spec.client_app() {
        return reuse("App > Native Client app > Browse", &values.client_id);
    }
    step(
        "App > Native Client app > Browse > Import",
        "The wizard has filled in the tenant. Enter these values, select Verify, then OK.",
        &[("Application Name", &values.client_name), ("Client ID", &values.client_id)],
    )
}

fn reuse(page: &str, client_id: &str) -> Step {
    step(
        page,
        "Select the app with this client id, then OK. The list shows names; the id stands under Cloud Services > Microsoft Entra tenants.",
        &[("Client ID", client_id)],
    )
}

fn discovery(discovery: Option<&DiscoverySpec>) -> Step {
    let users = discovery.and_then(DiscoverySpec::users);
    let groups = discovery.and_then(DiscoverySpec::groups);
    let checked = |on: bool| if on { "selected" } else { "not selected" };
    let (names, removed, user_settings, group_settings);
    let mut fields = vec![("Enable Microsoft Entra user Discovery", checked(users.is_some()))];
    if let Some(users) = users {
        user_settings = settings(users.full_schedule.as_ref(), users.delta_minutes);
        fields.push(("Settings of user discovery", &user_settings));
    }
    fields.push(("Enable Microsoft Entra group Discovery", checked(groups.is_some())));
    if let Some(groups) = groups {
        names = groups.names.join(", ");
        if !names.is_empty() {
            fields.push(("Groups", &names));
        }
        removed = groups.removed_names.join(", ");
        if !removed.is_empty() {
            fields.push(("Groups, to remove", &removed));
        }
        group_settings = settings(groups.full_schedule.as_ref(), groups.delta_minutes);
        fields.push(("Settings of group discovery", &group_settings));
    }
    step("Discovery", "Choose these values and select Next.", &fields)
}

fn settings(schedule: Option<&Schedule>, minutes: Option<u32>) -> String {
    let full = schedule.map_or_else(|| "as the console proposes".to_owned(), Schedule::in_words);
    let delta = minutes.map_or_else(
        || "as the console proposes".to_owned(),
        |minutes| format!("every {minutes} minutes"),
    );
    format!("full discovery {full}; delta discovery {delta}")
}
