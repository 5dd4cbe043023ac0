//! How a site takes what it is given: kept where it is there, made where it is missing, told where it differs.

use time::OffsetDateTime;

use super::{Contents, Ensured, discovery::set_discovery};
use cmg_onboarding::{
    ClientSecret,
    error::{SiteError, SiteRefused},
    ids::ApplicationId,
    site::{
        ClientAppImport, SecretHeld, ServerAppImport, SiteAction, SiteApplication, SiteConnection, SiteItem, SiteOnboarding, SiteRowId,
        SiteTenant,
    },
};

/// Version 2010, the first with cmdlets for this job.
const OLDEST_BUILD: u32 = 9040;

/// The emulator's own number for the type Cloud Management: that of a real site is not documented.
const CLOUD_MANAGEMENT: i64 = 1;

/// What a site has where nothing wrote a number. Which numbers `Source` has is not documented.
const NEVER_SET: i64 = 0;

const RENEW: &str = "open Administration > Cloud Services > Microsoft Entra tenants, select the server app and choose Renew Secret Key";

impl Contents {
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
        if let ServerAppImport::Renew { secret_key_expiry, .. } = &wanted.server_app {
            let refused = |message: &str| SiteRefused::new("renew the secret", message, format!("In the console: {RENEW}."));
            if !self.rows.info.takes_renewed_secrets {
                return Err(refused("the site has no way to take a renewed secret from a program").into());
            }
            if *secret_key_expiry <= now {
                return Err(refused("the secret key expiry must be in the future").into());
            }
        }
        let is_renamed = |connection: &SiteConnection| {
            let former = wanted.renamed_from.as_ref();
            former.is_some_and(|former| former.row == connection.id && former.name == connection.name)
        };
        let is_other = |connection: &&SiteConnection| {
            let is_cloud_management = connection.service_type.is_none_or(|kind| kind == CLOUD_MANAGEMENT);
            connection.name != wanted.name && is_cloud_management && !is_renamed(connection)
        };
        if let Some(other) = self.rows.connections_of(wanted.tenant_id).find(is_other) {
            let message = format!("the tenant has a connection of type Cloud Management already: {}", other.name);
            let help = "Use that connection's name, or look at it (Administration > Cloud Services > Azure Services).";
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
        let Some(secret_key) = wanted.server_app.secret_key() else {
            return SecretHeld::NotSaid;
        };
        match self.secrets.get(&wanted.server_app.client_id()) {
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
        if let ServerAppImport::Renew {
            secret_key,
            secret_key_expiry,
            ..
        } = &wanted.server_app
        {
            let Some(row) = self.application_of_tenant(client_id, tenant, false)?.map(|found| found.id) else {
                return Err(unknown(client_id, "server app"));
            };
            return Ok(Some((self.renew(client_id, secret_key, *secret_key_expiry, now), Some(row))));
        }
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
        application.source = Some(NEVER_SET);
        self.rows.applications.push(application);
        self.secrets.insert(client_id, secret_key.clone());
        Ok(Some((SiteAction::Created, Some(id))))
    }

    fn renew(&mut self, client_id: ApplicationId, secret: &ClientSecret, expiry: OffsetDateTime, now: OffsetDateTime) -> SiteAction {
        let is_held = self.secrets.get(&client_id).is_some_and(|held| held.expose() == secret.expose());
        let Some(row) = self.rows.applications.iter_mut().find(|row| row.client_id == client_id) else {
            return SiteAction::Unchanged;
        };
        if is_held && row.secret_expiry == Some(expiry) {
            return SiteAction::Unchanged;
        }
        row.secret_expiry = Some(expiry);
        row.secret_created = Some(whole_second_after(now));
        row.updated = row.secret_created;
        self.secrets.insert(client_id, secret.clone());
        SiteAction::Changed
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
        let mut application = SiteApplication::new(id, client_id, name.as_str(), tenant, true);
        application.source = Some(NEVER_SET);
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
        let named = self.rows.connections.iter().position(|connection| connection.name == wanted.name);
        let former = || {
            let former = wanted.renamed_from.as_ref()?;
            let is_former = |connection: &SiteConnection| connection.id == former.row && connection.name == former.name;
            self.rows.connections.iter().position(is_former)
        };
        let position = named.or_else(former);
        if let (None, Some(former)) = (position, &wanted.renamed_from) {
            let message = format!("the connection {} is not there any more", former.name);
            return Err(SiteRefused::new("rename the connection", message, "Read the site again.").into());
        }
        let Some(found) = position.and_then(|position| self.rows.connections.get_mut(position)) else {
            let id = self.new_row();
            let mut connection = SiteConnection::new(id, wanted.name.as_str(), wanted.description.clone(), vec![server]);
            connection.service_type = Some(CLOUD_MANAGEMENT);
            self.rows.connections.push(connection);
            return Ok(Some((SiteAction::Created, Some(id))));
        };
        let action = if !found.web_applications.contains(&server) {
            let way = "look under Administration > Cloud Services > Azure Services";
            SiteAction::Differs(format!(
                "The connection has another web app, and the product cannot change that: {way}."
            ))
        } else {
            let description = wanted.description.clone().or_else(|| found.description.clone());
            let is_same = found.name == wanted.name && found.description == description;
            found.name.clone_from(&wanted.name);
            found.description = description;
            if is_same { SiteAction::Unchanged } else { SiteAction::Changed }
        };
        Ok(Some((action, Some(found.id))))
    }

    fn ensure_discovery(&mut self, wanted: &SiteOnboarding) -> Ensured {
        let Some(discovery) = &wanted.discovery else { return Ok(None) };
        let Some(found) = self.rows.connections.iter_mut().find(|connection| connection.name == wanted.name) else {
            return Ok(None);
        };
        let before = (found.user_discovery.clone(), found.group_discovery.clone());
        set_discovery(found, discovery);
        let after = (found.user_discovery.clone(), found.group_discovery.clone());
        let action = match before {
            before if before == after => SiteAction::Unchanged,
            (None, None) => SiteAction::Created,
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
pub(super) fn whole_second_after(now: OffsetDateTime) -> OffsetDateTime {
    let second = now.replace_nanosecond(0).unwrap_or(now);
    if second == now { second } else { second + time::Duration::SECOND }
}
