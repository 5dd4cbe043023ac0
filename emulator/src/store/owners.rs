//! Who owns an object: who has made it, and who was given with it.

use serde_json::Value;
use uuid::Uuid;

use super::{Entry, Object};
use crate::refusal::Refusal;

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

/// The owners that a body binds, by the addresses of directory objects: `https://graph.microsoft.com/v1.0/users/{id}`.
pub(super) fn given(body: &Object) -> Result<Vec<Uuid>, Refusal> {
    let Some(bound) = body.get("owners@odata.bind") else {
        return Ok(Vec::new());
    };
    let refused = || Refusal::invalid_value("owners@odata.bind", "Application");
    let addresses = bound.as_array().ok_or_else(refused)?;
    let id = |address: &Value| {
        let (before, id) = address.as_str()?.trim_end_matches('/').rsplit_once('/')?;
        let collection = before.rsplit('/').next()?;
        let is_known = matches!(collection, "users" | "servicePrincipals" | "directoryObjects");
        id.parse::<Uuid>().ok().filter(|_| is_known)
    };
    addresses.iter().map(|address| id(address).ok_or_else(refused)).collect()
}
