//! How a site takes what it is given: kept where it is there, made where it is missing, told where it differs.

use time::OffsetDateTime;

use super::{Ensured, Held};
use cmg_onboarding::{
    error::{SiteError, SiteRefused},
    ids::ApplicationId,
    site::{
        ClientAppImport, SecretHeld, ServerAppImport, SiteAction, SiteApplication, SiteConnection, SiteDiscovery, SiteItem, SiteOnboarding,
        SiteRemoval, SiteRemoved, SiteRowId, SiteTenant,
    },
    spec::DiscoverySpec,
};

/// Version 2010, the first with cmdlets for this job.
const OLDEST_BUILD: u32 = 9040;

const RENEW: &str = "open Administration > Cloud Services > Microsoft Entra tenants, select the server app and choose Renew Secret Key";

impl Held {
    /// What the console refuses before it writes anything.
    pub(super) fn check(&self, wanted: &SiteOnboarding, now: OffsetDateTime) -> Result<(), SiteError> {
        self.check_rights("import the apps")?;
        if self.rows.info.build().is_some_and(|build| build < OLDEST_BUILD) {
            let message = format!("version {} has no cmdlets for Azure services", self.rows.info.version);
            return Err(SiteRefused::new("import the apps", message, "Update the site to version 2010 or later.").into());
        }
        if let ServerAppImport::Import {
            client_id,
            secret_key_expiry,
            ..
        } = &wanted.server_app
            && self.rows.application(*client_id).is_none()
            && *secret_key_expiry <= now
        {
            let help = "Create a new secret, and give its value with its own date of expiry.";
            return Err(SiteRefused::new("import the server app", "the secret key expiry must be in the future", help).into());
        }
        let row = self.rows.tenant(wanted.tenant_id).map(|tenant| tenant.id);
        let other = self
            .rows
            .connections_of(wanted.tenant_id)
            .find(|connection| connection.name != wanted.name);
        if let (Some(_), Some(other)) = (row, other) {
            let message = format!("the tenant has a connection of type Cloud Management already: {}", other.name);
            let help = "Use that connection's name, or delete it first (Administration > Cloud Services > Azure Services).";
            return Err(SiteRefused::new("create the connection", message, help).into());
        }
        Ok(())
    }

    pub(super) fn check_rights(&self, operation: &str) -> Result<(), SiteError> {
        if self.rows.info.may_write == Some(false) {
            let help = "Use an account with the security role Full Administrator and all scopes.";
            return Err(SiteRefused::new(operation, "access denied", help).into());
        }
        Ok(())
    }

    /// Which secret the site holds, compared with the one that it was given.
    pub(super) fn held_secret(&self, wanted: &SiteOnboarding) -> SecretHeld {
        let ServerAppImport::Import { client_id, secret_key, .. } = &wanted.server_app else {
            return SecretHeld::NotSaid;
        };
        match self.secrets.get(client_id) {
            Some(held) if held.expose() == secret_key.expose() => SecretHeld::This,
            Some(_) => SecretHeld::Another,
            None => SecretHeld::NotSaid,
        }
    }

    pub(super) fn ensure(&mut self, item: SiteItem, wanted: &SiteOnboarding, now: OffsetDateTime) -> Ensured {
        if let Some(error) = self.errors_at.remove(&item) {
            return Err(error);
        }
        let ensured = match item {
            SiteItem::Tenant => self.ensure_tenant(wanted),
            SiteItem::ServerApp => self.ensure_server_app(wanted, now),
            SiteItem::ClientApp => self.ensure_client_app(wanted),
            SiteItem::Connection => self.ensure_connection(wanted),
            SiteItem::Discovery => self.ensure_discovery(wanted),
            _ => Err(not_emulated("this item")),
        };
        match self.errors_after.remove(&item) {
            Some(error) => Err(error),
            None => ensured,
        }
    }

    pub(super) fn connection_named(&self, name: &str) -> Option<SiteConnection> {
        self.rows.connections.iter().find(|connection| connection.name == name).cloned()
    }

    /// Removes the connection alone: the product has no cmdlet for what it was made of.
    pub(super) fn remove(&mut self, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        let Some(position) = self
            .rows
            .connections
            .iter()
            .position(|connection| connection.id == removal.connection)
        else {
            return Ok(SiteRemoved::new(false, Vec::new()));
        };
        let is_meant = self
            .rows
            .connections
            .get(position)
            .is_some_and(|connection| connection.name == removal.name);
        if !is_meant {
            let message = format!("row {} is not the connection {}", removal.connection, removal.name);
            return Err(SiteRefused::new(
                "remove the connection",
                message,
                "Read the site again, and name the connection meant.",
            )
            .into());
        }
        let connection = self.rows.connections.remove(position);
        let mut left_behind = Vec::new();
        for id in &connection.web_applications {
            let Some(server) = self.rows.applications.iter().find(|application| application.id == *id) else {
                continue;
            };
            let of_tenant = self
                .rows
                .applications
                .iter()
                .filter(|application| application.tenant == server.tenant);
            left_behind.extend(of_tenant.map(|application| format!("The application {} stays in the site.", application.name)));
            let tenant = self.rows.tenants.iter().find(|tenant| tenant.id == server.tenant);
            left_behind.extend(tenant.map(|tenant| format!("The tenant {} stays in the site.", tenant.name)));
        }
        Ok(SiteRemoved::new(true, left_behind))
    }

