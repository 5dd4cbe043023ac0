//! A directory that remembers, written by hand with the standard library: what a team would keep for its own tests.

use std::sync::{Mutex, MutexGuard};

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, Call, ClientSecret, Directory, DirectoryError, ServicePrincipalId, TenantId, async_trait,
    directory::{
        Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword, NewPermissionGrant,
        NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, Tenant,
    },
    error::{RefusalReason, Refused, RequestTrace},
    ids::{KeyId, PermissionGrantId, RoleAssignmentId, well_known::MICROSOFT_GRAPH},
};
use uuid::Uuid;

#[derive(Debug, Default)]
struct Objects {
    applications: Vec<Application>,
    deleted_applications: Vec<Application>,
    principals: Vec<ServicePrincipal>,
    deleted_principals: Vec<ServicePrincipal>,
    grants: Vec<PermissionGrant>,
    assignments: Vec<RoleAssignment>,
}

#[derive(Debug)]
pub(crate) struct OwnDirectory(Mutex<Objects>);

impl OwnDirectory {
    pub(crate) fn new() -> Self {
        let graph = ServicePrincipal::new(ServicePrincipalId::new(Uuid::new_v4()), MICROSOFT_GRAPH);
        Self(Mutex::new(Objects {
            principals: vec![graph],
            ..Objects::default()
        }))
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.0.lock().unwrap()
    }
}

fn refused(reason: RefusalReason) -> DirectoryError {
    Refused::new(reason, "own", "refused by the directory of this test", RequestTrace::default()).into()
}

/// Takes the first that matches out of a list.
fn taken<T>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> Result<T, DirectoryError> {
    let position = list.iter().position(is_it).ok_or_else(|| refused(RefusalReason::NotFound))?;
    Ok(list.remove(position))
}

fn password(new: &NewPassword) -> PasswordCredential {
    let id = Uuid::new_v4();
    PasswordCredential::new(KeyId::new(id), &new.display_name, Some(new.end_date_time)).with_secret(ClientSecret::new(format!("~{id}")))
}

fn is_marked(properties: &ApplicationProperties, beginnings: &[String], tag: &str) -> bool {
    let begins = |name: &String| beginnings.iter().any(|beginning| name.starts_with(beginning));
    properties.unique_name.as_ref().is_some_and(begins) || properties.tags.iter().flatten().any(|held| held == tag)
}

fn without_text(held: &PasswordCredential) -> PasswordCredential {
    let mut kept = held.clone();
    kept.secret_text = None;
    kept
}

