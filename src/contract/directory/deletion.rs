//! Deleting, in two steps: what is deleted can be restored, and holds its unique name, until it is purged.

use super::{Checked, Suite, refused, shown, written};
use crate::{
    call::Call,
    contract::violation::Check,
    directory::{Application, ApplicationKey, DeletedApplication, NewApplication, ServicePrincipal},
    error::RefusalReason::{AlreadyExists, NotFound, UniqueNameInUse},
    ids::ApplicationObjectId,
};

const APP: &str = "deletion";

impl Suite<'_> {
    pub(super) async fn deletion(self) -> Checked {
        let check = Check("an_app_is_there_to_be_deleted");
        let app = self.created(check, &NewApplication::new(self.properties(APP))).await?;
        let (directory, id) = (self.directory, app.app_id);
        let ask = || directory.create_service_principal(Call::quiet(), id);
        let principal = written(check, "create_service_principal", ask).await?;
        self.a_deleted_service_principal_is_listed_until_it_is_purged(&principal).await?;
        if directory.restores_applications() {
            self.a_restored_app_is_the_one_that_was_deleted(&app).await?;
        }
        self.a_deleted_app_holds_its_unique_name_until_it_is_purged(&app).await?;
        self.deleting_what_is_missing_is_refused().await
    }

    async fn a_deleted_service_principal_is_listed_until_it_is_purged(self, principal: &ServicePrincipal) -> Checked {
        let check = Check("a_deleted_service_principal_is_listed_until_it_is_purged");
        let (directory, apps) = (self.directory, [principal.app_id]);
        let ask = || directory.delete_service_principal(Call::quiet(), principal.id);
        written(check, "delete_service_principal", ask).await?;
        let ask = || directory.service_principal(Call::quiet(), principal.app_id);
        let found = shown(check, "service_principal", ask, Option::is_none).await?;
        check.holds(found.is_none(), "no service principal", &found)?;
        let list = || directory.deleted_service_principals(Call::quiet(), &apps);
        // Whether it is enabled, a list need not tell.
        let is_listed = |found: &Vec<ServicePrincipal>| found.iter().any(|deleted| deleted.id == principal.id);
        let found = shown(check, "deleted_service_principals", list, is_listed).await?;
        check.holds(is_listed(&found), "the deleted service principal", &found)?;
        let ask = || directory.purge_service_principal(Call::quiet(), principal.id);
        written(check, "purge_service_principal", ask).await?;
        let found = shown(check, "deleted_service_principals", list, Vec::is_empty).await?;
        check.holds(found.is_empty(), "no deleted service principal of this app", &found)
    }

    async fn a_restored_app_is_the_one_that_was_deleted(self, app: &Application) -> Checked {
        let check = Check("a_restored_app_is_the_one_that_was_deleted");
        let (directory, id, names) = (self.directory, app.object_id, [self.name(APP)]);
        written(check, "delete_application", || directory.delete_application(Call::quiet(), id)).await?;
        written(check, "restore_application", || directory.restore_application(Call::quiet(), id)).await?;
        let is_it = |found: &Application| (found.object_id, found.app_id) == (app.object_id, app.app_id);
        for key in [
            ApplicationKey::ApplicationId(app.app_id),
            ApplicationKey::UniqueName(self.name(APP)),
        ] {
            self.shown(check, &key, "the app that was deleted", is_it).await?;
        }
        let list = || directory.deleted_applications(Call::quiet(), &names);
        let found = shown(check, "deleted_applications", list, Vec::is_empty).await?;
        check.holds(found.is_empty(), "no deleted app with this unique name", &found)
    }

    async fn a_deleted_app_holds_its_unique_name_until_it_is_purged(self, app: &Application) -> Checked {
        let check = Check("a_deleted_app_holds_its_unique_name_until_it_is_purged");
        let (directory, id, names) = (self.directory, app.object_id, [self.name(APP)]);
        written(check, "delete_application", || directory.delete_application(Call::quiet(), id)).await?;
        for key in [
            ApplicationKey::ApplicationId(app.app_id),
            ApplicationKey::UniqueName(self.name(APP)),
        ] {
            let ask = || directory.application(Call::quiet(), &key);
            let found = shown(check, "application", ask, Option::is_none).await?;
            check.holds(found.is_none(), "no app", &found)?;
        }
        let list = || directory.deleted_applications(Call::quiet(), &names);
        let is_listed = |found: &Vec<DeletedApplication>| matches!(&found[..], [deleted] if deleted.object_id == id);
        let found = shown(check, "deleted_applications", list, is_listed).await?;
        check.holds(is_listed(&found), "the deleted app, and it alone", &found)?;
        let new = NewApplication::new(self.properties(APP));
        refused(
            check,
            directory.create_application(Call::quiet(), &new).await,
            &[UniqueNameInUse, AlreadyExists],
        )?;
        written(check, "purge_application", || directory.purge_application(Call::quiet(), id)).await?;
        let found = shown(check, "deleted_applications", list, Vec::is_empty).await?;
        check.holds(found.is_empty(), "no deleted app with this unique name", &found)?;
        self.created(check, &new).await.map(|_| ())
    }

    async fn deleting_what_is_missing_is_refused(self) -> Checked {
        let check = Check("deleting_what_is_missing_is_refused");
        let nowhere = ApplicationObjectId::new(uuid::Uuid::new_v4());
        refused(check, self.directory.delete_application(Call::quiet(), nowhere).await, &[NotFound])?;
        refused(check, self.directory.purge_application(Call::quiet(), nowhere).await, &[NotFound])
    }
}
