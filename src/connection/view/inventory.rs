//! The app registrations that this crate has made in a tenant, those of forgotten specifications included.

use std::fmt;

use futures_util::future::join3;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    call::Call,
    clock::{Clock, SystemClock},
    connection::{
        builder::AzureServicesConnectionBuilder,
        plan::registration::{CLIENT_NAME, SERVER_NAME, TAG, UniqueNames},
        read::reading::none_if_denied,
        report::{
            emitter::Emitter,
            event::{Event, Verb},
            finding::{Finding, FindingCode},
            read_error::ReadError,
            step::AppRole,
        },
        view::{model::VERSION, removal},
    },
    directory::{Application, DeletedApplication, DirectoryHandle},
    ids::{ApplicationId, ApplicationObjectId, TenantId},
    text::clean,
};

/// The app registrations that this crate has made in a tenant, the deleted ones included that can still be restored.
///
/// It is pure data, which can be stored, and it prints as a list. [`removal`](Self::removal) begins the removal of a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Inventory {
    /// The version of this form, 1. A program that reads it should refuse a version that it does not know.
    pub version: u32,
    /// When the tenant was read.
    #[serde(with = "time::serde::rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::Moment"))]
    pub read_at: OffsetDateTime,
    /// The tenant; `None` if it could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The registrations, by their unique names.
    pub registrations: Vec<InventoryEntry>,
    /// What could not be read.
    pub findings: Vec<Finding>,
}

/// One app registration that this crate has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InventoryEntry {
    /// The friendly name, which others may have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// *Application (client) ID*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<ApplicationId>,
    /// *Object ID*.
    pub object_id: ApplicationObjectId,
    /// The unique name, which cannot be changed and tells that this crate has made it. `None` for an app that only has the
    /// tag, which others may have set: it is never removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_name: Option<String>,
    /// The key of the specification that it was made for, if one was found that gives this unique name: the name itself holds
    /// a digest only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which of the two apps it is, if its unique name tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<AppRole>,
    /// Whether it has the tag `configmgr-cmg-onboarding`. Apps of older versions have none.
    pub is_tagged: bool,
    /// When it was registered, if the directory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub created: Option<OffsetDateTime>,
    /// Whether it is deleted and can still be restored.
    pub is_deleted: bool,
    /// When it was deleted, if it is and the directory tells it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::Moment>"))]
    pub deleted: Option<OffsetDateTime>,
}

/// Lists the app registrations that this crate has made in a tenant: those of a specification that is lost can so be found and
/// removed.
///
/// All app registrations are read, page by page, and filtered here, by the unique name that this crate gives and by its tag;
/// never by a display name. A filter of the service on the beginning of a unique name is not documented. It takes permission
/// to read apps ([`Use::ReadApps`](crate::permissions::Use::ReadApps)), and for the deleted ones
/// [`Use::ReadDeleted`](crate::permissions::Use::ReadDeleted).
///
/// ```
/// use cmg_onboarding::{DirectoryHandle, connection::registrations};
/// use cmg_onboarding_emulator::EmulatedTenant;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let directory = DirectoryHandle::from(EmulatedTenant::new().directory());
/// let inventory = registrations(&directory, |_| ()).await?;
/// println!("{inventory}");
/// assert!(inventory.registrations.is_empty(), "nothing was made yet");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// If the app registrations cannot be read, or are more than the directory reads: Microsoft Graph's are read up to 100 pages of
/// 999 or 32 MiB, and the error says which bound was met. If only the deleted ones cannot be read, a finding says so.
///
/// # Cancel safety
///
/// The future may be dropped at any await: nothing is written.
pub async fn registrations(directory: &DirectoryHandle, events: impl Fn(&Event) + Send + Sync) -> Result<Inventory, ReadError> {
    let emitter = Emitter::begin(Verb::Registrations, None, &events, &SystemClock);
    let result = emitter.listening(list(directory, emitter.call(None))).await;
    emitter.end_of_reading(&result);
    result
}