    fn ensure_tenant(&mut self, wanted: &SiteOnboarding) -> Ensured {
        if let Some(tenant) = self.rows.tenant(wanted.tenant_id) {
            let is_same = tenant.name == wanted.tenant_name && tenant.environment == Some(wanted.environment);
            let action = if is_same {
                SiteAction::Unchanged
            } else {
                SiteAction::Differs(format!(
                    "The site has the tenant as {}, and offers no way to change that.",
                    tenant.name
                ))
            };
            return Ok(Some((action, Some(tenant.id))));
        }
        if let ServerAppImport::Known(id) = &wanted.server_app {
            return Err(unknown(*id, "server app"));
        }
        let id = self.new_row();
        let tenant = SiteTenant::new(id, wanted.tenant_id, wanted.tenant_name.as_str(), Some(wanted.environment));
        self.rows.tenants.push(tenant);
        Ok(Some((SiteAction::Created, Some(id))))
    }

    fn ensure_server_app(&mut self, wanted: &SiteOnboarding, now: OffsetDateTime) -> Ensured {
        let client_id = wanted.server_app.client_id();
        let tenant = self.tenant_row(wanted)?;
        if let Some(found) = self.application_of_tenant(client_id, tenant, false)? {
            let action = match &wanted.server_app {
                ServerAppImport::Import {
                    name,
                    secret_key_expiry,
                    app_id_uri,
                    ..
                } => compared(&[
                    (found.name == *name, "its name", "no way in the console changes it"),
                    (
                        found.identifier_uri.as_deref() == Some(app_id_uri.as_str()),
                        "its App ID URI",
                        "import the app again under another connection",
                    ),
                    (found.secret_expiry == Some(*secret_key_expiry), "its secret key expiry", RENEW),
                ]),
                ServerAppImport::Known(_) => SiteAction::Unchanged,
                _ => return Err(not_emulated("this way to get a server app")),
            };
            return Ok(Some((action, Some(found.id))));
        }
        let ServerAppImport::Import {
            name,
            secret_key,
            secret_key_expiry,
            app_id_uri,
            ..
        } = &wanted.server_app
        else {
            return Err(unknown(client_id, "server app"));
        };
        let id = self.new_row();
        let mut application = SiteApplication::new(id, client_id, name.as_str(), tenant, false);
        application.identifier_uri = Some(app_id_uri.to_string());
        application.secret_expiry = Some(*secret_key_expiry);
        // What version 2309 and later demand of a server app, in their own row, too.
        application.reply_url = Some("http://localhost".to_owned());
        application.created = Some(whole_second_after(now));
        self.rows.applications.push(application);
        self.secrets.insert(client_id, secret_key.clone());
        Ok(Some((SiteAction::Created, Some(id))))
    }

    fn ensure_client_app(&mut self, wanted: &SiteOnboarding) -> Ensured {
        let client_id = wanted.client_app.client_id();
        let tenant = self.tenant_row(wanted)?;
        if let Some(found) = self.application_of_tenant(client_id, tenant, true)? {
            let action = match &wanted.client_app {
                ClientAppImport::Import { name, .. } => compared(&[(found.name == *name, "its name", "no way in the console changes it")]),
                ClientAppImport::Known(_) => SiteAction::Unchanged,
                _ => return Err(not_emulated("this way to get a client app")),
            };
            return Ok(Some((action, Some(found.id))));
        }
        let ClientAppImport::Import { name, .. } = &wanted.client_app else {
            return Err(unknown(client_id, "client app"));
        };
        let id = self.new_row();
        let application = SiteApplication::new(id, client_id, name.as_str(), tenant, true);
        self.rows.applications.push(application);
        Ok(Some((SiteAction::Created, Some(id))))
    }

