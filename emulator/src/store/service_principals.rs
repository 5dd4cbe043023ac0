//! Service principals: made from app registrations, and following them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Collection, Context, DeletedEntry, Entry, Key, Kind, Shape, Store, defaults, find, list, list_below, position, precise_timestamp, text,
    timestamp,
};
use crate::{
    graph_types,
    object::{Object, merge},
    refusal::Refusal,
    texts,
};

/// Applications of Microsoft that any tenant may have a service principal of: application id and name.
const OF_MICROSOFT: [(&str, &str); 5] = [
    ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools"),
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Microsoft Azure PowerShell"),
    ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer"),
    ("aebc6443-996d-45c2-90f0-388ff96faa56", "Visual Studio Code"),
];

impl Store {
    /// Creates the service principal of an app registration of this tenant.
    pub(crate) fn create_service_principal(&mut self, context: Context<'_>, body: &Object) -> Result<Value, Refusal> {
        context.access.may_manage_applications()?;
        graph_types::check("servicePrincipal", body)?;
        let app_id = text(body, "appId").to_ascii_lowercase();
        if app_id.is_empty() {
            return Err(Refusal::missing_value("appId", "ServicePrincipal"));
        }
        if self.service_principals.of_app(&app_id).is_some() {
            let message = texts::PRINCIPAL_EXISTS.with(&[("name", &app_id)]);
            let refusal = Refusal::new(409, "Request_MultipleObjectsWithSameKeyValue", message);
            return Err(refusal);
        }
        let key = Key {
            property: "appId".to_owned(),
            value: app_id.clone(),
        };
        if let Some((_, name)) = OF_MICROSOFT.iter().find(|(id, _)| *id == app_id) {
            context.access.may_manage_all_applications()?;
            let mut given = body.clone();
            given.insert("appId".to_owned(), json!(app_id));
            return Ok(self.create_foreign_principal(context, given, name));
        }
        let Ok(application) = find(&self.applications, &key, context.instant) else {
            let message = texts::NO_BACKING_APPLICATION.with(&[("appId", &app_id)]);
            let refusal = Refusal::new(400, "Request_BadRequest", message);
            return Err(refusal.with_detail("NoBackingApplicationObject", "appId"));
        };
        context.access.may_write_object(application.owners())?;
        let mut object = defaults::service_principal();
        follow(&mut object, &application.object);
        object.insert("id".to_owned(), json!(Uuid::new_v4()));
        object.insert("appOwnerOrganizationId".to_owned(), json!(context.settings.tenant_id));
        merge(&mut object, body);
        object.insert("appId".to_owned(), json!(app_id));
        Ok(self.keep_service_principal(context, object))
    }

    /// The service principal of an application that is registered in Microsoft's tenant.
    ///
    /// Source: *Create an enterprise application from a multitenant application*.
    fn create_foreign_principal(&mut self, context: Context<'_>, given: Object, name: &str) -> Value {
        let mut object = defaults::service_principal();
        for (property, value) in [
            ("id", json!(Uuid::new_v4())),
            ("displayName", json!(name)),
            ("appDisplayName", json!(name)),
            ("appOwnerOrganizationId", json!(super::graph_itself::MICROSOFT_SERVICES)),
            ("servicePrincipalNames", json!([text(&given, "appId")])),
            ("signInAudience", json!("AzureADMultipleOrgs")),
        ] {
            object.insert(property.to_owned(), value);
        }
        merge(&mut object, &given);
        self.keep_service_principal(context, object)
    }

    fn keep_service_principal(&mut self, context: Context<'_>, mut object: Object) -> Value {
        object.insert("createdDateTime".to_owned(), json!(timestamp(context.now)));
        let entry = self.new_entry(context, Shape::ServicePrincipal, object.clone());
        self.service_principals.push(entry);
        object.insert("createdDateTime".to_owned(), json!(precise_timestamp(context.now)));
        json!(object)
    }

    /// Puts a service principal in place as another administrator would have, past every rule.
    pub(crate) fn add_service_principal(&mut self, context: Context<'_>, given: Object) -> Uuid {
        let id = Uuid::new_v4();
        let app_id = text(&given, "appId").to_ascii_lowercase();
        let mut object = defaults::service_principal();
        object.insert("id".to_owned(), json!(id));
        object.insert("createdDateTime".to_owned(), json!(timestamp(context.now)));
        if let Some(application) = self.applications.of_app(&app_id) {
            follow(&mut object, &application.object);
            object.insert("appOwnerOrganizationId".to_owned(), json!(context.settings.tenant_id));
        }
        merge(&mut object, &given);
        let id = text(&object, "id").parse().unwrap_or(id);
        self.service_principals.push(Entry::seeded(Shape::ServicePrincipal, object));
        id
    }

