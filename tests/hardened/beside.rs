//! A directory in which another caller is at work.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, Call, Directory, DirectoryError, GraphDirectory, OnboardingError, ServicePrincipalId, async_trait,
    connection::StepError,
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword,
        NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant,
        WebApplication,
    },
    error::{RefusalReason, Refused, RequestTrace},
    ids::{DirectoryObjectId, KeyId, PermissionGrantId, RoleTemplateId},
};
use cmg_onboarding_emulator::EmulatedTenant;

pub(crate) use crate::happening::Beside;

/// The redirect URI that an app has which was registered by hand.
pub(crate) const THEIRS: &str = "https://contoso.com/callback";

/// `User.Read.All` of Microsoft Graph.
const OTHER_ROLE: &str = "df021288-bdef-4463-88db-98f22de89214";

/// A change that does not show yet.
#[derive(Debug)]
enum Late {
    App(ApplicationObjectId, Box<ApplicationProperties>),
    Grant(PermissionGrantId, String),
}

/// A directory in which another caller is at work.
#[derive(Debug)]
pub(crate) struct Overtaken {
    tenant: GraphDirectory,
    beside: Vec<Beside>,
    /// How many requests of each kind were sent: those that change, and those that add a secret.
    pub(crate) changes: AtomicUsize,
    pub(crate) additions: AtomicUsize,
    looks: AtomicUsize,
    hidden: Mutex<Vec<KeyId>>,
    scopes: Mutex<HashMap<PermissionGrantId, String>>,
    late: Mutex<Option<Late>>,
}

fn refused(reason: RefusalReason) -> DirectoryError {
    Refused::new(reason, "Directory_Refused", "refused by the test", RequestTrace::default()).into()
}

fn next(counter: &AtomicUsize) -> usize {
    counter.fetch_add(1, Ordering::SeqCst) + 1
}

/// The number or reason of one kind of [`Beside`].
macro_rules! of {
    ($kind:ident) => {
        |beside: &Beside| match beside {
            Beside::$kind(value) => Some(*value),
            _ => None,
        }
    };
}

impl Overtaken {
    pub(crate) fn new(tenant: &EmulatedTenant, beside: &[Beside]) -> Arc<Self> {
        Arc::new(Self {
            tenant: tenant.directory(),
            beside: beside.to_vec(),
            changes: AtomicUsize::default(),
            additions: AtomicUsize::default(),
            looks: AtomicUsize::default(),
            hidden: Mutex::default(),
            scopes: Mutex::default(),
            late: Mutex::default(),
        })
    }

    fn has(&self, what: Beside) -> bool {
        self.beside.contains(&what)
    }

    /// The error of a request that is refused.
    fn refuse(&self, what: impl Fn(&Beside) -> Option<RefusalReason>) -> Result<(), DirectoryError> {
        self.beside.iter().find_map(what).map_or(Ok(()), |reason| Err(refused(reason)))
    }

    /// The number of requests that `what` is for.
    fn times(&self, what: impl Fn(&Beside) -> Option<usize>) -> usize {
        self.beside.iter().find_map(what).unwrap_or_default()
    }

    fn taken_back(&self) -> usize {
        self.times(of!(TakenBack))
    }

    /// Counts the looks at the app after the first secret was added.
    fn looks_after_adding(&self) -> usize {
        match self.additions.load(Ordering::SeqCst) {
            0 => 0,
            _ => next(&self.looks),
        }
    }

    /// Keeps the first change back, if it is to show late. Each change after it is carried out at once.
    fn keep_back(&self, number: usize, change: Late) -> bool {
        let is_kept = number == 1 && self.times(of!(ShownFrom)) > 0;
        *self.late.lock().unwrap() = is_kept.then_some(change);
        is_kept
    }

    /// Counts a look after a change that is kept back, and carries the change out once it is to show.
    async fn show_late(&self, call: Call) -> Result<(), DirectoryError> {
        let is_kept = self.late.lock().unwrap().is_some();
        if !is_kept || next(&self.looks) < self.times(of!(ShownFrom)) {
            return Ok(());
        }
        let late = self.late.lock().unwrap().take();
        match late.unwrap() {
            Late::App(app, change) => self.tenant.update_application(call, app, &change).await,
            Late::Grant(grant, scope) => self.tenant.update_permission_grant(call, &grant, &scope).await,
        }
    }

    fn check_readable(&self) -> Result<(), DirectoryError> {
        let is_changed = self.changes.load(Ordering::SeqCst) + self.additions.load(Ordering::SeqCst) > 0;
        let is_first = is_changed && self.has(Beside::UnreadableOnce) && next(&self.looks) == 1;
        match is_first || is_changed && self.has(Beside::Unreadable) {
            true => Err(refused(RefusalReason::PermissionMissing)),
            false => Ok(()),
        }
    }
}

