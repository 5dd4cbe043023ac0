//! Who owns an object: who has made it, and who was given with it.

use serde_json::Value;
use uuid::Uuid;

use super::{Collection, Context, Entry, Key, Store, position};
use crate::{object::Object, refusal::Refusal, texts};

impl Entry {
    /// Adds owners after who has made it, each once.
    pub(super) fn add_owners(&mut self, owners: Vec<Uuid>) {
        for owner in owners {
            if !self.owners.contains(&owner) {
                self.owners.push(owner);
            }
        }
    }
}

impl Store {
    /// `POST .../{id}/owners/$ref`.
    pub(crate) fn add_owner(&mut self, context: Context<'_>, of: Collection, key: &Key, body: &Object) -> Result<(), Refusal> {
        context.access.may_add_owners()?;
        let refused = || Refusal::invalid_value("@odata.id", "Application");
        let owner = body.get("@odata.id").and_then(id_in).ok_or_else(refused)?;
        let entry = self.owned(context, of, key)?;
        if entry.is_owned_by(owner) {
            return Err(Refusal::bad_request(texts::OWNER_ALREADY));
        }
        entry.owners.push(owner);
        Ok(())
    }

    /// `DELETE .../{id}/owners/{owner}/$ref`.
    pub(crate) fn remove_owner(&mut self, context: Context<'_>, of: Collection, key: &Key, owner: &str) -> Result<(), Refusal> {
        context.access.may_write_applications()?;
        let entry = self.owned(context, of, key)?;
        let before = entry.owners.len();
        entry.owners.retain(|id| !id.to_string().eq_ignore_ascii_case(owner));
        if entry.owners.len() == before {
            return Err(Refusal::not_found(owner));
        }
        Ok(())
    }

    fn owned(&mut self, context: Context<'_>, of: Collection, key: &Key) -> Result<&mut Entry, Refusal> {
        let entries = self.entries_mut(of);
        let found = position(entries, key, context.instant)?;
        let entry = entries.get_mut(found).ok_or_else(|| Refusal::not_found(&key.value))?;
        context.access.may_write_object(entry.owners())?;
        Ok(entry)
    }
}

/// The owners that a body binds, by the addresses of directory objects: `https://graph.microsoft.com/v1.0/users/{id}`.
pub(super) fn given(body: &Object) -> Result<Vec<Uuid>, Refusal> {
    let Some(bound) = body.get("owners@odata.bind") else {
        return Ok(Vec::new());
    };
    let refused = || Refusal::invalid_value("owners@odata.bind", "Application");
    let addresses = bound.as_array().ok_or_else(refused)?;
    addresses.iter().map(|address| id_in(address).ok_or_else(refused)).collect()
}

/// The id at the end of the address of a directory object.
fn id_in(address: &Value) -> Option<Uuid> {
    let (before, id) = address.as_str()?.trim_end_matches('/').rsplit_once('/')?;
    let collection = before.rsplit('/').next()?;
    let is_known = matches!(collection, "users" | "servicePrincipals" | "directoryObjects");
    id.parse().ok().filter(|_| is_known)
}
