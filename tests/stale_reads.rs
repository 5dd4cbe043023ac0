//! An answer of the directory may be old. It is not believed if another answer contradicts it, the outcome says when it was
//! given, and a run can prove that the apps are there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "clippy knows only test functions as tests"
)]

mod support;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, AzureServicesConnection, Call, Directory, DirectoryError, GraphDirectory, OnboardingError,
    ServicePrincipalId, Step, async_trait,
    clock::{Clock, FixedClock, SystemClock},
    connection::{AzureServicesConnectionBuilder, EventKind, FindingCode, Operation, PlannedAction, StepAction, StepError},
    directory::{
        Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword, NewPermissionGrant,
        PasswordCredential, PermissionGrant, ServicePrincipal, SignedIn, Tenant,
    },
    ids::KeyId,
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};
use support::{Recorder, count, spec};
use tokio::time::{Instant, sleep};

/// For how long an answer is repeated.
const OLD: Duration = Duration::from_secs(6);

/// What was answered, and when it was asked first.
type Remembered<T> = Mutex<HashMap<String, (Instant, T)>>;

/// A tenant whose reader repeats its old answers for some seconds. What is written, and the list of deleted apps, is
/// always current.
#[derive(Debug)]
struct OldAnswers {
    tenant: GraphDirectory,
    repeats: Duration,
    applications: Remembered<Option<Application>>,
    principals: Remembered<Option<ServicePrincipal>>,
    grants: Remembered<Vec<PermissionGrant>>,
}

impl OldAnswers {
    fn of(tenant: &EmulatedTenant, repeats: Duration) -> Arc<Self> {
        Arc::new(Self {
            tenant: tenant.directory(),
            repeats,
            applications: Mutex::default(),
            principals: Mutex::default(),
            grants: Mutex::default(),
        })
    }

    async fn answer<T: Clone>(
        &self,
        remembered: &Remembered<T>,
        question: String,
        ask: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let old = remembered.lock().unwrap().get(&question).cloned();
        if let Some((asked, answer)) = old
            && asked.elapsed() < self.repeats
        {
            return Ok(answer);
        }
        let answer = ask.await?;
        remembered.lock().unwrap().insert(question, (Instant::now(), answer.clone()));
        Ok(answer)
    }
}

macro_rules! passed_on {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Directory for OldAnswers {
            async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
                self.answer(&self.applications, format!("{key:?}"), self.tenant.application(call, key)).await
            }

            async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
                self.answer(&self.applications, uri.to_owned(), self.tenant.application_with_uri(call, uri)).await
            }

            async fn service_principal(&self, call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
                self.answer(&self.principals, app.to_string(), self.tenant.service_principal(call, app)).await
            }

            async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
                self.answer(&self.grants, client.to_string(), self.tenant.permission_grants(call, client)).await
            }

            $(async fn $name(&self, call: Call, $($argument: $kind),*) -> Result<$answer, DirectoryError> {
                self.tenant.$name(call, $($argument),*).await
            })*
        }
    };
}

passed_on! {
    signed_in() -> SignedIn;
    tenant() -> Tenant;
    deleted_applications(names: &[String]) -> Vec<DeletedApplication>;
    create_application(new: &NewApplication) -> Application;
    update_application(application: ApplicationObjectId, change: &ApplicationProperties) -> ();
    add_password(application: ApplicationObjectId, new: &NewPassword) -> PasswordCredential;
    remove_password(application: ApplicationObjectId, key: KeyId) -> ();
    create_service_principal(application: ApplicationId) -> ServicePrincipal;
    create_permission_grant(new: &NewPermissionGrant) -> PermissionGrant;
}

fn job(directory: &Arc<OldAnswers>) -> AzureServicesConnectionBuilder {
    AzureServicesConnection::builder(spec()).directory(directory.clone())
}

fn apps(tenant: &EmulatedTenant) -> usize {
    count(&tenant.state(), "applications")
}