#[async_trait]
impl Directory for OwnDirectory {
    async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
        Ok(Tenant::new(TenantId::new(Uuid::from_u128(1)), "Contoso".to_owned(), Vec::new()))
    }
    async fn application(&self, _call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        let is_it = |app: &&Application| match key {
            ApplicationKey::ApplicationId(id) => app.app_id == *id,
            ApplicationKey::UniqueName(name) => app.properties.unique_name.as_ref() == Some(name),
            _ => false,
        };
        Ok(self.objects().applications.iter().find(is_it).cloned())
    }
    async fn application_with_uri(&self, _call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        let has_uri = |app: &&Application| app.properties.identifier_uris.iter().flatten().any(|held| held == uri);
        Ok(self.objects().applications.iter().find(has_uri).cloned())
    }
    async fn deleted_applications(&self, _call: Call, names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        let objects = self.objects();
        let deleted = objects.deleted_applications.iter().map(|app| {
            let properties = app.properties.clone();
            DeletedApplication::new(app.object_id, Some(app.app_id), properties.display_name, properties.unique_name)
        });
        Ok(deleted
            .filter(|app| app.unique_name.as_ref().is_some_and(|name| names.contains(name)))
            .collect())
    }
    async fn marked_applications(&self, _call: Call, beginnings: &[String], tag: &str) -> Result<Vec<Application>, DirectoryError> {
        let mut found = self.objects().applications.clone();
        found.retain(|app| is_marked(&app.properties, beginnings, tag));
        Ok(found)
    }
    async fn marked_deleted_applications(
        &self,
        _call: Call,
        beginnings: &[String],
        tag: &str,
    ) -> Result<Vec<DeletedApplication>, DirectoryError> {
        let objects = self.objects();
        let found = objects
            .deleted_applications
            .iter()
            .filter(|app| is_marked(&app.properties, beginnings, tag));
        let found = found.map(|app| {
            let properties = app.properties.clone();
            DeletedApplication::new(app.object_id, Some(app.app_id), properties.display_name, properties.unique_name)
        });
        Ok(found.collect())
    }
    async fn deleted_service_principals(&self, _call: Call, apps: &[ApplicationId]) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        let mut deleted = self.objects().deleted_principals.clone();
        deleted.retain(|principal| apps.contains(&principal.app_id));
        Ok(deleted)
    }
    async fn service_principal(&self, _call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        Ok(self.objects().principals.iter().find(|held| held.app_id == app).cloned())
    }
    async fn permission_grants(&self, _call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        let mut grants = self.objects().grants.clone();
        grants.retain(|grant| grant.client_id == client);
        Ok(grants)
    }
    async fn role_assignments(&self, _call: Call, principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let mut assignments = self.objects().assignments.clone();
        assignments.retain(|held| held.principal_id == principal);
        Ok(assignments)
    }
    async fn create_application(&self, _call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let mut objects = self.objects();
        let mut all = objects.applications.iter().chain(&objects.deleted_applications);
        if all.any(|app| app.properties.unique_name == new.properties.unique_name) {
            return Err(refused(RefusalReason::UniqueNameInUse));
        }
        let (object, app) = (ApplicationObjectId::new(Uuid::new_v4()), ApplicationId::new(Uuid::new_v4()));
        let created = Application::new(object, app, new.properties.clone()).with_passwords(new.password.iter().map(password).collect());
        let kept = created.password_credentials.iter().map(without_text).collect();
        objects.applications.push(created.clone().with_passwords(kept));
        Ok(created)
    }
    async fn update_application(&self, _call: Call, id: ApplicationObjectId, new: &ApplicationProperties) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let mut app = taken(&mut objects.applications, |app| app.object_id == id)?;
        // What is set in the change replaces what is there, as in the JSON of both.
        let mut merged = serde_json::to_value(&app.properties).unwrap();
        let change = serde_json::to_value(new).unwrap();
        merged.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        app.properties = serde_json::from_value(merged).unwrap();
        objects.applications.push(app);
        Ok(())
    }
    async fn add_password(&self, _call: Call, id: ApplicationObjectId, new: &NewPassword) -> Result<PasswordCredential, DirectoryError> {
        let mut objects = self.objects();
        let app = objects.applications.iter_mut().find(|app| app.object_id == id);
        let added = password(new);
        app.ok_or_else(|| refused(RefusalReason::NotFound))?
            .password_credentials
            .push(without_text(&added));
        Ok(added)
    }
    async fn remove_password(&self, _call: Call, id: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let app = objects.applications.iter_mut().find(|app| app.object_id == id);
        let app = app.ok_or_else(|| refused(RefusalReason::NotFound))?;
        taken(&mut app.password_credentials, |held| held.key_id == key).map(drop)
    }
    async fn create_service_principal(&self, _call: Call, app: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        let mut objects = self.objects();
        if objects.principals.iter().any(|held| held.app_id == app) {
            return Err(refused(RefusalReason::AlreadyExists));
        }
        if !objects.applications.iter().any(|held| held.app_id == app) {
            return Err(refused(RefusalReason::ReferenceNotFound));
        }
        let principal = ServicePrincipal::new(ServicePrincipalId::new(Uuid::new_v4()), app);
        objects.principals.push(principal.clone());
        Ok(principal)
    }
    async fn create_permission_grant(&self, _call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        let mut objects = self.objects();
        let is_it = |held: &PermissionGrant| (held.client_id, held.resource_id) == (new.client_id, new.resource_id);
        if objects.grants.iter().any(is_it) {
            return Err(refused(RefusalReason::AlreadyExists));
        }
        let id = PermissionGrantId::new(Uuid::new_v4().to_string());
        let grant = PermissionGrant::new(id, new.client_id, new.resource_id, &new.scope);
        objects.grants.push(grant.clone());
        Ok(grant)
    }
    async fn update_permission_grant(&self, _call: Call, id: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let mut grant = taken(&mut objects.grants, |grant| grant.id == *id)?;
        scope.clone_into(&mut grant.scope);
        objects.grants.push(grant);
        Ok(())
    }
    async fn assign_role(&self, _call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        let mut objects = self.objects();
        let is_it = |held: &RoleAssignment| (held.principal_id, held.app_role_id) == (new.principal_id, new.app_role_id);
        if objects.assignments.iter().any(is_it) {
            return Err(refused(RefusalReason::AlreadyExists));
        }
        let given = RoleAssignment::new(RoleAssignmentId::new(Uuid::new_v4().to_string()), *new);
        objects.assignments.push(given.clone());
        Ok(given)
    }
    async fn delete_application(&self, _call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let app = taken(&mut objects.applications, |app| app.object_id == id)?;
        objects.deleted_applications.push(app);
        Ok(())
    }
    async fn delete_service_principal(&self, _call: Call, id: ServicePrincipalId) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let principal = taken(&mut objects.principals, |principal| principal.id == id)?;
        objects.deleted_principals.push(principal);
        Ok(())
    }
    async fn purge_application(&self, _call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        taken(&mut self.objects().deleted_applications, |app| app.object_id == id).map(drop)
    }
    async fn purge_service_principal(&self, _call: Call, id: ServicePrincipalId) -> Result<(), DirectoryError> {
        taken(&mut self.objects().deleted_principals, |principal| principal.id == id).map(drop)
    }
}
