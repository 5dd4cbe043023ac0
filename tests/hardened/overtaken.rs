//! Another caller writes beside this run: what is lost is made again or told, what others have lost is told, and no secret is
//! counted as unused that may be in use.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use cmg_onboarding::{
    AdoptedClientApp, ApplicationId, ApplicationObjectId, AzureServicesConnection, Call, ConnectionSpec, Directory, DirectoryError, GraphDirectory, OnboardingError, Outcome,
    ServerAppSpec, ServicePrincipalId, Step, async_trait,
    clock::FixedClock,
    connection::{AzureServicesConnectionBuilder, Finding, FindingCode, StepAction},
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword,
        NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant,
        WebApplication,
    },
    error::{RefusalReason, Refused, RequestTrace},
    ids::{DirectoryObjectId, KeyId, PermissionGrantId, RoleTemplateId},
    spec::AdoptedServerApp,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use serde_json::{Value, json};

use crate::tenant::{NOW, OPEN, list, spec};

/// The redirect URI that an app has which was registered by hand.
const THEIRS: &str = "https://contoso.com/callback";

/// What happens beside the run. A number says to how many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// A change of the server app or of a grant is answered with success, and another caller takes it back at once.
    TakenBack(usize),
    /// A change of the server app or of a grant is carried out, and another caller takes out what was there before.
    OthersLost,
    /// A change is carried out, and from then on apps and grants cannot be read.
    Unreadable,
    /// A secret is added, and the answer leaves open whether it was.
    AddingUnanswered(usize),
    /// Another run adds a secret right before this run adds one.
    AnotherAdds,
    /// A secret is added and never shows.
    AddedHidden(usize),
    /// Another run removes a secret first.
    RemovedByAnother,
    /// A secret cannot be removed, and stays.
    RemovingRefused(RefusalReason),
    /// Another run removes a deleted app for good first.
    PurgedByAnother,
    /// A deletion is answered with success and not carried out.
    DeletionIgnored,
    /// A deleted app is removed for good, and the answer is a refusal.
    PurgingRefused,
    /// A policy refuses the consents.
    ConsentsRefused,
    /// The token does not name its tenant.
    NamelessToken,
}

/// A directory in which another caller is at work.
#[derive(Debug)]
struct Overtaken {
    tenant: GraphDirectory,
    beside: Vec<Beside>,
    /// How many requests of each kind were sent: those that change, that add a secret, that remove one.
    changes: AtomicUsize,
    additions: AtomicUsize,
    removals: AtomicUsize,
    hidden: Mutex<Vec<KeyId>>,
    scopes: Mutex<HashMap<PermissionGrantId, String>>,
}

fn refused(reason: RefusalReason) -> DirectoryError {
    Refused::new(reason, "Directory_Refused", "refused by the test", RequestTrace::default()).into()
}

fn next(counter: &AtomicUsize) -> usize {
    counter.fetch_add(1, Ordering::SeqCst) + 1
}

impl Overtaken {
    fn new(tenant: &EmulatedTenant, beside: &[Beside]) -> Arc<Self> {
        Arc::new(Self {
            tenant: tenant.directory(),
            beside: beside.to_vec(),
            changes: AtomicUsize::default(),
            additions: AtomicUsize::default(),
            removals: AtomicUsize::default(),
            hidden: Mutex::default(),
            scopes: Mutex::default(),
        })
    }

    fn has(&self, what: Beside) -> bool {
        self.beside.contains(&what)
    }

    /// The number of requests that `what` is for.
    fn times(&self, what: impl Fn(&Beside) -> Option<usize>) -> usize {
        self.beside.iter().find_map(what).unwrap_or_default()
    }

    fn taken_back(&self) -> usize {
        self.times(|beside| match beside {
            Beside::TakenBack(times) => Some(*times),
            _ => None,
        })
    }

    fn check_readable(&self) -> Result<(), DirectoryError> {
        let is_changed = self.changes.load(Ordering::SeqCst) + self.additions.load(Ordering::SeqCst) > 0;
        match is_changed && self.has(Beside::Unreadable) {
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
                    return self.tenant.update_application(call, app, change).await;
                }
                if next(&self.changes) <= self.taken_back() {
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
                match self.has(Beside::ConsentsRefused) {
                    true => Err(refused(RefusalReason::UriBlockedByPolicy)),
                    false => self.tenant.create_permission_grant(call, new).await,
                }
            }

            async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
                self.check_readable()?;
                let found = self.tenant.permission_grants(call, client).await?;
                let mut scopes = self.scopes.lock().unwrap();
                scopes.extend(found.iter().map(|grant| (grant.id.clone(), grant.scope.clone())));
                Ok(found)
            }

