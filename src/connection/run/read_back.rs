//! Reading an app back after a secret was added to it.

use crate::{
    connection::{
        plan::own_secret::OwnSecret,
        report::{step::Step, step_error::StepError},
        run::{context::Run, registered::Registered, wait::settle},
    },
    directory::ApplicationKey,
    error::{DirectoryError, NotVisible},
    ids::ApplicationId,
};

/// What reading the app back tells of a secret that was just added.
pub(crate) enum ReadBack {
    /// The app shows it, and the date that a site shows tells it from every other own secret.
    Distinct,
    /// The app shows it beside one that ends so close that the site's date would not tell them apart.
    TooClose,
    /// The app never shows it. A faster run may have handed its own secret to the site and removed this one as
    /// lost, so one more is added. If that one is missing as well, the directory is too far behind, and nothing
    /// that it does not show is handed to the site.
    Missing(StepError),
}

impl Run<'_> {
    /// Reads the app back until it shows the added secret: another run may have added one at the same time.
    pub(crate) async fn read_back(
        &self,
        server: &Registered,
        known: &mut Vec<OwnSecret>,
        added: Option<&OwnSecret>,
    ) -> Result<ReadBack, StepError> {
        let Some(added) = added else { return Ok(ReadBack::TooClose) };
        let shows_it = |own: &[OwnSecret]| own.iter().any(|secret| secret.key_id == added.key_id);
        let now = match self.own_secrets_of(Step::IssueSecret, server, shows_it).await {
            Err(StepError::Directory(error)) if is_unseen(&error) => return Ok(ReadBack::Missing(error.into())),
            now => now?,
        };
        let is_distinct = !now
            .iter()
            .filter(|other| other.key_id != added.key_id && !known.iter().any(|known| known.key_id == other.key_id))
            .any(|other| other.is_close_to(added));
        for secret in now {
            if !known.iter().any(|known| known.key_id == secret.key_id) {
                known.push(secret);
            }
        }
        Ok(if is_distinct { ReadBack::Distinct } else { ReadBack::TooClose })
    }

    /// The own secrets that an app has now. An app that this run has made, or a secret that it has just
    /// added, may not be seen yet, which is waited for: not seeing it is not having looked.
    pub(crate) async fn own_secrets_of(
        &self,
        step: Step,
        server: &Registered,
        is_seen: impl Fn(&[OwnSecret]) -> bool + Sync,
    ) -> Result<Vec<OwnSecret>, StepError> {
        let (directory, call) = (self.directory()?, self.call(step));
        let key = ApplicationKey::ApplicationId(server.app_id);
        let own = settle(self.attempt(step, true), || async {
            let found = directory.application(call.clone(), &key).await?;
            match found.as_ref().map(OwnSecret::all_of) {
                Some(own) if is_seen(&own) => Ok(Some(own)),
                // An app that was there before this run and is gone now does not come back.
                None if !server.origin.is_fresh() => Ok(None),
                _ => Err(not_visible(server.app_id)),
            }
        })
        .await?;
        own.ok_or(StepError::ApplicationGone {
            application_id: server.app_id,
        })
    }
}

fn is_unseen(error: &DirectoryError) -> bool {
    match error {
        DirectoryError::NotVisible(_) => true,
        DirectoryError::ExceededMaxWait(error) => matches!(error.last(), DirectoryError::NotVisible(_)),
        _ => false,
    }
}

fn not_visible(app: ApplicationId) -> DirectoryError {
    NotVisible::new(format!("the app registration {app} with its latest secret")).into()
}
