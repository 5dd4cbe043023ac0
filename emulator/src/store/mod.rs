//! The directory's objects, as JSON in the shape of Microsoft Graph v1.0, and what may be done to them.

mod application_rules;
mod applications;
mod consent;
mod credentials;
mod defaults;
mod deleted_items;
mod graph_itself;
mod identifier_uris;
mod owners;
mod passwords;
mod restrictions;
mod seen;
mod service_principals;
mod tenant_objects;

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use secrecy::SecretString;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    AppManagementPolicy,
    access::{Access, User},
    object::{Object, merge},
    refusal::Refusal,
    settings::{Lags, Settings},
};

pub(super) use applications::Upserted;
pub(super) use seen::Collection;
use seen::{Gone, Past, Purged};

/// What the directory holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    pub(super) applications: Vec<Entry>,
    pub(super) service_principals: Vec<Entry>,
    pub(super) grants: Vec<Entry>,
    pub(super) assignments: Vec<Entry>,
    pub(super) deleted: Vec<DeletedEntry>,
    pub(super) users: BTreeMap<Uuid, User>,
    /// The custom security attributes of users and service principals, by object id: id and value.
    pub(super) security_attributes: BTreeMap<Uuid, Vec<(String, String)>>,
    /// The tenant's default app management policy, which is enforced as it stands here.
    pub(super) policy: Object,
    pub(super) conditional_access_policies: Vec<Object>,
    /// The keys of identity providers, by issuer.
    pub(super) issuers: BTreeMap<String, Vec<Value>>,
    certificates: HashMap<String, Vec<u8>>,
    federated: HashMap<String, Vec<Object>>,
    gone: Vec<Gone>,
    purged: Vec<Purged>,
    secrets: HashMap<String, Secret>,
    made: usize,
}

/// One object. It exists at once and can be seen from a later moment on.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) object: Object,
    made: Instant,
    visible_from: Instant,
    /// Readers may hear of it later than writers do.
    read_from: Instant,
    flaps: Option<Duration>,
    owners: Vec<Uuid>,
    past: Vec<Past>,
}

/// A soft-deleted object.
#[derive(Debug, Clone)]
pub(super) struct DeletedEntry {
    pub(super) kind: Kind,
    pub(super) entry: Entry,
    listed_from: Instant,
}

/// The kinds of objects that are soft-deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    ServicePrincipal,
}

impl Kind {
    /// The name of its type in Microsoft Graph.
    pub(super) const fn type_name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::ServicePrincipal => "servicePrincipal",
        }
    }
}

/// The text of a secret. It is kept apart from the objects, so that no answer can carry it by accident.
#[derive(Debug, Clone)]
struct Secret {
    text: SecretString,
    usable_from: Instant,
}

/// What a presented secret is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretState {
    Live,
    Expired,
    Unknown,
}

/// What every operation is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) lags: Lags,
    pub(super) access: &'a Access,
    /// The time of day.
    pub(super) now: OffsetDateTime,
    /// The moment by the timer that replication is measured with.
    pub(super) instant: Instant,
}

impl Context<'_> {
    fn visible_from(&self) -> Instant {
        self.instant + self.lags.creation
    }
}

/// By what one object is addressed: `{id}` or `(appId='..')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) property: String,
    pub(super) value: String,
}

impl Key {
    pub(super) fn id(value: impl Into<String>) -> Self {
        Self {
            property: "id".to_owned(),
            value: value.into(),
        }
    }
}

impl Entry {
    pub(super) fn text(&self, property: &str) -> &str {
        text(&self.object, property)
    }

    fn is_visible(&self, instant: Instant) -> bool {
        if self.visible_from <= instant {
            return true;
        }
        // Between two copies of the directory, of which one has it: seen, then gone again.
        self.is_turn(self.made, instant)
    }

    fn matches(&self, key: &Key) -> bool {
        self.text(&key.property).eq_ignore_ascii_case(&key.value)
    }

    pub(super) fn is_owned_by(&self, owner: Uuid) -> bool {
        self.owners.contains(&owner)
    }

    pub(super) fn owners(&self) -> &[Uuid] {
        &self.owners
    }