            async fn update_permission_grant(&self, call: Call, grant: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
                if next(&self.changes) <= self.taken_back() {
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
                if number == 1 && self.has(Beside::AnotherAdds) {
                    let (name, _) = new.display_name.split_at(new.display_name.find(", site ").unwrap_or(new.display_name.len()));
                    let other = NewPassword::new(format!("{}0badcafe", &name[..name.len() - 8]), new.end_date_time - time::Duration::days(60));
                    self.tenant.add_password(call.clone(), app, &other).await?;
                }
                let added = self.tenant.add_password(call, app, new).await?;
                let unanswered = |beside: &Beside| match beside {
                    Beside::AddingUnanswered(times) => Some(*times),
                    _ => None,
                };
                if number <= self.times(unanswered) {
                    return Err(refused(RefusalReason::ServiceUnavailable));
                }
                let hidden = |beside: &Beside| match beside {
                    Beside::AddedHidden(times) => Some(*times),
                    _ => None,
                };
                if number <= self.times(hidden) {
                    self.hidden.lock().unwrap().push(added.key_id);
                }
                Ok(added)
            }

            async fn remove_password(&self, call: Call, app: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
                next(&self.removals);
                if let Some(reason) = self.beside.iter().find_map(|beside| match beside {
                    Beside::RemovingRefused(reason) => Some(*reason),
                    _ => None,
                }) {
                    return Err(refused(reason));
                }
                self.tenant.remove_password(call, app, key).await?;
                match self.has(Beside::RemovedByAnother) {
                    true => Err(refused(RefusalReason::NotFound)),
                    false => Ok(()),
                }
            }

            async fn delete_application(&self, call: Call, app: ApplicationObjectId) -> Result<(), DirectoryError> {
                match self.has(Beside::DeletionIgnored) {
                    true => Ok(()),
                    false => self.tenant.delete_application(call, app).await,
                }
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
    deleted_service_principals(apps: &[ApplicationId]) -> Vec<ServicePrincipal>;
    service_principal(app: ApplicationId) -> Option<ServicePrincipal>;
    role_assignments(principal: ServicePrincipalId) -> Vec<RoleAssignment>;
    create_application(new: &NewApplication) -> Application;
    create_service_principal(application: ApplicationId) -> ServicePrincipal;
    assign_role(new: &NewRoleAssignment) -> RoleAssignment;
    delete_service_principal(principal: ServicePrincipalId) -> ();
    purge_service_principal(principal: ServicePrincipalId) -> ();
}

fn told(findings: &[Finding]) -> Vec<(FindingCode, Value)> {
    let codes = [FindingCode::ConcurrentChange, FindingCode::ChangeOverwritten];
    let told = findings.iter().filter(|finding| codes.contains(&finding.code()));
    told.map(|finding| {
        crate::support::assert_documented(finding);
        (finding.code(), json!(finding.parameters()))
    })
    .collect()
}

/// Adopts a server app that has a redirect URI of its own.
async fn adopted(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, usize, Value) {
    let tenant = EmulatedTenant::new();
    let server: ApplicationId = tenant
        .add_application(json!({
            "displayName": "Made by hand",
            "signInAudience": "AzureADMyOrg",
            "identifierUris": ["https://contoso.com/byhand"],
            "web": {"redirectUris": [THEIRS]},
        }))
        .into();
    let directory = Overtaken::new(&tenant, beside);
    let job = AzureServicesConnection::builder(spec(AdoptedServerApp::builder(server))).directory(directory.clone());
    let outcome = job.build().unwrap().onboard(|_| ()).await;
    let state = tenant.state();
    let redirects = crate::tenant::app(&state, server)["web"]["redirectUris"].clone();
    (outcome, directory.changes.load(Ordering::SeqCst), redirects)
}

#[tokio::test(start_paused = true)]
async fn a_change_of_an_app_that_is_taken_back_is_made_again_up_to_three_times_and_then_told() {
    let step = Step::RegisterServerApp;
    for (times, action, sent) in [
        (0, StepAction::Updated, 1),
        (1, StepAction::Updated, 2),
        (2, StepAction::Updated, 3),
        (usize::MAX, StepAction::Unconfirmed, 3),
    ] {
        let (outcome, changes, redirects) = adopted(&[Beside::TakenBack(times)]).await;
        let outcome = outcome.unwrap();
        assert_eq!((outcome.report.step(step).unwrap().action, changes), (action, sent), "{times}");
        let is_lost = action == StepAction::Unconfirmed;
        let expected = is_lost.then(|| (FindingCode::ChangeOverwritten, json!({"step": step})));
        assert_eq!(told(&outcome.findings), Vec::from_iter(expected), "{times}");
        let expected = if is_lost { json!([THEIRS]) } else { json!([THEIRS, "http://localhost"]) };
        assert_eq!(redirects, expected, "{times}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_caller_has_taken_out_of_a_list_of_an_app_is_told() {
    let (outcome, changes, redirects) = adopted(&[Beside::OthersLost]).await;
    let outcome = outcome.unwrap();
    let lost = json!({"step": Step::RegisterServerApp, "lost": [format!("web.redirectUris {THEIRS}")]});
    assert_eq!(told(&outcome.findings), [(FindingCode::ConcurrentChange, lost)]);
    assert_eq!((changes, redirects), (1, json!(["http://localhost"])));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_read_back_is_not_written_again() {
    let (outcome, changes, _) = adopted(&[Beside::Unreadable]).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
    assert_eq!(changes, 1);
}

fn reason(error: &OnboardingError) -> Option<RefusalReason> {
    let OnboardingError::Apply(error) = error else {
        panic!("a failure of a step is expected, not {error:?}")
    };
    match error.error() {
        cmg_onboarding::connection::StepError::Directory(error) => error.refusal(),
        other => panic!("an error of the directory is expected, not {other:?}"),
    }
}

/// Consents again to `User.Read`, in whose grant an administrator has put something else.
async fn consented(beside: &[Beside]) -> (Result<Outcome, OnboardingError>, usize, String) {
    let tenant = EmulatedTenant::new();
    let job = |directory: Arc<Overtaken>| AzureServicesConnection::builder(crate::support::spec()).directory(directory);
    job(Overtaken::new(&tenant, &[])).build().unwrap().onboard(|_| ()).await.unwrap();
    let grant = |scope: &str| {
        let state = tenant.state();
        let grants = list(&state, "oauth2PermissionGrants").iter();
        let found = grants.clone().find(|grant| grant["scope"].as_str().is_some_and(|held| held.contains(scope)));
        found.map(|grant| (grant["id"].as_str().unwrap().to_owned(), grant["scope"].as_str().unwrap().to_owned()))
    };
    let (id, _) = grant("User.Read").unwrap();
    let (administrator, id) = (tenant.directory(), PermissionGrantId::new(id));
    let changed = administrator.update_permission_grant(Call::quiet(), &id, "Mail.Read Files.Read");
    changed.await.unwrap();
    let directory = Overtaken::new(&tenant, beside);
    let outcome = job(directory.clone()).build().unwrap().onboard(|_| ()).await;
    let held = grant("Mail.Read").or_else(|| grant("User.Read")).unwrap().1;
    (outcome, directory.changes.load(Ordering::SeqCst), held)
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_is_taken_back_is_given_again_up_to_three_times_and_then_told() {
    let step = Step::ConsentUserRead;
    for (times, action, sent) in [
        (0, StepAction::Updated, 1),
        (1, StepAction::Updated, 2),
        (usize::MAX, StepAction::Unconfirmed, 3),
    ] {
        let (outcome, changes, held) = consented(&[Beside::TakenBack(times)]).await;
        let outcome = outcome.unwrap();
        assert_eq!((outcome.report.step(step).unwrap().action, changes), (action, sent), "{times}");
        let is_lost = action == StepAction::Unconfirmed;
        let lost = is_lost.then(|| (FindingCode::ConcurrentChange, json!({"step": step, "lost": ["User.Read"]})));
        assert_eq!(told(&outcome.findings), Vec::from_iter(lost), "{times}");
        let expected = if is_lost { "Mail.Read Files.Read" } else { "Mail.Read Files.Read User.Read" };
        assert_eq!(held, expected, "{times}");
    }
}

#[tokio::test(start_paused = true)]
async fn permissions_that_another_caller_has_taken_out_of_a_consent_are_told() {
    let (outcome, changes, held) = consented(&[Beside::OthersLost]).await;
    let outcome = outcome.unwrap();
    let lost = json!({"step": Step::ConsentUserRead, "lost": ["Mail.Read", "Files.Read"]});
    assert_eq!(told(&outcome.findings), [(FindingCode::ConcurrentChange, lost)]);
    assert_eq!((changes, held.as_str()), (1, "User.Read"));
    assert_eq!(outcome.report.step(Step::ConsentUserRead).unwrap().action, StepAction::Updated);
}

#[tokio::test(start_paused = true)]
async fn a_consent_that_cannot_be_read_back_is_not_given_again() {
    let (outcome, changes, _) = consented(&[Beside::Unreadable]).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
    assert_eq!(changes, 1);
}

/// A tenant whose server app has a secret that was handed over, and the run that gives a site one of its own.
struct SecondSecret {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    directory: Arc<Overtaken>,
    handed_over: (ApplicationId, String),
}

impl SecondSecret {
    async fn new(beside: &[Beside]) -> Self {
        let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(tenant.directory());
        let first = job.build().unwrap().onboard(|_| ()).await.unwrap();
        Self {
            directory: Overtaken::new(&tenant, beside),
            handed_over: (
                first.server_app.unwrap().application_id,
                first.secret.unwrap().value.expose().to_owned(),
            ),
            tenant,
            site,
        }
    }

    fn job(&self) -> AzureServicesConnectionBuilder {
        let job = AzureServicesConnection::builder(crate::support::spec()).directory(self.directory.clone());
        job.site(self.site.clone())
    }

    async fn run(&self) -> Result<Outcome, OnboardingError> {
        self.job().build().unwrap().onboard(|_| ()).await
    }

    fn secrets(&self) -> usize {
        let state = self.tenant.state();
        crate::tenant::app(&state, self.handed_over.0)["passwordCredentials"].as_array().unwrap().len()
    }

    fn additions(&self) -> usize {
        self.directory.additions.load(Ordering::SeqCst)
    }

    /// The secret that was handed over and the one that the site has are live.
    fn assert_in_use_is_live(&self) {
        let (app, handed_over) = &self.handed_over;
        assert!(self.tenant.secret_is_live(*app, handed_over), "the secret that was handed over");
        let held = self.site.secret_of(*app).unwrap();
        assert!(self.tenant.secret_is_live(*app, held.expose()), "the site's secret");
    }
}

fn note_of(outcome: &Outcome) -> Option<String> {
    outcome.report.step(Step::RetireSecrets)?.note.clone()
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_text_never_arrived_goes_and_no_other_does() {
    for (unanswered, another) in [(1, false), (2, false), (1, true)] {
        let mut beside = vec![Beside::AddingUnanswered(unanswered)];
        beside.extend(another.then_some(Beside::AnotherAdds));
        let scene = SecondSecret::new(&beside).await;
        let outcome = scene.run().await.unwrap();
        assert_eq!(scene.additions(), unanswered + 1, "{beside:?}");
        assert_eq!(note_of(&outcome).unwrap(), format!("{unanswered} removed"), "{beside:?}");
        scene.assert_in_use_is_live();
        assert_eq!(scene.secrets(), 2 + usize::from(another), "{beside:?}");
        let state = scene.tenant.state().to_string();
        assert_eq!(state.contains("0badcafe"), another, "another run may be handing its secret over");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_never_shows_is_followed_by_one_more_and_by_no_third() {
    let scene = SecondSecret::new(&[Beside::AddedHidden(1)]).await;
    let outcome = scene.run().await.unwrap();
    assert_eq!((scene.additions(), scene.secrets()), (2, 2));
    assert_eq!(note_of(&outcome).unwrap(), "1 removed");
    scene.assert_in_use_is_live();

    let scene = SecondSecret::new(&[Beside::AddedHidden(usize::MAX)]).await;
    let error = scene.run().await.unwrap_err();
    assert_eq!((reason(&error), scene.additions()), (None, 2));
    assert!(scene.site.secret_of(scene.handed_over.0).is_none(), "what the directory does not show is not handed over");
}

#[tokio::test(start_paused = true)]
async fn an_app_that_cannot_be_read_after_a_secret_was_added_gets_no_second_one() {
    let scene = SecondSecret::new(&[Beside::Unreadable]).await;
    let error = scene.run().await.unwrap_err();
    assert_eq!((reason(&error), scene.additions()), (Some(RefusalReason::PermissionMissing), 1));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_another_run_has_removed_first_is_told_and_one_that_stays_is_an_error() {
    let scene = SecondSecret::new(&[Beside::AddedHidden(1), Beside::RemovedByAnother]).await;
    let outcome = scene.run().await.unwrap();
    assert_eq!(note_of(&outcome).unwrap(), "0 removed, 1 not to be found");
    assert_eq!(scene.secrets(), 2);
    scene.assert_in_use_is_live();

    for refusal in [RefusalReason::Other, RefusalReason::PermissionMissing] {
        let scene = SecondSecret::new(&[Beside::AddingUnanswered(1), Beside::RemovingRefused(refusal)]).await;
        let error = scene.run().await.unwrap_err();
        assert_eq!((reason(&error), scene.secrets()), (Some(refusal), 3));
        scene.assert_in_use_is_live();
    }
}

/// Removes both apps that a run has made.
async fn removed(beside: Beside) -> (Result<Outcome, OnboardingError>, EmulatedTenant) {
    let tenant = EmulatedTenant::new();
    let job = |directory| AzureServicesConnection::builder(crate::support::spec()).directory(directory).build().unwrap();
    job(Overtaken::new(&tenant, &[])).onboard(|_| ()).await.unwrap();
    (job(Overtaken::new(&tenant, &[beside])).remove(|_| ()).await, tenant)
}

#[tokio::test(start_paused = true)]
async fn an_app_that_another_run_removes_for_good_at_the_same_time_is_told() {
    let (outcome, tenant) = removed(Beside::PurgedByAnother).await;
    let outcome = outcome.unwrap();
    for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
        let report = outcome.report.step(step).unwrap();
        assert_eq!(report.action, StepAction::Removed);
        let note = report.note.as_deref().unwrap();
        assert!(note.contains("another run has removed it for good"), "{note}");
    }
    assert_eq!(list(&tenant.state(), "deletedApplications").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_still_registered_or_that_may_not_be_removed_for_good_is_an_error() {
    let (outcome, tenant) = removed(Beside::DeletionIgnored).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::NotFound));
    assert_eq!(list(&tenant.state(), "applications").len(), 2);
    let (outcome, _) = removed(Beside::PurgingRefused).await;
    assert_eq!(reason(&outcome.unwrap_err()), Some(RefusalReason::PermissionMissing));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_policy_takes_the_secret_with_the_server_app_and_leaves_that_of_an_adopted_one() {
    for is_adopted in [false, true] {
        let tenant = OPEN.tenant(true, std::time::Duration::ZERO);
        let app = |name: &str| -> ApplicationId { tenant.add_application(json!({"displayName": name, "signInAudience": "AzureADMyOrg"})).into() };
        let wanted = ConnectionSpec::builder("Contoso CMG");
        let wanted = match is_adopted {
            true => spec(AdoptedServerApp::builder(app("Their server"))),
            false => {
                let adopted = wanted.client_app(AdoptedClientApp::new(app("Their client")));
                adopted.server_app(ServerAppSpec::builder("ConfigMgr Server")).build().unwrap()
            }
        };
        let directory = Overtaken::new(&tenant, &[Beside::ConsentsRefused]);
        let job = AzureServicesConnection::builder(wanted).directory(directory);
        let job = job.clock(Arc::new(FixedClock(NOW))).build().unwrap();
        let error = match job.onboard(|_| ()).await.unwrap_err() {
            OnboardingError::Apply(error) => error,
            other => panic!("the consents are refused, not {other:?}"),
        };
        let action = |step| error.report().step(step).map(|report| report.action);
        let (removed, stays) = match is_adopted {
            true => (Step::RemoveClientApp, Step::RemoveServerApp),
            false => (Step::RemoveServerApp, Step::RemoveClientApp),
        };
        assert_eq!((action(removed), action(stays)), (Some(StepAction::Removed), None), "{error:?}");
        assert_eq!(error.secret().is_some(), is_adopted, "without a site it is the only copy");
        assert_eq!(list(&tenant.state(), "applications").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_id_uri_of_another_app_is_noticed_although_the_token_does_not_name_the_tenant() {
    let tenant = EmulatedTenant::new();
    let job = |spec| {
        let directory = Overtaken::new(&tenant, &[Beside::NamelessToken]);
        AzureServicesConnection::builder(spec).directory(directory).build().unwrap()
    };
    let of_its_own_id = ServerAppSpec::builder("Server").app_id_uri("api://{tenantId}/{appId}");
    job(spec(of_its_own_id)).plan(|_| ()).await.unwrap();
    let job = || job(crate::support::spec());
    let plan = job().plan(|_| ()).await.unwrap();
    let uri = plan.app_id_uri().unwrap().to_string();
    assert!(uri.contains(&tenant.tenant_id().to_string()), "{uri}");
    tenant.add_application(json!({"displayName": "Theirs", "identifierUris": [uri]}));
    let OnboardingError::Blocked(blocked) = job().plan(|_| ()).await.unwrap_err() else {
        panic!("another app has the App ID URI")
    };
    let codes: Vec<FindingCode> = blocked.blockers().map(Finding::code).collect();
    assert_eq!(codes, [FindingCode::AppIdUriInUse]);
}
