//! What the script says, line by line.

use serde::Deserialize;
use time::OffsetDateTime;

use super::{error::PowerShellError, redact::Redactor, request::VERSION, revision};
use crate::{
    cloud::CloudEnvironment,
    error::{SiteError, SiteRefused},
    site::{
        SecretHeld, SiteAction, SiteApplication, SiteConnection, SiteDiscovery, SiteGateway, SiteHierarchy, SiteInfo, SiteItem,
        SiteProgress, SiteRemoved, SiteRowId, SiteTenant,
    },
};

/// One line, understood.
#[derive(Debug)]
pub(super) enum Answer {
    Site(SiteInfo),
    Tenant(SiteTenant),
    Application(SiteApplication),
    Connection(Box<SiteConnection>),
    /// With which secret the site holds, where the script says so.
    Progress(SiteProgress, Option<SecretHeld>),
    Removed(SiteRemoved),
    Gateway(SiteGateway),
    Facts(Facts),
    Failed(SiteError),
    End,
    /// A row that this crate has no words for, such as a tenant whose id is no GUID.
    Skipped,
}

/// What was read of the site besides its rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) are_gateways_known: bool,
    pub(super) is_service_connection_point_online: Option<bool>,
}

/// Reads one line. `None` where it is not what the script of this version writes.
pub(super) fn read(line: &[u8], redactor: &Redactor) -> Option<Answer> {
    // What follows the document is what a terminal puts after a line.
    let mut documents = serde_json::Deserializer::from_slice(line).into_iter::<Line>();
    let line = documents.next()?.ok()?;
    if line.cmg != VERSION {
        return None;
    }
    line.event.into_answer(redactor)
}

#[derive(Deserialize)]
struct Line {
    cmg: u8,
    #[serde(flatten)]
    event: ScriptEvent,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum ScriptEvent {
    Site {
        revision: String,
        site_code: String,
        version: String,
        /// Where the drive of the site leads; `None` if it could not be read.
        #[serde(default)]
        provider: Option<String>,
        /// Empty for a site at the top; `None` if it could not be read.
        #[serde(default)]
        reports_to: Option<String>,
        #[serde(default)]
        module_version: Option<String>,
    },
    Tenant {
        id: i64,
        tenant_id: String,
        name: String,
        environment: Option<String>,
        #[serde(default)]
        environment_number: Option<i64>,
    },
    Application {
        id: i64,
        client_id: String,
        name: String,
        tenant: i64,
        is_client_app: bool,
        identifier_uri: Option<String>,
        secret_expiry: Option<i64>,
        #[serde(default)]
        secret_created: Option<i64>,
        #[serde(default)]
        updated: Option<i64>,
        #[serde(default)]
        created: Option<i64>,
        #[serde(default)]
        reply_url: Option<String>,
        #[serde(default)]
        source: Option<i64>,
    },
    Connection {
        id: i64,
        name: String,
        description: Option<String>,
        /// `None` if they could not be read.
        web_applications: Option<Vec<i64>>,
        #[serde(default)]
        service_type: Option<i64>,
        user_discovery: Option<Discovery>,
        group_discovery: Option<Discovery>,
        #[serde(default = "known")]
        is_discovery_known: bool,
    },
    Progress {
        item: String,
        action: String,
        row: Option<i64>,
        differences: Vec<String>,
        secret: Option<String>,
    },
    Gateway {
        name: String,
        connection: Option<i64>,
    },
    Facts {
        are_gateways_known: bool,
        is_service_connection_point_online: Option<bool>,
    },
    Removed {
        connection: bool,
        left_behind: Vec<String>,
    },
    Error {
        code: String,
        operation: String,
        message: String,
        help: String,
        #[serde(default)]
        error_id: Option<String>,
        #[serde(default)]
        line: Option<i64>,
    },
    End {},
}

const fn known() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    full_schedule: Option<String>,
    delta_minutes: Option<u32>,
    group_names: Vec<String>,
    #[serde(default)]
    agent_type: Option<i64>,
    #[serde(default)]
    last_full: Option<i64>,
    #[serde(default)]
    last_delta: Option<i64>,
}