    fn ensure_connection(&mut self, wanted: &SiteOnboarding) -> Ensured {
        let Some(server) = self
            .rows
            .application(wanted.server_app.client_id())
            .map(|application| application.id)
        else {
            return Err(unknown(wanted.server_app.client_id(), "server app"));
        };
        let Some(found) = self.rows.connections.iter_mut().find(|connection| connection.name == wanted.name) else {
            let id = self.new_row();
            let connection = SiteConnection::new(id, wanted.name.as_str(), wanted.description.clone(), vec![server]);
            self.rows.connections.push(connection);
            return Ok(Some((SiteAction::Created, Some(id))));
        };
        let action = if !found.web_applications.contains(&server) {
            let way = "delete it (Administration > Cloud Services > Azure Services) and run the same again";
            SiteAction::Differs(format!(
                "The connection has another web app, and the product cannot change that: {way}."
            ))
        } else if wanted.description.is_some() && found.description != wanted.description {
            found.description.clone_from(&wanted.description);
            SiteAction::Changed
        } else {
            SiteAction::Unchanged
        };
        Ok(Some((action, Some(found.id))))
    }

    fn ensure_discovery(&mut self, wanted: &SiteOnboarding) -> Ensured {
        let Some(discovery) = &wanted.discovery else { return Ok(None) };
        let Some(found) = self.rows.connections.iter_mut().find(|connection| connection.name == wanted.name) else {
            return Ok(None);
        };
        let before = (found.user_discovery.clone(), found.group_discovery.clone());
        switch_on(found, discovery);
        let after = (found.user_discovery.clone(), found.group_discovery.clone());
        let action = match before {
            (None, None) => SiteAction::Created,
            before if before == after => SiteAction::Unchanged,
            _ => SiteAction::Changed,
        };
        Ok(Some((action, None)))
    }

    fn tenant_row(&self, wanted: &SiteOnboarding) -> Result<SiteRowId, SiteError> {
        let row = self.rows.tenant(wanted.tenant_id).map(|tenant| tenant.id);
        row.ok_or_else(|| SiteRefused::new("import the app", "the tenant is not there any more", "Run the same again.").into())
    }

    fn application_of_tenant(&self, id: ApplicationId, tenant: SiteRowId, is_client: bool) -> Result<Option<&SiteApplication>, SiteError> {
        let Some(found) = self.rows.application(id) else { return Ok(None) };
        if found.is_client_app != is_client || found.tenant != tenant {
            let message = format!("the site knows {id} as another kind of app or in another tenant: {}", found.name);
            return Err(SiteRefused::new("import the app", message, "Choose another app registration.").into());
        }
        Ok(Some(found))
    }

    fn new_row(&mut self) -> SiteRowId {
        let id = SiteRowId(self.next_row);
        self.next_row += 1;
        id
    }
}

fn not_emulated(what: &str) -> SiteError {
    SiteRefused::new(
        "onboard",
        format!("the emulated site does not know {what}"),
        "Use a newer emulator.",
    )
    .into()
}

fn unknown(id: ApplicationId, kind: &str) -> SiteError {
    let help = "Import it, or choose one that the site lists (Administration > Cloud Services > Microsoft Entra tenants).";
    SiteRefused::new(format!("use the {kind}"), format!("the site does not know {id}"), help).into()
}

/// What of a thing differs, with the console's way of changing it.
fn compared(parts: &[(bool, &str, &str)]) -> SiteAction {
    let different: Vec<String> = parts
        .iter()
        .filter(|(is_same, ..)| !is_same)
        .map(|(_, what, way)| format!("{what} ({way})"))
        .collect();
    if different.is_empty() {
        return SiteAction::Unchanged;
    }
    SiteAction::Differs(format!(
        "The site keeps the app as it has it. It differs in {}.",
        different.join(", ")
    ))
}

/// The administration service shows whole seconds; the row is there by the next one.
fn whole_second_after(now: OffsetDateTime) -> OffsetDateTime {
    let second = now.replace_nanosecond(0).unwrap_or(now);
    if second == now { second } else { second + time::Duration::SECOND }
}

/// What is not said stays as it is.
fn switch_on(connection: &mut SiteConnection, wanted: &DiscoverySpec) {
    if let Some(users) = wanted.users() {
        let discovery = connection.user_discovery.get_or_insert_with(SiteDiscovery::default);
        set(&mut discovery.full_schedule, users.full_schedule.as_ref());
        set(&mut discovery.delta_minutes, users.delta_minutes.as_ref());
    }
    if let Some(groups) = wanted.groups() {
        let discovery = connection.group_discovery.get_or_insert_with(SiteDiscovery::default);
        set(&mut discovery.full_schedule, groups.full_schedule.as_ref());
        set(&mut discovery.delta_minutes, groups.delta_minutes.as_ref());
        for name in &groups.names {
            if !discovery.group_names.contains(name) {
                discovery.group_names.push(name.clone());
            }
        }
    }
}

fn set<T: Clone>(kept: &mut Option<T>, wanted: Option<&T>) {
    if let Some(wanted) = wanted {
        *kept = Some(wanted.clone());
    }
}
