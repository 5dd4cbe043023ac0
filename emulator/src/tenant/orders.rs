//! What is ordered of a tenant while it runs, past every rule: lags, people, consents, and all that there is, kept and put back.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Caller, EmulatedTenant, Fault, RecordedRequest, faults::Faults, locked::lock, settings::Lags, store::Store};

/// All that may change in a tenant.
#[derive(Debug, Clone)]
pub(crate) struct SavedTenant {
    store: Store,
    lags: Lags,
    users: Vec<Caller>,
    faults: Faults,
}

impl EmulatedTenant {
    pub(crate) fn lags(&self) -> Lags {
        *lock(&self.inner.lags)
    }

    pub(crate) fn set_lags(&self, lags: Lags) {
        *lock(&self.inner.lags) = lags;
    }

    /// The people who may sign in; only the tenant's caller if none were set.
    pub(crate) fn users(&self) -> Vec<Caller> {
        let users = lock(&self.inner.users).clone();
        if users.is_empty() { vec![self.caller().clone()] } else { users }
    }

    pub(crate) fn set_users(&self, users: Vec<Caller>) {
        // The directory knows them before they sign in.
        for user in &users {
            self.claims_of(user);
        }
        *lock(&self.inner.users) = users;
    }

    /// Who signs in if no other is chosen.
    pub(crate) fn first_user(&self) -> Caller {
        lock(&self.inner.users).first().unwrap_or_else(|| self.caller()).clone()
    }

    /// The person with an account, written in full or without the tenant's initial domain.
    pub(crate) fn user_named(&self, account: &str) -> Option<Caller> {
        let wanted = Caller::user(account).account_in(self.initial_domain());
        let is_it = |user: &Caller| {
            let pair = user.account_in(self.initial_domain()).zip(wanted.clone());
            pair.is_some_and(|(one, other)| one.eq_ignore_ascii_case(&other))
        };
        self.users().into_iter().find(is_it)
    }

    pub(crate) fn order_fault(&self, request: Option<String>, fault: Fault) {
        lock(&self.inner.faults).push(request, fault);
    }

    /// The faults still to come, for people.
    pub(crate) fn waiting_faults(&self) -> Vec<Value> {
        lock(&self.inner.faults).waiting()
    }

    pub(crate) fn clear_faults(&self) {
        *lock(&self.inner.faults) = Faults::default();
    }

    pub(crate) fn last_requests(&self, most: usize) -> Vec<RecordedRequest> {
        lock(&self.inner.requests).last(most)
    }

    /// Gives Microsoft Graph a permission beside the built-in ones. Without any id it is one for people and for applications,
    /// with ids of the emulator's own.
    pub(crate) fn add_graph_permission(&self, name: &str, delegated: Option<Uuid>, application: Option<Uuid>) {
        let made = |kind: &str| {
            Some(Uuid::new_v5(
                &crate::ids::well_known::MICROSOFT_GRAPH,
                format!("{kind}/{name}").as_bytes(),
            ))
        };
        let (delegated, application) = match (delegated, application) {
            (None, None) => (made("scope"), made("role")),
            given => given,
        };
        self.store().add_graph_permission(name, delegated, application);
    }

    /// Consents to delegated permissions between two applications of the tenant; gives the missing one otherwise.
    pub(crate) fn add_grant(&self, id: Uuid, (client, resource): (Uuid, Uuid), scope: &str, account: Option<&str>) -> Result<(), String> {
        let person = match account {
            None => None,
            Some(account) => {
                let user = self.user_named(account).ok_or_else(|| account.to_owned())?;
                let claims = self.claims_of(&user);
                claims.get("oid").cloned()
            }
        };
        let mut store = self.store();
        let ids = (principal_id(&store, client)?, principal_id(&store, resource)?);
        store.seed_grant(json!({
            "id": id.simple().to_string(),
            "clientId": ids.0,
            "resourceId": ids.1,
            "consentType": if person.is_some() { "Principal" } else { "AllPrincipals" },
            "principalId": person,
            "scope": scope,
        }));
        Ok(())
    }

    /// Assigns a permission of an application, by its value or its id; gives what is missing otherwise.
    pub(crate) fn add_assignment(&self, id: Uuid, principal: Uuid, resource: Uuid, role: &str) -> Result<(), String> {
        let now = self.settings().clock.now();
        let mut store = self.store();
        let (principal, resource) = (principal_id(&store, principal)?, principal_id(&store, resource)?);
        let role_id = store.role_id(&resource, role).ok_or_else(|| format!("the role '{role}'"))?;
        store.seed_assignment(id, (&principal, &resource), &role_id, now);
        Ok(())
    }

    pub(crate) fn saved(&self) -> SavedTenant {
        SavedTenant {
            store: self.store().clone(),
            lags: self.lags(),
            users: lock(&self.inner.users).clone(),
            faults: lock(&self.inner.faults).clone(),
        }
    }

    /// Puts back what was saved. Sign-ins that are under way go on; the requests so far stay recorded.
    pub(crate) fn put_back(&self, saved: &SavedTenant) {
        self.store().clone_from(&saved.store);
        self.set_lags(saved.lags);
        self.set_users(saved.users.clone());
        lock(&self.inner.faults).clone_from(&saved.faults);
    }
}

fn principal_id(store: &Store, application: Uuid) -> Result<String, String> {
    let app_id = application.to_string();
    let found = store.service_principals.of_app(&app_id).map(|entry| entry.text("id").to_owned());
    found.ok_or_else(|| format!("the application {application}"))
}
