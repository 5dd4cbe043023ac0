//! A view in print: the nodes *Azure Services* and *Microsoft Entra tenants* of the console, one below the other.

use std::fmt::{self, Display, Formatter};

use time::OffsetDateTime;

use crate::{
    connection::{
        report::{
            reading::{Answer, Reading},
            step::AppRole,
        },
        view::model::{AppView, ConnectionView, ConnectionsView, ConsentView, RegistrationView, SecretIssuer, SecretView},
    },
    directory::ServicePrincipal,
    site::{SiteApplication, SiteDiscovery},
    text::clean,
};

const UNKNOWN: &str = "not known";

impl Display for ConnectionsView {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for (index, connection) in self.connections.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            connection.fmt(formatter)?;
        }
        if self.connections.is_empty() {
            let site = clean(&self.site.site_code);
            match self.unread.is_empty() {
                true => writeln!(formatter, "The site {site} has no Azure service of type Cloud Management.")?,
                false => writeln!(formatter, "Which Azure services the site {site} has could not be read in full.")?,
            }
        }
        for row in &self.unread {
            writeln!(
                formatter,
                "Not read: a row of {}, because of its {}.",
                clean(&row.class),
                clean(&row.property)
            )?;
        }
        Ok(())
    }
}

impl Display for ConnectionView {
    fn fmt(&self, page: &mut Formatter<'_>) -> fmt::Result {
        writeln!(page, "Administration > Cloud Services > Azure Services")?;
        self.service(page)?;
        writeln!(page, "Administration > Cloud Services > Microsoft Entra tenants")?;
        self.tenant(page)?;
        write_app(page, "Web app", &self.server_app)?;
        write_app(page, "Native Client app", &self.client_app)?;
        writeln!(page, "Admin consent")?;
        for consent in &self.consents {
            let name = format!("{}:", of_consent(consent));
            writeln!(page, "  {name:<50}{}", answer(consent.given, "given", "missing"))?;
        }
        writeln!(page, "Findings")?;
        if self.findings.is_empty() {
            writeln!(page, "  None.")?;
        }
        for finding in &self.findings {
            writeln!(page, "  {}", clean(&finding.to_string()))?;
        }
        Ok(())
    }
}

impl ConnectionView {
    fn service(&self, page: &mut Formatter<'_>) -> fmt::Result {
        line(page, 2, "Name", &self.name)?;
        let row = self.connection.present();
        if let Some(description) = row.and_then(|row| row.description.as_ref()) {
            line(page, 2, "Description", description)?;
        }
        line(page, 2, "Site", self.site_code.as_deref().unwrap_or("none was given"))?;
        line(
            page,
            2,
            "In the site",
            match &self.connection {
                Reading::Unknown => UNKNOWN,
                Reading::Absent => "no",
                Reading::Present(_) => "yes",
            },
        )?;
        let service = answer(self.is_cloud_management, "Cloud Management", "another service");
        let service = match (self.is_cloud_management, row) {
            (Answer::Unknown, Some(_)) => "not told by the site, as long as no gateway uses one",
            _ => service,
        };
        line(page, 2, "Service", service)?;
        let cloud = self.environment.map(|environment| environment.to_string());
        line(page, 2, "Azure environment", cloud.as_deref().unwrap_or(UNKNOWN))?;
        line(page, 2, "User discovery", &of_discovery(&self.user_discovery))?;
        line(page, 2, "Group discovery", &of_discovery(&self.group_discovery))?;
        let gateways = match &self.gateways {
            Reading::Unknown => UNKNOWN.to_owned(),
            Reading::Absent => "none".to_owned(),
            Reading::Present(gateways) if gateways.is_empty() => "none".to_owned(),
            Reading::Present(gateways) => {
                let shown = gateways.iter().map(|gateway| match gateway.connection {
                    Some(_) => gateway.name.clone(),
                    None => format!("{} (may be using it)", gateway.name),
                });
                shown.collect::<Vec<_>>().join(", ")
            }
        };
        line(page, 2, "Gateways", &gateways)
    }

    fn tenant(&self, page: &mut Formatter<'_>) -> fmt::Result {
        let id = self.tenant_id.map(|id| id.to_string());
        line(page, 2, "Tenant ID", id.as_deref().unwrap_or(UNKNOWN))?;
        let row = match &self.tenant {
            Reading::Unknown => UNKNOWN,
            Reading::Absent => "not imported",
            Reading::Present(row) => &row.name,
        };
        line(page, 2, "Name in the site", row)?;
        let name = match &self.tenant_name {
            Reading::Present(name) => name.as_str(),
            Reading::Unknown | Reading::Absent => UNKNOWN,
        };
        line(page, 2, "Name in Entra ID", name)
    }
}

/// A name and its value, with all values of a page in one column.
fn line(page: &mut Formatter<'_>, indent: usize, name: &str, value: &str) -> fmt::Result {
    let width = 26_usize.saturating_sub(indent);
    writeln!(page, "{:indent$}{:<width$}{}", "", format!("{name}:"), clean(value))
}

fn write_app(page: &mut Formatter<'_>, title: &str, app: &AppView) -> fmt::Result {
    let id = app.application_id.map(|id| id.to_string());
    line(page, 2, title, id.as_deref().unwrap_or(UNKNOWN))?;
    match &app.item {
        Reading::Unknown => line(page, 4, "Site", UNKNOWN)?,
        Reading::Absent => line(page, 4, "Site", "not imported")?,
        Reading::Present(item) => write_item(page, item)?,
    }
    match &app.registration {
        Reading::Unknown => line(page, 4, "App registration", UNKNOWN)?,
        Reading::Absent => line(page, 4, "App registration", "not registered")?,
        Reading::Present(registration) => write_registration(page, registration)?,
    }
    line(page, 4, "Service principal", &of_principal(&app.service_principal))?;
    let registration = app.registration.present();
    for secret in registration.into_iter().flat_map(|registration| &registration.secrets) {
        write_secret(page, secret)?;
    }
    Ok(())
}

