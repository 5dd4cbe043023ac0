//! A refusal by policy leaves nothing behind, and takes nothing away that another caller may be using.

use std::{sync::Arc, time::Duration as Wait};

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, AzureServicesConnection, Call, ClientAppSpec, ConnectionSpec, Directory, DirectoryError,
    GraphDirectory, OnboardingError, SecretValidity, ServerAppSpec, ServicePrincipalId, Step, async_trait,
    clock::FixedClock,
    connection::{ApplyError, FindingCode, StepAction},
    directory::{
        AppManagementPolicy, Application, ApplicationKey, ApplicationProperties, DeletedApplication, KeyCredential, NewApplication,
        NewPassword, NewPermissionGrant, NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal,
        SignedIn, Tenant,
    },
    error::RefusalReason,
    ids::{DirectoryObjectId, KeyId, PermissionGrantId, RoleTemplateId},
    spec::AdoptedServerApp,
};
use cmg_onboarding_emulator::{EmulatedTenant, Fault};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::beside::{Beside, Overtaken};
use crate::tenant::{NOW, OPEN, Policy, Way, creating, job, job_with, list, spec, spec_of};

const NO_SECRETS: Policy = Policy {
    secrets_forbidden: true,
    ..OPEN
};

/// What another caller does to an app as soon as it is there, or what the directory does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meddling {
    Secret,
    Certificate,
    Owner,
    ServicePrincipal,
    OwnersUnread,
    FederatedCredential,
    FederatedCredentialsUnread,
}

/// A directory in which another caller is at work.
#[derive(Debug)]
struct Meddled(GraphDirectory, Meddling);

macro_rules! forwarded {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Directory for Meddled {
            async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
                let mut found = self.0.application(call, key).await?;
                if let Some(app) = &mut found {
                    let id = KeyId::new(Uuid::new_v4());
                    match self.1 {
                        Meddling::Secret => app.password_credentials.push(PasswordCredential::new(id, "by hand", None)),
                        Meddling::Certificate => app.key_credentials.push(KeyCredential::new(id)),
                        _ => {}
                    }
                }
                Ok(found)
            }

            async fn application_owners(&self, call: Call, app: ApplicationObjectId) -> Result<Vec<DirectoryObjectId>, DirectoryError> {
                let mut owners = match self.1 {
                    Meddling::OwnersUnread => Directory::application_owners(&Bare, call, app).await?,
                    _ => self.0.application_owners(call, app).await?,
                };
                if self.1 == Meddling::Owner {
                    owners.push(DirectoryObjectId::new(Uuid::from_u128(7)));
                }
                Ok(owners)
            }

            async fn federated_credentials(&self, call: Call, app: ApplicationObjectId) -> Result<Vec<String>, DirectoryError> {
                match self.1 {
                    Meddling::FederatedCredential => Ok(vec!["pipeline".to_owned()]),
                    Meddling::FederatedCredentialsUnread => Directory::federated_credentials(&Bare, call, app).await,
                    _ => self.0.federated_credentials(call, app).await,
                }
            }

            async fn service_principal(&self, call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
                let found = self.0.service_principal(call, app).await?;
                let is_graph = found.is_some();
                let other = || ServicePrincipal::new(ServicePrincipalId::new(Uuid::from_u128(9)), app);
                Ok(if self.1 == Meddling::ServicePrincipal && !is_graph { Some(other()) } else { found })
            }

            $(async fn $name(&self, call: Call, $($argument: $kind),*) -> Result<$answer, DirectoryError> {
                self.0.$name(call, $($argument),*).await
            })*
        }
    };
}

/// One that offers nothing.
#[derive(Debug)]
struct Bare;

impl Directory for Bare {}

forwarded! {
    signed_in() -> SignedIn;
    tenant() -> Tenant;
    held_roles(roles: &[RoleTemplateId]) -> Vec<RoleTemplateId>;
    app_management_policy() -> AppManagementPolicy;
    application_with_uri(uri: &str) -> Option<Application>;
    deleted_applications(names: &[String]) -> Vec<DeletedApplication>;
    deleted_service_principals(apps: &[ApplicationId]) -> Vec<ServicePrincipal>;
    permission_grants(client: ServicePrincipalId) -> Vec<PermissionGrant>;
    role_assignments(principal: ServicePrincipalId) -> Vec<RoleAssignment>;
    create_application(new: &NewApplication) -> Application;
    update_application(application: ApplicationObjectId, change: &ApplicationProperties) -> ();
    add_password(application: ApplicationObjectId, new: &NewPassword) -> PasswordCredential;
    create_service_principal(application: ApplicationId) -> ServicePrincipal;
    create_permission_grant(new: &NewPermissionGrant) -> PermissionGrant;
    update_permission_grant(grant: &PermissionGrantId, scope: &str) -> ();
    assign_role(new: &NewRoleAssignment) -> RoleAssignment;
    delete_application(application: ApplicationObjectId) -> ();
    delete_service_principal(principal: ServicePrincipalId) -> ();
    purge_application(application: ApplicationObjectId) -> ();
    purge_service_principal(principal: ServicePrincipalId) -> ();
}

