//! App registrations: created, changed, deleted.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Collection, Context, DeletedEntry, Key, Kind, Shape, Store, defaults, list, owners, position, precise_timestamp, redirect_uris, text,
    timestamp,
};
use crate::{
    graph_types,
    object::{Object, merge},
    refusal::Refusal,
    texts,
};

/// What became of a PATCH that may create.
#[derive(Debug)]
pub(crate) enum Upserted {
    Created(Value),
    Changed,
}

/// What the directory sets itself.
const READ_ONLY: [&str; 7] = [
    "id",
    "appId",
    "applicationTemplateId",
    "createdDateTime",
    "deletedDateTime",
    "publisherDomain",
    "verifiedPublisher",
];

impl Store {
    /// Creates an app registration. The answer is the only place where the texts of its secrets are shown.
    pub(crate) fn create_application(&mut self, context: Context<'_>, body: &Object) -> Result<Value, Refusal> {
        context.access.may_create_applications()?;
        graph_types::check("application", body)?;
        refuse_read_only(body, None)?;
        let mut object = defaults::application();
        let mut given = body.clone();
        let new_passwords = given.remove("passwordCredentials");
        merge(&mut object, &given);
        object.insert("id".to_owned(), json!(Uuid::new_v4()));
        object.insert("appId".to_owned(), json!(Uuid::new_v4()));
        object.insert("createdDateTime".to_owned(), json!(timestamp(context.now)));
        object.insert("publisherDomain".to_owned(), json!(context.settings.default_domain()));
        complete(&mut object);
        self.check_unique_name(text(&object, "uniqueName"))?;
        self.check_application(context, &object, None)?;
        let owners = owners::given(body)?;
        self.take_keys(context, &mut object, None)?;

        let mut shown = Vec::new();
        for password in new_passwords.as_ref().and_then(Value::as_array).into_iter().flatten() {
            shown.push(self.new_password(context, context.now, password)?);
        }
        let stored: Vec<Value> = shown.iter().map(super::passwords::without_text).collect();
        object.insert("passwordCredentials".to_owned(), json!(stored));
        let mut entry = self.new_entry(context, Shape::Application, object.clone());
        entry.add_owners(owners);
        self.applications.push(entry);
        object.insert("createdDateTime".to_owned(), json!(precise_timestamp(context.now)));
        if context.settings.secret_in_create_answer {
            object.insert("passwordCredentials".to_owned(), json!(shown));
        }
        Ok(json!(object))
    }

    /// Changes an app registration. The service principal shows the change, too.
    pub(crate) fn change_application(&mut self, context: Context<'_>, key: &Key, body: &Object) -> Result<(), Refusal> {
        context.access.may_write_applications()?;
        graph_types::check("application", body)?;
        let found = position(&self.applications, key, context.instant)?;
        let entry = self.applications.get(found).ok_or_else(|| Refusal::not_found(&key.value))?;
        context.access.may_write_object(entry.owners())?;
        let old = entry.whole();
        refuse_read_only(body, Some(&old))?;
        if body.get("passwordCredentials").is_some_and(|given| !given.is_null()) {
            return Err(Refusal::bad_request(texts::SECRETS_BY_ACTION).with_detail("InvalidValue", "passwordCredentials"));
        }
        let mut changed = old.clone();
        merge(&mut changed, body);
        changed.insert("passwordCredentials".to_owned(), json!(list(&old, "passwordCredentials")));
        complete(&mut changed);
        self.check_new_unique_name(&old, &changed)?;
        self.check_application(context, &changed, Some(&old))?;
        self.take_keys(context, &mut changed, Some(&old))?;
        self.show_in_service_principal(context, &changed);
        if let Some(entry) = self.applications.get_mut(found) {
            entry.change(context, changed);
        }
        Ok(())
    }

    /// Changes the app registration with a unique name, or creates it when it is missing.
    pub(crate) fn upsert_application(&mut self, context: Context<'_>, key: &Key, body: &Object) -> Result<Upserted, Refusal> {
        // Uniqueness holds at once, so what is there but not yet visible is not created a second time.
        let exists = self.applications.iter().any(|entry| entry.is_named(key));
        if exists {
            return self.change_application(context, key, body).map(|()| Upserted::Changed);
        }
        if key.property != "uniqueName" {
            return Err(Refusal::not_found(&key.value));
        }
        if body.get("passwordCredentials").is_some_and(|given| !given.is_null()) {
            return Err(Refusal::bad_request(texts::SECRETS_BY_ACTION).with_detail("InvalidValue", "passwordCredentials"));
        }
        let mut named = body.clone();
        named.insert("uniqueName".to_owned(), json!(key.value));
        self.create_application(context, &named).map(Upserted::Created)
    }

