//! What the script says, line by line.

use serde::Deserialize;
use time::OffsetDateTime;

use super::{error::PowerShellError, redact::Redactor};
use crate::{
    cloud::CloudEnvironment,
    error::{SiteError, SiteRefused},
    site::{
        SiteAction, SiteApplication, SiteConnection, SiteDiscovery, SiteInfo, SiteItem, SiteProgress, SiteRemoved, SiteRowId, SiteTenant,
    },
};

/// The version of the language that script and crate speak.
const VERSION: u8 = 1;

/// One line, understood.
#[derive(Debug)]
pub(super) enum Answer {
    Site(SiteInfo),
    Tenant(SiteTenant),
    Application(SiteApplication),
    Connection(Box<SiteConnection>),
    Progress(SiteProgress),
    Removed(SiteRemoved),
    Failed(SiteError),
    End,
    /// A row that this crate has no words for, such as a tenant whose id is no GUID.
    Skipped,
}

/// Reads one line. `None` where it is not what the script of this version writes.
pub(super) fn read(line: &[u8], redactor: &Redactor) -> Option<Answer> {
    // What follows the document is what a terminal puts after a line.
    let mut documents = serde_json::Deserializer::from_slice(line).into_iter::<Line>();
    let line = documents.next()?.ok()?;
    if line.cmg != VERSION {
        return None;
    }
    line.said.into_answer(redactor)
}

#[derive(Deserialize)]
struct Line {
    cmg: u8,
    #[serde(flatten)]
    said: Said,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Said {
    Site {
        site_code: String,
        version: String,
    },
    Tenant {
        id: i64,
        tenant_id: String,
        name: String,
        environment: Option<String>,
    },
    Application {
        id: i64,
        client_id: String,
        name: String,
        tenant: i64,
        is_client_app: bool,
        identifier_uri: Option<String>,
        secret_expiry: Option<i64>,
    },
    Connection {
        id: i64,
        name: String,
        description: Option<String>,
        web_applications: Vec<i64>,
        user_discovery: Option<Discovery>,
        group_discovery: Option<Discovery>,
    },
    Progress {
        item: String,
        action: String,
        row: Option<i64>,
        differences: Vec<String>,
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
    },
    End {},
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Discovery {
    full_schedule: Option<String>,
    delta_minutes: Option<u32>,
    group_names: Vec<String>,
}

impl Said {
    fn into_answer(self, redactor: &Redactor) -> Option<Answer> {
        Some(match self {
            Self::Site { site_code, version } => Answer::Site(SiteInfo::new(site_code, version)),
            Self::Tenant {
                id,
                tenant_id,
                name,
                environment,
            } => {
                let Ok(tenant_id) = tenant_id.parse() else {
                    return Some(Answer::Skipped);
                };
                let cloud = CloudEnvironment::ALL
                    .into_iter()
                    .find(|cloud| environment.as_deref() == Some(cloud.as_str()));
                Answer::Tenant(SiteTenant::new(SiteRowId(id), tenant_id, name, cloud))
            }
            Self::Application {
                id,
                client_id,
                name,
                tenant,
                is_client_app,
                identifier_uri,
                secret_expiry,
            } => {
                let Ok(client_id) = client_id.parse() else {
                    return Some(Answer::Skipped);
                };
                let mut application = SiteApplication::new(SiteRowId(id), client_id, name, SiteRowId(tenant), is_client_app);
                application.identifier_uri = filled(identifier_uri);
                application.secret_expiry = secret_expiry.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
                Answer::Application(application)
            }
            Self::Connection {
                id,
                name,
                description,
                web_applications,
                user_discovery,
                group_discovery,
            } => {
                let rows = web_applications.into_iter().map(SiteRowId).collect();
                let mut connection = SiteConnection::new(SiteRowId(id), name, filled(description), rows);
                connection.user_discovery = user_discovery.map(Discovery::into_site);
                connection.group_discovery = group_discovery.map(Discovery::into_site);
                Answer::Connection(Box::new(connection))
            }
            Self::Progress {
                item,
                action,
                row,
                differences,
            } => {
                let action = action_of(&action, &differences, redactor)?;
                Answer::Progress(SiteProgress::new(item_of(&item)?, action, row.map(SiteRowId)))
            }
            Self::Removed { connection, left_behind } => Answer::Removed(SiteRemoved::new(connection, left_behind)),
            Self::Error {
                code,
                operation,
                message,
                help,
            } => Answer::Failed(failure(&code, &operation, redactor.clean(&message), help)?),
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

fn action_of(name: &str, differences: &[String], redactor: &Redactor) -> Option<SiteAction> {
    Some(match name {
        "created" => SiteAction::Created,
        "unchanged" => SiteAction::Unchanged,
        "changed" => SiteAction::Changed,
        "differs" => {
            let differences = redactor.clean(&differences.join("; "));
            SiteAction::Differs(format!("The site keeps it as it has it: {differences}."))
        }
        _ => return None,
    })
}

fn failure(code: &str, operation: &str, message: String, help: String) -> Option<SiteError> {
    let help = match help.as_str() {
        "" => "Look at the message and in the console, then run the same again: what is there is kept.".to_owned(),
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

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
