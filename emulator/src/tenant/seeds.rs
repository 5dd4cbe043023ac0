//! What is in a tenant before a test begins, and what another administrator does to it meanwhile: past every rule.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    Caller, EmulatedTenant,
    access::Access,
    caller::Issuer,
    object::merge,
    refusal::Refusal,
    store::{Context, Key, Store},
};

impl EmulatedTenant {
    /// Changes the tenant's default app management policy from now on: complex properties by their parts, lists as a whole,
    /// as `PATCH /policies/defaultAppManagementPolicy` does. What `GET` shows is what is enforced.
    ///
    /// ```
    /// use cmg_onboarding_emulator::EmulatedTenant;
    ///
    /// let tenant = EmulatedTenant::new();
    /// tenant.set_app_management_policy(serde_json::json!({"applicationRestrictions": {"passwordCredentials": [
    ///     {"restrictionType": "passwordLifetime", "state": "enabled", "maxLifetime": "P90D"},
    /// ]}}));
    /// ```
    pub fn set_app_management_policy(&self, change: Value) {
        if let Value::Object(change) = change {
            merge(&mut self.store().policy, &change);
        }
    }

    /// Puts an app registration in place as another administrator would have, past every rule, and gives its application id.
    ///
    /// What is not given has its default. A secret may be given with its `secretText`.
    ///
    /// ```
    /// use cmg_onboarding_emulator::EmulatedTenant;
    ///
    /// let tenant = EmulatedTenant::new();
    /// tenant.add_application(serde_json::json!({
    ///     "displayName": "Of another team",
    ///     "identifierUris": ["https://contoso.com/ConfigMgrService"],
    /// }));
    /// ```
    pub fn add_application(&self, properties: Value) -> Uuid {
        let Value::Object(given) = properties else {
            return Uuid::nil();
        };
        let object = self.without_caller(|store, context| store.seed_application(context, given));
        let id = object.get("appId").and_then(Value::as_str).and_then(|id| id.parse().ok());
        id.unwrap_or(Uuid::nil())
    }

    /// Puts a service principal in place as another administrator would have, past every rule, and gives its object id. It shows
    /// what the app registration with its `appId` shows, if the tenant has one, and what is given on top.
    ///
    /// ```
    /// use cmg_onboarding_emulator::EmulatedTenant;
    ///
    /// let tenant = EmulatedTenant::new();
    /// let app = tenant.add_application(serde_json::json!({"displayName": "Switched off"}));
    /// tenant.add_service_principal(serde_json::json!({"appId": app, "accountEnabled": false}));
    /// ```
    pub fn add_service_principal(&self, properties: Value) -> Uuid {
        let Value::Object(given) = properties else {
            return Uuid::nil();
        };
        self.without_caller(|store, context| store.add_service_principal(context, given))
    }

    /// Changes an object as another administrator would have, past every rule and at once: complex properties by their parts, lists as
    /// a whole. `id` is an object id, or the application id of an app registration. Tells whether there is such an object.
    ///
    /// ```
    /// use cmg_onboarding_emulator::EmulatedTenant;
    /// use serde_json::json;
    ///
    /// let tenant = EmulatedTenant::new();
    /// let app = tenant.add_application(json!({"displayName": "Server"}));
    /// assert!(tenant.change_object(app, json!({"isDisabled": true, "createdDateTime": "2020-01-01T00:00:00Z"})));
    /// ```
    pub fn change_object(&self, id: impl Into<Uuid>, change: Value) -> bool {
        let Value::Object(change) = change else { return false };
        self.store().change_object(&id.into().to_string(), &change)
    }

    /// Makes the keys of an identity provider known, as its JSON Web Key Set (`{"keys": [..]}`), so that tokens of this issuer
    /// sign in where a federated identity credential names it. RSA keys and keys on P-256 are understood.
    ///
    /// The service fetches the keys from the issuer's address; the emulator sends no request.
    pub fn trust_issuer(&self, issuer: impl Into<String>, keys: &Value) {
        let keys = keys.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        self.store().issuers.insert(issuer.into(), keys);
    }

    /// Deletes an app registration softly, without a check of permissions. Tells whether it was there.
    pub fn soft_delete(&self, application: impl Into<Uuid>) -> bool {
        let mut store = self.store();
        let access = self.administrator(&store);
        let key = Key {
            property: "appId".to_owned(),
            value: application.into().to_string(),
        };
        access.is_ok_and(|access| store.delete_application(self.context(&access), &key).is_ok())
    }

    /// An access that is allowed everything, for what is done by hand.
    fn administrator(&self, store: &Store) -> Result<Access, Refusal> {
        let settings = &self.inner.settings;
        let now = settings.clock.now();
        let issuer = Issuer {
            tenant: settings.tenant_id,
            initial_domain: &settings.initial_domain,
            environment: settings.environment,
            now,
        };
        let claims = Caller::global_administrator().claims(&issuer, Uuid::nil());
        Access::of_claims(&claims, settings, &store.users, now, None)
    }

    fn without_caller<T: Default>(&self, change: impl FnOnce(&mut Store, Context<'_>) -> T) -> T {
        let mut store = self.store();
        match self.administrator(&store) {
            Ok(access) => change(&mut store, self.context(&access)),
            Err(_) => T::default(),
        }
    }
}