    /// Deletes an app registration softly, and its service principal with it.
    pub(crate) fn delete_application(&mut self, context: Context<'_>, key: &Key) -> Result<(), Refusal> {
        context.access.may_write_applications()?;
        let found = position(&self.applications, key, context.instant)?;
        if let Some(entry) = self.applications.get(found) {
            context.access.may_write_object(entry.owners())?;
        }
        let mut entry = self.applications.remove(found);
        self.keep_for_readers(context, Collection::Applications, &entry);
        let app_id = entry.text("appId").to_owned();
        entry.object.insert("deletedDateTime".to_owned(), json!(timestamp(context.now)));
        self.deleted.push(DeletedEntry {
            kind: Kind::Application,
            entry,
            listed_from: context.listed_from(),
        });
        let principal = self.service_principals.place_of_app(&app_id);
        if let Some(principal) = principal {
            self.move_service_principal_to_deleted(context, principal);
        }
        Ok(())
    }

    /// Puts an app registration in place as another administrator would have, past every rule.
    pub(crate) fn seed_application(&mut self, context: Context<'_>, given: Object) -> Object {
        let mut object = defaults::application();
        object.insert("id".to_owned(), json!(Uuid::new_v4()));
        object.insert("appId".to_owned(), json!(Uuid::new_v4()));
        object.insert("createdDateTime".to_owned(), json!(timestamp(context.now)));
        object.insert("publisherDomain".to_owned(), json!(context.settings.default_domain()));
        merge(&mut object, &given);
        complete(&mut object);
        let mut passwords = Vec::new();
        for password in list(&object, "passwordCredentials").to_vec() {
            passwords.push(self.keep_secret(context, &password));
        }
        object.insert("passwordCredentials".to_owned(), json!(passwords));
        if self.take_keys(context, &mut object, None).is_err() {
            object.insert("keyCredentials".to_owned(), json!([]));
        }
        self.applications.push(super::Entry::seeded(Shape::Application, object.clone()));
        object
    }

    fn check_unique_name(&self, name: &str) -> Result<(), Refusal> {
        let deleted = self.deleted.iter().filter(|deleted| deleted.kind == Kind::Application);
        let mut all = self.applications.iter().chain(deleted.map(|deleted| &deleted.entry));
        let is_taken = !name.is_empty() && all.any(|entry| entry.text("uniqueName").eq_ignore_ascii_case(name));
        if is_taken {
            return Err(Refusal::conflict("uniqueName"));
        }
        Ok(())
    }

    fn check_new_unique_name(&self, old: &Object, changed: &Object) -> Result<(), Refusal> {
        let (before, after) = (text(old, "uniqueName"), text(changed, "uniqueName"));
        if before == after {
            return Ok(());
        }
        // An app registration without a unique name may get one, once.
        if !before.is_empty() {
            return Err(Refusal::read_only("uniqueName").with_detail("InvalidValue", "uniqueName"));
        }
        self.check_unique_name(after)
    }
}

fn refuse_read_only(body: &Object, old: Option<&Object>) -> Result<(), Refusal> {
    for name in READ_ONLY {
        let given = body.get(name).filter(|value| !value.is_null());
        let is_same = given == old.and_then(|old| old.get(name));
        if given.is_some() && !is_same {
            return Err(Refusal::read_only(name));
        }
    }
    Ok(())
}

/// Fills in what Microsoft Graph derives or shows as null.
fn complete(object: &mut Object) {
    let is_for_consumers = text(object, "signInAudience").contains("PersonalMicrosoftAccount");
    if let Some(Value::Object(api)) = object.get_mut("api") {
        if is_for_consumers && api.get("requestedAccessTokenVersion").is_none_or(Value::is_null) {
            api.insert("requestedAccessTokenVersion".to_owned(), json!(2));
        }
        for scope in api
            .get_mut("oauth2PermissionScopes")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            complete_scope(scope);
        }
    }
    if let Some(Value::Object(web)) = object.get_mut("web") {
        let settings = redirect_uris::settings(web);
        web.insert("redirectUriSettings".to_owned(), settings);
    }
    for role in object.get_mut("appRoles").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(role) = role {
            role.insert("origin".to_owned(), json!("Application"));
        }
    }
    if let Some(Value::Object(claims)) = object.get_mut("optionalClaims") {
        complete_claims(claims);
    }
}

/// Source: recordings of the Azure CLI, April 2025.
fn complete_claims(claims: &mut Object) {
    for token in ["accessToken", "idToken", "saml2Token"] {
        let listed = claims.entry(token).or_insert_with(|| json!([]));
        for claim in listed.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            claim.entry("additionalProperties").or_insert_with(|| json!([]));
            claim.entry("essential").or_insert_with(|| json!(false));
            claim.entry("source").or_insert(Value::Null);
        }
    }
}

fn complete_scope(scope: &mut Value) {
    let Value::Object(scope) = scope else { return };
    for name in [
        "adminConsentDescription",
        "adminConsentDisplayName",
        "userConsentDescription",
        "userConsentDisplayName",
    ] {
        scope.entry(name).or_insert(Value::Null);
    }
    scope.entry("type").or_insert_with(|| json!("User"));
    scope.entry("isEnabled").or_insert_with(|| json!(true));
    scope.entry("value").or_insert(Value::Null);
}
