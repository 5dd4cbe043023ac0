//! A directory in memory with a gate before each request that another run can notice, and without chance: an id says
//! which run has made the object, and the ends of added secrets are chosen by the scenario.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, Call, ClientSecret, Directory, DirectoryError, ServicePrincipalId, TenantId, async_trait,
    directory::{
        Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword, NewPermissionGrant,
        NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant,
    },
    error::{RefusalReason, Refused, RequestTrace, TransportKind, Unreachable},
    ids::{KeyId, PermissionGrantId, RoleAssignmentId, well_known::MICROSOFT_GRAPH},
};
use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    gate::{Fate, Gate, Touched, digest},
    world::NOW,
};

/// Where ids come from: each is the digest of what was made, by which run, and the how manieth it is.
const NAMES: Uuid = Uuid::from_u128(0x7669_7274_7561_6c20_6469_7265_6374_6f72);

const TENANT: TenantId = TenantId::new(Uuid::from_u128(1));

/// How the ends of added secrets are chosen, which the code leaves to chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Never two alike.
    Apart,
    /// The first one of each run ends like that of every other run; those after it are apart.
    FirstOnesAlike,
}

/// Something with the moment from which it is seen.
#[derive(Debug, Clone)]
struct Seen<T> {
    from: u128,
    object: T,
    /// Of both, without what chance has chosen.
    digest: u64,
}

impl<T: Debug> Seen<T> {
    fn new(from: u128, object: T) -> Self {
        let digest = digest(format!("{from} {object:?}"));
        Self { from, object, digest }
    }
}

impl Seen<Application> {
    /// After each change of an application: its secrets are described by a number of the run's own choice.
    fn note(&mut self) {
        self.digest = digest(format!("{} {}", self.from, without_chance(&self.object)));
    }
}

/// An application as text, without the descriptions of its secrets.
fn without_chance(app: &Application) -> String {
    let mut app = app.clone();
    app.password_credentials.iter_mut().for_each(|secret| secret.display_name = None);
    format!("{app:?}")
}

/// What a run is answered, as text without what chance has chosen.
trait AsText {
    fn as_text(&self) -> String;
}

impl AsText for Application {
    fn as_text(&self) -> String {
        without_chance(self)
    }
}

impl AsText for Option<Application> {
    fn as_text(&self) -> String {
        self.as_ref().map_or_else(String::new, without_chance)
    }
}

impl AsText for PasswordCredential {
    fn as_text(&self) -> String {
        format!("{} {:?}", self.key_id, self.end_date_time)
    }
}

macro_rules! debug_as_text {
    ($($answer:ty),*) => {
        $(impl AsText for $answer {
            fn as_text(&self) -> String {
                format!("{self:?}")
            }
        })*
    };
}

debug_as_text!(
    (),
    Option<ServicePrincipal>,
    ServicePrincipal,
    Vec<PermissionGrant>,
    PermissionGrant,
    Vec<RoleAssignment>,
    RoleAssignment
);

#[derive(Debug, Default)]
struct Objects {
    applications: BTreeMap<ApplicationObjectId, Seen<Application>>,
    deleted: BTreeMap<ApplicationObjectId, Application>,
    principals: BTreeMap<ServicePrincipalId, Seen<ServicePrincipal>>,
    deleted_principals: BTreeMap<ServicePrincipalId, ServicePrincipal>,
    grants: BTreeMap<PermissionGrantId, Seen<PermissionGrant>>,
    assignments: BTreeMap<RoleAssignmentId, Seen<RoleAssignment>>,
    /// From when a secret is seen.
    secrets: BTreeMap<KeyId, u128>,
    /// How many ids each name has been given.
    given: BTreeMap<String, u32>,
}

impl Objects {
    fn id(&mut self, name: String) -> Uuid {
        let number = self.given.entry(name.clone()).or_default();
        *number += 1;
        Uuid::new_v5(&NAMES, format!("{name} {number}").as_bytes())
    }

