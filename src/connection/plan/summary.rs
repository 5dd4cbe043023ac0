//! A plan in print: the wizard's Summary page.

use std::fmt;

use serde_json::Value;

use crate::{
    connection::{
        plan::{
            change::{Change, When},
            document::PlanDocument,
            operation::{Operation, PlannedSecret},
        },
        report::event::Verb,
    },
    directory::ApplicationProperties,
    spec::{DiscoverySpec, Schedule},
    text::clean,
};

impl fmt::Display for PlanDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "Name:              {}", self.name)?;
        if let Some(description) = &self.description {
            writeln!(formatter, "Description:       {description}")?;
        }
        writeln!(formatter, "Azure environment: {}", self.environment)?;
        writeln!(formatter, "Tenant:            {} ({})", clean(&self.tenant_name), self.tenant_id)?;
        if let Some(uri) = &self.app_id_uri {
            writeln!(formatter, "App ID URI:        {uri}")?;
        }
        writeln!(formatter)?;
        for when in [When::Always, When::IfNeeded, When::IfRefused] {
            let mut changes = self.changes.iter().filter(|change| change.when == when).peekable();
            if let (Some(occasion), Some(_)) = (occasion(when), changes.peek()) {
                writeln!(formatter, "\n{occasion}")?;
            }
            for change in changes {
                show(formatter, change)?;
            }
        }
        let permissions = self.permissions();
        if !permissions.is_empty() {
            writeln!(formatter, "\nPermissions used: {}", permissions.join(", "))?;
        }
        for finding in &self.findings {
            writeln!(formatter, "\n{}", clean(&finding.to_string()))?;
        }
        if self.is_empty() {
            let text = match self.verb {
                Verb::Remove => "There is nothing to remove.",
                _ => "Everything is in place; nothing will be changed.",
            };
            writeln!(formatter, "\n{text}")?;
        }
        Ok(())
    }
}

/// When the changes run that do not run in every case.
const fn occasion(when: When) -> Option<&'static str> {
    match when {
        When::Always => None,
        When::IfNeeded => Some("Only if an answer is lost, or another run is under way at the same time:"),
        When::IfRefused => Some("Only if the directory refuses by a policy of the tenant:"),
    }
}

fn show(formatter: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    writeln!(formatter, "{:<9} {}", change.action.to_string(), change.step)?;
    for (name, value) in details(&change.operation) {
        writeln!(formatter, "            {name}: {}", clean(&value))?;
    }
    for property in change.properties() {
        let (from, to) = (text(&property.from), text(&property.to));
        writeln!(formatter, "            {}: {from} -> {to}", property.property)?;
    }
    Ok(())
}