async fn list(directory: &DirectoryHandle, call: Call) -> Result<Inventory, ReadError> {
    let (directory, read_at) = (directory.as_directory(), SystemClock.now());
    let beginnings = [SERVER_NAME.to_owned(), CLIENT_NAME.to_owned()];
    let (tenant, live, deleted) = join3(
        directory.tenant(call.clone()),
        directory.marked_applications(call.clone(), &beginnings, TAG),
        directory.marked_deleted_applications(call.clone(), &beginnings, TAG),
    )
    .await;
    let live = live.map_err(ReadError::Directory)?;
    let deleted = none_if_denied(deleted).map_err(ReadError::Directory)?;
    let unread = deleted.is_none().then(|| Finding::note(FindingCode::DeletedAppsUnread));
    let live = live.into_iter().map(InventoryEntry::of);
    let deleted = deleted.unwrap_or_default().into_iter().map(InventoryEntry::of_deleted);
    // One whose unique name only begins as if is an app of others.
    let is_made_here = |entry: &InventoryEntry| entry.unique_name.is_some() || entry.is_tagged;
    let mut registrations: Vec<InventoryEntry> = live.chain(deleted).filter(is_made_here).collect();
    registrations.sort_by_key(InventoryEntry::order);
    let tenant_id = match tenant {
        Ok(tenant) => Some(tenant.id),
        // Not every caller may read its name, and nothing here needs it.
        Err(_) => directory.signed_in(call).await.ok().and_then(|signed_in| signed_in.tenant_id),
    };
    Ok(Inventory {
        version: VERSION,
        read_at,
        tenant_id,
        registrations,
        findings: unread.into_iter().collect(),
    })
}

impl Inventory {
    /// Begins the removal of the pair of apps that this entry belongs to: the caller gives the directory, and may give a site. A
    /// connection of the site that uses the server app and is named as the [`key`](InventoryEntry::key) goes with them; any
    /// other one keeps what it uses. `None` if the entry's unique name does not tell that this crate has made it.
    ///
    /// The builder makes a connection that can be removed and nothing else: see
    /// [`plan_removal`](crate::AzureServicesConnection::plan_removal), which shows the plan first. The guards hold as for a
    /// removal with a specification: apps with a valid secret for a site stay, unless
    /// [`state_apps_unused`](AzureServicesConnectionBuilder::state_apps_unused) says that nothing uses them.
    #[must_use]
    pub fn removal(&self, entry: &InventoryEntry) -> Option<AzureServicesConnectionBuilder> {
        let (role, names) = UniqueNames::of_pair(entry.unique_name.as_deref()?)?;
        let named = |wanted: AppRole| {
            let mut pair = self.registrations.iter();
            let is_it = |other: &&InventoryEntry| {
                let found = other.unique_name.as_deref().and_then(UniqueNames::of_pair);
                found.is_some_and(|found| found == (wanted, names.clone()))
            };
            pair.find(is_it).and_then(|entry| entry.name.as_deref())
        };
        let name = entry.key.as_deref().or(entry.name.as_deref());
        let fallback = match role {
            AppRole::Server => &names.server,
            AppRole::Client => &names.client,
        };
        let spec = removal::of_pair(name.unwrap_or(fallback), fallback, named(AppRole::Server), named(AppRole::Client))?;
        let builder = AzureServicesConnectionBuilder::new(spec).only_removes(Some(names.clone()));
        Some(match self.tenant_id {
            Some(tenant) => builder.tenant(tenant),
            None => builder,
        })
    }
}

impl InventoryEntry {
    fn of(app: Application) -> Self {
        let properties = app.properties;
        Self {
            application_id: Some(app.app_id),
            created: app.created_date_time,
            ..Self::new(
                app.object_id,
                properties.display_name,
                properties.unique_name,
                properties.tags.as_deref(),
            )
        }
    }

    fn of_deleted(app: DeletedApplication) -> Self {
        Self {
            application_id: app.app_id,
            created: app.created_date_time,
            is_deleted: true,
            deleted: app.deleted_date_time,
            ..Self::new(app.object_id, app.display_name, app.unique_name, Some(&app.tags))
        }
    }