    /// The unique name of an application, by which its requests are told apart.
    fn name_of(&self, is_it: impl Fn(&Application) -> bool) -> String {
        let found = self.applications.values().find(|app| is_it(&app.object));
        let name = found.and_then(|app| app.object.properties.unique_name.clone());
        name.unwrap_or_else(|| "an app that is not there".to_owned())
    }

    /// An application as it is seen now.
    fn shown(&self, now: u128, is_it: impl Fn(&Application) -> bool) -> Option<Application> {
        let found = self.applications.values().find(|app| app.from <= now && is_it(&app.object))?;
        let mut shown = found.object.clone();
        shown
            .password_credentials
            .retain(|secret| self.secrets.get(&secret.key_id).is_none_or(|from| *from <= now));
        Some(shown)
    }

    /// Changes an application that can be written to.
    fn change(
        &mut self,
        now: u128,
        id: ApplicationObjectId,
        change: impl FnOnce(&mut Application) -> Result<(), DirectoryError>,
    ) -> Result<(), DirectoryError> {
        let found = self.applications.get_mut(&id).filter(|app| app.from <= now);
        let found = found.ok_or_else(|| refused(RefusalReason::NotFound))?;
        change(&mut found.object)?;
        found.note();
        Ok(())
    }

    fn has_principal(&self, now: u128, id: ServicePrincipalId) -> bool {
        self.principals.get(&id).is_some_and(|principal| principal.from <= now)
    }
}

/// The directory as one run meets it; all clones share the objects.
#[derive(Debug, Clone)]
pub(crate) struct VirtualDirectory {
    objects: Arc<Mutex<Objects>>,
    gate: Gate,
    lag: Duration,
    ends: Ends,
    hides_added: bool,
    runs: usize,
    started: Instant,
}

impl VirtualDirectory {
    /// A directory in which what `runs` runs make is seen this much later.
    pub(crate) fn new(runs: usize, ends: Ends, lag: Duration, hides_added: bool) -> Self {
        let graph = ServicePrincipal::new(ServicePrincipalId::new(Uuid::from_u128(2)), MICROSOFT_GRAPH);
        let objects = Objects {
            principals: [(graph.id, Seen::new(0, graph))].into(),
            ..Objects::default()
        };
        Self {
            objects: Arc::new(Mutex::new(objects)),
            gate: Gate::default(),
            lag,
            ends,
            hides_added,
            runs,
            started: Instant::now(),
        }
    }

