//! Removes what the suite has made, now or in an earlier run with the same prefix.

use super::{Checked, ContractViolation, Suite, shown, written};
use crate::{
    call::Call,
    contract::violation::Check,
    directory::{Application, ApplicationKey},
    ids::ApplicationId,
};

/// The ends of all unique names of this suite.
const APPS: [&str; 5] = ["apps", "tagged", "secrets", "consents", "deletion"];

impl Suite<'_> {
    pub(super) async fn tidy(self) -> Checked {
        let check = Check("what_the_suite_made_can_be_removed");
        for rest in APPS {
            self.remove(check, rest).await?;
        }
        Ok(())
    }

    async fn remove(self, check: Check, rest: &str) -> Checked {
        let (directory, names) = (self.directory, [self.name(rest)]);
        let key = ApplicationKey::UniqueName(self.name(rest));
        let found = directory.application(Call::quiet(), &key).await;
        let found: Option<Application> = found.map_err(check.failed("application"))?;
        if let Some(app) = found {
            self.remove_principal(check, app.app_id).await?;
            let ask = || directory.delete_application(Call::quiet(), app.object_id);
            written(check, "delete_application", ask).await?;
            shown(check, "application", || directory.application(Call::quiet(), &key), Option::is_none).await?;
        }
        let deleted = directory.deleted_applications(Call::quiet(), &names).await;
        for app in deleted.map_err(check.failed("deleted_applications"))? {
            let ask = || directory.purge_application(Call::quiet(), app.object_id);
            written(check, "purge_application", ask).await?;
        }
        let ask = || directory.deleted_applications(Call::quiet(), &names);
        let left = shown(check, "deleted_applications", ask, Vec::is_empty).await?;
        check.holds(left.is_empty(), "nothing to be left", &left)
    }

    /// Deleting an app takes its service principal with it, but leaves that restorable.
    async fn remove_principal(self, check: Check, app: ApplicationId) -> Result<(), ContractViolation> {
        let directory = self.directory;
        let found = directory.service_principal(Call::quiet(), app).await;
        if let Some(principal) = found.map_err(check.failed("service_principal"))? {
            let ask = || directory.delete_service_principal(Call::quiet(), principal.id);
            written(check, "delete_service_principal", ask).await?;
        }
        let deleted = directory.deleted_service_principals(Call::quiet(), &[app]).await;
        for principal in deleted.map_err(check.failed("deleted_service_principals"))? {
            let ask = || directory.purge_service_principal(Call::quiet(), principal.id);
            written(check, "purge_service_principal", ask).await?;
        }
        Ok(())
    }
}