macro_rules! forwarded {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Directory for Overtaken {
            async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
                self.check_readable()?;
                self.show_late(call.clone()).await?;
                if self.additions.load(Ordering::SeqCst) > 0 && self.has(Beside::AppGone) {
                    return Ok(None);
                }
                if self.changes.load(Ordering::SeqCst) > 0 && self.has(Beside::GoneAfterChange) {
                    return Ok(None);
                }
                let is_late = |looks: usize| self.additions.load(Ordering::SeqCst) > 0 && looks < 3;
                if self.has(Beside::LateAfterAdding) && is_late(self.looks_after_adding()) {
                    return Ok(None);
                }
                let mut found = self.tenant.application(call, key).await?;
                if let Some(app) = &mut found {
                    let hidden = self.hidden.lock().unwrap();
                    app.password_credentials.retain(|secret| !hidden.contains(&secret.key_id));
                }
                Ok(found)
            }

            async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
                assert!(!uri.contains('{'), "no app has an App ID URI that is not resolved: {uri}");
                self.tenant.application_with_uri(call, uri).await
            }

            async fn update_application(
                &self,
                call: Call,
                app: ApplicationObjectId,
                change: &ApplicationProperties,
            ) -> Result<(), DirectoryError> {
                // The client app, which the run has made, has no redirect URI of the web.
                if change.web.is_none() {
                    if change.sign_in_audience.is_some() {
                        self.refuse(of!(ProofRefused))?;
                    }
                    return self.tenant.update_application(call, app, change).await;
                }
                let number = next(&self.changes);
                self.refuse(of!(ChangesRefused))?;
                if number <= self.taken_back() || self.keep_back(number, Late::App(app, Box::new(change.clone()))) {
                    return Ok(());
                }
                self.tenant.update_application(call.clone(), app, change).await?;
                if self.has(Beside::OthersLost) {
                    let mut web = WebApplication::default();
                    let held = change.web.as_ref().and_then(|web| web.redirect_uris.clone()).unwrap_or_default();
                    web.redirect_uris = Some(held.into_iter().filter(|uri| uri != THEIRS).collect());
                    let mut other = ApplicationProperties::default();
                    other.web = Some(web);
                    self.tenant.update_application(call, app, &other).await?;
                }
                Ok(())
            }

            async fn signed_in(&self, call: Call) -> Result<SignedIn, DirectoryError> {
                let mut signed_in = self.tenant.signed_in(call).await?;
                if self.has(Beside::NamelessToken) {
                    signed_in.tenant_id = None;
                }
                Ok(signed_in)
            }

            async fn create_permission_grant(&self, call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
                let others = self.beside.iter().find_map(of!(AnotherConsents));
                if let Some(scope) = others {
                    let other = NewPermissionGrant::new(new.client_id, new.resource_id, scope);
                    self.tenant.create_permission_grant(call.clone(), &other).await?;
                }
                if self.has(Beside::ConsentsRefused) {
                    return Err(refused(RefusalReason::UriBlockedByPolicy));
                }
                self.tenant.create_permission_grant(call, new).await
            }

            async fn assign_role(&self, call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
                if self.has(Beside::AnotherAssigns) {
                    let other = NewRoleAssignment::new(new.principal_id, new.resource_id, OTHER_ROLE.parse().unwrap());
                    self.tenant.assign_role(call.clone(), &other).await?;
                    if self.has(Beside::ConsentsRefused) {
                        return Err(refused(RefusalReason::UriBlockedByPolicy));
                    }
                    self.tenant.assign_role(call, new).await?;
                    return Err(refused(RefusalReason::ServiceUnavailable));
                }
                self.tenant.assign_role(call, new).await
            }

            async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
                self.check_readable()?;
                self.show_late(call.clone()).await?;
                let found = self.tenant.permission_grants(call, client).await?;
                let mut scopes = self.scopes.lock().unwrap();
                scopes.extend(found.iter().map(|grant| (grant.id.clone(), grant.scope.clone())));
                Ok(found)
            }

            async fn update_permission_grant(&self, call: Call, grant: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
                let number = next(&self.changes);
                if number <= self.taken_back() || self.keep_back(number, Late::Grant(grant.clone(), scope.to_owned())) {
                    return Ok(());
                }
                let before = self.scopes.lock().unwrap().get(grant).cloned().unwrap_or_default();
                let is_lost = |word: &&str| self.has(Beside::OthersLost) && before.split(' ').any(|held| held == *word);
                let kept: Vec<&str> = scope.split(' ').filter(|word| !is_lost(word)).collect();
                self.tenant.update_permission_grant(call, grant, &kept.join(" ")).await
            }

            async fn add_password(
                &self,
                call: Call,
                app: ApplicationObjectId,
                new: &NewPassword,
            ) -> Result<PasswordCredential, DirectoryError> {
                let number = next(&self.additions);
                let refused_from = of!(AddingRefusedFrom);
                if self.beside.iter().find_map(refused_from).is_some_and(|first| number >= first) {
                    return Err(refused(RefusalReason::PermissionMissing));
                }
                if number == 1 && let Some(days) = self.beside.iter().find_map(of!(AnotherAdds)) {
                    let (name, _) = new.display_name.split_at(new.display_name.find(", site ").unwrap_or(new.display_name.len()));
                    let other = NewPassword::new(format!("{}0badcafe", &name[..name.len() - 8]), new.end_date_time - time::Duration::days(days));
                    self.tenant.add_password(call.clone(), app, &other).await?;
                }
                let added = self.tenant.add_password(call, app, new).await?;
                let unanswered = of!(AddingUnanswered);
                if number <= self.times(unanswered) || number == 2 && self.has(Beside::SecondUnanswered) {
                    return Err(refused(RefusalReason::ServiceUnavailable));
                }
                let hidden = of!(AddedHidden);
                if number <= self.times(hidden) {
                    self.hidden.lock().unwrap().push(added.key_id);
                }
                Ok(added)
            }

            async fn remove_password(&self, call: Call, app: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
                self.refuse(of!(RemovingRefused))?;
                self.tenant.remove_password(call, app, key).await?;
                if self.has(Beside::RemovingUnanswered) {
                    return Err(refused(RefusalReason::ServiceUnavailable));
                }
                match self.has(Beside::RemovedByAnother) {
                    true => Err(refused(RefusalReason::NotFound)),
                    false => Ok(()),
                }
            }

            async fn create_application(&self, call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
                if self.has(Beside::CreatedByAnother) && let Some(password) = &new.password {
                    let name = password.display_name.clone();
                    let name = format!("{}0badcafe", &name[..name.len() - 8]);
                    let mut others = new.clone();
                    others.password = Some(NewPassword::new(name, password.end_date_time));
                    self.tenant.create_application(call, &others).await?;
                    return Err(refused(RefusalReason::ServiceUnavailable));
                }
                let mut created = self.tenant.create_application(call, new).await?;
                if self.has(Beside::CreationTellsIds) {
                    created.properties = ApplicationProperties::default();
                }
                match self.has(Beside::CreationUnanswered) {
                    true => Err(refused(RefusalReason::ServiceUnavailable)),
                    false => Ok(created),
                }
            }

            fn restores_applications(&self) -> bool {
                self.tenant.restores_applications()
            }

            async fn delete_application(&self, call: Call, app: ApplicationObjectId) -> Result<(), DirectoryError> {
                match self.has(Beside::DeletionIgnored) {
                    true => Ok(()),
                    false => self.tenant.delete_application(call, app).await,
                }
            }

            async fn deleted_service_principals(
                &self,
                call: Call,
                apps: &[ApplicationId],
            ) -> Result<Vec<ServicePrincipal>, DirectoryError> {
                self.refuse(of!(PrincipalsUnlisted))?;
                self.tenant.deleted_service_principals(call, apps).await
            }

            async fn delete_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
                self.refuse(of!(PrincipalStays))?;
                self.tenant.delete_service_principal(call, principal).await
            }

            async fn purge_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
                self.refuse(of!(PrincipalHeld))?;
                self.tenant.purge_service_principal(call, principal).await
            }

            async fn purge_application(&self, call: Call, app: ApplicationObjectId) -> Result<(), DirectoryError> {
                let purged = self.tenant.purge_application(call, app).await;
                if self.has(Beside::PurgedByAnother) {
                    return Err(refused(RefusalReason::NotFound));
                }
                if self.has(Beside::PurgingRefused) {
                    return Err(refused(RefusalReason::PermissionMissing));
                }
                purged
            }

            $(async fn $name(&self, call: Call, $($argument: $kind),*) -> Result<$answer, DirectoryError> {
                self.tenant.$name(call, $($argument),*).await
            })*
        }
    };
}

forwarded! {
    tenant() -> Tenant;
    held_roles(roles: &[RoleTemplateId]) -> Vec<RoleTemplateId>;
    app_management_policy() -> AppManagementPolicy;
    application_owners(app: ApplicationObjectId) -> Vec<DirectoryObjectId>;
    federated_credentials(app: ApplicationObjectId) -> Vec<String>;
    deleted_applications(names: &[String]) -> Vec<DeletedApplication>;
    service_principal(app: ApplicationId) -> Option<ServicePrincipal>;
    role_assignments(principal: ServicePrincipalId) -> Vec<RoleAssignment>;
    restore_application(app: ApplicationObjectId) -> ();
    create_service_principal(application: ApplicationId) -> ServicePrincipal;
}

/// Why the directory has refused the step that has failed.
pub(crate) fn reason(error: &OnboardingError) -> Option<RefusalReason> {
    let OnboardingError::Apply(error) = error else {
        panic!("a failure of a step is expected, not {error:?}")
    };
    match error.error() {
        StepError::Directory(error) => error.refusal(),
        other => panic!("an error of the directory is expected, not {other:?}"),
    }
}