#[tokio::test(start_paused = true)]
async fn an_app_that_the_list_of_deleted_ones_names_too_is_looked_at_again() {
    for deletes_server in [true, false] {
        let tenant = EmulatedTenant::new();
        let directory = OldAnswers::of(&tenant, OLD);
        let made = job(&directory).build().unwrap().onboard(|_| ()).await.unwrap();
        // A look by which the reader remembers both apps.
        sleep(OLD).await;
        assert!(job(&directory).build().unwrap().plan(|_| ()).await.unwrap().is_empty());
        let app = if deletes_server { made.server_app } else { made.client_app };
        assert!(tenant.soft_delete(app.unwrap().application_id));
        let (started, recorder) = (Instant::now(), Recorder::default());
        let error = job(&directory).build().unwrap().onboard(recorder.listen()).await.unwrap_err();
        let OnboardingError::Blocked(blocked) = error else {
            panic!("the deleted app holds the unique name: {error:?}");
        };
        let codes: Vec<_> = blocked.blockers().map(|finding| finding.code()).collect();
        assert_eq!(codes, [FindingCode::UniqueNameHeldByDeletedApp]);
        assert!(started.elapsed() < OLD * 2, "{:?}", started.elapsed());
        let attempts = recorder.events().into_iter().filter_map(|event| match event.kind {
            EventKind::WaitingForReplication { code, attempt, .. } if code == "registeredAndDeleted" => Some(attempt),
            _ => None,
        });
        let attempts: Vec<u32> = attempts.collect();
        assert!(attempts.len() > 1);
        assert_eq!(
            attempts,
            Vec::from_iter(1..=u32::try_from(attempts.len()).unwrap()),
            "each is counted"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_contradictory_stops_the_job_when_the_waiting_ends() {
    let tenant = EmulatedTenant::new();
    let directory = OldAnswers::of(&tenant, Duration::from_secs(3_600));
    let made = OldAnswers::of(&tenant, OLD);
    let made = job(&made).build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(job(&directory).build().unwrap().plan(|_| ()).await.unwrap().is_empty());
    assert!(tenant.soft_delete(made.server_app.unwrap().application_id));
    let started = Instant::now();
    let OnboardingError::Blocked(blocked) = job(&directory).build().unwrap().plan(|_| ()).await.unwrap_err() else {
        panic!("the directory contradicts itself");
    };
    let uncertain = blocked
        .blockers()
        .find(|finding| finding.code() == FindingCode::RegistrationUncertain);
    support::assert_documented(uncertain.unwrap());
    assert!(started.elapsed() <= Duration::from_secs(120), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_was_purged_moments_ago_is_not_in_place_if_the_run_proves_it() {
    let tenant = EmulatedTenant::new();
    let none = apps(&tenant);
    let directory = OldAnswers::of(&tenant, OLD);
    job(&directory).build().unwrap().onboard(|_| ()).await.unwrap();
    sleep(OLD).await;
    assert!(job(&directory).build().unwrap().plan(|_| ()).await.unwrap().is_empty());
    let remover = AzureServicesConnection::builder(spec()).directory(tenant.directory());
    remover.build().unwrap().remove(|_| ()).await.unwrap();
    assert_eq!(apps(&tenant), none);

    let proving = || job(&directory).verify_alive(true).build().unwrap();
    let plan = proving().plan(|_| ()).await.unwrap();
    for step in [Step::RegisterServerApp, Step::RegisterClientApp] {
        let change = plan.step(step).unwrap();
        assert_eq!(change.action, PlannedAction::Confirm);
        assert!(matches!(change.operation, Operation::ConfirmApp { .. }), "{change:?}");
    }
    assert_eq!(plan.permissions(), ["Application.ReadWrite.All"]);
    let Err(OnboardingError::Apply(error)) = plan.apply(|_| ()).await else {
        panic!("the apps are gone");
    };
    assert!(matches!(error.error(), StepError::ApplicationGone { .. }), "{error:?}");
    assert_eq!(apps(&tenant), none, "nothing was written");

    sleep(OLD).await;
    assert!(proving().onboard(|_| ()).await.unwrap().changed);
    assert_eq!(apps(&tenant), none + 2);
}

#[tokio::test]
async fn proving_that_the_apps_are_there_changes_nothing() {
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    support::connection(spec(), &tenant, &site).onboard(|_| ()).await.unwrap();
    let before = (tenant.state(), site.state());
    let job = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .site(site.clone())
        .verify_alive(true)
        .build()
        .unwrap();
    let plan = job.plan(|_| ()).await.unwrap();
    assert!(plan.is_empty(), "{plan}");
    let outcome = plan.apply(|_| ()).await.unwrap();
    assert!(!outcome.changed, "{}", outcome.report);
    let report = outcome.report.step(Step::RegisterServerApp).unwrap();
    assert_eq!((report.action, report.requests.len()), (StepAction::Unchanged, 1));
    assert_eq!((tenant.state(), site.state()), before);
}

#[tokio::test]
async fn only_what_no_other_change_writes_to_is_proven_and_by_one_property() {
    let tenant = EmulatedTenant::new();
    let job = || AzureServicesConnection::builder(spec()).directory(tenant.directory());
    let made = job().build().unwrap().onboard(|_| ()).await.unwrap();
    let (server, client) = (made.server_app.unwrap().application_id, made.client_app.unwrap().application_id);
    let actions = async || {
        let plan = job().verify_alive(true).build().unwrap().plan(|_| ()).await.unwrap();
        let steps = [Step::RegisterServerApp, Step::RegisterClientApp, Step::CompleteClientApp];
        let sent = plan.changes().iter().filter_map(|change| match &change.operation {
            Operation::ConfirmApp { sends, .. } => Some(serde_json::to_value(sends).unwrap()),
            _ => None,
        });
        (steps.map(|step| plan.step(step).unwrap().action), sent.collect::<Vec<_>>())
    };
    let audience = serde_json::json!({"signInAudience": "AzureADMyOrg"});
    assert_eq!(
        actions().await,
        (
            [PlannedAction::Confirm, PlannedAction::Confirm, PlannedAction::Keep],
            vec![audience.clone(), audience.clone()]
        )
    );
    assert!(tenant.change_object(client, serde_json::json!({"publicClient": {"redirectUris": []}})));
    assert_eq!(
        actions().await,
        (
            [PlannedAction::Confirm, PlannedAction::Keep, PlannedAction::Update],
            vec![audience.clone()]
        )
    );
    assert!(tenant.change_object(server, serde_json::json!({"web": {"redirectUris": []}})));
    assert_eq!(
        actions().await,
        ([PlannedAction::Update, PlannedAction::Keep, PlannedAction::Update], vec![])
    );
    assert!(tenant.change_object(
        client,
        serde_json::json!({"publicClient": {"redirectUris": [format!("ms-appx-web://Microsoft.AAD.BrokerPlugin/{client}")]}})
    ));
    assert_eq!(
        actions().await,
        ([PlannedAction::Update, PlannedAction::Confirm, PlannedAction::Keep], vec![audience])
    );
}

#[tokio::test]
async fn the_outcome_says_when_it_was_looked() {
    let (tenant, now) = (EmulatedTenant::new(), SystemClock.now());
    let job = AzureServicesConnection::builder(spec())
        .directory(tenant.directory())
        .clock(Arc::new(FixedClock(now)));
    let outcome = job.build().unwrap().onboard(|_| ()).await.unwrap();
    assert_eq!(outcome.read_at, now);
    let written = serde_json::to_value(&outcome).unwrap();
    assert!(written["readAt"].is_string(), "{written}");
}
