//! What was deleted softly: listed, restored, purged.

use serde_json::{Value, json};
use time::Duration;

use super::{Context, DeletedEntry, Key, Kind, Store, list, moment};
use crate::{refusal::Refusal, texts};

/// Source: the beta page of *Permanently delete an item (directory object)*: protection lasts for 7 days.
const PROTECTED_FOR: Duration = Duration::days(7);

impl Store {
    /// Brings an object back. A deleted app registration does not reserve its App ID URI, so that may be taken by now.
    pub(crate) fn restore(&mut self, context: Context<'_>, id: &str) -> Result<(Kind, Value), Refusal> {
        context.access.may_manage_deleted()?;
        let found = self.deleted_position(id)?;
        let Some(DeletedEntry { kind, entry, .. }) = self.deleted.get(found) else {
            return Err(Refusal::not_found(id));
        };
        match kind {
            Kind::Application => {
                let taken = |uri: &Value| {
                    self.applications
                        .iter()
                        .any(|other| list(&other.object, "identifierUris").contains(uri))
                };
                if list(&entry.object, "identifierUris").iter().any(taken) {
                    return Err(Refusal::conflict("identifierUris"));
                }
            }
            Kind::ServicePrincipal => {
                let app_id = entry.text("appId");
                if self.service_principals.iter().any(|other| other.text("appId") == app_id) {
                    let message = texts::PRINCIPAL_EXISTS.with(&[("name", app_id)]);
                    let refusal = Refusal::new(409, "Request_MultipleObjectsWithSameKeyValue", message);
                    return Err(refusal);
                }
            }
        }
        let DeletedEntry { kind, mut entry, .. } = self.deleted.remove(found);
        entry.object.insert("deletedDateTime".to_owned(), Value::Null);
        let shown = json!(entry.whole());
        self.forget_gone(entry.text("id"));
        match kind {
            Kind::Application => self.applications.push(entry),
            Kind::ServicePrincipal => self.service_principals.push(entry),
        }
        Ok((kind, shown))
    }

    /// Removes an object for good, which frees its unique name.
    pub(crate) fn purge(&mut self, context: Context<'_>, id: &str) -> Result<(), Refusal> {
        context.access.may_manage_deleted()?;
        let found = self.deleted_position(id)?;
        let deleted_at = self
            .deleted
            .get(found)
            .and_then(|deleted| moment(deleted.entry.text("deletedDateTime")));
        let is_recent = deleted_at.is_none_or(|moment| context.now - moment < PROTECTED_FOR);
        if context.settings.hard_delete_protection && is_recent {
            return Err(Refusal::new(403, "Authorization_RequestDenied", texts::HARD_DELETE_PROTECTED));
        }
        if let Some(required) = &context.settings.purge_authentication_context {
            context.access.meets_authentication_context(required)?;
        }
        let deleted = self.deleted.remove(found);
        self.keep_purged_for_readers(context, deleted);
        Ok(())
    }

    fn deleted_position(&self, id: &str) -> Result<usize, Refusal> {
        let key = Key::id(id);
        let found = self.deleted.iter().position(|deleted| deleted.entry.is_named(&key));
        found.ok_or_else(|| Refusal::not_found(id))
    }
}