impl ScriptEvent {
    fn into_answer(self, redactor: &Redactor) -> Option<Answer> {
        Some(match self {
            Self::Site {
                revision: said,
                site_code,
                version,
                provider,
                reports_to,
                module_version,
            } => {
                if said != revision() {
                    tracing::warn!(said, own = revision(), "the script is another revision than this crate's");
                }
                let mut info = SiteInfo::new(site_code, version);
                info.provider = filled(provider);
                info.hierarchy = SiteHierarchy::of(reports_to.as_deref());
                info.module_version = filled(module_version);
                Answer::Site(info)
            }
            Self::Tenant {
                id,
                tenant_id,
                name,
                environment,
                environment_number,
            } => {
                let Ok(tenant_id) = tenant_id.parse() else {
                    return Some(Answer::Skipped);
                };
                let cloud = CloudEnvironment::ALL
                    .into_iter()
                    .find(|cloud| environment.as_deref() == Some(cloud.as_str()));
                let mut tenant = SiteTenant::new(SiteRowId(id), tenant_id, name, cloud);
                tenant.environment_number = environment_number;
                tenant.environment_name = filled(environment);
                Answer::Tenant(tenant)
            }
            Self::Application {
                id,
                client_id,
                name,
                tenant,
                is_client_app,
                identifier_uri,
                secret_expiry,
                secret_created,
                updated,
                created,
                reply_url,
                source,
            } => {
                let Ok(client_id) = client_id.parse() else {
                    return Some(Answer::Skipped);
                };
                let mut application = SiteApplication::new(SiteRowId(id), client_id, name, SiteRowId(tenant), is_client_app);
                application.identifier_uri = filled(identifier_uri);
                application.secret_expiry = secret_expiry.and_then(moment);
                application.secret_created = secret_created.and_then(moment);
                application.updated = updated.and_then(moment);
                application.created = created.and_then(moment);
                application.reply_url = filled(reply_url);
                application.source = source;
                Answer::Application(application)
            }
            Self::Connection {
                id,
                name,
                description,
                web_applications,
                service_type,
                user_discovery,
                group_discovery,
                is_discovery_known,
            } => {
                if web_applications.is_none() {
                    tracing::warn!(connection = id, "the web apps of a connection cannot be read");
                }
                let rows = web_applications.into_iter().flatten().map(SiteRowId).collect();
                let mut connection = SiteConnection::new(SiteRowId(id), name, filled(description), rows);
                connection.service_type = service_type;
                connection.is_discovery_unread = !is_discovery_known;
                connection.user_discovery = user_discovery.map(Discovery::into_site);
                connection.group_discovery = group_discovery.map(Discovery::into_site);
                Answer::Connection(Box::new(connection))
            }
            Self::Progress {
                item,
                action,
                row,
                differences,
                secret,
            } => {
                let differences = redactor.clean(&differences.join("; "));
                let action = action_of(&action, &differences)?;
                let is_beside = !differences.is_empty() && !matches!(action, SiteAction::Differs(_));
                let mut progress = SiteProgress::new(item_of(&item)?, action, row.map(SiteRowId));
                if is_beside {
                    progress = progress.reading_back(format!("{differences}."));
                }
                let held = match secret {
                    Some(secret) => Some(held_of(&secret)?),
                    None => None,
                };
                Answer::Progress(progress, held)
            }
            Self::Gateway { name, connection } => Answer::Gateway(SiteGateway::new(name, connection.map(SiteRowId))),
            Self::Facts {
                are_gateways_known,
                is_service_connection_point_online,
            } => Answer::Facts(Facts {
                are_gateways_known,
                is_service_connection_point_online,
            }),
            Self::Removed { connection, left_behind } => Answer::Removed(SiteRemoved::new(connection, left_behind)),
            Self::Error {
                code,
                operation,
                message,
                help,
                error_id,
                line,
            } => {
                let message = with_place(message, error_id, line);
                Answer::Failed(failure(&code, &operation, redactor.clean(&message), help)?)
            }
            Self::End {} => Answer::End,
        })
    }
}

impl Discovery {
    fn into_site(self) -> SiteDiscovery {
        SiteDiscovery {
            // A schedule of several tokens, or of a kind that is not documented, is one that this crate cannot tell.
            full_schedule: self.full_schedule.as_deref().and_then(|token| token.parse().ok()),
            full_schedule_text: self.full_schedule,
            delta_minutes: self.delta_minutes,
            group_names: self.group_names,
            agent_type: self.agent_type,
            last_full_sync: self.last_full.and_then(moment),
            last_delta_sync: self.last_delta.and_then(moment),
            ..SiteDiscovery::default()
        }
    }
}

fn item_of(name: &str) -> Option<SiteItem> {
    Some(match name {
        "tenant" => SiteItem::Tenant,
        "serverApp" => SiteItem::ServerApp,
        "clientApp" => SiteItem::ClientApp,
        "connection" => SiteItem::Connection,
        "discovery" => SiteItem::Discovery,
        _ => return None,
    })
}

fn held_of(name: &str) -> Option<SecretHeld> {
    Some(match name {
        "this" => SecretHeld::This,
        "another" => SecretHeld::Another,
        "notSaid" => SecretHeld::NotSaid,
        _ => return None,
    })
}

fn action_of(name: &str, differences: &str) -> Option<SiteAction> {
    Some(match name {
        "created" => SiteAction::Created,
        "unchanged" => SiteAction::Unchanged,
        "changed" => SiteAction::Changed,
        "differs" => SiteAction::Differs(format!("The site keeps it as it has it: {differences}.")),
        _ => return None,
    })
}

fn failure(code: &str, operation: &str, message: String, help: String) -> Option<SiteError> {
    let help = match help.as_str() {
        "" => "Look at the message and in the console, then repeat the run: what is there is kept.".to_owned(),
        _ => help,
    };
    match code {
        "refused" => Some(SiteRefused::new(operation, message, help).into()),
        "unreachable" => {
            let operation = operation.to_owned();
            let error = PowerShellError::NotConnected { operation, message };
            Some(error.unreachable_with(help).into())
        }
        _ => None,
    }
}

/// PowerShell's own name for an error and its place, which a person who knows the script wants. A refusal of the script
/// itself has its message for a name.
fn with_place(message: String, error_id: Option<String>, line: Option<i64>) -> String {
    match (error_id.filter(|id| !id.is_empty() && *id != message), line) {
        (Some(id), Some(line)) => format!("{message} ({id}, line {line})"),
        (Some(id), None) => format!("{message} ({id})"),
        (None, _) => message,
    }
}

fn moment(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
