//! Reading an app back after a secret was added to it.

use crate::{
    connection::{
        plan::own_secret::OwnSecret,
        report::{step::Step, step_error::StepError},
        run::{context::Run, wait::settle},
    },
    directory::{Application, ApplicationKey},
    error::{DirectoryError, NotVisible},
    ids::ApplicationId,
};

impl Run<'_> {
    /// Reads the app back until it shows the added secret: another run may have added one at the same time. Tells whether the
    /// date that a site shows tells the secret from every other own one; one that ends too close to it does not.
    pub(crate) async fn read_back(
        &self,
        server: &Application,
        known: &mut Vec<OwnSecret>,
        added: Option<&OwnSecret>,
    ) -> Result<bool, StepError> {
        let Some(added) = added else { return Ok(false) };
        let shows_it = |own: &[OwnSecret]| own.iter().any(|secret| secret.key_id == added.key_id);
        let now = self.own_secrets_of(Step::IssueSecret, server, shows_it).await?;
        let is_distinct = !now
            .iter()
            .filter(|other| other.key_id != added.key_id && !known.iter().any(|known| known.key_id == other.key_id))
            .any(|other| other.is_close_to(added));
        // One that is known twice does no harm: it is looked for by its key and its end.
        known.extend(now);
        Ok(is_distinct)
    }

    /// The own secrets that an app has now. An app that this run has made, or a secret that it has just
    /// added, may not be seen yet, which is waited for: not seeing it is not having looked.
    pub(crate) async fn own_secrets_of(
        &self,
        step: Step,
        server: &Application,
        is_seen: impl Fn(&[OwnSecret]) -> bool + Sync,
    ) -> Result<Vec<OwnSecret>, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::ApplicationId(server.app_id);
        let is_fresh = self.origin(step).is_fresh();
        let own = settle(self.attempt(step, true), || async {
            let found = directory.application(call.clone(), &key).await?;
            match found.as_ref().map(OwnSecret::all_of) {
                Some(own) if is_seen(&own) => Ok(Some(own)),
                // An app that was there before this run and is gone now does not come back.
                None if !is_fresh => Ok(None),
                _ => Err(not_visible(server.app_id)),
            }
        })
        .await?;
        own.ok_or(StepError::ApplicationGone {
            application_id: server.app_id,
        })
    }
}

/// Whether the app was read, and does not show the secret that was looked for.
pub(crate) fn is_not_shown(error: &StepError) -> bool {
    match error {
        StepError::Directory(DirectoryError::NotVisible(_)) => true,
        StepError::Directory(DirectoryError::ExceededMaxWait(error)) => matches!(error.last(), DirectoryError::NotVisible(_)),
        _ => false,
    }
}

fn not_visible(app: ApplicationId) -> DirectoryError {
    NotVisible::new(format!("the app registration {app} with its latest secret")).into()
}