fn write_item(page: &mut Formatter<'_>, item: &SiteApplication) -> fmt::Result {
    line(page, 4, "Site", &format!("\"{}\" (row {})", item.name, item.id.0))?;
    if item.is_client_app {
        return Ok(());
    }
    line(page, 6, "App ID URI", item.identifier_uri.as_deref().unwrap_or(UNKNOWN))?;
    line(page, 6, "Reply URL", item.reply_url.as_deref().unwrap_or(UNKNOWN))?;
    line(page, 6, "Secret key expiry", &of_day(item.secret_expiry))?;
    line(page, 6, "Created", &of_day(item.created))
}

fn write_registration(page: &mut Formatter<'_>, app: &RegistrationView) -> fmt::Result {
    let properties = &app.properties;
    let name = properties.display_name.as_deref().unwrap_or("without a name");
    let maker = if app.made_by_this_crate {
        "made by this crate"
    } else {
        "made by others"
    };
    line(
        page,
        4,
        "App registration",
        &format!("\"{name}\" ({maker}; object {})", app.object_id),
    )?;
    let state = match (&app.disabled_by_microsoft_status, app.is_disabled) {
        (Some(status), _) if status != "NotDisabled" => format!("disabled by Microsoft: {status}"),
        (_, Answer::Yes) => "deactivated".to_owned(),
        (_, Answer::No) => "active".to_owned(),
        (_, Answer::Unknown) => "not told by the directory".to_owned(),
    };
    line(page, 6, "State", &state)?;
    let uris = properties.identifier_uris.as_deref().unwrap_or_default();
    if !uris.is_empty() {
        line(page, 6, "App ID URI", &uris.join(", "))?;
    }
    let redirects = properties.web.iter().flat_map(|web| web.redirect_uris.iter().flatten());
    let broker = properties
        .public_client
        .iter()
        .flat_map(|client| client.redirect_uris.iter().flatten());
    let redirects: Vec<&str> = redirects.chain(broker).map(String::as_str).collect();
    line(page, 6, "Redirect URIs", &or_none(&redirects.join(", ")))?;
    line(
        page,
        6,
        "Sign-in audience",
        properties.sign_in_audience.as_deref().unwrap_or(UNKNOWN),
    )?;
    if app.certificates > 0 {
        line(page, 6, "Certificates", &app.certificates.to_string())?;
    }
    Ok(())
}

fn write_secret(page: &mut Formatter<'_>, secret: &SecretView) -> fmt::Result {
    let issuer = match &secret.issued {
        SecretIssuer::ForThisSite => "issued by this crate for this site".to_owned(),
        SecretIssuer::ForAnotherSite { site } => format!("issued by this crate for another site ({site})"),
        SecretIssuer::ForUnknownSite { site } => format!("issued by this crate for a site ({site})"),
        SecretIssuer::WithoutSite => "issued by this crate without a site".to_owned(),
        SecretIssuer::Other => "issued by others".to_owned(),
    };
    let hint = secret
        .hint
        .as_ref()
        .map_or_else(String::new, |hint| format!(", begins with {hint}"));
    let in_use = answer(secret.in_use, "the site shows its date", "not in use here");
    let in_use = if secret.in_use == Answer::Unknown {
        "use not known"
    } else {
        in_use
    };
    let value = format!("{} until {}, {in_use}, {issuer}{hint}", secret.key_id, of_day(secret.ends));
    line(page, 4, "Secret", &value)
}

const fn answer(answer: Answer, yes: &'static str, no: &'static str) -> &'static str {
    match answer {
        Answer::Unknown => UNKNOWN,
        Answer::No => no,
        Answer::Yes => yes,
    }
}

fn of_consent(consent: &ConsentView) -> String {
    let role = |role: AppRole| match role {
        AppRole::Server => "web app",
        AppRole::Client => "native app",
    };
    let resource = consent.offered_by.map_or("Microsoft Graph", role);
    format!("{}, {} of {resource}", role(consent.app), consent.permission)
}

fn of_discovery(discovery: &Reading<SiteDiscovery>) -> String {
    let on = match discovery {
        Reading::Unknown => return UNKNOWN.to_owned(),
        Reading::Absent => return "off".to_owned(),
        Reading::Present(on) => on,
    };
    let mut text = "on".to_owned();
    if let Some(minutes) = on.delta_minutes {
        text += &format!(", changes every {minutes} minutes");
    }
    if !on.group_names.is_empty() {
        text += &format!(", groups {}", on.group_names.join(", "));
    }
    text + &match on.last_full_sync {
        Some(moment) => format!(", read in full last on {}", moment.date()),
        None => ", when it was read in full last is not known".to_owned(),
    }
}

fn of_principal(principal: &Reading<ServicePrincipal>) -> String {
    let found = match principal {
        Reading::Unknown => return UNKNOWN.to_owned(),
        Reading::Absent => return "missing".to_owned(),
        Reading::Present(found) => found,
    };
    let state = answer(Answer::of(found.account_enabled), "enabled", "disabled");
    let state = if found.account_enabled.is_none() {
        "whether it is enabled is not known"
    } else {
        state
    };
    format!("{} ({state})", found.id)
}

fn of_day(moment: Option<OffsetDateTime>) -> String {
    moment.map_or_else(|| UNKNOWN.to_owned(), |moment| moment.date().to_string())
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}