    /// The same directory behind a gate.
    pub(crate) fn behind(&self, gate: Gate) -> Self {
        Self { gate, ..self.clone() }
    }

    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap()
    }

    /// Milliseconds since the beginning.
    pub(crate) fn elapsed(&self) -> u128 {
        self.started.elapsed().as_millis()
    }

    /// Everything here that the further course depends on, as text.
    pub(crate) fn key(&self) -> String {
        let objects = self.objects();
        let applications: Vec<u64> = objects.applications.values().map(|held| held.digest).collect();
        let principals: Vec<u64> = objects.principals.values().map(|held| held.digest).collect();
        let grants: Vec<u64> = objects.grants.values().map(|held| held.digest).collect();
        let assignments: Vec<u64> = objects.assignments.values().map(|held| held.digest).collect();
        let (secrets, given) = (&objects.secrets, digest(format!("{:?}", objects.given)));
        format!("{applications:?} {principals:?} {grants:?} {assignments:?} {secrets:?} {given}")
    }

    /// The server app, once it is there.
    pub(crate) fn server_app(&self) -> Option<ApplicationId> {
        let objects = self.objects();
        let is_server = |app: &&Seen<Application>| app.object.properties.display_name.as_deref() == Some("ConfigMgr Server");
        objects.applications.values().find(is_server).map(|app| app.object.app_id)
    }

    /// The secrets of an application, by id, with the text that the virtual directory has given each.
    pub(crate) fn secrets_of(&self, id: ApplicationId) -> Vec<(KeyId, String)> {
        let objects = self.objects();
        let apps = objects.applications.values().filter(|app| app.object.app_id == id);
        let keys = apps.flat_map(|app| app.object.password_credentials.iter().map(|secret| secret.key_id));
        keys.map(|key| (key, text_of(key))).collect()
    }

    /// How many there are of each kind, and how many of them mean the same.
    pub(crate) fn assert_nothing_twice(&self, case: &dyn Fn() -> String) {
        let objects = self.objects();
        let mut names: Vec<_> = objects
            .applications
            .values()
            .map(|app| app.object.properties.display_name.clone())
            .collect();
        let mut principals: Vec<_> = objects.principals.values().map(|held| held.object.app_id).collect();
        let mut grants: Vec<_> = objects
            .grants
            .values()
            .map(|held| (held.object.client_id, held.object.resource_id))
            .collect();
        let mut roles: Vec<_> = objects
            .assignments
            .values()
            .map(|held| (held.object.principal_id, held.object.app_role_id))
            .collect();
        assert_distinct(&mut names, "app registrations", case);
        assert_distinct(&mut principals, "service principals", case);
        assert_distinct(&mut grants, "consents", case);
        assert_distinct(&mut roles, "application permissions", case);
    }

    /// How many apps, service principals beside Microsoft Graph's, consents and application permissions there are.
    pub(crate) fn counts(&self) -> [usize; 4] {
        let objects = self.objects();
        [
            objects.applications.len(),
            objects.principals.len() - 1,
            objects.grants.len(),
            objects.assignments.len(),
        ]
    }

    /// Sends one request through the gate.
    async fn ask<T: AsText>(
        &self,
        name: String,
        touched: Touched,
        work: impl FnOnce(&mut Objects, u128) -> Result<T, DirectoryError>,
    ) -> Result<T, DirectoryError> {
        let fate = self.gate.pass(&name, touched).await;
        let now = self.elapsed();
        let carried_out = match fate {
            Fate::LostBefore => Err(lost()),
            _ => work(&mut self.objects(), now),
        };
        let answer = match fate {
            Fate::LostAfter => Err(lost()),
            _ => carried_out,
        };
        let heard = match &answer {
            Ok(answer) => answer.as_text(),
            Err(error) => format!("{error:?}"),
        };
        self.gate.told(&name, digest((now, heard)));
        answer
    }

    fn seen_from(&self, now: u128) -> u128 {
        if self.lag.is_zero() { 0 } else { now + self.lag.as_millis() }
    }

    /// A new secret of this run, noted as one that is not seen yet.
    fn password(&self, objects: &mut Objects, now: u128, app: &str, new: &NewPassword, ends: OffsetDateTime) -> PasswordCredential {
        let run = self.gate.run();
        let key = KeyId::new(objects.id(format!("secret of {app} by run {run}")));
        objects.secrets.insert(key, self.seen_from(now));
        PasswordCredential::new(key, &new.display_name, Some(ends))
            .starting(NOW)
            .with_secret(ClientSecret::new(text_of(key)))
    }

    /// The end of an added secret, in the place of one that is chosen at random.
    fn chosen_end(&self, objects: &Objects, app: &str, asked: OffsetDateTime) -> OffsetDateTime {
        let run = self.gate.run();
        let before = objects
            .given
            .get(&format!("secret of {app} by run {run}"))
            .copied()
            .unwrap_or_default();
        let step = match (self.ends, before) {
            (Ends::FirstOnesAlike, 0) => 1,
            // A run without a gate is alone, and knows what is there.
            _ if run >= self.runs => return asked,
            _ => 2 + usize::try_from(before).unwrap() * self.runs + run,
        };
        NOW + time::Duration::days(365 - 3 * i64::try_from(step).unwrap())
    }
}

fn assert_distinct<T: Ord + Debug>(all: &mut Vec<T>, what: &str, case: &dyn Fn() -> String) {
    all.sort();
    let before = all.len();
    all.dedup();
    assert_eq!(all.len(), before, "{what} twice: {}", case());
}

pub(crate) fn text_of(key: KeyId) -> String {
    format!("text of {key}")
}

fn refused(reason: RefusalReason) -> DirectoryError {
    Refused::new(reason, "virtual", "refused by the virtual directory", RequestTrace::default()).into()
}