    fn new(object_id: ApplicationObjectId, name: Option<String>, unique_name: Option<String>, tags: Option<&[String]>) -> Self {
        let pair = unique_name.as_deref().and_then(UniqueNames::of_pair);
        Self {
            key: pair.as_ref().and_then(|(_, names)| key_of(names)),
            role: pair.as_ref().map(|(role, _)| *role),
            unique_name: unique_name.filter(|_| pair.is_some()),
            is_tagged: tags.into_iter().flatten().any(|tag| tag == TAG),
            name,
            application_id: None,
            object_id,
            created: None,
            is_deleted: false,
            deleted: None,
        }
    }

    /// Pairs stand together, the server app first.
    fn order(&self) -> (Option<String>, bool, bool, ApplicationObjectId) {
        let pair = self.unique_name.as_deref().and_then(UniqueNames::of_pair);
        let name = pair.map(|(_, names)| names.server);
        (name, self.role == Some(AppRole::Client), self.is_deleted, self.object_id)
    }
}

/// The most words of a name that are tried: each can be written in three ways.
const MOST_WORDS: usize = 6;

/// The key that gives these names, if it is one that people write: the words that the names hold, each in small letters, in
/// capitals or with a capital first, joined by one kind of character.
fn key_of(names: &UniqueNames) -> Option<String> {
    let rest = names.server.strip_prefix(SERVER_NAME)?;
    let (slug, _) = rest.rsplit_once('-')?;
    let words: Vec<&str> = slug.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() || words.len() > MOST_WORDS {
        return None;
    }
    let ways = 3_usize.pow(u32::try_from(words.len()).ok()?);
    let written = |way: usize| -> Vec<String> {
        let mut rest = way;
        let forms = words.iter().map(|word| {
            let form = rest % 3;
            rest /= 3;
            match form {
                0 => capitalised(word),
                1 => word.to_ascii_uppercase(),
                _ => (*word).to_owned(),
            }
        });
        forms.collect()
    };
    let keys = (0..ways).flat_map(|way| [" ", "-", "_", "."].map(|joint| written(way).join(joint)));
    keys.into_iter().find(|key| UniqueNames::of(key) == *names)
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

impl fmt::Display for Inventory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenant = self.tenant_id.map_or_else(|| "not known".to_owned(), |id| id.to_string());
        writeln!(
            formatter,
            "App registrations that this crate has made in tenant {tenant}: {}",
            self.registrations.len()
        )?;
        for entry in &self.registrations {
            let role = entry.role.map_or_else(|| "tagged only".to_owned(), |role| role.to_string());
            let id = entry
                .application_id
                .map_or_else(|| "without client id".to_owned(), |id| id.to_string());
            let created = entry
                .created
                .map_or_else(|| "not known".to_owned(), |moment| moment.date().to_string());
            let name = clean(entry.name.as_deref().unwrap_or("without a name"));
            let deleted = if entry.is_deleted { ", deleted" } else { "" };
            writeln!(formatter, "  {role:<11} {id} \"{name}\", created {created}{deleted}")?;
            if let Some(unique_name) = &entry.unique_name {
                writeln!(formatter, "              unique name {}", clean(unique_name))?;
            }
            if let Some(key) = &entry.key {
                writeln!(formatter, "              key \"{}\"", clean(key))?;
            }
        }
        for finding in &self.findings {
            writeln!(formatter, "{}", clean(&finding.to_string()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_people_write_is_found_again_and_another_one_is_not_guessed() {
        for key in [
            "Contoso CMG",
            "contoso cmg",
            "contoso-prod-cmg",
            "Fabrikam",
            "NORTH_EU",
            "a b c d e f",
        ] {
            assert_eq!(key_of(&UniqueNames::of(key)).as_deref(), Some(key));
        }
        for key in ["Contoso  CMG", "cOntoso", "\u{dc}ber", "a b c d e f g"] {
            assert_eq!(key_of(&UniqueNames::of(key)), None, "{key}");
        }
    }
}