/// What is written, as name and value.
fn details(operation: &Operation) -> Vec<(&'static str, String)> {
    match operation {
        Operation::Keep { name, .. } => name.iter().map(|name| ("Name", name.clone())).collect(),
        Operation::CreateApp {
            properties,
            secret,
            owners,
            ..
        } => {
            let mut lines = app(properties, secret.as_ref());
            lines.extend(owners.iter().map(|owner| ("Owner", owner.to_string())));
            lines
        }
        Operation::UpdateApp { name, .. } => vec![("Name", name.clone())],
        Operation::RemoveConnection {
            name, no_gateway_stated, ..
        } => {
            let statement = no_gateway_stated.then(|| ("Stated by the caller", "no cloud management gateway uses it".to_owned()));
            [("Name", name.clone())].into_iter().chain(statement).collect()
        }
        Operation::CompleteClientApp { .. } => vec![
            (
                "Redirect URI (public client)",
                "ms-appx-web://Microsoft.AAD.BrokerPlugin/{its own client id}".to_owned(),
            ),
            (
                "Permissions",
                "user_impersonation of the server app, User.Read of Microsoft Graph".to_owned(),
            ),
        ],
        Operation::IssueSecret { secret, .. } => vec![valid(secret)],
        Operation::ShortenSecret { secrets } => secrets.iter().map(valid).collect(),
        Operation::SetAppIdUri { app_id_uri, .. } => vec![("App ID URI", app_id_uri.to_string())],
        Operation::RemoveMadeApp { .. } => vec![(
            "Condition",
            "this run has made it, and no other caller has added anything".to_owned(),
        )],
        Operation::RestoreApp { name, object_id, .. } => {
            let name = name.iter().map(|name| ("Name", name.clone()));
            name.chain([("Deleted registration", object_id.to_string())]).collect()
        }
        Operation::RemoveSecrets { keys, .. } => keys.iter().map(|key| ("Secret ID", key.to_string())).collect(),
        Operation::CreateConnection { name, .. } => vec![("Name", name.clone())],
        Operation::UpdateConnection { name, from, to, .. } => {
            let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
            vec![("Name", name.clone()), ("Description", format!("{} -> {}", text(from), text(to)))]
        }
        Operation::ConfigureDiscovery { discovery, .. } => settings(discovery),
        Operation::RemoveApp {
            name,
            application_id,
            deleted_object_id,
            ..
        } => {
            let name = name.iter().map(|name| ("Name", name.clone()));
            let id = application_id.iter().map(|id| ("Application (client) ID", id.to_string()));
            let deleted = deleted_object_id.iter().map(|id| ("Deleted registration", id.to_string()));
            name.chain(id).chain(deleted).collect()
        }
        _ => Vec::new(),
    }
}

fn app(properties: &ApplicationProperties, secret: Option<&PlannedSecret>) -> Vec<(&'static str, String)> {
    let mut lines = vec![("Name", properties.display_name.clone().unwrap_or_default())];
    let web = properties.web.as_ref();
    lines.extend(web.and_then(|web| web.home_page_url.clone()).map(|url| ("Home page URL", url)));
    let uris = properties.identifier_uris.iter().flatten();
    lines.extend(uris.map(|uri| ("App ID URI", uri.clone())));
    let redirects = web.iter().flat_map(|web| web.redirect_uris.iter().flatten());
    lines.extend(redirects.map(|uri| ("Redirect URI (Web)", uri.clone())));
    if properties.is_device_only_auth_supported == Some(true) {
        lines.push(("Device tokens", "allowed".to_owned()));
    }
    let scopes = properties.api.iter().flat_map(|api| api.oauth2_permission_scopes.iter().flatten());
    lines.extend(scopes.filter_map(|scope| Some(("Permission offered", scope.value.clone()?))));
    if properties.is_fallback_public_client == Some(true) {
        lines.push(("Public client flows", "allowed".to_owned()));
    }
    if properties.service_principal_lock_configuration.is_some() {
        lines.push(("App instance property lock", "on".to_owned()));
    }
    lines.extend(secret.map(valid));
    lines
}

fn valid(secret: &PlannedSecret) -> (&'static str, String) {
    ("Secret", format!("valid to {}", secret.expires_about))
}

fn settings(discovery: &DiscoverySpec) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(users) = discovery.users() {
        lines.push(("Users", frequency(users.full_schedule.as_ref(), users.delta_minutes)));
    }
    if let Some(groups) = discovery.groups() {
        lines.push(("Groups", groups.names.join(", ")));
        lines.push(("Group schedule", frequency(groups.full_schedule.as_ref(), groups.delta_minutes)));
    }
    lines
}

fn frequency(schedule: Option<&Schedule>, minutes: Option<u32>) -> String {
    let schedule = schedule.map_or_else(
        || "full discovery as the product sets it".to_owned(),
        |schedule| format!("full discovery {schedule}"),
    );
    let minutes = minutes.map_or_else(
        || "delta discovery as the product sets it".to_owned(),
        |minutes| format!("delta discovery every {minutes} minutes"),
    );
    format!("{schedule}, {minutes}")
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => clean(text),
        Value::Array(values) if values.is_empty() => "nothing".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
