//! A deleted app registration that holds the unique name of the specification is restored.

use std::time::Duration as Wait;

use cmg_onboarding::{
    ApplicationId, AzureServicesConnection, Call, ConnectionSpec, Diagnostic, Directory, DirectoryError, GraphDirectory, OnboardingError,
    SecretValidity, Step, async_trait,
    clock::FixedClock,
    connection::{FindingCode, Operation, PlannedAction, Severity, StepAction, When},
    directory::{Application, ApplicationKey, DeletedApplication, ServicePrincipal, Tenant},
    error::RefusalReason,
};
use cmg_onboarding_emulator::Caller;
use time::Duration;

use crate::beside::{Beside, Overtaken, reason};
use crate::tenant::{NOW, OPEN, Policy, creating, job, job_with, list, settle, site_of_today, writes};

fn asked() -> ConnectionSpec {
    creating(SecretValidity::OneYear)
}

#[tokio::test(start_paused = true)]
async fn both_apps_come_back_with_their_ids_and_the_connection_is_whole() {
    for lag in [0, 2] {
        let (tenant, site) = (OPEN.tenant(false, Wait::from_secs(lag)), site_of_today());
        let job = job(&asked(), &tenant, Some(&site)).build().unwrap();
        let first = job.onboard(|_| ()).await.unwrap();
        settle().await;
        let ids = [&first.server_app, &first.client_app].map(|app| app.as_ref().unwrap().application_id);
        assert!(ids.iter().all(|id| tenant.soft_delete(*id)));
        let plan = job.plan(|_| ()).await.unwrap();
        for step in [Step::RegisterServerApp, Step::RegisterClientApp] {
            let change = plan.step(step).unwrap();
            assert_eq!(change.action, PlannedAction::Restore);
            assert!(matches!(change.operation, Operation::RestoreApp { .. }));
        }
        let restored = plan
            .findings()
            .iter()
            .filter(|finding| finding.code() == FindingCode::DeletedAppRestored);
        assert_eq!(restored.clone().count(), 2);
        restored.for_each(crate::support::assert_documented);
        assert!(plan.to_string().contains("restore   Register the web (server) app"), "{plan}");
        let outcome = plan.apply(|_| ()).await.unwrap();
        assert_eq!(outcome.report.step(Step::RegisterClientApp).unwrap().action, StepAction::Restored);
        assert_eq!(
            [&outcome.server_app, &outcome.client_app].map(|app| app.as_ref().unwrap().application_id),
            ids
        );
        settle().await;
        let state = tenant.state();
        assert_eq!(
            (list(&state, "applications").len(), list(&state, "deletedApplications").len()),
            (2, 0)
        );
        assert_eq!(list(&state, "oauth2PermissionGrants").len(), 2);
        let again = job.plan(|_| ()).await.unwrap();
        assert!(again.is_empty(), "{again}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_purged_is_told_with_its_date_and_comes_back_in_the_next_run() {
    let short = Policy {
        longest_days: Some(90),
        ..OPEN
    };
    let tenant = short.builder(true, Wait::ZERO).hard_delete_protection(true).build();
    let OnboardingError::Apply(error) = job(&asked(), &tenant, None).build().unwrap().onboard(|_| ()).await.unwrap_err() else {
        panic!("the policy refuses a year")
    };
    let held = error
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::DeletedAppHoldsName)
        .unwrap();
    crate::support::assert_documented(held);
    let until = (NOW + Duration::days(30)).date();
    assert_eq!(held.parameters()["until"], until.to_string());
    let report = error.report().step(Step::RemoveClientApp).unwrap();
    assert!(report.note.as_ref().unwrap().contains("not purged"), "{report:?}");
    let state = tenant.state();
    assert_eq!(
        (list(&state, "applications").len(), list(&state, "deletedApplications").len()),
        (0, 1)
    );
    let id = list(&state, "deletedApplications")[0]["appId"].clone();

    // The remedy that the error names.
    assert!(error.failures()[0].error.help().contains("longestAllowed"));
    let job = job(&creating(SecretValidity::LongestAllowed), &tenant, None).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(serde_json::json!(outcome.client_app.unwrap().application_id), id);
    let state = tenant.state();
    assert_eq!(
        (list(&state, "applications").len(), list(&state, "deletedApplications").len()),
        (2, 0)
    );
    assert!(job.plan(|_| ()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_restored_server_app_gets_a_secret_unless_the_site_has_one_and_none_is_asked_for() {
    for (is_in_site, reissues, action) in [
        (true, false, PlannedAction::Keep),
        (true, true, PlannedAction::Create),
        (false, false, PlannedAction::Create),
    ] {
        let (tenant, site) = (OPEN.tenant(false, Wait::ZERO), site_of_today());
        let first = job(&asked(), &tenant, is_in_site.then_some(&site)).build().unwrap();
        let app = first.onboard(|_| ()).await.unwrap().server_app.unwrap().application_id;
        assert!(tenant.soft_delete(app));
        let again = job(&asked(), &tenant, Some(&site)).reissue_secret(reissues).build().unwrap();
        let plan = again.plan(|_| ()).await.unwrap();
        let change = plan.step(Step::IssueSecret).unwrap();
        assert_eq!((change.action, change.when), (action, When::Always), "{is_in_site} {reissues}");
        assert_eq!(plan.apply(|_| ()).await.unwrap().secret.is_some(), action == PlannedAction::Create);
    }
}

#[tokio::test]
async fn a_restored_app_that_may_not_be_completed_is_an_error() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let outcome = job(&asked(), &tenant, None).build().unwrap().onboard(|_| ()).await.unwrap();
    let app = outcome.server_app.unwrap().application_id;
    assert!(tenant.change_object(app, serde_json::json!({"web": {"redirectUris": []}})) && tenant.soft_delete(app));
    let directory = Overtaken::new(&tenant, &[Beside::ChangesRefused(RefusalReason::PermissionMissing)]);
    let again = AzureServicesConnection::builder(asked()).directory(directory.clone());
    let again = again.clock(std::sync::Arc::new(FixedClock(NOW))).build().unwrap();
    let error = again.onboard(|_| ()).await.unwrap_err();
    assert_eq!(reason(&error), Some(RefusalReason::PermissionMissing));
    assert_eq!(directory.changes.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_restored_client_app_gets_what_it_lacks() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let job = job(&asked(), &tenant, None).build().unwrap();
    let app = job.onboard(|_| ()).await.unwrap().client_app.unwrap().application_id;
    let changed = tenant.change_object(app, serde_json::json!({"isFallbackPublicClient": false}));
    assert!(changed && tenant.soft_delete(app));
    job.onboard(|_| ()).await.unwrap();
    assert_eq!(crate::tenant::app(&tenant.state(), app)["isFallbackPublicClient"], true);
}

#[tokio::test]
async fn a_restored_app_whose_app_id_uri_a_policy_refuses_gets_the_one_of_both_ids() {
    let policy = Policy {
        only_default_uris: true,
        ..OPEN
    };
    let tenant = policy.tenant(true, Wait::ZERO);
    let job = job(&asked(), &tenant, None).build().unwrap();
    let app = job.onboard(|_| ()).await.unwrap().server_app.unwrap().application_id;
    let lacks = serde_json::json!({"identifierUris": [], "web": {"redirectUris": []}});
    assert!(tenant.change_object(app, lacks) && tenant.soft_delete(app));
    let outcome = job.onboard(|_| ()).await.unwrap();
    assert_eq!(outcome.report.step(Step::RegisterServerApp).unwrap().action, StepAction::Restored);
    let state = tenant.state();
    let restored = crate::tenant::app(&state, app);
    let of_both_ids = format!("api://{}/{app}", tenant.tenant_id());
    assert_eq!(restored["identifierUris"], serde_json::json!([of_both_ids]));
    assert_eq!(restored["web"]["redirectUris"], serde_json::json!(["http://localhost"]));
}

#[tokio::test]
async fn a_caller_that_may_not_restore_is_told_before_the_first_write() {
    let tenant = OPEN.tenant(false, Wait::ZERO);
    let outcome = job(&asked(), &tenant, None).build().unwrap().onboard(|_| ()).await.unwrap();
    assert!(tenant.soft_delete(outcome.client_app.unwrap().application_id));
    let roles = [
        "Application.ReadWrite.OwnedBy",
        "Application.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Organization.Read.All",
    ];
    let pipeline = tenant.with_caller(Caller::application(uuid::Uuid::from_u128(5), roles));
    pipeline.clear_requests();
    let OnboardingError::Blocked(blocked) = job(&asked(), &pipeline, None).build().unwrap().onboard(|_| ()).await.unwrap_err() else {
        panic!("it may not restore")
    };
    let lacks = blocked
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::PermissionsMissing)
        .unwrap();
    assert_eq!(lacks.parameters()["permissions"], serde_json::json!(["Application.ReadWrite.All"]));
    assert_eq!(writes(&pipeline), []);
}

/// A directory that does not restore what was deleted, as one of before.
#[derive(Debug)]
struct WithoutRestoring(GraphDirectory);

#[async_trait]
impl Directory for WithoutRestoring {
    async fn tenant(&self, call: Call) -> Result<Tenant, DirectoryError> {
        self.0.tenant(call).await
    }

    async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        self.0.application(call, key).await
    }

    async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        self.0.application_with_uri(call, uri).await
    }

    async fn service_principal(&self, call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        self.0.service_principal(call, app).await
    }

    async fn deleted_applications(&self, call: Call, names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        self.0.deleted_applications(call, names).await
    }
}

#[tokio::test]
async fn a_directory_that_does_not_restore_stops_the_job_until_the_name_is_free() {
    let (tenant, site) = (OPEN.tenant(true, Wait::ZERO), site_of_today());
    let job = job(&asked(), &tenant, Some(&site)).build().unwrap();
    let outcome = job.onboard(|_| ()).await.unwrap();
    for app in [outcome.server_app, outcome.client_app] {
        assert!(tenant.soft_delete(app.unwrap().application_id));
    }
    let without = job_with(&asked(), WithoutRestoring(tenant.directory()));
    let OnboardingError::Blocked(blocked) = without.build().unwrap().plan(|_| ()).await.unwrap_err() else {
        panic!("deleted apps hold the unique names");
    };
    assert!(blocked.help().contains("Deleted applications"), "{}", blocked.help());
    job.remove(|_| ()).await.unwrap();
    assert_eq!(list(&tenant.state(), "deletedApplications").len(), 0);
    let tenant_alone = super::tenant::job(&asked(), &tenant, None).build().unwrap();
    tenant_alone.onboard(|_| ()).await.unwrap();
}

#[tokio::test]
async fn a_deleted_app_with_a_secret_of_another_caller_is_told_louder() {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let name = {
        let other = OPEN.tenant(true, Wait::ZERO);
        job(&asked(), &other, None).build().unwrap().onboard(|_| ()).await.unwrap();
        list(&other.state(), "applications")[0]["uniqueName"].clone()
    };
    let id = tenant.add_application(serde_json::json!({
        "displayName": "Looks like ours",
        "uniqueName": name,
        "passwordCredentials": [{"displayName": "by hand", "secretText": "by-hand~not-a-secret", "endDateTime": "2099-01-01T00:00:00Z"}],
    }));
    assert!(tenant.soft_delete(id));
    let plan = job(&asked(), &tenant, None).build().unwrap().plan(|_| ()).await.unwrap();
    let told = plan
        .findings()
        .iter()
        .find(|finding| finding.code() == FindingCode::DeletedAppRestored)
        .unwrap();
    assert_eq!(told.severity(), Severity::Warning);
    assert_eq!(told.parameters()["foreignSecrets"], 1);
    assert_eq!(told.parameters()["name"], "Looks like ours");
}