    /// The object alone, for seeds that every reader has seen already.
    fn seeded(object: Object) -> Self {
        Self {
            object,
            made: Instant::now(),
            visible_from: Instant::now(),
            read_from: Instant::now(),
            flaps: None,
            owners: Vec::new(),
            past: Vec::new(),
        }
    }
}

impl Store {
    /// An object that is being made: when it can be seen is up to the tenant's settings.
    fn new_entry(&mut self, context: Context<'_>, object: Object) -> Entry {
        let settings = context.settings;
        let lag = match settings.replication_lags.as_slice() {
            [] => context.lags.creation,
            lags => lags.get(self.made % lags.len()).copied().unwrap_or_default(),
        };
        self.made += 1;
        Entry {
            object,
            made: context.instant,
            visible_from: context.instant + lag,
            read_from: context.instant + context.lags.stale_reads,
            flaps: context.lags.flapping,
            owners: vec![context.access.object_id],
            past: Vec::new(),
        }
    }

    /// Sets the app management policy, with a change to it as Microsoft Graph has it.
    pub(super) fn set_policy(&mut self, policy: &AppManagementPolicy, change: Option<&Object>) {
        self.policy = defaults::object(restrictions::shown(policy));
        if let Some(change) = change {
            merge(&mut self.policy, change);
        }
    }

    /// Changes an object past every rule. Readers see it at once.
    pub(super) fn change_object(&mut self, id: &str, change: &Object) -> bool {
        let mut applications = self.applications.iter_mut();
        let mut found = applications.find(|entry| entry.text("id") == id || entry.text("appId") == id);
        if found.is_none() {
            let lists = self.service_principals.iter_mut();
            found = lists
                .chain(&mut self.grants)
                .chain(&mut self.assignments)
                .find(|entry| entry.text("id") == id);
        }
        let Some(entry) = found else { return false };
        merge(&mut entry.object, change);
        entry.past.clear();
        true
    }

    /// Everything, in the order of creation and without any secret.
    pub(super) fn to_json(&self) -> Value {
        let objects = |entries: &[Entry]| -> Vec<Value> { entries.iter().map(|entry| json!(entry.object)).collect() };
        let deleted = |kind: Kind| -> Vec<Value> {
            let entries = self.deleted.iter().filter(|deleted| deleted.kind == kind);
            entries.map(|deleted| json!(deleted.entry.object)).collect()
        };
        json!({
            "applications": objects(&self.applications),
            "servicePrincipals": objects(&self.service_principals),
            "oauth2PermissionGrants": objects(&self.grants),
            "appRoleAssignments": objects(&self.assignments),
            "deletedApplications": deleted(Kind::Application),
            "deletedServicePrincipals": deleted(Kind::ServicePrincipal),
        })
    }
}

/// The position of a visible object.
fn position(entries: &[Entry], key: &Key, instant: Instant) -> Result<usize, Refusal> {
    let found = entries.iter().position(|entry| entry.matches(key) && entry.is_visible(instant));
    found.ok_or_else(|| Refusal::not_found(&key.value))
}

pub(super) fn find<'a>(entries: &'a [Entry], key: &Key, instant: Instant) -> Result<&'a Entry, Refusal> {
    let position = position(entries, key, instant)?;
    entries.get(position).ok_or_else(|| Refusal::not_found(&key.value))
}

fn text<'a>(object: &'a Object, property: &str) -> &'a str {
    object.get(property).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(object: &'a Object, property: &str) -> &'a [Value] {
    object.get(property).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list inside a complex property, as `api/oauth2PermissionScopes`.
fn list_below<'a>(object: &'a Object, property: &str, below: &str) -> &'a [Value] {
    object
        .get(property)
        .and_then(Value::as_object)
        .map_or(&[], |inner| list(inner, below))
}

fn text_of<'a>(value: &'a Value, property: &str) -> &'a str {
    value.get(property).and_then(Value::as_str).unwrap_or_default()
}

fn timestamp(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(time::UtcOffset::UTC);
    utc.replace_nanosecond(0).unwrap_or(utc).format(&Rfc3339).unwrap_or_default()
}

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