fn lost() -> DirectoryError {
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Unreachable::new(TransportKind::Interrupted, "virtual", RequestTrace::default(), broken).into()
}

fn without_text(secret: &PasswordCredential) -> PasswordCredential {
    let mut kept = secret.clone();
    kept.secret_text = None;
    kept
}

/// Takes a change over as Microsoft Graph does: complex properties by their parts, all else as a whole.
fn merge(held: &mut Value, change: &Value) {
    match (held, change) {
        (Value::Object(held), Value::Object(change)) => {
            for (name, value) in change {
                merge(held.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (held, change) => *held = change.clone(),
    }
}

/// What a request for an application touches: the application, and the App ID URIs if it may change them.
fn application_written(name: &str, properties: &ApplicationProperties) -> Touched {
    let mut touched = Touched::written(format!("app {name}"));
    if properties.identifier_uris.is_some() {
        touched.writes.push("uris".to_owned());
    }
    touched
}

#[async_trait]
impl Directory for VirtualDirectory {
    async fn signed_in(&self, _call: Call) -> Result<SignedIn, DirectoryError> {
        let mut signed_in = SignedIn::default();
        signed_in.tenant_id = Some(TENANT);
        Ok(signed_in)
    }

    async fn tenant(&self, _call: Call) -> Result<Tenant, DirectoryError> {
        Ok(Tenant::new(TENANT, "Contoso".to_owned(), Vec::new()))
    }

    async fn application(&self, _call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        let is_it = |app: &Application| match key {
            ApplicationKey::ApplicationId(id) => app.app_id == *id,
            ApplicationKey::UniqueName(name) => app.properties.unique_name.as_ref() == Some(name),
            _ => false,
        };
        let name = match key {
            ApplicationKey::UniqueName(name) => name.clone(),
            _ => self.objects().name_of(is_it),
        };
        let touched = Touched::read(format!("app {name}"));
        self.ask(format!("look at {key:?}"), touched, |objects, now| Ok(objects.shown(now, is_it)))
            .await
    }

    async fn application_with_uri(&self, _call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        let has_uri = |app: &Application| app.properties.identifier_uris.iter().flatten().any(|held| held == uri);
        // It shows the app with its secrets, too.
        let mut touched = Touched::read("uris");
        touched.reads.push(format!("app {}", self.objects().name_of(has_uri)));
        self.ask(format!("look for {uri}"), touched, |objects, now| Ok(objects.shown(now, has_uri)))
            .await
    }

    async fn deleted_applications(&self, _call: Call, names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        let objects = self.objects();
        let deleted = objects.deleted.values().map(|app| {
            let properties = app.properties.clone();
            DeletedApplication::new(app.object_id, Some(app.app_id), properties.display_name, properties.unique_name)
        });
        Ok(deleted
            .filter(|app| app.unique_name.as_ref().is_some_and(|name| names.contains(name)))
            .collect())
    }

    async fn deleted_service_principals(&self, _call: Call, apps: &[ApplicationId]) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        let objects = self.objects();
        let deleted = objects.deleted_principals.values();
        Ok(deleted.filter(|principal| apps.contains(&principal.app_id)).cloned().collect())
    }

    async fn service_principal(&self, _call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        let shown = move |objects: &mut Objects, now| {
            let mut seen = objects.principals.values().filter(|held| held.from <= now);
            Ok(seen.find(|held| held.object.app_id == app).map(|held| held.object.clone()))
        };
        if app == MICROSOFT_GRAPH {
            return shown(&mut self.objects(), 0);
        }
        let touched = Touched::read(format!("principal of {app}"));
        self.ask(format!("look at the principal of {app}"), touched, shown).await
    }

    async fn permission_grants(&self, _call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        self.ask(
            format!("look at the consents of {client}"),
            Touched::read("consents"),
            |objects, now| {
                let seen = objects
                    .grants
                    .values()
                    .filter(|held| held.from <= now && held.object.client_id == client);
                Ok(seen.map(|held| held.object.clone()).collect())
            },
        )
        .await
    }

    async fn role_assignments(&self, _call: Call, principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        self.ask(
            format!("look at the roles of {principal}"),
            Touched::read("roles"),
            |objects, now| {
                let seen = objects.assignments.values();
                let seen = seen.filter(|held| held.from <= now && held.object.principal_id == principal);
                Ok(seen.map(|held| held.object.clone()).collect())
            },
        )
        .await
    }

    async fn create_application(&self, _call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let name = new.properties.unique_name.clone().unwrap_or_default();
        let touched = application_written(&name, &new.properties);
        self.ask(format!("create {name}"), touched, |objects, now| {
            let holds_name = |app: &Application| app.properties.unique_name == new.properties.unique_name;
            let has_name = objects.applications.values().any(|app| holds_name(&app.object));
            if has_name || objects.deleted.values().any(holds_name) {
                return Err(refused(RefusalReason::UniqueNameInUse));
            }
            let wanted: Vec<&String> = new.properties.identifier_uris.iter().flatten().collect();
            let mut held = objects
                .applications
                .values()
                .flat_map(|app| app.object.properties.identifier_uris.iter().flatten());
            if held.any(|uri| wanted.contains(&uri)) {
                return Err(refused(RefusalReason::UriInUse));
            }
            let run = self.gate.run();
            let object = ApplicationObjectId::new(objects.id(format!("object {name} by run {run}")));
            let app = ApplicationId::new(objects.id(format!("app {name} by run {run}")));
            let mut created = Application::new(object, app, new.properties.clone());
            if let Some(password) = &new.password {
                let app = created.object_id.to_string();
                let secret = self.password(objects, now, &app, password, password.end_date_time);
                // The secret that comes with an app is part of it.
                objects.secrets.remove(&secret.key_id);
                created.password_credentials.push(secret);
            }
            let mut kept = created.clone();
            kept.password_credentials = created.password_credentials.iter().map(without_text).collect();
            let mut seen = Seen::new(self.seen_from(now), kept);
            seen.note();
            objects.applications.insert(object, seen);
            Ok(created)
        })
        .await
    }

    async fn update_application(&self, _call: Call, id: ApplicationObjectId, new: &ApplicationProperties) -> Result<(), DirectoryError> {
        let name = self.objects().name_of(|app| app.object_id == id);
        let touched = application_written(&name, new);
        self.ask(format!("update {name}"), touched, |objects, now| {
            objects.change(now, id, |app| {
                let mut merged = serde_json::to_value(&app.properties).unwrap();
                merge(&mut merged, &serde_json::to_value(new).unwrap());
                app.properties = serde_json::from_value(merged).unwrap();
                Ok(())
            })
        })
        .await
    }

    async fn add_password(&self, _call: Call, id: ApplicationObjectId, new: &NewPassword) -> Result<PasswordCredential, DirectoryError> {
        let name = self.objects().name_of(|app| app.object_id == id);
        let touched = Touched::written(format!("app {name}"));
        self.ask(format!("add a secret to {name}"), touched, |objects, now| {
            objects.change(now, id, |_| Ok(()))?;
            let app = id.to_string();
            let ends = self.chosen_end(objects, &app, new.end_date_time);
            let added = self.password(objects, now, &app, new, ends);
            if self.hides_added && self.gate.of_all().is_some() {
                objects.secrets.insert(added.key_id, u128::MAX);
            }
            objects.change(now, id, |app| {
                app.password_credentials.push(without_text(&added));
                Ok(())
            })?;
            Ok(added)
        })
        .await
    }

    async fn remove_password(&self, _call: Call, id: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
        let name = self.objects().name_of(|app| app.object_id == id);
        let touched = Touched::written(format!("app {name}"));
        self.ask(format!("remove the secret {key} of {name}"), touched, |objects, now| {
            objects.change(now, id, |app| {
                let position = app.password_credentials.iter().position(|secret| secret.key_id == key);
                let position = position.ok_or_else(|| refused(RefusalReason::NotFound))?;
                app.password_credentials.remove(position);
                Ok(())
            })
        })
        .await
    }

    async fn create_service_principal(&self, _call: Call, app: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        let touched = Touched::written(format!("principal of {app}"));
        self.ask(format!("create the principal of {app}"), touched, |objects, now| {
            if objects.principals.values().any(|held| held.object.app_id == app) {
                return Err(refused(RefusalReason::AlreadyExists));
            }
            if objects.shown(now, |held| held.app_id == app).is_none() {
                return Err(refused(RefusalReason::ReferenceNotFound));
            }
            let run = self.gate.run();
            let id = ServicePrincipalId::new(objects.id(format!("principal of {app} by run {run}")));
            let (from, principal) = (self.seen_from(now), ServicePrincipal::new(id, app));
            let object = principal.clone();
            objects.principals.insert(id, Seen::new(from, object));
            Ok(principal)
        })
        .await
    }

    async fn create_permission_grant(&self, _call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        let request = format!("consent {} to {}", new.client_id, new.resource_id);
        self.ask(request, Touched::written("consents"), |objects, now| {
            let is_it = |held: &Seen<PermissionGrant>| (held.object.client_id, held.object.resource_id) == (new.client_id, new.resource_id);
            if objects.grants.values().any(is_it) {
                return Err(refused(RefusalReason::AlreadyExists));
            }
            if !objects.has_principal(now, new.client_id) || !objects.has_principal(now, new.resource_id) {
                return Err(refused(RefusalReason::ReferenceNotFound));
            }
            let id = objects.id(format!("consent {} {} by run {}", new.client_id, new.resource_id, self.gate.run()));
            let id = PermissionGrantId::new(id.to_string());
            let grant = PermissionGrant::new(id.clone(), new.client_id, new.resource_id, &new.scope);
            let (from, object) = (self.seen_from(now), grant.clone());
            objects.grants.insert(id, Seen::new(from, object));
            Ok(grant)
        })
        .await
    }

    async fn update_permission_grant(&self, _call: Call, id: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
        self.ask(format!("update the consent {id}"), Touched::written("consents"), |objects, now| {
            let grant = objects.grants.get_mut(id).filter(|held| held.from <= now);
            let grant = grant.ok_or_else(|| refused(RefusalReason::NotFound))?;
            scope.clone_into(&mut grant.object.scope);
            Ok(())
        })
        .await
    }

    async fn assign_role(&self, _call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        self.ask(format!("assign {}", new.app_role_id), Touched::written("roles"), |objects, now| {
            let is_it =
                |held: &Seen<RoleAssignment>| (held.object.principal_id, held.object.app_role_id) == (new.principal_id, new.app_role_id);
            if objects.assignments.values().any(is_it) {
                return Err(refused(RefusalReason::AlreadyExists));
            }
            if !objects.has_principal(now, new.principal_id) {
                return Err(refused(RefusalReason::ReferenceNotFound));
            }
            let id = objects.id(format!("role {} by run {}", new.app_role_id, self.gate.run()));
            let given = RoleAssignment::new(RoleAssignmentId::new(id.to_string()), *new);
            let (from, object) = (self.seen_from(now), given.clone());
            objects.assignments.insert(given.id.clone(), Seen::new(from, object));
            Ok(given)
        })
        .await
    }

    async fn delete_application(&self, _call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let app = objects.applications.remove(&id).ok_or_else(|| refused(RefusalReason::NotFound))?;
        objects.deleted.insert(id, app.object);
        Ok(())
    }

    async fn delete_service_principal(&self, _call: Call, id: ServicePrincipalId) -> Result<(), DirectoryError> {
        let mut objects = self.objects();
        let principal = objects.principals.remove(&id).ok_or_else(|| refused(RefusalReason::NotFound))?;
        objects.deleted_principals.insert(id, principal.object);
        Ok(())
    }

    async fn purge_application(&self, _call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        let purged = self.objects().deleted.remove(&id);
        purged.map(drop).ok_or_else(|| refused(RefusalReason::NotFound))
    }

    async fn purge_service_principal(&self, _call: Call, id: ServicePrincipalId) -> Result<(), DirectoryError> {
        let purged = self.objects().deleted_principals.remove(&id);
        purged.map(drop).ok_or_else(|| refused(RefusalReason::NotFound))
    }
}