    /// Changes a service principal.
    pub(crate) fn change_service_principal(&mut self, context: Context<'_>, key: &Key, body: &Object) -> Result<(), Refusal> {
        context.access.may_manage_applications()?;
        graph_types::check("servicePrincipal", body)?;
        let found = position(&self.service_principals, key, context.instant)?;
        let Some(entry) = self.service_principals.get_mut(found) else {
            return Err(Refusal::not_found(&key.value));
        };
        context.access.may_write_object(entry.owners())?;
        for name in ["id", "appId", "createdDateTime"] {
            let given = text(body, name);
            if !given.is_empty() && !given.eq_ignore_ascii_case(entry.text(name)) {
                return Err(Refusal::read_only(name));
            }
        }
        let mut changed = entry.whole();
        merge(&mut changed, body);
        entry.change(context, changed);
        Ok(())
    }

    /// Deletes a service principal softly; its consents go with it for good.
    pub(crate) fn delete_service_principal(&mut self, context: Context<'_>, key: &Key) -> Result<(), Refusal> {
        context.access.may_manage_applications()?;
        let found = position(&self.service_principals, key, context.instant)?;
        if let Some(entry) = self.service_principals.get(found) {
            context.access.may_write_object(entry.owners())?;
        }
        self.move_service_principal_to_deleted(context, found);
        Ok(())
    }

    pub(super) fn move_service_principal_to_deleted(&mut self, context: Context<'_>, position: usize) {
        let mut entry = self.service_principals.remove(position);
        self.keep_for_readers(context, Collection::ServicePrincipals, &entry);
        let id = entry.text("id").to_owned();
        let is_about = |entry: &Entry, names: [&str; 2]| names.iter().any(|name| entry.text(name) == id);
        let (grants, kept) = std::mem::take(&mut self.grants)
            .into_iter()
            .partition(|grant| is_about(grant, ["clientId", "resourceId"]));
        self.grants = kept;
        let (assignments, kept) = std::mem::take(&mut self.assignments)
            .into_iter()
            .partition(|assignment| is_about(assignment, ["principalId", "resourceId"]));
        self.assignments = kept;
        let gone: [(Collection, Vec<Entry>); 2] = [(Collection::Grants, grants), (Collection::Assignments, assignments)];
        for (collection, entries) in gone {
            for consent in &entries {
                self.keep_for_readers(context, collection, consent);
            }
        }
        entry.object.insert("deletedDateTime".to_owned(), json!(timestamp(context.now)));
        self.deleted.push(DeletedEntry {
            kind: Kind::ServicePrincipal,
            entry,
            listed_from: context.listed_from(),
        });
    }

    /// Lets the service principal show what its app registration shows now.
    pub(super) fn show_in_service_principal(&mut self, context: Context<'_>, application: &Object) {
        let app_id = text(application, "appId");
        if let Some(principal) = self.service_principals.of_app_mut(app_id) {
            let mut changed = principal.whole();
            follow(&mut changed, application);
            principal.change(context, changed);
        }
    }
}

fn follow(principal: &mut Object, application: &Object) {
    let names = std::iter::once(json!(text(application, "appId"))).chain(list(application, "identifierUris").iter().cloned());
    let web = application.get("web");
    let of_web = |name: &str| web.and_then(|web| web.get(name)).cloned().unwrap_or(Value::Null);
    let redirects = ["web", "publicClient", "spa"]
        .iter()
        .flat_map(|platform| list_below(application, platform, "redirectUris"));
    let mut set = |name: &str, value: Value| principal.insert(name.to_owned(), value);
    set("appId", json!(text(application, "appId")));
    set("appDisplayName", json!(text(application, "displayName")));
    set("displayName", json!(text(application, "displayName")));
    set("signInAudience", json!(text(application, "signInAudience")));
    set("servicePrincipalNames", names.collect());
    set("homepage", of_web("homePageUrl"));
    set("logoutUrl", of_web("logoutUrl"));
    set("replyUrls", redirects.cloned().collect());
    set(
        "oauth2PermissionScopes",
        json!(list_below(application, "api", "oauth2PermissionScopes")),
    );
    set("appRoles", json!(list(application, "appRoles")));
}
