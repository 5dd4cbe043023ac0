//! What is said to the script: one JSON document.

use secrecy::zeroize::Zeroizing;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::ascii_json;
use crate::{
    error::{SiteError, SiteRefused},
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    site::{ClientAppImport, ServerAppImport, SiteOnboarding, SiteRemoval},
    spec::{DiscoverySpec, Schedule},
};

/// The version of the language that script and crate speak.
pub(super) const VERSION: u8 = 2;

/// The console's way to renew a secret.
const RENEW: &str = "In the console: Administration > Cloud Services > Microsoft Entra tenants > the server app > Renew Secret Key.";

/// A number for one run, which no text of the site can know.
pub(super) fn new_run() -> String {
    Uuid::new_v4().simple().to_string()
}

/// Which site, and where.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) site_code: String,
    pub(super) provider: String,
}

/// What the script is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task<'a> {
    Snapshot,
    Onboard(&'a SiteOnboarding),
    /// The same in the console form: the script asks the administrator for the secret, and updates the server app if that is
    /// wanted, for which the administrator signs in.
    InConsole {
        wanted: &'a SiteOnboarding,
        updates_server_app: bool,
    },
    Remove(&'a SiteRemoval),
}

impl<'a> Task<'a> {
    /// The secret that the request carries.
    pub(super) const fn secret(self) -> Option<&'a ClientSecret> {
        match self {
            Self::Onboard(wanted) => wanted.server_app.secret_key(),
            Self::Snapshot | Self::InConsole { .. } | Self::Remove(_) => None,
        }
    }

    /// The connection that is wanted.
    const fn wanted(self) -> Option<&'a SiteOnboarding> {
        match self {
            Self::Onboard(wanted) | Self::InConsole { wanted, .. } => Some(wanted),
            Self::Snapshot | Self::Remove(_) => None,
        }
    }
}

/// The request of one run, as one line.
///
/// # Errors
///
/// When a text would not arrive as it is.
pub(super) fn line(run: &str, address: &Address, task: Task<'_>) -> Result<Zeroizing<Vec<u8>>, SiteError> {
    let (operation, wanted, removal) = match task {
        Task::Snapshot => ("snapshot", None, None),
        Task::Onboard(wanted) | Task::InConsole { wanted, .. } => ("onboard", Some(Wanted::of(wanted)), None),
        Task::Remove(removal) => ("remove", None, Some(removal)),
    };
    if let Some(text) = texts(task).find(|text| is_taken_for_a_date(text)) {
        let message = format!("PowerShell would take {text:?} for a date");
        return Err(SiteRefused::new("hand the values to PowerShell", message, "Choose another name or description.").into());
    }
    if task
        .wanted()
        .is_some_and(|wanted| matches!(wanted.server_app, ServerAppImport::Renew { .. }))
    {
        let message = "the product has no documented cmdlet for it";
        return Err(SiteRefused::new("renew the secret", message, RENEW).into());
    }
    let imports = |wanted: &SiteOnboarding| matches!(wanted.server_app, ServerAppImport::Import { .. });
    let request = Request {
        request: VERSION,
        run,
        operation,
        site_code: &address.site_code,
        provider: &address.provider,
        prompt_for_secret: matches!(task, Task::InConsole { wanted, .. } if imports(wanted)),
        update_server_app: matches!(
            task,
            Task::InConsole {
                updates_server_app: true,
                ..
            }
        ),
        secret_key: task.secret().map(CodeUnits),
        wanted,
        removal: removal.map(|removal| Removal {
            connection: removal.connection.0,
            name: &removal.name,
            no_gateway_stated: removal.no_gateway_stated,
        }),
    };
    ascii_json::line(&request).map_err(|error| {
        let message = "the request could not be written";
        SiteRefused::new(
            "hand the values to PowerShell",
            format!("{message}: {error}"),
            "Report this as an error of the crate.",
        )
        .into()
    })
}

/// The secret and what is wanted, as a request has them, for a sealed hand-over; `None` if there is no secret.
#[cfg(feature = "hand-over")]
pub(crate) fn for_a_hand_over(wanted: &SiteOnboarding) -> Option<(impl Serialize, impl Serialize)> {
    let secret = Task::Onboard(wanted).secret()?;
    Some((CodeUnits(secret), Wanted::of(wanted)))
}

/// The text that PowerShell would take for a date, if there is one.
#[cfg(feature = "hand-over")]
pub(crate) fn taken_for_a_date(wanted: &SiteOnboarding) -> Option<&str> {
    texts(Task::Onboard(wanted)).find(|text| is_taken_for_a_date(text))
}

/// Every key is always there: the script reads in strict mode.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    request: u8,
    /// Before every text that is chosen freely: the script takes the first one.
    run: &'a str,
    operation: &'static str,
    site_code: &'a str,
    provider: &'a str,
    prompt_for_secret: bool,
    update_server_app: bool,
    secret_key: Option<CodeUnits<'a>>,
    wanted: Option<Wanted<'a>>,
    removal: Option<Removal<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    tenant_id: TenantId,
    tenant_name: &'a str,
    environment: &'static str,
    server_app: App<'a>,
    client_app: App<'a>,
    name: &'a str,
    rename: Option<Rename<'a>>,
    description: Option<&'a str>,
    users: Option<Discovery<'a>>,
    groups: Option<Discovery<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rename<'a> {
    row: i64,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct App<'a> {
    import: bool,
    client_id: ApplicationId,
    name: Option<&'a str>,
    /// In seconds since 1970: PowerShell 7 turns dates in JSON into dates of its own, Windows PowerShell does not.
    secret_key_expiry: Option<i64>,
    app_id_uri: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Discovery<'a> {
    off: bool,
    names: &'a [String],
    removed_names: &'a [String],
    full_schedule: Option<&'a Schedule>,
    delta_minutes: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removal<'a> {
    connection: i64,
    name: &'a str,
    no_gateway_stated: bool,
}