async fn refused(tenant: &EmulatedTenant, meddling: Option<Meddling>) -> ApplyError {
    let spec = creating(SecretValidity::OneYear);
    let job = match meddling {
        Some(meddling) => job_with(&spec, Meddled(tenant.directory(), meddling)),
        None => job(&spec, tenant, None),
    };
    match job.build().unwrap().onboard(|_| ()).await.unwrap_err() {
        OnboardingError::Apply(error) => error,
        other => panic!("a refusal while the plan is carried out is expected, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_run_has_made_goes_and_the_report_says_so() {
    let tenant = NO_SECRETS.tenant(true, Wait::from_secs(2));
    let error = refused(&tenant, None).await;
    assert_eq!(error.failures()[0].step, Step::RegisterServerApp);
    let action = |step| error.report().step(step).map(|report| report.action);
    assert_eq!(action(Step::RegisterClientApp), Some(StepAction::Created));
    assert_eq!(action(Step::RemoveClientApp), Some(StepAction::Removed));
    assert_eq!(
        error.report().step(Step::RemoveClientApp).unwrap().note,
        None,
        "there is nothing to tell"
    );
    assert_eq!(action(Step::RemoveServerApp), None);
    let state = tenant.state();
    assert_eq!(
        (list(&state, "applications").len(), list(&state, "deletedApplications").len()),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_another_caller_has_touched_or_may_have_touched_stays_and_is_named() {
    for (meddling, mark) in [
        (Meddling::Secret, "secret"),
        (Meddling::Certificate, "certificate"),
        (Meddling::Owner, "owner"),
        (Meddling::ServicePrincipal, "servicePrincipal"),
        (Meddling::OwnersUnread, "ownersUnread"),
        (Meddling::FederatedCredential, "federatedCredential"),
        (Meddling::FederatedCredentialsUnread, "federatedCredentialsUnread"),
    ] {
        let tenant = NO_SECRETS.tenant(true, Wait::ZERO);
        let error = refused(&tenant, Some(meddling)).await;
        let finding = error.findings().iter().find(|finding| finding.code() == FindingCode::MadeAppStays);
        let finding = finding.unwrap_or_else(|| panic!("{meddling:?}: {error:?}"));
        crate::support::assert_documented(finding);
        assert_eq!(finding.parameters()["marks"], json!([mark]), "{finding}");
        assert_eq!(finding.parameters()["app"], "client");
        let state = tenant.state();
        assert_eq!(
            (list(&state, "applications").len(), list(&state, "deletedApplications").len()),
            (1, 0),
            "{meddling:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_owner_of_the_plan_is_not_taken_for_another_caller() {
    for planned in [7, 8] {
        let tenant = NO_SECRETS.tenant(true, Wait::ZERO);
        let spec = ConnectionSpec::builder("Contoso CMG")
            .server_app(ServerAppSpec::builder("ConfigMgr Server"))
            .client_app(ClientAppSpec::builder("ConfigMgr Client").owner(Uuid::from_u128(planned)))
            .build()
            .unwrap();
        let job = job_with(&spec, Meddled(tenant.directory(), Meddling::Owner)).build().unwrap();
        let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
            panic!("the policy refuses secrets")
        };
        let stays = error.findings().iter().any(|finding| finding.code() == FindingCode::MadeAppStays);
        assert_eq!(stays, planned != 7, "{error:?}");
    }
}

/// A run whose consents a policy refuses once both apps are there; with the marks of each app that stays.
async fn consents_refused(wanted: &ConnectionSpec, beside: Beside) -> (ApplyError, Vec<(Value, Value)>) {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    let directory = Overtaken::new(&tenant, &[beside, Beside::ConsentsRefused]);
    let job = AzureServicesConnection::builder(wanted.clone()).directory(directory);
    let job = job.clock(Arc::new(FixedClock(NOW))).build().unwrap();
    let OnboardingError::Apply(error) = job.onboard(|_| ()).await.unwrap_err() else {
        panic!("the policy refuses the consents")
    };
    let stay = error
        .findings()
        .iter()
        .filter(|finding| finding.code() == FindingCode::MadeAppStays);
    let marks: Vec<(Value, Value)> = stay
        .inspect(|finding| crate::support::assert_documented(finding))
        .map(|finding| (finding.parameters()["app"].clone(), finding.parameters()["marks"].clone()))
        .collect();
    assert_eq!(
        list(&tenant.state(), "applications").len(),
        marks.len(),
        "what is not told to stay is gone"
    );
    (error, marks)
}

#[tokio::test(start_paused = true)]
async fn an_app_to_which_another_caller_has_consented_or_given_a_role_stays() {
    use crate::support::{spec, spec_with_discovery};
    for (wanted, beside, app) in [
        (spec(), Beside::AnotherConsents("Mail.Read"), "client"),
        (spec_with_discovery(), Beside::AnotherAssigns, "server"),
    ] {
        let (_, marks) = consents_refused(&wanted, beside).await;
        assert_eq!(marks, [(json!(app), json!(["consent"]))], "{beside:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_whose_creation_was_not_answered_goes_only_if_a_secret_proves_that_this_run_has_made_it() {
    let (error, marks) = consents_refused(&creating(SecretValidity::OneYear), Beside::CreationUnanswered).await;
    assert_eq!(marks, [(json!("client"), json!(["makerUnknown"]))], "it has no secret");
    let report = error.report().step(Step::RemoveServerApp).unwrap();
    assert_eq!((report.action, error.secret().is_some()), (StepAction::Removed, false));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_looked_up_while_it_cleans_up_is_told() {
    let beside = Beside::PrincipalsUnlisted(RefusalReason::Other);
    let (error, marks) = consents_refused(&creating(SecretValidity::OneYear), beside).await;
    assert_eq!(marks, []);
    for step in [Step::RemoveServerApp, Step::RemoveClientApp] {
        let report = error.report().step(step).unwrap();
        let unread = crate::support::is_told(error.findings(), FindingCode::DeletedPrincipalsUnread, step);
        assert!(report.action == StepAction::Removed && unread, "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_removes_nothing() {
    let tenant = OPEN.tenant(true, Wait::ZERO);
    for _ in 0..200 {
        tenant.fail_on("POST /servicePrincipals", Fault::ServiceUnavailable);
    }
    let error = refused(&tenant, None).await;
    assert!(error.report().step(Step::RemoveServerApp).is_none() && error.report().step(Step::RemoveClientApp).is_none());
    assert_eq!(list(&tenant.state(), "applications").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn each_refused_request_costs_itself_and_its_repetition() {
    let policy = Policy {
        longest_days: Some(90),
        only_default_uris: true,
        ..OPEN
    };
    let tenant = policy.tenant(true, Wait::ZERO);
    job(&creating(SecretValidity::LongestAllowed), &tenant, None)
        .build()
        .unwrap()
        .onboard(|_| ())
        .await
        .unwrap();
    let creations = tenant
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/applications"));
    // The client app once; the server app refused for its App ID URI or its secret, and then for three longer ones.
    assert_eq!(creations.count(), 1 + 1 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_while_it_cleans_up_the_next_run_ends_whole() {
    let requests = [
        "DELETE /servicePrincipals",
        "DELETE /applications",
        "DELETE /directory/deletedItems",
        "GET /directory/deletedItems/microsoft.graph.servicePrincipal",
        "GET /oauth2PermissionGrants",
        "GET /applications",
        "GET /applications/",
        "GET /servicePrincipals",
    ];
    let faults = [
        Fault::ServiceUnavailable,
        Fault::ConcurrentChange,
        Fault::CarriedOutButNotFound,
        Fault::Throttled(None),
    ];
    let short = Policy {
        longest_days: Some(90),
        ..OPEN
    };
    let (mut cases, mut clean) = (0, 0);
    for request in requests {
        for fault in faults {
            // Once, and as often as one request is sent.
            for times in [1, 12] {
                let tenant = short.tenant(true, Wait::ZERO);
                let asked = spec_of(Way::Adopt, SecretValidity::OneYear, &tenant).await;
                let plan = job(&asked, &tenant, None).build().unwrap().plan(|_| ()).await.unwrap();
                for _ in 0..times {
                    tenant.fail_on(request, fault);
                }
                let error = plan.apply(|_| ()).await.unwrap_err();
                assert!(matches!(error, OnboardingError::Apply(_)), "{request} {fault:?}: {error:?}");
                let left = tenant.state();
                clean += usize::from(list(&left, "applications").len() == 1 && list(&left, "deletedApplications").is_empty());
                // The remedy that the error names is followed.
                let server = asked.server_app().client_id().unwrap();
                let remedy = spec(AdoptedServerApp::builder(server).secret_validity(SecretValidity::LongestAllowed));
                let job = job(&remedy, &tenant, None).build().unwrap();
                let outcome = job.onboard(|_| ()).await;
                outcome.unwrap_or_else(|error| panic!("{request} {fault:?} {times}: {error:?}"));
                let state = tenant.state();
                assert_eq!(list(&state, "applications").len(), 2, "{request} {fault:?} {times}");
                assert_eq!(list(&state, "deletedApplications").len(), 0, "{request} {fault:?} {times}");
                assert_eq!(list(&state, "oauth2PermissionGrants").len(), 2, "{request} {fault:?} {times}");
                assert!(job.plan(|_| ()).await.unwrap().is_empty());
                cases += 1;
            }
        }
    }
    println!("{cases} cases with a fault while it cleans up, {clean} of them left nothing behind");
    assert!(cases == 64 && clean >= 32, "{clean}");
}
