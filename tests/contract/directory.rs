//! Directories.

use std::time::Duration;

use cmg_onboarding::{
    ApplicationId, ApplicationObjectId, Call, ClientSecret, Directory, DirectoryError, GraphDirectory, ServicePrincipalId, TenantId,
    async_trait, contract,
    directory::{
        Application, ApplicationKey, ApplicationProperties, DeletedApplication, NewApplication, NewPassword, NewPermissionGrant,
        NewRoleAssignment, PasswordCredential, PermissionGrant, RoleAssignment, ServicePrincipal, SignedIn, Tenant, WebApplication,
    },
    error::{Effect, NotSupported, RefusalReason, Refused, RequestTrace},
    ids::{KeyId, PermissionGrantId},
};
use cmg_onboarding_emulator::{Caller, EmulatedTenant, EmulatorServer};
use uuid::Uuid;

use super::{PREFIX, assert_broken, by_hand::EmptyTenant, own_directory::OwnDirectory, support};

#[tokio::test(start_paused = true)]
async fn the_graph_client_passes_every_time_and_leaves_nothing_behind() {
    let tenant = EmulatedTenant::new();
    let before = tenant.state();
    for _ in 0..2 {
        contract::directory(&tenant.directory(), PREFIX).await.unwrap();
    }
    assert_eq!(tenant.state(), before);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_shows_things_late_passes() {
    let tenant = EmulatedTenant::builder().replication_lag(Duration::from_secs(4)).build();
    contract::directory(&tenant.directory(), PREFIX).await.unwrap();
}

#[tokio::test]
async fn the_graph_client_passes_over_http() {
    let tenant = EmulatedTenant::new();
    let server = EmulatorServer::builder(tenant.clone()).start().await.unwrap();
    let directory = support::directory(&server, &tenant, &Caller::global_administrator());
    contract::directory(&directory, PREFIX).await.unwrap();
}

#[tokio::test]
async fn a_caller_who_may_read_groups_passes() {
    let caller = Caller::global_administrator().with_scopes(["Directory.Read.All", "User.Read"]);
    let tenant = EmulatedTenant::builder().group("Finance").caller(caller).build();
    contract::directory_reads(&tenant.directory(), PREFIX).await.unwrap();
    let asked = tenant.requests();
    assert!(
        asked
            .iter()
            .any(|request| request.path.contains("/groups?") && request.status == 200)
    );
}

#[tokio::test(start_paused = true)]
async fn a_directory_written_by_hand_passes_every_time() {
    let directory = OwnDirectory::new();
    for _ in 0..2 {
        contract::directory(&directory, PREFIX).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_mock_without_memory_passes_what_needs_none() {
    contract::directory_reads(&EmptyTenant, PREFIX).await.unwrap();
    let answer = contract::directory(&EmptyTenant, PREFIX).await;
    assert_broken(&EmptyTenant, answer, "what_the_suite_made_can_be_removed");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_is_removed_after_a_violation() {
    let tenant = EmulatedTenant::new();
    let before = tenant.state();
    let directory = BrokenDirectory {
        broken: Broken::AssignsTwice,
        inner: tenant.directory(),
    };
    contract::directory(&directory, PREFIX).await.unwrap_err();
    assert_eq!(tenant.state(), before);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_breaks_a_promise_fails_the_check_of_it() {
    for (broken, check) in [
        (Broken::NamesAnotherTenant, "tenant_and_signed_in_agree"),
        (Broken::FailsForWhatIsMissing, "a_missing_object_is_none"),
        (Broken::HasAPrincipalForEveryApp, "a_missing_object_is_none"),
        (Broken::ForgetsUniqueNames, "a_created_app_is_found_by_each_key"),
        (Broken::ForgetsUris, "a_created_app_is_found_by_each_key"),
        (Broken::AnswersWithAnotherApp, "a_created_app_is_found_by_each_key"),
        (Broken::ListsAppsOfOthers, "an_app_is_found_by_its_mark"),
        (Broken::ForgetsTags, "an_app_is_found_by_its_mark"),
        (Broken::HidesDeletedMarks, "an_app_is_found_by_its_mark"),
        (Broken::CreatesAgain, "a_unique_name_is_given_once"),
        (Broken::RefusesWithoutAReason, "a_unique_name_is_given_once"),
        (Broken::OnlySaysThatItUpdates, "a_created_app_is_found_by_each_key"),
        (Broken::UpdatesEverything, "an_update_changes_what_it_names_and_nothing_else"),
        (Broken::AddsToLists, "an_update_changes_what_it_names_and_nothing_else"),
        (Broken::UpdatesWhatIsMissing, "an_update_of_what_is_missing_is_refused"),
        (Broken::SaysThatItMayHaveUpdated, "an_update_of_what_is_missing_is_refused"),
        (Broken::CreatesWithoutTheSecret, "an_app_is_created_with_its_secret"),
        (Broken::KeepsTheTextToItself, "a_secrets_text_is_told_once"),
        (Broken::TellsTheTextAgain, "a_secrets_text_is_told_once"),
        (Broken::RemovesNoSecret, "a_secret_is_removed_by_its_id"),
        (Broken::RemovesEverySecret, "a_secret_is_removed_by_its_id"),
        (Broken::MakesPrincipalsTwice, "a_service_principal_is_made_once"),
        (Broken::MakesPrincipalsOfNothing, "a_service_principal_needs_its_app"),
        (Broken::HidesConsents, "a_consent_is_given_once_and_replaced_as_a_whole"),
        (Broken::ConsentsTwice, "a_consent_is_given_once_and_replaced_as_a_whole"),
        (Broken::AddsToConsents, "a_consent_is_given_once_and_replaced_as_a_whole"),
        (Broken::HidesAssignments, "an_application_permission_is_given_once"),
        (Broken::AssignsTwice, "an_application_permission_is_given_once"),
        (
            Broken::DeletesNoPrincipal,
            "a_deleted_service_principal_is_listed_until_it_is_purged",
        ),
        (
            Broken::HidesDeletedPrincipals,
            "a_deleted_service_principal_is_listed_until_it_is_purged",
        ),
        (Broken::HidesDeletedApps, "a_deleted_app_holds_its_unique_name_until_it_is_purged"),
        (Broken::DeletesWhatIsMissing, "deleting_what_is_missing_is_refused"),
        (Broken::CannotPurge, "a_deleted_app_holds_its_unique_name_until_it_is_purged"),
        (Broken::ListsGroupsOfOthers, "groups_are_those_that_were_named"),
    ] {
        let directory = BrokenDirectory {
            broken,
            inner: EmulatedTenant::new().directory(),
        };
        assert_broken(&broken, contract::directory(&directory, PREFIX).await, check);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    NamesAnotherTenant,
    FailsForWhatIsMissing,
    HasAPrincipalForEveryApp,
    ForgetsUniqueNames,
    ForgetsUris,
    AnswersWithAnotherApp,
    ListsAppsOfOthers,
    ForgetsTags,
    HidesDeletedMarks,
    CreatesAgain,
    RefusesWithoutAReason,
    OnlySaysThatItUpdates,
    UpdatesEverything,
    AddsToLists,
    UpdatesWhatIsMissing,
    SaysThatItMayHaveUpdated,
    CreatesWithoutTheSecret,
    KeepsTheTextToItself,
    TellsTheTextAgain,
    RemovesNoSecret,
    RemovesEverySecret,
    MakesPrincipalsTwice,
    MakesPrincipalsOfNothing,
    HidesConsents,
    ConsentsTwice,
    AddsToConsents,
    HidesAssignments,
    AssignsTwice,
    DeletesNoPrincipal,
    HidesDeletedPrincipals,
    HidesDeletedApps,
    DeletesWhatIsMissing,
    CannotPurge,
    ListsGroupsOfOthers,
}

/// Forwards everything, and spoils one thing.
#[derive(Debug)]
struct BrokenDirectory {
    broken: Broken,
    inner: GraphDirectory,
}

fn refused(reason: RefusalReason) -> DirectoryError {
    Refused::new(reason, "broken", "broken on purpose", RequestTrace::default()).into()
}

#[async_trait]
impl Directory for BrokenDirectory {
    async fn signed_in(&self, call: Call) -> Result<SignedIn, DirectoryError> {
        self.inner.signed_in(call).await
    }

    async fn tenant(&self, call: Call) -> Result<Tenant, DirectoryError> {
        let mut tenant = self.inner.tenant(call).await?;
        if self.broken == Broken::NamesAnotherTenant {
            tenant.id = TenantId::new(Uuid::from_u128(7));
        }
        Ok(tenant)
    }

    async fn application(&self, call: Call, key: &ApplicationKey) -> Result<Option<Application>, DirectoryError> {
        let found = self.inner.application(call, key).await?;
        match (self.broken, key) {
            (Broken::FailsForWhatIsMissing, _) if found.is_none() => Err(refused(RefusalReason::NotFound)),
            (Broken::ForgetsUniqueNames, ApplicationKey::UniqueName(_)) => Ok(None),
            (Broken::TellsTheTextAgain, _) => Ok(found.map(|mut app| {
                let text = || Some(ClientSecret::new("told again"));
                app.password_credentials.iter_mut().for_each(|held| held.secret_text = text());
                app
            })),
            _ => Ok(found),
        }
    }

    async fn application_with_uri(&self, call: Call, uri: &str) -> Result<Option<Application>, DirectoryError> {
        let found = self.inner.application_with_uri(call, uri).await?;
        Ok(found.filter(|_| self.broken != Broken::ForgetsUris))
    }

    async fn deleted_applications(&self, call: Call, names: &[String]) -> Result<Vec<DeletedApplication>, DirectoryError> {
        if self.broken == Broken::HidesDeletedApps {
            return Ok(Vec::new());
        }
        self.inner.deleted_applications(call, names).await
    }

    async fn groups_by_name(&self, call: Call, names: &[String]) -> Result<Vec<String>, DirectoryError> {
        match self.broken {
            Broken::ListsGroupsOfOthers => Ok(vec!["Finance".to_owned()]),
            _ => self.inner.groups_by_name(call, names).await,
        }
    }

    async fn marked_applications(&self, call: Call, beginnings: &[String], tag: &str) -> Result<Vec<Application>, DirectoryError> {
        match self.broken {
            Broken::ListsAppsOfOthers => self.inner.marked_applications(call, &[String::new()], tag).await,
            Broken::ForgetsTags => self.inner.marked_applications(call, beginnings, "").await,
            _ => self.inner.marked_applications(call, beginnings, tag).await,
        }
    }

    async fn marked_deleted_applications(
        &self,
        call: Call,
        beginnings: &[String],
        tag: &str,
    ) -> Result<Vec<DeletedApplication>, DirectoryError> {
        match self.broken {
            Broken::HidesDeletedMarks => Ok(Vec::new()),
            _ => self.inner.marked_deleted_applications(call, beginnings, tag).await,
        }
    }

    async fn deleted_service_principals(&self, call: Call, apps: &[ApplicationId]) -> Result<Vec<ServicePrincipal>, DirectoryError> {
        if self.broken == Broken::HidesDeletedPrincipals {
            return Ok(Vec::new());
        }
        self.inner.deleted_service_principals(call, apps).await
    }

    async fn service_principal(&self, call: Call, app: ApplicationId) -> Result<Option<ServicePrincipal>, DirectoryError> {
        let found = self.inner.service_principal(call, app).await?;
        let invented = ServicePrincipal::new(ServicePrincipalId::new(app.as_uuid()), app);
        Ok(found.or_else(|| Some(invented).filter(|_| self.broken == Broken::HasAPrincipalForEveryApp)))
    }

    async fn permission_grants(&self, call: Call, client: ServicePrincipalId) -> Result<Vec<PermissionGrant>, DirectoryError> {
        let mut held = self.inner.permission_grants(call, client).await?;
        held.retain(|_| self.broken != Broken::HidesConsents);
        Ok(held)
    }

    async fn role_assignments(&self, call: Call, principal: ServicePrincipalId) -> Result<Vec<RoleAssignment>, DirectoryError> {
        let mut held = self.inner.role_assignments(call, principal).await?;
        held.retain(|_| self.broken != Broken::HidesAssignments);
        Ok(held)
    }

    async fn create_application(&self, call: Call, new: &NewApplication) -> Result<Application, DirectoryError> {
        let mut new = new.clone();
        if self.broken == Broken::CreatesWithoutTheSecret {
            new.password = None;
        }
        let mut created = self.inner.create_application(call, &new).await;
        match (self.broken, &mut created) {
            (Broken::AnswersWithAnotherApp, Ok(app)) => app.object_id = ApplicationObjectId::new(Uuid::from_u128(7)),
            (Broken::RefusesWithoutAReason, Err(error)) => *error = refused(RefusalReason::Other),
            (Broken::CreatesAgain, Err(_)) => {
                let key = ApplicationKey::UniqueName(new.properties.unique_name.clone().unwrap());
                return Ok(self.inner.application(Call::quiet(), &key).await?.unwrap());
            }
            _ => {}
        }
        created
    }

    async fn update_application(&self, call: Call, id: ApplicationObjectId, change: &ApplicationProperties) -> Result<(), DirectoryError> {
        let mut change = change.clone();
        match self.broken {
            Broken::OnlySaysThatItUpdates => return Ok(()),
            Broken::UpdatesEverything if change.web.is_none() => {
                let mut web = WebApplication::default();
                web.redirect_uris = Some(Vec::new());
                change.web = Some(web);
            }
            Broken::AddsToLists => {
                let uris = change.web.as_mut().and_then(|web| web.redirect_uris.as_mut());
                uris.into_iter().for_each(|uris| uris.push("http://localhost".to_owned()));
            }
            _ => {}
        }
        match self.inner.update_application(call, id, &change).await {
            Err(_) if self.broken == Broken::UpdatesWhatIsMissing => Ok(()),
            Err(DirectoryError::Refused(error)) if self.broken == Broken::SaysThatItMayHaveUpdated => {
                Err(error.with_effect(Effect::Unknown).into())
            }
            answer => answer,
        }
    }

    async fn add_password(&self, call: Call, id: ApplicationObjectId, new: &NewPassword) -> Result<PasswordCredential, DirectoryError> {
        let mut added = self.inner.add_password(call, id, new).await?;
        if self.broken == Broken::KeepsTheTextToItself {
            added.secret_text = None;
        }
        Ok(added)
    }

    async fn remove_password(&self, call: Call, id: ApplicationObjectId, key: KeyId) -> Result<(), DirectoryError> {
        match self.broken {
            Broken::RemovesNoSecret => return Ok(()),
            Broken::RemovesEverySecret => {
                let name = ApplicationKey::UniqueName(format!("{PREFIX}-secrets"));
                let shown = self.inner.application(Call::quiet(), &name).await?;
                for held in shown
                    .iter()
                    .flat_map(|app| &app.password_credentials)
                    .filter(|held| held.key_id != key)
                {
                    self.inner.remove_password(Call::quiet(), id, held.key_id).await?;
                }
            }
            _ => {}
        }
        self.inner.remove_password(call, id, key).await
    }

    async fn create_service_principal(&self, call: Call, app: ApplicationId) -> Result<ServicePrincipal, DirectoryError> {
        let invented = ServicePrincipal::new(ServicePrincipalId::new(app.as_uuid()), app);
        match self.inner.create_service_principal(call, app).await {
            Err(error) if error.refusal() == Some(RefusalReason::AlreadyExists) && self.broken == Broken::MakesPrincipalsTwice => {
                Ok(invented)
            }
            Err(error) if error.may_be_replication() && self.broken == Broken::MakesPrincipalsOfNothing => Ok(invented),
            answer => answer,
        }
    }

    async fn create_permission_grant(&self, call: Call, new: &NewPermissionGrant) -> Result<PermissionGrant, DirectoryError> {
        match self.inner.create_permission_grant(call, new).await {
            Err(_) if self.broken == Broken::ConsentsTwice => {
                let id = PermissionGrantId::new("again");
                Ok(PermissionGrant::new(id, new.client_id, new.resource_id, &new.scope))
            }
            answer => answer,
        }
    }

    async fn update_permission_grant(&self, call: Call, grant: &PermissionGrantId, scope: &str) -> Result<(), DirectoryError> {
        let scope = match self.broken {
            Broken::AddsToConsents => format!("{scope} openid"),
            _ => scope.to_owned(),
        };
        self.inner.update_permission_grant(call, grant, &scope).await
    }

    async fn assign_role(&self, call: Call, new: &NewRoleAssignment) -> Result<RoleAssignment, DirectoryError> {
        match self.inner.assign_role(call, new).await {
            Err(_) if self.broken == Broken::AssignsTwice => {
                let held = self.inner.role_assignments(Call::quiet(), new.principal_id).await?;
                Ok(held.into_iter().next().unwrap())
            }
            answer => answer,
        }
    }

    async fn delete_application(&self, call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        match self.inner.delete_application(call, id).await {
            Err(_) if self.broken == Broken::DeletesWhatIsMissing => Ok(()),
            answer => answer,
        }
    }

    async fn delete_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        if self.broken == Broken::DeletesNoPrincipal {
            return Ok(());
        }
        self.inner.delete_service_principal(call, principal).await
    }

    async fn purge_application(&self, call: Call, id: ApplicationObjectId) -> Result<(), DirectoryError> {
        if self.broken == Broken::CannotPurge {
            return Err(NotSupported::new("purge_application", "BrokenDirectory").into());
        }
        self.inner.purge_application(call, id).await
    }

    async fn purge_service_principal(&self, call: Call, principal: ServicePrincipalId) -> Result<(), DirectoryError> {
        self.inner.purge_service_principal(call, principal).await
    }
}