impl<'a> Wanted<'a> {
    fn of(wanted: &'a SiteOnboarding) -> Self {
        let discovery = wanted.discovery.as_ref();
        Self {
            tenant_id: wanted.tenant_id,
            tenant_name: &wanted.tenant_name,
            environment: wanted.environment.as_str(),
            server_app: App::server(&wanted.server_app),
            client_app: App::client(&wanted.client_app),
            name: &wanted.name,
            rename: wanted.renamed_from.as_ref().map(|former| Rename {
                row: former.row.0,
                name: &former.name,
            }),
            description: wanted.description.as_deref(),
            users: discovery.and_then(Discovery::of_users),
            groups: discovery.and_then(Discovery::of_groups),
        }
    }
}

impl<'a> Discovery<'a> {
    const OFF: Self = Self {
        off: true,
        names: &[],
        removed_names: &[],
        full_schedule: None,
        delta_minutes: None,
    };

    fn of_users(discovery: &'a DiscoverySpec) -> Option<Self> {
        let settings = discovery.users().map(|users| Self {
            off: false,
            full_schedule: users.full_schedule.as_ref(),
            delta_minutes: users.delta_minutes,
            ..Self::OFF
        });
        settings.or_else(|| discovery.users_are_off().then_some(Self::OFF))
    }

    fn of_groups(discovery: &'a DiscoverySpec) -> Option<Self> {
        let settings = discovery.groups().map(|groups| Self {
            off: false,
            names: &groups.names,
            removed_names: &groups.removed_names,
            full_schedule: groups.full_schedule.as_ref(),
            delta_minutes: groups.delta_minutes,
        });
        settings.or_else(|| discovery.groups_are_off().then_some(Self::OFF))
    }
}

impl<'a> App<'a> {
    fn server(app: &'a ServerAppImport) -> Self {
        match app {
            ServerAppImport::Import {
                name,
                client_id,
                secret_key_expiry,
                app_id_uri,
                ..
            } => Self {
                import: true,
                client_id: *client_id,
                name: Some(name),
                secret_key_expiry: Some(secret_key_expiry.unix_timestamp()),
                app_id_uri: Some(app_id_uri.as_str()),
            },
            ServerAppImport::Known(client_id) | ServerAppImport::Renew { client_id, .. } => Self::known(*client_id),
        }
    }

    fn client(app: &'a ClientAppImport) -> Self {
        match app {
            ClientAppImport::Import { name, client_id } => Self {
                import: true,
                name: Some(name),
                ..Self::known(*client_id)
            },
            ClientAppImport::Known(client_id) => Self::known(*client_id),
        }
    }

    const fn known(client_id: ApplicationId) -> Self {
        Self {
            import: false,
            client_id,
            name: None,
            secret_key_expiry: None,
            app_id_uri: None,
        }
    }
}

/// A secret as the numbers of its UTF-16 code units, so that the script meets it in no cmdlet that could be logged.
struct CodeUnits<'a>(&'a ClientSecret);

impl Serialize for CodeUnits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.expose().encode_utf16())
    }
}

/// The texts of a request that a person has chosen freely.
fn texts(task: Task<'_>) -> impl Iterator<Item = &str> {
    let removal = match task {
        Task::Remove(removal) => Some(removal),
        _ => None,
    };
    let of_wanted = task.wanted().into_iter().flat_map(|wanted| {
        let server = match &wanted.server_app {
            ServerAppImport::Import { name, .. } => Some(name.as_str()),
            ServerAppImport::Known(_) | ServerAppImport::Renew { .. } => None,
        };
        let client = match &wanted.client_app {
            ClientAppImport::Import { name, .. } => Some(name.as_str()),
            ClientAppImport::Known(_) => None,
        };
        let groups = wanted.discovery.as_ref().and_then(|discovery| discovery.groups());
        [
            Some(wanted.tenant_name.as_str()),
            Some(wanted.name.as_str()),
            wanted.renamed_from.as_ref().map(|former| former.name.as_str()),
            wanted.description.as_deref(),
            server,
            client,
        ]
        .into_iter()
        .flatten()
        .chain(
            groups
                .into_iter()
                .flat_map(|groups| groups.names.iter().chain(&groups.removed_names).map(String::as_str)),
        )
    });
    of_wanted.chain(removal.map(|removal| removal.name.as_str()))
}

/// PowerShell 7 turns texts of JSON that look like a date into dates, which cannot be turned back.
fn is_taken_for_a_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_iso = bytes.first().is_some_and(u8::is_ascii_digit) && bytes.get(10) == Some(&b'T');
    is_iso || text.starts_with("/Date(")
}

#[cfg(test)]
mod tests;
