//! What a change writes, in words that an approver can read: names beside ids, old values beside new ones.

mod words;

use serde_json::Value;
use time::Date;

use crate::{
    connection::{
        plan::{
            change::Change,
            difference::PropertyChange,
            document::PlanDocument,
            operation::{Operation, Reference},
            permission_names::{delegated_of_graph, permission_in_words},
            registration::{BROKER_REDIRECT, USER_IMPERSONATION},
            review::Detail,
        },
        report::step::Step,
    },
    directory::ApplicationProperties,
    ids::{ApplicationId, PermissionId, well_known::MICROSOFT_GRAPH},
    spec::{DiscoverySpec, Schedule},
};
use words::{app_in_words, audience_in_words, delta_in_words, frequency, principal_in_words, property_in_words, valid};

pub(crate) use words::{add, add_some, shown_in_words};

impl PlanDocument {
    /// What a change writes, in the order in which a person reads it. Texts of strangers are cleaned.
    pub(crate) fn details(&self, change: &Change) -> Vec<Detail> {
        let mut details = Vec::new();
        self.describe(change, &mut details);
        for property in change.properties() {
            add(&mut details, &property_in_words(&property.property), self.old_and_new(property));
        }
        details
    }

    fn describe(&self, change: &Change, details: &mut Vec<Detail>) {
        match &change.operation {
            Operation::Keep { name, .. } => add_some(details, "Name", name.as_deref()),
            Operation::ConfirmApp { name, application_id, .. } => {
                add_some(details, "Name", name.as_deref());
                add(details, "Application (client) ID", application_id);
            }
            Operation::CreateApp {
                unique_name,
                properties,
                secret,
                owners,
            } => {
                self.describe_app(properties, details);
                owners.iter().for_each(|owner| add(details, "Owner", owner));
                add(details, "Unique name", unique_name);
                add_some(details, "Secret", secret.as_ref().map(valid));
            }
            Operation::UpdateApp { name, application_id, .. } => {
                add(details, "Name", name);
                add(details, "Application (client) ID", application_id);
            }
            Operation::RestoreApp {
                name,
                unique_name,
                object_id,
                properties,
            } => {
                add_some(details, "Name", name.as_deref());
                add(details, "Deleted registration", object_id);
                add(details, "Unique name", unique_name);
                self.describe_app(properties, details);
            }
            Operation::SetAppIdUri { app, app_id_uri, held } => {
                add(details, "Application (client) ID", app_in_words(*app));
                add(details, "App ID URI", app_id_uri);
                held.iter().for_each(|held| add(details, "App ID URI so far, which stays", held));
            }
            Operation::ShortenSecret { secrets } => secrets.iter().for_each(|secret| add(details, "Secret", valid(secret))),
            Operation::RemoveMadeApp { app } => {
                add(details, "Application (client) ID", app_in_words(*app));
                add(details, "Condition", "this run has made it, and no other caller has added anything");
            }
            Operation::CreateServicePrincipal { app } => add(details, "Application (client) ID", app_in_words(*app)),
            Operation::CompleteClientApp { client, .. } => {
                let id = match client {
                    Reference::Known(id) => id.to_string(),
                    _ => "{its own client id}".to_owned(),
                };
                add(details, "Redirect URI (public client)", format!("{BROKER_REDIRECT}{id}"));
                add(details, "Permission asked for", self.impersonation());
            }
            Operation::IssueSecret { app, secret } => {
                add(details, "Application (client) ID", app_in_words(*app));
                add(details, "Secret", valid(secret));
            }
            Operation::CreateGrant { scope, client, .. } | Operation::ExtendGrant { scope, client, .. } => {
                add(details, "Permission", self.delegated(change.step, scope));
                add(details, "For", principal_in_words(*client));
                add(details, "Consent", "by an administrator, for all users of the tenant");
                if let Operation::ExtendGrant { held, .. } = &change.operation {
                    add(details, "Permissions so far, which stay", held);
                }
            }
            Operation::AssignRole { principal, role, .. } => {
                add(details, "Permission", self.permission(MICROSOFT_GRAPH, *role));
                add(details, "For", principal_in_words(*principal));
            }
            Operation::ImportTenant { tenant_id, name } => {
                add(details, "Tenant Name", name);
                add(details, "Tenant ID", tenant_id);
            }
            Operation::ImportServerApp {
                name,
                app,
                app_id_uri,
                secret_key_expiry,
            } => {
                add(details, "Application Name", name);
                add(details, "Client ID", app_in_words(*app));
                add_some(details, "App ID URI", app_id_uri.as_ref());
                let given = secret_key_expiry.map(|moment| format!("{} (the secret of the specification)", moment.date()));
                add_some(details, "Secret Key Expiry", given.or_else(|| self.issued_end_in_words()));
            }
            Operation::RenewSecret {
                app,
                from,
                to,
                by_hand,
                made_by_console,
            } => {
                add(details, "Client ID", app_in_words(*app));
                let from = from.map_or_else(|| "not read".to_owned(), |day| day.to_string());
                let to = to.map(|day| day.to_string()).or_else(|| self.issued_end_in_words());
                add(
                    details,
                    "Secret Key Expiry",
                    format!("{from} -> {}", to.as_deref().unwrap_or("that of the new secret")),
                );
                if *made_by_console {
                    add(
                        details,
                        "By hand",
                        "the console's dialog signs an administrator in and makes the secret itself",
                    );
                } else if *by_hand {
                    add(details, "By hand", "an administrator types the secret into the console");
                }
            }
            Operation::ImportClientApp { name, app } => {
                add(details, "Application Name", name);
                add(details, "Client ID", app_in_words(*app));
            }
            Operation::CreateConnection { name, description } => {
                add(details, "Name", name);
                add_some(details, "Description", description.as_deref());
                add(details, "Service", "Cloud Management");
            }
            Operation::UpdateConnection {
                name, new_name, from, to, ..
            } => {
                add(
                    details,
                    "Name",
                    new_name.as_ref().map_or_else(|| name.clone(), |new| format!("{name} -> {new}")),
                );
                if from != to {
                    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| NOTHING.to_owned());
                    add(details, "Description", format!("{} -> {}", text(from), text(to)));
                }
            }
            // What is changed of discovery that is there is told setting by setting.
            Operation::ConfigureDiscovery { discovery, properties, .. } if properties.is_empty() => {
                describe_discovery(discovery, details);
            }
            Operation::ConfigureDiscovery { .. } => {}
            Operation::RemoveSecrets { keys, shown_since, .. } => {
                keys.iter().for_each(|key| add(details, "Secret ID", key));
                add_some(details, "Stated by the caller", shown_since.map(shown_in_words));
            }
            Operation::RemoveConnection {
                name, no_gateway_stated, ..
            } => {
                add(details, "Name", name);
                if *no_gateway_stated {
                    add(details, "Stated by the caller", "no cloud management gateway uses it");
                }
            }
            Operation::RemoveApp {
                name,
                application_id,
                deleted_object_id,
                ..
            } => {
                add_some(details, "Name", name.as_deref());
                add_some(details, "Application (client) ID", application_id.as_ref());
                add_some(details, "Deleted registration", deleted_object_id.as_ref());
            }
        }
    }

    fn describe_app(&self, properties: &ApplicationProperties, details: &mut Vec<Detail>) {
        add_some(details, "Name", properties.display_name.as_deref());
        add_some(
            details,
            "Supported account types",
            properties.sign_in_audience.as_deref().map(audience_in_words),
        );
        let web = properties.web.as_ref();
        add_some(details, "Home page URL", web.and_then(|web| web.home_page_url.as_deref()));
        for uri in properties.identifier_uris.iter().flatten() {
            add(details, "App ID URI", uri);
        }
        for uri in web.iter().flat_map(|web| web.redirect_uris.iter().flatten()) {
            add(details, "Redirect URI (Web)", uri);
        }
        let client = properties.public_client.as_ref();
        for uri in client.iter().flat_map(|client| client.redirect_uris.iter().flatten()) {
            add(details, "Redirect URI (public client)", uri);
        }
        let settings = web.and_then(|web| web.implicit_grant_settings.as_ref());
        let allowed = |switch: Option<bool>| switch.map(|on| if on { "allowed" } else { "not allowed" });
        add_some(
            details,
            "ID tokens",
            allowed(settings.and_then(|settings| settings.enable_id_token_issuance)),
        );
        add_some(details, "Device tokens", allowed(properties.is_device_only_auth_supported));
        add_some(details, "Public client flows", allowed(properties.is_fallback_public_client));
        let api = properties.api.as_ref();
        for scope in api.iter().flat_map(|api| api.oauth2_permission_scopes.iter().flatten()) {
            let name = scope.value.clone().unwrap_or_default();
            add(details, "Permission offered", format!("{name} (delegated, {})", scope.id));
        }
        add_some(
            details,
            "Access token version",
            api.and_then(|api| api.requested_access_token_version),
        );
        if properties.service_principal_lock_configuration.is_some() {
            add(details, "App instance property lock", "on");
        }
        for tag in properties.tags.iter().flatten() {
            add(details, "Tag", tag);
        }
        for resource in properties.required_resource_access.iter().flatten() {
            for access in &resource.resource_access {
                add(
                    details,
                    "Permission asked for",
                    self.permission(resource.resource_app_id, access.id),
                );
            }
        }
    }

    fn permission(&self, api: ApplicationId, permission: PermissionId) -> String {
        permission_in_words(api, permission, self.server_app.application_id, self.impersonation_id())
    }

    /// A delegated permission that an administrator consents to, by its name.
    fn delegated(&self, step: Step, name: &str) -> String {
        if step == Step::ConsentServerApp && name == USER_IMPERSONATION {
            return self.impersonation();
        }
        match delegated_of_graph(name).filter(|_| step == Step::ConsentUserRead) {
            Some(id) => format!("{name} of Microsoft Graph (delegated, {id})"),
            None => name.to_owned(),
        }
    }

    fn impersonation(&self) -> String {
        match self.impersonation_id() {
            Some(id) => format!("{USER_IMPERSONATION} of the server app (delegated, {id})"),
            None => format!("{USER_IMPERSONATION} of the server app (delegated)"),
        }
    }

    /// The id of the server app's `user_impersonation`, if a change of this plan names it.
    pub(crate) fn impersonation_id(&self) -> Option<PermissionId> {
        self.changes.iter().find_map(|change| match &change.operation {
            Operation::CompleteClientApp { scope, .. } => Some(*scope),
            Operation::CreateApp { properties, .. } => offered(properties),
            Operation::UpdateApp { adds, .. } => offered(adds).or_else(|| self.asked_of_server(adds)),
            _ => None,
        })
    }

    /// The one permission that a client app asks of the server app.
    fn asked_of_server(&self, properties: &ApplicationProperties) -> Option<PermissionId> {
        let resources = properties.required_resource_access.as_ref()?;
        let of_server = resources
            .iter()
            .find(|resource| Some(resource.resource_app_id) == self.server_app.application_id)?;
        Some(of_server.resource_access.first()?.id)
    }

    /// When the secret ends that this plan issues, were it issued when the plan is made.
    pub(crate) fn issued_end(&self) -> Option<Date> {
        self.changes.iter().find_map(|change| match &change.operation {
            Operation::CreateApp { secret, .. } => secret.as_ref().map(|secret| secret.expires_about),
            Operation::IssueSecret { secret, .. } => Some(secret.expires_about),
            _ => None,
        })
    }

    fn issued_end_in_words(&self) -> Option<String> {
        let end = self.issued_end()?;
        Some(format!("about {end} (the secret that this run issues)"))
    }

    fn old_and_new(&self, change: &PropertyChange) -> String {
        let words = |value: &Value| self.value_in_words(&change.property, value);
        format!("{} -> {}", words(&change.from), words(&change.to))
    }

    fn value_in_words(&self, property: &str, value: &Value) -> String {
        match value {
            Value::Null => NOTHING.to_owned(),
            Value::Bool(on) if matches!(property, "users" | "groups") => (if *on { "on" } else { "off" }).to_owned(),
            Value::Bool(on) => (if *on { "yes" } else { "no" }).to_owned(),
            Value::String(text) => match property {
                "signInAudience" => audience_in_words(text),
                "requiredResourceAccess" => self.configured_in_words(text),
                "users.fullSchedule" | "groups.fullSchedule" => {
                    let words = |all: Vec<Schedule>| all.iter().map(Schedule::in_words).collect::<Vec<_>>().join(", and ");
                    Schedule::tokens(text).map_or_else(|_| text.clone(), words)
                }
                _ => text.clone(),
            },
            Value::Number(minutes) if property.ends_with(".deltaMinutes") => {
                let minutes = minutes.as_u64().and_then(|minutes| u32::try_from(minutes).ok());
                minutes.map_or_else(|| value.to_string(), delta_in_words)
            }
            Value::Array(values) if values.is_empty() => NOTHING.to_owned(),
            Value::Array(values) => {
                let words: Vec<String> = values.iter().map(|value| self.value_in_words(property, value)).collect();
                words.join(", ")
            }
            other => other.to_string(),
        }
    }

    /// A configured permission, which a change of a property tells as `{client id of the API}/{permission id}`.
    fn configured_in_words(&self, text: &str) -> String {
        let ids = text
            .split_once('/')
            .and_then(|(api, permission)| Some((api.parse().ok()?, permission.parse().ok()?)));
        ids.map_or_else(|| text.to_owned(), |(api, permission)| self.permission(api, permission))
    }
}

const NOTHING: &str = "nothing";

fn offered(properties: &ApplicationProperties) -> Option<PermissionId> {
    let scopes = properties.api.as_ref()?.oauth2_permission_scopes.as_ref()?;
    let scope = scopes.iter().find(|scope| scope.value.as_deref() == Some(USER_IMPERSONATION))?;
    Some(scope.id)
}

fn describe_discovery(discovery: &DiscoverySpec, details: &mut Vec<Detail>) {
    if let Some(users) = discovery.users() {
        add(
            details,
            "User discovery",
            frequency(users.full_schedule.as_ref(), users.delta_minutes),
        );
    }
    if discovery.users_are_off() {
        add(details, "User discovery", "off");
    }
    if let Some(groups) = discovery.groups() {
        add(
            details,
            "Group discovery",
            frequency(groups.full_schedule.as_ref(), groups.delta_minutes),
        );
        add_some(details, "Groups", Some(groups.names.join(", ")).filter(|names| !names.is_empty()));
        add_some(
            details,
            "Groups taken out",
            Some(groups.removed_names.join(", ")).filter(|names| !names.is_empty()),
        );
    }
    if discovery.groups_are_off() {
        add(details, "Group discovery", "off");
    }
}

#[cfg(test)]
mod tests;
