//! A deleted app registration that holds the unique name of the specification is restored.

use std::time::Duration as Wait;

use cmg_onboarding::{
    ConnectionSpec, SecretValidity, Step,
    connection::{FindingCode, Operation, PlannedAction, Severity, StepAction},
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant};

use crate::tenant::{OPEN, creating, job, list, settle};

fn asked() -> ConnectionSpec {
    creating(SecretValidity::OneYear)
}

#[tokio::test(start_paused = true)]
async fn both_apps_come_back_with_their_ids_and_the_connection_is_whole() {
    for lag in [0, 2] {
        let (tenant, site) = (OPEN.tenant(false, Wait::from_secs(lag)), EmulatedSite::new());
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
        let restored = plan.findings().iter().filter(|finding| finding.code() == FindingCode::DeletedAppRestored);
        assert_eq!(restored.clone().count(), 2);
        restored.for_each(crate::support::assert_documented);
        assert!(plan.to_string().contains("restore   Register the web (server) app"), "{plan}");
        let outcome = plan.apply(|_| ()).await.unwrap();
        assert_eq!(outcome.report.step(Step::RegisterClientApp).unwrap().action, StepAction::Restored);
        assert_eq!([&outcome.server_app, &outcome.client_app].map(|app| app.as_ref().unwrap().application_id), ids);
        settle().await;
        let state = tenant.state();
        assert_eq!((list(&state, "applications").len(), list(&state, "deletedApplications").len()), (2, 0));
        assert_eq!(list(&state, "oauth2PermissionGrants").len(), 2);
        let again = job.plan(|_| ()).await.unwrap();
        assert!(again.is_empty(), "{again}");
    }
}

#[tokio::test]
async fn a_deleted_app_with_a_secret_of_another_caller_is_told_louder() {
    let tenant = EmulatedTenant::new();
    let name = {
        let other = EmulatedTenant::new();
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
    let told = plan.findings().iter().find(|finding| finding.code() == FindingCode::DeletedAppRestored).unwrap();
    assert_eq!(told.severity(), Severity::Warning);
    assert_eq!(told.parameters()["foreignSecrets"], 1);
    assert_eq!(told.parameters()["name"], "Looks like ours");
}
